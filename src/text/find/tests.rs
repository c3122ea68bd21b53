use super::*;

fn found(text: &str) -> Vec<(String, String)> {
    let folded = Folded::of(text);
    let name = |what: &What| match what {
        What::Link(_) => "link",
        What::Email { private: true } => "email",
        What::Email { .. } => "office-email",
        What::Phone { private: true } => "phone",
        What::Phone { .. } => "helpline",
        What::Handle => "handle",
        What::Postcode => "postcode",
        What::Street => "street",
        What::School => "school",
        What::Card => "card",
        What::BankAccount => "bank",
        What::Key => "key",
        What::Password => "password",
        What::File(_) => "file",
    };
    all(text, &folded)
        .into_iter()
        .map(|find| {
            let (start, end) = (find.quote.start as usize, find.quote.end as usize);
            (name(&find.what).to_owned(), text.chars().skip(start).take(end - start).collect())
        })
        .collect()
}

fn of(kind: &str, text: &str) -> Vec<String> {
    found(text).into_iter().filter(|(name, _)| name == kind).map(|(_, quote)| quote).collect()
}

/// A text, what is found of one kind, word for word.
fn reads(kind: &str, table: &[(&str, &str)]) {
    for (text, quote) in table {
        assert_eq!(of(kind, text), [*quote], "{kind} in {text:?}: {:?}", found(text));
    }
}

fn leaves(kind: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(of(kind, text), Vec::<String>::new(), "{kind} in {text:?}");
    }
}

#[test]
fn telephone_numbers_in_every_way_that_people_write_them() {
    reads(
        "phone",
        &[
            ("my number is 07700 900123", "07700 900123"),
            ("07700900123", "07700900123"),
            ("07700-900-123 text me", "07700-900-123"),
            ("call 077 00 90 01 23", "077 00 90 01 23"),
            ("0 7 7 0 0 9 0 0 1 2 3", "0 7 7 0 0 9 0 0 1 2 3"),
            ("+44 7700 900123", "+44 7700 900123"),
            ("+44 (0)7700 900123", "+44 (0)7700 900123"),
            ("0044 7700 900123", "0044 7700 900123"),
            ("ring me on 7700 900123", "7700 900123"),
            ("(020) 7946 0018", "020) 7946 0018"),
            ("home is 01632 960 001", "01632 960 001"),
            ("０７７００ ９００１２３", "０７７００ ９００１２３"),
            ("0️⃣7️⃣7️⃣0️⃣0️⃣9️⃣0️⃣0️⃣1️⃣2️⃣3️⃣", "0️⃣7️⃣7️⃣0️⃣0️⃣9️⃣0️⃣0️⃣1️⃣2️⃣3"),
            (
                "oh seven seven double oh nine double oh one two three",
                "oh seven seven double oh nine double oh one two three",
            ),
            (
                "its zero seven 7 0 0 nine zero zero one two three ok",
                "zero seven 7 0 0 nine zero zero one two three",
            ),
            ("+1 202 555 0143", "+1 202 555 0143"),
            ("(202) 555-0143", "202) 555-0143"),
        ],
    );
    reads(
        "helpline",
        &[("childline 0800 1111", "0800 1111"), ("the office is 0300 123 4567", "0300 123 4567")],
    );
    leaves(
        "phone",
        &[
            "we won 3-2 and they lost 0-7",
            "on 02/03/2026 at 16:41",
            "02-03-2026 1641",
            "2026-03-02 16:41:07",
            "£1,079.00 for 12",
            "order 20771234567",
            "id 077009001234567",
            "1.2.3.4 and 10.0.0.12",
            "version 2.07.11.4567",
            "roblox game 4924922222",
            "isbn 978 0 306 40615 7",
            "seed -7700900123",
            "channel 907700900123456789",
            "score 0 7 7 0 0",
            "one two three four five six seven eight nine ten",
            "text 85258",
            "0x07700900123",
            "#07700900123",
            "07:00 09:00 12:30",
        ],
    );
}

#[test]
fn cards_and_accounts_have_their_check_digits_and_their_company() {
    // Published test numbers of the issuers.
    reads(
        "card",
        &[
            ("card 4111 1111 1111 1111 exp 04/28", "4111 1111 1111 1111"),
            ("5555555555554444", "5555555555554444"),
            ("3782-822463-10005", "3782-822463-10005"),
        ],
    );
    leaves(
        "card",
        &[
            "4111 1111 1111 1112",
            "message 1234567890123456789",
            "4111111111111111a",
            "0000 0000 0000 0000",
            "16 digits: 1234567812345670",
        ],
    );
    reads(
        "bank",
        &[
            ("sort code 12-34-56 account 12345678", "12-34-56 account 12345678"),
            ("12-34-56 12345678", "12-34-56 12345678"),
            ("123456 12345678", "123456 12345678"),
        ],
    );
    leaves(
        "bank",
        &[
            "12-05-26 was the day",
            "10-20-30 reps",
            "on 12-05-26 we had 40 people and then later 12345678 steps in total and more",
        ],
    );
}

#[test]
fn links_and_addresses_also_those_that_are_not_clickable() {
    reads(
        "link",
        &[
            ("see https://example.org/a?b=c.", "https://example.org/a?b=c"),
            ("(www.example.org)", "www.example.org"),
            ("go to example.com/free now", "example.com/free"),
            ("hxxps://evil.example/x", "hxxps://evil.example/x"),
            ("evil[.]com/x", "evil[.]com/x"),
            ("evil dot com", "evil dot com"),
            ("discord.gg/abc", "discord.gg/abc"),
            ("**https://example.org**", "https://example.org"),
            ("🦕 http://a.example:8080/x", "http://a.example:8080/x"),
        ],
    );
    leaves(
        "link",
        &[
            "i went home.it was late",
            "ok.so what",
            "v1.2.3",
            "3.5 out of 10",
            "e.g. this",
            "main.rs and setup.py",
            "hello.world",
            "node.js",
            "...well",
            "joined the dot com club",
            "photo.zip",
        ],
    );
    reads(
        "email",
        &[
            ("me: ella.b+x@gmail.com!", "ella.b+x@gmail.com"),
            ("ella at gmail dot com", "ella at gmail dot com"),
        ],
    );
    reads("office-email", &[("forms to hello@club.example.org.uk please", "hello@club.example.org.uk")]);
    leaves("email", &["@everyone", "root@localhost", "meet @ 5.30", "user@host.local"]);
}

fn signs(text: &str) -> Vec<Sign> {
    let folded = Folded::of(text);
    all(text, &folded)
        .into_iter()
        .filter_map(|find| if let What::Link(link) = find.what { Some(link.signs) } else { None })
        .flatten()
        .collect()
}

#[test]
fn imitations_of_well_known_names_are_told_from_the_names() {
    for text in [
        "https://discörd.com/x",
        "https://dіscord.com/nitro", // Cyrillic і
        "https://discrod.com",
        "https://dlscord-gift.com",
        "http://discord-nitro.xyz/claim",
        "https://disc0rd.com/gift",
        "https://steamcommunlty.com/tradeoffer",
        "https://steamcornmunity.com",
        "roblox-free.com",
        "https://free-robux-now.com",
        "https://robIox.xyz",
        "https://paypa1.com",
        "https://royalmail-redelivery.com",
        "https://discord.click/nitro",
    ] {
        assert!(signs(text).contains(&Sign::Imitation), "{text:?}: {:?}", signs(text));
    }
    for text in [
        "https://paypal.com.confirm.top/x",
        "https://discord.com@evil.example/x",
        "https://discord.com-gift.ru",
    ] {
        assert!(signs(text).contains(&Sign::Disguised), "{text:?}: {:?}", signs(text));
    }
    for text in [
        "https://discord.com/channels/1/2",
        "https://support.discord.com/hc",
        "https://cdn.discordapp.com/a.png",
        "https://discord.js.org",
        "https://www.roblox.com/games/1",
        "https://store.steampowered.com/app/1",
        "https://discard.com",
        "https://www.gov.uk/x",
        "https://www.switch.com",
        "https://youtu.be/abc",
        "https://www.youtube.com/watch?v=1",
        "https://en.wikipedia.org/wiki/Discord",
        "https://github.com/discord/discord-api-docs",
        "https://minecraft.wiki/w/x",
        "https://café.example/x",
        "https://amazon.co.uk/dp/1",
        "https://streamable.com/x",
        "https://support.club.example.org",
    ] {
        assert!(
            !signs(text).contains(&Sign::Imitation) && !signs(text).contains(&Sign::Disguised),
            "{text:?}"
        );
    }
    for (text, sign) in [
        ("discord.gg/abc", Sign::Invite),
        ("https://discord.com/invite/abc", Sign::Invite),
        ("t.me/abc", Sign::Invite),
        ("https://wa.me/447700900123", Sign::Invite),
        ("https://chat.whatsapp.com/abc", Sign::Invite),
        ("https://www.snapchat.com/add/abc", Sign::Profile),
        ("https://bit.ly/3abc", Sign::Shortener),
        ("https://grabify.link/x", Sign::Grabber),
        ("https://thepiratebay10.org", Sign::Piracy),
        ("https://example.org/a.torrent", Sign::Torrent),
        ("http://192.0.2.7/x", Sign::Bare),
    ] {
        assert!(signs(text).contains(&sign), "{text:?}: {:?}", signs(text));
    }
}

#[test]
fn places_where_somebody_lives_or_learns() {
    reads(
        "postcode",
        &[
            ("i live near E17 4QP", "E17 4QP"),
            ("sw1a1aa", "sw1a1aa"),
            ("postcode: M1 1AE ok", "M1 1AE"),
            ("ub6 9xx", "ub6 9xx"),
        ],
    );
    leaves(
        "postcode",
        &[
            "M4A1 and AK47",
            "chess e4 2nd move",
            "s3 8gb ram",
            "the a1 2 lanes",
            "w3c 3rd draft",
            "b2b 4u",
            "mp3 320",
            "qq1 1aa",
            "ps5 5gb",
            "year 7 3 pm",
            "m25 5pm",
            "covid19 2nd",
        ],
    );
    reads(
        "street",
        &[
            ("i live at 12 Oak Road", "12 Oak Road"),
            ("12a st johns avenue", "12a st johns avenue"),
            ("flat 3, 40 church lane", "flat 3, 40 church lane"),
            ("we're at 7 mill close", "7 mill close"),
        ],
    );
    leaves(
        "street",
        &[
            "5 minutes drive",
            "10 min walk down the road",
            "in 2 very easy ways",
            "1 terabyte hard drive",
            "it took 3 hours all the way",
            "finished 2 points off first place",
            "2 player court",
            "500 gig hard drive",
            "4 out of place",
        ],
    );
    reads(
        "school",
        &[
            ("i go to hillside academy", "hillside academy"),
            ("im at st mary's school", "st mary's school"),
            ("I go to Oakwood High School", "Oakwood High School"),
        ],
    );
    leaves(
        "school",
        &[
            "i go to school",
            "my old school",
            "after school club",
            "the high school musical",
            "im at college",
            "i hate school",
            "drama school",
            "back to school",
            "what school do you go to",
            "our primary school",
            "a different sixth form",
        ],
    );
}

#[test]
fn accounts_elsewhere() {
    reads(
        "handle",
        &[
            ("my snap is ellieb_09", "ellieb_09"),
            ("snap: ellie.b09", "ellie.b09"),
            ("add me on insta @ellieb", "@ellieb"),
            ("my insta is ellieb", "ellieb"),
            ("ig: ella_x9", "ella_x9"),
            ("my roblox username is coolcat", "coolcat"),
            ("add coolcat99 on roblox", "coolcat99"),
            ("discord coolcat#1234", "coolcat#1234"),
            ("my kik is cat.44.", "cat.44"),
        ],
    );
    leaves(
        "handle",
        &[
            "my snap is broken",
            "insta is down",
            "my discord is being weird",
            "did you see that video on insta",
            "discord: great for games",
            "bug #1234 again",
            "c#1234",
            "snap 10 times",
            "add me to the list on discord",
            "xbox series 2025",
            "roblox is so fun",
            "my xbox is the best",
            "issue#2041",
            "my tiktok got 500 likes",
        ],
    );
}

#[test]
fn keys_and_passwords() {
    // Shapes only: none of these was ever issued.
    let token = format!("{}.{}.{}", "M".to_owned() + &"a".repeat(24), "b".repeat(6), "c".repeat(38));
    for text in [
        token.clone(),
        format!("token = \"{token}\""),
        format!("ghp_{}", "a1".repeat(18)),
        format!("AKIA{}", "ABCD".repeat(4)),
        "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
    ] {
        assert_eq!(of("key", &text).len(), 1, "{text:?}");
    }
    leaves(
        "key",
        &[
            "https://example.org/this-is-a-very-long-path/with-many-words/in-it",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ],
    );
    reads(
        "password",
        &[
            ("my password is banana", "my password is banana"),
            ("pw? ok password: hunter22", "password: hunter22"),
            ("my pin is 4821", "my pin is 4821"),
            ("the wifi password is Club2026!", "wifi password is Club2026!"),
        ],
    );
    leaves(
        "password",
        &[
            "my password is wrong",
            "password: required",
            "the password is not working",
            "pin is loose",
            "what's the password",
            "a strong password is long",
            "login is broken",
            "my pin is red",
        ],
    );
}

#[test]
fn files_that_run() {
    for (name, risk) in [
        ("setup.exe", Some(Risk::Program)),
        ("homework.pdf.exe", Some(Risk::Disguised)),
        ("photo.JPG.scr", Some(Risk::Disguised)),
        ("cheat\u{202e}gpj.exe", Some(Risk::Disguised)),
        ("run.bat", Some(Risk::Script)),
        ("letter.docm", Some(Risk::Macro)),
        ("game.iso", Some(Risk::Container)),
        ("setup.exe.", Some(Risk::Program)),
        ("photo.jpg", None),
        ("notes.txt", None),
        ("archive.zip", None),
        ("exe", None),
        ("song.mp3", None),
    ] {
        assert_eq!(file::risk(name), risk, "{name:?}");
    }
    reads(
        "file",
        &[("download aimbot.exe from here", "aimbot.exe"), ("open invoice.pdf.exe", "invoice.pdf.exe")],
    );
    leaves(
        "file",
        &["node.js", "google.com", "install.sh", "https://example.org/x.exe", "i like exe files", "e.g. exe"],
    );
}

#[test]
fn finders_stay_inside_and_linear_work_is_bounded() {
    for part in [
        ".",
        "a.",
        "a.b/",
        "@",
        "a@b.c",
        "07",
        "0 ",
        "1-",
        "e1 ",
        "1 a road ",
        "x school ",
        "snap: ",
        "#1234",
        "é.com ",
        "[.]",
        " dot com",
        "pin ",
    ] {
        let text = part.repeat(2_000 / part.chars().count());
        let scalars = u32::try_from(text.chars().count()).unwrap();
        for find in all(&text, &Folded::of(&text)) {
            assert!(find.quote.start < find.quote.end && find.quote.end <= scalars, "{part:?}: {find:?}");
        }
    }
}
