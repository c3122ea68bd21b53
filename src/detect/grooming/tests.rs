use super::*;
use crate::domain::MessageId;

const ADULT: UserId = UserId(1);
const YOUNG: UserId = UserId(2);

fn act(hours: i64, code: Code) -> Observation {
    let answer = matches!(code, Code::Refusal | Code::Discomfort);
    let (by, towards) = if answer { (YOUNG, ADULT) } else { (ADULT, YOUNG) };
    Observation {
        at: Timestamp::from_seconds(hours * 3_600),
        code,
        by,
        towards: Some(towards),
        space: None,
        message: Some(MessageId(hours.cast_unsigned() * 100 + code as u64)),
        quote: None,
    }
}

fn level(acts: &[(i64, Code)]) -> Option<(u8, Category)> {
    let mut timeline = PairTimeline::default();
    for &(hours, code) in acts {
        timeline.add(act(hours, code));
    }
    let now = Timestamp::from_seconds(100 * 3_600);
    let found = timeline.assess(now).map(|finding| (u8::from(finding.level), finding.category));
    let mut backwards = PairTimeline::default();
    for &(hours, code) in acts.iter().rev().chain(acts) {
        backwards.add(act(hours, code));
    }
    assert_eq!(timeline, backwards, "order and repetition change nothing");
    found
}

#[test]
fn what_pages_and_what_does_not() {
    use Code::{
        AdultConfides, AgeGap, DeleteRequest, Discomfort, GiftOffer, ImageRequest, LateContact,
        MeetingRequest, OffPlatformMove, OpenCorrection, OutOfSessionContact, PersonalCompliment,
        PersonalQuestion, Refusal, SecrecyRequest, SpecialBond, TransportOffer,
    };
    let (note, room, drift, page) = (
        Some((1, Category::Boundary)),
        Some((2, Category::Boundary)),
        Some((3, Category::Boundary)),
        Some((4, Category::Grooming)),
    );
    for (acts, expected, why) in [
        (&[][..], None, "nothing"),
        (&[(1, PersonalCompliment)], note, "one compliment"),
        (
            &[(1, PersonalQuestion), (2, PersonalQuestion), (3, PersonalQuestion)],
            note,
            "many of one mild kind",
        ),
        (&[(1, PersonalQuestion), (2, AdultConfides)], room, "two mild processes"),
        (
            &[(1, PersonalQuestion), (2, AdultConfides), (3, PersonalCompliment)],
            drift,
            "three mild processes",
        ),
        (&[(1, OffPlatformMove)], drift, "one high alone"),
        (
            &[(1, OffPlatformMove), (2, OffPlatformMove), (3, OffPlatformMove), (4, DeleteRequest)],
            drift,
            "one process only",
        ),
        (&[(1, SecrecyRequest), (2, MeetingRequest)], page, "secrecy with a meeting"),
        (&[(1, TransportOffer), (70, SecrecyRequest)], page, "secrecy with a lift, in either order"),
        (&[(1, SecrecyRequest), (2, GiftOffer)], page, "high and medium-high"),
        (&[(1, MeetingRequest), (2, PersonalQuestion)], drift, "six points"),
        (&[(1, MeetingRequest), (2, PersonalQuestion), (3, AgeGap)], page, "seven points"),
        (
            &[(1, PersonalCompliment), (2, PersonalQuestion), (3, SpecialBond), (4, GiftOffer)],
            drift,
            "nothing weighty",
        ),
        (
            &[(1, OffPlatformMove), (2, LateContact), (3, OutOfSessionContact)],
            drift,
            "hours and access are context",
        ),
        (&[(1, ImageRequest)], Some((4, Category::Sexual)), "serious alone"),
        (&[(1, OffPlatformMove), (2, Refusal)], page, "answered with a no"),
        (&[(2, OffPlatformMove), (1, Refusal)], drift, "a no before it answers nothing"),
        (&[(1, OffPlatformMove), (40, Discomfort)], drift, "a no days later answers nothing"),
        (&[(1, PersonalQuestion), (2, Discomfort)], room, "raised by one"),
        (&[(1, SecrecyRequest), (2, MeetingRequest), (3, Refusal)], page, "never above four from words"),
        (&[(1, Refusal)], None, "never from the answer alone"),
        (&[(1, OffPlatformMove), (2, GiftOffer), (3, OpenCorrection)], drift, "put right"),
        (&[(1, SecrecyRequest), (2, GiftOffer), (3, OpenCorrection)], page, "secrecy is not put right"),
        (
            &[(1, PersonalQuestion), (2, OpenCorrection), (3, OffPlatformMove), (4, GiftOffer)],
            page,
            "not what comes after",
        ),
    ] {
        assert_eq!(level(acts), expected, "{why}");
    }
}

#[test]
fn the_window_rolls() {
    let mut timeline = PairTimeline::default();
    timeline.add(act(1, Code::OffPlatformMove));
    assert!(timeline.assess(Timestamp::from_seconds(89 * 86_400)).is_some());
    assert_eq!(timeline.assess(Timestamp::from_seconds(91 * 86_400)), None);
    timeline.forget_before(Timestamp::from_seconds(86_400));
    assert!(timeline.is_empty());
}

/// Days, not hours, between two acts.
fn days(acts: &[(i64, Code)]) -> Option<(u8, Category, Rule)> {
    let mut timeline = PairTimeline::default();
    for &(day, code) in acts {
        timeline.add(act(day * 24, code));
    }
    let found = timeline.assess(Timestamp::from_seconds(89 * 86_400));
    found.map(|finding| (u8::from(finding.level), finding.category, finding.rule))
}

#[test]
fn what_is_months_apart_is_two_concerns_and_not_one_pattern() {
    use Code::{
        MeetingRequest, OffPlatformMove, PersonalQuestion, SecrecyRequest, SpecialBond, TransportOffer,
    };
    let apart = Some((3, Category::Boundary, Rule::Weighty));
    assert_eq!(days(&[(1, OffPlatformMove), (60, TransportOffer)]), apart);
    assert_eq!(days(&[(1, SecrecyRequest), (60, MeetingRequest)]), apart);
    let page = |rule| Some((4, Category::Grooming, rule));
    assert_eq!(days(&[(1, OffPlatformMove), (20, TransportOffer)]), page(Rule::Pattern));
    assert_eq!(days(&[(1, SecrecyRequest), (20, MeetingRequest)]), page(Rule::SecretMeeting));
    assert_eq!(
        days(&[(1, PersonalQuestion), (25, SpecialBond), (48, OffPlatformMove), (75, TransportOffer)]),
        page(Rule::Slow)
    );
}

/// Timelines of the same adult with others.
fn others(number: u64, acts: &[(i64, Code)]) -> Vec<PairTimeline> {
    (0..number)
        .map(|other| {
            let mut timeline = PairTimeline::default();
            for &(hours, code) in acts {
                timeline.add(Observation { towards: Some(UserId(10 + other)), ..act(hours, code) });
            }
            timeline
        })
        .collect()
}

#[test]
fn what_an_adult_says_to_everybody_weighs_less() {
    let now = Timestamp::from_seconds(100 * 3_600);
    let mut timeline = PairTimeline::default();
    timeline.add(act(1, Code::OffPlatformMove));
    timeline.add(act(2, Code::TransportOffer));
    assert_eq!(timeline.assess(now).unwrap().level, Level::Serious);
    let same = others(3, &[(1, Code::OffPlatformMove), (2, Code::TransportOffer)]);
    let beside = Beside::new(same.iter(), now, 3);
    assert_eq!(timeline.assess_beside(now, &beside).unwrap().level, Level::Concern);
    // What is hidden is never a habit.
    timeline.add(act(3, Code::SecrecyRequest));
    assert_eq!(timeline.assess_beside(now, &beside).unwrap().level, Level::Serious);
}

#[test]
fn an_adult_who_is_so_towards_one_alone_is_seen() {
    use Code::{AdultConfides, GiftOffer, PersonalCompliment, PersonalQuestion, SpecialBond};
    let now = Timestamp::from_seconds(100 * 3_600);
    let slow = [
        (1, PersonalCompliment),
        (30, PersonalQuestion),
        (60, SpecialBond),
        (80, GiftOffer),
        (90, AdultConfides),
    ];
    let mut timeline = PairTimeline::default();
    for (hours, code) in slow {
        timeline.add(act(hours, code));
    }
    let level =
        |beside: &Beside| timeline.assess_beside(now, beside).map(|finding| (finding.level, finding.rule));
    assert_eq!(level(&Beside::default()), Some((Level::Concern, Rule::Drift)), "nothing to compare with");
    let quiet = others(3, &[]);
    assert_eq!(level(&Beside::new(quiet.iter(), now, 3)), Some((Level::Serious, Rule::SetApart)));
    let same = others(3, &slow);
    assert!(
        level(&Beside::new(same.iter(), now, 3)) < Some((Level::Concern, Rule::Drift)),
        "so with everybody"
    );
}

#[test]
fn a_finding_says_what_would_have_made_it_quieter() {
    let now = Timestamp::from_seconds(100 * 3_600);
    let mut timeline = PairTimeline::default();
    for (hours, code) in [(1, Code::SecrecyRequest), (2, Code::MeetingRequest), (3, Code::PersonalCompliment)]
    {
        timeline.add(act(hours, code));
    }
    let beside = Beside::default();
    let quieter = timeline.assess_beside(now, &beside).unwrap().quieter(&beside);
    assert_eq!(
        quieter,
        [
            Quieter::Without { code: Code::SecrecyRequest, level: Level::Concern },
            Quieter::Without { code: Code::MeetingRequest, level: Level::Concern },
        ]
    );
    let mut timeline = PairTimeline::default();
    timeline.add(act(1, Code::OffPlatformMove));
    timeline.add(act(2, Code::GiftOffer));
    let quieter = timeline.assess(now).unwrap().quieter(&beside);
    assert!(quieter.contains(&Quieter::PutRight { level: Level::Concern }), "{quieter:?}");
    let mut timeline = PairTimeline::default();
    timeline.add(act(1, Code::ImageRequest));
    assert_eq!(timeline.assess(now).unwrap().quieter(&beside), [Quieter::SeriousAlone(Code::ImageRequest)]);
}
