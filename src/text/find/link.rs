//! Links and e-mail addresses, also those that are written so that no program makes them clickable.

use super::super::fold::Folded;
use super::file::{self, Risk};
use super::site::{self, Sign};
use super::{Find, What, among, at};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The host, folded, without a leading `www.`.
    pub host: String,
    /// What can be said of it without opening it, in order and without repetition.
    pub signs: Vec<Sign>,
    /// What its path says that it downloads, if that runs when it is opened.
    pub file: Option<Risk>,
}

impl Link {
    /// Whether it bears a sign.
    #[must_use]
    pub fn is(&self, sign: Sign) -> bool {
        self.signs.contains(&sign)
    }
}

/// Endings of host names that people write without `https://`. The second column are those that are words as well:
/// they need a path.
const ENDINGS: &str = "com net org uk gg io tv xyz ru info biz gift gifts link click top site online shop club live app dev \
    page store fun pro cc ly co eu de fr nl ie us ca au tk ml ga cf gq pw ws icu vip lol win zip mov edu";
const WORDS_TOO: &str = "me to is it in so no be am im at my sh gd st id la ai fm do";
/// Where private persons have their mail.
const PRIVATE_MAIL: &str = "gmail.com googlemail.com hotmail.com hotmail.co.uk outlook.com live.com live.co.uk msn.com yahoo.com \
    yahoo.co.uk ymail.com icloud.com me.com mac.com aol.com btinternet.com sky.com virginmedia.com \
    proton.me protonmail.com pm.me gmx.com gmx.co.uk mail.com";

/// A folded text with the disguises of links taken off, and where each byte came from.
struct Plain<'a> {
    folded: &'a Folded,
    text: std::borrow::Cow<'a, str>,
    from: Option<Vec<usize>>,
}

impl<'a> Plain<'a> {
    fn of(folded: &'a Folded, defanged: bool) -> Plain<'a> {
        let text = folded.text();
        if !defanged {
            return Plain { folded, text: text.into(), from: None };
        }
        let mut out = String::with_capacity(text.len());
        let mut from = Vec::with_capacity(text.len() + 1);
        let mut rest = 0;
        while rest < text.len() {
            let tail = &text[rest..];
            let step = DISGUISES.iter().find(|(typed, _, next)| {
                tail.starts_with(typed)
                    && !(*typed == " dot "
                        && matches!(last_word(&out), "the" | "a" | "this" | "that" | "red" | "and"))
                    && (next.is_empty() || next.iter().any(|next| tail[typed.len()..].starts_with(next)))
            });
            let (length, plain) = if let Some((typed, plain, _)) = step {
                (typed.len(), *plain)
            } else {
                let length = tail.chars().next().map_or(1, char::len_utf8);
                (length, &tail[..length])
            };
            out.push_str(plain);
            from.resize(out.len(), rest);
            rest += length;
        }
        from.push(rest);
        Plain { folded, text: out.into(), from: Some(from) }
    }

    fn find(&self, start: usize, end: usize, what: What) -> Find {
        match &self.from {
            None => at(self.folded, start, end, what),
            Some(from) => {
                // The last byte's source may be several bytes long ("[.]"), but a link never ends in one.
                let last = from.get(end.saturating_sub(1)).copied().unwrap_or_default();
                at(self.folded, from.get(start).copied().unwrap_or_default(), last + 1, what)
            }
        }
    }
}

/// The last word of what was written so far.
fn last_word(text: &str) -> &str {
    let start = text.bytes().rev().take(64).position(|byte| byte == b' ').map_or(0, |n| text.len() - n);
    text.get(start..).unwrap_or_default()
}

/// What is written, what it means, and what has to follow it (nothing in particular when empty).
const DISGUISES: [(&str, &str, &[&str]); 14] = [
    ("hxxp", "http", &[]),
    ("[:]", ":", &[]),
    ("[.]", ".", &[]),
    ("(.)", ".", &[]),
    ("{.}", ".", &[]),
    ("[dot]", ".", &[]),
    ("(dot)", ".", &[]),
    (" [.] ", ".", &[]),
    (" (dot) ", ".", &[]),
    (" dot ", ".", &["com", "net", "org", "gg", "co dot", "uk", "me", "io", "tv", "xyz", "ru"]),
    ("[at]", "@", &[]),
    ("(at)", "@", &[]),
    (" (at) ", "@", &[]),
    (" at ", "@", &["gmail", "hotmail", "outlook", "yahoo", "icloud", "live.", "live dot"]),
];

/// How many links of one text are examined for what they are; the rest are only found. More is no conversation, and
/// the work for one message stays bounded.
const EXAMINED: usize = 20;

/// The original's letters that are not ASCII: a host written with one is not what it looks like.
struct Typed(Vec<u32>);

impl Typed {
    fn of(original: &str) -> Typed {
        if original.is_ascii() {
            return Typed(Vec::new());
        }
        let foreign = (0..).zip(original.chars()).filter(|(_, c)| !c.is_ascii() && c.is_alphabetic());
        Typed(foreign.map(|(at, _)| at).collect())
    }

    fn has_foreign(&self, start: u32, end: u32) -> bool {
        let next = self.0.partition_point(|at| *at < start);
        self.0.get(next).is_some_and(|at| *at < end)
    }
}

/// Finds links and e-mail addresses.
pub(super) fn find(folded: &Folded, original: &str, defanged: bool, found: &mut Vec<Find>) {
    let plain = Plain::of(folded, defanged);
    let text: &str = &plain.text;
    let bytes = text.as_bytes();
    let typed = Typed::of(original);
    let mut links = 0;
    // Up to where the text belongs to a find already.
    let mut taken = 0;
    let mut from = 0;
    while let Some(dot) = bytes[from..].iter().position(|byte| *byte == b'.').map(|n| from + n) {
        let start = host_start(bytes, dot, from);
        let end = host_end(bytes, dot);
        let next = end.max(dot + 1);
        let host = &text[start..end];
        if !host.contains('.') || host.len() > 253 {
            from = next;
            continue;
        }
        let at_sign = start.checked_sub(1).filter(|at| bytes[*at] == b'@');
        let local = at_sign.map(|sign| local_start(bytes, sign, taken)).filter(|local| *local + 1 < start);
        let scheme = scheme_start(bytes, local.unwrap_or(start));
        if let (Some(local), None) = (local, scheme)
            && ends_like_a_host(host, true)
        {
            let private = among(PRIVATE_MAIL, host);
            found.push(plain.find(local, end, What::Email { private }));
            taken = end;
            from = next;
            continue;
        }
        if scheme.is_some() && bytes.get(end) == Some(&b'@') {
            // https://discord.com@elsewhere.example: the host is what follows the sign.
            from = next;
            continue;
        }
        let stop = path_end(bytes, end);
        let path = &text[end..stop];
        let plainly = scheme.is_some() || host.starts_with("www.") || ends_like_a_host(host, path.len() > 1);
        if !plainly || (scheme.is_none() && file::is_file_name(host)) {
            from = next;
            continue;
        }
        let begin = scheme.unwrap_or(start);
        let place = plain.find(begin, stop, What::Handle).quote;
        let host = host.strip_prefix("www.").unwrap_or(host);
        let mut signs = Vec::new();
        links += 1;
        if links <= EXAMINED {
            let name = plain.find(start, end, What::Handle).quote;
            signs = site::signs(host, path, typed.has_foreign(name.start, name.end));
        }
        if scheme.is_some() && local.is_some() {
            signs.push(Sign::Disguised); // https://discord.com@elsewhere.example
        }
        signs.sort();
        signs.dedup();
        let link = Link { host: host.to_owned(), signs, file: file::risk_of_path(path) };
        found.push(Find { quote: place, what: What::Link(link) });
        taken = stop;
        from = stop.max(next);
    }
}

fn host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte >= 128
}

fn host_start(bytes: &[u8], dot: usize, least: usize) -> usize {
    let mut start = dot;
    while start > least && host_byte(bytes[start - 1]) {
        start -= 1;
    }
    while start < dot && matches!(bytes[start], b'.' | b'-') {
        start += 1;
    }
    start
}

fn host_end(bytes: &[u8], dot: usize) -> usize {
    let mut end = dot;
    while end < bytes.len() && host_byte(bytes[end]) {
        end += 1;
    }
    while end > dot && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    end
}

/// Where the part before an `@` begins.
fn local_start(bytes: &[u8], sign: usize, least: usize) -> usize {
    let mut start = sign;
    while start > least && (host_byte(bytes[start - 1]) || matches!(bytes[start - 1], b'_' | b'%' | b'+')) {
        start -= 1;
    }
    start
}

fn scheme_start(bytes: &[u8], start: usize) -> Option<usize> {
    let before = bytes.get(..start)?;
    [&b"https://"[..], b"http://", b"ftp://"]
        .iter()
        .find_map(|scheme| before.ends_with(scheme).then(|| start - scheme.len()))
}

/// A port, a path, a query: up to a space or what encloses a link, without the punctuation of the sentence around it.
fn path_end(bytes: &[u8], host_end: usize) -> usize {
    let mut end = host_end;
    if bytes.get(end) == Some(&b':') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end += 1;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
    }
    if !matches!(bytes.get(end), Some(b'/' | b'?' | b'#')) {
        return end;
    }
    let least = end;
    while bytes.get(end).is_some_and(|byte| *byte > b' ' && !matches!(byte, b'<' | b'>' | b'"' | b'`' | b'|'))
    {
        end += 1;
    }
    while end > least + 1
        && matches!(bytes[end - 1], b'.' | b',' | b'!' | b'?' | b')' | b']' | b'\'' | b'*' | b';' | b':')
    {
        end -= 1;
    }
    end
}

fn ends_like_a_host(host: &str, with_path: bool) -> bool {
    let Some((rest, ending)) = host.rsplit_once('.') else { return false };
    let label = rest.rsplit('.').next().unwrap_or_default();
    let named = label.len() >= 2 || with_path;
    // A version or an amount is no host.
    named
        && rest.bytes().any(|byte| byte.is_ascii_alphabetic() || byte >= 128)
        && (among(ENDINGS, ending) || (with_path && among(WORDS_TOO, ending)))
}
