//! All of a calendar file, or none of it: what a file proposes, with what people add to it, checked like bookings that
//! are made one by one.

use std::collections::BTreeSet;

use super::{Import, Problem};
use crate::contact::Agreed;
use crate::contact::booking::{self, Ground, Refused};
use crate::contact::calendar::Booked;
use crate::contact::window::Window;
use crate::domain::register::{Register, Session};
use crate::domain::{Timestamp, UserId};

/// No more sessions than this are booked from one file.
pub const MOST_SESSIONS: usize = 100;

/// What no calendar file says, and a person does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The leaders of every session in the file.
    pub leaders: BTreeSet<UserId>,
    /// Who steps in when one of them cannot.
    pub standby: Option<UserId>,
    /// Where the risk assessment is filed.
    pub risk_assessment: String,
    /// Who signed it.
    pub signed_by: Option<UserId>,
    /// Who books.
    pub by: UserId,
}

/// A session as it would be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The line of the file at which its event begins.
    pub line: usize,
    /// The session.
    pub session: Session,
    /// Its first time.
    pub first: Window,
    /// How many times it takes place.
    pub times: usize,
    /// How many of them at another time than the others.
    pub moved: usize,
    /// How many are left out.
    pub cancelled: usize,
    /// What is to be recorded, in order.
    pub changes: Vec<Register>,
}

/// Why nothing of a file is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// Something in the file is not understood.
    File(Problem),
    /// A session of it may not be booked so.
    Session {
        /// The line at which its event begins.
        line: usize,
        /// Its name.
        name: String,
        /// Everything that stands against it.
        refused: Vec<Refused>,
    },
    /// Another session is booked in one of its spaces at one of its times.
    Overlaps {
        /// The line at which its event begins.
        line: usize,
        /// Its name.
        name: String,
        /// The other's name.
        with: String,
        /// When they meet first.
        at: Timestamp,
    },
    /// Whoever books has signed the risk assessment too.
    SignsOwn,
    /// Nothing in the file is still to come.
    Nothing {
        /// How many events are over.
        over: usize,
    },
    /// More sessions than [`MOST_SESSIONS`].
    TooMany {
        /// How many.
        sessions: usize,
    },
}

/// What would be booked: every session of the file.
///
/// # Errors
/// Everything that stands against it, in the order of the file; then nothing of it is to be booked.
pub fn plan(
    import: &Import,
    added: &Added,
    agreed: &Agreed,
    ground: &Ground,
) -> Result<Vec<Planned>, Vec<Against>> {
    let mut against: Vec<Against> = import.problems.iter().cloned().map(Against::File).collect();
    if added.signed_by == Some(added.by) {
        against.push(Against::SignsOwn);
    }
    if import.sessions.len() > MOST_SESSIONS {
        return Err(vec![Against::TooMany { sessions: import.sessions.len() }]);
    }
    let mut agreed = agreed.clone();
    let mut planned = Vec::new();
    for proposed in &import.sessions {
        let session = Session {
            id: free_name(&agreed, &proposed.session.id),
            leaders: added.leaders.clone(),
            standby: added.standby,
            risk_assessment: Some(added.risk_assessment.clone()),
            signed_by: added.signed_by,
            booked_by: Some(added.by),
            ..proposed.session.clone()
        };
        let (line, name) = (proposed.line, session.id.clone());
        let booked = match booking::book(&agreed, session.clone(), ground) {
            Ok(booked) => booked,
            Err(refused) => {
                against.push(Against::Session { line, name, refused });
                continue;
            }
        };
        let others = agreed.clone();
        agreed.apply(&booked);
        let mut changes = vec![booked];
        let renamed = super::Proposed { session: session.clone(), ..proposed.clone() };
        let mut refused = Vec::new();
        for change in renamed.exceptions(added.by) {
            let checked = match &change {
                Register::SessionMoved { id, occurrence, from, until, by } => {
                    let to = Window::new(*from, *until);
                    booking::move_to(&agreed, id, *occurrence, to, *by, ground.now)
                }
                Register::SessionCancelled { id, occurrence, .. } => {
                    booking::cancel(&agreed, id, *occurrence, added.by, ground.now)
                }
                _ => continue,
            };
            match checked {
                Ok(change) => {
                    agreed.apply(&change);
                    changes.push(change);
                }
                Err(why) => refused.push(why),
            }
        }
        if !refused.is_empty() {
            against.push(Against::Session { line, name: name.clone(), refused });
        }
        let Some(own) = agreed.calendar.session(&name) else { continue };
        if let Some((with, at)) = overlap(&others, own, ground.now) {
            against.push(Against::Overlaps { line, name, with, at });
        }
        let windows: Vec<Window> = own.windows().map(|(_, window)| window).collect();
        planned.push(Planned {
            line,
            first: windows.first().copied().unwrap_or(Window::new(session.from, session.until)),
            times: windows.len(),
            moved: proposed.moved.len(),
            cancelled: proposed.cancelled.len(),
            session,
            changes,
        });
    }
    if planned.is_empty() && against.is_empty() {
        against.push(Against::Nothing { over: import.over });
    }
    if against.is_empty() { Ok(planned) } else { Err(against) }
}

/// Another session that is booked in one of the same spaces at one of the same times.
fn overlap(others: &Agreed, own: &Booked, now: Timestamp) -> Option<(String, Timestamp)> {
    let windows: Vec<Window> = own.windows().map(|(_, window)| window).filter(|w| w.until > now).collect();
    let same_place =
        others.calendar.sessions().filter(|other| !other.session.spaces.is_disjoint(&own.session.spaces));
    same_place
        .filter_map(|other| {
            let meets =
                |window: &Window| windows.iter().any(|w| w.from < window.until && window.from < w.until);
            let first = other.windows().map(|(_, window)| window).find(meets)?;
            Some((other.session.id.clone(), first.from))
        })
        .min_by_key(|(_, at)| *at)
}

/// A name that no session of the register has that is still to come.
fn free_name(agreed: &Agreed, name: &str) -> String {
    let taken = |id: &str| agreed.calendar.session(id).is_some();
    let numbered = (2..=u16::MAX).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|id| !taken(id));
    free.unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::ics::{Ground as FileGround, read};
    use crate::domain::zone::Zone;
    use crate::domain::{ChannelId, Kind};

    const ART: ChannelId = ChannelId(100);
    const COACH: UserId = UserId(20);
    const SAM: UserId = UserId(21);
    const KIM: UserId = UserId(22);
    const DSL: UserId = UserId(30);

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn event(title: &str, starts: &str, more: &str) -> String {
        format!(
            "BEGIN:VEVENT\nSUMMARY:{title}\nLOCATION:#art\nDTSTART:{starts}\nDURATION:PT2H\n{more}END:VEVENT\n"
        )
    }

    fn planned(events: &str, added: &Added, agreed: &Agreed) -> Result<Vec<Planned>, Vec<Against>> {
        let now = at("2026-03-02T12:00:00Z");
        let space = |name: &str| (name == "art").then_some(ART);
        let file = FileGround { zone: Zone::default(), now, space: &space };
        let import = read(&format!("BEGIN:VCALENDAR\n{events}END:VCALENDAR\n"), &file);
        let kind = |id: UserId| if id.0 < 20 { Kind::YoungPerson } else { Kind::YouthWorker };
        let ground = Ground { now, kind: &kind, is_space: &|space| space == ART };
        plan(&import, added, agreed, &ground)
    }

    fn added() -> Added {
        Added {
            leaders: [COACH, SAM].into(),
            standby: Some(KIM),
            risk_assessment: "RA-12".into(),
            signed_by: Some(DSL),
            by: COACH,
        }
    }

    #[test]
    fn a_term_is_booked_with_its_changes_and_names_of_their_own() {
        let weekly = "UID:1\nRRULE:FREQ=WEEKLY;COUNT=4\n";
        let off = event("Art", "20260310T180000", "UID:1\nRECURRENCE-ID:20260310T180000\nSTATUS:CANCELLED\n");
        let events = event("Art", "20260303T180000", weekly) + &off + &event("Art", "20260402T180000", "");
        let planned = planned(&events, &added(), &Agreed::default()).unwrap();
        let told: Vec<_> =
            planned.iter().map(|p| (p.session.id.as_str(), p.times, p.cancelled, p.changes.len())).collect();
        assert_eq!(told, [("art", 3, 1, 2), ("art-2", 1, 0, 1)]);
        assert_eq!(planned[0].first.from, at("2026-03-03T18:00:00Z"));
        assert_eq!(planned[1].first.from, at("2026-04-02T17:00:00Z"), "by the clock on the wall");
    }

    #[test]
    fn whatever_stands_against_one_session_stands_against_all() {
        let good = event("Art", "20260303T180000", "");
        let meets = event("Late art", "20260303T193000", "");
        let Err(against) = planned(&(good.clone() + &meets), &added(), &Agreed::default()) else { panic!() };
        let overlaps = Against::Overlaps {
            line: 8,
            name: "late-art".into(),
            with: "art".into(),
            at: at("2026-03-03T18:00:00Z"),
        };
        assert_eq!(against, [overlaps]);

        let whole_day = "BEGIN:VEVENT\nSUMMARY:Art\nDTSTART;VALUE=DATE:20260304\nEND:VEVENT\n";
        let Err(against) = planned(&(good.clone() + whole_day), &added(), &Agreed::default()) else {
            panic!()
        };
        assert!(matches!(against[..], [Against::File(_)]), "{against:?}");

        let alone = Added { leaders: [COACH].into(), ..added() };
        let Err(against) = planned(&good, &alone, &Agreed::default()) else { panic!() };
        let few = Refused::TooFewLeaders { leaders: 1 };
        assert_eq!(against, [Against::Session { line: 2, name: "art".into(), refused: vec![few] }]);

        let own = Added { signed_by: Some(COACH), ..added() };
        assert_eq!(planned(&good, &own, &Agreed::default()), Err(vec![Against::SignsOwn]));
        let past = event("Art", "20260203T180000", "");
        assert_eq!(planned(&past, &added(), &Agreed::default()), Err(vec![Against::Nothing { over: 1 }]));
    }
}
