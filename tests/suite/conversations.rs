//! Whole conversations through lists, direction and timelines: what each reaches, and when. The conversations of the
//! development data are read where they are present; where they are not, the test says so.

mod peers; // bullying, welfare and banter: the repository's own conversations through the whole engine
mod stage; // plays a conversation to an organisation

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use chaperone::detect::grooming::PairTimeline;
use chaperone::detect::{Detector, grooming, single};
use chaperone::domain::event::Message;
use chaperone::domain::zone::Zone;
use chaperone::domain::{
    Category, ChannelId, Kind, MessageId, Observation, Person, Roster, Timestamp, UserId,
};
use chaperone::text::Lists;

/// What one conversation came to.
#[derive(Debug, Default)]
struct Outcome {
    /// Per category the highest level with the line that reached it.
    reached: BTreeMap<Category, (u8, u64)>,
    observations: Vec<Observation>,
    names: BTreeMap<UserId, String>,
}

impl Outcome {
    fn highest(&self) -> (u8, u64) {
        self.reached
            .values()
            .copied()
            .max_by_key(|&(level, line)| (level, std::cmp::Reverse(line)))
            .unwrap_or_default()
    }

    /// The line at which a level was first reached in any category.
    fn of(&self, category: Category) -> (u8, u64) {
        self.reached.get(&category).copied().unwrap_or_default()
    }
}

fn folder() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|up| up.join("shared/data/scripts")).find(|folder| folder.is_dir())
}

fn kind(role: &str) -> Kind {
    match role {
        "staff" => Kind::YouthWorker,
        "volunteer" => Kind::Volunteer,
        "young_person" => Kind::YoungPerson,
        _ => Kind::Guest,
    }
}

fn play(script: &str, lists: &Arc<Lists>) -> Outcome {
    let (head, body) = script.split_once("\n---\n").expect("a script has a head and a body");
    let people: Vec<(&str, Kind)> = head
        .lines()
        .find_map(|line| line.strip_prefix("people: "))
        .expect("a script names its people")
        .split(", ")
        .filter_map(|person| person.split_once('='))
        .map(|(name, role)| (name.trim(), kind(role.trim())))
        .collect();
    let mut roster = Roster::default();
    let mut ids = BTreeMap::new();
    for (number, (name, kind)) in (500..).zip(&people) {
        let (id, name) = (UserId(number), (*name).to_owned());
        roster.enter(Person {
            id,
            name: name.clone(),
            shown: name.clone(),
            roles: BTreeSet::new(),
            kind: *kind,
        });
        ids.insert(name, id);
    }
    let mut detector = Detector::new(Arc::clone(lists), Zone::default());
    roster.iter().for_each(|person| detector.meet(person));
    let mut outcome =
        Outcome { names: ids.iter().map(|(name, id)| (*id, name.clone())).collect(), ..Outcome::default() };
    let mut timelines: BTreeMap<(UserId, UserId), PairTimeline> = BTreeMap::new();
    let mut spaces: BTreeMap<String, ChannelId> = BTreeMap::new();
    let mut last: BTreeMap<(ChannelId, UserId), MessageId> = BTreeMap::new();
    for (number, line) in (1_u64..).zip(body.lines().filter(|line| !line.trim().is_empty())) {
        let mut parts = line.splitn(4, ' ');
        let (day, time) = (parts.next().unwrap(), parts.next().unwrap());
        let (space, rest) = (parts.next().unwrap(), parts.next().unwrap());
        let at = Timestamp::parse_rfc3339(&format!("{day}T{time}:00Z")).expect("a time");
        let at = Timestamp(at.0 + number.cast_signed() % 60 * 1_000_000);
        let count = u64::try_from(spaces.len()).unwrap();
        let space = *spaces.entry(space.to_owned()).or_insert(ChannelId(200 + count));
        let Some((who, text)) = rest.split_once(": ") else { continue };
        let (by, to) = who.split_once(" > ").map_or((who, None), |(by, to)| (by, Some(to)));
        let Some(&author) = ids.get(by) else { continue };
        let mentions =
            ids.iter().filter(|(name, _)| text.contains(&format!("@{name}"))).map(|(_, id)| *id).collect();
        let reply_to =
            to.and_then(|to| ids.get(to)).and_then(|to| last.get(&(space, *to)).map(|id| (*id, Some(*to))));
        let message = Message {
            id: MessageId(number),
            space,
            author,
            author_name: by.to_owned(),
            at,
            content: text.to_owned(),
            mentions,
            reply_to,
            ..Message::default()
        };
        last.insert((space, author), message.id);
        for seen in detector.hear(&message, &roster, None) {
            let mut levels = Vec::new();
            levels.extend(single::opening(&seen).map(|opening| (opening.category, opening.level)));
            if let Some(pair) = grooming::pair_of(&seen) {
                let timeline = timelines.entry(pair).or_default();
                timeline.add(seen.clone());
                levels.extend(timeline.assess(at).map(|finding| (finding.category, finding.level)));
            }
            for (category, level) in levels {
                let best = outcome.reached.entry(category).or_default();
                if u8::from(level) > best.0 {
                    *best = (level.into(), number);
                }
            }
            outcome.observations.push(seen);
        }
    }
    outcome
}

#[test]
fn the_conversations_of_the_development_data_reach_what_they_should() {
    let Some(folder) = folder() else {
        eprintln!("SKIPPED: no development conversations (shared/data/scripts) beside this checkout");
        return;
    };
    let lists = Lists::shared();
    let mut outcomes = BTreeMap::new();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "txt")) {
        let text = std::fs::read_to_string(file).unwrap();
        let outcome = play(&text, &lists);
        let id = file.file_stem().unwrap().to_string_lossy().into_owned();
        let wanted =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("-").trim().to_owned();
        let (level, line) = outcome.highest();
        eprintln!(
            "{id:5} expects {:4} by {:3}: level {level} at line {line}",
            wanted("expect:"),
            wanted("by:")
        );
        for seen in &outcome.observations {
            let name = |id: UserId| outcome.names.get(&id).map_or("?", String::as_str);
            let line = seen.message.map_or(0, |id| id.0);
            eprintln!(
                "        {line:3} {} {} > {}",
                seen.code,
                name(seen.by),
                seen.towards.map_or("room", name)
            );
        }
        outcomes.insert(id, outcome);
    }
    let in_time = |id: &str, category: Category, by: u64| {
        let (level, line) = outcomes[id].of(category);
        assert!(
            level >= 4 && line <= by,
            "{id}: {category} level {level} at line {line}, wanted 4 by line {by}"
        );
    };
    in_time("d01", Category::Grooming, 34);
    in_time("d07", Category::Grooming, 16);
    in_time("d13", Category::Grooming, 24);
    in_time("w01", Category::Welfare, 14);
    for (id, most) in [("d28", 2), ("d34", 2), ("bn02", 1), ("bt01", 1)] {
        assert!(
            outcomes[id].highest().0 <= most,
            "{id}: level {:?}, wanted at most {most}",
            outcomes[id].highest()
        );
    }
    assert_eq!(outcomes["d20"].highest().0, 3, "d20 drifts over the line and is put right");
}
