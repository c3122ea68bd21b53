//! Whatever a file holds, reading and replaying it ends, and ends well.

use chaperone::cli::replay::called::Callers;
use chaperone::cli::replay::export::Export;
use chaperone::cli::replay::raised::Raised;
use chaperone::cli::replay::timeline::Timeline;
use chaperone::domain::person::RoleMapping;
use chaperone::domain::zone::Zone;
use chaperone::engine::{Organisation, Policy};
use proptest::prelude::*;
use serde_json::Value;

use super::lists;

/// A JSON value of any shape, with the exporter's own keys in it.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "id",
        "guild",
        "channel",
        "messages",
        "author",
        "roles",
        "name",
        "nickname",
        "timestamp",
        "timestampEdited",
        "content",
        "type",
        "reactions",
        "users",
        "emoji",
        "count",
        "mentions",
        "reference",
        "messageId",
        "embeds",
        "fields",
        "attachments",
        "stickers",
        "forwardedMessage",
        "components",
        "isBot",
        "exportedAt",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        (0_u64..50).prop_map(|id| Value::from(id.to_string())),
        Just(Value::from("+262143-12-31T23:59:59Z")),
        Just(Value::from("0001-01-01T00:00:00+14:00")),
        Just(Value::from("2026-03-02T16:00:00Z")),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(String::from), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts `with` somewhere into `into`, chosen by `at`.
fn graft(into: &mut Value, at: usize, with: Value) {
    let size = match into {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    if size == 0 || at == 0 {
        *into = with;
        return;
    }
    let (child, rest) = (at % size, at / size);
    match into {
        Value::Array(list) => graft(&mut list[child], rest, with),
        Value::Object(map) => {
            if let Some(value) = map.values_mut().nth(child) {
                graft(value, rest, with);
            }
        }
        _ => {}
    }
}

/// Everything that is done with a file's bytes.
fn through(bytes: &[u8]) {
    let Ok(export) = Export::read(bytes) else { return };
    let timeline = Timeline::of(vec![export.clone(), export], RoleMapping::well_known());
    let mut club = Organisation::new("club", Policy::default(), timeline.mapping.clone(), lists());
    timeline
        .play(&mut club, |club, at, assessment| {
            for raised in Raised::all(club, &Callers::default(), at, assessment) {
                let _ = raised.in_words(club, &timeline, Zone::default());
            }
            Ok::<(), ()>(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        through(&bytes);
    }

    #[test]
    fn damaged_exports_never_panic(
        cut in 0_usize..4000,
        flips in prop::collection::vec((0_usize..4000, any::<u8>()), 0..6),
    ) {
        let mut bytes = include_bytes!("../fixtures/replay/club_general.json").to_vec();
        for (at, byte) in flips {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        if cut % 3 == 0 {
            bytes.truncate(cut);
        }
        through(&bytes);
    }

    #[test]
    fn exports_of_any_shape_never_panic(at in 0_usize..1_000_000, with in any_json()) {
        let mut export: Value = serde_json::from_slice(include_bytes!("../fixtures/replay/club_general.json")).unwrap();
        graft(&mut export, at, with);
        through(export.to_string().as_bytes());
    }
}
