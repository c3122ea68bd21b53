//! Words as people type them, and the plain words that they stand for.
//!
//! Patterns and messages go through the same table, so a list is written in plain spelling and reads `u`, `dont`,
//! `wanna`, `tmrw` and `gr8` as well. Contractions are spelled out: a `not` is always a word of its own.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lexicon::Cheap;

/// What is typed, with spaces between, and the plain words that each stands for. The pictures at the end are those
/// that name one thing whoever sends them; laughing skulls and hearts are not among them.
const TABLE: &[(&str, &[&str])] = &[
    ("u ya yu yoo yew", &["you"]),
    ("r", &["are"]),
    ("n nd", &["and"]),
    ("y", &["why"]),
    ("k kk okay oki okey", &["ok"]),
    ("kkk", &["kkk"]), // not a stretched "k"
    ("c", &["see"]),
    ("b", &["be"]),
    ("w wiv wif wid", &["with"]),
    ("im i'm iam", &["i", "am"]),
    ("ive i've iv", &["i", "have"]),
    ("ill il i'll", &["i", "will"]),
    ("id i'd", &["i", "would"]),
    ("youre you're u're", &["you", "are"]),
    ("youve you've uve", &["you", "have"]),
    ("youll you'll ull u'll", &["you", "will"]),
    ("youd you'd ud", &["you", "would"]),
    ("we're", &["we", "are"]),
    ("we'll", &["we", "will"]),
    ("weve we've", &["we", "have"]),
    ("we'd", &["we", "would"]),
    ("theyre they're", &["they", "are"]),
    ("theyll they'll", &["they", "will"]),
    ("theyve they've", &["they", "have"]),
    ("theyd they'd", &["they", "would"]),
    ("he'll", &["he", "will"]),
    ("she'll", &["she", "will"]),
    ("hed he'd", &["he", "would"]),
    ("she'd", &["she", "would"]),
    ("thatll that'll", &["that", "will"]),
    ("itll it'll", &["it", "will"]),
    ("dont don't dnt dun dont't", &["do", "not"]),
    ("doesnt doesn't dosent dosnt doesent", &["does", "not"]),
    ("didnt didn't dint", &["did", "not"]),
    ("wont won't", &["will", "not"]),
    ("cant can't cannot carnt cnt", &["can", "not"]),
    ("isnt isn't aint ain't", &["is", "not"]),
    ("arent aren't", &["are", "not"]),
    ("wasnt wasn't", &["was", "not"]),
    ("werent weren't", &["were", "not"]),
    ("wouldnt wouldn't wudnt", &["would", "not"]),
    ("shouldnt shouldn't shudnt", &["should", "not"]),
    ("couldnt couldn't cudnt", &["could", "not"]),
    ("havent haven't havnt", &["have", "not"]),
    ("hasnt hasn't", &["has", "not"]),
    ("hadnt hadn't", &["had", "not"]),
    ("mustnt mustn't", &["must", "not"]),
    ("neednt needn't", &["need", "not"]),
    ("wanna wana wnna", &["want", "to"]),
    ("gonna gunna gna gon gonne finna", &["going", "to"]),
    ("gotta", &["got", "to"]),
    ("tryna trynna", &["trying", "to"]),
    ("lemme", &["let", "me"]),
    ("gimme", &["give", "me"]),
    ("dunno dno", &["do", "not", "know"]),
    ("idk", &["i", "do", "not", "know"]),
    ("let's lets", &["let", "us"]),
    ("whats what's wats wots", &["what", "is"]),
    ("wheres where's", &["where", "is"]),
    ("whos who's", &["who", "is"]),
    ("hows how's", &["how", "is"]),
    ("whens when's", &["when", "is"]),
    ("thats that's dats", &["that", "is"]),
    ("theres there's", &["there", "is"]),
    ("heres here's", &["here", "is"]),
    ("itd it'd", &["it", "would"]),
    ("it's its", &["it", "is"]),
    ("he's hes", &["he", "is"]),
    ("she's shes", &["she", "is"]),
    ("pls plz plss pleease pwease", &["please"]),
    ("ppl peeps", &["people"]),
    ("bc cos cuz coz cause bcos becuz becos", &["because"]),
    ("rn", &["right", "now"]),
    ("tn 2nite tonite 2night tnite", &["tonight"]),
    ("tmrw tmr tmro 2moro 2morrow tomoz tomo tomorro 2mrw", &["tomorrow"]),
    ("2day", &["today"]),
    ("abt bout", &["about"]),
    ("any1 ne1", &["anyone"]),
    ("some1 sum1", &["someone"]),
    ("every1 evry1", &["everyone"]),
    ("no1 noone", &["no", "one"]),
    ("nuffin nowt nuttin nuthin nothin", &["nothing"]),
    ("summat smth sumthin somethin sth smthn sumfin", &["something"]),
    ("anyfin owt anythin", &["anything"]),
    ("msg messge mesage", &["message"]),
    ("msgs", &["messages"]),
    ("txt", &["text"]),
    ("wat wot wht wut", &["what"]),
    ("wen", &["when"]),
    ("wer", &["where"]),
    ("urself yourselves yaself yourslef yoself", &["yourself"]),
    ("m8", &["mate"]),
    ("gr8", &["great"]),
    ("l8", &["late"]),
    ("l8r ltr", &["later"]),
    ("b4", &["before"]),
    ("luv lurve", &["love"]),
    ("thru", &["through"]),
    ("skool scl skl", &["school"]),
    ("dat", &["that"]),
    ("dis", &["this"]),
    ("da", &["the"]),
    ("pics pix", &["pictures"]),
    ("pic", &["picture"]),
    ("vid", &["video"]),
    ("vids", &["videos"]),
    ("fone phne", &["phone"]),
    ("num nmbr numba", &["number"]),
    ("jus jst", &["just"]),
    ("wud", &["would"]),
    ("cud", &["could"]),
    ("shud", &["should"]),
    ("hav hv av", &["have"]),
    ("nite", &["night"]),
    ("nah nope naa nahh nahhh", &["no"]),
    ("yh ye yeh yea yep yup yah", &["yeah"]),
    ("thx thnx ty tysm ta", &["thanks"]),
    ("irl", &["in", "real", "life"]),
    ("convo", &["conversation"]),
    ("convos", &["conversations"]),
    ("lil lickle", &["little"]),
    ("wknd", &["weekend"]),
    ("2getha 2gether togetha", &["together"]),
    ("4eva 4ever forevs", &["forever"]),
    ("defo deffo", &["definitely"]),
    ("probs prob prolly", &["probably"]),
    ("obvs", &["obviously"]),
    ("tho", &["though"]),
    ("yano yno", &["you", "know"]),
    ("dw", &["do", "not", "worry"]),
    ("hmu", &["hit", "me", "up"]),
    ("wyd", &["what", "are", "you", "doing"]),
    ("wbu hbu", &["what", "about", "you"]),
    ("wya", &["where", "you", "at"]),
    ("🔪 🗡", &["knife"]),
    ("🔫", &["gun"]),
    ("💣 🧨", &["bomb"]),
    ("💊", &["pills"]),
    ("🏫", &["school"]),
    ("🏠 🏡", &["house"]),
    ("🚗 🚙", &["car"]),
    ("📸 📷 🤳", &["photo"]),
    ("🎁", &["gift"]),
    ("💰 💵 💷 💸", &["money"]),
    ("📱 📞", &["phone"]),
    ("👶", &["baby"]),
    ("🐒 🐵", &["monkey"]),
    ("🦍", &["gorilla"]),
    ("🐷 🐖", &["pig"]),
    ("🐍", &["snake"]),
    ("🐀", &["rat"]),
    ("🐕", &["dog"]),
    ("🐳 🐋", &["whale"]),
    ("🐄 🐮", &["cow"]),
    ("🤡", &["clown"]),
    ("🗑", &["rubbish"]),
    ("☪", &["muslim"]),
    ("✡", &["jew"]),
    ("🕌", &["mosque"]),
    ("⚰ 🪦", &["coffin"]),
    ("🩸", &["blood"]),
    ("🪢", &["rope"]),
    ("🤫 🤐", &["secret"]),
    ("🍺 🍻", &["beer"]),
    ("🍷", &["wine"]),
    ("🚬", &["cigarette"]),
];

static PLAIN: LazyLock<HashMap<&'static str, &'static [&'static str], Cheap>> =
    LazyLock::new(|| shorthand().collect());

/// Everything that is typed for something else, with what it stands for.
pub(super) fn shorthand() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TABLE.iter().flat_map(|(typed, plain)| typed.split(' ').map(move |typed| (typed, *plain)))
}

/// The plain words that a typed word stands for; `None` when it stands for itself. The word is folded and may hold
/// apostrophes.
#[must_use]
pub fn plain(word: &str) -> Option<&'static [&'static str]> {
    PLAIN.get(word).copied()
}

/// A contraction with an apostrophe that the table does not hold whole: its stem and the words of its ending
/// (`rab'll` is `rab will`; of `mum's` only `mum` is kept, be it "mum is" or what is hers).
#[must_use]
pub fn contraction(word: &str) -> Option<(&str, Option<&'static str>)> {
    const ENDINGS: [(&str, Option<&str>); 6] = [
        ("'ll", Some("will")),
        ("'re", Some("are")),
        ("'ve", Some("have")),
        ("n't", Some("not")),
        ("'s", None),
        ("s'", None),
    ];
    ENDINGS.iter().find_map(|&(ending, meaning)| {
        word.strip_suffix(ending).filter(|stem| !stem.is_empty()).map(|stem| (stem, meaning))
    })
}

/// A word with stretched letters, drawn in: every run of three or more of one letter becomes one, and (second) two.
#[must_use]
pub fn drawn_in(word: &str) -> Option<(String, String)> {
    let bytes = word.as_bytes();
    let stretched = bytes.windows(3).any(|w| w[0] == w[1] && w[1] == w[2] && w[0].is_ascii_alphabetic());
    if !stretched {
        return None;
    }
    let (mut one, mut two) = (String::new(), String::new());
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let mut run = 1;
        while chars.peek() == Some(&c) {
            chars.next();
            run += 1;
        }
        one.push(c);
        two.push(c);
        if run == 2 {
            one.push(c);
        }
        if run >= 2 {
            two.push(c);
        }
    }
    Some((one, two))
}

/// A word with digits and signs read as the letters that they look like (`sn4p`, `s3cret`, `@lone`, `k!ll`), if it
/// holds both kinds: the likelier reading first. `1` and `|` are an `i` or an `l`.
#[must_use]
pub fn unleet(word: &str) -> Option<[String; 2]> {
    let signs = word.bytes().filter(|b| b"0134578@$!|+".contains(b)).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    if signs == 0 || letters == 0 {
        return None;
    }
    let read = |upright: char| -> String {
        word.chars()
            .map(|c| match c {
                '0' => 'o',
                '1' | '|' => upright,
                '!' => 'i',
                '3' => 'e',
                '4' | '@' => 'a',
                '5' | '$' => 's',
                '7' | '+' => 't',
                '8' => 'b',
                other => other,
            })
            .collect()
    };
    Some([read('i'), read('l')])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretched_letters_are_drawn_in_both_ways() {
        assert_eq!(drawn_in("sooo"), Some(("so".into(), "soo".into())));
        assert_eq!(drawn_in("pleeease"), Some(("please".into(), "pleease".into())));
        assert_eq!(drawn_in("seeecret"), Some(("secret".into(), "seecret".into())));
        assert_eq!(drawn_in("good"), None);
    }

    #[test]
    fn leet_needs_letters_beside_it() {
        assert_eq!(unleet("sn4p").unwrap()[0], "snap");
        assert_eq!(unleet("s3cr3t").unwrap()[0], "secret");
        assert_eq!(unleet("1ove").unwrap()[1], "love");
        assert_eq!(unleet("1457"), None);
        assert_eq!(unleet("plain"), None);
    }

    #[test]
    fn contractions_keep_their_not() {
        assert_eq!(plain("dont"), Some(&["do", "not"][..]));
        assert_eq!(contraction("rab'll"), Some(("rab", Some("will"))));
        assert_eq!(contraction("mum's"), Some(("mum", None)));
        assert_eq!(contraction("mum"), None);
    }
}
