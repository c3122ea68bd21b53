//! Files that run when they are opened, by their names. Their bytes are never looked at.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::fold::Folded;
use super::super::lexicon::Cheap;
use super::{Find, What, among, at, before, wordy};

/// What a file name warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// A program.
    Program,
    /// A script.
    Script,
    /// A document with macros.
    Macro,
    /// An archive that hides what is in it from scanners, or an image of a disk.
    Container,
    /// A harmless ending before the real one (`photo.jpg.exe`), or a sign that turns the name around.
    Disguised,
}

const PROGRAMS: &str = "exe scr com pif msi apk dmg app jar cpl xpi deb pkg";
const SCRIPTS: &str = "bat cmd vbs vbe js jse wsf wsh hta ps1 psm1 reg lnk scf sh inf chm url";
const MACROS: &str = "docm xlsm pptm dotm xltm xlam ppam";
const CONTAINERS: &str = "iso img vhd cab ace";
const HARMLESS: &str = "jpg jpeg png gif pdf doc docx txt mp3 mp4 mov xls xlsx ppt pptx zip webp";
/// Endings that are ordinary words, programs' own talk or web pages when they stand in a sentence.
const ONLY_AS_FILE: &str = "com app js sh url reg lnk inf deb pkg img cmd iso bat jar msi";

/// What a file's name warns of, if anything.
#[must_use]
pub fn risk(name: &str) -> Option<Risk> {
    // A sign that turns text around shows "exe.jpg" for "gpj.exe".
    if name.chars().any(|c| matches!(c, '\u{202e}' | '\u{202d}' | '\u{2066}'..='\u{2069}')) {
        return Some(Risk::Disguised);
    }
    let name = name.trim().trim_end_matches(['.', ' ']).to_lowercase();
    let mut parts = name.rsplit('.');
    let ending = parts.next().filter(|ending| ending.len() < name.len())?;
    let runs = among(PROGRAMS, ending) || among(SCRIPTS, ending);
    if runs && parts.next().is_some_and(|inner| among(HARMLESS, inner.trim())) {
        return Some(Risk::Disguised);
    }
    RISKS.get(ending).copied()
}

/// What each ending warns of.
static RISKS: LazyLock<HashMap<&'static str, Risk, Cheap>> = LazyLock::new(|| {
    let kinds = [
        (PROGRAMS, Risk::Program),
        (SCRIPTS, Risk::Script),
        (MACROS, Risk::Macro),
        (CONTAINERS, Risk::Container),
    ];
    let endings =
        |(list, risk): (&'static str, Risk)| list.split_ascii_whitespace().map(move |one| (one, risk));
    kinds.into_iter().flat_map(endings).collect()
});

/// What the path of a link warns of.
pub(super) fn risk_of_path(path: &str) -> Option<Risk> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (_, name) = path.rsplit_once('/')?;
    // Pages are written in script names as well.
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if matches!(ending, "js" | "sh" | "com" | "app" | "url" | "deb" | "iso" | "img" | "pkg") {
        None
    } else {
        risk(name)
    }
}

/// Whether a dotted word is the name of a file rather than of a host.
pub(super) fn is_file_name(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(_, ending)| {
        matches!(ending, "zip" | "mov" | "py" | "rs" | "md" | "pl" | "txt" | "app")
            || (risk(word).is_some() && ending != "com")
    })
}

/// Finds names of files that run, in the words of a text.
pub(super) fn find(folded: &Folded, found: &mut Vec<Find>) {
    let text = folded.text();
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(dot) = bytes[from..].iter().position(|byte| *byte == b'.').map(|n| from + n) {
        from = dot + 1;
        let mut end = dot + 1;
        while bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            end += 1;
        }
        let ending = &text[dot + 1..end];
        let next = bytes.get(end).copied();
        if !RISKS.contains_key(ending)
            || next == Some(b'/')
            || (next == Some(b'.') && wordy(bytes.get(end + 1).copied()))
        {
            continue;
        }
        let mut start = dot;
        while start > 0
            && (wordy(before(text, start)) || matches!(bytes[start - 1], b'.' | b'-'))
            && dot - start < 80
        {
            start -= 1;
        }
        while !text.is_char_boundary(start) {
            start += 1;
        }
        if start == dot || bytes[..start].ends_with(b"/") || bytes[..start].ends_with(b"@") {
            continue;
        }
        match risk(&text[start..end]) {
            Some(risk) if risk == Risk::Disguised || !among(ONLY_AS_FILE, ending) => {
                found.push(at(folded, start, end, What::File(risk)));
            }
            _ => {}
        }
    }
}
