//! `[contact]`: what the charity decides about the rules of supervised contact. What is left out is the guidance's.

use std::time::Duration;

use crate::contact::EnrolmentRule;
use crate::contact::rules::settings::{AgreedTimes, ContactPolicy, DmPause, RULES, Rule};
use crate::domain::{Code, Level};

use super::raw::{At, Problem, Reader, Section};

/// Reads `[contact]` and a section for each rule in it. `grace` is the grace of lone adults in spaces as `[policy]` has
/// it.
pub(super) fn contact(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    grace: Option<&At<Duration>>,
    remarks: &mut Vec<Problem>,
) -> (ContactPolicy, EnrolmentRule) {
    let (mut policy, mut enrolment) = (ContactPolicy::default(), EnrolmentRule::default());
    if let Some(grace) = grace {
        let setting = policy.setting(Code::LoneAdultSpace);
        policy.set(
            Code::LoneAdultSpace,
            crate::contact::rules::settings::Setting { grace: grace.value, ..setting },
        );
    }
    let Some(mut section) = root.section(r, "contact") else { return (policy, enrolment) };
    if let Some(times) = section.text(r, "agreed_times", AGREED_TIMES) {
        match times.value.as_str() {
            "when-booked" => policy.agreed_times = AgreedTimes::WhenBooked,
            "required" => policy.agreed_times = AgreedTimes::Required,
            "off" => policy.agreed_times = AgreedTimes::Off,
            other => r.problem(times.at, format!("[contact] agreed_times is {other:?}"), AGREED_TIMES),
        }
    }
    if let Some(rule) = section.text(r, "enrolment", ENROLMENT) {
        match rule.value.as_str() {
            "roles" => enrolment = EnrolmentRule::RolesSuffice,
            "required" => enrolment = EnrolmentRule::Required,
            other => r.problem(rule.at, format!("[contact] enrolment is {other:?}"), ENROLMENT),
        }
    }
    if let Some(pause) = section.text(r, "dm_pause", DM_PAUSE) {
        match pause.value.as_str() {
            "always" => policy.dm_pause = DmPause::Always,
            "except-sessions" => policy.dm_pause = DmPause::ExceptSessions,
            "never" => {
                policy.dm_pause = DmPause::Never;
                let what =
                    "[contact] dm_pause is \"never\": members can write to one another where nobody sees it";
                remarks.push(r.remark(pause.at, what, "leave it out, unless somebody else keeps the pause"));
            }
            other => r.problem(pause.at, format!("[contact] dm_pause is {other:?}"), DM_PAUSE),
        }
    }
    if let Some(minutes) = section.number(r, "present_for_minutes", 5..241, "write 5 to 240 minutes") {
        policy.visible_for = Duration::from_secs(60 * minutes.value.unsigned_abs());
    }
    if let Some(days) = section.number(r, "repeated_on_days", 2..15, "write 2 to 14 days (of two weeks)") {
        policy.repeated_on_days = u32::try_from(days.value).unwrap_or(policy.repeated_on_days);
    }
    if let Some(people) = section.number(r, "small_space_people", 2..51, "write 2 to 50 people") {
        policy.small_space = usize::try_from(people.value).unwrap_or(policy.small_space);
    }
    for one in RULES {
        if let Some(section) = section.section(r, one.code.name()) {
            rule(r, section, one, grace, &mut policy, remarks);
        }
    }
    section.done(r);
    (policy, enrolment)
}

const ENROLMENT: &str =
    "write \"roles\" (a worker's role on the server is enough) or \"required\" (only with /enrol as well)";
const AGREED_TIMES: &str =
    "write \"when-booked\" (once a session was booked), \"required\" (always) or \"off\"";
const DM_PAUSE: &str = "write \"always\", \"except-sessions\" or \"never\"";

fn rule(
    r: &mut Reader<'_>,
    mut section: Section<'_>,
    rule: &Rule,
    grace_elsewhere: Option<&At<Duration>>,
    policy: &mut ContactPolicy,
    remarks: &mut Vec<Problem>,
) {
    let mut setting = policy.setting(rule.code);
    let (name, at) = (rule.code.name(), section.at);
    if let Some(on) = section.flag(r, "on") {
        setting.on = on.value;
    }
    if let Some(level) = section.number(r, "level", 1..6, "levels are 1 to 5; 4 calls the DSL") {
        setting.level =
            u8::try_from(level.value).ok().and_then(|n| Level::try_from(n).ok()).unwrap_or(rule.level);
    }
    // Keys that a rule has no use for are unknown there.
    if rule.grace_seconds.is_some()
        && let Some(grace) = section.number(r, "grace_seconds", 0..3_601, "write 0 to 3600 seconds")
    {
        if rule.code == Code::LoneAdultSpace && grace_elsewhere.is_some() {
            let what =
                format!("[contact.{name}] grace_seconds stands beside [policy] lone_adult_grace_seconds");
            r.problem(grace.at, what, "keep one of the two");
        }
        setting.grace = Duration::from_secs(grace.value.unsigned_abs());
    }
    if rule.contains.is_some()
        && let Some(contains) = section.flag(r, "contain")
    {
        setting.contains = contains.value;
    }
    section.done(r);
    let what = if !setting.on {
        Some(format!("[contact.{name}] is off"))
    } else if setting.level < Level::Serious && rule.level >= Level::Serious {
        Some(format!("[contact.{name}] calls nobody at level {}", setting.level))
    } else if rule.contains == Some(true) && !setting.contains {
        Some(format!("[contact.{name}] restrains nobody"))
    } else {
        None
    };
    remarks.extend(what.map(|what| {
        r.remark(
            at,
            what,
            format!("the guidance has it otherwise ({}); put the reason on record", rule.clause),
        )
    }));
    policy.set(rule.code, setting);
}
