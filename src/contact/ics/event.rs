//! One event of a calendar file, and the session that it proposes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, TimeDelta};

use super::component::Component;
use super::time::{Time, length, time, times};
use super::{Ground, Problem, Proposed};
use crate::contact::booking::LONGEST_REFERENCE;
use crate::contact::series::{self, SeriesRefused};
use crate::contact::window::Window;
use crate::domain::register::{Series, Session};
use crate::domain::zone::{LocalTime, Zone};
use crate::domain::{ChannelId, Timestamp};

/// An event as far as it concerns a session.
#[derive(Clone, Debug)]
pub(super) struct Event {
    line: usize,
    pub(super) uid: String,
    title: String,
    location: Option<(usize, String)>,
    starts: Time,
    ends: NaiveDateTime,
    rule: Option<(usize, String)>,
    except: BTreeSet<LocalTime>,
    /// The occurrence of another event that this one stands instead of.
    pub(super) instead_of: Option<(usize, Timestamp)>,
    pub(super) cancelled: bool,
}

impl Event {
    pub(super) fn read(described: &Component, zone: Zone) -> Result<Event, Problem> {
        let line = described.line;
        let start = described.get("DTSTART").ok_or_else(|| {
            Problem::new(line, "the event has no DTSTART", "give it a time at which it starts")
        })?;
        let starts = time(start, zone)?;
        let ends = match (described.get("DTEND"), described.get("DURATION")) {
            (Some(end), _) => time(end, zone)?.on_the_wall(starts.zone),
            (None, Some(duration)) => {
                let length = length(&duration.value).ok_or_else(|| {
                    let fix = "it is written like PT1H30M";
                    Problem::new(duration.line, "DURATION is no length of time", fix)
                })?;
                starts.local + length
            }
            (None, None) => {
                let fix = "give it a time at which it ends";
                return Err(Problem::new(line, "the event has neither DTEND nor DURATION", fix));
            }
        };
        if ends <= starts.local {
            let fix = "let it end after its start";
            return Err(Problem::new(line, "the event ends before it starts", fix));
        }
        if let Some(extra) = described.get("RDATE") {
            let fix = "make events of their own of the extra dates";
            return Err(Problem::new(extra.line, "extra dates (RDATE) are not read", fix));
        }
        let mut except = BTreeSet::new();
        for property in described.all("EXDATE") {
            let times = times(property, starts.zone)?.into_iter();
            except.extend(times.map(|time| LocalTime(time.on_the_wall(starts.zone))));
        }
        let instead_of = match described.get("RECURRENCE-ID") {
            Some(id) if id.param("RANGE").is_some() => {
                let fix = "end the old event there and make a new one of what follows";
                return Err(Problem::new(id.line, "a change of all following occurrences is not read", fix));
            }
            Some(id) => Some((id.line, time(id, starts.zone)?.moment())),
            None => None,
        };
        let text = |name| described.get(name).map(|property| (property.line, property.text()));
        let status = described.get("STATUS").map(|status| status.value.to_ascii_uppercase());
        Ok(Event {
            line,
            uid: text("UID").map_or_else(|| format!("line {line}"), |(_, uid)| uid),
            title: text("SUMMARY").map(|(_, title)| title).filter(|t| !t.is_empty()).unwrap_or_default(),
            location: text("LOCATION").filter(|(_, location)| !location.is_empty()),
            starts,
            ends,
            rule: described.get("RRULE").map(|rule| (rule.line, rule.value.clone())),
            except,
            instead_of,
            cancelled: status.as_deref() == Some("CANCELLED"),
        })
    }

    fn window(&self) -> Window {
        Window::new(self.starts.moment(), self.starts.zone.moment(self.ends))
    }

    /// The session that the event proposes with its exceptions; none when all of it is over.
    pub(super) fn propose<'a>(
        &self,
        exceptions: impl Iterator<Item = &'a Event>,
        ground: &Ground,
        names: &mut BTreeSet<String>,
        remarks: &mut Vec<Problem>,
    ) -> Result<Option<Proposed>, Problem> {
        let repeats = match &self.rule {
            Some((line, rule)) => match self.series(*line, rule, ground.now, remarks)? {
                Some(series) => Some(series),
                None => return Ok(None),
            },
            None if self.window().until <= ground.now => return Ok(None),
            None => None,
        };
        let windows = match &repeats {
            Some(series) => series::windows(series)
                .map_err(|why| Problem::new(self.line, "the repetition cannot be used", why.to_string()))?,
            None => vec![self.window()],
        };
        let Some(first) = windows.first().copied() else { return Ok(None) };
        let spaces = self.spaces(ground)?;
        let mut proposed = Proposed {
            line: self.line,
            title: self.title.clone(),
            session: Session {
                id: self.name(names),
                spaces,
                from: first.from,
                until: first.until,
                repeats: repeats.map(Box::new),
                ..Session::default()
            },
            moved: BTreeMap::new(),
            cancelled: BTreeSet::new(),
        };
        for exception in exceptions {
            let Some((line, occurrence)) = exception.instead_of else { continue };
            if !windows.iter().any(|window| window.from == occurrence) {
                if exception.window().until > ground.now {
                    let fix = "make an event of its own of it";
                    let what = "this stands instead of an occurrence that the repetition does not give";
                    remarks.push(Problem::new(line, what, fix));
                }
            } else if exception.cancelled {
                proposed.cancelled.insert(occurrence);
            } else {
                proposed.moved.insert(occurrence, exception.window());
            }
        }
        Ok(Some(proposed))
    }

    /// The repetition from now on, for a year at most; none when it is over.
    fn series(
        &self,
        line: usize,
        rule: &str,
        now: Timestamp,
        remarks: &mut Vec<Problem>,
    ) -> Result<Option<Series>, Problem> {
        let zone = self.starts.zone;
        if self.starts.utc {
            let fix = "give the calendar a time zone, if the time on the clock is meant";
            let what = "the event repeats in UTC: by the clock on the wall it moves by an hour in summer";
            remarks.push(Problem::new(line, what, fix));
        }
        let as_written = Series {
            zone,
            starts: LocalTime(self.starts.local),
            ends: LocalTime(self.ends),
            rule: rule.to_owned(),
            except: self.except.clone(),
        };
        match series::windows(&as_written) {
            Ok(windows) if windows.first().is_some_and(|first| first.from > now) => {
                return Ok(Some(as_written));
            }
            Ok(_) | Err(SeriesRefused::NeverEnds | SeriesRefused::TooLong | SeriesRefused::TooMany) => {}
            Err(why) => {
                return Err(Problem::new(line, "the repetition (RRULE) cannot be used", why.to_string()));
            }
        }
        let length: TimeDelta = self.ends - self.starts.local;
        let from = zone.local(now) - length;
        let coming = series::coming(&as_written, from)
            .map_err(|why| Problem::new(line, "the repetition (RRULE) cannot be used", why.to_string()))?;
        if let Some(last) = coming.cut_off {
            let what = format!("the repetition goes on beyond a year: it is taken until {}", last.date());
            let fix = "import the calendar again then, when the risk assessment has been signed again";
            remarks.push(Problem::new(line, what, fix));
        }
        Ok(coming.series)
    }

    /// The channels that the event is for.
    fn spaces(&self, ground: &Ground) -> Result<BTreeSet<ChannelId>, Problem> {
        let named = |text: &str| (ground.space)(text.trim().trim_start_matches('#').trim());
        let fix = "write the channel's name into the event's location, like #art (several with commas)";
        if let Some((line, location)) = &self.location {
            if let Some(space) = named(location) {
                return Ok(BTreeSet::from([space]));
            }
            let parts: Vec<Option<ChannelId>> = location.split([',', ';']).map(named).collect();
            if parts.iter().any(Option::is_some) {
                return parts.into_iter().collect::<Option<BTreeSet<ChannelId>>>().ok_or_else(|| {
                    Problem::new(*line, "the location names a channel that is not known", fix)
                });
            }
            return named(&self.title).map(|space| BTreeSet::from([space])).ok_or_else(|| {
                Problem::new(*line, "no channel is named as the event's location or title", fix)
            });
        }
        let space = named(&self.title).map(|space| BTreeSet::from([space]));
        space.ok_or_else(|| Problem::new(self.line, "the event names no channel", fix))
    }

    /// A name for the register, made of the title; the second of the same title is `…-2`.
    fn name(&self, names: &mut BTreeSet<String>) -> String {
        let mut name = String::new();
        for c in self.title.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_alphanumeric() {
                name.push(c);
            } else if !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
        }
        name.truncate(LONGEST_REFERENCE - 5);
        let name = Some(name.trim_end_matches('-').to_owned()).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "session".to_owned());
        let numbered = (2..).map(|n: u32| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
        let free = free.unwrap_or(name);
        names.insert(free.clone());
        free
    }
}
