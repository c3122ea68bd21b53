//! The pieces of the page.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Shared;
use super::html::Html;
use crate::domain::{ChannelId, GuildId, Kind, Timestamp, UserId};
use crate::rehearsal::platform::View;
use crate::rehearsal::platform::model::kind;
use crate::rehearsal::platform::view::{FormView, GuildView, MessageView, PersonView, SpaceView};
use crate::rehearsal::player::Telling;
use crate::rehearsal::player::stage::OFFICE;

/// Says on every page what this is.
const BANNER: &str = "Rehearsal: nobody real is paged, nothing leaves this computer.";

/// The reactions that are one press away.
const EMOJI: [&str; 4] = ["👍", "❤️", "😂", "😢"];

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

fn kind_of(person: &PersonView) -> Kind {
    Kind::of_mapped(&person.roles.iter().filter_map(|role| Kind::from_role_name(role)).collect())
}

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

/// Whether somebody of a kind stands in a group at the door.
type Belongs = fn(Kind) -> bool;

fn door(shared: &Shared, page: &mut Html) {
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
struct Eyes<'e> {
    shared: &'e Shared,
    view: &'e View,
    here: Option<&'e SpaceView>,
}

impl Eyes<'_> {
    fn time(&self, at: Timestamp) -> String {
        self.shared.room.zone.local(at).format("%a %H:%M").to_string()
    }

    fn name(&self, person: UserId) -> String {
        let everybody = self.view.guilds.iter().flat_map(|guild| &guild.people);
        everybody
            .filter(|there| there.id == person)
            .map(|there| there.name.clone())
            .next()
            .unwrap_or_else(|| "somebody".to_owned())
    }

    fn kind(&self, person: UserId) -> Option<Kind> {
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

    fn talk(&self) -> Html {
        let mut html = Html::default();
        let Some(here) = self.here else { return html };
        if here.messages.is_empty() {
            html.raw("<p class=\"empty\">Nobody has said anything here yet.</p>");
        }
        for message in &here.messages {
            self.message(here, message, &mut html);
        }
        html
    }

    fn message(&self, here: &SpaceView, message: &MessageView, html: &mut Html) {
        html.raw("<article");
        if message.removed_by.is_some() {
            html.raw(" class=\"gone\"");
        } else if message.only_you {
            html.raw(" class=\"only-you\"");
        }
        html.raw("><p class=\"by\"><b>").text(&message.author_name).raw("</b>");
        if let Some(kind) = self.kind(message.author) {
            html.raw(" <span>").text(kind).raw("</span>");
        }
        html.raw(" <time>").text(self.time(message.at)).raw("</time>");
        if message.edited {
            html.raw(" <span>edited</span>");
        }
        if message.only_you {
            html.raw(" <span>only you see this</span>");
        }
        html.raw("</p>");
        if let Some(remover) = message.removed_by {
            let bot = remover == self.shared.platform.bot();
            html.raw("<p class=\"removed\">");
            html.raw(if bot {
                "This message was taken out of sight by Chaperone."
            } else {
                "This message was deleted."
            });
            html.raw("</p></article>");
            return;
        }
        if let Some(answered) =
            message.reply_to.and_then(|id| here.messages.iter().find(|there| there.id == id))
        {
            html.raw("<blockquote>").text(&answered.author_name).raw(": ");
            html.text(answered.content.chars().take(80).collect::<String>()).raw("</blockquote>");
        }
        html.raw("<p class=\"text\">");
        html.text(if message.thinking { "…".to_owned() } else { self.with_names(&message.content) });
        html.raw("</p>");
        for embed in &message.embeds {
            html.raw("<p class=\"embed\">");
            for part in ["title", "description"] {
                html.text(embed[part].as_str().unwrap_or_default()).raw(" ");
            }
            html.raw("</p>");
        }
        for file in &message.attachments {
            html.raw("<p class=\"file\">File: ").text(&file.filename).raw(" (described only)</p>");
        }
        buttons(here, message, html);
        html.raw("<p class=\"reactions\">");
        for (emoji, count) in &message.reactions {
            html.raw("<span>").text(emoji).raw(" ").text(count).raw("</span>");
        }
        html.raw("</p>");
        if !message.only_you {
            self.actions(here, message, html);
        }
        html.raw("</article>");
    }

    /// `<@123>` as the name that it stands for.
    fn with_names(&self, content: &str) -> String {
        let mut out = String::new();
        let mut rest = content;
        while let Some((before, after)) = rest.split_once("<@") {
            out.push_str(before);
            let found = after.split_once('>').and_then(|(id, tail)| Some((id.parse().ok()?, tail)));
            if let Some((id, tail)) = found {
                out.push('@');
                out.push_str(&self.name(id));
                rest = tail;
            } else {
                out.push_str("<@");
                rest = after;
            }
        }
        out + rest
    }

    fn actions(&self, here: &SpaceView, message: &MessageView, html: &mut Html) {
        let start = |html: &mut Html, what: &'static str, label: &'static str| {
            html.raw("<button data-do=\"").raw(what).raw("\" data-space=\"").text(here.id);
            html.raw("\" data-message=\"").text(message.id).raw("\" aria-label=\"").raw(label).raw("\"");
        };
        html.raw("<p class=\"actions\">");
        if here.may_write {
            start(html, "reply", "Reply");
            html.raw(" data-name=\"").text(&message.author_name).raw("\">Reply</button>");
            for emoji in EMOJI {
                start(html, "react", "React");
                html.raw(" data-emoji=\"").raw(emoji).raw("\">").raw(emoji).raw("</button>");
            }
        }
        if message.author == self.view.user {
            start(html, "edit", "Edit");
            html.raw(" data-text=\"").text(&message.content).raw("\">Edit</button>");
            start(html, "delete", "Delete");
            html.raw(">Delete</button>");
        } else if message.author != self.shared.platform.bot() {
            start(html, "report", "Report to safeguarding");
            html.raw(">Report to safeguarding</button>");
        }
        html.raw("</p>");
    }

    fn forms(&self) -> Html {
        let mut html = Html::default();
        for FormView { interaction, modal } in &self.view.forms {
            html.raw("<form class=\"sheet\" data-do=\"submit\" data-interaction=\"").text(interaction);
            html.raw("\"><h2>").text(modal["title"].as_str().unwrap_or("A form")).raw("</h2>");
            fields(modal, &mut html);
            html.raw("<button>Send</button></form>");
        }
        html
    }

    fn tools(&self) -> Html {
        let mut html = Html::default();
        let Some(here) = self.here else { return html };
        let guild =
            self.view.guilds.iter().find(|guild| guild.spaces.iter().any(|space| space.id == here.id));
        if let Some(guild) = guild {
            if here.in_voice.contains(&self.view.user) {
                html.raw("<button data-do=\"leave-voice\" data-guild=\"").text(guild.id);
                html.raw("\">Leave the voice room</button>");
            } else if here.may_join_voice {
                html.raw("<button data-do=\"join-voice\" data-space=\"").text(here.id);
                html.raw("\">Join by voice</button>");
            }
            if is_thread(here) {
                self.thread_tools(guild, here, &mut html);
            } else if here.kind == kind::TEXT && here.may_open_private_thread {
                self.open_thread(guild, here, &mut html);
            }
        }
        html.raw("<details><summary>Report to safeguarding in your own words</summary>");
        html.raw("<form data-do=\"report-words\"><label>What happened? <textarea name=\"words\" rows=\"3\" required>");
        html.raw("</textarea></label><button>Send the report</button></form></details>");
        html
    }

    fn thread_tools(&self, guild: &GuildView, here: &SpaceView, html: &mut Html) {
        html.raw("<details><summary>Bring somebody in</summary><form data-do=\"add\" data-space=\"")
            .text(here.id);
        html.raw("\"><label>Who <select name=\"person\">");
        for person in guild.people.iter().filter(|person| !person.bot && !here.members.contains(&person.id)) {
            html.raw("<option value=\"").text(person.id).raw("\">").text(&person.name).raw("</option>");
        }
        html.raw("</select></label><button>Bring in</button></form></details>");
        if here.members.contains(&self.view.user) {
            html.raw("<button data-do=\"leave\" data-space=\"")
                .text(here.id)
                .raw("\">Leave this thread</button>");
        }
    }

    fn open_thread(&self, guild: &GuildView, here: &SpaceView, html: &mut Html) {
        html.raw("<details><summary>Open a thread</summary><form data-do=\"thread\" data-space=\"")
            .text(here.id);
        html.raw("\"><label>Name <input name=\"name\" required maxlength=\"100\"></label>");
        html.raw("<label><input type=\"checkbox\" name=\"private\" checked> private</label><fieldset><legend>With</legend>");
        let others = guild.people.iter().filter(|person| person.id != self.view.user && !person.bot);
        for person in others.filter(|person| person.name != OFFICE) {
            html.raw("<label><input type=\"checkbox\" name=\"with\" value=\"").text(person.id).raw("\"> ");
            html.text(&person.name).raw("</label>");
        }
        html.raw("</fieldset><button>Open it</button></form></details>");
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

/// The bot's buttons below a message.
fn buttons(here: &SpaceView, message: &MessageView, html: &mut Html) {
    let rows = message.components.iter().flat_map(|row| row["components"].as_array().into_iter().flatten());
    for button in rows.filter(|component| component["type"] == 2) {
        let (Some(id), label) = (button["custom_id"].as_str(), button["label"].as_str()) else {
            continue;
        };
        html.raw("<button class=\"press\" data-do=\"click\" data-space=\"").text(here.id);
        html.raw("\" data-message=\"").text(message.id).raw("\" data-button=\"").text(id).raw("\">");
        html.text(label.unwrap_or("Press")).raw("</button>");
    }
}

fn is_thread(space: &SpaceView) -> bool {
    matches!(space.kind, kind::PUBLIC_THREAD | kind::PRIVATE_THREAD | kind::ANNOUNCEMENT_THREAD)
}

/// The text fields of a form that the bot opened.
fn fields(part: &Value, html: &mut Html) {
    if part["type"] == 4
        && let Some(id) = part["custom_id"].as_str()
    {
        html.raw("<label>").text(part["label"].as_str().unwrap_or("Your words"));
        html.raw(" <textarea rows=\"3\" name=\"").text(id).raw("\"></textarea></label>");
    }
    let inner = part["components"].as_array().into_iter().flatten();
    for one in inner.chain(Some(&part["component"]).filter(|one| one.is_object())) {
        fields(one, html);
    }
}
