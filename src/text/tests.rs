use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::Code;

use super::Lists;
use super::matcher::BUILTIN;

#[test]
fn the_built_in_lists_are_well_formed() {
    if let Err(mistakes) = Lists::parse(BUILTIN) {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{} mistakes:\n{}", told.len(), told.join("\n"));
    }
}

#[test]
fn the_built_in_lists_read_their_own_examples() {
    let failures = lists().test();
    let told: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} failures:\n{}", told.len(), told.join("\n"));
}

fn lists() -> Arc<Lists> {
    Lists::shared()
}

fn codes(text: &str) -> BTreeSet<Code> {
    lists().read(text).iter().filter(|hit| hit.counts()).map(|hit| hit.code).collect()
}

#[test]
fn every_list_has_ten_of_each() {
    let lists = lists();
    let mut yes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut no: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in lists.entries() {
        *yes.entry(&entry.file).or_default() += entry.yes.len();
        *no.entry(&entry.file).or_default() += entry.no.len();
    }
    for innocent in &lists.innocents {
        *no.entry(&innocent.file).or_default() += 1;
    }
    for (file, count) in yes {
        let innocent = no.get(file).copied().unwrap_or_default();
        assert!(count >= 10 && innocent >= 10, "{file}: {count} yes, {innocent} no");
    }
}

#[test]
fn look_alikes_inside_words_are_not_hits() {
    for text in [
        "class",
        "a classic assassin in Essex",
        "Scunthorpe",
        "Penistone and Clitheroe",
        "the skyscraper",
        "skys the limit",
        "monkeys",
        "turkeys",
        "whiskys",
        "keyskeys",
        "Sussex",
        "cockpit",
        "shitake",
        "therapist",
        "the analyst",
        "Dickens",
        "nudestix palette",
        "snapdragon",
        "instance of kikuyu",
        "telegraph",
        "diet coke",
        "dieter",
        "audience",
        "cutlery",
        "shankly gates",
        "wetsuit",
        "dipped my biscuit",
        "skill yourself up",
    ] {
        assert_eq!(codes(text), BTreeSet::new(), "{text:?}");
    }
}

#[test]
fn disguised_spellings_are_read() {
    for text in [
        "kys",
        "KYS",
        "k.y.s",
        "k y s",
        "k-y-s",
        "kуѕ",
        "ｋｙｓ",
        "k\u{200b}ys",
        "k̶y̶s̶",
        "||kys||",
        "**kys**",
        "kyyyys",
        "k1ll y0ur$elf",
        "kiiiill yourself",
        "k i l l  y o u r s e l f",
    ] {
        assert_eq!(codes(text), BTreeSet::from([Code::SuicideEncouragement]), "{text:?}");
    }
}

#[test]
fn nothing_breaks_and_quotes_stay_inside() {
    let long = "do not tell your mum ".repeat(200);
    let letters = "k y s ".repeat(2_000);
    let quotes = "\"'".repeat(3_000);
    let marks = "e\u{301}\u{200d}".repeat(3_000);
    for text in [
        "",
        " ",
        "\u{feff}",
        "?",
        "'",
        "\"",
        "...",
        "<@",
        "<@1",
        "\u{200b}",
        "🏴\u{e0067}",
        "http://",
        "@",
        "$$$",
        "\0",
        "ı İ ß ﬃ",
        "a\u{300}".repeat(40).as_str(),
        &long,
        &letters,
        &quotes,
        &marks,
    ] {
        let scalars = u32::try_from(text.chars().count()).unwrap();
        for hit in lists().read(text) {
            assert!(hit.quote.start <= hit.quote.end && hit.quote.end <= scalars, "{text:?}");
        }
    }
}
