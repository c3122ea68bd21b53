//! Times as people write them: `18:00`, `Tue 18:00`, `tomorrow 6pm`, `3 March 18:00`, `2026-03-03 18:00`.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use crate::domain::Timestamp;
use crate::domain::zone::Zone;

/// The moment on the wall that a text means: without a day, the next time that the clock shows it.
pub(super) fn local(text: &str, now: Timestamp, zone: Zone) -> Option<NaiveDateTime> {
    let here = zone.local(now);
    let text = plain(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let (day, time) = words.split_at(words.len().checked_sub(time_words(&words)?)?);
    let time = time_of(&time.concat())?;
    if day.is_empty() {
        let today = here.date().and_time(time);
        return Some(if today > here { today } else { today.checked_add_days(Days::new(1))? });
    }
    let date = day_of(&day.join(" "), here, time)?;
    Some(date.and_time(time))
}

/// The end that a text means, after a start: a time alone is the next one after it.
pub(super) fn end_after(
    text: &str,
    starts: NaiveDateTime,
    now: Timestamp,
    zone: Zone,
) -> Option<NaiveDateTime> {
    let whole = text.trim().to_lowercase();
    match time_of(&whole.split_whitespace().collect::<String>()) {
        Some(time) => {
            let same_day = starts.date().and_time(time);
            Some(if same_day > starts { same_day } else { same_day.checked_add_days(Days::new(1))? })
        }
        None => local(text, now, zone),
    }
}

/// The day that a text means, today or later.
pub(super) fn day(text: &str, now: Timestamp, zone: Zone) -> Option<NaiveDate> {
    let here = zone.local(now);
    day_of(&plain(text), here, NaiveTime::from_hms_opt(23, 59, 59)?)
}

/// In lower case, one space between words; the T of ISO 8601 is one.
fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase().replace(',', " ");
    let iso = text.as_bytes();
    let is_iso = iso.len() > 11 && iso[10] == b't' && iso[9].is_ascii_digit() && iso[11].is_ascii_digit();
    let text = if is_iso { text.replacen('t', " ", 1) } else { text };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many words at the end are the time: "18:00", "6pm", "6 pm".
fn time_words(words: &[&str]) -> Option<usize> {
    match words {
        [.., hour, "am" | "pm"] if time_of(&format!("{hour}pm")).is_some() => Some(2),
        [.., last] if time_of(last).is_some() => Some(1),
        _ => None,
    }
}

fn time_of(text: &str) -> Option<NaiveTime> {
    let (text, afternoon) = match text {
        _ if text.ends_with("am") => (text.strip_suffix("am")?, Some(false)),
        _ if text.ends_with("pm") => (text.strip_suffix("pm")?, Some(true)),
        _ => (text, None),
    };
    let (hour, minute) = match text.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse::<u32>().ok()?),
        Some(_) => return None,
        // A number alone is a day or a year, not a time.
        None => (text, afternoon.map(|_| 0)?),
    };
    let hour: u32 = hour.parse().ok()?;
    let hour = match afternoon {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(true) => hour % 12 + 12,
        Some(false) => hour % 12,
        None => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

fn day_of(text: &str, here: NaiveDateTime, time: NaiveTime) -> Option<NaiveDate> {
    let today = here.date();
    match text {
        "today" => return Some(today),
        "tomorrow" => return today.succ_opt(),
        _ => {}
    }
    if let Some(weekday) = weekday(text) {
        let ahead = (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
        let date = today.checked_add_days(Days::new(ahead.into()))?;
        return if date.and_time(time) > here { Some(date) } else { date.checked_add_days(Days::new(7)) };
    }
    let parts: Vec<&str> = text.split([' ', '-', '/', '.']).filter(|part| !part.is_empty()).collect();
    let number = |text: &str| text.trim_end_matches(|c: char| c.is_alphabetic()).parse::<u32>().ok();
    let later = |day: u32, month: u32| {
        let date = NaiveDate::from_ymd_opt(today.year(), month, day)?;
        if date.and_time(time) > here {
            Some(date)
        } else {
            NaiveDate::from_ymd_opt(today.year() + 1, month, day)
        }
    };
    match parts[..] {
        [year, month, day] if year.len() == 4 => {
            NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        }
        [day, name, year] => {
            let month = month(name).or_else(|| name.parse().ok())?;
            NaiveDate::from_ymd_opt(year.parse().ok().filter(|year| *year > 999)?, month, number(day)?)
        }
        [first, second] => match (month(first), month(second)) {
            (Some(month), None) => later(number(second)?, month),
            (None, Some(month)) => later(number(first)?, month),
            // Day first, as dates are written in the United Kingdom.
            _ => later(first.parse().ok()?, second.parse().ok()?),
        },
        _ => None,
    }
}

fn weekday(text: &str) -> Option<Weekday> {
    // chrono reads "tue" and "tuesday"; people also write "tues", "weds", "thurs".
    let text = match text {
        "tues" => "tue",
        "weds" => "wed",
        "thur" | "thurs" => "thu",
        other => other,
    };
    text.parse().ok()
}

fn month(text: &str) -> Option<u32> {
    let text = if text == "sept" { "sep" } else { text };
    text.parse::<chrono::Month>().ok().map(|month| month.number_from_month())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Monday, 17:00 in London.
    fn now() -> Timestamp {
        Timestamp::parse_rfc3339("2026-03-02T17:00:00Z").unwrap()
    }

    #[test]
    fn times_as_people_write_them() {
        let cases = [
            ("18:00", "2026-03-02 18:00"),
            ("16:00", "2026-03-03 16:00"),
            ("6pm", "2026-03-02 18:00"),
            ("6 pm", "2026-03-02 18:00"),
            ("today 18.30", "2026-03-02 18:30"),
            ("tomorrow 12am", "2026-03-03 00:00"),
            ("Tue 18:00", "2026-03-03 18:00"),
            ("tues 6pm", "2026-03-03 18:00"),
            ("Monday 18:00", "2026-03-02 18:00"),
            ("monday 16:00", "2026-03-09 16:00"),
            ("thurs 7:15pm", "2026-03-05 19:15"),
            ("2026-03-29 18:00", "2026-03-29 18:00"),
            ("2026-03-29T18:00", "2026-03-29 18:00"),
            ("3 March 18:00", "2026-03-03 18:00"),
            ("3rd march 2027, 18:00", "2027-03-03 18:00"),
            ("1 March 18:00", "2027-03-01 18:00"),
            ("August 12 18:00", "2026-08-12 18:00"),
            ("03/04/2026 18:00", "2026-04-03 18:00"),
            ("3/4 18:00", "2026-04-03 18:00"),
        ];
        for (text, expected) in cases {
            let found = local(text, now(), Zone::default()).map(|at| at.format("%Y-%m-%d %H:%M").to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in ["", "soon", "25:00", "13pm", "tue", "18", "2026 18:00", "31/02/2026 18:00", "18:0", "🕕"]
        {
            assert_eq!(local(text, now(), Zone::default()), None, "{text}");
        }
    }

    #[test]
    fn an_end_is_after_its_start() {
        let starts = local("tue 22:00", now(), Zone::default()).unwrap();
        let ends = |text| {
            end_after(text, starts, now(), Zone::default()).map(|at| at.format("%d %H:%M").to_string())
        };
        assert_eq!(ends("23:30").as_deref(), Some("03 23:30"));
        assert_eq!(ends("1am").as_deref(), Some("04 01:00"));
        assert_eq!(ends("thu 01:00").as_deref(), Some("05 01:00"));
        assert_eq!(ends("later"), None);
    }

    #[test]
    fn days_alone() {
        let found = |text| day(text, now(), Zone::default()).map(|day| day.to_string());
        assert_eq!(found("2026-07-17").as_deref(), Some("2026-07-17"));
        assert_eq!(found("17 July").as_deref(), Some("2026-07-17"));
        assert_eq!(found("friday").as_deref(), Some("2026-03-06"));
        assert_eq!(found("monday").as_deref(), Some("2026-03-02"), "today counts until its end");
        assert_eq!(found("one day"), None);
    }
}
