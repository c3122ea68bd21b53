//! Sessions as they take place: every occurrence with its exceptions, and what is open in a space at a moment.
//!
//! What was booked is written out once, when the register changes. A question at a moment then is a look into a
//! sorted list, so that it may be asked for every space after every event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::series;
use super::window::{Edges, Window, Windows};
use crate::domain::register::{Register, Session};
use crate::domain::{ChannelId, Timestamp, UserId};

/// A session may be extended by at most this much beyond its booked end, all extensions together.
pub const LONGEST_EXTENSION: Duration = Duration::from_hours(1);

/// For how long after its end contact still counts as this session overrunning.
pub const OVERRUN_WATCH: Duration = Duration::from_hours(2);

/// One time that a session takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// As it was booked; its start names the occurrence in the register.
    pub booked: Window,
    /// As it was moved, if it was.
    pub moved: Option<Window>,
    /// From when it was opened early.
    pub opened: Option<Timestamp>,
    /// Until when it was extended.
    pub extended: Option<Timestamp>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// It does not take place.
    pub cancelled: bool,
    /// Who relaxed two-adult cover for this occurrence alone.
    pub cover_relaxed_by: Option<UserId>,
}

impl Occurrence {
    fn of(booked: Window) -> Self {
        Occurrence {
            booked,
            moved: None,
            opened: None,
            extended: None,
            closed: None,
            cancelled: false,
            cover_relaxed_by: None,
        }
    }

    /// When it takes place by plan: as booked, or as moved.
    #[must_use]
    pub fn planned(&self) -> Window {
        self.moved.unwrap_or(self.booked)
    }

    /// When it takes place: opened early by no more than the booking allows, extended by no more than
    /// [`LONGEST_EXTENSION`], closed when somebody closed it. Empty when it does not take place.
    #[must_use]
    pub fn window(&self, early_open: Duration) -> Window {
        let planned = self.planned();
        if self.cancelled {
            return Window::new(planned.from, planned.from);
        }
        let earliest = planned.from.minus(early_open);
        let from = self.opened.map_or(planned.from, |opened| opened.clamp(earliest, planned.from));
        let latest = planned.until.plus(LONGEST_EXTENSION);
        let until = self.extended.map_or(planned.until, |until| until.clamp(planned.until, latest));
        Window::new(from, self.closed.map_or(until, |closed| closed.min(until)))
    }
}

/// A session with its occurrences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// As it was booked.
    pub session: Session,
    /// Its occurrences by their booked start.
    pub occurrences: BTreeMap<Timestamp, Occurrence>,
    /// Who relaxed two-adult cover for all occurrences.
    cover_relaxed_by: Option<UserId>,
    windows: Windows<Timestamp>,
}

impl Booked {
    fn new(session: &Session) -> Self {
        let first = Window::new(session.from, session.until);
        // What cannot be written out was refused when it was booked; of an unreadable one the first time stands.
        let booked =
            session.repeats.as_deref().map_or(Ok(vec![first]), series::windows).unwrap_or(vec![first]);
        let occurrences = booked.into_iter().map(|window| (window.from, Occurrence::of(window))).collect();
        let mut booked = Booked {
            session: session.clone(),
            occurrences,
            cover_relaxed_by: session.cover_relaxed_by,
            windows: Windows::default(),
        };
        booked.place();
        booked
    }

    fn place(&mut self) {
        let early = self.early_open();
        self.windows = Windows::new(self.occurrences.iter().map(|(key, o)| (o.window(early), *key)));
    }

    /// How long before its start it may be opened.
    #[must_use]
    pub fn early_open(&self) -> Duration {
        Duration::from_mins(self.session.early_open_minutes.into())
    }

    /// The occurrence that is open now, with when it began and will end.
    #[must_use]
    pub fn open_at(&self, now: Timestamp) -> Option<(Timestamp, Window)> {
        self.windows.open_at(now).max_by_key(|(window, _)| window.until).map(|(window, key)| (key, window))
    }

    /// The occurrence that is open now, else the next one.
    #[must_use]
    pub fn open_or_next(&self, now: Timestamp) -> Option<(Timestamp, Window)> {
        self.open_at(now).or_else(|| self.windows.next_after(now).map(|(window, key)| (key, window)))
    }

    /// Every time that it takes place, in order, cancelled ones left out.
    #[must_use]
    pub fn windows(&self) -> impl DoubleEndedIterator<Item = (Timestamp, Window)> {
        self.windows.iter().map(|(window, key)| (key, window))
    }

    /// Who relaxed two-adult cover for an occurrence: for it alone, or for all.
    #[must_use]
    pub fn cover_relaxed_by(&self, occurrence: Timestamp) -> Option<UserId> {
        self.occurrences
            .get(&occurrence)
            .and_then(|occurrence| occurrence.cover_relaxed_by)
            .or(self.cover_relaxed_by)
    }
}

/// A session at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionAt<'a> {
    /// As it was booked.
    pub session: &'a Session,
    /// Which occurrence: its booked start.
    pub occurrence: Timestamp,
    /// When this occurrence takes (or took) place.
    pub window: Window,
    /// Who relaxed two-adult cover for it, on record.
    pub cover_relaxed_by: Option<UserId>,
}

/// The register of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    sessions: BTreeMap<String, Booked>,
    by_space: BTreeMap<ChannelId, BTreeSet<String>>,
    edges: Edges,
}

impl Calendar {
    /// Takes a change of the register in; changes of other registers are none of its business.
    pub fn apply(&mut self, change: &Register) {
        match change {
            Register::SessionBooked(session) => self.book(session),
            Register::SessionOpened { id, occurrence, from, .. } => {
                self.change(id, Some(*occurrence), |o| o.opened = Some(*from));
            }
            Register::SessionExtended { id, occurrence, until, .. } => {
                self.change(id, Some(*occurrence), |o| o.extended = Some(*until));
            }
            Register::SessionMoved { id, occurrence, from, until, .. } => {
                self.change(id, Some(*occurrence), |o| o.moved = Some(Window::new(*from, *until)));
            }
            Register::SessionCancelled { id, occurrence, .. } => {
                self.change(id, *occurrence, |o| o.cancelled = true);
            }
            Register::SessionClosed { id, occurrence, at, .. } => {
                self.change(id, Some(*occurrence), |o| o.closed = Some(*at));
            }
            Register::CoverRelaxed { id, occurrence, by, .. } => self.relax(id, *occurrence, Some(*by)),
            Register::CoverRestored { id, occurrence, .. } => self.relax(id, *occurrence, None),
            _ => {}
        }
    }

    fn book(&mut self, session: &Session) {
        if let Some(before) = self.sessions.get(&session.id) {
            for space in &before.session.spaces {
                if let Some(ids) = self.by_space.get_mut(space) {
                    ids.remove(&session.id);
                }
            }
        }
        self.forget_edges(&session.id);
        self.sessions.insert(session.id.clone(), Booked::new(session));
        for space in &session.spaces {
            self.by_space.entry(*space).or_default().insert(session.id.clone());
        }
        self.remember_edges(&session.id);
    }

    fn change(&mut self, id: &str, which: Option<Timestamp>, change: impl Fn(&mut Occurrence)) {
        self.forget_edges(id);
        if let Some(booked) = self.sessions.get_mut(id) {
            match which {
                Some(which) => {
                    if let Some(occurrence) = booked.occurrences.get_mut(&which) {
                        change(occurrence);
                    }
                }
                None => booked.occurrences.values_mut().for_each(change),
            }
            booked.place();
        }
        self.remember_edges(id);
    }

    fn relax(&mut self, id: &str, which: Option<Timestamp>, by: Option<UserId>) {
        let Some(booked) = self.sessions.get_mut(id) else { return };
        if let Some(which) = which {
            if let Some(occurrence) = booked.occurrences.get_mut(&which) {
                occurrence.cover_relaxed_by = by;
            }
            return;
        }
        booked.cover_relaxed_by = by;
        if by.is_none() {
            booked.occurrences.values_mut().for_each(|occurrence| occurrence.cover_relaxed_by = None);
        }
    }

    fn forget_edges(&mut self, id: &str) {
        for (window, _) in self.sessions.get(id).iter().flat_map(|booked| booked.windows.iter()) {
            self.edges.remove(window.from);
            self.edges.remove(window.until);
        }
    }

    fn remember_edges(&mut self, id: &str) {
        for (window, _) in self.sessions.get(id).iter().flat_map(|booked| booked.windows.iter()) {
            self.edges.add(window.from);
            self.edges.add(window.until);
        }
    }

    /// Every session, by its name.
    pub fn sessions(&self) -> impl Iterator<Item = &Booked> {
        self.sessions.values()
    }

    /// The session of a name.
    #[must_use]
    pub fn session(&self, id: &str) -> Option<&Booked> {
        self.sessions.get(id)
    }

    fn in_places<'a>(&'a self, places: &'a [ChannelId]) -> impl Iterator<Item = &'a Booked> {
        let ids = places.iter().filter_map(|place| self.by_space.get(place)).flatten();
        ids.filter_map(|id| self.sessions.get(id))
    }

    /// The sessions that are open now in a space, given with the channel and category that it belongs to (see
    /// [`Server::places`](super::Server::places)).
    pub fn open_in<'a>(
        &'a self,
        places: &'a [ChannelId],
        now: Timestamp,
    ) -> impl Iterator<Item = SessionAt<'a>> {
        self.in_places(places).filter_map(move |booked| {
            let (occurrence, window) = booked.open_at(now)?;
            Some(booked.at(occurrence, window))
        })
    }

    /// The session that ended last in a space, not longer ago than [`OVERRUN_WATCH`], when none is open: contact that
    /// goes on is an overrun of it.
    #[must_use]
    pub fn overrun_in<'a>(&'a self, places: &'a [ChannelId], now: Timestamp) -> Option<SessionAt<'a>> {
        if self.open_in(places, now).next().is_some() {
            return None;
        }
        self.in_places(places)
            .filter_map(|booked| {
                let (window, occurrence) = booked.windows.last_ended(now)?;
                Some(booked.at(occurrence, window))
            })
            .filter(|at| now.since(at.window.until) < OVERRUN_WATCH)
            .max_by_key(|at| at.window.until)
    }

    /// The first moment after `now` at which a session begins or ends.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.edges.after(now)
    }
}

impl Booked {
    fn at(&self, occurrence: Timestamp, window: Window) -> SessionAt<'_> {
        SessionAt {
            session: &self.session,
            occurrence,
            window,
            cover_relaxed_by: self.cover_relaxed_by(occurrence),
        }
    }
}

#[cfg(test)]
mod tests;
