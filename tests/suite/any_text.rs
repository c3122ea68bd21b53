//! Whatever somebody types or writes into a list: nothing breaks, places stay inside, the same is read twice.
//!
//! A few hundred texts in every run; many more when asked for:
//!
//! ```text
//! CHAPERONE_FUZZ_CASES=2000000 cargo test --release --test suite -- any_text
//! ```
//!
//! What was once found stands in the tables of the unit tests.

use std::sync::Arc;

use chaperone::detect::content::{self, Speaker};
use chaperone::detect::verdict::Verdict;
use chaperone::text::Lists;
use chaperone::text::find;
use chaperone::text::fold::Folded;
use chaperone::text::matcher::BUILTIN;
use proptest::prelude::*;

fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("CHAPERONE_FUZZ_CASES").ok().and_then(|asked| asked.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(usual), failure_persistence: None, ..ProptestConfig::default() }
}

/// Pieces that the readers look for, one after the other in any order, with anything between.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "kys", "k.y.s", "k y s", "k!ll", "kkiillll", "||", "**", "`", "```", "> ", ">>> ", "\"", "'", "’", "<@1>", "<:x:1>",
            "https://", "hxxp", "[.]", " dot com", ".com", "@", "#1234", "07700 900123", "+44 (0)", "4111 1111 1111 1111",
            "12-34-56 12345678", "e17 4qp", "12 oak road", " school", "my snap is ", "password is ", "%6b%79", "%", "%f0%9f",
            "\u{200b}", "\u{301}", "\u{202e}", "🇰🇾", "🔪", "ʞʎs", "ｋ", "кс", "İ", "ß", "ﬃ", "\n", "?", "...", " not ", " you ",
            "oh seven seven double ", "seven", ".exe", ".pdf.exe", "discord.gg/x", "é.com", "a.b.", "-", "_", "\0",
        ]).prop_map(str::to_owned),
        2 => "[a-z0-9 ]{0,12}",
        1 => "\\PC{0,8}",
        1 => prop::sample::select(BUILTIN.iter().flat_map(|(_, text)| text.split('"')).filter(|part| part.len() < 200)
            .map(str::to_owned).collect::<Vec<_>>()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn folding_keeps_every_place_inside(text in texts()) {
        let scalars = u32::try_from(text.chars().count()).unwrap();
        let folded = Folded::of(&text);
        prop_assert_eq!(folded.scalars(), scalars);
        for (at, c) in folded.text().char_indices() {
            let (start, end) = folded.scalars_of(at, at + c.len_utf8());
            prop_assert!(start < end && end <= scalars, "{:?} at {}: {}..{}", text, at, start, end);
        }
        // What is plain already stays as it is.
        let plain: String = text.chars().filter(|c| c.is_ascii() && *c != '%').collect();
        let again = Folded::of(&plain);
        prop_assert_eq!(again.text(), plain.to_ascii_lowercase());
    }

    #[test]
    fn reading_keeps_every_place_inside_and_repeats_itself(text in texts()) {
        let lists: Arc<Lists> = Lists::shared();
        let scalars = u32::try_from(text.chars().count()).unwrap();
        let reading = lists.reading(&text);
        for word in &reading.words {
            prop_assert!(word.from <= word.to && word.to <= scalars, "{:?}: {:?}", text, word);
            prop_assert!(reading.line.is_char_boundary(word.start) && reading.line.is_char_boundary(word.end));
        }
        for place in reading.quoted.iter().chain(reading.finds.iter().map(|find| &find.quote)) {
            prop_assert!(place.start <= place.end && place.end <= scalars, "{:?}: {:?}", text, place);
        }
        let hits = lists.hits(&reading);
        for hit in &hits {
            prop_assert!(hit.quote.start <= hit.quote.end && hit.quote.end <= scalars, "{:?}: {:?}", text, hit);
        }
        prop_assert_eq!(lists.read(&text), hits);
        prop_assert_eq!(find::all(&text, &reading.folded), reading.finds.clone());
        for (code, place) in content::judge(&reading, [text.as_str()].into_iter(), Speaker::Young) {
            prop_assert!(place.is_none_or(|place| place.end <= scalars), "{:?}: {} {:?}", text, code, place);
        }
        prop_assert_eq!(Verdict::of(&lists, &text), Verdict::of(&lists, &text));
    }

    #[test]
    fn a_list_that_is_damaged_is_read_or_told_with_lines_that_exist(
        file in 0..BUILTIN.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\](){}|*?~#^$\"=\na-z]{0,3}", 0..4_usize), 1..6),
    ) {
        let (name, text) = BUILTIN[file];
        let mut text: Vec<char> = text.chars().collect();
        for (place, put, take) in damage {
            if text.is_empty() { break }
            let at = place.index(text.len());
            let end = (at + take).min(text.len());
            text.splice(at..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        let lines = text.lines().count().max(1) + 1;
        if let Err(mistakes) = Lists::parse(&[(name, &text)]) {
            prop_assert!(!mistakes.is_empty());
            for mistake in mistakes {
                let told = mistake.to_string();
                prop_assert!(mistake.line >= 1 && mistake.line <= lines && !mistake.what.is_empty(), "{}", told);
            }
        }
    }
}
