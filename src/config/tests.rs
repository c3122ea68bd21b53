//! What a person meets who writes a configuration.

use std::time::Duration;

use super::*;
use crate::contact::rules::settings::{AgreedTimes, DmPause};
use crate::domain::Code;
use crate::domain::RoleId;
use crate::domain::person::Kind;

const RECIPIENT: &str = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";

fn good() -> String {
    format!(
        r#"[organisation]
name = "Riverside Youth"

[discord]
guilds = ["123456789012345678"]

[roles]
"Young Person" = "young-person"
"223456789012345678" = "youth-worker"

[[people]]
name = "sam"
slot = "dsl"
discord = 323456789012345678
email = "sam@example.org"
recipient = "{RECIPIENT}"

[[people]]
name = "dee"
slot = "deputy-dsl"
discord = "423456789012345678"
recipient = "{RECIPIENT}"

[paging.email]
host = "mail.example.org"
from = "chaperone@example.org"
user = "chaperone"
password_env = "SMTP_PASSWORD"
"#
    )
}

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse("etc/chaperone.toml", text, &|name| (name == "SMTP_PASSWORD").then(|| "hunter2".into()))
}

/// The problems of a text, without the file's name.
fn problems(text: &str) -> Vec<String> {
    let problems = parse(text).expect_err("has problems");
    problems.iter().map(|problem| problem.to_string().replace("etc/chaperone.toml:", "")).collect()
}

/// The problems after replacing a part of the good configuration.
fn with(from: &str, to: &str) -> Vec<String> {
    let text = good();
    assert!(text.contains(from), "{from}");
    problems(&text.replacen(from, to, 1))
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = parse(&good()).unwrap();
    assert_eq!(config.organisation.zone.to_string(), "Europe/London");
    assert_eq!(config.discord.api_url, "https://discord.com");
    assert_eq!(config.data.dir, Path::new("etc/data"), "relative to the configuration's folder");
    let digest = config.ladder.digest.clone().unwrap();
    assert_eq!((digest.at.to_string().as_str(), digest.slots.as_slice()), ("17:00:00", &[Slot::Dsl][..]));
    assert_eq!(LadderPolicy { digest: None, ..config.ladder.clone() }, LadderPolicy::default());
    assert_eq!(config.contact, ContactPolicy::default());
    assert_eq!(config.roles.kind_of(RoleId(1), "young person"), Some(Kind::YoungPerson));
    assert_eq!(config.roles.kind_of(RoleId(223_456_789_012_345_678), "x"), Some(Kind::YouthWorker));
    assert_eq!(config.roles.kind_of(RoleId(1), "Staff"), None, "a mapping replaces the well-known names");
    let email = config.email.as_ref().unwrap();
    assert_eq!((email.port, email.security), (587, Security::StartTls));
    assert_eq!(email.server().unwrap().credentials.unwrap().1, "hunter2");
    assert!(config.discord.token.read().unwrap_err().contains("DISCORD_TOKEN is not set"));
    let channels: Vec<_> = config.people().iter().map(|person| person.channels.join("+")).collect();
    assert_eq!(channels, ["discord-dm+email", "discord-dm"]);
    assert_eq!(config.remarks, []);
}

#[test]
fn five_mistakes_are_five_lines() {
    let text = good()
        .replace("name = \"Riverside Youth\"", "name = \"Riverside Youth\"\nzone = \"London\"")
        .replace("[discord]", "[discord]\nshard = 2")
        .replace("\"youth-worker\"", "\"worker\"")
        .replace("discord = 323456789012345678", "discord = 423456789012345678")
        .replace("user = \"chaperone\"", "tls = \"plain\"\nuser = \"chaperone\"");
    assert_eq!(
        problems(&text),
        [
            "3: \"London\" is not a time zone — write it like \"Europe/London\"",
            "6: [discord] shard is not a setting — did you mean shards?",
            "11: [roles] \"worker\" is not a kind — kinds are young-person, adult-at-risk, youth-worker, volunteer, dsl, deputy-dsl, senior-manager, chair, parent, professional",
            "20: [[people]] \"sam\" and \"dee\" have the same Discord account — list each person once; two slots need two people",
            "29: [paging.email] pages would travel to mail.example.org in the clear — use tls = \"starttls\" or \"tls\"; plain is for a mail server on this machine only",
        ]
    );
}

#[test]
fn an_empty_file_lists_everything_that_is_missing() {
    let all = problems("");
    let missing =
        ["[organisation] is missing", "[discord] is missing", "names no dsl", "names no deputy-dsl"];
    assert_eq!(all.len(), missing.len(), "{all:#?}");
    for (problem, expected) in all.iter().zip(missing) {
        assert!(problem.starts_with("1: ") && problem.contains(expected), "{problem}");
    }
}

#[test]
fn every_mistake_says_where_and_what_to_do() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "name = \"Riverside Youth\"",
            "name = 7",
            "2: [organisation] name is a number that does not fit here",
        ),
        ("[organisation]", "[organisation", "1: this is not TOML"),
        ("\"Young Person\" = \"young-person\"\n", "", "7: [roles] maps no role to young-person"),
        ("\"Young Person\" =", "\"young person\" = \"dsl\"\n\"Young Person\" =", "stands twice"),
        ("slot = \"dsl\"", "slot = \"lead\"", "13: [[people]] \"lead\" is not a slot — write dsl"),
        ("slot = \"dsl\"", "slot = \"senior-manager\"", "1: [[people]] names no dsl"),
        ("name = \"dee\"", "name = \"sam\"", "18: [[people]] the name \"sam\" stands twice"),
        ("name = \"dee\"", "name = \"dee/4\"", "19: [[people]] \"dee/4\" is not a short name"),
        ("discord = 323456789012345678\n", "", "11: [[people]] \"sam\" has no discord account"),
        (
            "discord = 323456789012345678",
            "discord = \"sam#1\"",
            "14: [[people]] discord is a text that does not fit",
        ),
        (
            "sam@example.org",
            "sam@@example.org",
            "15: [[people]] \"sam@@example.org\" is not an e-mail address",
        ),
        (
            "age1qqqq",
            "age1bqqq",
            "the recipient of \"sam\" is not an age recipient — make one with: chaperone keys new",
        ),
        ("from = \"chaperone@example.org\"\n", "", "24: [paging.email] has no sender"),
        ("user = \"chaperone\"\n", "", "24: [paging.email] has a password and no user"),
        (
            "[paging.email]",
            "[[paging.step]]\nslots = [\"chair\"]\n[paging.email]",
            "24: [[paging.step]] calls chair, but nobody stands there",
        ),
        (
            "[paging.email]",
            "[paging]\nat_once = [\"dsl\"]\n[paging.email]",
            "25: [paging] at_once calls fewer than two people",
        ),
        (
            "[paging.email]",
            "[paging]\nwait_minutes = 0\n[paging.email]",
            "25: [paging] wait_minutes is 0 — write whole minutes, from 1 to 1440",
        ),
        (
            "[discord]",
            "[discord]\napi_url = \"discord.com\"",
            "5: [discord] api_url \"discord.com\" is not a base address",
        ),
        (
            "[discord]",
            "[discord]\ntoken_env = \"A\"\ntoken_file = \"b\"",
            "6: [discord] token_file stands beside token_env",
        ),
        (
            "[discord]",
            "[data]\ndatabase = \"mysql://u:hunter2@h/d\"\n[discord]",
            "5: [data] database is not a PostgreSQL address",
        ),
        (
            "[discord]",
            "[policy]\nlone_adult_grace_seconds = 601\n[discord]",
            "5: [policy] lone_adult_grace_seconds is 601 — write 0 to 600 seconds",
        ),
        ("[discord]", "[polices]\n[discord]", "4: polices is not a setting"),
        (
            "[[people]]\nname = \"dee\"",
            "[[people]]\nname = \"dee\"\nfax = \"1\"",
            "20: [[people]] fax is not a setting — settings here are",
        ),
    ];
    for (from, to, expected) in cases {
        let found = with(from, to);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}\nin {found:#?}");
        assert!(found.iter().all(|problem| problem.contains(" — ")), "{found:#?}");
    }
}

#[test]
fn every_mistake_in_contact_says_where_and_what_to_do() {
    let cases = [
        (
            "[discord]",
            "[contact]\nagreed_times = \"sometimes\"\n[discord]",
            "5: [contact] agreed_times is \"sometimes\" — write \"when-booked\"",
        ),
        (
            "[discord]",
            "[contact]\ndm_pause = true\n[discord]",
            "5: [contact] dm_pause is true or false — write \"always\"",
        ),
        (
            "[discord]",
            "[contact.lone-adult-voice]\nlevel = 6\n[discord]",
            "5: [contact.lone-adult-voice] level is 6 — levels are 1 to 5",
        ),
        (
            "[discord]",
            "[contact.lone-adult-voice]\ncontain = 1\n[discord]",
            "5: [contact.lone-adult-voice] contain is a number that does not fit here — write true or false",
        ),
        (
            "[discord]",
            "[contact.role-conflict]\ngrace_seconds = 5\n[discord]",
            "5: [contact.role-conflict] grace_seconds is not a setting — settings here are level, on",
        ),
        (
            "[discord]",
            "[contact.lone-adult-voise]\n[discord]",
            "4: [contact] lone-adult-voise is not a setting — did you mean lone-adult-voice?",
        ),
        (
            "[discord]",
            "[contact.lone-adult-space]\ngrace_seconds = 5\n[policy]\nlone_adult_grace_seconds = 6\n[discord]",
            "5: [contact.lone-adult-space] grace_seconds stands beside [policy] lone_adult_grace_seconds",
        ),
    ];
    for (from, to, expected) in cases {
        let found = with(from, to);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}\nin {found:#?}");
    }
}

#[test]
fn what_a_charity_decides_about_contact_holds_and_is_remarked_where_it_is_weaker() {
    let text = format!(
        "[contact]\nagreed_times = \"required\"\ndm_pause = \"except-sessions\"\npresent_for_minutes = 10\n\
         [contact.lone-adult-voice]\ngrace_seconds = 30\n[contact.separation-breached]\nlevel = 3\n\
         [contact.unenrolled-contact]\non = false\n{}",
        good()
    );
    let config = parse(&text).unwrap();
    let contact = &config.contact;
    assert_eq!((contact.agreed_times, contact.dm_pause), (AgreedTimes::Required, DmPause::ExceptSessions));
    assert_eq!(contact.visible_for.as_secs(), 600);
    assert_eq!(contact.setting(Code::LoneAdultVoice).grace.as_secs(), 30);
    assert!(contact.setting(Code::LoneAdultVoice).contains && !contact.is_on(Code::UnenrolledContact));
    let remarks: Vec<String> = config.remarks.iter().map(|remark| remark.what.clone()).collect();
    for expected in ["separation-breached] calls nobody at level 3", "unenrolled-contact] is off"] {
        assert!(remarks.iter().any(|remark| remark.contains(expected)), "{remarks:?}");
    }
    assert!(!remarks.iter().any(|remark| remark.contains("lone-adult-voice")), "{remarks:?}");
    let old = parse(&format!("[policy]\nlone_adult_grace_seconds = 7\n{}", good())).unwrap();
    assert_eq!(old.contact.setting(Code::LoneAdultSpace).grace.as_secs(), 7);
}

#[test]
fn a_secret_in_the_wrong_place_is_never_repeated() {
    let cases = [
        ("[discord]", "[discord]\ntoken = \"hunter2\""),
        ("[discord]", "[discord]\ntoken_env = \"hunter2.abc-def\""),
        ("[discord]", "[data]\ndatabase = \"hunter2\"\n[discord]"),
        ("recipient = \"age1", "recipient = \"AGE-SECRET-KEY-1hunter2"),
    ];
    for (from, to) in cases {
        let found = with(from, to).join("\n");
        assert!(!found.contains("hunter2"), "{found}");
    }
    assert!(with("[discord]", "[discord]\ntoken = \"x\"")[0].contains("secrets never stand in this file"));
    let config =
        parse(&good().replace("[discord]", "[data]\ndatabase = \"postgres://u:hunter2@h/d\"\n[discord]"));
    assert!(!format!("{:?}", config.unwrap()).contains("hunter2"));
}

#[test]
fn without_a_deputy_the_chair_is_the_second_step() {
    let config = parse(&good().replace("deputy-dsl", "chair")).unwrap();
    assert_eq!(config.ladder.steps[1].slots, [Slot::Chair]);
    assert_eq!(config.ladder.at_once, [Slot::Dsl, Slot::Chair]);
}

#[test]
fn an_external_contact_needs_only_an_address() {
    let more = "[[people]]\nname = \"out\"\nslot = \"external\"\nemail = \"out@example.org\"\n";
    assert!(parse(&(good() + more)).is_ok());
    let (before, _) = good().split_once("[paging.email]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let found = problems(&(before + more));
    assert!(found[0].contains("can only be reached by e-mail, but no mail server"), "{found:#?}");
}

#[test]
fn what_is_allowed_but_doubtful_is_remarked() {
    let (before, _) = good().split_once("[paging.email]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let config =
        parse(&before.replace("[discord]", "[discord]\napi_url = \"http://chat.example.org\"")).unwrap();
    let remarks: Vec<_> = config.remarks.iter().map(|remark| remark.what.as_str()).collect();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].contains("no mail server") && remarks[1].contains("in the clear"), "{remarks:?}");
    for local in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9/"] {
        let text = good().replace("[discord]", &format!("[discord]\napi_url = \"{local}\""));
        assert_eq!(parse(&text).unwrap().remarks, [], "{local}");
    }
}

#[test]
fn a_missing_file_and_one_that_is_not_text_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaperone.toml");
    let missing = Config::load(&path).unwrap_err().to_string();
    assert!(missing.contains("cannot be read") && missing.contains("chaperone init"), "{missing}");
    std::fs::write(&path, b"[organisation]\nname = \"\xff\"\n").unwrap();
    let garbage = Config::load(&path).unwrap_err().to_string();
    assert!(garbage.contains(":2: this is not UTF-8 text — save the file as UTF-8"), "{garbage}");
    std::fs::write(&path, vec![b'#'; 2 << 20]).unwrap();
    assert!(Config::load(&path).unwrap_err().to_string().contains("larger than a mebibyte"));
    std::fs::write(&path, good()).unwrap();
    assert_eq!(Config::load(&path).unwrap().data.dir, folder.path().join("data"));
}

#[test]
fn garbage_is_refused_and_never_a_panic() {
    for text in
        ["\u{0}\u{1}", "= = =", "[[[[", "a.b.c = {", "\"\"\"", &"[a".repeat(5_000), &"x = [".repeat(5_000)]
    {
        assert!(!problems(text).is_empty());
    }
}

const CALLS: &str = r#"
[paging]
follow_up_minutes = 45

[paging.digest]
at = "18:30"
slots = ["dsl", "deputy-dsl"]
quiet_from = "22:00"
quiet_until = "07:00"

[paging.drill]
day = "wed"
at = "11:00"

[[paging.ladder]]
categories = ["integrity"]
repeat_minutes = 60
[[paging.ladder.step]]
slots = ["deputy-dsl"]
times = 2

[[paging.shift]]
slot = "dsl"
people = ["sam"]
days = ["mon", "tue"]
from = "09:00"
until = "01:30"

[[paging.cover]]
slot = "dsl"
person = "dee"
instead_of = "sam"
from = "2026-12-24 09:00"
until = "2026-12-27 09:00"

[[paging.absence]]
person = "sam"
cover = "dee"
from = "2026-08-01 00:00"
until = "2026-08-15 00:00"

[paging.email]"#;

#[test]
fn the_digest_the_drill_other_ladders_and_the_rota_are_read() {
    let text = good().replace("\n[paging.email]", CALLS);
    let config = parse(&text).unwrap();
    assert_eq!(config.ladder.follow_up, Some(Duration::from_mins(45)));
    assert_eq!(config.ladder.drill.as_ref().unwrap().answer_within, Duration::from_hours(1));
    assert_eq!(config.ladder.special[0].steps[0].times, 2);
    assert_eq!((config.rota.shifts.len(), config.rota.covers.len(), config.rota.absences.len()), (1, 1, 1));
    for (from, to, expected) in [
        ("\"18:30\"", "\"6 pm\"", "[paging.digest] at is \"6 pm\" — write a local time like \"17:00\""),
        ("quiet_from = \"22:00\"\n", "", "[paging.digest] quiet hours have one end"),
        ("day = \"wed\"", "day = \"someday\"", "\"someday\" is not a day of the week — write mon"),
        ("[\"integrity\"]", "[\"rumours\"]", "[[paging.ladder]] \"rumours\" is not a category"),
        ("times = 2", "times = 0", "[[paging.ladder.step]] times is 0 — write how often"),
        ("people = [\"sam\"]", "people = [\"pam\"]", "the rota names \"pam\", who is not in [[people]]"),
        ("days = [\"mon\", \"tue\"]\n", "", "[[paging.shift]] needs days or a date"),
        ("until = \"2026-12-27 09:00\"", "until = \"2026-12-23 09:00\"", "ends before it begins"),
        ("from = \"2026-08-01 00:00\"", "from = \"in August\"", "[[paging.absence]] from is \"in August\""),
    ] {
        assert!(text.contains(from), "{from}");
        let all = problems(&text.replacen(from, to, 1));
        assert!(all.iter().any(|problem| problem.contains(expected)), "{expected}: {all:#?}");
    }
}

const REACH: &str = r#"
[paging]
ring = "01632 960000"

[paging.ntfy]
url = "https://ntfy.example.org"

[paging.twilio]
account = "AC0123456789abcdef0123456789abcdef"
from = "+441632960000"
token_env = "TWILIO_TOKEN"

[paging.inbound]
listen = "127.0.0.1:8085"
public_url = "https://pages.example.org/"

[paging.heartbeat]
url_env = "HEARTBEAT_URL"

[[paging.shared]]
name = "office"
slot = "dsl"
readers = [323456789012345678]
pagerduty_key_env = "PAGERDUTY_KEY"

[paging.email]"#;

#[test]
fn further_channels_what_is_shared_and_where_answers_come_in_are_read() {
    let text = good().replace("\n[paging.email]", REACH).replace(
        "email = \"sam@example.org\"",
        "email = \"sam@example.org\"\nphone = \"+44 7700 900123\"\nntfy_topic_env = \"SAM_TOPIC\"\nprefer = [\"sms\", \"voice\"]\nnot_about = [523456789012345678]",
    );
    let config = parse(&text).unwrap();
    let people = config.people();
    let channels: Vec<_> = people.iter().map(|person| person.channels.join("+")).collect();
    assert_eq!(channels, ["sms+voice+discord-dm+email+ntfy", "discord-dm", "pagerduty"]);
    let office = people.named("office").unwrap();
    assert!(people.is_shared(office));
    assert!(
        !people.may_know(office, &[UserId(323_456_789_012_345_678)].into()),
        "a declared reader is the subject"
    );
    let sam = people.named("sam").unwrap();
    assert!(!people.may_know(sam, &[UserId(523_456_789_012_345_678)].into()), "somebody whom they manage");
    let inbound = config.reach.inbound.as_ref().unwrap();
    assert_eq!((inbound.public_url.as_str(), inbound.behind_proxy), ("https://pages.example.org", true));
    for (from, to, expected) in [
        (
            "https://ntfy.example.org",
            "http://ntfy.example.org",
            "[paging.ntfy] url: pages would travel in the clear",
        ),
        ("AC0123456789abcdef0123456789abcdef", "SK01", "account is no account SID"),
        ("\"+441632960000\"", "\"01632\"", "[paging.twilio] from is \"01632\" — write it like"),
        (
            "\"+44 7700 900123\"",
            "\"07700 900123\"",
            "is not a telephone number — write it as the whole world does",
        ),
        ("\"127.0.0.1:8085\"", "\"everywhere\"", "[paging.inbound] listen is \"everywhere\""),
        ("url_env = \"HEARTBEAT_URL\"\n", "", "[paging.heartbeat] has no address"),
        ("readers = [323456789012345678]\n", "", "declares no readers, so a subject might be among them"),
        ("pagerduty_key_env = \"PAGERDUTY_KEY\"\n", "", "[[paging.shared]] is not one thing in one slot"),
        ("name = \"office\"", "name = \"dee\"", "the name \"dee\" stands in [[people]] too"),
        ("\"sms\", \"voice\"", "\"fax\"", "prefer names \"fax\", which is not a channel"),
        ("01632 960000", "ring me", "[paging] ring is \"ring me\""),
    ] {
        assert!(text.contains(from), "{from}");
        let all = problems(&text.replacen(from, to, 1));
        assert!(all.iter().any(|problem| problem.contains(expected)), "{expected}: {all:#?}");
    }
}

#[test]
fn the_buffer_lasts_a_week_unless_the_charity_says_otherwise_and_a_channel_may_differ() {
    assert_eq!(parse(&good()).unwrap().evidence, Evidence::default());
    assert_eq!(Evidence::default().buffer_days, 7);
    let text = good()
        + "[evidence]\nbuffer_days = 0\ncontext_before = 10\ncontext_after = 5\n\
           [[evidence.space]]\nid = \"523456789012345678\"\nbuffer_days = 30\n";
    let config = parse(&text).unwrap();
    let evidence = Evidence {
        buffer_days: 0,
        spaces: BTreeMap::from([(ChannelId(523_456_789_012_345_678), 30)]),
        context_before: 10,
        context_after: 5,
    };
    assert_eq!(config.evidence, evidence);
    assert_eq!(config.remarks.len(), 1, "{:?}", config.remarks);
    assert!(config.remarks[0].what.contains("is gone"));
    let wrong = problems(
        &(good()
            + "[evidence]\nbuffer_days = 91\ncontext_before = 201\n[[evidence.space]]\nbuffer_days = 3\n\
               [[evidence.space]]\nid = \"523456789012345678\"\n"),
    );
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}
