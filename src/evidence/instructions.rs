//! The texts of a bundle that a person reads first: how to verify it, what was not heard, what was not copied.

use super::attested::AttestedState;
use super::casefile::{CaseSummary, Gap, Withheld};
use super::checkpoint::VerifierKey;
use std::fmt::Write as _;

/// `VERIFY.txt`: step one needs `sha256sum` alone, step two `openssl`, step three this program.
pub(super) fn verify_txt(case: &CaseSummary, key: &VerifierKey, states: &[AttestedState]) -> String {
    format!(
        "How to check this bundle
========================
Case {reference}, exported {exported} by {software}.
Work on a copy. Nothing here needs a network. Open a terminal in the folder that holds this file.

1. Is every file as it was exported? (sha256sum; on a Mac: shasum -a 256 -c FILE)

     sha256sum -c tagmanifest-sha256.txt
     sha256sum -c manifest-sha256.txt

   Every line has to end in OK. Files that neither list names are not part of the bundle
   (but for tagmanifest-sha256.txt and signature.txt).

2. Did the organisation's installation export it? (openssl 3)

   a. Compare this line with the key that the organisation published or gave to somebody else before:

        {key}

   b. Check the signature over the list of all files, and over the state of the log:

        tail -n 1 signature.txt | cut -d' ' -f3 | base64 -d | tail -c 64 > /tmp/bundle.sig
        head -n 3 signature.txt > /tmp/bundle.txt
        openssl pkeyutl -verify -pubin -inkey data/proofs/log-key.pem -rawin -in /tmp/bundle.txt -sigfile /tmp/bundle.sig
        sha256sum tagmanifest-sha256.txt      (has to be the third line of signature.txt)

        sed -n 5p data/proofs/checkpoint.txt | cut -d' ' -f3 | base64 -d | tail -c 64 > /tmp/log.sig
        head -n 3 data/proofs/checkpoint.txt > /tmp/log.txt
        openssl pkeyutl -verify -pubin -inkey data/proofs/log-key.pem -rawin -in /tmp/log.txt -sigfile /tmp/log.sig

3. Was each exhibit in the log, unaltered? (chaperone, or any program written from the specifications)

     chaperone evidence verify .

   data/entries.jsonl holds the fields of each log entry. The entry's bytes, from which its leaf hash is computed
   (RFC 6962, section 2.1), are, in this order: the text chaperone-entry/1 and a line feed; class and organisation, each
   as 4 bytes length (big-endian) and UTF-8; at_us as 8 bytes signed; 0, or 1 and received_at_us as 8 bytes signed;
   the commitment's 32 bytes; 0, or 1 and the ciphertext's 32 bytes; software, as 4 bytes length and UTF-8.
   data/proofs/NNNN.tlog-proof is its inclusion proof (c2sp.org/tlog-proof) and ends in the checkpoint.

{attested}5. Is the content what was promised when it was received? (age, and the identity of a lead who may know)

   What belongs to a case is sealed to the case's own key. That key is an exhibit too (class case-key in
   data/entries.jsonl; there are several when those who may know changed), sealed to the leads. With its number for KKKK:

     age -d -i identity.txt data/sealed/KKKK.age | tail -n 1 > /tmp/case.key
     age -d -i /tmp/case.key data/sealed/0002.age | sha256sum     (has to be the entry's commitment)
     rm /tmp/case.key

   What was kept before there was a case, and the key itself, is opened with identity.txt at once. Or all of it:

     chaperone evidence open . --identity identity.txt --out opened

   What age prints is a few header lines, an empty line, and then exactly the bytes that were received.

Images and other files were never copied: see data/WITHHELD.txt before anything is opened.
What was not heard: data/GAPS.txt.
",
        reference = case.reference,
        exported = case.exported_at,
        software = case.software,
        attested = attested(states),
    )
}

/// Step four: what others outside said of the log, and when.
fn attested(states: &[AttestedState]) -> String {
    let mut text = "4. Did anybody outside see the log before? (openssl 3)\n\n".to_owned();
    if states.is_empty() {
        text.push_str("   No witness and no time-stamping authority has attested a state of the log that is in this bundle.\n\n");
        return text;
    }
    text.push_str(
        "   Each folder below data/proofs/attested/ is an earlier state of the log, named by its number of entries. An exhibit whose
   index (data/entries.jsonl) is smaller than that number was in the log then; continues.txt proves that the present log
   begins with that state (step 3 checks it).

",
    );
    let (mut stamped, mut cosigned) = (None, None);
    for state in states {
        let folder = format!("data/proofs/attested/{:010}", state.checkpoint.checkpoint().size);
        if !state.stamps.is_empty() {
            stamped.get_or_insert_with(|| folder.clone());
        }
        if !state.cosignatures.is_empty() {
            cosigned.get_or_insert(folder);
        }
    }
    if let Some(folder) = stamped {
        let _ = write!(
            text,
            "   a. A time-stamping authority had it at the time that the first command prints. authority.pem is the authority's root
      certificate: get it from the authority, not from whoever gave you this bundle.

        openssl ts -reply -in {folder}/stamp-1.tsr -text
        openssl ts -verify -data {folder}/checkpoint.txt -in {folder}/stamp-1.tsr -CAfile authority.pem

"
        );
    }
    if let Some(folder) = cosigned {
        let keys: Vec<String> = states
            .iter()
            .flat_map(|state| &state.cosignatures)
            .map(|(witness, _)| format!("        {witness}"))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let _ = write!(
            text,
            "   b. A witness had it at the time that the second command prints, in seconds since 1970. Compare its key with the one
      that the trustees have:

{}

        sed -n 1p {folder}/cosignatures.txt | cut -d' ' -f3 | base64 -d > /tmp/cosignature
        od -An -tu8 --endian=big -j4 -N8 /tmp/cosignature | tr -d ' ' > /tmp/time
        tail -c 64 /tmp/cosignature > /tmp/cosignature.sig
        (echo cosignature/v1; echo time $(cat /tmp/time); head -n 3 {folder}/checkpoint.txt) > /tmp/cosigned
        openssl pkeyutl -verify -pubin -inkey data/proofs/attested/witness-1.pem -rawin -in /tmp/cosigned -sigfile /tmp/cosignature.sig

",
            keys.join("\n")
        );
    }
    text
}

/// `data/GAPS.txt`.
pub(super) fn gaps_txt(gaps: &[Gap]) -> String {
    let mut text = "Times in UTC at which nothing, or not everything, could be heard\n\n".to_owned();
    for gap in gaps {
        let until = gap.until.map_or_else(|| "not ended".to_owned(), |until| until.to_string());
        let _ = writeln!(text, "{} to {until}: {}", gap.from, one_line(&gap.why));
    }
    if gaps.is_empty() {
        text.push_str("None is recorded for this case.\n");
    }
    text.push_str(
        "\nVoice is never recorded. Private messages between members cannot be heard by any bot.\n",
    );
    text
}

/// `data/WITHHELD.txt`.
pub(super) fn withheld_txt(withheld: &[Withheld]) -> String {
    let mut text = "Images and files that were posted and were NOT copied\n\n".to_owned();
    for item in withheld {
        let size = item.size.map_or_else(|| "size unknown".to_owned(), |size| format!("{size} bytes"));
        let _ = writeln!(
            text,
            "{}  {}  {size}  attachment {}  (exhibit {})",
            item.at,
            one_line(&item.media_type),
            one_line(&item.id),
            one_line(&item.exhibit)
        );
    }
    if withheld.is_empty() {
        text.push_str("None is recorded for this case.\n");
    }
    text.push_str(
        "\nNames and links are in the sealed exhibits only.

If one of these may show a child or young person nude or semi-nude (guidance for education settings, UKCIS):
  - Do not look at it, and do not ask anybody to show or send it to you. If you have seen it by accident, say so to the
    designated safeguarding lead, and write down when.
  - Do not copy, print, save, share or forward it, and do not ask a young person to do so: that can be an offence, for
    anybody, whatever the reason.
  - Do not delete it and do not ask a young person to delete it before the police or the lead has said so.
  - Do not say anything that blames or shames a young person. Tell them that you have to report it, and that help is there.
  - Report it now to the designated safeguarding lead; to the police (999 if somebody is in danger, else 101) where an adult
    is involved, somebody was pressed or harmed, the act shown is not age-appropriate, or the young person is under 13; to
    the Internet Watch Foundation (report.iwf.org.uk) to have it taken off the internet.
  - A young person under 18 can have their own image taken down with Report Remove (Childline 0800 1111, childline.org.uk).
  - Give the police the attachment's number, the exhibit's label and this list; they have their own lawful ways to it.
",
    );
    text
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
