//! Times that come again: an RFC 5545 rule in local time, written out as the moments that it means.
//!
//! The rule is worked out on the clock on the wall, and only then is each start and end placed in the charity's
//! zone: 18:00 stays 18:00 through both clock changes. A start in the hour that the spring change skips is taken as
//! the moment of the change; of an hour that the autumn change repeats the first is meant. A series always ends,
//! and within [`LONGEST_SERIES_DAYS`]: whoever goes on after that signs the risk assessment again.

use chrono::{NaiveDateTime, TimeDelta};
use rrule::{RRule, Tz, Unvalidated};
use thiserror::Error;

use super::window::Window;
use crate::domain::register::Series;
use crate::domain::zone::{LocalTime, Zone};

/// A series ends within this many days of its first start: a year and the weeks around it.
pub const LONGEST_SERIES_DAYS: i64 = 400;

/// No series has more starts than this.
pub const MOST_OCCURRENCES: u16 = 500;

/// Why a series cannot be booked, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SeriesRefused {
    /// Not a rule of RFC 5545, or one that nothing fulfils.
    #[error("{rule:?} is not a repetition that can be used: write it like FREQ=WEEKLY;BYDAY=TU;COUNT=10")]
    NotARule {
        /// As it was written.
        rule: String,
    },
    /// Hourly or finer, or with hours of its own.
    #[error(
        "a session repeats by days, weeks or months: write FREQ=DAILY, WEEKLY or MONTHLY, without BYHOUR, BYMINUTE or BYSECOND"
    )]
    TooFine,
    /// Neither COUNT nor UNTIL.
    #[error(
        "the repetition never ends: add its last day (UNTIL=20260717) or how often it takes place (COUNT=10)"
    )]
    NeverEnds,
    /// Longer than a year and a bit.
    #[error(
        "the repetition goes on for more than {LONGEST_SERIES_DAYS} days: let it end earlier and book the next year when the risk assessment is signed again"
    )]
    TooLong,
    /// More starts than a year has days.
    #[error("the repetition has more than {MOST_OCCURRENCES} starts: let it end earlier")]
    TooMany,
    /// The first start is none that the rule gives.
    #[error(
        "the first start, {first}, is none that the repetition gives: choose a first date that it names, or change the repetition"
    )]
    FirstIsNotOne {
        /// The first start.
        first: LocalTime,
    },
    /// Its end is not after its start.
    #[error("it ends before it starts: give an end after {starts}")]
    EndsBeforeStart {
        /// The start.
        starts: LocalTime,
    },
}

/// Every window of a series, in order.
///
/// # Errors
/// When the rule cannot be used; the message says what to do instead.
pub fn windows(series: &Series) -> Result<Vec<Window>, SeriesRefused> {
    let length = series.ends.0 - series.starts.0;
    if length <= TimeDelta::zero() {
        return Err(SeriesRefused::EndsBeforeStart { starts: series.starts });
    }
    let starts = starts(series)?;
    if !starts.contains(&series.starts.0) {
        return Err(SeriesRefused::FirstIsNotOne { first: series.starts });
    }
    let windows = starts
        .into_iter()
        .filter(|start| !series.except.contains(&LocalTime(*start)))
        .map(|start| Window::new(series.zone.moment(start), series.zone.moment(start + length)))
        .filter(|window| !window.is_empty());
    Ok(windows.collect())
}

/// The starts that the rule gives, by the clock on the wall, exceptions included.
fn starts(series: &Series) -> Result<Vec<NaiveDateTime>, SeriesRefused> {
    let first = series.starts.0;
    let not_a_rule = || SeriesRefused::NotARule { rule: series.rule.clone() };
    let rule: RRule<Unvalidated> =
        on_the_wall(&series.rule, series.zone)?.parse().map_err(|_| not_a_rule())?;
    // The wall is read as if it were UTC: that clock never changes, and the zone comes in afterwards.
    let set = rule.build(first.and_utc().with_timezone(&Tz::UTC)).map_err(|_| not_a_rule())?;
    let found = set.all(MOST_OCCURRENCES + 1).dates;
    let starts: Vec<NaiveDateTime> = found.into_iter().map(|start| start.naive_utc()).collect();
    if starts.len() > usize::from(MOST_OCCURRENCES) {
        return Err(SeriesRefused::TooMany);
    }
    if starts.last().is_some_and(|last| *last - first > TimeDelta::days(LONGEST_SERIES_DAYS)) {
        return Err(SeriesRefused::TooLong);
    }
    Ok(starts)
}

/// The rule with its last moment by the clock on the wall, and nothing in it that a session has no use for.
fn on_the_wall(rule: &str, zone: Zone) -> Result<String, SeriesRefused> {
    let not_a_rule = || SeriesRefused::NotARule { rule: rule.to_owned() };
    let mut parts = Vec::new();
    let mut ends = false;
    for part in rule.trim().trim_start_matches("RRULE:").split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(not_a_rule)?;
        let (name, value) = (name.trim().to_ascii_uppercase(), value.trim().to_ascii_uppercase());
        match name.as_str() {
            "FREQ" if !matches!(value.as_str(), "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") => {
                return Err(if matches!(value.as_str(), "HOURLY" | "MINUTELY" | "SECONDLY") {
                    SeriesRefused::TooFine
                } else {
                    not_a_rule()
                });
            }
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => return Err(SeriesRefused::TooFine),
            "UNTIL" => {
                ends = true;
                let until = until_on_the_wall(&value, zone).ok_or_else(not_a_rule)?;
                parts.push(format!("UNTIL={}", until.format("%Y%m%dT%H%M%SZ")));
            }
            "COUNT" => {
                ends = true;
                if value.parse::<u32>().ok().is_none_or(|count| count == 0) {
                    return Err(not_a_rule());
                }
                parts.push(format!("COUNT={value}"));
            }
            "INTERVAL" if value.parse::<u16>().ok().is_none_or(|every| every == 0) => {
                return Err(not_a_rule());
            }
            _ => parts.push(format!("{name}={value}")),
        }
    }
    if ends { Ok(parts.join(";")) } else { Err(SeriesRefused::NeverEnds) }
}

/// `20260717`, `20260717T180000` (local) or `20260717T170000Z`, as the clock on the wall shows it.
fn until_on_the_wall(text: &str, zone: Zone) -> Option<NaiveDateTime> {
    if let Some(utc) = text.strip_suffix('Z') {
        let at = NaiveDateTime::parse_from_str(utc, "%Y%m%dT%H%M%S").ok()?;
        return Some(zone.local(crate::domain::Timestamp(at.and_utc().timestamp_micros())));
    }
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S")
        .ok()
        .or_else(|| chrono::NaiveDate::parse_from_str(text, "%Y%m%d").ok()?.and_hms_opt(23, 59, 59))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn series(starts: &str, ends: &str, rule: &str) -> Series {
        Series {
            zone: Zone::default(),
            starts: starts.parse().unwrap(),
            ends: ends.parse().unwrap(),
            rule: rule.to_owned(),
            except: std::collections::BTreeSet::new(),
        }
    }

    fn shown(series: &Series) -> Vec<String> {
        windows(series).unwrap().iter().map(|w| format!("{} {}", w.from, w.until)).collect()
    }

    #[test]
    fn six_in_the_evening_stays_six_in_the_evening() {
        // The clocks go forward on 29 March 2026 and back on 25 October 2026.
        let spring = series("2026-03-24T18:00", "2026-03-24T20:00", "FREQ=WEEKLY;COUNT=2");
        assert_eq!(
            shown(&spring),
            ["2026-03-24T18:00:00Z 2026-03-24T20:00:00Z", "2026-03-31T17:00:00Z 2026-03-31T19:00:00Z"]
        );
        let autumn = series("2026-10-20T18:00", "2026-10-20T20:00", "FREQ=WEEKLY;UNTIL=20261027");
        assert_eq!(
            shown(&autumn),
            ["2026-10-20T17:00:00Z 2026-10-20T19:00:00Z", "2026-10-27T18:00:00Z 2026-10-27T20:00:00Z"]
        );
    }

    #[test]
    fn a_night_across_the_change_ends_when_the_clock_on_the_wall_says() {
        let spring = series("2026-03-28T22:00", "2026-03-29T06:00", "FREQ=DAILY;COUNT=1");
        assert_eq!(shown(&spring), ["2026-03-28T22:00:00Z 2026-03-29T05:00:00Z"]);
        let autumn = series("2026-10-24T22:00", "2026-10-25T06:00", "FREQ=DAILY;COUNT=1");
        assert_eq!(shown(&autumn), ["2026-10-24T21:00:00Z 2026-10-25T06:00:00Z"]);
        // The whole of it would lie in the hour that does not exist.
        assert!(shown(&series("2026-03-29T01:10", "2026-03-29T01:40", "FREQ=DAILY;COUNT=1")).is_empty());
    }

    #[test]
    fn the_last_day_counts_however_it_is_written() {
        for until in ["20260707", "20260707T180000", "20260707T170000Z"] {
            let rule = format!("FREQ=WEEKLY;BYDAY=TU;UNTIL={until}");
            assert_eq!(shown(&series("2026-06-30T18:00", "2026-06-30T20:00", &rule)).len(), 2, "{until}");
        }
        let just_before = "RRULE:FREQ=WEEKLY;UNTIL=20260707T165959Z";
        assert_eq!(shown(&series("2026-06-30T18:00", "2026-06-30T20:00", just_before)).len(), 1);
    }

    #[test]
    fn holidays_are_left_out() {
        let mut club = series("2026-12-15T18:00", "2026-12-15T20:00", "FREQ=WEEKLY;COUNT=4");
        club.except.insert("2026-12-22T18:00".parse().unwrap());
        club.except.insert("2026-12-29T18:00".parse().unwrap());
        let starts: Vec<Timestamp> = windows(&club).unwrap().iter().map(|w| w.from).collect();
        assert_eq!(starts.len(), 2);
        assert_eq!(starts[1].to_string(), "2027-01-05T18:00:00Z");
    }

    #[test]
    fn what_cannot_be_booked_says_what_to_do() {
        let cases = [
            ("FREQ=WEEKLY", SeriesRefused::NeverEnds),
            ("FREQ=WEEKLY;COUNT=80", SeriesRefused::TooLong),
            ("FREQ=DAILY;COUNT=501", SeriesRefused::TooMany),
            ("FREQ=HOURLY;COUNT=3", SeriesRefused::TooFine),
            ("FREQ=DAILY;BYHOUR=9,10;COUNT=3", SeriesRefused::TooFine),
            ("every tuesday", SeriesRefused::NotARule { rule: "every tuesday".into() }),
            ("FREQ=WEEKLY;COUNT=0", SeriesRefused::NotARule { rule: "FREQ=WEEKLY;COUNT=0".into() }),
            (
                "FREQ=WEEKLY;INTERVAL=0;COUNT=2",
                SeriesRefused::NotARule { rule: "FREQ=WEEKLY;INTERVAL=0;COUNT=2".into() },
            ),
            (
                "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
                SeriesRefused::FirstIsNotOne { first: "2026-06-30T18:00".parse().unwrap() },
            ),
        ];
        for (rule, expected) in cases {
            let refused = windows(&series("2026-06-30T18:00", "2026-06-30T20:00", rule)).unwrap_err();
            assert_eq!(refused, expected, "{rule}");
        }
        let backwards = series("2026-06-30T18:00", "2026-06-30T17:00", "FREQ=DAILY;COUNT=1");
        assert!(matches!(windows(&backwards), Err(SeriesRefused::EndsBeforeStart { .. })));
    }
}
