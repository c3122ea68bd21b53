//! How every story ends: silence is asserted.

use std::collections::{BTreeMap, BTreeSet};

use chaperone::app::keep;
use chaperone::domain::{CaseRef, CaseState, Fact, Level, UserId};
use chaperone::engine::state::State;
use chaperone::evidence::commitment::Exhibit;
use chaperone::evidence::seal::{self, Sealed};
use chaperone::evidence::{CaseKey, Identity, SigningKey};
use chaperone::store::StoredExhibit;

use super::{CLUB, World};

impl World {
    /// Nothing is left unread, unfinished or unproven.
    pub(super) async fn ends(self) {
        self.settle().await;
        self.everything_was_read();
        self.everything_done_was_told();
        assert_eq!(self.platform().attachment_fetches(), 0, "somebody asked for an attachment's bytes");
        self.nobody_can_read_the_data_directory();
        if self.0.bot.lock().await.is_some() {
            let pending = self.store().await.jobs_pending().await.unwrap();
            assert!(pending.is_empty(), "jobs are left: {pending:?}");
            self.bot_down().await;
        }
        self.nobody_is_still_called().await;
        self.evidence_is_sound().await;
    }

    /// Nothing that anybody wrote stands in a file of the bot's, sealed or not, whole or in a page that was let go.
    pub fn nobody_can_read_the_data_directory(&self) {
        // Shorter ones are words that a list or a code may hold by chance.
        let words = self.seen(|seen| seen.words.clone());
        for words in words.iter().filter(|words| words.len() >= 12 && words.contains(' ')) {
            let files = self.files_that_hold(words);
            assert!(files.is_empty(), "{words:?} stands in {files:?}");
        }
    }

    fn everything_was_read(&self) {
        let mut left: Vec<String> = Vec::new();
        for name in self.0.names.people.keys() {
            for (_, message) in self.unread(&self.person(name)) {
                left.push(format!("to {name}: {}", message.content));
            }
        }
        for (_, message) in self.unread_notices() {
            left.push(format!("in a channel: {}", message.content));
        }
        for (reader, _, _, text) in self.unread_answers() {
            left.push(format!("to {reader} only: {text}"));
        }
        for mail in self.0.mailbox.mails().iter().skip(self.seen(|seen| seen.mails)) {
            left.push(format!("mail to {:?}: {}", mail.to, mail.subject));
        }
        assert!(left.is_empty(), "nobody in the story read:\n{}", left.join("\n---\n"));
    }

    /// What the bot did to messages and spaces was asserted, all of it.
    fn everything_done_was_told(&self) {
        let bot = self.platform().bot();
        let hidden: BTreeSet<_> = self.platform().read(|state| {
            let messages = state.messages.values().flatten();
            let removed = messages.filter(|(_, message)| message.removed_by == Some(bot));
            removed.filter(|(_, message)| message.author != bot).map(|(id, _)| *id).collect()
        });
        assert_eq!(hidden, self.seen(|seen| seen.hidden.clone()), "hidden, and asserted to be hidden");
        let locked: BTreeSet<_> = self.locked_spaces().into_iter().collect();
        assert_eq!(locked, self.seen(|seen| seen.locks.clone()), "locked, and asserted to be locked");
    }

    async fn nobody_is_still_called(&self) {
        let mut state = State::default();
        for (at, fact) in self.facts().await {
            state.apply(at, &fact);
        }
        let open: Vec<CaseRef> = state
            .cases
            .values()
            .filter(|case| case.level >= Level::Serious && case.state == CaseState::New)
            .map(|case| case.reference)
            .collect();
        assert!(open.is_empty(), "nobody acknowledged {open:?}: their ladders go on");
    }

    /// The log verifies; every message that was kept is there once, and opens for the leads who may know and for
    /// nobody else.
    async fn evidence_is_sound(&self) {
        let store = self.store().await;
        let key = SigningKey::load(&self.signing_key()).unwrap();
        keep::audit(&store, &key).await.expect("the evidence log verifies");
        let subjects = self.subjects().await;
        let mut exhibits = store.exhibits(CLUB, None).await.unwrap();
        for case in subjects.keys() {
            exhibits.extend(store.exhibits(CLUB, Some(*case)).await.unwrap());
        }
        let facts = self.facts().await;
        let mut expected = BTreeSet::new();
        let mut handed_over = BTreeSet::new();
        for (_, fact) in &facts {
            match fact {
                Fact::Kept { case, message, edited_at, .. } => {
                    let version = (*case, *message, *edited_at);
                    assert!(expected.insert(version), "{message} was kept twice for {case:?}");
                }
                Fact::HandedOver { case, messages, .. } => {
                    handed_over.extend(messages.iter().map(|message| (Some(*case), *message, None)));
                }
                Fact::NotKept { case, message, why } => panic!("{message} was not kept for {case:?}: {why}"),
                _ => {}
            }
        }
        let kept: Vec<_> = exhibits
            .iter()
            .filter_map(|exhibit| Some((exhibit.case, exhibit.message?, exhibit.edited_at)))
            .collect();
        let all: BTreeSet<_> = kept.iter().copied().collect();
        assert_eq!(kept.len(), all.len(), "each version once");
        // What was no longer at hand is with its case in the segments that were handed to it.
        let from_buffer: BTreeSet<_> = expected.difference(&all).copied().collect();
        assert!(from_buffer.is_subset(&handed_over), "kept, and nowhere: {from_buffer:?}");
        assert_eq!(all, expected.difference(&from_buffer).copied().collect());
        for exhibit in &exhibits {
            let none = exhibit.author.into_iter().collect();
            let subjects = exhibit.case.map_or(none, |case| subjects[&case].clone());
            for lead in &self.0.leads {
                let account = self.0.names.people.get(lead.name);
                let may = account.is_none_or(|account| !subjects.contains(account));
                let opened = self.opens(exhibit, lead.name, &exhibits);
                assert_eq!(opened.is_some(), may, "{} opens {:?}", lead.name, exhibit.message);
            }
        }
        store.close().await;
    }

    /// What a lead reads in an exhibit, `among` all those of its case; nothing when it was not sealed to them.
    pub fn opens(&self, exhibit: &StoredExhibit, lead: &str, among: &[StoredExhibit]) -> Option<String> {
        let lead = self.0.leads.iter().find(|known| known.name == lead).unwrap();
        let plain = seal::open(&Sealed(exhibit.sealed.clone()), &keys_of(&lead.identity, among)).ok()?;
        let exhibit = Exhibit::from_bytes(&plain).unwrap();
        Some(String::from_utf8(exhibit.payload().to_vec()).unwrap())
    }

    /// The subjects of every case, as it stood when it was opened and rose.
    async fn subjects(&self) -> BTreeMap<CaseRef, BTreeSet<UserId>> {
        let mut subjects: BTreeMap<CaseRef, BTreeSet<UserId>> = BTreeMap::new();
        for (_, fact) in self.facts().await {
            if let Fact::CaseOpened { case, subjects: who, .. } | Fact::CaseRose { case, subjects: who, .. } =
                fact
            {
                subjects.entry(case).or_default().extend(who);
            }
        }
        subjects
    }
}

/// A lead's keys, and those of the cases that they open.
fn keys_of(lead: &Identity, among: &[StoredExhibit]) -> Identity {
    let keys = among.iter().filter(|exhibit| exhibit.message.is_none());
    keys.fold(lead.clone(), |keys, exhibit| {
        let plain = seal::open(&Sealed(exhibit.sealed.clone()), lead).ok();
        match plain.and_then(|plain| Exhibit::from_bytes(&plain).ok()) {
            Some(key) => CaseKey::added(&key, keys),
            None => keys,
        }
    })
}
