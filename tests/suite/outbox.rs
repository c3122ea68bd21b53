//! Carrying out what was decided: attempts, waits, ends. A clock that is moved by hand, a database in memory, and
//! somebody at the other side who answers as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chaperone::clock::Clock;
use chaperone::domain::effect::Nudge;
use chaperone::domain::event::Ended;
use chaperone::domain::{ChannelId, Effect, MessageId, Timestamp};
use chaperone::outbox::{Bell, Deliver, Delivered, Delivery, Dispatcher, Job, Jobs as _, Outcome, Policy};
use chaperone::store::{Batch, Store};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// What the other side answers to one attempt; `Done` when nothing was said.
enum Answer {
    Is(Delivered),
    Panics,
    /// Nothing until it is let go, then `Done`.
    Hangs(Arc<Notify>),
}

fn later(after: Option<Duration>) -> Answer {
    Answer::Is(Delivered::Later { why: "a 503".to_owned(), after })
}

/// Everybody at the other side.
struct OtherSide {
    clock: Clock,
    answers: Mutex<VecDeque<Answer>>,
    seen: mpsc::UnboundedSender<(String, Timestamp)>,
}

impl Deliver for OtherSide {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        let answer = self.answers.lock().unwrap().pop_front();
        self.seen.send((job.key.clone(), self.clock.now())).unwrap();
        Box::pin(async move {
            match answer {
                None => Delivered::Done { detail: None },
                Some(Answer::Is(delivered)) => delivered,
                Some(Answer::Panics) => panic!("on purpose"),
                Some(Answer::Hangs(until)) => {
                    until.notified().await;
                    Delivered::Done { detail: None }
                }
            }
        })
    }
}

struct Scene {
    store: Store,
    clock: Clock,
    other_side: Arc<OtherSide>,
    seen: mpsc::UnboundedReceiver<(String, Timestamp)>,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
    report_to: mpsc::UnboundedSender<Outcome>,
    policy: Policy,
    bell: Bell,
    stop: Arc<Notify>,
    /// Notified when the dispatcher has heard it.
    stopping: Arc<Notify>,
    running: Option<JoinHandle<()>>,
}

const START: Timestamp = Timestamp(1_800_000_000_000_000);

impl Scene {
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let clock = Clock::manual(START);
        let (to_seen, seen) = mpsc::unbounded_channel();
        let (report_to, outcomes) = mpsc::unbounded_channel();
        let answers = Mutex::new(answers.into_iter().collect());
        Scene {
            store: Store::open("sqlite::memory:").await.unwrap(),
            other_side: Arc::new(OtherSide { clock: clock.clone(), answers, seen: to_seen }),
            clock,
            seen,
            outcomes,
            report_to,
            policy: Policy::default(),
            bell: Bell::default(),
            stop: Arc::default(),
            stopping: Arc::default(),
            running: None,
        }
    }

    /// Starts a dispatcher; nobody carries out a disconnection here.
    fn start(&mut self) {
        let other_side = Arc::clone(&self.other_side);
        let route = move |effect: &Effect| match effect {
            Effect::Disconnect { .. } => None,
            _ => Some(Arc::clone(&other_side) as Arc<dyn Deliver>),
        };
        let (store, clock, report_to) = (self.store.clone(), self.clock.clone(), self.report_to.clone());
        let dispatcher =
            Dispatcher::new(store, route, clock, report_to, "test".to_owned()).with_policy(self.policy);
        self.bell = dispatcher.bell();
        let (stop, stopping) = (Arc::clone(&self.stop), Arc::clone(&self.stopping));
        let stop = async move {
            stop.notified().await;
            stopping.notify_one();
        };
        self.running = Some(tokio::spawn(dispatcher.run(stop)));
    }

    /// The process dies: whatever it was doing is cut off, whatever it had reported is lost.
    async fn crash(&mut self) {
        let running = self.running.take().unwrap();
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        while self.outcomes.try_recv().is_ok() {}
    }

    async fn commit(&self, keys_and_effects: &[(&str, Effect)]) {
        let jobs = keys_and_effects
            .iter()
            .map(|(key, effect)| Job {
                key: (*key).to_owned(),
                organisation: "Riverside".to_owned(),
                case: None,
                effect: effect.clone(),
                not_before: self.clock.now(),
                attempts: 0,
            })
            .collect();
        self.store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
        self.bell.ring();
    }

    async fn record(&self, outcome: &Outcome) {
        let ended = vec![outcome.job.key.clone()];
        self.store.commit(&Batch { ended, ..Batch::default() }).await.unwrap();
    }

    /// The next attempt that the other side sees.
    async fn attempt(&mut self) -> (String, Timestamp) {
        soon(self.seen.recv()).await.unwrap()
    }

    async fn outcome(&mut self) -> Outcome {
        soon(self.outcomes.recv()).await.unwrap()
    }

    /// Waits until a job was put off, then says until when.
    async fn put_off(&self, attempts: u32) -> Timestamp {
        soon(async {
            loop {
                let jobs = self.store.jobs_pending().await.unwrap();
                if let Some(job) = jobs.iter().find(|job| job.attempts == attempts) {
                    return job.not_before;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// Lets whatever could happen now happen, and asserts that no attempt was among it.
    async fn nothing_is_tried(&mut self) {
        for _ in 0..50 {
            self.bell.ring();
            self.store.log_size().await.unwrap();
        }
        assert_eq!(self.seen.try_recv().ok(), None);
    }
}

/// A test that waits for what does not come fails instead of hanging.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it never happened")
}

fn hide() -> Effect {
    Effect::Hide { space: ChannelId(5), message: MessageId(1) }
}

fn notice() -> Effect {
    Effect::Notice { space: ChannelId(5), about: Nudge::SpaceClosed }
}

#[tokio::test]
async fn a_job_is_done_once_and_ends_when_its_outcome_is_recorded() {
    let done = Delivered::Done { detail: Some("message 9".to_owned()) };
    let mut scene = Scene::new([Answer::Is(done)]).await;
    scene.start();
    scene.nothing_is_tried().await;
    scene.commit(&[("hide:1", hide())]).await;
    assert_eq!(scene.attempt().await, ("hide:1".to_owned(), START));
    let outcome = scene.outcome().await;
    assert_eq!(outcome.job.key, "hide:1");
    assert_eq!(outcome.ended, Ended::Done { detail: Some("message 9".to_owned()) });

    // Nobody has recorded it; its lease ends, and still it is not done twice.
    assert!(!scene.store.settled(scene.clock.now()).await.unwrap());
    scene.clock.advance_to(START.plus(Duration::from_hours(1)));
    scene.nothing_is_tried().await;
    scene.record(&outcome).await;
    assert!(scene.store.settled(scene.clock.now()).await.unwrap());
    scene.clock.advance_to(START.plus(Duration::from_hours(2)));
    scene.nothing_is_tried().await;
    assert!(scene.outcomes.try_recv().is_err(), "and it was reported once");
}

#[tokio::test]
async fn an_attempt_that_fails_is_repeated_at_growing_intervals_until_it_is_given_up() {
    let mut scene = Scene::new((0..8).map(|_| later(None))).await;
    scene.start();
    scene.commit(&[("page:1", notice())]).await;
    let mut waits = Vec::new();
    for attempt in 1..8 {
        let (key, at) = scene.attempt().await;
        assert_eq!(key, "page:1");
        let due = scene.put_off(attempt).await;
        waits.push(due.since(at));
        scene.clock.advance_to(Timestamp(due.0 - 1));
        scene.nothing_is_tried().await;
        assert!(scene.store.settled(scene.clock.now()).await.unwrap(), "nothing is due before then");
        scene.clock.advance_to(due);
    }
    assert_eq!(scene.attempt().await.1, scene.clock.now());
    assert!(waits[0] >= Duration::from_secs(2) && waits[0] < Duration::from_secs(3), "{waits:?}");
    assert!(waits.windows(2).all(|pair| pair[1] > pair[0] * 3 / 2), "{waits:?}");
    let Ended::Failed { why } = scene.outcome().await.ended else { panic!("it failed") };
    assert_eq!(why, "given up after 8 attempts; the last one: a 503");
}

#[tokio::test]
async fn whoever_asks_to_be_left_alone_for_a_time_is() {
    let mut scene = Scene::new([later(Some(Duration::from_secs(90)))]).await;
    scene.start();
    scene.commit(&[("page:1", notice())]).await;
    scene.attempt().await;
    let due = scene.put_off(1).await;
    assert!(due >= START.plus(Duration::from_secs(90)) && due < START.plus(Duration::from_secs(92)), "{due}");
    scene.clock.advance_to(due);
    assert_eq!(scene.attempt().await.1, due);
    assert_eq!(scene.outcome().await.ended, Ended::Done { detail: None });
}

#[tokio::test]
async fn a_refusal_is_reported_once_and_not_tried_again() {
    let never = Delivered::Never { why: "403: they block messages".to_owned() };
    let withheld = Delivered::Withheld { why: "acknowledged meanwhile".to_owned() };
    let mut scene = Scene::new([Answer::Is(never), Answer::Is(withheld)]).await;
    scene.start();
    for (key, ended) in [
        ("page:1", Ended::Failed { why: "403: they block messages".to_owned() }),
        ("page:2", Ended::Withheld { why: "acknowledged meanwhile".to_owned() }),
    ] {
        scene.commit(&[(key, notice())]).await;
        scene.attempt().await;
        let outcome = scene.outcome().await;
        assert_eq!((outcome.job.key.as_str(), &outcome.ended), (key, &ended));
        scene.record(&outcome).await;
    }
    scene.clock.advance_to(START.plus(Duration::from_hours(24)));
    scene.nothing_is_tried().await;
    assert!(scene.outcomes.try_recv().is_err());
}

#[tokio::test]
async fn what_nobody_carries_out_fails_at_once() {
    let mut scene = Scene::new([]).await;
    scene.start();
    let guild = chaperone::domain::GuildId(1);
    let adult = chaperone::domain::UserId(2);
    scene.commit(&[("disconnect:1", Effect::Disconnect { guild, room: ChannelId(5), adult })]).await;
    let outcome = scene.outcome().await;
    assert_eq!(outcome.ended, Ended::Failed { why: "nothing here carries out `disconnect`".to_owned() });
}

#[tokio::test]
async fn a_deliverer_that_panics_is_tried_again_and_hurts_nobody_else() {
    let mut scene = Scene::new([Answer::Panics]).await;
    scene.start();
    scene.commit(&[("hide:1", hide())]).await;
    scene.attempt().await;
    let due = scene.put_off(1).await;
    scene.commit(&[("hide:2", hide())]).await;
    assert_eq!(scene.attempt().await.0, "hide:2");
    scene.outcome().await;
    scene.clock.advance_to(due);
    assert_eq!(scene.attempt().await, ("hide:1".to_owned(), due));
    assert_eq!(scene.outcome().await.ended, Ended::Done { detail: None });
}

#[tokio::test]
async fn a_deliverer_that_never_answers_is_cut_off_and_tried_again() {
    let mut scene = Scene::new([Answer::Hangs(Arc::default())]).await;
    scene.policy = Policy { longest: Duration::from_millis(5), ..Policy::default() };
    scene.start();
    scene.commit(&[("page:1", notice())]).await;
    scene.attempt().await;
    let due = scene.put_off(1).await;
    scene.clock.advance_to(due);
    assert_eq!(scene.attempt().await, ("page:1".to_owned(), due));
}

#[tokio::test]
async fn after_a_crash_between_doing_and_recording_it_is_delivered_again_under_the_same_key() {
    let mut scene = Scene::new([]).await;
    scene.start();
    scene.commit(&[("hide:1", hide())]).await;
    scene.attempt().await;
    scene.outcome().await;
    scene.crash().await;

    scene.start();
    scene.nothing_is_tried().await;
    let lease_ends = START.plus(scene.policy.lease);
    scene.clock.advance_to(lease_ends);
    assert_eq!(scene.attempt().await, ("hide:1".to_owned(), lease_ends));
    let outcome = scene.outcome().await;
    scene.record(&outcome).await;
    assert!(scene.store.settled(scene.clock.now()).await.unwrap());
    scene.crash().await;

    scene.start();
    scene.clock.advance_to(lease_ends.plus(Duration::from_hours(24)));
    scene.nothing_is_tried().await;
}

#[tokio::test]
async fn a_mail_server_that_hangs_does_not_keep_a_message_in_sight() {
    let hang = Arc::new(Notify::new());
    let mut scene = Scene::new((0..2).map(|_| Answer::Hangs(Arc::clone(&hang)))).await;
    scene.policy = Policy { at_once: 3, for_containment: 1, ..Policy::default() };
    scene.start();
    scene.commit(&[("page:1", notice()), ("page:2", notice()), ("page:3", notice())]).await;
    scene.attempt().await;
    scene.attempt().await;
    scene.nothing_is_tried().await;
    scene.commit(&[("hide:1", hide())]).await;
    assert_eq!(scene.attempt().await.0, "hide:1");
    assert_eq!(scene.outcome().await.job.key, "hide:1");
    hang.notify_one();
    assert_eq!(scene.attempt().await.0, "page:3", "and the next page goes out when there is room");
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way_and_starts_nothing_more() {
    let hang = Arc::new(Notify::new());
    let mut scene = Scene::new([Answer::Hangs(Arc::clone(&hang))]).await;
    scene.start();
    scene.commit(&[("hide:1", hide())]).await;
    scene.attempt().await;
    scene.stop.notify_one();
    soon(scene.stopping.notified()).await;
    scene.commit(&[("hide:2", hide())]).await;
    scene.nothing_is_tried().await;
    assert!(!scene.running.as_ref().unwrap().is_finished());
    hang.notify_one();
    soon(scene.running.take().unwrap()).await.unwrap();
    assert_eq!(scene.outcome().await.job.key, "hide:1");
    assert!(scene.outcomes.try_recv().is_err());
}
