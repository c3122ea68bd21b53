//! Times and lengths as a calendar file writes them.

use chrono::{NaiveDateTime, TimeDelta};

use super::Problem;
use super::component::Property;
use crate::domain::Timestamp;
use crate::domain::zone::Zone;

/// Zones by the names that Outlook gives them, where a charity is likely to meet them.
const OUTLOOK: [(&str, &str); 6] = [
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Eastern Standard Time", "America/New_York"),
];

/// A time by the clock on the wall of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) local: NaiveDateTime,
    pub(super) zone: Zone,
    /// Written in UTC (`…Z`): it does not go with any clock on a wall.
    pub(super) utc: bool,
}

impl Time {
    pub(super) fn moment(self) -> Timestamp {
        self.zone.moment(self.local)
    }

    /// What the clock on the wall of another zone shows then.
    pub(super) fn on_the_wall(self, zone: Zone) -> NaiveDateTime {
        if zone == self.zone { self.local } else { zone.local(self.moment()) }
    }
}

/// The one time that a property gives.
pub(super) fn time(property: &Property, zone: Zone) -> Result<Time, Problem> {
    one(property, &property.value, zone)
}

/// The times of a property that may give several (`EXDATE`).
pub(super) fn times(property: &Property, zone: Zone) -> Result<Vec<Time>, Problem> {
    property.value.split(',').map(|value| one(property, value.trim(), zone)).collect()
}

fn one(property: &Property, value: &str, zone: Zone) -> Result<Time, Problem> {
    let name = &property.name;
    if property.param("VALUE") == Some("DATE")
        || value.len() == 8 && value.bytes().all(|b| b.is_ascii_digit())
    {
        let what = format!("{name} is a whole day");
        return Err(Problem::new(property.line, what, "give the event a time at which it starts and ends"));
    }
    let wrong = || {
        let what = format!("{name} is no date and time");
        Problem::new(property.line, what, "it is written like 20260303T180000, or 20260303T180000Z in UTC")
    };
    let (digits, utc) = value.strip_suffix('Z').map_or((value, false), |digits| (digits, true));
    let local = NaiveDateTime::parse_from_str(digits, "%Y%m%dT%H%M%S").map_err(|_| wrong())?;
    let zone = match property.param("TZID") {
        _ if utc => zone_named("UTC").ok_or_else(wrong)?,
        Some(id) => zone_named(id).ok_or_else(|| {
            let what = format!("{name} names the time zone {id:?}, which is not known");
            Problem::new(property.line, what, "set the calendar's time zone to one like Europe/London")
        })?,
        None => zone,
    };
    Ok(Time { local, zone, utc })
}

/// `Europe/London`, Outlook's `GMT Standard Time`, or a path that ends in a zone's name.
fn zone_named(id: &str) -> Option<Zone> {
    let by_outlook = OUTLOOK.iter().find(|(name, _)| *name == id).map(|(_, zone)| *zone);
    let id = by_outlook.unwrap_or(id);
    id.parse().ok().or_else(|| {
        let mut parts = id.rsplit('/');
        let (city, region) = (parts.next()?, parts.next()?);
        format!("{region}/{city}").parse().ok()
    })
}

/// `PT1H30M`, `P1D`, `P1W`: how long; none when it is not written like that.
pub(super) fn length(text: &str) -> Option<TimeDelta> {
    let text = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let (mut length, mut digits, mut of_a_day) = (TimeDelta::zero(), String::new(), false);
    for c in text.chars() {
        let unit = match (c, of_a_day) {
            ('0'..='9', _) => {
                digits.push(c);
                continue;
            }
            ('T', false) if digits.is_empty() => {
                of_a_day = true;
                continue;
            }
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        let count: i64 = std::mem::take(&mut digits).parse().ok()?;
        length = length.checked_add(&TimeDelta::try_seconds(count.checked_mul(unit)?)?)?;
    }
    (digits.is_empty() && length > TimeDelta::zero()).then_some(length)
}
