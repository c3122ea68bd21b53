//! Forms below the talk: threads, voice, reports, and what the bot asks for.

use serde_json::Value;

use super::door::OFFICE;
use super::html::Html;
use super::pieces::{Eyes, is_thread};
use crate::rehearsal::platform::model::kind;
use crate::rehearsal::platform::view::{FormView, GuildView, SpaceView};

impl Eyes<'_> {
    pub(super) fn forms(&self) -> Html {
        let mut html = Html::default();
        for FormView { interaction, modal } in &self.view.forms {
            html.raw("<form class=\"sheet\" data-do=\"submit\" data-interaction=\"").text(interaction);
            html.raw("\"><h2>").text(modal["title"].as_str().unwrap_or("A form")).raw("</h2>");
            fields(modal, &mut html);
            html.raw("<button>Send</button></form>");
        }
        html
    }

    pub(super) fn tools(&self) -> Html {
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
