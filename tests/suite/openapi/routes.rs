//! Every route of the platform once, with bodies such as the bot sends, held against the description.

use std::collections::BTreeSet;

use chaperone::rehearsal::platform::{Handle, Op, Platform};
use serde_json::{Value, json};

use super::check;
use crate::platform::{Rest, club, options, says};

/// Calls a route and notes when the status is not the one that is expected.
async fn expect(rest: &Rest, status: u16, method: &str, path: &str, body: Option<Value>) -> Value {
    let (got, answer) = rest.call(method, path, body).await;
    assert_eq!(got, status, "{method} {path}: {answer}");
    answer
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

#[tokio::test]
async fn every_route_of_the_platform_conforms_to_discords_description() {
    let platform = Platform::start(options()).await.unwrap();
    let names = platform.create_guild(&club()).unwrap();
    let rest = Rest::new(&platform);
    let guild = names.guild;
    let (ella, sam, art) = (names.people["Ella"], names.people["Sam"], names.spaces["art"]);
    says(&platform, ella, art, "look <@1> what I drew");

    for path in [
        "/gateway",
        "/gateway/bot",
        "/users/@me",
        "/users/@me/guilds",
        "/applications/@me",
        "/oauth2/applications/@me",
    ] {
        expect(&rest, 200, "GET", path, None).await;
    }
    expect(&rest, 200, "GET", &format!("/users/{ella}"), None).await;

    messages(&rest, &platform, &format!("/channels/{art}")).await;
    channels_and_threads(&rest, &names).await;

    // The server and its members.
    let server = format!("/guilds/{guild}");
    for path in [
        "",
        "?with_counts=true",
        "/channels",
        "/roles",
        "/members?limit=100",
        "/audit-logs?limit=10",
        "/threads/active",
    ] {
        expect(&rest, 200, "GET", &format!("{server}{path}"), None).await;
    }
    let until = platform.clock().now().plus(std::time::Duration::from_hours(1)).to_string();
    let both = json!({"invites_disabled_until": null, "dms_disabled_until": until});
    expect(&rest, 200, "PUT", &format!("{server}/incident-actions"), Some(both)).await;
    expect(&rest, 200, "GET", &server, None).await;
    let member = format!("{server}/members/{sam}");
    expect(&rest, 200, "GET", &member, None).await;
    expect(&rest, 200, "PATCH", &member, Some(json!({ "communication_disabled_until": until }))).await;
    expect(&rest, 200, "PATCH", &member, Some(json!({"communication_disabled_until": null}))).await;
    platform.perform(Op::JoinVoice { by: sam, channel: names.spaces["studio"] }).unwrap();
    expect(&rest, 200, "GET", &format!("{server}/voice-states/{sam}"), None).await;
    expect(&rest, 200, "PATCH", &member, Some(json!({"channel_id": null}))).await;
    expect(&rest, 404, "GET", &format!("{server}/voice-states/{sam}"), None).await;
    let role = format!("{member}/roles/{}", names.roles["Young Person"]);
    expect(&rest, 204, "PUT", &role, None).await;
    expect(&rest, 204, "DELETE", &role, None).await;
    expect(&rest, 204, "DELETE", &format!("{server}/members/{}", names.people["Tom"]), None).await;

    commands_and_interactions(&rest, &platform, ella, art).await;

    // Refusals.
    expect(&rest, 404, "GET", "/channels/1", None).await;
    expect(&rest, 404, "GET", &format!("/channels/{art}/messages/1"), None).await;
    expect(
        &rest,
        403,
        "PATCH",
        &format!("{server}/members/{}", names.people["Olive"]),
        Some(json!({ "communication_disabled_until": until })),
    )
    .await;
    expect(
        &rest,
        400,
        "POST",
        &format!("/channels/{art}/messages"),
        Some(json!({"content": "x".repeat(2_001)})),
    )
    .await;
    expect(&rest, 204, "DELETE", &format!("/users/@me/guilds/{guild}"), None).await;

    let calls = platform.requests();
    if let Some(report) = check(&calls) {
        assert!(report.checked > 90, "only {} bodies and answers were checked", report.checked);
        assert_eq!(report.missing, BTreeSet::new());
        assert!(report.problems.is_empty(), "{:#?}", report.problems);
    }
}

async fn messages(rest: &Rest, platform: &Handle, channel: &str) {
    let list = format!("{channel}/messages");
    let history = expect(rest, 200, "GET", &format!("{list}?limit=50"), None).await;
    let hers = id(&history[0]);
    let body = json!({
        "content": "Please keep this to #help.",
        "nonce": "nudge-1",
        "enforce_nonce": true,
        "allowed_mentions": {"parse": [], "replied_user": false},
        "message_reference": {"message_id": hers, "fail_if_not_exists": false},
        "flags": 4096,
        "embeds": [{"title": "What now?", "description": "…", "fields": [{"name": "a", "value": "b"}], "footer": {"text": "f"}}],
        "components": [{"type": 1, "components": [
            {"type": 2, "style": 3, "label": "Acknowledge", "custom_id": "ack:1"},
            {"type": 2, "style": 5, "label": "Policy", "url": "https://example.org/policy"},
        ]}],
    });
    let own = id(&expect(rest, 200, "POST", &list, Some(body)).await);
    expect(rest, 200, "GET", &format!("{list}/{own}"), None).await;
    let edit = json!({"content": "Acknowledged.", "components": [], "embeds": []});
    expect(rest, 200, "PATCH", &format!("{list}/{own}"), Some(edit)).await;
    let emoji = "%F0%9F%8E%A8";
    expect(rest, 204, "PUT", &format!("{list}/{hers}/reactions/{emoji}/@me"), None).await;
    expect(rest, 200, "GET", &format!("{list}?after=0&limit=5"), None).await;
    expect(rest, 200, "GET", &format!("{list}?around={hers}"), None).await;
    expect(rest, 200, "GET", &format!("{list}/{hers}/reactions/{emoji}?limit=5"), None).await;
    expect(rest, 204, "DELETE", &format!("{list}/{hers}/reactions/{emoji}/@me"), None).await;
    expect(rest, 204, "DELETE", &format!("{list}/{own}"), None).await;
    let one = id(&expect(rest, 200, "POST", &list, Some(json!({"content": "one"}))).await);
    let two = id(&expect(rest, 200, "POST", &list, Some(json!({"content": "two"}))).await);
    expect(rest, 204, "POST", &format!("{list}/bulk-delete"), Some(json!({"messages": [one, two]}))).await;
    expect(rest, 204, "POST", &format!("{channel}/typing"), None).await;
    // A file and a poll of a person's, as the bot reads them.
    let found = platform.find_guild("Art Club").unwrap();
    let file = serde_json::from_value(
        json!({"filename": "a.png", "content_type": "image/png", "size": 9, "description": "alt"}),
    );
    let message =
        chaperone::rehearsal::platform::NewMessage { attachments: vec![file.unwrap()], ..Default::default() };
    platform.perform(Op::Say { by: found.people["Ella"], channel: found.spaces["art"], message }).unwrap();
    expect(rest, 200, "GET", &format!("{list}?limit=1"), None).await;
    let dm = id(&expect(
        rest,
        200,
        "POST",
        "/users/@me/channels",
        Some(json!({"recipient_id": found.people["Ella"]})),
    )
    .await);
    expect(
        rest,
        200,
        "POST",
        &format!("/channels/{dm}/messages"),
        Some(json!({"content": "Are you all right?"})),
    )
    .await;
    expect(rest, 200, "GET", &format!("/channels/{dm}"), None).await;
    expect(rest, 200, "DELETE", &format!("/channels/{dm}"), None).await;
}

async fn channels_and_threads(rest: &Rest, names: &chaperone::rehearsal::platform::Planned) {
    let (guild, art, ella, sam) =
        (names.guild, names.spaces["art"], names.people["Ella"], names.people["Sam"]);
    let everyone = json!([{"id": guild, "type": 0, "allow": "0", "deny": "1024"}]);
    let body = json!({"name": "help", "type": 0, "topic": "ask us", "permission_overwrites": everyone});
    let help = id(&expect(rest, 201, "POST", &format!("/guilds/{guild}/channels"), Some(body)).await);
    // It closed its own eyes: what is not seen is missing access.
    expect(rest, 403, "PATCH", &format!("/channels/{help}"), Some(json!({"topic": "x"}))).await;
    let channel = format!("/channels/{art}");
    expect(rest, 200, "GET", &channel, None).await;
    expect(rest, 200, "PATCH", &channel, Some(json!({"topic": "paint", "rate_limit_per_user": 5}))).await;
    let overwrite = format!("{channel}/permissions/{sam}");
    expect(rest, 204, "PUT", &overwrite, Some(json!({"type": 1, "allow": "0", "deny": "2048"}))).await;
    expect(rest, 204, "DELETE", &overwrite, None).await;
    expect(rest, 404, "DELETE", &overwrite, None).await;

    let open = json!({"name": "quick chat", "type": 12, "invitable": false, "auto_archive_duration": 1440});
    let private = id(&expect(rest, 201, "POST", &format!("{channel}/threads"), Some(open)).await);
    let public = json!({"name": "sketches", "type": 11});
    let public = id(&expect(rest, 201, "POST", &format!("{channel}/threads"), Some(public)).await);
    let history = expect(rest, 200, "GET", &format!("{channel}/messages"), None).await;
    let on = history.as_array().unwrap().iter().find(|message| message["type"] == 0).unwrap();
    let path = format!("{channel}/messages/{}/threads", id(on));
    expect(rest, 201, "POST", &path, Some(json!({"name": "about this"}))).await;
    expect(rest, 400, "POST", &path, Some(json!({"name": "about this"}))).await;
    let members = format!("/channels/{private}/thread-members");
    expect(rest, 204, "PUT", &format!("{members}/{ella}"), None).await;
    expect(rest, 200, "GET", &members, None).await;
    expect(rest, 200, "GET", &format!("{members}?with_member=true&limit=100"), None).await;
    expect(rest, 200, "GET", &format!("{members}/{ella}?with_member=true"), None).await;
    expect(rest, 200, "GET", &format!("/guilds/{guild}/threads/active"), None).await;
    expect(rest, 204, "DELETE", &format!("{members}/{ella}"), None).await;
    expect(rest, 404, "GET", &format!("{members}/{ella}"), None).await;
    expect(rest, 204, "DELETE", &format!("{members}/@me"), None).await;
    expect(rest, 204, "PUT", &format!("{members}/@me"), None).await;
    let lock = json!({"locked": true, "archived": true});
    expect(rest, 200, "PATCH", &format!("/channels/{private}"), Some(lock.clone())).await;
    expect(rest, 200, "PATCH", &format!("/channels/{public}"), Some(lock)).await;
    expect(rest, 200, "GET", &format!("{channel}/threads/archived/public"), None).await;
    expect(rest, 200, "GET", &format!("{channel}/threads/archived/private?limit=10"), None).await;
    expect(rest, 200, "GET", &format!("{channel}/users/@me/threads/archived/private"), None).await;
    expect(rest, 200, "GET", &format!("/channels/{private}"), None).await;
    expect(rest, 200, "DELETE", &format!("/channels/{public}"), None).await;
}

async fn commands_and_interactions(
    rest: &Rest,
    platform: &Handle,
    by: chaperone::domain::UserId,
    channel: chaperone::domain::ChannelId,
) {
    use chaperone::rehearsal::platform::op::CommandUse;
    let bot = platform.bot();
    let guild = platform.find_guild("Art Club").unwrap().guild;
    let global = format!("/applications/{bot}/commands");
    let own = format!("/applications/{bot}/guilds/{guild}/commands");
    let menu = json!({"name": "Report to safeguarding", "type": 3, "integration_types": [0, 1], "contexts": [0, 1, 2]});
    let report = json!({"name": "report", "description": "Tell us", "type": 1});
    expect(rest, 200, "PUT", &global, Some(json!([menu, report]))).await;
    expect(rest, 200, "GET", &global, None).await;
    expect(rest, 201, "POST", &own, Some(json!({"name": "case", "description": "A case"}))).await;
    expect(rest, 200, "POST", &own, Some(json!({"name": "case", "description": "Your case"}))).await;
    expect(rest, 200, "PUT", &own, Some(json!([]))).await;
    expect(rest, 200, "GET", &own, None).await;
    expect(rest, 400, "POST", &global, Some(json!({"name": "Not Lower Case", "description": "x"}))).await;
    let used = |platform: &Handle| {
        let command = CommandUse { name: "report".to_owned(), kind: 1, ..CommandUse::default() };
        platform.perform(Op::UseCommand { by, channel, command }).unwrap();
        let (id, token) = platform.read(|state| {
            let (id, found) = state.interactions.iter().next_back().unwrap();
            (*id, found.token.clone())
        });
        (format!("/interactions/{id}/{token}/callback"), format!("/webhooks/{bot}/{token}"))
    };
    // Deferred, privately; then the answer and a follow-up.
    let (callback, hook) = used(platform);
    expect(rest, 204, "POST", &callback, Some(json!({"type": 5, "data": {"flags": 64}}))).await;
    expect(rest, 400, "POST", &callback, Some(json!({"type": 5}))).await;
    expect(rest, 200, "PATCH", &format!("{hook}/messages/@original"), Some(json!({"content": "Thank you."})))
        .await;
    expect(rest, 200, "GET", &format!("{hook}/messages/@original"), None).await;
    let more = expect(rest, 200, "POST", &hook, Some(json!({"content": "Case C-7", "flags": 64}))).await;
    expect(
        rest,
        200,
        "PATCH",
        &format!("{hook}/messages/{}", id(&more)),
        Some(json!({"content": "Case C-8"})),
    )
    .await;
    expect(rest, 200, "GET", &format!("{hook}/messages/{}", id(&more)), None).await;
    expect(rest, 204, "DELETE", &format!("{hook}/messages/{}", id(&more)), None).await;
    expect(rest, 204, "DELETE", &format!("{hook}/messages/@original"), None).await;
    // At once, for everyone, with a button; the button changes it; a form opens.
    let (callback, _) = used(platform);
    let row =
        json!({"type": 1, "components": [{"type": 2, "style": 1, "label": "More", "custom_id": "more"}]});
    let data = json!({"content": "Hello", "components": [row]});
    let made = expect(
        rest,
        200,
        "POST",
        &format!("{callback}?with_response=true"),
        Some(json!({"type": 4, "data": data})),
    )
    .await;
    let message = made["resource"]["message"]["id"].as_str().unwrap().parse().unwrap();
    for (kind, data) in [
        (6, None),
        (7, Some(json!({"content": "Changed"}))),
        (
            9,
            Some(json!({"title": "More", "custom_id": "form", "components": [
                {"type": 1, "components": [{"type": 4, "custom_id": "what", "style": 2, "label": "What?"}]},
            ]})),
        ),
    ] {
        let custom_id = "more".to_owned();
        platform.perform(Op::Click { by, channel, message, custom_id, values: vec![] }).unwrap();
        let (id, token) = platform.read(|state| {
            let (id, found) = state.interactions.iter().next_back().unwrap();
            (*id, found.token.clone())
        });
        let mut body = json!({ "type": kind });
        if let Some(data) = data {
            body["data"] = data;
        }
        expect(rest, 204, "POST", &format!("/interactions/{id}/{token}/callback"), Some(body)).await;
    }
    expect(rest, 404, "POST", "/interactions/1/nonsense/callback", Some(json!({"type": 6}))).await;
}
