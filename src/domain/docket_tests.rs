use super::*;
use crate::domain::act::{EraseRule, NoteKind};
use crate::domain::{ConcernKey, Observation};

const CASE: CaseRef = CaseRef(1);
const SUBJECT: UserId = UserId(7);

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn hours(count: u64) -> Duration {
    Duration::from_hours(count)
}

fn opened(category: Category, level: Level) -> Fact {
    Fact::CaseOpened { case: CASE, category, level, subjects: [SUBJECT].into() }
}

fn act(what: Deed) -> Act {
    Act {
        id: format!("{what:?}"),
        case: CASE,
        by: "dee".into(),
        account: None,
        what,
        words: Some("00".into()),
    }
}

fn everybody(_: &str, _: &BTreeSet<UserId>) -> bool {
    true
}

/// A docket with one case, and a clock.
struct Story {
    docket: Docket,
    now: Timestamp,
    acts: u32,
}

impl Story {
    fn new(category: Category, level: Level) -> Self {
        let now = at("2026-03-02T17:00:00Z");
        let mut docket = Docket::new(CasePolicy::default());
        docket.apply(now, &opened(category, level));
        Story { docket, now, acts: 0 }
    }

    fn does(&mut self, what: Deed) -> Option<Refusal> {
        let act = act(what);
        let refused = self.docket.refuses(&act, self.now, &everybody);
        if refused.is_none() {
            self.acts += 1;
            let act = Act { id: self.acts.to_string(), ..act };
            self.docket.apply(self.now, &Fact::Acted(act));
        }
        refused
    }

    /// Lets time pass and gives every reminder on the way.
    fn reminded(&mut self, span: Duration) -> Vec<(Deadline, u64)> {
        let (began, until) = (self.now, self.now.plus(span));
        let mut all = Vec::new();
        while let Some(next) = self.docket.next_due().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            let due = self.docket.due(self.now);
            assert!(!due.is_empty(), "something is due at {next}, and nothing is said");
            for DueReminder { case, what, due, moment } in due {
                all.push((what, self.now.since(began).as_secs() / 3600));
                self.docket.apply(self.now, &Fact::Reminded { case, what, due, moment, people: vec![] });
            }
        }
        self.now = until;
        all
    }

    fn record(&self) -> &CaseRecord {
        self.docket.get(CASE).unwrap()
    }
}

#[test]
fn a_case_about_an_adult_is_not_concluded_without_its_checks() {
    let mut story = Story::new(Category::Grooming, Level::Serious);
    let conclude = || Deed::Closed { outcome: Outcome::Concluded };
    assert_eq!(story.does(conclude()), Some(Refusal::HarmTestMissing));
    assert_eq!(story.does(Deed::HarmTested { answers: HarmTest::default() }), None);
    assert_eq!(story.does(conclude()), Some(Refusal::ParentsUndecided));
    assert_eq!(story.does(Deed::Parents { informed: false }), None);
    assert_eq!(story.does(Deed::BreachFound { known_at: story.now }), None);
    assert_eq!(story.does(conclude()), Some(Refusal::BreachOpen));
    assert_eq!(story.does(Deed::BreachNotReportable), None);
    assert_eq!(story.does(conclude()), None);
    assert_eq!(story.record().case.state.code(), "closed");
}

#[test]
fn a_mistake_is_closed_with_a_reason_alone_and_a_young_person_answers_no_harm_test() {
    let mut story = Story::new(Category::Grooming, Level::Serious);
    assert_eq!(story.does(Deed::Closed { outcome: Outcome::Mistaken }), None);
    let mut story = Story::new(Category::Bullying, Level::Serious);
    assert_eq!(story.does(Deed::Parents { informed: true }), None);
    assert_eq!(story.does(Deed::Closed { outcome: Outcome::NoFurtherAction }), None);
    assert_eq!(story.record().case.state.code(), "no-further-action");
    let mut story = Story::new(Category::Grooming, Level::Serious);
    assert_eq!(story.does(Deed::AboutAdult { adult: false }), None);
    assert_eq!(story.does(Deed::Parents { informed: true }), None);
    assert_eq!(story.does(Deed::Closed { outcome: Outcome::Concluded }), None);
}

#[test]
fn a_reason_is_wanted_and_times_are_possible_ones() {
    let story = Story::new(Category::Grooming, Level::Serious);
    let ask = |what: Deed, words: Option<&str>| {
        let act = Act { words: words.map(str::to_owned), ..act(what) };
        story.docket.refuses(&act, story.now, &everybody)
    };
    assert_eq!(ask(Deed::Held, None), Some(Refusal::NoWords));
    assert_eq!(ask(Deed::Viewed { content: true }, None), Some(Refusal::NoWords), "who and why");
    assert_eq!(ask(Deed::Acknowledged, None), None);
    let refer = |at| Deed::Referred { agency: Agency::Police, at };
    assert_eq!(ask(refer(story.now.plus(hours(1))), Some("00")), Some(Refusal::BadTime));
    assert_eq!(ask(refer(story.now.minus(hours(5))), Some("00")), None, "entered afterwards");
    assert_eq!(ask(Deed::Released, Some("00")), Some(Refusal::NotHeld));
    assert_eq!(ask(Deed::BreachNotReportable, Some("00")), Some(Refusal::NoBreach));
}

#[test]
fn who_may_not_know_of_a_case_can_do_nothing_with_it_nor_own_it() {
    let story = Story::new(Category::Grooming, Level::Serious);
    let not_dee = |name: &str, subjects: &BTreeSet<UserId>| !(name == "dee" && subjects.contains(&SUBJECT));
    for what in
        [Deed::Viewed { content: false }, Deed::Acknowledged, Deed::Noted { kind: NoteKind::Statement }]
    {
        assert_eq!(story.docket.refuses(&act(what), story.now, &not_dee), Some(Refusal::MayNotKnow));
    }
    let elsewhere = Act { case: CaseRef(99), ..act(Deed::Acknowledged) };
    let told = |refused: Option<Refusal>| refused.map(Refusal::as_told);
    assert_eq!(
        told(story.docket.refuses(&elsewhere, story.now, &not_dee)),
        told(story.docket.refuses(&act(Deed::Acknowledged), story.now, &not_dee)),
        "a case about somebody is told to them as no case"
    );
    let hand = Act { by: "omar".into(), ..act(Deed::Assigned { to: "dee".into() }) };
    assert_eq!(story.docket.refuses(&hand, story.now, &not_dee), Some(Refusal::OwnerMayNot));
}

#[test]
fn the_clocks_of_a_serious_case_remind_before_they_lapse_and_when_they_do() {
    let mut story = Story::new(Category::Grooming, Level::Serious);
    assert_eq!(story.reminded(hours(30)), [], "whoever is still being called needs no reminder");
    let mut story = Story::new(Category::Grooming, Level::Serious);
    story.does(Deed::Acknowledged);
    story.does(Deed::HarmTested { answers: HarmTest { risk: true, ..HarmTest::default() } });
    let expected = [
        (Deadline::IncidentForm, 18),
        (Deadline::Lado, 20),
        (Deadline::IncidentForm, 24),
        (Deadline::Lado, 24),
    ];
    assert_eq!(story.reminded(hours(48)), expected);
    story.does(Deed::Referred { agency: Agency::Lado, at: story.now });
    story.does(Deed::IncidentFormSent { at: story.now });
    let two_weeks = 14 * 24;
    assert_eq!(
        story.reminded(hours(30 * 24)),
        [(Deadline::Review, two_weeks), (Deadline::Review, 2 * two_weeks)],
        "nothing was recorded"
    );
}

#[test]
fn a_breach_has_72_hours_whoever_raised_it_and_whatever_else_is_done() {
    let mut story = Story::new(Category::Integrity, Level::Concern);
    let seen = Observation {
        at: story.now,
        code: Code::UnusualAccess,
        by: SUBJECT,
        towards: None,
        space: None,
        message: None,
        quote: None,
    };
    let raised = Fact::ConcernRaised {
        reference: "r-0001".into(),
        key: ConcernKey { family: Category::Integrity.family(), by: Some(SUBJECT), towards: None },
        category: Category::Integrity,
        level: Level::Concern,
        by: [SUBJECT].into(),
        towards: BTreeSet::new(),
        reasons: vec![seen],
        case: Some(CASE),
    };
    story.docket.apply(story.now, &raised);
    assert_eq!(story.record().breach.as_ref().unwrap().due(), story.now.plus(hours(72)));
    let breach = |all: Vec<(Deadline, u64)>| {
        all.into_iter()
            .filter(|(what, _)| *what == Deadline::BreachReport)
            .map(|(_, at)| at)
            .collect::<Vec<_>>()
    };
    assert_eq!(breach(story.reminded(hours(100))), [48, 72, 96]);
    story.does(Deed::BreachReported { at: story.now });
    assert!(breach(story.reminded(hours(100))).is_empty());
    // The same finding, told again as part of the concern, is no new breach.
    story.docket.apply(story.now, &raised);
    assert!(!story.record().breach.as_ref().unwrap().is_open());
}

#[test]
fn after_a_long_night_a_deadline_is_told_once() {
    let mut story = Story::new(Category::Bullying, Level::Serious);
    story.does(Deed::Acknowledged);
    story.now = story.now.plus(hours(24 * 60));
    let told: Vec<_> = story.docket.due(story.now).into_iter().map(|due| due.what).collect();
    assert_eq!(told, [Deadline::IncidentForm, Deadline::Review]);
}

#[test]
fn whoever_is_made_the_owner_is_told_and_whoever_takes_it_on_is_not() {
    let mut story = Story::new(Category::Bullying, Level::Concern);
    story.does(Deed::Assigned { to: "omar".into() });
    assert_eq!(story.reminded(hours(1)), [(Deadline::Assigned, 0)]);
    let mut story = Story::new(Category::Bullying, Level::Concern);
    story.does(Deed::Assigned { to: "dee".into() });
    assert_eq!(story.reminded(hours(1)), []);
}

#[test]
fn a_case_ends_by_its_term_a_review_and_no_hold() {
    let erase = |rule| Deed::Erased { rule };
    let mut story = Story::new(Category::Bullying, Level::Serious);
    assert_eq!(story.does(erase(EraseRule::TermOver)), Some(Refusal::NotOver));
    story.does(Deed::Closed { outcome: Outcome::Mistaken });
    assert_eq!(story.does(erase(EraseRule::TermOver)), Some(Refusal::TermNotOver));
    story.does(Deed::Held);
    let young = Terms::default().young_person;
    assert_eq!(story.reminded(young + hours(24)), [], "a hold needs no review");
    assert_eq!(story.does(erase(EraseRule::TermOver)), Some(Refusal::OnHold));
    assert_eq!(
        story.does(erase(EraseRule::ErasureRequest)),
        Some(Refusal::OnHold),
        "a hold wins over every rule"
    );
    story.does(Deed::Released);
    assert_eq!(story.reminded(hours(1)), [(Deadline::Retention, 0)]);
    assert_eq!(story.does(Deed::KeptOn { until: story.now.plus(hours(24 * 365)) }), None);
    assert_eq!(story.does(erase(EraseRule::TermOver)), Some(Refusal::TermNotOver));
    assert_eq!(story.reminded(hours(24 * 366)), [(Deadline::Retention, 24 * 365)]);
    assert_eq!(story.does(erase(EraseRule::TermOver)), None);
    // A case about an adult has a term of its own.
    let mut story = Story::new(Category::Grooming, Level::Serious);
    story.does(Deed::Closed { outcome: Outcome::Mistaken });
    assert_eq!(story.record().term_over(&Terms::default()), Some(story.now.plus(Terms::default().adult)));
}

#[test]
fn what_is_unusual_about_a_look() {
    let look = || Deed::Viewed { content: true };
    let mut story = Story::new(Category::Grooming, Level::Serious);
    let unusual = |story: &Story, by: &str| {
        let act = Act { by: by.into(), ..act(look()) };
        story.docket.unusual(&act, story.now)
    };
    assert_eq!(unusual(&story, "dee"), None);
    story.does(look());
    story.now = at("2026-11-10T23:30:00Z");
    assert_eq!(unusual(&story, "dee"), Some(Unusual::OldCaseAtNight));
    story.now = at("2026-11-10T12:30:00Z");
    assert_eq!(unusual(&story, "dee"), None, "by day it is work");
    story.does(look());
    story.now = at("2026-11-10T23:30:00Z");
    assert_eq!(unusual(&story, "dee"), None, "somebody works on it");
    story.docket.policy.works_with.insert("dee".into(), [SUBJECT].into());
    assert_eq!(unusual(&story, "dee"), Some(Unusual::Colleague));
    assert_eq!(unusual(&story, "omar"), None);
}

#[test]
fn many_cases_within_minutes_are_said_once() {
    let now = at("2026-03-02T12:00:00Z");
    let mut docket = Docket::new(CasePolicy::default());
    let mut said = Vec::new();
    for number in 1..=8 {
        let case = CaseRef(number);
        let fact = Fact::CaseOpened {
            case,
            category: Category::Bullying,
            level: Level::Concern,
            subjects: BTreeSet::new(),
        };
        docket.apply(now, &fact);
    }
    for number in (1..=8).chain(1..=8) {
        let act = Act { case: CaseRef(number), id: String::new(), ..act(Deed::Viewed { content: true }) };
        if let Some(unusual) = docket.unusual(&act, now) {
            said.push((number, unusual));
        }
        docket.apply(now, &Fact::Acted(act));
    }
    assert_eq!(said, [(6, Unusual::ManyCases)]);
}

#[test]
fn what_a_subject_did_with_their_own_case_counts_for_nothing() {
    let mut story = Story::new(Category::Bullying, Level::Serious);
    let closed = Act { account: Some(UserId(50)), ..act(Deed::Closed { outcome: Outcome::Mistaken }) };
    story.docket.apply(story.now, &Fact::Acted(closed));
    assert!(story.record().case.state.is_over());
    let joined = Fact::SubjectsJoined { case: CASE, subjects: [SUBJECT, UserId(50)].into() };
    story.docket.apply(story.now, &joined);
    assert_eq!(story.record().case.state, CaseState::New);
}
