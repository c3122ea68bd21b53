//! What was said in a space, and what can be done with it.

use super::html::Html;
use super::pieces::Eyes;
use crate::rehearsal::platform::view::{MessageView, SpaceView};

/// The reactions that are one press away.
const EMOJI: [&str; 4] = ["👍", "❤️", "😂", "😢"];

impl Eyes<'_> {
    pub(super) fn talk(&self) -> Html {
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
