//! Where somebody lives or learns: postcodes, streets with a number, schools by name.

use std::sync::LazyLock;

use regex::Regex;

use super::super::fold::Folded;
use super::{Find, What, among, at, before, wordy};

/// The letters that UK postcodes begin with.
const AREAS: &str = " ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec \
    eh en ex fy g gl gu gy ha hd hg hp hr hs hu hx ig im ip iv ja je ka kt kw ky l la ld le ll ln ls lu m me mk ml n \
    ne ng nn np nr nw ol ox pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr \
    ts tw ub w wa wc wd wf wn wr ws wv yo ze ";

/// Finds full postcodes.
pub(super) fn postcodes(folded: &Folded, found: &mut Vec<Find>) {
    let text = folded.text();
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(start) = bytes[from..].iter().position(u8::is_ascii_lowercase).map(|n| from + n) {
        let mut end = start;
        while bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            end += 1;
        }
        from = end.max(start + 1);
        // "e17 4qp", "e174qp": the word that begins here, alone or with the next one.
        if wordy(before(text, start)) || end - start > 7 || end - start < 2 {
            continue;
        }
        let (first, stop) = match bytes.get(end) {
            _ if end - start >= 5 => (text[start..end].to_owned(), end),
            Some(b' ') if text.get(end + 1..end + 4).is_some() => {
                (format!("{}{}", &text[start..end], &text[end + 1..end + 4]), end + 4)
            }
            _ => continue,
        };
        if !wordy(bytes.get(stop).copied()) && is_postcode(&first, stop > end) {
            found.push(at(folded, start, stop, What::Postcode));
            from = stop;
        }
    }
}

/// Whether letters and digits without their space are a postcode.
fn is_postcode(code: &str, spaced: bool) -> bool {
    let Some(cut) = code.len().checked_sub(3).filter(|cut| code.is_ascii() && (2..=4).contains(cut)) else {
        return false;
    };
    let (outward, inward) = code.split_at(cut);
    let area: &str = outward.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
    let district = &outward[area.len()..];
    let digit_first = |part: &str| part.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let districted = matches!(district.len(), 1 | 2) && digit_first(district);
    let unit = inward.get(1..).unwrap_or_default();
    // C, I, K, M, O and V never stand behind the digit.
    let lettered = unit.bytes().all(|byte| byte.is_ascii_lowercase() && !b"cikmov".contains(&byte));
    // "round e4 2nd", "s3 8gb": an ordinal, a measure.
    let ordinary = matches!(inward, "1st" | "2nd" | "3rd")
        || matches!(unit, "th" | "gb" | "tb" | "hr" | "hp" | "ft" | "lb" | "px" | "xp" | "ph" | "bn");
    AREAS.contains(&format!(" {area} "))
        && districted
        && digit_first(inward)
        && lettered
        && !(ordinary && spaced)
}

/// A street is a number, one to three names and what kind of street it is.
static STREET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u:\b)(?:flat [0-9]{1,3}[a-z]?,? ?)?([0-9]{1,4})[a-d]?,? ((?:[a-z'-]{2,20} ){1,3})(road|rd|street|st|avenue|ave|lane|close|drive|way|court|gardens|crescent|terrace|grove|mews|square|place)(?-u:\b)",
    )
    .ok()
});

/// Words that stand before "way", "drive" or "place" and name no street.
const NO_STREET: &str = "the and of to in at is was are that this min mins minute minutes hour hours miles mile metres meters \
    people points player players second seconds first last long all any one two half more gig way from \
    for with down hard disk flash usb very too its per cent times years days weeks year day week went \
    got get take takes took out off into about just other same only easy best better main side right \
    left wrong tera google test parking food supreme crown tennis basketball high county you they our \
    your each";

/// Finds streets with a house number.
pub(super) fn streets(folded: &Folded, found: &mut Vec<Find>) {
    let Some(street) = STREET.as_ref() else { return };
    for caught in street.captures_iter(folded.text()) {
        let (Some(whole), Some(names), Some(kind)) = (caught.get(0), caught.get(2), caught.get(3)) else {
            continue;
        };
        let mut names = names.as_str().split_whitespace();
        let saint = kind.as_str() == "st" && names.clone().count() > 2;
        if !saint && !names.any(|name| among(NO_STREET, name)) {
            found.push(at(folded, whole.start(), whole.end(), What::Street));
        }
    }
}

/// What a school can be called between its name and "school".
const OF_KIND: &str = "high primary secondary grammar middle junior community girls boys";

static SCHOOL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)((?:[a-z0-9'.-]{2,20} ){1,4})(school|academy|college|grammar|sixth form)(?-u:\b)")
        .ok()
});

/// Words before "school" that name none.
const NO_SCHOOL: &str = "the my a an your ur our their his her this that any some what which after before at to in from of \
    for old new same other high primary secondary grammar middle private public boarding state summer \
    sunday night art drama dance law medical music day no skip skipping hate love back off about and or \
    whole every different home local special during with is are was do does you u into start starting \
    started finish finished leave leaving through like left miss missed normal driving swimming coding \
    online last first next better good bad big small secondry all if when while outside near by around \
    towards inside over one two community girls boys junior infant infants elementary go goes going went \
    attend attended im i'm i got have had has we they he she not dont don't than just only still called \
    graduated teach teaches taught hogwarts film business cooking magic preparatory prep nursery \
    catholic acting ballet police military naval space electoral sixth 6th community further technical \
    university junior middle graduate";

/// Finds schools that are named.
pub(super) fn schools(folded: &Folded, found: &mut Vec<Find>) {
    let Some(shape) = SCHOOL.as_ref() else { return };
    let text = folded.text();
    for caught in shape.captures_iter(text) {
        let (Some(before), Some(kind)) = (caught.get(1), caught.get(2)) else { continue };
        // The name is what stands directly before, up to a word that cannot belong to one.
        let mut start = before.end();
        let mut named = false;
        for word in before.as_str().split_whitespace().rev() {
            let of_kind = !named && among(OF_KIND, word);
            if !of_kind && among(NO_SCHOOL, word) {
                break;
            }
            named |= !of_kind;
            start = text[..start].trim_end().len() - word.len();
        }
        if named {
            found.push(at(folded, start, kind.end(), What::School));
        }
    }
}
