//! What must never stand in a page: a thousand random cases, names and words planted wherever something could carry
//! them, every channel, providers that quote what they were sent.

use std::collections::{BTreeMap, BTreeSet};

use super::alertmanager::Alertmanager;
use super::fake::{Provider, says};
use super::http::Http;
use super::ntfy::Ntfy;
use super::pagerduty::PagerDuty;
use super::twilio::{Account, Sms, Voice};
use super::webhook::{Target, Webhook};
use super::{Channel, Courier};
use crate::clock::Clock;
use crate::domain::{CaseRef, Category, Effect, Fact, Level, Timestamp, UserId};
use crate::outbox::{Deliver, Delivered, Job};
use crate::paging::links::{LinkKey, Links};
use crate::paging::people::{ALERTMANAGER, NTFY, PAGERDUTY, SMS, VOICE, WEBHOOK};
use crate::paging::{Calls, LadderPolicy, OnCall, People, Slot};
use crate::wording;

/// A young person's name, their words, a lead's name, a telephone number, a topic: none may come out again.
const PLANTED: [&str; 5] =
    ["Zanzibella", "keep-it-our-secret", "quillwort", "+447700900999", "topic-that-opens"];

struct Lot(u64);

impl Lot {
    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64: the same numbers in every run.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn says_nothing(text: &str, of: &str) {
    for planted in PLANTED {
        assert!(!text.to_lowercase().contains(&planted.to_lowercase()), "{of} holds {planted:?}:\n{text}");
    }
}

fn every_channel(base: &str, clock: &Clock) -> BTreeMap<&'static str, Box<dyn Deliver>> {
    fn courier(channel: impl Channel + 'static, clock: &Clock) -> Box<dyn Deliver> {
        // The address carries the recipient's name under a signature, to be read by nobody but the house.
        let links = Links::below("https://pages.example", LinkKey::new(&[7; 32]));
        Box::new(Courier::new(channel, links, clock.clone()))
    }
    let http = Http::new().unwrap();
    let to = |value: &str| BTreeMap::from([("quillwort".to_owned(), value.to_owned())]);
    let account =
        Account { sid: "AC1".into(), token: "t".into(), from: "+441632960000".into(), base: base.into() };
    let target = Target::new(base.to_owned(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    BTreeMap::from([
        (NTFY, courier(Ntfy::new(http.clone(), base.to_owned(), None, to("the topic")), clock)),
        (SMS, courier(Sms::new(http.clone(), account.clone(), to("+441632960001")), clock)),
        (VOICE, courier(Voice::new(http.clone(), account, to("+441632960001")), clock)),
        (PAGERDUTY, courier(PagerDuty::new(http.clone(), base.to_owned(), to("R0")), clock)),
        (WEBHOOK, courier(Webhook::new(http.clone(), [("quillwort".to_owned(), target)].into()), clock)),
        (ALERTMANAGER, courier(Alertmanager::new(http, to(base)), clock)),
    ])
}

#[tokio::test]
async fn a_thousand_cases_with_planted_words_leave_none_of_them_in_a_page_or_an_error() {
    let quoting = PLANTED.join(" ");
    let answers = [
        says(200, "{}"),
        says(400, &format!(r#"{{"code":"{quoting}","status":"{quoting}","message":"{quoting}"}}"#)),
        says(500, &quoting),
        says(202, "{}"),
        says(201, &format!(r#"{{"sid":"{quoting}","id":"{quoting}","status":"queued"}}"#)),
    ];
    let provider = Provider::start(answers.into_iter().cycle().take(1_100)).await;
    let clock = Clock::manual(Timestamp::from_seconds(1_772_000_000));
    let channels = every_channel(&provider.base, &clock);
    let codes: Vec<&str> = channels.keys().copied().collect();
    let mut lot = Lot(7);
    let mut delivered = 0;
    for number in 1..=1_000_u32 {
        let channel = codes[number as usize % codes.len()];
        let sam = OnCall {
            name: "quillwort".into(),
            slot: Slot::ALL[usize::try_from(lot.below(5)).unwrap()],
            account: Some(UserId(2)),
            channels: vec![channel.to_owned()],
        };
        let mut calls = Calls::new("Art Club", LadderPolicy::default(), People::new(vec![sam]));
        let (case, level) =
            (CaseRef(number), if lot.below(2) == 0 { Level::Serious } else { Level::Immediate });
        let category = Category::ALL[usize::try_from(lot.below(Category::ALL.len() as u64)).unwrap()];
        let subjects = BTreeSet::from([UserId(lot.below(1_000) + 10)]);
        calls.apply(clock.now(), &Fact::CaseOpened { case, category, level, subjects });
        for rung in calls.advance(clock.now()) {
            for mut page in rung.jobs {
                if let Effect::Page { slot, .. } = &mut page.effect
                    && lot.below(4) == 0
                {
                    // A slot is free text in an effect that an older version may have written.
                    *slot = "Zanzibella keep-it-our-secret".to_owned();
                }
                let letter = wording::letter(&page.effect).unwrap();
                for text in [&letter.subject, &letter.text, &letter.short] {
                    says_nothing(text, "a letter");
                }
                let (key, effect) = (page.key, page.effect);
                let organisation = "Art Club".to_owned();
                let job =
                    Job { key, organisation, case: Some(case), effect, not_before: clock.now(), attempts: 0 };
                match channels[channel].deliver(&job).await {
                    Delivered::Done { detail } => says_nothing(&detail.unwrap_or_default(), "what is kept"),
                    Delivered::Later { why, .. } | Delivered::Never { why } | Delivered::Withheld { why } => {
                        says_nothing(&why, "an error");
                    }
                }
                delivered += 1;
            }
        }
    }
    assert!(delivered >= 1_000, "{delivered}");
    let seen = provider.seen();
    assert!(seen.len() >= 1_000, "{}", seen.len());
    for request in seen {
        let readable = request.body.replace("%20", " ").replace('+', " ");
        says_nothing(&readable, "a request");
        says_nothing(&request.uri, "an address");
    }
}
