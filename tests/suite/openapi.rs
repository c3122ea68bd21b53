//! REST exchanges against Discord's own description of its API, so that the bot and the platform cannot agree on
//! the same mistake. [`check`] takes what [`requests`](chaperone::rehearsal::platform::Handle::requests) recorded,
//! from any test.
//!
//! The description is not part of the project: it is looked for beside the checkout (or where
//! `DISCORD_OPENAPI_JSON` says), and where it is absent the check says loudly that it was skipped.

mod routes;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use chaperone::rehearsal::platform::Call;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

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
