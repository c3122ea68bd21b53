//! What holds for every order of events: the engine alone, no sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chaperone::discord::decode::decode;
use chaperone::domain::event::{GuildSnapshot, Member, Message, Role};
use chaperone::domain::person::RoleMapping;
use chaperone::domain::space::Permissions;
use chaperone::domain::{
    Category, ChannelId, Code, Event, Fact, GuildId, Heard, MessageId, Observation, RoleId, Space, SpaceKind,
    Timestamp, UserId,
};
use chaperone::engine::{Organisation, Policy};
use chaperone::text::Lists;
use proptest::prelude::*;

const GUILD: GuildId = GuildId(1);
const PEOPLE: [(u64, u64); 6] = [(10, 2), (11, 2), (12, 2), (20, 3), (21, 3), (30, 9)];
const SPACES: [u64; 3] = [100, 101, 102];
const WORDS: [&str; 12] = [
    "hello all",
    "kys",
    "you're so mature for your age",
    "i'll buy you a gift card",
    "it's our secret, don't tell",
    "add me on snap",
    "no",
    "stop it",
    "are you home alone?",
    "we should meet up just us on saturday",
    "lovely colours",
    "i want to die",
];

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(1_770_000_000 + i64::try_from(seconds).unwrap())
}

fn organisation(lists: &Arc<Lists>) -> Organisation {
    Organisation::new("club", Policy::default(), RoleMapping::well_known(), lists.clone())
}

fn space(id: u64, kind: SpaceKind, members: BTreeSet<UserId>) -> Space {
    Space {
        id: ChannelId(id),
        guild: GUILD,
        kind,
        name: String::new(),
        parent: kind.is_thread().then_some(ChannelId(SPACES[0])),
        owner: None,
        overwrites: vec![],
        members,
        locked: false,
        archived: false,
    }
}

fn server() -> Event {
    let member = |(id, role): (u64, u64)| Member {
        id: UserId(id),
        name: format!("person{id}"),
        shown: String::new(),
        roles: BTreeSet::from([RoleId(role)]),
        bot: false,
    };
    let role = |id, name: &str| Role {
        id: RoleId(id),
        name: name.to_owned(),
        permissions: Permissions::VIEW_CHANNEL,
        position: 0,
    };
    Event::Guild(Box::new(GuildSnapshot {
        id: GUILD,
        roles: vec![
            role(1, "@everyone"),
            role(2, "Young Person"),
            role(3, "Youth Worker"),
            role(9, "friend"),
        ],
        spaces: SPACES.map(|id| space(id, SpaceKind::Text, BTreeSet::new())).to_vec(),
        members: PEOPLE.map(member).to_vec(),
        ..GuildSnapshot::default()
    }))
}

/// One thing that happens: who, where, what is said or done, to whom.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Says { who: usize, place: usize, words: usize, to: Option<usize> },
    Thread { who: usize, with: usize },
    Joins { who: usize },
    Due,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let says = (0..6usize, 0..3usize, 0..WORDS.len(), proptest::option::of(0..6usize))
        .prop_map(|(who, place, words, to)| Deed::Says { who, place, words, to });
    let thread = (0..6usize, 0..6usize).prop_map(|(who, with)| Deed::Thread { who, with });
    let deed = prop_oneof![
        8 => says,
        1 => thread,
        1 => (0..6usize).prop_map(|who| Deed::Joins { who }),
        1 => Just(Deed::Due),
    ];
    proptest::collection::vec(deed, 1..25)
}

/// The events of these deeds, a minute apart.
fn events(deeds: &[Deed]) -> Vec<Heard> {
    let who = |index: usize| UserId(PEOPLE[index].0);
    let deed = |(index, deed): (usize, &Deed)| {
        let number = u64::try_from(index).unwrap() + 1;
        let now = at(60 * number);
        let event = match *deed {
            Deed::Says { who: by, place, words, to } => Event::Said(Box::new(Message {
                id: MessageId(number),
                space: ChannelId(SPACES[place]),
                guild: Some(GUILD),
                author: who(by),
                author_name: format!("person{}", who(by)),
                at: now,
                content: WORDS[words].to_owned(),
                mentions: to.map(who).into_iter().collect(),
                ..Message::default()
            })),
            Deed::Thread { who: by, with } => Event::SpaceChanged(Box::new(space(
                200 + number,
                SpaceKind::PrivateThread,
                BTreeSet::from([who(by), who(with)]),
            ))),
            Deed::Joins { who: by } => Event::ThreadMembers {
                guild: GUILD,
                thread: ChannelId(201),
                added: vec![who(by)],
                removed: vec![],
            },
            Deed::Due => Event::Due,
        };
        Heard { at: now, event }
    };
    deeds.iter().enumerate().map(deed).collect()
}

fn observed(facts: &[(Timestamp, Fact)]) -> BTreeSet<Observation> {
    let seen = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Observed(seen) => Some(seen.clone()),
        _ => None,
    });
    seen.collect()
}

/// What single messages say by themselves, and of which pairs something is told once a day.
fn by_themselves(observed: BTreeSet<Observation>) -> BTreeSet<Observation> {
    let from_before = |code: Code| {
        code.category() == Category::Bullying
            || matches!(code, Code::Flood | Code::Raid | Code::PersistsAfterRefusal)
    };
    let told = observed.into_iter().filter(|seen| !from_before(seen.code)).map(|seen| match seen.code {
        Code::UnenrolledContact | Code::OutOfSessionContact => {
            Observation { at: at(0), space: None, message: None, ..seen }
        }
        _ => seen,
    });
    told.collect()
}

fn hear(club: &mut Organisation, heard: &Heard, facts: &mut Vec<(Timestamp, Fact)>) {
    facts.extend(club.assess(heard).facts.into_iter().map(|fact| (heard.at, fact)));
}

fn told(lists: &Arc<Lists>, events: &[Heard]) -> (Organisation, Vec<(Timestamp, Fact)>) {
    let mut club = organisation(lists);
    let mut facts = Vec::new();
    hear(&mut club, &Heard { at: at(0), event: server() }, &mut facts);
    for heard in events {
        hear(&mut club, heard, &mut facts);
    }
    (club, facts)
}

fn settings() -> ProptestConfig {
    ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    /// A gateway may say everything twice, and after a resume says a stretch again: nothing more is observed, and
    /// nothing more is done.
    #[test]
    fn hearing_things_again_changes_nothing(deeds in deeds(), again in proptest::collection::vec((0..25usize, 1..6usize), 0..5)) {
        let lists = Lists::shared();
        let once = events(&deeds);
        let mut more = Vec::new();
        for (index, heard) in once.iter().enumerate() {
            more.push(heard.clone());
            for (_, back) in again.iter().filter(|(place, _)| *place == index) {
                // The last few once more, heard now.
                let replayed = &once[(index + 1).saturating_sub(*back)..=index];
                let messages = replayed.iter().filter(|heard| matches!(heard.event, Event::Said(_)));
                more.extend(messages.map(|earlier| Heard { at: heard.at, event: earlier.event.clone() }));
            }
        }
        let (first, facts) = told(&lists, &once);
        let (second, more) = told(&lists, &more);
        prop_assert_eq!(observed(&facts), observed(&more));
        prop_assert_eq!(first.state(), second.state());
    }

    /// What is folded from the facts is what was reached live, after every step: a restart changes nothing.
    #[test]
    fn folding_the_facts_gives_the_state(deeds in deeds()) {
        let lists = Lists::shared();
        let mut club = organisation(&lists);
        let mut facts = Vec::new();
        hear(&mut club, &Heard { at: at(0), event: server() }, &mut facts);
        let mut again = organisation(&lists);
        let mut folded = 0;
        for heard in events(&deeds) {
            hear(&mut club, &heard, &mut facts);
            for (at, fact) in &facts[folded..] {
                again.restore(*at, fact);
            }
            folded = facts.len();
            prop_assert_eq!(again.state(), club.state());
        }
    }

    /// Who reads which space first is nobody's matter for what one message says by itself: each space's messages in
    /// their order, the spaces in any. (What is told once a day about a pair is told of the message that was read first;
    /// who was cruel to whom, who repeats themselves and who asks again after a no follows from what came before.)
    #[test]
    fn the_order_between_spaces_changes_no_observation_of_single_messages(deeds in deeds(), lot in proptest::collection::vec(0..3usize, 25)) {
        let lists = Lists::shared();
        let said: Vec<Heard> =
            events(&deeds).into_iter().filter(|heard| matches!(heard.event, Event::Said(_))).collect();
        let mut shelves: BTreeMap<ChannelId, Vec<Heard>> = BTreeMap::new();
        for heard in said.iter().rev() {
            if let Event::Said(message) = &heard.event {
                shelves.entry(message.space).or_default().push(heard.clone());
            }
        }
        let mut shuffled = Vec::new();
        for turn in lot {
            let open: Vec<ChannelId> = shelves.iter().filter(|(_, left)| !left.is_empty()).map(|(id, _)| *id).collect();
            let Some(space) = open.get(turn % open.len().max(1)) else { break };
            shuffled.extend(shelves.get_mut(space).and_then(Vec::pop));
        }
        prop_assert_eq!(shuffled.len(), said.len());
        let (_, first) = told(&lists, &said);
        let (_, second) = told(&lists, &shuffled);
        prop_assert_eq!(by_themselves(observed(&first)), by_themselves(observed(&second)));
    }

    /// Whatever arrives, decoding ends and says something.
    #[test]
    fn random_bytes_never_stop_the_decoder(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let decoded = decode(&String::from_utf8_lossy(&bytes));
        prop_assert!(decoded.events.len() <= 400);
    }

    /// The same inside a frame of a known event: what is not understood is said to be unreadable, not dropped.
    #[test]
    fn a_known_event_of_any_shape_is_kept(value in "\\PC{0,40}", name in prop_oneof![Just("MESSAGE_CREATE"), Just("THREAD_CREATE"), Just("GUILD_MEMBER_ADD"), Just("CHANNEL_UPDATE")]) {
        let raw = serde_json::json!({"op": 0, "s": 7, "t": name, "d": value}).to_string();
        let decoded = decode(&raw);
        prop_assert_eq!(&decoded.name, name);
        let unreadable = decoded.events.iter().any(|event| matches!(event, Event::Unreadable { .. }));
        prop_assert!(unreadable, "{:?}", decoded.events);
        // Cut anywhere, it is no worse.
        for end in (0..raw.len()).filter(|end| raw.is_char_boundary(*end)) {
            prop_assert!(decode(&raw[..end]).events.len() <= 1);
        }
    }
}
