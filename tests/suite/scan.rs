//! `scan`: one text at a time, whatever stands in the line.

use std::sync::Arc;

use chaperone::cli::scan::{Args, run_with, scan};
use chaperone::text::Lists;
use proptest::prelude::*;
use serde_json::{Value, json};

fn answers(input: &[u8]) -> (u8, Vec<Value>) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = run_with(&Args { config: None }, input, &mut out, &mut err);
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
    let lines =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (status, lines)
}

#[test]
fn ids_are_echoed_as_given() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let input = "{\"id\":\"a\\u0041\",\"text\":\"hi\"}\r\n{ \"text\": \"hi\", \"label\": 1, \"id\" : 12345678901234567890123.50 }";
    assert_eq!(run_with(&Args { config: None }, input.as_bytes(), &mut out, &mut err), 0);
    let nothing = r#""abusive":false,"level":0,"categories":[],"codes":[],"spans":[]}"#;
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!("{{\"id\":\"a\\u0041\",{nothing}\n{{\"id\":12345678901234567890123.50,{nothing}\n")
    );
}

#[test]
fn a_bad_line_says_so_and_the_run_goes_on() {
    let deep = format!("{{\"id\":1,\"text\":\"a\",\"more\":{}", "[".repeat(100_000));
    let long = format!("{{\"id\":1,\"text\":\"{}\"}}", "a".repeat(4 * 1024 * 1024));
    let bad: &[(&[u8], &str)] = &[
        (b"", "empty"),
        (b"hello", "not an object"),
        (b"{\"id\":1,\"text\":\"cut", "not JSON"),
        (b"{\"id\":1,\"text\":\"a\xFFb\"}", "not UTF-8"),
        (b"{\"id\":1}", "\"text\""),
        (b"{\"text\":\"a\"}", "\"id\""),
        (b"{\"id\":null,\"text\":\"a\"}", "\"id\""),
        (b"{\"id\":[1],\"text\":\"a\"}", "\"id\""),
        (b"{\"id\":1,\"text\":7}", "\"text\""),
        (b"[1,\"a\"]", "not an object"),
        (b"{\"id\":1,\"text\":\"\\ud800\"}", "not JSON"),
        (deep.as_bytes(), "not JSON"),
        (long.as_bytes(), "longer than 4 MiB"),
    ];
    for (line, why) in bad {
        let input = [b"{\"id\":1,\"text\":\"a\"}\n", *line, b"\n{\"id\":2,\"text\":\"a\"}\n"].concat();
        let (status, answers) = answers(&input);
        assert_eq!(status, 1);
        let shown = String::from_utf8_lossy(&line[..line.len().min(40)]);
        assert_eq!(answers.len(), 3, "{shown}");
        assert_eq!((&answers[1]["id"], &answers[1]["line"]), (&Value::Null, &json!(2)), "{shown}");
        assert!(answers[1]["error"].as_str().unwrap().contains(why), "{shown}: {}", answers[1]);
        assert_eq!((&answers[0]["id"], &answers[2]["id"]), (&json!(1), &json!(2)));
    }
}

#[test]
fn what_attacks_is_told_from_what_is_serious_and_from_what_is_neither() {
    // text, abusive, level, codes
    let table: &[(&str, bool, u64, &[&str])] = &[
        ("see you at club tonight", false, 0, &[]),
        ("kys", true, 4, &["suicide-encouragement"]),
        ("he said kys in game and got banned", false, 0, &[]),
        ("the warning sign says \"kys\" is never ok", false, 0, &[]),
        ("i'm such an idiot, forgot my kit", false, 0, &[]),
        ("ur such a loser", true, 2, &["insult", "ridicule"]),
        ("keep this between us ok", false, 1, &["secrecy-request"]),
        ("meet me on saturday, keep it between us", false, 2, &["secrecy-request", "meeting-request"]),
        ("i want to kill myself", false, 4, &["suicidal-feelings"]),
    ];
    for (text, abusive, level, codes) in table {
        let (status, answers) = answers(json!({"id": 1, "text": text}).to_string().as_bytes());
        assert_eq!(status, 0);
        let [answer] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(
            (&answer["abusive"], &answer["level"], &answer["codes"]),
            (&json!(abusive), &json!(level), &json!(codes)),
            "{text:?}"
        );
    }
}

#[test]
fn spans_are_half_open_ranges_of_scalar_values_of_the_text_as_given() {
    let (_, answers) = answers("{\"id\":1,\"text\":\"\\ud83d\\ude00é … kуs\"}".as_bytes());
    assert_eq!(answers[0]["spans"], json!([{"start": 5, "end": 8, "code": "suicide-encouragement"}]));
    assert_eq!(answers[0]["categories"], json!(["bullying"]));
}

#[test]
fn the_longest_line_is_read() {
    let frame = "{\"id\":1,\"text\":\"\"}".len();
    let line = format!("{{\"id\":1,\"text\":\"{}\"}}", "a ".repeat((4 * 1024 * 1024 - frame) / 2));
    let (status, answers) = answers(line.as_bytes());
    assert_eq!((status, &answers[0]["id"]), (0, &json!(1)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_has_its_answer(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8)) {
        let mut input = lines.join(&b'\n');
        input.push(b'\n');
        let count = input.split(|byte| *byte == b'\n').count();
        let mut out = Vec::new();
        scan(&lists(), &input[..], &mut out).unwrap();
        prop_assert_eq!(out.split(|byte| *byte == b'\n').count(), count);
    }

    #[test]
    fn any_text_is_judged(text in any::<String>()) {
        let input = json!({"id": "1", "text": text}).to_string();
        let mut out = Vec::new();
        prop_assert!(scan(&lists(), input.as_bytes(), &mut out).unwrap());
        let answer: Value = serde_json::from_slice(&out).unwrap();
        let length = text.chars().count() as u64;
        for span in answer["spans"].as_array().unwrap() {
            let (start, end) = (span["start"].as_u64().unwrap(), span["end"].as_u64().unwrap());
            prop_assert!(start <= end && end <= length);
        }
    }
}

fn lists() -> Arc<Lists> {
    Lists::shared()
}
