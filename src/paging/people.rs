//! Who can be called (pure): people in slots, and the channels that each can be reached by.
//!
//! A ladder names slots, never people; the configuration says who stands in a slot today.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::domain::who_may_know::{Readers, who_may_know};
use crate::domain::{Kind, Timestamp, UserId};

use super::rota::Rota;

/// The channel code of a direct message on Discord.
pub const DISCORD_DM: &str = "discord-dm";
/// The channel code of an e-mail.
pub const EMAIL: &str = "email";
/// The channel code of a push message by ntfy.
pub const NTFY: &str = "ntfy";
/// The channel code of a text message.
pub const SMS: &str = "sms";
/// The channel code of a voice call.
pub const VOICE: &str = "voice";
/// The channel code of a `PagerDuty` service.
pub const PAGERDUTY: &str = "pagerduty";
/// The channel code of a signed webhook.
pub const WEBHOOK: &str = "webhook";
/// The channel code of a Prometheus Alertmanager.
pub const ALERTMANAGER: &str = "alertmanager";

/// Every channel's code, as configuration and pages write it.
pub const CHANNELS: [&str; 8] = [DISCORD_DM, EMAIL, NTFY, SMS, VOICE, PAGERDUTY, WEBHOOK, ALERTMANAGER];

/// Channels that keep incidents, and so are told when one was answered. They count for themselves what is one case.
pub const KEEPERS: [&str; 3] = [PAGERDUTY, WEBHOOK, ALERTMANAGER];

/// A place on the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The Designated Safeguarding Lead.
    Dsl,
    /// The DSL's deputy.
    DeputyDsl,
    /// A senior manager.
    SeniorManager,
    /// The chair of trustees, who is called where a lead is the subject.
    Chair,
    /// Somebody outside the charity, called when nobody inside answers or may know.
    External,
}

impl Slot {
    /// Every slot, in the order in which a case climbs.
    pub const ALL: [Slot; 5] = [Slot::Dsl, Slot::DeputyDsl, Slot::SeniorManager, Slot::Chair, Slot::External];

    /// The stable code, as configuration and pages write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Slot::Dsl => "dsl",
            Slot::DeputyDsl => "deputy-dsl",
            Slot::SeniorManager => "senior-manager",
            Slot::Chair => "chair",
            Slot::External => "external",
        }
    }
}

impl Slot {
    /// What somebody in this slot is to the charity; nothing for a contact outside it.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        match self {
            Slot::Dsl => Some(Kind::Dsl),
            Slot::DeputyDsl => Some(Kind::DeputyDsl),
            Slot::SeniorManager => Some(Kind::SeniorManager),
            Slot::Chair => Some(Kind::Chair),
            Slot::External => None,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Slot {
    type Err = String;

    /// # Errors
    /// When no slot has this code.
    fn from_str(code: &str) -> Result<Self, String> {
        Slot::ALL.into_iter().find(|slot| slot.code() == code).ok_or_else(|| {
            let all: Vec<_> = Slot::ALL.iter().map(|slot| slot.code()).collect();
            format!("{code:?} is not a slot; slots are {}", all.join(", "))
        })
    }
}

/// One person who can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnCall {
    /// The name that the configuration gives; unique, used in job keys, never in a page.
    pub name: String,
    /// Where they stand.
    pub slot: Slot,
    /// Their Discord account, where they have one.
    pub account: Option<UserId>,
    /// The channels that reach them, the preferred one first. Never empty in a valid configuration.
    pub channels: Vec<String>,
}

impl OnCall {
    /// Who reads what is sent to this person.
    #[must_use]
    pub fn readers(&self) -> Readers {
        self.account.map_or_else(Readers::outside, Readers::one)
    }
}

/// Everybody who can be called, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    everybody: Vec<OnCall>,
    closed_to: BTreeMap<String, BTreeSet<UserId>>,
    shared: BTreeSet<String>,
    rota: Rota,
}

impl People {
    /// These people, in this order.
    #[must_use]
    pub fn new(everybody: Vec<OnCall>) -> Self {
        People { everybody, ..People::default() }
    }

    /// With more accounts, by name, whose cases must not reach somebody: the declared readers of a mailbox or service
    /// that several people read, and the people whom a line manager stands too near to.
    #[must_use]
    pub fn with_closed_to(mut self, closed_to: BTreeMap<String, BTreeSet<UserId>>) -> Self {
        self.closed_to = closed_to;
        self
    }

    /// With the names of what several people read: nobody answers in its name.
    #[must_use]
    pub fn with_shared(mut self, shared: BTreeSet<String>) -> Self {
        self.shared = shared;
        self
    }

    /// Whether this is something that several people read.
    #[must_use]
    pub fn is_shared(&self, person: &OnCall) -> bool {
        self.shared.contains(&person.name)
    }

    /// With a rota: who stands in a slot when.
    #[must_use]
    pub fn with_rota(mut self, rota: Rota) -> Self {
        self.rota = rota;
        self
    }

    /// The rota.
    #[must_use]
    pub fn rota(&self) -> &Rota {
        &self.rota
    }

    /// Everybody who reads what is sent to this person, and everybody in whose cases they must not be called.
    #[must_use]
    pub fn readers(&self, person: &OnCall) -> Readers {
        let mut readers = person.readers();
        readers.accounts.extend(self.closed_to.get(&person.name).into_iter().flatten());
        readers
    }

    /// Whether this person may know of a case with these subjects ([`who_may_know`]).
    #[must_use]
    pub fn may_know(&self, person: &OnCall, subjects: &BTreeSet<UserId>) -> bool {
        who_may_know(subjects, &self.readers(person))
    }

    /// Who stands in a slot at a moment. Where the rota names nobody (a gap) everybody of the slot does, save who is
    /// away: a case never waits for a shift to begin.
    #[must_use]
    pub fn standing(&self, slot: Slot, at: Timestamp) -> Vec<&OnCall> {
        let home = || self.in_slot(slot).map(|person| person.name.clone()).collect::<Vec<_>>();
        let mut names = self.rota.standing(slot, at, &home());
        if names.is_empty() {
            names = home().into_iter().filter(|name| !self.rota.is_away(name, at)).collect();
        }
        names.iter().filter_map(|name| self.named(name)).collect()
    }

    /// The person whom the configuration calls so.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&OnCall> {
        self.everybody.iter().find(|person| person.name == name)
    }

    /// The person behind an account.
    #[must_use]
    pub fn with_account(&self, account: UserId) -> Option<&OnCall> {
        self.everybody.iter().find(|person| person.account == Some(account))
    }

    /// Who stands in a slot.
    pub fn in_slot(&self, slot: Slot) -> impl Iterator<Item = &OnCall> {
        self.everybody.iter().filter(move |person| person.slot == slot)
    }

    /// Everybody.
    pub fn iter(&self) -> impl Iterator<Item = &OnCall> {
        self.everybody.iter()
    }
}
