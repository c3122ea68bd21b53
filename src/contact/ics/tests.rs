use super::*;
use crate::contact::Agreed;

const ART: ChannelId = ChannelId(100);
const MUSIC: ChannelId = ChannelId(101);

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn space(name: &str) -> Option<ChannelId> {
    match name.to_lowercase().as_str() {
        "art" => Some(ART),
        "music" => Some(MUSIC),
        _ => None,
    }
}

fn import(text: &str) -> Import {
    let ground = Ground { zone: Zone::default(), now: at("2026-03-02T12:00:00Z"), space: &space };
    read(text, &ground)
}

/// A calendar with one event of these lines, the first of them line 3 of the file.
fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

fn times(import: &Import) -> Vec<(String, String)> {
    let session = &import.sessions[0].session;
    let windows = match &session.repeats {
        Some(series) => super::super::series::windows(series).unwrap(),
        None => vec![Window::new(session.from, session.until)],
    };
    windows.iter().map(|window| (window.from.to_string(), window.until.to_string())).collect()
}

#[test]
fn one_event_in_every_way_that_its_time_is_written() {
    let summer = ("2026-07-07T17:00:00Z", "2026-07-07T19:00:00Z");
    let cases = [
        "DTSTART;TZID=Europe/London:20260707T180000\r\nDTEND;TZID=Europe/London:20260707T200000",
        "DTSTART;TZID=\"Europe/London\":20260707T180000\r\nDURATION:PT2H",
        "DTSTART:20260707T170000Z\r\nDTEND:20260707T190000Z",
        "DTSTART:20260707T180000\r\nDTEND:20260707T200000",
        "DTSTART;TZID=GMT Standard Time:20260707T180000\r\nDURATION:PT120M",
        "DTSTART;TZID=/example.org/Europe/London:20260707T180000\r\nDTEND:20260707T190000Z",
        "DTSTART;TZID=Europe/Paris:20260707T190000\r\nDTEND;TZID=Europe/London:20260707T200000",
    ];
    for lines in cases {
        let found = import(&event(&format!("SUMMARY:Art\r\n{lines}")));
        assert_eq!(found.problems, [], "{lines}");
        assert_eq!(times(&found), [(summer.0.to_owned(), summer.1.to_owned())], "{lines}");
        assert_eq!(found.sessions[0].session.spaces, BTreeSet::from([ART]));
    }
}

#[test]
fn a_weekly_event_with_holidays_and_changes_through_the_clock_change() {
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/London\r\nBEGIN:DAYLIGHT\r\n\
        DTSTART:19810329T010000\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Tuesday\\, after school\r\nLOCATION:#art\\, #Mus\r\n ic\r\n\
        DTSTART;TZID=Europe/London:20260317T180000\r\nDTEND;TZID=Europe/London:20260317T200000\r\n\
        RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/London:20260407T180000\r\n\
        BEGIN:VALARM\r\nDURATION:PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;TZID=Europe/London:20260324T180000\r\n\
        DTSTART;TZID=Europe/London:20260325T170000\r\nDTEND;TZID=Europe/London:20260325T190000\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260331T170000Z\r\nSTATUS:CANCELLED\r\n\
        DTSTART;TZID=Europe/London:20260331T180000\r\nDTEND;TZID=Europe/London:20260331T200000\r\nEND:VEVENT\r\n\
        END:VCALENDAR\r\n";
    let found = import(text);
    assert_eq!((found.problems.as_slice(), found.remarks.as_slice()), (&[][..], &[][..]));
    assert_eq!(found.sessions.len(), 1);
    let proposed = &found.sessions[0];
    assert_eq!((proposed.line, proposed.title.as_str()), (8, "Tuesday, after school"));
    assert_eq!(proposed.session.id, "tuesday-after-school");
    assert_eq!(proposed.session.spaces, BTreeSet::from([ART, MUSIC]));
    // Booked as it is proposed, the calendar says what the file says.
    let mut agreed = Agreed::default();
    agreed.apply(&Register::SessionBooked(proposed.session.clone()));
    for change in proposed.exceptions(UserId(1)) {
        agreed.apply(&change);
    }
    let open = |now: &str| agreed.session_in(&[MUSIC], at(now)).is_some();
    for (now, expected) in [
        ("2026-03-17T18:30:00Z", true),
        ("2026-03-24T18:30:00Z", false),
        ("2026-03-25T17:30:00Z", true),
        ("2026-03-31T17:30:00Z", false),
        ("2026-04-07T17:30:00Z", false),
        ("2026-04-14T17:30:00Z", true),
        ("2026-04-14T19:30:00Z", false),
        ("2026-04-21T17:30:00Z", false),
    ] {
        assert_eq!(open(now), expected, "{now}");
    }
}

#[test]
fn what_began_long_ago_is_taken_from_now_on_for_a_year() {
    let lines = "SUMMARY:Art\r\nDTSTART;TZID=Europe/London:20230103T180000\r\nDURATION:PT2H\r\nRRULE:FREQ=WEEKLY;INTERVAL=2";
    let found = import(&event(lines));
    assert_eq!(found.problems, []);
    let times = times(&found);
    // Every other Tuesday since 3 January 2023: 10 March 2026 is one, 3 March is none.
    assert_eq!(times[0].0, "2026-03-10T18:00:00Z");
    assert_eq!((times.len(), times.last().unwrap().0.as_str()), (26, "2027-02-23T18:00:00Z"));
    assert_eq!(found.remarks.len(), 1);
    assert!(found.remarks[0].to_string().starts_with("6: the repetition goes on beyond a year"));

    let counted = import(&event(&format!("{lines};COUNT=85")));
    assert_eq!(times_len(&counted), 2, "eighty-three of them are over");
    assert_eq!(counted.remarks, []);
    let over = import(&event(&format!("{lines};COUNT=80")));
    assert_eq!((over.sessions.len(), over.over), (0, 1));
}

fn times_len(import: &Import) -> usize {
    times(import).len()
}

#[test]
fn what_cannot_be_used_is_named_by_its_line_with_what_to_do() {
    let start = "SUMMARY:Art\r\nDTSTART:20260707T180000";
    let cases = [
        (event("SUMMARY:Art"), "2: the event has no DTSTART", "starts"),
        (event(start), "2: the event has neither DTEND nor DURATION", "ends"),
        (event("SUMMARY:Art\r\nDTSTART;VALUE=DATE:20260707"), "4: DTSTART is a whole day", "a time"),
        (event("SUMMARY:Art\r\nDTSTART:next tuesday"), "4: DTSTART is no date and time", "20260303T180000"),
        (
            event("SUMMARY:Art\r\nDTSTART;TZID=Mars/Base:20260707T180000"),
            "4: DTSTART names the time zone \"Mars/Base\"",
            "Europe/London",
        ),
        (event(&format!("{start}\r\nDURATION:2 hours")), "5: DURATION is no length", "PT1H30M"),
        (event(&format!("{start}\r\nDTEND:20260707T170000")), "2: the event ends before it starts", "after"),
        (event(&format!("{start}\r\nDURATION:PT2H\r\nRDATE:20260708T180000")), "6: extra dates", "events of"),
        (
            event(&format!("{start}\r\nDURATION:PT2H\r\nRRULE:FREQ=HOURLY;COUNT=3")),
            "6: the repetition (RRULE) cannot be used",
            "FREQ=DAILY",
        ),
        (
            event("SUMMARY:Drama\r\nDTSTART:20260707T180000\r\nDURATION:PT2H"),
            "2: the event names no channel",
            "#art",
        ),
        (
            event(&format!("{start}\r\nDURATION:PT2H\r\nLOCATION:#art\\, #drama")),
            "6: the location names a channel that is not known",
            "#art",
        ),
        ("Dear all,\r\nsee below".into(), "1: this is no line of a calendar file", ".ics"),
        ("SUMMARY:Art".into(), "1: the file does not begin with BEGIN:VCALENDAR", ".ics"),
        (String::new(), "1: the file holds no calendar", ".ics"),
        ("BEGIN:VCALENDAR\r\nEND:VEVENT".into(), "1: VCALENDAR begins here and never ends", "cut off"),
    ];
    for (text, what, fix) in cases {
        let found = import(&text);
        let told = found.problems.first().map(|problem| problem.in_file("club.ics")).unwrap_or_default();
        assert!(told.starts_with(&format!("club.ics:{what}")), "{text:?} gives {told:?}");
        assert!(told.lines().nth(1).is_some_and(|line| line.contains(fix)), "{told:?} lacks {fix:?}");
        assert_eq!(found.sessions, []);
    }
}

#[test]
fn a_broken_event_leaves_the_others_and_the_same_title_gets_a_number() {
    let one = |day: u32| {
        format!("BEGIN:VEVENT\nSUMMARY:Art\nDTSTART:202607{day:02}T180000\nDURATION:PT1H\nEND:VEVENT\n")
    };
    let broken = "BEGIN:VEVENT\nSUMMARY:Art\nDTSTART:soon\nDURATION:PT1H\nEND:VEVENT\n";
    let past = "BEGIN:VEVENT\nSUMMARY:Art\nDTSTART:20250101T180000\nDURATION:PT1H\nEND:VEVENT\n";
    let found = import(&format!("BEGIN:VCALENDAR\n{}{broken}{past}{}END:VCALENDAR", one(7), one(8)));
    let names: Vec<&str> = found.sessions.iter().map(|proposed| proposed.session.id.as_str()).collect();
    assert_eq!(names, ["art", "art-2"]);
    assert_eq!((found.problems.len(), found.over), (1, 1));
}

#[test]
fn an_event_that_repeats_in_utc_is_remarked() {
    let lines = "SUMMARY:Art\r\nDTSTART:20260310T180000Z\r\nDURATION:PT2H\r\nRRULE:FREQ=WEEKLY;COUNT=4";
    let found = import(&event(lines));
    assert_eq!(times(&found).last().unwrap().0, "2026-03-31T18:00:00Z", "six in UTC, seven on the wall");
    assert!(found.remarks[0].what.contains("UTC"));
}

#[test]
fn too_much_is_refused_with_a_word() {
    let large = format!("BEGIN:VCALENDAR\n{}", "X".repeat(LARGEST_FILE));
    assert!(import(&large).problems[0].what.contains("1 MiB"));
    let one = "BEGIN:VEVENT\nSUMMARY:Art\nDTSTART:20260707T180000\nDURATION:PT1H\nEND:VEVENT\n";
    let found = import(&format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", one.repeat(MOST_EVENTS + 1)));
    assert_eq!(found.sessions.len(), MOST_EVENTS);
    assert!(found.problems[0].what.contains("1000 events"));
}
