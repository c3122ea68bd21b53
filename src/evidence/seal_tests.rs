use super::*;

#[test]
fn each_lead_opens_alone_and_nobody_else_does() {
    let (dsl, deputy, other) = (Identity::generate(), Identity::generate(), Identity::generate());
    let sealed = seal(b"the exact bytes", &[dsl.recipient(), deputy.recipient()]).unwrap();
    assert_eq!(open(&sealed, &dsl).unwrap(), b"the exact bytes");
    assert_eq!(open(&sealed, &deputy).unwrap(), b"the exact bytes");
    assert_eq!(open(&sealed, &other), Err(SealError::NotForYou));
    assert!(!sealed.0.windows(9).any(|window| window == b"the exact"));
}

#[test]
fn sealing_to_nobody_is_refused() {
    let refused = seal(b"x", &[]).unwrap_err();
    assert_eq!(refused, SealError::Nobody);
    assert!(refused.to_string().contains("keys new"), "{refused}");
}

#[test]
fn any_altered_byte_is_noticed() {
    let dsl = Identity::generate();
    let sealed = seal(b"exhibit", &[dsl.recipient()]).unwrap();
    for at in (0..sealed.0.len()).step_by(7) {
        let mut altered = sealed.clone();
        altered.0[at] ^= 1;
        assert!(open(&altered, &dsl).is_err(), "byte {at}");
    }
    for cut in [0, 1, 40, sealed.0.len() - 1] {
        assert!(open(&Sealed(sealed.0[..cut].to_vec()), &dsl).is_err(), "cut to {cut}");
    }
}

#[test]
fn an_identity_file_goes_there_and_back_with_its_comments() {
    let dsl = Identity::generate();
    let text = dsl.to_file_text(Timestamp::from_seconds(1_772_469_667));
    let text = std::str::from_utf8(text.expose()).unwrap();
    assert!(text.starts_with("# created: 2026-03-02T16:41:07Z\n# public key: age1"), "not age-keygen's form");
    let read = Identity::from_file_bytes(text.as_bytes(), None).unwrap();
    assert_eq!(read.recipient(), dsl.recipient());
    let windows = text.replace('\n', "\r\n");
    assert_eq!(Identity::from_file_bytes(windows.as_bytes(), None).unwrap().recipient(), dsl.recipient());
}

#[test]
fn after_a_rotation_the_older_key_in_the_file_still_opens() {
    let (old, new) = (Identity::generate(), Identity::generate());
    let sealed = seal(b"from before", &[old.recipient()]).unwrap();
    let mut file = new.to_file_text(Timestamp(0)).expose().to_vec();
    file.extend_from_slice(old.to_file_text(Timestamp(0)).expose());
    let both = Identity::from_file_bytes(&file, None).unwrap();
    assert_eq!(both.recipient(), new.recipient());
    assert_eq!(open(&sealed, &both).unwrap(), b"from before");
}

#[test]
fn a_wrong_identity_file_is_named_without_showing_it() {
    let secret = "AGE-SECRET-KEY-1NOTREALLY";
    let cases: [(&[u8], IdentityError); 4] = [
        (secret.as_bytes(), IdentityError::Line(1)),
        (b"# only a comment\n\n", IdentityError::Empty),
        (b"\xff\xfe", IdentityError::NotText),
        (b"age-encryption.org/v1\n-> scrypt", IdentityError::Protected),
    ];
    for (bytes, expected) in cases {
        let error = Identity::from_file_bytes(bytes, None).unwrap_err();
        assert_eq!(error, expected);
        assert!(!error.to_string().contains("NOTREALLY"));
        assert_eq!(error.to_string().lines().count(), 2, "one line what, one line what to do: {error}");
    }
}

#[test]
fn secrets_never_print() {
    let dsl = Identity::generate();
    let secret = dsl.current.to_string();
    let printed = format!(
        "{dsl:?} {:?} {:?}",
        dsl.to_file_text(Timestamp(0)),
        Passphrase::from("open sesame".to_owned())
    );
    assert!(!printed.contains(secret.expose_secret()));
    assert!(!printed.contains("sesame"));
}

#[test]
fn a_mistyped_recipient_says_what_to_paste() {
    let good = Identity::generate().recipient().to_string();
    assert_eq!(good.parse::<Recipient>().unwrap().to_string(), good);
    for wrong in ["", "age1", &good[..30], "ssh-ed25519 AAAA", &good.replace("age1", "age2")] {
        let error = wrong.parse::<Recipient>().unwrap_err().to_string();
        assert!(error.contains("age1") && error.lines().count() == 2, "{error}");
    }
    let pasted = Identity::generate().current.to_string();
    let error = pasted.expose_secret().parse::<Recipient>().unwrap_err();
    assert_eq!(error, NotARecipient::Secret);
    assert!(!error.to_string().contains(&pasted.expose_secret()[16..]));
}

#[test]
fn a_passphrase_protected_file_opens_with_the_passphrase_only() {
    let dsl = Identity::generate();
    let mut scrypt = age::scrypt::Recipient::new(SecretString::from("correct horse".to_owned()));
    scrypt.set_work_factor(4);
    let file = age::encrypt(&scrypt, dsl.to_file_text(Timestamp(0)).expose()).unwrap();
    let right = Passphrase::from("correct horse".to_owned());
    assert_eq!(Identity::from_file_bytes(&file, Some(&right)).unwrap().recipient(), dsl.recipient());
    let wrong = Passphrase::from("battery staple".to_owned());
    assert_eq!(Identity::from_file_bytes(&file, Some(&wrong)).unwrap_err(), IdentityError::Passphrase);
    assert_eq!(Identity::from_file_bytes(&file, None).unwrap_err(), IdentityError::Protected);
}

#[test]
fn a_passphrase_protects_an_identity_file_and_opens_it_again() {
    let identity = Identity::generate();
    let (right, wrong) =
        (Passphrase::from("four horses on a hill".to_owned()), Passphrase::from("three".to_owned()));
    let file = identity.to_protected_file(Timestamp(0), &right, 2).unwrap();
    assert!(is_protected(&file));
    assert!(!file.windows(15).any(|part| part == b"AGE-SECRET-KEY-"));
    let opened = Identity::from_file_bytes(&file, Some(&right)).unwrap();
    assert_eq!(opened.recipient(), identity.recipient());
    assert_eq!(Identity::from_file_bytes(&file, Some(&wrong)).unwrap_err(), IdentityError::Passphrase);
    assert_eq!(Identity::from_file_bytes(&file, None).unwrap_err(), IdentityError::Protected);
}
