//! The pipeline when nothing can be kept, and what it never lets go of too early.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::mpsc;

use super::actor::Actor;
use super::buffer::{BufferPolicy, HourKeys};
use super::case_keys::CaseKeys;
use super::committer::{Commit, Committer, Exhibit, Witness};
use super::ring::{Received, Ring};
use super::{Ear, Input, Progress, What};
use crate::clock::Clock;
use crate::domain::event::{Ended, GuildSnapshot, Member, Message, Role};
use crate::domain::fact::Part;
use crate::domain::person::RoleMapping;
use crate::domain::space::Permissions;
use crate::domain::{
    CaseRef, Category, ChannelId, Effect, Event, Fact, GuildId, Heard, Level, MessageId, RoleId, Space,
    SpaceKind, Timestamp, UserId,
};
use crate::engine::{Keep, Organisation, Policy};
use crate::evidence::checkpoint::SigningKey;
use crate::evidence::log::Tree;
use crate::outbox::Job;
use crate::paging::{Calls, LadderPolicy, People};
use crate::store::{Position, Store, StoreError};
use crate::text::Lists;

/// What the committer told.
#[derive(Debug, PartialEq)]
enum Told {
    Trouble,
    Left(String),
}

struct Notebook(mpsc::UnboundedSender<Told>);

impl Witness for Notebook {
    fn jobs_are_due(&self) {}
    fn evidence_cannot_be_kept(&self, _: &StoreError) {
        self.0.send(Told::Trouble).unwrap();
    }
    fn evidence_is_kept_again(&self) {}
    fn leave_without_evidence(&self, job: Job) {
        self.0.send(Told::Left(job.key)).unwrap();
    }
}

fn committer(store: Store, clock: Clock) -> (Committer, mpsc::UnboundedReceiver<Told>) {
    let (told, notes) = mpsc::unbounded_channel();
    let committer = Committer {
        case_keys: CaseKeys::default(),
        hour_keys: HourKeys::default(),
        store,
        tree: Tree::empty(),
        key: Arc::new(SigningKey::generate("club.example/evidence").unwrap()),
        checkpoint_file: None,
        leads: Vec::new(),
        software: "chaperone".to_owned(),
        clock,
        progress: BTreeMap::new(),
        witness: Arc::new(Notebook(told)),
    };
    (committer, notes)
}

fn job(key: &str, effect: Effect) -> Job {
    Job {
        key: key.to_owned(),
        organisation: "club".to_owned(),
        case: Some(CaseRef(1)),
        effect,
        not_before: Timestamp(0),
        attempts: 0,
    }
}

fn page(key: &str, level: Level) -> Job {
    job(
        key,
        Effect::Page {
            case: CaseRef(1),
            level,
            category: Category::Welfare,
            slot: "dsl".into(),
            round: 0,
            channel: "discord-dm".into(),
            person: "sam".into(),
            drill: false,
            evidence_kept: true,
        },
    )
}

fn opened(level: Level, jobs: Vec<Job>) -> Commit {
    let (case, category, subjects) = (CaseRef(1), Category::Welfare, BTreeSet::new());
    let fact = Fact::CaseOpened { case, category, level, subjects };
    Commit { facts: vec![(Timestamp(0), fact)], jobs, ..Commit::of("club") }
}

fn something() -> Commit {
    Commit { facts: vec![(Timestamp(0), Fact::Started { software: "x".into() })], ..Commit::of("club") }
}

async fn next(notes: &mut mpsc::UnboundedReceiver<Told>) -> Option<Told> {
    tokio::time::timeout(Duration::from_secs(5), notes.recv()).await.ok().flatten()
}

#[tokio::test]
async fn danger_that_comes_while_nothing_can_be_kept_is_answered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaperone.db").display().to_string();
    Store::open(&path).await.unwrap().close().await;
    let store = Store::open_to_read(&path).await.unwrap();
    // The clock stands still: nothing is tried again.
    let (committer, mut notes) = committer(store, Clock::manual(Timestamp(0)));
    let (commits, to_commit) = mpsc::channel(8);
    let running = tokio::spawn(committer.run(to_commit));

    commits.send(something()).await.unwrap();
    assert_eq!(next(&mut notes).await, Some(Told::Trouble));
    commits.send(opened(Level::Serious, vec![page("page/serious", Level::Serious)])).await.unwrap();
    commits.send(opened(Level::Immediate, vec![page("page/0", Level::Immediate)])).await.unwrap();
    assert_eq!(next(&mut notes).await, Some(Told::Left("page/0".into())));
    // The next rung of the same ladder opens no case and is called all the same.
    let rung = Commit { jobs: vec![page("page/1", Level::Immediate)], ..something() };
    commits.send(rung).await.unwrap();
    assert_eq!(next(&mut notes).await, Some(Told::Left("page/1".into())));
    for _ in 0..2_000 {
        tokio::time::timeout(Duration::from_secs(5), commits.send(something())).await.unwrap().unwrap();
    }
    running.abort();
}

#[tokio::test]
async fn danger_is_answered_even_when_nothing_will_be_kept_any_more() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let commit_one = async |store: Store, commit| {
        let (committer, notes) = committer(store, Clock::manual(Timestamp(0)));
        let (commits, to_commit) = mpsc::channel(8);
        commits.send(commit).await.unwrap();
        drop(commits);
        (committer.run(to_commit).await, notes)
    };
    commit_one(store.clone(), something()).await.0.unwrap();
    // The second committer does not know of the first one's entry: a fork, which ends it.
    let danger = opened(Level::Immediate, vec![page("page/0", Level::Immediate)]);
    let (ended, mut notes) = commit_one(store, danger).await;
    assert!(matches!(ended, Err(StoreError::Fork { .. })), "{ended:?}");
    assert_eq!(next(&mut notes).await, Some(Told::Trouble));
    assert_eq!(next(&mut notes).await, Some(Told::Left("page/0".into())));
}

#[tokio::test]
async fn a_message_of_which_no_evidence_could_be_sealed_stays_in_sight() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let (committer, _notes) = committer(store.clone(), Clock::manual(Timestamp(0)));
    let (commits, to_commit) = mpsc::channel(8);
    let keep = Keep {
        case: Some(CaseRef(1)),
        message: MessageId(7),
        space: ChannelId(3),
        author: UserId(2),
        part: Part::Finding,
        edited_at: None,
        subjects: BTreeSet::new(),
    };
    let received =
        vec![Received { raw: "{}".into(), at: Timestamp(0), attachments: Vec::new(), first: true }];
    let hide = job("hide/club/7", Effect::Hide { space: ChannelId(3), message: MessageId(7) });
    // No lead has a key.
    let commit = Commit {
        exhibits: vec![Exhibit { keep, received }],
        ..opened(Level::Serious, vec![hide.clone(), page("page/0", Level::Serious)])
    };
    commits.send(commit).await.unwrap();
    drop(commits);
    committer.run(to_commit).await.unwrap();
    let pending: Vec<_> = store.jobs_pending().await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(pending, ["page/0"]);
    let facts = store.facts("club").await.unwrap();
    assert!(facts.iter().any(|stored| matches!(
        &stored.fact,
        Fact::Outcome { job, ended: Ended::Withheld { .. }, .. } if *job == hide.key
    )));
}

#[tokio::test]
async fn a_position_is_not_kept_before_the_event_that_it_stands_for() {
    let organisation =
        Organisation::new("club", Policy::default(), RoleMapping::well_known(), Lists::shared());
    let (commits, mut committed) = mpsc::channel(8);
    let progress = Progress::default();
    let (ear, inputs) = Ear::new(progress.clone());
    let calls = Calls::new("club", LadderPolicy::default(), People::default());
    let actor = Actor {
        name: "club".to_owned(),
        organisation,
        calls: Arc::new(RwLock::new(calls)),
        commits,
        clock: Clock::manual(Timestamp(0)),
        progress,
        ring: Ring::default(),
        buffer: BufferPolicy::default(),
        operator_channel: None,
    };
    let running = tokio::spawn(actor.run(inputs));
    let (guild, everyone) = (GuildId(1), RoleId(1));
    let role = |id, name: &str| Role {
        id,
        name: name.to_owned(),
        permissions: Permissions::VIEW_CHANNEL,
        position: 0,
    };
    let member = |id, role| Member { id, roles: BTreeSet::from([role]), ..Member::default() };
    let thread = Space {
        id: ChannelId(9),
        guild,
        kind: SpaceKind::PrivateThread,
        name: String::new(),
        parent: None,
        owner: None,
        overwrites: Vec::new(),
        members: BTreeSet::from([UserId(10), UserId(20)]),
        locked: false,
        archived: false,
    };
    let snapshot = GuildSnapshot {
        id: guild,
        roles: vec![
            role(everyone, "@everyone"),
            role(RoleId(2), "Young Person"),
            role(RoleId(3), "Youth Worker"),
        ],
        spaces: vec![thread],
        members: vec![member(UserId(10), RoleId(2)), member(UserId(20), RoleId(3))],
        ..GuildSnapshot::default()
    };
    let at = Timestamp::from_seconds;
    let alone = Heard { at: at(0), event: Event::Guild(Box::new(snapshot)) };
    ear.hear(Input::event(alone)).await.unwrap();
    let message = Message { id: MessageId(5), space: ChannelId(8), guild: Some(guild), ..Message::default() };
    ear.hear(Input {
        what: What::Event(Heard { at: at(30), event: Event::Said(Box::new(message)) }),
        raw: Some("{}".into()),
        position: Some(Position { shard: 0, session: "{}".into(), heard_at: at(30) }),
        done: None,
    })
    .await
    .unwrap();
    drop(ear);
    let lock = committed.recv().await.unwrap();
    assert!(lock.jobs.iter().any(|job| job.effect.code() == "lock"), "what was due came first");
    assert_eq!(lock.position, None, "a crash now must hear the message again");
    assert!(committed.recv().await.unwrap().position.is_some());
    running.await.unwrap();
}

#[tokio::test]
async fn the_bytes_of_a_frame_that_cannot_be_read_are_sealed_to_the_leads() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("club.db").to_str().unwrap()).await.unwrap();
    let clock = Clock::manual(Timestamp(0));
    let (mut committer, _notes) = committer(store.clone(), clock.clone());
    let identity = crate::evidence::Identity::generate();
    committer.leads = vec![super::committer::Lead {
        readers: crate::domain::who_may_know::Readers::one(UserId(1)),
        recipient: identity.recipient(),
    }];
    let (commits, to_commit) = mpsc::channel(8);
    let progress = Progress::default();
    let (ear, inputs) = Ear::new(progress.clone());
    let actor = Actor {
        name: "club".to_owned(),
        organisation: Organisation::new(
            "club",
            Policy::default(),
            RoleMapping::well_known(),
            Lists::shared(),
        ),
        calls: Arc::new(RwLock::new(Calls::new("club", LadderPolicy::default(), People::default()))),
        commits,
        clock,
        progress,
        ring: Ring::default(),
        buffer: BufferPolicy::default(),
        operator_channel: None,
    };
    let running = tokio::spawn(actor.run(inputs));
    let raw = r#"{"op":0,"t":"MESSAGE_CREATE","d":{"id":[]}}"#;
    let event = Event::Unreadable { name: "MESSAGE_CREATE".to_owned(), guild: None };
    let what = What::Event(Heard { at: Timestamp(5), event });
    ear.hear(Input { what, raw: Some(raw.into()), position: None, done: None }).await.unwrap();
    drop(ear);
    running.await.unwrap();
    committer.run(to_commit).await.unwrap();
    let kept = store.exhibits("club", Some(CaseRef(1))).await.unwrap();
    assert_eq!(kept.len(), 1);
    let opened =
        crate::evidence::seal::open(&crate::evidence::Sealed(kept[0].sealed.clone()), &identity).unwrap();
    let exhibit = crate::evidence::Exhibit::from_bytes(&opened).unwrap();
    assert_eq!((exhibit.payload(), exhibit.header("event")), (raw.as_bytes(), Some("MESSAGE_CREATE")));
}
