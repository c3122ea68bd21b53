//! Reports to safeguarding: from the menu of a message or a person, with `/report`, in a direct message to the bot.
//!
//! Nothing gates a report: whoever it comes from, a subject too, and however many come, each is kept. What it touches
//! rises by one level; where it touches nothing it is a concern of its own. Whoever it is about is its subject and
//! hears nothing of it. Only receipts are thinned: what somebody goes on saying belongs to the receipt that they have.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Assessment, Organisation};
use crate::domain::code::Weight;
use crate::domain::effect::Nudge;
use crate::domain::event::Message;
use crate::domain::report::Way;
use crate::domain::{
    CaseRef, CaseState, Category, Code, ConcernKey, Effect, Fact, Kind, Level, MessageId, Observation,
    Person, ReportRef, Roster, Timestamp, UserId,
};

/// For this long what somebody writes to the bot belongs to the report that they began.
const SAME_REPORT: Duration = Duration::from_mins(30);

/// A report as it came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report<'e> {
    /// Who reports.
    pub by: UserId,
    /// The message that they point at.
    pub message: Option<&'e Message>,
    /// The person whom they point at.
    pub person: Option<UserId>,
    /// Their own words.
    pub words: Option<&'e Message>,
    /// The reference that they were told.
    pub reference: ReportRef,
    /// It is about somebody in charge.
    pub past_the_line: bool,
}

impl Organisation {
    /// Somebody used a command.
    pub(super) fn reported(&mut self, report: Report<'_>, now: Timestamp, a: &mut Assessment) {
        if self.state.reports.contains(&report.reference) {
            // Heard again after a resumed session.
            return;
        }
        let way = match (report.message, report.person) {
            _ if report.past_the_line => Way::Whistleblowing,
            (Some(_), _) => Way::Message,
            (None, Some(_)) => Way::Person,
            (None, None) => Way::Command,
        };
        let about = self.whom(&report);
        let case = if report.past_the_line {
            self.take_past_the_line(&report, about, now, a)
        } else {
            self.take_report(&report, about, now, a)
        };
        let (reference, by) = (report.reference, report.by);
        let fact = Fact::Reported { reference, by, way, about, case, space: None, goes_on: false };
        self.conclude(now, fact, a);
    }

    /// Somebody wrote to the bot.
    pub(super) fn told_in_private(&mut self, message: &Message, now: Timestamp, a: &mut Assessment) {
        let by = message.author;
        let earlier = self.state.receipts.get(&by).filter(|(at, _)| now.since(*at) < SAME_REPORT);
        let goes_on = earlier.is_some();
        let reference = earlier.map_or_else(|| ReportRef::of(message.id), |(_, reference)| *reference);
        let (message_of_theirs, past_the_line) = (Some(message), false);
        let report =
            Report { by, message: None, person: None, words: message_of_theirs, reference, past_the_line };
        let known = self.state.has_seen(&observed(&report, None, now));
        let case = self.take_report(&report, None, now, a);
        if known {
            return;
        }
        let (way, space) = (Way::DirectMessage, Some(message.space));
        self.conclude(now, Fact::Reported { reference, by, way, about: None, case, space, goes_on }, a);
        if !goes_on {
            let job = format!("receipt/{}/{reference}/{by}", self.name);
            let effect = Effect::Receipt { to: by, reference };
            self.conclude(now, Fact::Decided { job, effect, case }, a);
        }
    }

    /// Whose conduct a report is about: nobody's where somebody reports what they said themselves, or what we said.
    fn whom(&self, report: &Report<'_>) -> Option<UserId> {
        let whom = report.message.map(|message| message.author).or(report.person)?;
        (whom != report.by && Some(whom) != self.own).then_some(whom)
    }

    /// What a report leads to; the case that it belongs to.
    fn take_report(
        &mut self,
        report: &Report<'_>,
        about: Option<UserId>,
        now: Timestamp,
        a: &mut Assessment,
    ) -> Option<CaseRef> {
        let own = observed(report, about, now);
        let known = self.state.has_seen(&own);
        let mut found = Vec::new();
        if let Some(message) = report.message {
            found.extend(self.read_reported(message, report.by));
            found.extend(self.direct_contact(message, report.by));
        }
        found.extend(report.words.map(|words| self.read_words(words)).unwrap_or_default());
        // A message that was never heard before (in a direct message between two people) may be a finding itself.
        let in_private = |words: &&Message| words.guild.is_none();
        let context = report.message.or(report.words.filter(in_private));
        self.take(found, context, now, a);
        let touched = self.touched(report, about);
        if touched.is_empty() {
            self.take(vec![own.clone()], report.message, now, a);
            let key = self.key_of_report(&own)?;
            let case = self.state.concerns.get(&key).and_then(|concern| concern.case);
            if !known && let Some(case) = case {
                self.surface_again(case, now, a);
            }
            return case;
        }
        if !known {
            self.conclude(now, Fact::Observed(own.clone()), a);
            for key in &touched {
                self.raise_by_report(key, &own, report.message, now, a);
            }
        }
        touched.iter().find_map(|key| self.state.concerns.get(key)?.case)
    }

    /// A report about somebody in charge (policy matrix P32): a case of its own that touches no other and goes past
    /// everybody who usually knows, whoever it is about. What else stands in their words is for those who read them: read
    /// here, it would call the usual line. Only their own distress is answered, to them alone.
    fn take_past_the_line(
        &mut self,
        report: &Report<'_>,
        about: Option<UserId>,
        now: Timestamp,
        a: &mut Assessment,
    ) -> Option<CaseRef> {
        let own = Observation { code: Code::WhistleblowingReport, ..observed(report, about, now) };
        if self.state.has_seen(&own) {
            return None;
        }
        let key = self.key_of_report(&own)?;
        let is_open = self.state.concerns.get(&key).and_then(|concern| concern.case);
        if is_open.is_none() {
            let (case, people) = (self.state.next_case(), self.line());
            self.conclude(now, Fact::PassedBy { case, people }, a);
        }
        self.take(vec![own], None, now, a);
        let case = self.state.concerns.get(&key).and_then(|concern| concern.case)?;
        if is_open.is_some() {
            self.surface_again(case, now, a);
        }
        let distress = report.words.is_some_and(|words| {
            self.read_words(words)
                .iter()
                .any(|seen| seen.code.category() == Category::Welfare && seen.code != Code::SeriousReport)
        });
        if distress {
            self.nudge(report.by, Nudge::WelfareSupport, None, Some(case), now, a);
        }
        Some(case)
    }

    /// Everybody in charge but those who hear of reports about somebody in charge.
    fn line(&self) -> BTreeSet<UserId> {
        let on_servers = self.servers.values().flat_map(|server| server.roster.iter());
        let leads = on_servers.filter(|person| person.kind.is_lead()).map(|person| person.id);
        let all = leads.chain(self.policy.named.keys().copied());
        all.filter(|person| !self.policy.whistleblowing.contains(person)).collect()
    }

    /// The concerns that a report touches: about the message that it points at, or about what that person did towards
    /// whoever reports.
    fn touched(&self, report: &Report<'_>, about: Option<UserId>) -> Vec<ConcernKey> {
        let of_message = |id: MessageId| move |seen: &Observation| seen.message == Some(id);
        let concerns = self.state.concerns.values().filter(|concern| {
            let same_message = report.message.is_some_and(|message| {
                let is_of_message = of_message(message.id);
                concern.reasons.iter().any(|seen| is_of_message(seen) && seen.code != Code::ReportedByPerson)
            });
            let same_pair = about.is_some()
                && concern.key.by == about
                && (concern.key.towards == Some(report.by) || concern.towards.contains(&report.by));
            same_message || same_pair
        });
        concerns.map(|concern| concern.key).collect()
    }

    /// A case that somebody had put away is looked at again when more is reported. (One that pages stays with whoever
    /// has acknowledged it; a finding that is serious by itself calls them again.)
    fn surface_again(&mut self, case: CaseRef, now: Timestamp, a: &mut Assessment) {
        let Some(case) = self.state.cases.get(&case) else { return };
        let again = match case.state {
            CaseState::New | CaseState::InReview { .. } | CaseState::Referred { .. } => false,
            CaseState::Acknowledged { .. } => case.level < Level::Serious,
            CaseState::NoFurtherAction { .. } | CaseState::Closed { .. } => true,
        };
        if again {
            let (category, level, subjects) = (case.category, case.level, case.subjects.clone());
            let fact = Fact::CaseRose { case: case.reference, category, level, subjects };
            self.conclude(now, fact, a);
        }
    }

    /// Reads the message that a report points at among the people whom it concerns: one between two members was never
    /// heard before.
    fn read_reported(&mut self, message: &Message, by: UserId) -> Vec<Observation> {
        if message.guild.is_some_and(|guild| self.servers.contains_key(&guild)) {
            return self.read(message, false);
        }
        let server = self.servers.values().find(|server| server.roster.get(by).is_some());
        let roster = server.map_or(&self.nobody, |server| &server.roster);
        self.detector.hear(message, roster, Some(&BTreeSet::from([by])))
    }

    /// `direct-message-outside-plan` (InterAct §2; policy matrix P1): an adult wrote to a young person where nobody else can
    /// see it. A plan opens a supervised room; it never covers a direct message, save while the plan's window is open.
    fn direct_contact(&self, message: &Message, by: UserId) -> Option<Observation> {
        let adult = message.author;
        let known = |person: UserId| self.servers.values().find_map(|server| server.roster.get(person));
        let protected = known(by).is_some_and(|person| person.kind.is_protected());
        let adult_for_risk =
            !message.automated && known(adult).map_or(Kind::Guest, |person| person.kind).is_adult_for_risk();
        let planned = self.state.agreed.planned(adult, &BTreeSet::from([by]), message.at);
        let on = self.policy.contact.is_on(Code::DirectMessageOutsidePlan);
        (on && message.guild.is_none() && adult != by && protected && adult_for_risk && !planned).then_some(
            Observation {
                at: message.at,
                code: Code::DirectMessageOutsidePlan,
                by: adult,
                towards: Some(by),
                space: Some(message.space),
                message: Some(message.id),
                quote: None,
            },
        )
    }

    /// Reads what somebody tells safeguarding. Their own distress is theirs; whatever else is in it is what they tell
    /// *of*, never their conduct: a worker who quotes what was said to a child has not said it.
    fn read_words(&self, words: &Message) -> Vec<Observation> {
        let by = words.author;
        let server = self.servers.values().find(|server| server.roster.get(by).is_some());
        let roster = server.map_or(&self.nobody, |server| &server.roster);
        let said = self.detector.afresh().hear(words, roster, None);
        let own = |seen: &Observation| seen.code.category() == Category::Welfare;
        let tells_of = said.iter().any(|seen| !own(seen) && seen.code.level_alone() >= Level::Serious)
            || self.tells_of_an_adult(words);
        let mut found: Vec<Observation> = said.into_iter().filter(own).collect();
        if tells_of {
            found.push(Observation {
                at: words.at,
                code: Code::SeriousReport,
                by,
                towards: Some(by),
                space: Some(words.space),
                message: Some(words.id),
                quote: None,
            });
        }
        found
    }

    /// Whether words would weigh heavily had an adult said them to the young person who tells of them. What is a
    /// finding for the room when it is overheard is serious when somebody brings it to safeguarding.
    fn tells_of_an_adult(&self, words: &Message) -> bool {
        let (listener, somebody) = (words.author, UserId(0));
        let mut roster = Roster::default();
        roster.enter(Person {
            id: listener,
            name: String::new(),
            shown: String::new(),
            roles: BTreeSet::new(),
            kind: Kind::YoungPerson,
        });
        let told = Message {
            author: somebody,
            author_name: String::new(),
            author_shown: None,
            reply_to: None,
            ..words.clone()
        };
        let heard = self.detector.afresh().hear(&told, &roster, Some(&BTreeSet::from([listener])));
        heard.iter().any(|seen| seen.code.process().is_some() && seen.code.weight() >= Weight::High)
    }
}

/// That somebody reported, as an observation. It stands at the message that they point at, else at their own words.
fn observed(report: &Report<'_>, about: Option<UserId>, now: Timestamp) -> Observation {
    let at_message = report.message.or(report.words);
    Observation {
        at: now,
        code: Code::ReportedByPerson,
        by: about.unwrap_or(report.by),
        towards: Some(report.by),
        space: at_message.map(|message| message.space),
        message: at_message.map(|message| message.id),
        quote: None,
    }
}
