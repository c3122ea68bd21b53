//! What the club's office does to the server, as ops.

use super::act::{CannotPlay, Scene};
use crate::domain::ChannelId;
use crate::rehearsal::platform::model::{Channel, Overwrite, kind};
use crate::rehearsal::platform::op::{MemberEdit, NewChannel, RoleEdit};
use crate::rehearsal::platform::{Op, bits};
use crate::rehearsal::script::{ClubDeed, Who};

impl Scene<'_> {
    /// The op of a deed.
    pub(super) fn club(self, deed: &ClubDeed) -> Result<Op, CannotPlay> {
        let (by, guild) = (self.stage.office, self.stage.guild);
        Ok(match deed {
            ClubDeed::LiftLock { space, person } => {
                let channel = self.space(space)?;
                if self.is_thread(channel) {
                    Op::AddThreadMember { by, thread: channel, user: self.person(person) }
                } else {
                    Op::RemoveOverwrite { by, channel, target: self.person(person).0 }
                }
            }
            ClubDeed::LiftDmPause => Op::SetIncidents { by, guild, invites: None, dms: None },
            ClubDeed::RemoveBot => Op::Kick { by, guild, user: self.stage.bot },
            ClubDeed::Right { role, bits, given } => {
                let found = self.platform.read(|state| {
                    let roles = &state.guilds.get(&guild)?.roles;
                    let found = roles.values().find(|there| there.name == *role)?;
                    Some((found.id, found.permissions))
                });
                let (role, held) =
                    found.ok_or_else(|| CannotPlay::Missing(format!("there is no role \"{role}\"")))?;
                let permissions = Some(if *given { held | bits } else { held & !bits });
                Op::EditRole { by, guild, role, edit: RoleEdit { permissions, ..RoleEdit::default() } }
            }
            ClubDeed::MakeChannel { name, private_to } => {
                let closed =
                    Overwrite { id: guild.everyone().0, kind: 0, allow: 0, deny: bits::VIEW_CHANNEL };
                let open = private_to.iter().filter_map(|who| {
                    let (id, kind) = match who {
                        Who::Person(name) => (self.person(name).0, 1),
                        Who::Role(name) => (self.role_named(name)?, 0),
                    };
                    Some(Overwrite { id, kind, allow: bits::VIEW_CHANNEL, deny: 0 })
                });
                let overwrites = std::iter::once(closed).chain(open).collect();
                let channel =
                    NewChannel { kind: kind::TEXT, name: name.clone(), overwrites, ..NewChannel::default() };
                Op::CreateChannel { by, guild, channel }
            }
            ClubDeed::HideFromBot { space } => {
                let overwrite =
                    Overwrite { id: self.stage.bot.0, kind: 1, allow: 0, deny: bits::VIEW_CHANNEL };
                Op::SetOverwrite { by, channel: self.space(space)?, overwrite }
            }
            ClubDeed::Deafen { person } => Op::EditMember {
                by,
                guild,
                user: self.person(person),
                edit: MemberEdit { deaf: Some(true), ..MemberEdit::default() },
            },
        })
    }

    fn is_thread(self, channel: ChannelId) -> bool {
        self.platform.read(|state| state.channel(channel).is_ok_and(Channel::is_thread))
    }

    fn role_named(self, name: &str) -> Option<u64> {
        let roles = |state: &crate::rehearsal::platform::state::State| {
            let roles = &state.guilds.get(&self.stage.guild)?.roles;
            roles.values().find(|role| role.name == name).map(|role| role.id.0)
        };
        self.platform.read(roles)
    }
}
