use super::*;
use crate::detect::grooming::PairTimeline;
use crate::domain::Level;

/// A small room for reading conversations: people, their messages, and what they add up to.
struct Room {
    detector: Detector,
    roster: Roster,
    ids: BTreeMap<String, UserId>,
    timelines: BTreeMap<(UserId, UserId), PairTimeline>,
    next: u64,
    last: BTreeMap<(ChannelId, UserId), MessageId>,
    observations: Vec<Observation>,
    /// The highest level of anything, with the number of the message that reached it.
    reached: (u8, u64),
}

fn lists() -> Arc<Lists> {
    Lists::shared()
}

impl Room {
    fn with(people: &[(&str, Kind)]) -> Room {
        let mut roster = Roster::default();
        let mut ids = BTreeMap::new();
        for (number, (name, kind)) in (500..).zip(people) {
            let id = UserId(number);
            ids.insert((*name).to_owned(), id);
            roster.enter(Person {
                id,
                name: (*name).to_owned(),
                shown: (*name).to_owned(),
                roles: BTreeSet::new(),
                kind: *kind,
            });
        }
        let mut detector = Detector::new(lists(), Zone::default());
        roster.iter().for_each(|person| detector.meet(person));
        Room {
            detector,
            roster,
            ids,
            timelines: BTreeMap::new(),
            next: 1,
            last: BTreeMap::new(),
            observations: Vec::new(),
            reached: (0, 0),
        }
    }

    fn pair() -> Room {
        Room::with(&[("coach", Kind::Volunteer), ("ella", Kind::YoungPerson), ("sam", Kind::YoungPerson)])
    }

    fn message(
        &mut self,
        at: Timestamp,
        space: u64,
        by: &str,
        reply_to: Option<&str>,
        text: &str,
    ) -> Message {
        let id = MessageId(self.next);
        self.next += 1;
        let mentions = self
            .ids
            .iter()
            .filter(|(name, _)| text.contains(&format!("@{name}")))
            .map(|(_, id)| *id)
            .collect();
        Message {
            id,
            space: ChannelId(space),
            author: self.ids[by],
            author_name: by.to_owned(),
            at,
            content: text.to_owned(),
            mentions,
            reply_to: reply_to.and_then(|name| {
                self.last.get(&(ChannelId(space), self.ids[name])).map(|id| (*id, Some(self.ids[name])))
            }),
            ..Message::default()
        }
    }

    fn hear(&mut self, message: &Message) -> Vec<Observation> {
        let seen = self.detector.hear(message, &self.roster, None);
        self.last.insert((message.space, message.author), message.id);
        for one in &seen {
            self.observations.push(one.clone());
            let mut levels: Vec<Level> =
                single::opening(one).map(|opening| opening.level).into_iter().collect();
            if let Some(pair) = grooming::pair_of(one) {
                let timeline = self.timelines.entry(pair).or_default();
                timeline.add(one.clone());
                levels.extend(timeline.assess(message.at).map(|finding| finding.level));
            }
            for level in levels {
                let level = u8::from(level);
                if level > self.reached.0 {
                    self.reached = (level, message.id.0);
                }
            }
        }
        seen
    }

    /// Minutes after noon on 2 March 2026.
    fn says(&mut self, minutes: i64, by: &str, text: &str) -> Vec<Code> {
        let noon = Timestamp::parse_rfc3339("2026-03-02T12:00:00Z").unwrap();
        let at = Timestamp(noon.0 + minutes * 60_000_000);
        let message = self.message(at, 1, by, None, text);
        self.hear(&message).iter().map(|seen| seen.code).collect()
    }
}

#[test]
fn needs_are_about_people() {
    let mut room = Room::pair();
    room.says(0, "ella", "hiya");
    assert_eq!(room.says(1, "coach", "keep this between us ok"), [Code::SecrecyRequest]);
    room.says(2, "sam", "hi");
    assert_eq!(room.says(3, "ella", "sam keep this between us ok"), []);
    assert_eq!(room.observations[0].towards, Some(room.ids["ella"]));
}

#[test]
fn a_message_heard_twice_is_one_message() {
    let mut room = Room::pair();
    room.says(0, "ella", "hiya");
    let at = Timestamp::parse_rfc3339("2026-03-02T12:01:00Z").unwrap();
    let message = room.message(at, 1, "coach", None, "what's your number ella");
    let first = room.detector.hear(&message, &room.roster.clone(), None);
    room.says(2, "sam", "coach look at this");
    assert_eq!(room.detector.hear(&message, &room.roster.clone(), None), first);
    assert_eq!(first.len(), 1);
}

#[test]
fn asking_again_after_a_no_raises_the_pair() {
    let mut room = Room::pair();
    room.says(0, "ella", "hiya");
    assert_eq!(room.says(1, "coach", "ella add me on snap"), [Code::OffPlatformMove]);
    assert_eq!(room.reached, (3, 2));
    assert_eq!(room.says(2, "ella", "no thanks"), [Code::Refusal]);
    assert_eq!(room.reached, (4, 3), "a no after it raises by one");
    assert!(room.says(3, "coach", "go on, what's your snapchat ella").contains(&Code::PersistsAfterRefusal));
}

#[test]
fn age_that_comes_out_makes_an_adult_for_risk() {
    let mut room = Room::with(&[("jay", Kind::YoungPerson), ("ella", Kind::YoungPerson)]);
    room.says(0, "ella", "hi");
    assert_eq!(room.says(1, "jay", "ella keep this between us"), []);
    room.says(2, "ella", "how old r u jay");
    // What was said before counts from now on.
    assert_eq!(room.says(3, "jay", "23"), [Code::SecrecyRequest, Code::AgeGap]);
    assert_eq!(room.says(4, "jay", "ella keep this between us"), [Code::SecrecyRequest]);
    let seen = room.observations.clone();
    let mut restarted = Detector::new(lists(), Zone::default());
    for one in &seen {
        restarted.remember(one);
    }
    assert!(restarted.is_adult_for_risk(room.ids["jay"], &room.roster));
    restarted.forget_before(Timestamp(i64::MAX));
    assert!(!restarted.is_adult_for_risk(room.ids["jay"], &room.roster));
}

#[test]
fn late_at_night_is_context_only() {
    let mut room = Room::pair();
    room.says(11 * 60, "ella", "hi");
    assert_eq!(room.says(11 * 60 + 1, "coach", "well done today ella"), [Code::LateContact]);
    assert_eq!(room.reached.0, 1);
}

#[test]
fn a_deleted_message_to_a_young_person_is_a_finding() {
    let mut room = Room::pair();
    room.says(0, "coach", "ella that drawing is lovely");
    let found = room.detector.hear_deletion(ChannelId(1), &[MessageId(1), MessageId(99)]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].towards), (Code::AdultDeletedMessage, Some(room.ids["ella"])));
    room.says(1, "ella", "thanks");
    assert!(room.detector.hear_deletion(ChannelId(1), &[MessageId(2)]).is_empty());
}

#[test]
fn an_edit_shows_what_is_new() {
    let mut room = Room::pair();
    let at = Timestamp::parse_rfc3339("2026-03-02T12:01:00Z").unwrap();
    let mut message = room.message(at, 1, "coach", None, "ella what's your number");
    room.hear(&message);
    message.content = "ella what's your number, don't tell your mum".into();
    message.edited_at = Some(at);
    let roster = room.roster.clone();
    let codes: Vec<Code> =
        room.detector.hear_edit(&message, &roster, None).iter().map(|seen| seen.code).collect();
    assert_eq!(codes, [Code::SecrecyRequest, Code::AdultEditedMessage]);
    assert!(room.detector.hear_edit(&message, &roster, None).is_empty());
}

#[test]
fn encouragement_is_serious_whoever_says_it_and_not_of_oneself() {
    let mut room = Room::pair();
    room.says(0, "ella", "hi");
    assert_eq!(room.says(1, "sam", "k.y.s"), [Code::SuicideEncouragement]);
    assert_eq!(room.reached, (4, 2));
    let mut room = Room::pair();
    assert_eq!(room.says(0, "sam", "i should kys lol this homework"), []);
}

#[test]
fn distress_has_no_subject() {
    let mut room = Room::pair();
    room.says(0, "coach", "evening all");
    room.says(1, "ella", "i hurt myself last night");
    let seen = room.observations.last().unwrap();
    assert_eq!(
        (seen.code, seen.by, seen.towards),
        (Code::SelfHarmDisclosure, room.ids["ella"], Some(room.ids["ella"]))
    );
    assert_eq!(room.reached, (4, 2));
}

#[test]
fn a_workshop_is_not_what_it_warns_of() {
    let mut room = Room::pair();
    room.says(0, "coach", "Today we're looking at staying safe online");
    room.says(1, "ella", "ok");
    assert_eq!(room.says(2, "coach", "\"Keep this between us, don't tell your mum.\" Fine or not?"), []);
    assert_eq!(room.says(3, "coach", "Someone says add me on snap. What do you do?"), []);
    assert_eq!(room.says(4, "ella", "what if they ask u to meet up"), []);
    assert_eq!(room.reached.0, 0);
}

#[test]
fn innocent_turns_change_nothing() {
    let play = |padded: bool| {
        let mut room = Room::pair();
        room.says(0, "ella", "hi");
        for (at, text) in [
            (1, "ella what school do u go to"),
            (50, "ella add me on snap"),
            (100, "ella got u that skin u wanted"),
        ] {
            room.says(at, "coach", text);
            for turn in 0..if padded { 30 } else { 0 } {
                room.says(
                    at + 1 + turn,
                    if turn % 2 == 0 { "ella" } else { "coach" },
                    "bar twelve again, slower this time",
                );
            }
        }
        (room.reached.0, room.observations.len())
    };
    assert_eq!(play(false), play(true));
    assert_eq!(play(false).0, 4);
}

#[test]
fn a_clue_becomes_an_age_when_a_friend_asks_and_a_weekend_job_does_not() {
    let mut room =
        Room::with(&[("jay", Kind::YoungPerson), ("ella", Kind::YoungPerson), ("sam", Kind::YoungPerson)]);
    room.says(0, "ella", "hi");
    assert_eq!(room.says(1, "jay", "my saturday job shift was long"), []);
    assert_eq!(room.says(2, "jay", "got a 9am lecture tomorrow"), [Code::AgeClue]);
    assert!(room.says(3, "sam", "lecture?").contains(&Code::AgeGap));
}

#[test]
fn years_between_young_people_are_noted_and_no_more() {
    let mut room = Room::with(&[("jay", Kind::YoungPerson), ("ella", Kind::YoungPerson)]);
    room.says(0, "ella", "im 11");
    assert_eq!(room.says(1, "jay", "ella im 17 and i think your build is sick"), [Code::AgeDifference]);
    assert_eq!(room.says(2, "jay", "ella wanna build tomorrow"), [], "once");
    assert!(room.reached.0 <= 1);
}

#[test]
fn a_worker_who_is_talked_of_by_name_is_a_colleague() {
    let mut room =
        Room::with(&[("coach", Kind::Volunteer), ("joan", Kind::YouthWorker), ("ella", Kind::YoungPerson)]);
    room.says(0, "ella", "hi");
    let seen = room.says(1, "coach", "ella what joan does not know will not hurt her");
    assert!(seen.contains(&Code::SecrecyRequest), "{seen:?}");
}

#[test]
fn plays_surprises_and_official_questions_are_none_of_it() {
    let mut room = Room::pair();
    room.says(0, "ella", "hi");
    assert_eq!(room.says(1, "coach", "CAPTAIN: Tell no one, don't tell your mother, meet me alone"), []);
    room.says(2, "ella", "its sams birthday saturday");
    assert_eq!(room.says(3, "coach", "ella don't tell sam"), []);
    let mut room = Room::pair();
    room.says(0, "ella", "hi");
    room.says(1, "coach", "ella the safeguarding lead and i are here, i'd have to share anything worrying");
    assert_eq!(room.says(2, "coach", "ella are you on your own at home just now?"), []);
    assert!(
        !room.says(90, "coach", "ella are you home alone tonight?").is_empty(),
        "later it is asked in private"
    );
}
