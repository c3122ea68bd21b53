//! Keys, tokens and passwords. Shapes are looked for in the original, because letters' case is part of them.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::Quote;

use super::super::fold::Folded;
use super::{Find, What, among, at};

/// Shapes that their issuers publish.
const SHAPES: &str = concat!(
    r"(?-u:\b)(?:",
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}", // a Discord bot's token
    r"|mfa\.[A-Za-z0-9_-]{60,100}",                                       // a Discord account's token
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255}",
    r"|glpat-[A-Za-z0-9_-]{20,}",
    r"|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}",
    r"|AIza[0-9A-Za-z_-]{35}",
    r"|xox[abprs]-[A-Za-z0-9-]{10,}",
    r"|sk-[A-Za-z0-9_-]{32,}|sk_live_[A-Za-z0-9]{16,}|rk_live_[A-Za-z0-9]{16,}",
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    r"|[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}", // a Telegram bot's token
    r"|_\|WARNING:-DO-NOT-SHARE-THIS",      // a Roblox cookie
    r"|https://(?:[a-z]+\.)?discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
    r")|-----BEGIN [A-Z ]*PRIVATE KEY-----",
);

static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SHAPES).ok());

static TOLD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?-u:\b)(?:(my|our|the|his|her|their|ur|your|wifi|account|email|discord|roblox|school|login) )?(?:password|passcode|passwd|pword|pwd|pass|pin(?: (?:number|code))?|login)( is| was|'s| ?[:=]| -) ?["'`*]*([^\s"'`*]{3,40})"#,
    )
    .ok()
});

/// What stands behind "the password is" and is none.
const NO_PASSWORD: &str = "wrong incorrect not the secret a an required being weak too invalid correct case in on your my same \
    needed asked something stored set for to what still just so ok fine protected changed reset expired \
    empty blank root easy hard long short strong that this it never always only up and working broken \
    there here probably really very any disabled locked off than like also by of hashed encrypted \
    private safe prompt authentication login page screen required. written at from with no yes please \
    pls lost forgotten http https successful failed was is i you we they have has if when where because \
    about all as or";

/// Finds keys, tokens and passwords.
pub(super) fn find(original: &str, folded: &Folded, told: bool, found: &mut Vec<Find>) {
    if let Some(shape) = SHAPE.as_ref() {
        for place in shape.find_iter(original) {
            found.push(Find { quote: scalars(original, place.start(), place.end()), what: What::Key });
        }
    }
    let Some(sentence) = TOLD.as_ref().filter(|_| told) else { return };
    for caught in sentence.captures_iter(folded.text()) {
        let (Some(whole), Some(joint), Some(value)) = (caught.get(0), caught.get(2), caught.get(3)) else {
            continue;
        };
        let value = value.as_str().trim_end_matches(['.', ',', '!', ')', ';', ':', '?']);
        let owner = caught.get(1).map_or("", |word| word.as_str());
        let odd = value
            .bytes()
            .any(|byte| byte.is_ascii_digit() || matches!(byte, b'!' | b'_' | b'$' | b'#' | b'%' | b'&'));
        let own = matches!(
            owner,
            "my" | "our" | "the" | "wifi" | "account" | "email" | "discord" | "roblox" | "school" | "login"
        );
        let pin = whole.as_str().contains("pin");
        let clear = if pin {
            own && (4..=6).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
        } else {
            // "the password is banana" tells one; "password: banana" of a form does not.
            (odd && value.len() >= 4) || (own && joint.as_str().trim_start() == "is" && value.len() >= 4)
        };
        if clear && !among(NO_PASSWORD, value) && !value.starts_with(['<', '[', '(', '/', '~', '-']) {
            found.push(at(folded, whole.start(), whole.end(), What::Password));
        }
    }
}

fn scalars(original: &str, start: usize, end: usize) -> Quote {
    let count = |part: &str| u32::try_from(part.chars().count()).unwrap_or(u32::MAX);
    let from = count(original.get(..start).unwrap_or_default());
    Quote { start: from, end: from.saturating_add(count(original.get(start..end).unwrap_or_default())) }
}
