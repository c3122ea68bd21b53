//! Local time, through both clock changes. The tables are compiled in.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The charity's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(chrono_tz::Tz);

impl Default for Zone {
    fn default() -> Self {
        Zone(chrono_tz::Europe::London)
    }
}

impl FromStr for Zone {
    type Err = String;

    /// # Errors
    /// When the tables have no such zone.
    fn from_str(name: &str) -> Result<Self, String> {
        name.parse()
            .map(Zone)
            .map_err(|_| format!("{name:?} is not a time zone; zones are written like \"Europe/London\""))
    }
}

impl TryFrom<String> for Zone {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Zone {
    /// The local date and time of day at a moment.
    #[must_use]
    pub fn local(self, at: Timestamp) -> NaiveDateTime {
        at.to_chrono().with_timezone(&self.0).naive_local()
    }

    /// The moment of a local date and time. An hour that the spring change skips is taken as the moment of the
    /// change; of an hour that the autumn change repeats, the first is meant.
    #[must_use]
    pub fn moment(self, local: NaiveDateTime) -> Timestamp {
        let mut local = local;
        for _ in 0..=24 * 60 {
            match self.0.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => {
                    return Timestamp(at.timestamp_micros());
                }
                LocalResult::None => {
                    // Walk to the first minute that exists.
                    local = local.with_second(0).unwrap_or(local) + chrono::TimeDelta::minutes(1);
                }
            }
        }
        Timestamp(local.and_utc().timestamp_micros())
    }

    /// The first moment strictly after `at` at which the local time of day is `time`.
    #[must_use]
    pub fn next(self, at: Timestamp, time: NaiveTime) -> Timestamp {
        let mut day = self.local(at).date();
        loop {
            let moment = self.moment(day.and_time(time));
            if moment > at {
                return moment;
            }
            match day.succ_opt() {
                Some(next) => day = next,
                None => return Timestamp(i64::MAX),
            }
        }
    }

    /// The local date at a moment.
    #[must_use]
    pub fn date(self, at: Timestamp) -> NaiveDate {
        self.local(at).date()
    }

    /// The local date as a number that orders like dates do (days of the common era).
    #[must_use]
    pub fn day_number(self, at: Timestamp) -> i32 {
        self.date(at).num_days_from_ce()
    }

    /// The local hour of the day, 0 to 23.
    #[must_use]
    pub fn hour(self, at: Timestamp) -> u32 {
        self.local(at).hour()
    }
}

/// A date and time of day by the clock on the wall, without a zone: `2026-03-03T18:00` or `2026-03-03T18:00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(pub NaiveDateTime);

impl FromStr for LocalTime {
    type Err = String;

    /// # Errors
    /// When the text is no local date and time; the message shows how to write one.
    fn from_str(text: &str) -> Result<Self, String> {
        ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
            .into_iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
            .map(LocalTime)
            .ok_or_else(|| format!("{text:?} is not a date and time; write it like 2026-03-03 18:00"))
    }
}

impl TryFrom<String> for LocalTime {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<LocalTime> for String {
    fn from(local: LocalTime) -> String {
        local.to_string()
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.second() == 0 && self.0.nanosecond() == 0 {
            self.0.format("%Y-%m-%dT%H:%M").fmt(f)
        } else {
            self.0.format("%Y-%m-%dT%H:%M:%S").fmt(f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn london_goes_through_both_clock_changes() {
        let london = Zone::default();
        // Spring 2026: 29 March, 01:00 becomes 02:00.
        assert_eq!(london.moment(local("2026-03-29T00:59:00")), at("2026-03-29T00:59:00Z"));
        assert_eq!(london.moment(local("2026-03-29T01:30:00")), at("2026-03-29T01:00:00Z"));
        assert_eq!(london.moment(local("2026-03-29T02:00:00")), at("2026-03-29T01:00:00Z"));
        // Autumn 2026: 25 October, 02:00 becomes 01:00 again; the first 01:30 is meant.
        assert_eq!(london.moment(local("2026-10-25T01:30:00")), at("2026-10-25T00:30:00Z"));
        assert_eq!(london.hour(at("2026-10-25T01:30:00Z")), 1);
    }

    #[test]
    fn the_same_time_tomorrow_is_23_or_25_hours_away_twice_a_year() {
        let london = Zone::default();
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        assert_eq!(london.next(at("2026-03-28T09:00:00Z"), nine), at("2026-03-29T08:00:00Z"));
        assert_eq!(london.next(at("2026-10-24T08:00:00Z"), nine), at("2026-10-25T09:00:00Z"));
    }

    #[test]
    fn an_unknown_zone_says_how_to_write_one() {
        assert!("London".parse::<Zone>().unwrap_err().contains("Europe/London"));
    }
}
