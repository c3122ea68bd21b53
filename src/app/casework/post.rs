//! The running bot's side of the letterbox: takes requests out, asks for proof of who made them, lets them be decided in
//! their turn, answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::act::{Act, Deed, Refusal};
use crate::domain::{CaseRef, Fact};
use crate::evidence::commitment::SealedExhibit;
use crate::evidence::key_proof::Challenge;
use crate::evidence::{Hash, Recipient, Sealed};
use crate::pipeline::Ear;
use crate::pipeline::acts::Requested;
use crate::store::letterbox::Letter;
use crate::store::{Store, StoreError, StoredFact};

/// The answer to an act that was done.
pub const DONE: &str = "done";
/// How often the bot looks into the box.
const LOOK: Duration = Duration::from_secs(1);
/// How long an answer is left for whoever waits for it.
const ANSWERS_LAST: Duration = Duration::from_hours(24);

/// The postbox of a running bot.
pub struct Postbox {
    organisation: String,
    store: Store,
    ear: Ear,
    clock: Clock,
    /// By recipient: whose it is, and what it was asked.
    asked: BTreeMap<String, (String, Challenge)>,
    turn: tokio::sync::Mutex<()>,
}

impl Postbox {
    /// Puts up a question for each key.
    ///
    /// # Errors
    /// When it cannot be sealed or kept.
    pub async fn open(
        organisation: &str,
        keyholders: &[(String, Recipient)],
        store: Store,
        ear: Ear,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let (mut asked, mut sealed) = (BTreeMap::new(), Vec::new());
        for (name, recipient) in keyholders {
            let (challenge, question) = Challenge::for_key(recipient)?;
            asked.insert(recipient.to_string(), (name.clone(), challenge));
            sealed.push((recipient.to_string(), question.0));
        }
        // On a full disk danger has to be heard all the same; commands then find the questions of an earlier start,
        // whose answers do not count.
        if let Err(error) = store.put_challenges(organisation, &sealed).await {
            tracing::warn!(%error, "leads' commands cannot reach this process");
        }
        let organisation = organisation.to_owned();
        Ok(Postbox { organisation, store, ear, clock, asked, turn: tokio::sync::Mutex::default() })
    }

    /// Looks into the box again and again until `stop` is ready.
    pub async fn run(self: std::sync::Arc<Self>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut told = false;
        loop {
            tokio::select! {
                () = self.clock.until(self.clock.now().plus(LOOK)) => {}
                () = &mut stop => return,
            }
            match self.look().await {
                Ok(()) => told = false,
                Err(error) if !told => {
                    told = true;
                    tracing::warn!(%error, "the leads' letterbox cannot be read");
                }
                Err(_) => {}
            }
        }
    }

    /// Takes everything out that waits, and answers.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn look(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let letters = self.store.letters(&self.organisation).await?;
        if letters.is_empty() {
            return Ok(());
        }
        for letter in letters {
            let answer = match self.proven(&letter) {
                None => Refusal::NotProven.code(),
                Some(requested) => match self.decided(requested).await? {
                    Some(answer) => answer,
                    // Stopping: the next start finds the letter, and asks for a new proof of who wrote it.
                    None => return Ok(()),
                },
            };
            self.store.answer_letter(&letter.id, answer).await?;
        }
        self.store.forget_letters(self.clock.now().minus(ANSWERS_LAST)).await
    }

    /// What a letter asks for, when it is proven who wrote it.
    fn proven(&self, letter: &Letter) -> Option<Requested> {
        let (name, challenge) = self.asked.get(&letter.recipient)?;
        if !challenge.is_answered(&parts(letter), &letter.proof) {
            return None;
        }
        let act: Act = serde_json::from_str(&letter.body).ok()?;
        let words = match &letter.words {
            None => None,
            Some((commitment, sealed)) => {
                let commitment = Hash(commitment.as_slice().try_into().ok()?);
                Some(SealedExhibit { sealed: Sealed(sealed.clone()), commitment })
            }
        };
        let named = words.as_ref().map(|words| words.commitment.to_string());
        let as_written = act.by == *name && act.id == letter.id && act.words == named;
        as_written.then_some(Requested { act, words, erases: Vec::new() })
    }

    async fn decided(&self, mut requested: Requested) -> Result<Option<&'static str>, StoreError> {
        if let Deed::Erased { .. } = requested.act.what {
            let facts = self.store.facts(&self.organisation).await?;
            requested.erases =
                payloads_of(&self.store, &self.organisation, requested.act.case, &facts).await?;
        }
        let Ok(facts) = self.ear.act_durably(requested, self.clock.now()).await else { return Ok(None) };
        let refused = facts.iter().find_map(|fact| match fact {
            Fact::ActRefused { why, .. } => Some(why.as_told().code()),
            _ => None,
        });
        Ok(Some(refused.unwrap_or(DONE)))
    }
}

/// What a proof covers: everything that a letter asks for.
pub(super) fn parts(letter: &Letter) -> Vec<&[u8]> {
    let (commitment, sealed) = letter.words.as_ref().map_or((&[][..], &[][..]), |(c, s)| (&c[..], &s[..]));
    vec![
        letter.id.as_bytes(),
        letter.organisation.as_bytes(),
        letter.body.as_bytes(),
        commitment,
        sealed,
        letter.recipient.as_bytes(),
    ]
}

/// The entries whose payload goes when a case is erased: its exhibits and keys, and every fact about it but the record of
/// who did what. What another case rests on stays; what was only observed ends by its own term.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn payloads_of(
    store: &Store,
    organisation: &str,
    case: CaseRef,
    facts: &[StoredFact],
) -> Result<Vec<u64>, StoreError> {
    let exhibits = store.exhibits(organisation, Some(case)).await?;
    let mut entries: BTreeSet<u64> = exhibits.iter().map(|exhibit| exhibit.entry).collect();
    let stays = |fact: &Fact| {
        matches!(fact, Fact::Acted(_) | Fact::ActRefused { .. } | Fact::Erased(_) | Fact::Observed(_))
    };
    let about = crate::app::export::facts_about(case, facts);
    entries.extend(about.iter().filter(|stored| !stays(&stored.fact)).map(|stored| stored.entry));
    Ok(entries.into_iter().collect())
}
