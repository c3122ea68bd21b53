//! Casework beside the bot and within it: who a lead is, what they may see, and how their acts reach the log.
//!
//! Whoever acts proves who they are by an identity file that opens what is sealed to the recipient beside their name in
//! the configuration. Nothing else counts: a name alone is a claim, and the account of whoever runs the machine is not a
//! lead.
//!
//! * [`Desk`]: what a lead's command works with; reads beside a running bot, and acts.
//! * `post`: the running bot's side, which takes requests out of the letterbox.
//!
//! One process writes the log. Where no bot holds the database the command takes hold of it, decides with the same code and
//! appends. Where one does, the command puts a request into the letterbox and waits for the answer.

pub(super) mod post;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rand::RngCore as _;
use tokio::sync::mpsc;

use super::{Settings, keep, settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::act::{Act, Deed, Refusal};
use crate::domain::person::RoleMapping;
use crate::domain::who_may_know::who_may_know;
use crate::domain::{CaseRef, Fact, UserId};
use crate::engine::{Organisation, Policy};
use crate::evidence::commitment::SealedExhibit;
use crate::evidence::key_proof::Challenge;
use crate::evidence::{CaseKey, Class, Exhibit, Identity, Recipient, Salt, Sealed, SigningKey};
use crate::outbox::Job;
use crate::paging::{Calls, LadderPolicy, People};
use crate::pipeline::acts::{Requested, decide};
use crate::pipeline::buffer::HourKeys;
use crate::pipeline::case_keys::CaseKeys;
use crate::pipeline::committer::{Commit, Committer, Lead, Witness};
use crate::store::letterbox::{Letter, Letterbox};
use crate::store::{Store, StoreError, StoredExhibit, StoredFact};
use crate::text::Lists;

/// The kind that the exhibit of a lead's words has in its header.
pub const RECORD_KIND: &str = "case-record";
/// The longest text that goes with an act, in bytes.
const LONGEST_WORDS: usize = 200_000;
/// How often a command looks for an answer.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a lead's command works with.
pub struct Desk {
    /// The organisation's name.
    pub organisation: String,
    /// Who can be called.
    pub people: People,
    /// How they are called, and how cases are worked on.
    pub ladder: LadderPolicy,
    /// The charity's rules.
    pub policy: Policy,
    /// What the roles mean.
    pub mapping: RoleMapping,
    /// To whom evidence is sealed.
    pub leads: Vec<Lead>,
    /// Whose recipient is whose, by the configuration's name.
    pub keyholders: Vec<(String, Recipient)>,
    /// Where things are kept.
    pub database: String,
    /// The key that signs the log's state.
    pub signing_key: PathBuf,
}

/// What became of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It stands in the log.
    Done,
    /// It was refused; the refusal stands in the log.
    Refused(Refusal),
    /// It is in the letterbox of a bot that has not answered yet; it is done when the bot looks.
    Waiting,
}

/// An organisation as its facts have left it.
pub struct Folded {
    /// Every fact, in the order of the log.
    pub facts: Vec<StoredFact>,
    /// Cases, people, who may know.
    pub calls: Calls,
    /// The cases' keys.
    pub case_keys: CaseKeys,
}

impl Desk {
    /// The desk of a configuration.
    ///
    /// # Errors
    /// When a recipient in it is none.
    pub fn of(config: &Config) -> anyhow::Result<Desk> {
        Ok(Desk {
            organisation: config.organisation.name.clone(),
            people: config.people(),
            ladder: config.ladder.clone(),
            policy: settings::policy(config),
            mapping: config.roles.clone(),
            leads: settings::leads(config)?,
            keyholders: settings::keyholders(config)?,
            database: settings::database(config),
            signing_key: settings::signing_key(config),
        })
    }

    /// The desk that goes with a bot's settings.
    #[must_use]
    pub fn beside(settings: &Settings) -> Desk {
        Desk {
            organisation: settings.organisation.clone(),
            people: settings.people.clone(),
            ladder: settings.ladder.clone(),
            policy: settings.policy.clone(),
            mapping: settings.mapping.clone(),
            leads: settings.leads.clone(),
            keyholders: settings.keyholders.clone(),
            database: settings.database.clone(),
            signing_key: settings.signing_key.clone(),
        }
    }

    /// Whose identity this is: the name beside one of its recipients in the configuration.
    ///
    /// # Errors
    /// When it is nobody's.
    pub fn who(&self, identity: &Identity) -> anyhow::Result<(String, Recipient)> {
        let mine: Vec<String> = identity.recipients().iter().map(ToString::to_string).collect();
        self.keyholders
            .iter()
            .find(|(_, recipient)| mine.contains(&recipient.to_string()))
            .cloned()
            .ok_or_else(|| {
                anyhow!(
                    "this identity is no lead's: its recipient stands beside no name in the configuration\n\
                     use your own identity file, or have the line that `chaperone keys show FILE` prints put beside your name"
                )
            })
    }

    /// Opens the database to read, beside a bot that may be running.
    ///
    /// # Errors
    /// When there is none yet, or it cannot be read.
    pub async fn open(&self) -> anyhow::Result<Store> {
        self.is_there()?;
        Ok(Store::open_to_read(&self.database).await?)
    }

    fn is_there(&self) -> anyhow::Result<()> {
        if !self.database.contains("://") && !std::path::Path::new(&self.database).exists() {
            bail!(
                "there is no database at {} yet\nlet the bot run first, or name another configuration",
                self.database
            );
        }
        Ok(())
    }

    /// Folds what is stored.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn fold(&self, store: &Store) -> anyhow::Result<Folded> {
        let mut calls = Calls::new(self.organisation.clone(), self.ladder.clone(), self.people.clone());
        let mut case_keys = CaseKeys::default();
        let facts = store.facts(&self.organisation).await?;
        for stored in &facts {
            calls.apply(stored.at, &stored.fact);
            case_keys.apply(&self.organisation, &stored.fact);
        }
        Ok(Folded { facts, calls, case_keys })
    }

    /// Seals the words that go with an act to those who may know of its case.
    fn seal(&self, folded: &Folded, request: &Request<'_>, by: &str) -> anyhow::Result<SealedExhibit> {
        let words = request.words.context("there are no words to be sealed")?;
        if words.len() > LONGEST_WORDS {
            bail!(
                "the text has {} bytes; an act takes up to {LONGEST_WORDS}\nput longer ones down in parts",
                words.len()
            );
        }
        let nobody = std::collections::BTreeSet::new();
        let record = folded.calls.docket().get(request.case);
        let subjects = record.map_or(&nobody, |record| &record.case.subjects);
        let leads: Vec<Recipient> = self
            .leads
            .iter()
            .filter(|lead| who_may_know(subjects, &lead.readers))
            .map(|lead| lead.recipient.clone())
            .collect();
        let names: Vec<String> = leads.iter().map(ToString::to_string).collect();
        let to = match folded.case_keys.of(&self.organisation, request.case, &names) {
            // Why a case was erased is read without the case's key, which goes with it.
            Some(key) if !matches!(request.deed, Deed::Erased { .. }) => vec![key.clone()],
            _ => leads,
        };
        let payload = serde_json::json!({
            "record": request.deed.code(),
            "case": request.case.to_string(),
            "by": by,
            "deed": request.deed,
            "words": words,
            "reference": request.reference,
            "person": request.person,
        });
        let exhibit = Exhibit::new(Salt::random(), serde_json::to_vec_pretty(&payload)?)
            .with("case", request.case.to_string())?
            .with("kind", RECORD_KIND)?
            .with("media-type", "application/json")?
            .with("organisation", self.organisation.replace(char::is_control, " "))?
            .with("record", request.deed.code())?
            .with("software", super::software())?;
        Ok(exhibit.seal(&to)?)
    }

    /// Does something with a case as the lead whose identity this is. Waits up to `patience` for a running bot's answer.
    ///
    /// # Errors
    /// When the identity is no lead's, or nothing can be written.
    pub async fn act(
        &self,
        identity: &Identity,
        request: Request<'_>,
        clock: &Clock,
        patience: Duration,
    ) -> anyhow::Result<Came> {
        let (by, recipient) = self.who(identity)?;
        let store = self.open().await?;
        let folded = self.fold(&store).await;
        let folded = match folded {
            Ok(folded) => folded,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        let words = match (&request.sealed, request.words) {
            (Some(sealed), _) => Some(sealed.clone()),
            (None, Some(_)) => Some(self.seal(&folded, &request, &by)?),
            (None, None) => None,
        };
        let erases = match request.deed {
            Deed::Erased { .. } => {
                post::payloads_of(&store, &self.organisation, request.case, &folded.facts).await?
            }
            _ => Vec::new(),
        };
        store.close().await;
        let act = Act {
            id: new_id(),
            case: request.case,
            by,
            account: None,
            what: request.deed.clone(),
            words: words.as_ref().map(|words| words.commitment.to_string()),
        };
        match Store::open(&self.database).await {
            Ok(store) => {
                let came = Box::pin(self.append(&store, Requested { act, words, erases }, clock)).await;
                store.close().await;
                came
            }
            Err(StoreError::Held { .. }) => {
                Box::pin(self.put(identity, &recipient, act, words, clock, patience)).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// No bot holds the database: decides with the bot's own code and appends.
    async fn append(&self, store: &Store, requested: Requested, clock: &Clock) -> anyhow::Result<Came> {
        if !self.signing_key.exists() {
            bail!(
                "the log's signing key {} is not there\nput it back from where it is kept apart; nothing was written",
                self.signing_key.display()
            );
        }
        let key = Arc::new(SigningKey::load(&self.signing_key)?);
        let checkpoint_file = self.signing_key.with_extension("checkpoint");
        let tree = keep::check_log(store, &key, &checkpoint_file).await?;
        let Folded { facts, mut calls, case_keys } = self.fold(store).await?;
        let mut organisation =
            Organisation::new(&self.organisation, self.policy.clone(), self.mapping.clone(), Lists::shared());
        for stored in &facts {
            organisation.restore(stored.at, &stored.fact);
        }
        let mut commit = decide(&self.organisation, &mut organisation, &mut calls, requested, clock.now());
        let facts: Vec<Fact> = commit.facts.iter().map(|(_, fact)| fact.clone()).collect();
        let (done, answer) = tokio::sync::oneshot::channel();
        commit.done = Some(done);
        let trouble = Arc::new(Alone::default());
        let committer = Committer {
            store: store.clone(),
            tree,
            key,
            checkpoint_file: Some(checkpoint_file),
            leads: self.leads.clone(),
            case_keys,
            hour_keys: HourKeys::default(),
            software: super::software(),
            clock: clock.clone(),
            progress: std::collections::BTreeMap::new(),
            witness: trouble.clone(),
        };
        keep_once(committer, commit, answer, &trouble).await?;
        Ok(came_of(&facts))
    }

    /// A bot holds the database: puts the request into its letterbox.
    async fn put(
        &self,
        identity: &Identity,
        recipient: &Recipient,
        act: Act,
        words: Option<SealedExhibit>,
        clock: &Clock,
        patience: Duration,
    ) -> anyhow::Result<Came> {
        let letterbox = Letterbox::open(&self.database).await?;
        let recipient = recipient.to_string();
        let sealed = letterbox.challenge(&self.organisation, &recipient).await?.context(
            "the running bot does not know your recipient\nrestart it with the configuration that has it beside your name",
        )?;
        let challenge = Challenge::opened(&Sealed(sealed), identity)
            .context("the running bot's question to your key cannot be answered")?;
        let mut letter = Letter {
            id: act.id.clone(),
            organisation: self.organisation.clone(),
            at: clock.now(),
            body: serde_json::to_string(&act)?,
            words: words.map(|words| (words.commitment.0.to_vec(), words.sealed.0)),
            recipient,
            proof: Vec::new(),
        };
        letter.proof = challenge.answer(&post::parts(&letter));
        letterbox.put(&letter).await?;
        let mut waited = Duration::ZERO;
        let came = loop {
            if let Some(answer) = letterbox.answer(&act.id).await? {
                break if answer == post::DONE {
                    Came::Done
                } else {
                    let why = answer.parse::<Refusal>().map_err(|why| anyhow!("the bot answered: {why}"))?;
                    Came::Refused(why)
                };
            }
            if waited >= patience {
                break Came::Waiting;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            waited += LOOK_AGAIN;
        };
        letterbox.close().await;
        Ok(came)
    }
}

/// What a lead wants to do.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// With which case.
    pub case: CaseRef,
    /// What.
    pub deed: Deed,
    /// The reason, the statement, what was said.
    pub words: Option<&'a str>,
    /// An agency's reference number.
    pub reference: Option<&'a str>,
    /// Who was spoken to, or whose statement it is.
    pub person: Option<&'a str>,
    /// What is sealed already: a key that is handed on.
    pub sealed: Option<SealedExhibit>,
}

impl<'a> Request<'a> {
    /// A deed with its words.
    #[must_use]
    pub fn new(case: CaseRef, deed: Deed, words: Option<&'a str>) -> Self {
        Request { case, deed, words, reference: None, person: None, sealed: None }
    }
}

/// What an act came to, as its facts say.
fn came_of(facts: &[Fact]) -> Came {
    let refused = facts.iter().find_map(|fact| match fact {
        Fact::ActRefused { why, .. } => Some(why.as_told()),
        _ => None,
    });
    refused.map_or(Came::Done, Came::Refused)
}

fn new_id() -> String {
    let mut bytes = [0_u8; 16];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    crate::evidence::hash::to_hex(&bytes)
}

/// An exhibit that a lead has opened, with the commitment that the log has of it.
pub struct Opened {
    /// Its row.
    pub row: StoredExhibit,
    /// What it holds.
    pub exhibit: Exhibit,
    /// The commitment, in hexadecimal.
    pub commitment: String,
}

/// What this identity opens of a case, through the case's keys; and how many exhibits it does not.
#[must_use]
pub fn open_all(rows: Vec<StoredExhibit>, identity: &Identity) -> (Vec<Opened>, usize) {
    let mut keys = identity.clone();
    for row in rows.iter().filter(|row| row.message.is_none()) {
        if let Some((exhibit, _)) = open_one(row, identity)
            && exhibit.header("kind") == Some(Class::CASE_KEY.as_str())
        {
            keys = CaseKey::added(&exhibit, keys);
        }
    }
    let (mut opened, mut closed) = (Vec::new(), 0);
    for row in rows {
        match open_one(&row, &keys) {
            Some((exhibit, _)) if exhibit.header("kind") == Some(Class::CASE_KEY.as_str()) => {}
            Some((exhibit, commitment)) => opened.push(Opened { row, exhibit, commitment }),
            None => closed += 1,
        }
    }
    (opened, closed)
}

/// One exhibit, when it opens with these keys, and its commitment.
#[must_use]
pub fn open_one(row: &StoredExhibit, keys: &Identity) -> Option<(Exhibit, String)> {
    let plain = crate::evidence::seal::open(&Sealed(row.sealed.clone()), keys).ok()?;
    let commitment = crate::evidence::Hash::of(&plain).to_string();
    Some((Exhibit::from_bytes(&plain).ok()?, commitment))
}

/// A lead's account: themselves, for telling who a subject is.
#[must_use]
pub fn account_of(people: &People, name: &str) -> Option<UserId> {
    people.named(name).and_then(|person| person.account)
}

/// Keeps one commit and ends; an error instead of a wait when nothing can be kept now.
pub(super) async fn keep_once(
    committer: Committer,
    commit: Commit,
    answer: tokio::sync::oneshot::Receiver<Vec<Fact>>,
    trouble: &Alone,
) -> anyhow::Result<()> {
    let (commits, to_commit) = mpsc::channel(1);
    commits.send(commit).await.map_err(|_| anyhow!("nothing could be written\ntry again"))?;
    drop(commits);
    tokio::select! {
        ended = committer.run(to_commit) => ended?,
        () = trouble.happened() => {
            let why = trouble.why.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Err(why.map_or_else(|| anyhow!("nothing could be written\ntry again"), anyhow::Error::from));
        }
    }
    answer.await.map(drop).map_err(|_| anyhow!("nothing was written\ntry again"))
}

/// A command's own witness: jobs leave with the bot's next start, and trouble is the command's error.
#[derive(Default)]
pub(super) struct Alone {
    why: Mutex<Option<StoreError>>,
    notify: tokio::sync::Notify,
}

impl Alone {
    async fn happened(&self) {
        self.notify.notified().await;
    }
}

impl Witness for Alone {
    fn jobs_are_due(&self) {}
    fn evidence_cannot_be_kept(&self, why: &StoreError) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        self.notify.notify_one();
    }
    fn evidence_is_kept_again(&self) {}
    fn leave_without_evidence(&self, _: Job) {}
}
