//! The supervised rooms of contact plans (InterAct §2; policy matrix P1): opened at a window's start for the adult, the
//! young person, the observer and the leads; told five minutes before the end; closed for the adult at the end. The young
//! person keeps reading and writing, and nothing is ever deleted. A plan keeps its room for its next window.

use std::collections::BTreeSet;

use super::super::{Assessment, Organisation};
use crate::domain::effect::Nudge;
use crate::domain::register::{ContactPlan, Register};
use crate::domain::{ChannelId, Effect, Event, Fact, GuildId, RoleId, Timestamp, UserId};

impl Organisation {
    /// Opens, warns and closes what is due.
    pub(super) fn watch_rooms(&mut self, now: Timestamp, a: &mut Assessment) {
        if !self.watch.live {
            return;
        }
        let plans = &self.state.agreed.plans;
        let open: Vec<(ContactPlan, Timestamp)> =
            plans.rooms_to_open(now).map(|(plan, window)| (plan.clone(), window.from)).collect();
        let warn: Vec<(String, ChannelId, Timestamp)> = plans
            .rooms_to_warn(now)
            .map(|(plan, room)| (plan.to_owned(), room.space, room.window.until))
            .collect();
        let lock: Vec<(String, GuildId, ChannelId)> =
            plans.rooms_to_lock(now).map(|(plan, room)| (plan.to_owned(), room.guild, room.space)).collect();
        for (plan, from) in open {
            self.open_room(&plan, from, now, a);
        }
        for (plan, space, until) in warn {
            let job = format!("room/{}/{plan}/{}/closes-soon", self.name, until.0);
            self.tell_room(job, space, Nudge::RoomClosesSoon, now, a);
        }
        for (plan, guild, space) in lock {
            self.close_room(&plan, guild, space, now, a);
        }
    }

    fn open_room(&mut self, plan: &ContactPlan, from: Timestamp, now: Timestamp, a: &mut Assessment) {
        let Some(own) = self.own else { return };
        let both = |server: &&crate::contact::Server| {
            server.roster.get(plan.adult).is_some() && server.roster.get(plan.young_person).is_some()
        };
        let Some(server) = self.servers.values().find(both) else { return };
        let guild = server.id;
        let job = format!("room/{}/{}/{}/open", self.name, plan.id, from.0);
        // The adult's own lead role must not keep the leads from seeing the room; roles are looked up, not people.
        let roles: BTreeSet<RoleId> = server
            .roles
            .values()
            .filter(|role| {
                self.mapping.kind_of(role.id, &role.name).is_some_and(crate::domain::Kind::is_lead)
            })
            .map(|role| role.id)
            .collect();
        let people: BTreeSet<UserId> =
            [Some(plan.adult), Some(plan.young_person), plan.observer].into_iter().flatten().collect();
        if self.state.has_decided(&job) {
            return;
        }
        let effect = Effect::OpenRoom { guild, plan: plan.id.clone(), people, roles, own };
        self.conclude(now, Fact::Decided { job, effect, case: None }, a);
    }

    /// The room is there: it is entered in the register, opened for the adult where an earlier window closed it, and says
    /// what it is.
    pub(in crate::engine) fn room_opened(
        &mut self,
        guild: GuildId,
        plan: &str,
        space: ChannelId,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some((adult, window)) = self.state.agreed.plans.plan(plan).and_then(|planned| {
            let open = planned.open_at(now)?;
            Some((planned.plan.adult, open))
        }) else {
            return;
        };
        self.unlock(guild, space, adult, now, a);
        let (plan, from, until) = (plan.to_owned(), window.from, window.until);
        let job = format!("room/{}/{plan}/{}/is-open", self.name, from.0);
        let opened = Register::RoomOpened { plan, guild, space, from, until };
        self.conclude(now, Fact::Register(opened), a);
        self.tell_room(job, space, Nudge::RoomIsOpen, now, a);
        self.watch.stale = true;
    }

    fn close_room(
        &mut self,
        plan: &str,
        guild: GuildId,
        space: ChannelId,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let adults: Vec<UserId> = self.room_adults(plan, guild, space);
        for adult in adults {
            self.lock(guild, space, None, adult, None, now, a);
        }
        let job = format!("room/{}/{plan}/{}/is-closed", self.name, now.0);
        self.tell_room(job, space, Nudge::RoomIsClosed, now, a);
        let locked = Register::RoomLocked { plan: plan.to_owned(), space, at: now };
        self.conclude(now, Fact::Register(locked), a);
    }

    /// The adult of a plan; of one that has ended before its time, whichever adult is in the room in their own name.
    fn room_adults(&self, plan: &str, guild: GuildId, space: ChannelId) -> Vec<UserId> {
        if let Some(planned) = self.state.agreed.plans.plan(plan) {
            return vec![planned.plan.adult];
        }
        let Some(server) = self.servers.get(&guild) else { return Vec::new() };
        let Some(described) = server.spaces.get(&space) else { return Vec::new() };
        let named = described.overwrites.iter().filter_map(|overwrite| match overwrite.target {
            crate::domain::space::OverwriteFor::Member(person) => Some(person),
            crate::domain::space::OverwriteFor::Role(_) => None,
        });
        named.filter(|person| server.roster.kind(*person).is_adult_for_risk()).collect()
    }

    fn tell_room(&mut self, job: String, space: ChannelId, about: Nudge, now: Timestamp, a: &mut Assessment) {
        if !self.state.has_decided(&job) {
            self.conclude(now, Fact::Decided { job, effect: Effect::Notice { space, about }, case: None }, a);
        }
    }
}

/// The room that an effect's outcome names.
pub(in crate::engine) fn room_of(detail: Option<&str>) -> Option<ChannelId> {
    #[derive(serde::Deserialize)]
    struct Detail {
        room: ChannelId,
    }
    serde_json::from_str::<Detail>(detail?).ok().map(|detail| detail.room)
}

/// Whether an event changes who plans may be between.
pub(super) fn touches_plans(event: &Event) -> bool {
    matches!(event, Event::Guild(_) | Event::Members { .. } | Event::SessionBegan { .. })
}
