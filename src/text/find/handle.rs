//! Accounts on other platforms: "my snap is …", "ig: …", "add me on roblox …", `name#1234`.
//!
//! After a separator or "name is" one word is taken for the name whatever it looks like, unless it is an ordinary
//! one; else only what looks like a name of an account is (a digit, a dot or a line inside, or an `@` before it).

use std::sync::LazyLock;

use regex::Regex;

use super::super::fold::Folded;
use super::{Find, What, among, at};

const APP: &str = "snapchat|snap|sc|instagram|insta|ig|discord|disc|telegram|tele|tg|whatsapp|kik|tiktok|tik tok|\
                   roblox|rblx|gamertag|gt|xbox(?: live)?|psn|steam|wickr|bereal|twitch|minecraft|fortnite|epic|youtube";

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // my snap (name|user) is NAME · snap: NAME · username is NAME on snap
    Regex::new(&format!(
        r"(?-u:\b)(?:(my|mine is|add my|on|me on|the) )?(?:{APP})(?: (?:user ?name|username|user|name|handle|tag|id|account|acc))?(?:'s)?( ?[:=\-–>]+ ?| (?:is|its|it's|iss) (?:my )?| )(@?)([a-z0-9][a-z0-9._-]{{2,31}})"
    ))
    .ok()
});

static BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // add NAME on snap · i'm NAME on insta
    Regex::new(&format!(
        r"(?-u:\b)(?:add|im|i'm|i am|follow|its|it's|search|message|find|user(?:name)? is) (@?)([a-z0-9][a-z0-9._-]{{2,31}}) (?:on|in) (?:my )?(?:{APP})(?-u:\b)"
    ))
    .ok()
});

static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u:\b)([a-z][a-z0-9._]{1,31}) ?#([0-9]{4})(?-u:\b)").ok());

/// What stands before a number sign and is no account.
const NO_TAG: &str = "bug issue pr ticket room channel question page order seed flight rfc lp number item case note task \
    patch commit build step day episode chapter no the bugs see on in of is and sku ref invoice colour \
    color hex level";

/// Words that follow an app's name and are no account.
const ORDINARY: &str = "the and not private public down broken dead banned weird same stupid cringe being full gone back \
    working lagging laggy slow acting actually really way was has had have can will would for with where \
    when what that this from just story stories streak streaks map maps server servers account username \
    name user group chat call calls video videos live page post posts reels premium nitro bot bots mod \
    mods account? open new old on off now then later today tonight tomorrow please pls plz too also only \
    again but because cos like about all banned hacked locked deleted disabled empty boring better best \
    good bad great fine okay gonna going getting so very kinda out up are is its you your they them \
    there here who why how some something someone anything everyone nothing top lol lmao haha hahaha \
    yeah yes none idk dont doesnt isnt cant wont app games game controller live deck code friends friend \
    filter filters model update sale card cards gift series one engine box shot shots happy easy fun \
    which instead first mate bro bruv trends trend famous dance dances install installed";

/// Finds accounts on other platforms.
pub(super) fn find(folded: &Folded, found: &mut Vec<Find>) {
    let text = folded.text();
    if let Some(named) = NAMED.as_ref() {
        for caught in named.captures_iter(text) {
            let (Some(link), Some(sign), Some(name)) = (caught.get(2), caught.get(3), caught.get(4)) else {
                continue;
            };
            let mine = caught
                .get(1)
                .is_some_and(|word| matches!(word.as_str(), "my" | "mine is" | "add my" | "me on"));
            let told = link.as_str().trim().starts_with([':', '=', '-', '–', '>']);
            let is = mine && matches!(link.as_str().trim(), "is" | "its" | "it's" | "iss" | "is my");
            if is_account(name.as_str(), !sign.is_empty(), (told && mine) || is) {
                found.push(at(
                    folded,
                    sign.start(),
                    name.start() + trimmed(name.as_str()).len(),
                    What::Handle,
                ));
            }
        }
    }
    if let Some(behind) = BEHIND.as_ref() {
        for caught in behind.captures_iter(text) {
            let (Some(sign), Some(name)) = (caught.get(1), caught.get(2)) else { continue };
            if is_account(name.as_str(), !sign.is_empty(), false) {
                found.push(at(folded, sign.start(), name.end(), What::Handle));
            }
        }
    }
    if let Some(tag) = TAG.as_ref().filter(|_| text.contains('#')) {
        for caught in tag.captures_iter(text) {
            let (Some(whole), Some(name)) = (caught.get(0), caught.get(1)) else { continue };
            if !among(NO_TAG, name.as_str()) {
                found.push(at(folded, whole.start(), whole.end(), What::Handle));
            }
        }
    }
}

/// A name without the punctuation of the sentence around it.
fn trimmed(name: &str) -> &str {
    name.trim_end_matches(['.', '-', '_'])
}

fn is_account(name: &str, at_sign: bool, told: bool) -> bool {
    let core = trimmed(name);
    if core.len() < 3
        || among(ORDINARY, core)
        || core.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return false;
    }
    let odd =
        core.bytes().any(|byte| byte.is_ascii_digit()) && core.bytes().any(|byte| byte.is_ascii_alphabetic());
    at_sign || told || odd || core.contains('_') || core.trim_matches('.').contains('.')
}
