//! What a charity decides about each rule: whether it is on, its level, its grace, whether it restrains.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{Code, Level};

/// One rule of supervised contact, as the guidance has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable code; configuration has a section of this name.
    pub code: Code,
    /// Its level unless a charity decides otherwise.
    pub level: Level,
    /// How long its state may last before it is a finding, in seconds; none for what is a finding at once.
    pub grace_seconds: Option<u32>,
    /// Whether it restrains the adult; none for a rule that never does.
    pub contains: Option<bool>,
    /// Where it comes from.
    pub clause: &'static str,
}

const fn rule(
    code: Code,
    level: Level,
    grace_seconds: Option<u32>,
    contains: Option<bool>,
    clause: &'static str,
) -> Rule {
    Rule { code, level, grace_seconds, contains, clause }
}

/// Every rule that a charity can set, in the order in which documentation lists them. A young person is never
/// restrained by any of them.
pub const RULES: &[Rule] = &[
    rule(
        Code::LoneAdultSpace,
        Level::Serious,
        Some(20),
        Some(true),
        "InterAct §2; policy matrix P1, P6, P19",
    ),
    rule(
        Code::LoneAdultVoice,
        Level::Serious,
        Some(60),
        Some(true),
        "InterAct §2; policy matrix P1, P6, P19",
    ),
    rule(Code::OutOfSessionContact, Level::Noted, None, None, "InterAct §2; policy matrix P1"),
    rule(Code::RepeatedOutOfSessionContact, Level::Concern, None, None, "InterAct §2; policy matrix P1"),
    rule(Code::PrivateContactOutsidePlan, Level::Concern, None, None, "InterAct §2; policy matrix P1"),
    rule(Code::DirectMessageOutsidePlan, Level::Serious, None, None, "InterAct §2; policy matrix P1, P7"),
    rule(Code::UnenrolledContact, Level::Concern, None, None, "InterAct §2; policy matrix P3"),
    rule(Code::PrivateSpaceMade, Level::Noted, None, None, "InterAct §2; policy matrix P1"),
    rule(Code::RoleConflict, Level::Concern, None, None, "CHUMS §2; policy matrix P5"),
    rule(Code::CoverLost, Level::Concern, Some(300), None, "CHUMS §2; policy matrix P6"),
    rule(Code::SessionOverrun, Level::Room, Some(600), None, "CHUMS §2; policy matrix P6"),
    rule(Code::SeparationBreached, Level::Serious, None, Some(true), "InterAct §3; policy matrix P20"),
    rule(Code::SeparationSharedSpace, Level::Concern, Some(60), Some(true), "InterAct §3; policy matrix P20"),
    rule(Code::UnmonitoredSpace, Level::Concern, None, None, "CHUMS §2; policy matrix P6, P33"),
    rule(Code::ModeratorBits, Level::Concern, None, None, "InterAct §2; policy matrix P1, P33"),
    rule(Code::PermissionsChanged, Level::Concern, None, None, "InterAct §2; policy matrix P33"),
    rule(Code::FilterChanged, Level::Concern, None, None, "InterAct §2; policy matrix P33"),
    rule(Code::ConnectionAdded, Level::Concern, None, None, "InterAct §2; policy matrix P33"),
    rule(Code::BotWeakened, Level::Serious, None, None, "InterAct §2; policy matrix P33"),
    rule(Code::DmPauseLifted, Level::Concern, None, None, "InterAct §2; policy matrix P1"),
    rule(Code::DmPauseLost, Level::Serious, None, None, "InterAct §2; policy matrix P1, P33"),
    rule(Code::LockUndone, Level::Concern, None, None, "InterAct §3; policy matrix P19"),
    rule(Code::LockUndoneBySubject, Level::Serious, None, None, "InterAct §3; policy matrix P19"),
];

/// What a charity has decided about one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whether it is looked at.
    pub on: bool,
    /// The level of a finding.
    pub level: Level,
    /// How long its state may last before it is a finding.
    pub grace: Duration,
    /// Whether it restrains the adult.
    pub contains: bool,
}

/// When contact outside a booked session counts as outside agreed times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgreedTimes {
    /// Once the charity keeps a calendar, that is once any session was booked. A charity that has booked nothing has
    /// agreed nothing with the system, and every word of every adult would be a finding: the rule would say nothing.
    #[default]
    WhenBooked,
    /// Always: without a session or a contact plan no time is agreed.
    Required,
    /// Never.
    Off,
}

/// When direct messages between members are paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DmPause {
    /// Always.
    #[default]
    Always,
    /// Always but while a session is open.
    ExceptSessions,
    /// By somebody else, or not at all.
    Never,
}

/// Everything that a charity decides about contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPolicy {
    changed: BTreeMap<Code, Setting>,
    /// When contact counts as outside agreed times.
    pub agreed_times: AgreedTimes,
    /// On how many different days within two weeks the same adult and young person have to be in contact outside agreed
    /// times before it is a low-level concern.
    pub repeated_on_days: u32,
    /// How long somebody who wrote or reacted counts as present in a text session.
    pub visible_for: Duration,
    /// A space that at most this many people see is small: two people who are kept apart may not share it.
    pub small_space: usize,
    /// When direct messages between members are paused.
    pub dm_pause: DmPause,
}

impl Default for ContactPolicy {
    fn default() -> Self {
        ContactPolicy {
            changed: BTreeMap::new(),
            agreed_times: AgreedTimes::default(),
            repeated_on_days: 3,
            visible_for: Duration::from_mins(30),
            small_space: 8,
            dm_pause: DmPause::default(),
        }
    }
}

impl ContactPolicy {
    /// What holds for a rule: the charity's decision, else the guidance's. A code that is no rule of contact has its own
    /// level and no grace.
    #[must_use]
    pub fn setting(&self, code: Code) -> Setting {
        self.changed.get(&code).copied().unwrap_or_else(|| Self::guidance(code))
    }

    fn guidance(code: Code) -> Setting {
        let rule = RULES.iter().find(|rule| rule.code == code);
        Setting {
            on: true,
            level: rule.map_or(code.level_alone(), |rule| rule.level),
            grace: Duration::from_secs(u64::from(rule.and_then(|rule| rule.grace_seconds).unwrap_or(0))),
            contains: rule.and_then(|rule| rule.contains).unwrap_or(false),
        }
    }

    /// Decides otherwise than the guidance.
    pub fn set(&mut self, code: Code, setting: Setting) {
        if setting == Self::guidance(code) {
            self.changed.remove(&code);
        } else {
            self.changed.insert(code, setting);
        }
    }

    /// Whether a rule is looked at.
    #[must_use]
    pub fn is_on(&self, code: Code) -> bool {
        self.setting(code).on
    }

    /// The level of a finding with this code.
    #[must_use]
    pub fn level(&self, code: Code) -> Level {
        self.setting(code).level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_of_rules_and_the_catalogue_of_codes_agree() {
        for rule in RULES {
            let alone = rule.code.level_alone();
            let lower = matches!(rule.code, Code::SessionOverrun);
            assert!(rule.level == alone || lower, "{}: {} and {alone}", rule.code, rule.level);
            assert!(rule.clause.contains("policy matrix P"), "{}", rule.code);
        }
    }

    #[test]
    fn a_decision_of_the_charity_comes_before_the_guidance() {
        let mut policy = ContactPolicy::default();
        let guidance = policy.setting(Code::LoneAdultVoice);
        assert_eq!((guidance.level, guidance.grace.as_secs(), guidance.contains), (Level::Serious, 60, true));
        policy.set(Code::LoneAdultVoice, Setting { on: false, ..guidance });
        assert!(!policy.is_on(Code::LoneAdultVoice) && policy.is_on(Code::LoneAdultSpace));
        assert_eq!(policy.level(Code::SuicidalIntent), Level::Immediate);
    }
}
