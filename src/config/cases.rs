//! `[cases]` and `[retention]`: how cases are worked on, and how long what is kept is kept. What is left out is the
//! guidance's.

use std::time::Duration;

use crate::domain::docket::CasePolicy;
use crate::domain::retention::{SHORTEST_OBSERVATION, years};
use crate::domain::zone::Zone;

use super::Contact;
use super::raw::{Problem, Reader, Section};

const DAYS: Duration = Duration::from_hours(24);

/// Reads both sections.
pub(super) fn cases(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    zone: Zone,
    contacts: &[Contact],
    remarks: &mut Vec<Problem>,
) -> CasePolicy {
    let mut policy = CasePolicy { zone, ..CasePolicy::default() };
    policy.works_with = contacts
        .iter()
        .filter(|contact| !contact.works_with.is_empty())
        .map(|contact| (contact.name.clone(), contact.works_with.clone()))
        .collect();
    if let Some(mut section) = root.section(r, "cases") {
        let hours = "write whole hours, from 0 (there is no such form) to 720";
        if let Some(hours) = section.number(r, "incident_form_hours", 0..721, hours) {
            policy.incident_form =
                (hours.value > 0).then(|| Duration::from_hours(hours.value.unsigned_abs()));
        }
        let days = "write whole days, from 0 (nobody is asked) to 365";
        if let Some(days) = section.number(r, "review_days", 0..366, days) {
            policy.review = (days.value > 0).then(|| DAYS * u32::try_from(days.value).unwrap_or(1));
            if days.value == 0 {
                let what = "[cases] review_days is 0: nobody is asked about a case that lies untouched";
                remarks.push(r.remark(days.at, what, "leave it out for 14 days"));
            }
        }
        if let Some(cases) = section.number(r, "many_cases", 2..101, "write 2 to 100 cases") {
            policy.many = usize::try_from(cases.value).unwrap_or(policy.many);
        }
        for (key, hour) in
            [("night_from_hour", &mut policy.night.0), ("night_until_hour", &mut policy.night.1)]
        {
            if let Some(given) = section.number(r, key, 0..24, "write a local hour, from 0 to 23") {
                *hour = u32::try_from(given.value).unwrap_or(*hour);
            }
        }
        section.done(r);
    }
    if let Some(mut section) = root.section(r, "retention") {
        let terms = &mut policy.terms;
        let shortest = i64::try_from(SHORTEST_OBSERVATION.as_secs() / DAYS.as_secs()).unwrap_or(91);
        let fix = "write 91 to 400 days: detection looks back over 90";
        if let Some(days) = section.number(r, "observation_days", shortest..401, fix) {
            terms.observation = DAYS * u32::try_from(days.value).unwrap_or(120);
        }
        let fix = "write 91 to 3650 days";
        if let Some(days) = section.number(r, "operation_days", shortest..3_651, fix) {
            terms.operation = DAYS * u32::try_from(days.value).unwrap_or(365);
        }
        for (key, term) in [
            ("young_person_years", &mut terms.young_person),
            ("adult_years", &mut terms.adult),
            ("custody_years", &mut terms.custody),
        ] {
            if let Some(given) = section.number(r, key, 1..76, "write 1 to 75 years") {
                *term = years(u32::try_from(given.value).unwrap_or(15));
            }
        }
        section.done(r);
    }
    policy
}
