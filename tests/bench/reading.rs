//! Benchmarks of one message's reading, from its text to what is observed in it.
//!
//! ```text
//! cargo bench --bench reading
//! CHAPERONE_BENCH_TEXTS=texts.jsonl cargo bench --bench reading     # {"text": "…"} a line, instead of our own
//! ```
//!
//! Prints messages per second on one core for each step of the path (reading, lists, the whole detector with
//! direction and memory), how it changes with 20,000 patterns, and how long single messages take: ordinary ones and
//! 2,000 characters of the worst kinds that we know.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chaperone::detect::Detector;
use chaperone::domain::event::Message;
use chaperone::domain::zone::Zone;
use chaperone::domain::{ChannelId, Kind, MessageId, Person, Roster, Timestamp, UserId};
use chaperone::text::Lists;
use chaperone::text::matcher::BUILTIN;

/// Short chat as clubs write it; a few lines are findings.
const CHAT: [&str; 24] = [
    "is anyone bringing snacks tonight",
    "omg that match was unreal",
    "can somebody explain question 4",
    "the bus is late again",
    "who left the studio lights on",
    "haha same",
    "i finished the poster, it's on the shared drive",
    "what time do we start on saturday",
    "my cat walked over the keyboard while i was typing this so sorry for the mess above",
    "good game everyone",
    "does anyone have a spare charger",
    "see you all on thursday",
    "idk tbh, i think its the second one",
    "u coming tmrw or nah",
    "sooooo tired after training lol",
    "https://club.example.org/forms has the letter for the trip",
    "we won 3-2!!! best day ever 🎉🎉",
    "can i be in your group for the quiz",
    "Evening all! Session starts at 18:30, bring a pencil and something to drink.",
    "wait what did he say about the rehearsal",
    "café is closed so we meet at the hall",
    "no way, thats the same hoodie as mine",
    "add me on snap",
    "brb dinner",
];

/// 2,000 characters of what could be slow.
fn worst() -> Vec<(&'static str, String)> {
    let fill = |part: &str| {
        part.repeat(2_000_usize.div_ceil(part.chars().count())).chars().take(2_000).collect::<String>()
    };
    let words: Vec<String> = BUILTIN
        .iter()
        .flat_map(|(_, text)| text.split(|c: char| !c.is_ascii_alphabetic()))
        .filter(|word| word.len() > 3)
        .step_by(7)
        .map(str::to_owned)
        .collect();
    vec![
        ("one letter at a time", fill("k y s ")),
        ("the same finding again and again", fill("do not tell your mum ")),
        ("words of every list", fill(&words.join(" "))),
        ("you and i", fill("you i me my will can do not are going to ")),
        ("links", fill("dlscord-gift.com/x ")),
        ("dots", fill("a.b.c.d.")),
        ("digits", fill("07 7 ")),
        ("marks on letters", fill("e\u{301}\u{200d}")),
        ("other letters", fill("kуѕ ")),
        ("signs for letters", fill("k!ll s3cr3t ")),
        ("stretched", fill("soooooo goooood ")),
        ("one long word", fill("a")),
        ("quotation marks", fill("\"'`> ")),
        ("pictures", fill("🔪🦕👍🏽")),
        ("handles and schools", fill("my snap is a school 1 oak road ")),
        ("percent", fill("%6b%79%73 ")),
    ]
}

/// The lists with so many invented phrases beside the built-in ones.
fn with_patterns(count: usize) -> Lists {
    let syllables = ["ba", "ko", "ri", "ten", "mul", "sha", "dro", "pel", "vin", "gus"];
    let word = |n: usize| -> String {
        [n % 10, n / 10 % 10, n / 100 % 10, n / 1_000 % 10].iter().map(|digit| syllables[*digit]).collect()
    };
    let common = ["you", "the", "to", "is", "me", "what", "my", "on", "can", "not"];
    let mut file =
        String::from("code = \"exclusion\"\n[[entry]]\nid = \"invented\"\nyes = [\"x\"]\npatterns = [\n");
    for n in 0..count {
        _ = writeln!(
            file,
            "  \"{} *2 ({}|{}) {} {n}x\",",
            common[n % 10],
            word(n),
            word(n * 7 + 3),
            word(n % 4_000 + 11)
        );
    }
    file.push_str("]\n");
    let files: Vec<(&str, &str)> =
        BUILTIN.iter().copied().chain([("en/invented.toml", file.as_str())]).collect();
    Lists::parse(&files).unwrap()
}

fn texts() -> Vec<String> {
    let Ok(path) = std::env::var("CHAPERONE_BENCH_TEXTS") else {
        return CHAT.iter().map(|text| (*text).to_owned()).collect();
    };
    let all = std::fs::read_to_string(path).unwrap();
    let text = |line: &str| -> Option<String> {
        serde_json::from_str::<serde_json::Value>(line).ok()?.get("text")?.as_str().map(str::to_owned)
    };
    all.lines().filter_map(text).collect()
}

/// Messages per second: the best of three rounds.
fn rate(texts: &[String], count: usize, mut each: impl FnMut(usize, &str)) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let begin = Instant::now();
        for (n, text) in texts.iter().cycle().take(count).enumerate() {
            each(n, text);
        }
        best = best.min(begin.elapsed());
    }
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let count = count as f64;
    count / best.as_secs_f64()
}

fn club() -> (Roster, BTreeSet<UserId>) {
    let mut roster = Roster::default();
    for n in 0..60_u64 {
        let kind = if n % 10 == 0 { Kind::Volunteer } else { Kind::YoungPerson };
        let name = format!("person{n}");
        roster.enter(Person {
            id: UserId(1_000 + n),
            shown: name.clone(),
            name,
            roles: BTreeSet::new(),
            kind,
        });
    }
    let audience =
        roster.iter().filter(|person| person.kind.is_protected()).map(|person| person.id).collect();
    (roster, audience)
}

fn whole(lists: &Arc<Lists>, texts: &[String], count: usize) -> f64 {
    let (roster, audience) = club();
    let mut detector = Detector::new(Arc::clone(lists), Zone::default());
    let mut id = 0_u64;
    rate(texts, count, |_, text| {
        id += 1;
        let message = Message {
            id: MessageId(id),
            space: ChannelId(id % 12),
            author: UserId(1_000 + id.wrapping_mul(2_654_435_761) % 60),
            author_name: "person".into(),
            at: Timestamp(1_772_000_000_000_000 + id.cast_signed() * 700_000),
            content: text.to_owned(),
            ..Message::default()
        };
        black_box(detector.hear(&message, &roster, Some(&audience)));
    })
}

/// How long single messages take, each measured by itself.
fn single(lists: &Lists, name: &str, texts: &[String], count: usize) {
    let mut took: Vec<Duration> = texts
        .iter()
        .cycle()
        .take(count)
        .map(|text| {
            #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
            let begin = Instant::now();
            black_box(lists.read(black_box(text)));
            begin.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |part: usize| took[(took.len() * part / 1_000).min(took.len() - 1)];
    println!("{name:<34} p50 {:>9.2?}  p99 {:>9.2?}  p99.9 {:>9.2?}", at(500), at(990), at(999));
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let count = if quick { 200 } else { 300_000 };
    let texts = texts();
    let lists = Lists::shared();
    let patterns = |lists: &Lists| lists.entries().iter().map(|entry| entry.patterns.len()).sum::<usize>();
    println!("{} texts, {} patterns", texts.len(), patterns(&lists));
    let say = |what: &str, rate: f64| println!("{what:<44} {rate:>12.0} messages/s");
    say(
        "fold",
        rate(&texts, count, |_, text| {
            black_box(chaperone::text::fold::Folded::of(text));
        }),
    );
    say(
        "reading",
        rate(&texts, count, |_, text| {
            black_box(lists.reading(text));
        }),
    );
    say(
        "reading and lists",
        rate(&texts, count, |_, text| {
            black_box(lists.read(text));
        }),
    );
    say("the whole detector", whole(&lists, &texts, count));
    let many = Arc::new(with_patterns(if quick { 50 } else { 20_000 - patterns(&lists) }));
    println!("{} patterns", patterns(&many));
    say(
        "reading and lists",
        rate(&texts, count, |_, text| {
            black_box(many.read(text));
        }),
    );
    say("the whole detector", whole(&many, &texts, count));
    single(&lists, "ordinary", &texts, count.min(100_000));
    for (name, text) in worst() {
        single(&lists, name, &[text], if quick { 2 } else { 3_000 });
    }
}
