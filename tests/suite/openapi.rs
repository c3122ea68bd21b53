//! REST exchanges against Discord's own description of its API, so that the bot and the platform cannot agree on
//! the same mistake. [`check`] takes what [`requests`](chaperone::rehearsal::platform::Handle::requests) recorded,
//! from any test.
//!
//! The description is not part of the project: it is looked for beside the checkout (or where
//! `DISCORD_OPENAPI_JSON` says), and where it is absent the check says loudly that it was skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use chaperone::rehearsal::platform::{Call, Handle, Op, Platform};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::platform::{Rest, club, options, says};

/// Where the description is looked for, from the crate's folder.
const DESCRIPTION: &str = "../shared/discord/openapi.json";

/// Where Discord itself does otherwise than its description says: body or answer, where in it (`*` for one part),
/// why. Everything else that does not conform is a mistake of the bot or of the platform.
const KNOWN: &[(Side, &str, &str)] = &[
    (Side::Body, "/allow", "bits above 2^53 only fit a string, which Discord takes"),
    (Side::Body, "/deny", "bits above 2^53 only fit a string, which Discord takes"),
    (Side::Body, "/permission_overwrites/*/allow", "bits above 2^53 only fit a string, which Discord takes"),
    (Side::Body, "/permission_overwrites/*/deny", "bits above 2^53 only fit a string, which Discord takes"),
    (Side::Answer, "/errors", "the codes of single fields are words (BASE_TYPE_REQUIRED), not numbers"),
];

/// Which half of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Body,
    Answer,
}

fn is_known(side: Side, at: &str) -> bool {
    let fits = |pattern: &str| {
        let (pattern, at): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), at.split('/').collect());
        pattern.len() == at.len()
            && pattern.iter().zip(&at).all(|(wanted, part)| *wanted == "*" || wanted == part)
    };
    KNOWN.iter().any(|(known, pattern, _)| *known == side && fits(pattern))
}

/// What came of checking some exchanges.
#[derive(Debug, Default)]
pub struct Report {
    /// Bodies and answers that were held against a schema.
    pub checked: usize,
    /// What does not conform, each with its route.
    pub problems: BTreeSet<String>,
    /// Routes and fields that the description does not have; nothing could be checked there.
    pub missing: BTreeSet<String>,
}

/// Checks every body and answer. `None` when the description is absent (said on standard error).
pub fn check(calls: &[Call]) -> Option<Report> {
    let path = std::env::var_os("DISCORD_OPENAPI_JSON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(DESCRIPTION), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(&path) else {
        // Past the test harness, which would swallow what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "\nSKIPPED: no REST exchange was checked against Discord's description of its API: {} is not there\n",
            path.display()
        );
        return None;
    };
    let mut book = Book { description: serde_json::from_str(&text).unwrap(), validators: BTreeMap::new() };
    let mut report = Report::default();
    for call in calls {
        book.exchange(call, &mut report);
    }
    for missing in &report.missing {
        let _ = writeln!(std::io::stderr(), "not in Discord's description: {missing}");
    }
    Some(report)
}

/// Checks, and fails the test when anything does not conform.
pub fn assert_conforms(calls: &[Call]) {
    if let Some(report) = check(calls) {
        let problems: Vec<String> = report.problems.into_iter().collect();
        assert!(
            problems.is_empty(),
            "{} of {} do not conform:\n{}",
            problems.len(),
            report.checked,
            problems.join("\n")
        );
    }
}

struct Book {
    description: Value,
    validators: BTreeMap<String, Validator>,
}

impl Book {
    fn exchange(&mut self, call: &Call, report: &mut Report) {
        // Lost on purpose, or the platform's own failure on purpose.
        if call.status == 0 || call.status >= 500 {
            return;
        }
        let Some(route) = self.route(&call.path) else {
            report.missing.insert(format!("route {} {}", call.method, call.path));
            return;
        };
        let operation = self.description["paths"][&route][call.method.to_lowercase()].clone();
        if operation.is_null() {
            report.missing.insert(format!("method {} {route}", call.method));
            return;
        }
        let name = format!("{} {route}", call.method);
        self.query(call, &route, &operation, &name, report);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        // A body that was refused as wrong was meant to be wrong.
        if call.status < 400 {
            match (&call.body, schema) {
                (Some(body), Value::Object(_)) => {
                    self.hold(body, schema, Side::Body, &format!("{name} body"), report);
                    self.unknown_fields(body, schema, &name, report);
                }
                (Some(body), _) if body.as_object().is_none_or(|fields| !fields.is_empty()) => {
                    report.missing.insert(format!("{name}: takes no body"));
                }
                _ => {}
            }
        }
        let answers = &operation["responses"];
        let family = format!("{}XX", call.status / 100);
        let mut answer = [call.status.to_string(), family]
            .iter()
            .map(|key| answers[key].clone())
            .find(|answer| !answer.is_null())
            .unwrap_or_default();
        if let Some(reference) = answer["$ref"].as_str() {
            answer = self.description.pointer(&reference[1..]).cloned().unwrap_or_default();
        }
        if answer.is_null() {
            report.problems.insert(format!("{name}: status {} is none of Discord's", call.status));
            return;
        }
        let schema = &answer["content"]["application/json"]["schema"];
        match (&call.answer, schema) {
            (Some(body), Value::Object(_)) => {
                self.hold(body, schema, Side::Answer, &format!("{name} answer {}", call.status), report);
            }
            (None, Value::Object(_)) => drop(report.problems.insert(format!("{name}: no answer"))),
            (Some(_), _) => drop(report.problems.insert(format!("{name}: an answer where there is none"))),
            (None, _) => {}
        }
    }

    /// The route of a path; a literal part goes before a parameter.
    fn route(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let routes = self.description["paths"].as_object()?.keys();
        let fits = |route: &&String| {
            let wanted: Vec<&str> = route.trim_matches('/').split('/').collect();
            wanted.len() == parts.len()
                && wanted.iter().zip(&parts).all(|(wanted, part)| wanted == part || wanted.starts_with('{'))
        };
        routes.filter(fits).min_by_key(|route| route.matches('{').count()).cloned()
    }

    fn query(&self, call: &Call, route: &str, operation: &Value, name: &str, report: &mut Report) {
        let shared = self.description["paths"][route]["parameters"].as_array().into_iter().flatten();
        let own = operation["parameters"].as_array().into_iter().flatten();
        let known: BTreeSet<&str> = shared
            .chain(own)
            .filter(|one| one["in"] == "query")
            .filter_map(|one| one["name"].as_str())
            .collect();
        for part in call.query.split('&').filter(|part| !part.is_empty()) {
            let field = part.split('=').next().unwrap_or_default();
            if !known.contains(field) {
                report.problems.insert(format!("{name}: no such query parameter: {field}"));
            }
        }
    }

    fn hold(&mut self, body: &Value, schema: &Value, side: Side, what: &str, report: &mut Report) {
        report.checked += 1;
        let description = &self.description;
        let validator =
            self.validators.entry(schema.to_string()).or_insert_with(|| compile(description, schema));
        for error in validator.iter_errors(body) {
            let at = error.instance_path.to_string();
            if !is_known(side, &at) {
                let text: String = error.to_string().chars().take(300).collect();
                report.problems.insert(format!("{what} at {at:?}: {text}"));
            }
        }
    }

    /// Fields of a body that the description does not know: most likely a misspelling, which no schema notices.
    fn unknown_fields(&self, body: &Value, schema: &Value, name: &str, report: &mut Report) {
        let mut known = BTreeSet::new();
        fields(&self.description, schema, &mut known, 0);
        for field in body.as_object().into_iter().flat_map(Map::keys) {
            if !known.is_empty() && !known.contains(field) {
                report.problems.insert(format!("{name}: Discord knows no field {field:?} here"));
            }
        }
    }
}

/// The names that an object of this schema may have at its top.
fn fields(description: &Value, schema: &Value, into: &mut BTreeSet<String>, depth: usize) {
    if depth > 6 {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        fields(description, description.pointer(&reference[1..]).unwrap_or(&Value::Null), into, depth + 1);
    }
    into.extend(schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned());
    for several in ["allOf", "anyOf", "oneOf"] {
        for part in schema[several].as_array().into_iter().flatten() {
            fields(description, part, into, depth + 1);
        }
    }
}

/// A validator of one schema, with only those components that it reaches.
fn compile(description: &Value, schema: &Value) -> Validator {
    let mut reached = Map::new();
    let mut open = vec![schema];
    while let Some(next) = open.pop() {
        match next {
            Value::Array(all) => open.extend(all),
            Value::Object(all) => {
                let name = all
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|to| to.strip_prefix("#/components/schemas/"));
                if let Some(name) = name
                    && !reached.contains_key(name)
                {
                    let found = &description["components"]["schemas"][name];
                    reached.insert(name.to_owned(), found.clone());
                    open.push(found);
                }
                open.extend(all.values());
            }
            _ => {}
        }
    }
    let mut whole = schema.clone();
    whole["components"] = json!({ "schemas": reached });
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&whole)
        .unwrap()
}

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
    let (guild, bot) = (names.guild, platform.bot());
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
    let until = platform.clock().now().plus(std::time::Duration::from_secs(3_600)).to_string();
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
    let _ = bot;

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

#[test]
fn a_misspelt_field_a_wrong_type_and_a_wrong_answer_are_found() {
    let call = |body: Value, answer: Value| Call {
        at: chaperone::domain::Timestamp(0),
        method: "PUT".to_owned(),
        path: "/guilds/1/incident-actions".to_owned(),
        query: String::new(),
        body: Some(body),
        reason: None,
        status: 200,
        answer: Some(answer),
    };
    let good = json!({"invites_disabled_until": null, "dms_disabled_until": "2026-03-02T18:00:00Z"});
    assert_conforms(&[call(good.clone(), good.clone())]);
    for (body, answer) in [
        (json!({"dm_disabled_until": null}), good.clone()),
        (json!({"dms_disabled_until": 3}), good.clone()),
        (json!({"dms_disabled_until": "soon"}), good.clone()),
        (good.clone(), json!({"dms_disabled_until": null})),
    ] {
        let Some(report) = check(&[call(body.clone(), answer)]) else { return };
        assert_eq!(report.problems.len(), 1, "{body}: {:?}", report.problems);
    }
}
