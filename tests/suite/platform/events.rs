//! Every event and every interaction of the platform, read by the models of twilight and serenity.

use std::collections::BTreeSet;
use std::time::Duration;

use chaperone::domain::{MessageId, RoleId};
use chaperone::rehearsal::platform::model::{Overwrite, kind};
use chaperone::rehearsal::platform::op::{
    ChannelEdit, CommandUse, MemberEdit, MessageEdit, NewChannel, NewRole, NewThread, RoleEdit,
};
use chaperone::rehearsal::platform::{Answer, Handle, NewMessage, Op, Planned, bits};
use serde_json::json;

use super::{Bot, Rest, started};

/// What serenity's models make of our interactions: the bot reads them with the same types.
#[tokio::test]
async fn serenity_reads_every_interaction() {
    use serenity::model::application::Interaction;
    let (platform, names) = started().await;
    let rest = Rest::new(&platform);
    let (ella, art) = (names.people["Ella"], names.spaces["art"]);
    let commands = json!([
        {"name": "report", "description": "Tell us", "options": [{"type": 6, "name": "who", "description": "who"}]},
        {"name": "Report to safeguarding", "type": 3, "contexts": [0, 1, 2], "integration_types": [0, 1]},
        {"name": "Report person", "type": 2},
    ]);
    let path = format!("/applications/{}/commands", platform.bot());
    assert_eq!(rest.call("PUT", &path, Some(commands)).await.0, 200);
    let mut bot = Bot::new(&platform, 0, 1);
    bot.until("GUILD_CREATE").await;
    let button = json!({"type": 2, "style": 1, "label": "Help", "custom_id": "help"});
    let body = json!({"content": "I am here", "components": [{"type": 1, "components": [button]}]});
    let (_, message) = rest.call("POST", &format!("/channels/{art}/messages"), Some(body)).await;
    let id: u64 = message["id"].as_str().unwrap().parse().unwrap();
    let Answer::Channel(dm) = platform.perform(Op::OpenDm { by: ella, with: platform.bot() }).unwrap().answer
    else {
        panic!("no channel")
    };
    let used = |name: &str, kind, target| CommandUse {
        name: name.to_owned(),
        kind,
        target,
        ..CommandUse::default()
    };
    let who = CommandUse {
        options: vec![json!({"type": 6, "name": "who", "value": names.people["Sam"]})],
        ..used("report", 1, None)
    };
    let ops = vec![
        Op::UseCommand { by: ella, channel: art, command: who.clone() },
        Op::UseCommand { by: ella, channel: dm, command: who },
        Op::UseCommand { by: ella, channel: art, command: used("Report to safeguarding", 3, Some(id)) },
        Op::UseCommand {
            by: ella,
            channel: art,
            command: used("Report person", 2, Some(names.people["Sam"].0)),
        },
        Op::Click {
            by: ella,
            channel: art,
            message: MessageId(id),
            custom_id: "help".to_owned(),
            values: vec![],
        },
    ];
    for op in ops {
        platform.perform(op.clone()).unwrap();
        let (_, data) = bot.until("INTERACTION_CREATE").await;
        let read: Interaction =
            serde_json::from_value(data.clone()).unwrap_or_else(|error| panic!("{error}: {data}"));
        let path = format!("/interactions/{}/{}/callback", read.id(), read.token());
        let form = json!({"title": "More", "custom_id": "more", "components": [
            {"type": 1, "components": [{"type": 4, "custom_id": "what", "style": 2, "label": "What happened?"}]},
        ]});
        assert_eq!(rest.call("POST", &path, Some(json!({"type": 9, "data": form}))).await.0, 204);
        let interaction = platform.view(ella).forms[0].interaction;
        let fields = [("what".to_owned(), "he asked for my number".to_owned())].into();
        platform.perform(Op::SubmitModal { by: ella, interaction, fields }).unwrap();
        let (_, data) = bot.until("INTERACTION_CREATE").await;
        let read: Interaction =
            serde_json::from_value(data.clone()).unwrap_or_else(|error| panic!("{error}: {data}"));
        assert!(matches!(read, Interaction::Modal(_)), "{op:?}");
    }
}

/// Does one thing of every sort, so that every event that the platform has goes over the wire.
fn everything(platform: &Handle, names: &Planned) {
    let (guild, art, owner) = (names.guild, names.spaces["art"], names.people["Olive"]);
    let (ella, sam, bot) = (names.people["Ella"], names.people["Sam"], platform.bot());
    let does =
        |op: Op| platform.perform(op.clone()).unwrap_or_else(|refused| panic!("{refused}: {op:?}")).answer;
    let said = |by, channel, message| match does(Op::Say { by, channel, message }) {
        Answer::Message(_, id) => id,
        other => panic!("{other:?}"),
    };
    // Messages: with a file, a poll, a forward, a reply; edited, reacted to, deleted.
    let file = serde_json::from_value(json!({"filename": "a.png", "content_type": "image/png"})).unwrap();
    let first = said(ella, art, NewMessage { attachments: vec![file], ..NewMessage::text("look @everyone") });
    said(sam, art, NewMessage { reply_to: Some(first), ..NewMessage::text("lovely") });
    let forward = json!({
        "message_reference": {"channel_id": art, "message_id": first},
        "message_snapshots": [{"message": {
            "type": 0, "content": "look", "embeds": [], "attachments": [], "flags": 0, "mentions": [],
            "mention_roles": [], "components": [], "timestamp": "2026-03-02T17:00:00.000000+00:00",
            "edited_timestamp": null,
        }}],
    });
    said(sam, art, NewMessage { more: forward.as_object().unwrap().clone(), ..NewMessage::default() });
    let edit = MessageEdit { content: Some("look again".to_owned()), ..MessageEdit::default() };
    does(Op::Edit { by: ella, channel: art, message: first, edit });
    does(Op::React { by: sam, channel: art, message: first, emoji: "🎨".to_owned() });
    does(Op::Unreact { by: sam, channel: art, message: first, emoji: "🎨".to_owned(), user: sam });
    let two: Vec<MessageId> =
        ["a", "b"].into_iter().map(|text| said(ella, art, NewMessage::text(text))).collect();
    does(Op::BulkDelete { by: bot, channel: art, messages: two });
    does(Op::Delete { by: bot, channel: art, message: first });
    does(Op::AutoModBlocks {
        user: ella,
        channel: art,
        content: "xyz".to_owned(),
        keyword: "xyz".to_owned(),
    });
    // Channels, overwrites, threads.
    let new = NewChannel { kind: kind::VOICE, name: "booth".to_owned(), ..NewChannel::default() };
    let Answer::Channel(booth) = does(Op::CreateChannel { by: owner, guild, channel: new }) else { panic!() };
    let overwrite = Overwrite { id: sam.0, kind: 1, allow: 0, deny: bits::CONNECT };
    does(Op::SetOverwrite { by: owner, channel: booth, overwrite });
    does(Op::RemoveOverwrite { by: owner, channel: booth, target: sam.0 });
    does(Op::DeleteChannel { by: owner, channel: booth });
    for private in [true, false] {
        let thread =
            NewThread { name: "chat".to_owned(), private, invite: vec![ella], ..NewThread::default() };
        let Answer::Channel(thread) = does(Op::OpenThread { by: sam, channel: art, thread }) else {
            panic!()
        };
        does(Op::AddThreadMember { by: sam, thread, user: bot });
        does(Op::RemoveThreadMember { by: sam, thread, user: sam });
        let lock = ChannelEdit { locked: Some(true), archived: Some(true), ..ChannelEdit::default() };
        does(Op::EditChannel { by: bot, channel: thread, edit: lock });
        does(Op::DeleteChannel { by: bot, channel: thread });
    }
    // Roles, members, voice, incidents, direct messages.
    let role = NewRole { name: "New".to_owned(), ..NewRole::default() };
    let Answer::Role(role) = does(Op::CreateRole { by: owner, guild, role }) else { panic!() };
    let edit = RoleEdit { permissions: Some(bits::KICK_MEMBERS), ..RoleEdit::default() };
    does(Op::EditRole { by: owner, guild, role, edit });
    let nick: Option<Option<String>> = Some(Some("Sammy".to_owned()));
    let roles: Option<Vec<RoleId>> = Some(vec![role]);
    does(Op::EditMember {
        by: owner,
        guild,
        user: sam,
        edit: MemberEdit { nick, roles, ..MemberEdit::default() },
    });
    does(Op::DeleteRole { by: owner, guild, role });
    does(Op::JoinVoice { by: sam, channel: names.spaces["studio"] });
    does(Op::LeaveVoice { by: sam, guild });
    let until = Some(platform.clock().now().plus(Duration::from_mins(1)));
    does(Op::SetIncidents { by: owner, guild, invites: until, dms: until });
    let Answer::Channel(dm) = does(Op::OpenDm { by: ella, with: bot }) else { panic!() };
    said(ella, dm, NewMessage::text("hello"));
    let Answer::User(new) = does(Op::CreateUser { name: "Noor".to_owned(), bot: false }) else { panic!() };
    does(Op::JoinGuild { user: new, guild, roles: vec![] });
    does(Op::LeaveGuild { user: new, guild });
    does(Op::Kick { by: owner, guild, user: bot });
    does(Op::JoinGuild { user: bot, guild, roles: vec![] });
}

#[tokio::test]
async fn twilight_reads_every_event_that_the_platform_has() {
    let (platform, names) = started().await;
    let mut bot = Bot::new(&platform, 0, 1);
    bot.until("GUILD_CREATE").await;
    everything(&platform, &names);
    let (heard, _) = bot.until("GUILD_CREATE").await;
    let heard: BTreeSet<&str> = heard.iter().map(String::as_str).collect();
    let wanted = [
        "AUTO_MODERATION_ACTION_EXECUTION",
        "CHANNEL_CREATE",
        "CHANNEL_DELETE",
        "CHANNEL_UPDATE",
        "GUILD_AUDIT_LOG_ENTRY_CREATE",
        "GUILD_CREATE",
        "GUILD_DELETE",
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_DELETE",
        "GUILD_ROLE_UPDATE",
        "GUILD_UPDATE",
        "MESSAGE_CREATE",
        "MESSAGE_DELETE",
        "MESSAGE_DELETE_BULK",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE",
        "MESSAGE_UPDATE",
        "THREAD_CREATE",
        "THREAD_DELETE",
        "THREAD_MEMBERS_UPDATE",
        "THREAD_UPDATE",
        "VOICE_STATE_UPDATE",
    ];
    assert_eq!(heard, wanted.into_iter().collect());
}
