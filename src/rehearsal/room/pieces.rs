//! The pieces of the page.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Shared;
use super::door::{can_be, door, kind_of};
use super::html::Html;
use crate::domain::{ChannelId, Kind, Timestamp, UserId};
use crate::rehearsal::platform::View;
use crate::rehearsal::platform::model::kind;
use crate::rehearsal::platform::view::{GuildView, SpaceView};
use crate::rehearsal::player::Telling;

/// Says on every page what this is.
const BANNER: &str = "Rehearsal: nobody real is paged, nothing leaves this computer.";

/// The whole page: who to be, or the room through somebody's eyes.
pub(super) fn page(shared: &Shared, person: Option<UserId>, mut looking: Option<ChannelId>) -> Html {
    let mut page = Html::default();
    page.raw(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Chaperone rehearsal</title>",
    )
    .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
    .raw("<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/room/room.css\">");
    let Some(person) = person.filter(|person| can_be(shared, *person)) else {
        page.raw("</head><body class=\"door\"><p class=\"banner\">").text(BANNER).raw("</p><main>");
        door(shared, &mut page);
        page.raw("</main></body></html>");
        return page;
    };
    let pieces = pieces(shared, person, &mut looking);
    let piece = |name: &str| Ready(pieces.get(name).and_then(Value::as_str).unwrap_or_default().to_owned());
    page.raw("<script src=\"/room/room.js\" defer></script></head><body data-me=\"").text(person);
    page.raw("\"><a class=\"skip\" href=\"#text\">To the message box</a><p class=\"banner\">").text(BANNER);
    page.raw("</p><header id=\"who\">").ready(&piece("who"));
    page.raw("</header><div class=\"room\"><nav id=\"spaces\" aria-label=\"Spaces\">")
        .ready(&piece("spaces"));
    page.raw("</nav><main><div id=\"head\">").ready(&piece("head"));
    page.raw(
        "</div><div id=\"talk\" role=\"log\" aria-live=\"polite\" tabindex=\"0\" aria-label=\"Messages\">",
    );
    page.ready(&piece("talk"));
    page.raw("</div><div id=\"forms\">").ready(&piece("forms"));
    page.raw(
        "</div><p id=\"said\" role=\"status\"></p><form id=\"say\" autocomplete=\"off\"><p id=\"reply\" hidden>\
         <span></span> <button type=\"button\" id=\"unreply\">Cancel</button></p>\
         <label for=\"text\" class=\"quiet\">Message</label><div class=\"row\">\
         <textarea id=\"text\" rows=\"2\" maxlength=\"2000\" placeholder=\"Write a message; Enter sends\"></textarea>\
         <button>Send</button></div></form><div id=\"tools\">",
    );
    page.ready(&piece("tools"));
    page.raw("</div></main><aside aria-label=\"For trainers\"><h2>For trainers: what Chaperone did</h2>");
    page.raw("<div id=\"trainer\" tabindex=\"0\" role=\"log\">").ready(&piece("trainer"));
    page.raw("</div></aside></div><noscript><p class=\"banner\">The room needs JavaScript to go on.</p></noscript>");
    page.raw("</body></html>");
    page
}

/// A piece that was rendered by this module already.
struct Ready(String);

impl Html {
    fn ready(&mut self, piece: &Ready) -> &mut Self {
        self.trusted(&piece.0)
    }
}

/// Every piece that can change, by the id of the element that holds it; `open` and `guild` are not HTML.
pub(super) fn pieces(
    shared: &Shared,
    person: UserId,
    looking: &mut Option<ChannelId>,
) -> BTreeMap<&'static str, Value> {
    let view = shared.platform.view(person);
    let spaces: Vec<&SpaceView> =
        view.guilds.iter().flat_map(|guild| &guild.spaces).chain(&view.dms).collect();
    let talkable = |space: &&&SpaceView| !matches!(space.kind, kind::CATEGORY | kind::FORUM);
    let here = looking
        .and_then(|wanted| spaces.iter().find(|space| space.id == wanted))
        .or_else(|| spaces.iter().filter(talkable).rev().max_by_key(|space| newest(space)))
        .copied();
    *looking = here.map(|space| space.id);
    let eyes = Eyes { shared, view: &view, here };
    let mut pieces = BTreeMap::new();
    for (name, piece) in [
        ("who", eyes.who()),
        ("spaces", eyes.spaces()),
        ("head", eyes.head()),
        ("talk", eyes.talk()),
        ("forms", eyes.forms()),
        ("tools", eyes.tools()),
        ("trainer", eyes.trainer()),
    ] {
        pieces.insert(name, Value::String(piece.into_string()));
    }
    let open = here.map(|space| json!({"space": space.id, "may_write": space.may_write}));
    pieces.insert("open", open.unwrap_or(Value::Null));
    pieces
}

/// The newest message of a space: the room opens where something was said last.
fn newest(space: &SpaceView) -> Option<u64> {
    space.messages.last().map(|message| message.id.0)
}

/// The room through somebody's eyes.
pub(super) struct Eyes<'e> {
    pub(super) shared: &'e Shared,
    pub(super) view: &'e View,
    pub(super) here: Option<&'e SpaceView>,
}

impl Eyes<'_> {
    pub(super) fn time(&self, at: Timestamp) -> String {
        self.shared.room.zone.local(at).format("%a %H:%M").to_string()
    }

    pub(super) fn name(&self, person: UserId) -> String {
        let everybody = self.view.guilds.iter().flat_map(|guild| &guild.people);
        everybody
            .filter(|there| there.id == person)
            .map(|there| there.name.clone())
            .next()
            .unwrap_or_else(|| "somebody".to_owned())
    }

    pub(super) fn kind(&self, person: UserId) -> Option<Kind> {
        let mut everybody = self.view.guilds.iter().flat_map(|guild| &guild.people);
        everybody
            .find(|there| there.id == person)
            .map(|there| if there.bot { Kind::Bot } else { kind_of(there) })
    }

    fn who(&self) -> Html {
        let mut html = Html::default();
        let now = self.shared.room.zone.local(self.shared.platform.clock().now());
        html.raw("<span>You are <b>").text(&self.view.name).raw("</b>");
        if let Some(kind) = self.kind(self.view.user) {
            html.raw(", ").text(kind);
        }
        html.raw("</span><time>").text(now.format("%A %-d %B, %H:%M"));
        html.raw("</time><a href=\"/\">Be somebody else</a>");
        html
    }

    fn spaces(&self) -> Html {
        let mut html = Html::default();
        for guild in &self.view.guilds {
            html.raw("<h2>").text(&guild.name).raw("</h2>");
            if guild.dms_paused_until.is_some() {
                html.raw("<p class=\"note\">Direct messages between members are paused.</p>");
            }
            html.raw("<ul>");
            let top = |space: &&SpaceView| space.parent.is_none() && space.kind != kind::CATEGORY;
            for space in guild.spaces.iter().filter(top) {
                self.channel(guild, space, &mut html);
            }
            for category in guild.spaces.iter().filter(|space| space.kind == kind::CATEGORY) {
                let within: Vec<_> =
                    guild.spaces.iter().filter(|space| space.parent == Some(category.id)).collect();
                if !within.is_empty() {
                    html.raw("<li class=\"category\">").text(&category.name).raw("</li>");
                }
                for space in within {
                    self.channel(guild, space, &mut html);
                }
            }
            html.raw("</ul>");
        }
        html.raw("<h2>Private messages</h2><ul>");
        for dm in &self.view.dms {
            self.entry(dm, "@", &mut html);
        }
        let bot = self.shared.platform.bot();
        if !self.view.dms.iter().any(|dm| dm.members.contains(&bot)) {
            html.raw("<li><button data-do=\"bot\">@ Write to Chaperone</button></li>");
        }
        html.raw("</ul>");
        html
    }

    fn channel(&self, guild: &GuildView, space: &SpaceView, html: &mut Html) {
        let voice = matches!(space.kind, kind::VOICE | kind::STAGE);
        self.entry(space, if voice { "♪" } else { "#" }, html);
        for person in &space.in_voice {
            html.raw("<li class=\"in-voice\">").text(self.name(*person)).raw("</li>");
        }
        for thread in
            guild.spaces.iter().filter(|thread| is_thread(thread) && thread.parent == Some(space.id))
        {
            self.entry(thread, "↳", html);
        }
    }

    fn entry(&self, space: &SpaceView, sign: &'static str, html: &mut Html) {
        html.raw("<li");
        if is_thread(space) {
            html.raw(" class=\"thread\"");
        }
        html.raw("><button data-do=\"look\" data-space=\"").text(space.id).raw("\"");
        if self.here.is_some_and(|here| here.id == space.id) {
            html.raw(" aria-current=\"true\"");
        }
        html.raw("><i aria-hidden=\"true\">").raw(sign).raw("</i> ").text(&space.name);
        if space.kind == kind::PRIVATE_THREAD {
            html.raw(" <small>private</small>");
        }
        if !space.may_write && !matches!(space.kind, kind::FORUM) {
            html.raw(" <small>reading only</small>");
        }
        if space.messages.iter().any(|message| !message.components.is_empty()) {
            html.raw(" <small class=\"waits\">waits for an answer</small>");
        }
        html.raw("</button></li>");
    }

    fn head(&self) -> Html {
        let mut html = Html::default();
        let Some(here) = self.here else {
            html.raw("<h1>Nothing here is open to you</h1>");
            return html;
        };
        html.raw("<h1>").text(&here.name).raw("</h1>");
        if is_thread(here) {
            html.raw("<p>").raw(if here.kind == kind::PRIVATE_THREAD { "Private thread" } else { "Thread" });
            let names: Vec<String> = here.members.iter().map(|member| self.name(*member)).collect();
            html.raw(", in it: ").text(names.join(", ")).raw("</p>");
        }
        if !here.may_write && here.kind != kind::FORUM {
            html.raw("<p class=\"note\">You can read here and not write.</p>");
        }
        html
    }

    fn trainer(&self) -> Html {
        let mut html = Html::default();
        let told = self.shared.room.told.lock();
        if told.is_empty() {
            html.raw("<p class=\"empty\">Nothing yet.</p>");
        }
        for Telling { at, kind, text } in told.iter() {
            html.raw("<p class=\"").raw(kind).raw("\">");
            if *kind != "scene" {
                html.raw("<time>").text(self.time(*at)).raw("</time> ");
            }
            html.text(text).raw("</p>");
        }
        html
    }
}

pub(super) fn is_thread(space: &SpaceView) -> bool {
    matches!(space.kind, kind::PUBLIC_THREAD | kind::PRIVATE_THREAD | kind::ANNOUNCEMENT_THREAD)
}
