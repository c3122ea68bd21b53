//! What can be said of a link without opening it: that it invites, that it hides where it leads, that it imitates a
//! well-known name.

use std::sync::LazyLock;

use super::among;

/// What kind of place a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// An invitation to another server, group or chat.
    Invite,
    /// Somebody's profile on another platform.
    Profile,
    /// A shortener: where it leads cannot be seen.
    Shortener,
    /// Its name looks like a well-known one and is not: other letters, one letter off, a bait beside the name.
    Imitation,
    /// A well-known name stands where the address is not (`discord.com@…`, `paypal.com.….top`).
    Disguised,
    /// A number instead of a name.
    Bare,
    /// Copies of films, games or programs without leave.
    Piracy,
    /// A magnet or torrent file.
    Torrent,
    /// It logs who opens it.
    Grabber,
    /// A shop or a page that collects money.
    Selling,
}

/// A name that is imitated, and where it really lives.
struct Brand {
    name: &'static str,
    homes: &'static [&'static str],
    /// How many letters may differ before it is another name: 0 where a real word is near ("twitch", "switch").
    slips: usize,
}

const fn brand(name: &'static str, slips: usize, homes: &'static [&'static str]) -> Brand {
    Brand { name, homes, slips }
}

/// Who is imitated where young people are, and whom a parcel or a bank message pretends to be.
const BRANDS: &[Brand] = &[
    brand(
        "discord",
        1,
        &[
            "discord.com",
            "discord.gg",
            "discordapp.com",
            "discordapp.net",
            "discord.gift",
            "discord.media",
            "discord.dev",
            "discordstatus.com",
            "discord.new",
            "discordjs.guide",
            "discordpy.org",
        ],
    ),
    brand("roblox", 1, &["roblox.com", "rbxcdn.com", "roblox.qq.com"]),
    brand("steamcommunity", 2, &["steamcommunity.com"]),
    brand("steampowered", 2, &["steampowered.com", "store.steampowered.com"]),
    brand("epicgames", 1, &["epicgames.com", "epicgames.dev"]),
    brand("fortnite", 1, &["fortnite.com"]),
    brand("minecraft", 1, &["minecraft.net", "minecraft.wiki", "minecraftforum.net", "minecraftservers.org"]),
    brand("twitch", 0, &["twitch.tv", "twitch.com"]),
    brand("youtube", 1, &["youtube.com", "youtu.be", "youtube-nocookie.com", "youtube.co.uk"]),
    brand("instagram", 1, &["instagram.com", "instagr.am"]),
    brand("snapchat", 1, &["snapchat.com"]),
    brand("tiktok", 1, &["tiktok.com", "vm.tiktok.com"]),
    brand("whatsapp", 1, &["whatsapp.com", "whatsapp.net"]),
    brand("facebook", 1, &["facebook.com"]),
    brand("google", 0, &["google.com", "google.co.uk", "google.dev", "googleblog.com"]),
    brand("microsoft", 1, &["microsoft.com", "microsoftonline.com"]),
    brand("playstation", 1, &["playstation.com", "playstation.net"]),
    brand("paypal", 1, &["paypal.com", "paypal.me", "paypalobjects.com", "paypal.co.uk"]),
    brand("netflix", 1, &["netflix.com"]),
    brand("amazon", 0, &["amazon.co.uk", "amazon.com", "amazon.de", "amazonaws.com", "amazon.ie"]),
    brand("coinbase", 1, &["coinbase.com"]),
    brand("binance", 1, &["binance.com"]),
    brand("barclays", 1, &["barclays.co.uk", "barclays.com"]),
    brand("natwest", 1, &["natwest.com"]),
    brand("lloydsbank", 1, &["lloydsbank.com", "lloydsbank.co.uk"]),
    brand("santander", 1, &["santander.co.uk", "santander.com"]),
    brand("royalmail", 1, &["royalmail.com"]),
    brand("govuk", 0, &["gov.uk"]),
    brand("hmrc", 0, &["hmrc.gov.uk", "gov.uk"]),
];

/// What stands beside a borrowed name to make it tempting or urgent.
const BAIT: &str = "nitro gift free login signin verify verification secure account support claim reward airdrop promo \
    giveaway robux vbucks skin trade update billing refund parcel delivery redeliver customs bonus drop \
    event boost prize winner unlock recover confirm";
/// Endings that cost next to nothing.
const CHEAP: &str = "xyz ru tk ml ga cf gq top click gift gifts link site online shop club pw cc ws icu vip win info live \
    fun pro store";

const SHORTENERS: &str = "bit.ly tinyurl.com goo.gl t.co ow.ly is.gd v.gd buff.ly rebrand.ly cutt.ly shorturl.at rb.gy tiny.cc \
    adf.ly shorte.st bl.ink s.id linktr.ee lnkd.in t.ly soo.gd dub.sh urlz.fr clck.ru qr.ae gg.gg u.to \
    ouo.io linkvertise.com";
const GRABBERS: &str = "grabify.link iplogger.org iplogger.com 2no.co yip.su blasze.com ps3cfw.com iplis.ru";
const INVITES: &[(&str, &str)] = &[
    ("discord.gg", "/"),
    ("discord.com", "/invite/"),
    ("discordapp.com", "/invite/"),
    ("dsc.gg", "/"),
    ("discord.me", "/"),
    ("invite.gg", "/"),
    ("t.me", "/"),
    ("telegram.me", "/"),
    ("telegram.dog", "/"),
    ("wa.me", "/"),
    ("chat.whatsapp.com", "/"),
    ("signal.group", "/"),
    ("guilded.gg", "/i/"),
    ("join.skype.com", "/"),
    ("omegle.com", ""),
    ("ome.tv", ""),
    ("kik.me", "/"),
    ("m.me", "/"),
];
const PROFILES: &[(&str, &str)] = &[
    ("snapchat.com", "/add/"),
    ("instagram.com", "/"),
    ("tiktok.com", "/@"),
    ("facebook.com", "/"),
    ("onlyfans.com", "/"),
    ("roblox.com", "/users/"),
    ("steamcommunity.com", "/id/"),
    ("steamcommunity.com", "/profiles/"),
    ("ngl.link", "/"),
    ("tellonym.me", "/"),
    ("bere.al", "/"),
];
const PIRACY: &str = "thepiratebay.org 1337x.to fmovies.to 123movies.com putlocker.com soap2day.to 9anime.to gogoanime.io \
    kissanime.ru fitgirl-repacks.site steamunlocked.net igg-games.com skidrowreloaded.com \
    oceanofgames.com rarbg.to yts.mx eztv.re nyaa.si z-lib.org libgen.rs apkpure.com getintopc.com \
    crackwatch.com streameast.live hianime.to aniwave.to cuevana.io";
/// Parts of a host's name that only sites of copies have, however often they move.
const PIRACY_PARTS: &str = "piratebay 1337x 123movies fmovies putlocker soap2day steamunlocked fitgirl rarbg kissanime gogoanime \
    streameast keygen warez cracked-";
const SELLING: &str = "depop.com vinted.co.uk ebay.co.uk ebay.com etsy.com gofundme.com patreon.com ko-fi.com shopify.com \
    myshopify.com sellix.io sell.app shoppy.gg cash.app";

/// What is known of a host (folded, without `www.`) and its path. `foreign`: the original is not written in ASCII,
/// so whatever it looks like, that is not where it leads.
pub(super) fn signs(host: &str, path: &str, foreign: bool) -> Vec<Sign> {
    let mut signs = Vec::new();
    let leads = |table: &[(&str, &str)]| {
        table.iter().any(|(home, way)| {
            is_or_below(host, home) && path.starts_with(way) && (way.is_empty() || path.len() > way.len())
        })
    };
    let known = |list: &str| list.split_ascii_whitespace().any(|home| is_or_below(host, home));
    if leads(INVITES) {
        signs.push(Sign::Invite);
    }
    if leads(PROFILES) && !path.starts_with("/p/") && !path.starts_with("/reel") {
        signs.push(Sign::Profile);
    }
    if known(SHORTENERS) {
        signs.push(Sign::Shortener);
    }
    if known(GRABBERS) {
        signs.push(Sign::Grabber);
    }
    if known(PIRACY) || PIRACY_PARTS.split_ascii_whitespace().any(|part| host.contains(part)) {
        signs.push(Sign::Piracy);
    }
    let file = path.split(['?', '#']).next().unwrap_or_default();
    if file.rsplit_once('.').is_some_and(|(_, ending)| ending == "torrent") {
        signs.push(Sign::Torrent);
    }
    if known(SELLING) {
        signs.push(Sign::Selling);
    }
    if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        signs.push(Sign::Bare);
    }
    match imitates(host, foreign) {
        Some(true) => signs.push(Sign::Disguised),
        Some(false) => signs.push(Sign::Imitation),
        None => {}
    }
    signs
}

fn is_or_below(host: &str, home: &str) -> bool {
    host.strip_suffix(home).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a host is a real well-known one, or a public body's.
pub(super) fn is_well_known(host: &str) -> bool {
    BRANDS.iter().any(|brand| brand.homes.iter().any(|home| is_or_below(host, home)))
        || [
            "gov.uk",
            "nhs.uk",
            "ac.uk",
            "sch.uk",
            "police.uk",
            "bbc.co.uk",
            "wikipedia.org",
            "childline.org.uk",
            "nspcc.org.uk",
        ]
        .iter()
        .any(|home| is_or_below(host, home))
}

/// Whether a host pretends to be a well-known one: by its own name (`Some(false)`), or by carrying the real one
/// where it does not count (`Some(true)`).
fn imitates(host: &str, foreign: bool) -> Option<bool> {
    let real = |brand: &Brand| brand.homes.iter().any(|home| is_or_below(host, home));
    if foreign {
        // Folded it is the real name; written it is not.
        return (BRANDS.iter().any(real) || looks_like_a_brand(host)).then_some(false);
    }
    if BRANDS.iter().any(real) {
        return None;
    }
    // The real name somewhere inside takes a longer name than it has itself.
    let may_carry = host.contains('-') || host.bytes().filter(|byte| *byte == b'.').count() >= 2;
    for brand in BRANDS.iter().filter(|_| may_carry) {
        for home in brand.homes {
            // paypal.com.confirm.top, discord.com-nitro.ru
            if let Some(at) = host.find(home)
                && (at == 0 || host.as_bytes()[at - 1] == b'.')
                && matches!(host.as_bytes().get(at + home.len()), Some(b'.' | b'-'))
                && home.len() > 6
            {
                return Some(true);
            }
        }
    }
    looks_like_a_brand(host).then_some(false)
}

fn looks_like_a_brand(host: &str) -> bool {
    let name = own_name(host);
    let ending = host.rsplit('.').next().unwrap_or_default();
    let joined: String = name.chars().filter(|c| *c != '-').take(64).collect();
    let plain = undigit(&joined);
    BRANDS.iter().zip(LOOKS.brands.iter()).any(|(brand, looks)| {
        let cheap = among(CHEAP, ending);
        if plain == *looks {
            // The very name on another ending, or with other letters that look like its own (d1scord, dlscord).
            return cheap || joined != brand.name || name.contains('-');
        }
        if let Some(at) = plain.find(looks.as_str()).filter(|_| brand.name.len() >= 6) {
            if !joined.contains(brand.name) {
                return true;
            }
            let rest = [&plain[..at], &plain[at + looks.len()..]];
            return rest.iter().any(|part| LOOKS.bait.iter().any(|bait| part.contains(bait.as_str())));
        }
        brand.slips > 0
            && brand.name.len() >= 6
            && plain.len().abs_diff(brand.name.len()) <= brand.slips
            && !among(NOT_IMITATIONS, joined.as_str())
            && distance(&joined, brand.name) <= brand.slips
    }) || GOODS.split_ascii_whitespace().any(|goods| {
        joined.split_once(goods).is_some_and(|(one, two)| {
            BAIT.split_ascii_whitespace().any(|bait| one.contains(bait) || two.contains(bait))
        })
    })
}

/// The names and the bait, with letters that look alike made one.
struct Looks {
    brands: Vec<String>,
    bait: Vec<String>,
}

static LOOKS: LazyLock<Looks> = LazyLock::new(|| Looks {
    brands: BRANDS.iter().map(|brand| undigit(brand.name)).collect(),
    bait: BAIT.split_ascii_whitespace().map(undigit).collect(),
});

/// Real names one letter away from a brand.
const NOT_IMITATIONS: &str = "discard discords paypals robloxs youtubes discorder tiktoks tictok";
/// What only ever is for nothing on a page that wants something else ("free-robux", "nitro-gift").
const GOODS: &str = "robux vbuck nitro minecoin";

/// The name that somebody registered: the label before the ending (`co.uk` and the like count as one).
fn own_name(host: &str) -> &str {
    let mut labels = host.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let second = labels.next().unwrap_or_default();
    if last.len() == 2 && matches!(second, "co" | "org" | "ac" | "gov" | "com" | "net" | "ltd" | "me") {
        return labels.next().unwrap_or(second);
    }
    second
}

/// Digits and pairs of letters read as the letter that they look like.
fn undigit(name: &str) -> String {
    name.replace("rn", "m")
        .replace("vv", "w")
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | 'l' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            other => other,
        })
        .collect()
}

/// How many letters have to be put in, left out, exchanged or swapped with their neighbour.
fn distance(one: &str, two: &str) -> usize {
    let (one, two): (Vec<u8>, Vec<u8>) = (one.bytes().collect(), two.bytes().collect());
    let mut rows = vec![vec![0; two.len() + 1]; one.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    for (at, cell) in rows[0].iter_mut().enumerate() {
        *cell = at;
    }
    for a in 1..=one.len() {
        for b in 1..=two.len() {
            let other = usize::from(one[a - 1] != two[b - 1]);
            let mut best = (rows[a - 1][b] + 1).min(rows[a][b - 1] + 1).min(rows[a - 1][b - 1] + other);
            if a > 1 && b > 1 && one[a - 1] == two[b - 2] && one[a - 2] == two[b - 1] {
                best = best.min(rows[a - 2][b - 2] + 1);
            }
            rows[a][b] = best;
        }
    }
    rows[one.len()][two.len()]
}
