//! Contact plans: this adult and this young person, in these windows, seen by an observer, approved by somebody
//! else (InterAct §2; policy matrix P1).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::series;
use super::window::{Edges, Window, Windows};
use crate::domain::register::{ContactPlan, PlanProposal, Register};
use crate::domain::{ChannelId, GuildId, Timestamp, UserId};

/// How long before a window's end the people in its room are told.
pub const WARNING: Duration = Duration::from_mins(5);

/// An approved plan with every window that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The plan.
    pub plan: ContactPlan,
    windows: Windows<()>,
}

impl Planned {
    fn new(plan: &ContactPlan) -> Self {
        let single = plan.windows.iter().map(|(from, until)| Window::new(*from, *until));
        let series = plan.series.iter().flat_map(|series| series::windows(series).unwrap_or_default());
        let lapses = |window: Window| match plan.expires {
            Some(expires) => Window::new(window.from, window.until.min(expires)),
            None => window,
        };
        // A plan that the adult approved alone opens nothing.
        let counts = plan.approved_by != plan.adult;
        let windows = single.chain(series).filter(|_| counts).map(|window| (lapses(window), ()));
        Planned { plan: plan.clone(), windows: Windows::new(windows) }
    }

    /// The window that is open now.
    #[must_use]
    pub fn open_at(&self, now: Timestamp) -> Option<Window> {
        self.windows.open_at(now).map(|(window, ())| window).max_by_key(|window| window.until)
    }

    /// The next window after now.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Option<Window> {
        self.windows.next_after(now).map(|(window, ())| window)
    }

    /// Every window, in order.
    #[must_use]
    pub fn windows(&self) -> impl DoubleEndedIterator<Item = Window> {
        self.windows.iter().map(|(window, ())| window)
    }
}

/// The supervised room of one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// On which server.
    pub guild: GuildId,
    /// The room.
    pub space: ChannelId,
    /// The window that it was opened for.
    pub window: Window,
    /// When it was locked.
    pub locked: Option<Timestamp>,
}

/// The register of contact plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plans {
    approved: BTreeMap<String, Planned>,
    waiting: BTreeMap<String, PlanProposal>,
    by_pair: BTreeMap<(UserId, UserId), BTreeSet<String>>,
    rooms: BTreeMap<(String, Timestamp), Room>,
    edges: Edges,
}

impl Plans {
    /// Takes a change of the register in; changes of other registers are none of its business.
    pub fn apply(&mut self, change: &Register) {
        match change {
            Register::PlanProposed(proposal) => {
                self.waiting.insert(proposal.id.clone(), proposal.clone());
            }
            Register::PlanDeclined { id, .. } => {
                self.waiting.remove(id);
            }
            Register::PlanApproved(plan) => {
                self.waiting.remove(&plan.id);
                self.end(&plan.id);
                let planned = Planned::new(plan);
                for edge in edges(&planned) {
                    self.edges.add(edge);
                }
                self.by_pair.entry((plan.adult, plan.young_person)).or_default().insert(plan.id.clone());
                self.approved.insert(plan.id.clone(), planned);
            }
            Register::PlanEnded { id, .. } => {
                self.waiting.remove(id);
                self.end(id);
            }
            Register::RoomOpened { plan, guild, space, from, until } => {
                let window = Window::new(*from, *until);
                let room = Room { guild: *guild, space: *space, window, locked: None };
                self.rooms.insert((plan.clone(), *from), room);
            }
            Register::RoomLocked { plan, space, at } => {
                let rooms =
                    self.rooms.iter_mut().filter(|((of, _), room)| of == plan && room.space == *space);
                for (_, room) in rooms {
                    room.locked.get_or_insert(*at);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, id: &str) {
        let Some(planned) = self.approved.remove(id) else { return };
        for edge in edges(&planned) {
            self.edges.remove(edge);
        }
        if let Some(ids) = self.by_pair.get_mut(&(planned.plan.adult, planned.plan.young_person)) {
            ids.remove(id);
        }
    }

    /// Every approved plan, by its name.
    pub fn plans(&self) -> impl Iterator<Item = &Planned> {
        self.approved.values()
    }

    /// Every proposal that waits, by its name.
    pub fn proposals(&self) -> impl Iterator<Item = &PlanProposal> {
        self.waiting.values()
    }

    /// The approved plan of a name.
    #[must_use]
    pub fn plan(&self, id: &str) -> Option<&Planned> {
        self.approved.get(id)
    }

    /// The waiting proposal of a name.
    #[must_use]
    pub fn proposal(&self, id: &str) -> Option<&PlanProposal> {
        self.waiting.get(id)
    }

    /// The plans of an adult and a young person that are open now, each with its window.
    pub fn open_between(
        &self,
        adult: UserId,
        young_person: UserId,
        now: Timestamp,
    ) -> impl Iterator<Item = (&ContactPlan, Window)> {
        let ids = self.by_pair.get(&(adult, young_person)).into_iter().flatten();
        ids.filter_map(|id| self.approved.get(id))
            .filter_map(move |planned| Some((&planned.plan, planned.open_at(now)?)))
    }

    /// Windows that are open now and whose supervised room has not been opened.
    pub fn rooms_to_open(&self, now: Timestamp) -> impl Iterator<Item = (&ContactPlan, Window)> {
        self.approved
            .values()
            .filter_map(move |planned| Some((&planned.plan, planned.open_at(now)?)))
            .filter(|(plan, window)| !self.rooms.contains_key(&(plan.id.clone(), window.from)))
    }

    /// Open rooms whose window ends within [`WARNING`].
    pub fn rooms_to_warn(&self, now: Timestamp) -> impl Iterator<Item = (&str, &Room)> {
        self.open_rooms()
            .filter(move |(id, room)| !self.is_over(id, room, now) && room.window.until.minus(WARNING) <= now)
    }

    /// Rooms that are still open although their window, or their plan, has ended.
    pub fn rooms_to_lock(&self, now: Timestamp) -> impl Iterator<Item = (&str, &Room)> {
        self.open_rooms().filter(move |(id, room)| self.is_over(id, room, now))
    }

    fn open_rooms(&self) -> impl Iterator<Item = (&str, &Room)> {
        self.rooms.iter().filter(|(_, room)| room.locked.is_none()).map(|((id, _), room)| (id.as_str(), room))
    }

    fn is_over(&self, id: &str, room: &Room, now: Timestamp) -> bool {
        now >= room.window.until || !self.approved.contains_key(id)
    }

    /// The first moment after `now` at which a window begins, is about to end, or ends.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.edges.after(now)
    }
}

fn edges(planned: &Planned) -> impl Iterator<Item = Timestamp> {
    planned.windows.iter().flat_map(|(window, ())| [window.from, window.until.minus(WARNING), window.until])
}

#[cfg(test)]
mod tests;
