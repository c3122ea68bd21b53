//! Times as a person writes them: `+2m`, `19:05`, `Tue 19:05`, `2026-03-03 19:05`.

use std::time::Duration;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use crate::domain::Timestamp;
use crate::domain::zone::Zone;

/// What to do about a time that cannot be read.
pub const FORMS: &str = "write \"+90s\", \"+2m\", \"+1h30m\", \"+3d\", \"19:05\", \"Tue 19:05\" or \"2026-03-03 19:05\" (local time)";

/// Reads a span: `90s`, `2m`, `1h30m`, `3d`, with or without a `+` before it.
#[must_use]
pub fn span(text: &str) -> Option<Duration> {
    let mut left = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let mut total: u64 = 0;
    if left.is_empty() {
        return None;
    }
    while !left.is_empty() {
        let digits = left.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = left[..digits].parse().ok()?;
        let unit = match left.as_bytes()[digits] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        left = left[digits + 1..].trim_start();
    }
    // A year is longer than any evening.
    (total <= 366 * 86_400).then(|| Duration::from_secs(total))
}

/// The moment that `text` means when it is read at `after`. A time of day, and a day of the week, are the next
/// such moment, `after` itself included.
#[must_use]
pub fn moment(text: &str, after: Timestamp, zone: Zone) -> Option<Timestamp> {
    let text = text.trim();
    if text.starts_with('+') {
        return Some(after.plus(span(text)?));
    }
    if let Some(time) = time_of_day(text) {
        return next(after, zone, |_| true, time);
    }
    if let Some((day, time)) = text.split_once(' ')
        && let Some(day) = weekday(day)
    {
        return next(after, zone, |date| date.weekday() == day, time_of_day(time.trim())?);
    }
    local(text).map(|local| zone.moment(local))
}

/// Reads a local date and time: `2026-03-03 19:05`, also with `T` and with seconds.
#[must_use]
pub fn local(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    Some(date.parse::<NaiveDate>().ok()?.and_time(time_of_day(time)?))
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S")).ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    (text.len() >= 3).then(|| text.parse().ok()).flatten()
}

fn next(after: Timestamp, zone: Zone, on: impl Fn(NaiveDate) -> bool, time: NaiveTime) -> Option<Timestamp> {
    let today = zone.date(after);
    today
        .iter_days()
        .take(9)
        .filter(|date| on(*date))
        .map(|date| zone.moment(date.and_time(time)))
        .find(|moment| *moment >= after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        // A Monday afternoon in winter.
        let after = Timestamp::parse_rfc3339("2026-03-02T16:00:00Z").unwrap();
        moment(text, after, Zone::default()).map(|at| at.to_string())
    }

    #[test]
    fn every_way_to_write_a_time() {
        for (text, expected) in [
            ("+90s", "2026-03-02T16:01:30Z"),
            ("+2m", "2026-03-02T16:02:00Z"),
            ("+1h30m", "2026-03-02T17:30:00Z"),
            ("+3d", "2026-03-05T16:00:00Z"),
            ("16:00", "2026-03-02T16:00:00Z"),
            ("15:59", "2026-03-03T15:59:00Z"),
            ("Mon 16:00", "2026-03-02T16:00:00Z"),
            ("Monday 15:00", "2026-03-09T15:00:00Z"),
            ("tue 19:05", "2026-03-03T19:05:00Z"),
            ("2026-03-03 19:05", "2026-03-03T19:05:00Z"),
            ("2026-07-03T19:05:30", "2026-07-03T18:05:30Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_not_guessed_at() {
        for text in ["", "+", "+5", "soon", "25:00", "Xyz 19:00", "+99999d", "2026-02-30 10:00", "-5m"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_goes_through_the_clock_change() {
        let saturday = Timestamp::parse_rfc3339("2026-03-28T20:00:00Z").unwrap();
        let at = moment("Sun 19:00", saturday, Zone::default()).unwrap();
        assert_eq!(at.to_string(), "2026-03-29T18:00:00Z");
    }
}
