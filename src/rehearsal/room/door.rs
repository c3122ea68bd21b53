//! The door: who is in the club, and whom one can be.

use super::Shared;
use super::html::Html;
use crate::domain::{GuildId, Kind, UserId};
use crate::rehearsal::platform::view::PersonView;
pub(super) use crate::rehearsal::player::stage::OFFICE;

/// Whether somebody in the room can be this account: a person of the club, not the bot and not the office.
pub(super) fn can_be(shared: &Shared, person: UserId) -> bool {
    people(shared).iter().any(|(_, there)| there.id == person)
}

fn people(shared: &Shared) -> Vec<(GuildId, PersonView)> {
    let everybody: Vec<(GuildId, UserId)> =
        shared.platform.read(|state| state.guilds.values().map(|guild| (guild.id, guild.owner)).collect());
    let mut people = Vec::new();
    for (guild, owner) in everybody {
        let view = shared.platform.view(owner);
        let seen = view.guilds.into_iter().filter(|there| there.id == guild).flat_map(|there| there.people);
        people.extend(seen.filter(|there| !there.bot && there.name != OFFICE).map(|there| (guild, there)));
    }
    people
}

pub(super) fn kind_of(person: &PersonView) -> Kind {
    Kind::of_mapped(&person.roles.iter().filter_map(|role| Kind::from_role_name(role)).collect())
}

/// Whether somebody of a kind stands in a group at the door.
type Belongs = fn(Kind) -> bool;

pub(super) fn door(shared: &Shared, page: &mut Html) {
    page.raw(
        "<h1>Who would you like to be?</h1><p>Everybody here is invented. Open several windows to be several \
              people at once.</p>",
    );
    let people = people(shared);
    let groups: [(&'static str, Belongs); 4] = [
        ("Young people", Kind::is_protected),
        ("Youth workers", |kind| matches!(kind, Kind::YouthWorker | Kind::Volunteer)),
        ("Leads", Kind::is_lead),
        ("Guests", |kind| !kind.is_protected() && !kind.covers()),
    ];
    for (title, belongs) in groups {
        let some: Vec<_> = people.iter().filter(|(_, person)| belongs(kind_of(person))).collect();
        if some.is_empty() {
            continue;
        }
        page.raw("<h2>").text(title).raw("</h2><ul class=\"people\">");
        for (_, person) in some {
            page.raw("<li><a href=\"/?as=").text(person.id).raw("\"><b>").text(&person.name);
            page.raw("</b><span>").text(kind_of(person)).raw("</span></a></li>");
        }
        page.raw("</ul>");
    }
}
