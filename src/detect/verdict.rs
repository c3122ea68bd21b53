//! What one text says by itself, with nothing known of who wrote it to whom (pure).
//!
//! The text is read as an unknown adult's to a young person, which is the cautious reading; a sentence of distress, and
//! what is given away, as its writer's own. `abusive` is narrower: the words themselves attack, threaten, demean or degrade. Asking for
//! help is not abuse, and neither is asking a young person for something that is nobody's business, however serious
//! both are.

use std::collections::BTreeSet;

use serde::Serialize;

use super::content;
use crate::domain::code::Weight;
use crate::domain::{Category, Code, Level};
use crate::text::{Lists, Need};

/// What one text says, by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// It attacks, threatens, demeans or degrades a person or a group.
    pub abusive: bool,
    /// The highest level that its observations reach with nothing known of the two people; 0 when there is none.
    pub level: u8,
    /// The categories of its observations.
    pub categories: BTreeSet<Category>,
    /// Their codes.
    pub codes: BTreeSet<Code>,
    /// Where they stand.
    pub spans: Vec<Span>,
}

/// A part of a text that has a code, in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// The first scalar.
    pub start: u32,
    /// The scalar behind the last.
    pub end: u32,
    /// What it is called.
    pub code: Code,
}

impl Verdict {
    /// Judges one text.
    #[must_use]
    pub fn of(lists: &Lists, text: &str) -> Verdict {
        let spans = spans(lists, text);
        let codes: BTreeSet<Code> = spans.iter().map(|span| span.code).collect();
        Verdict {
            abusive: codes.iter().any(|code| attacks(*code)),
            level: level(&codes),
            categories: codes.iter().map(|code| code.category()).collect(),
            codes,
            spans,
        }
    }
}

/// The level of some codes with nothing known of the two people. What only means something between an adult and a
/// young person (a lift, a meeting, a way to be reached) is noted while it is all there is; a second process beside it
/// makes it a matter for the room, as it is between two people of whom that much is known.
fn level(codes: &BTreeSet<Code>) -> u8 {
    let of_a_pair = |code: &Code| code.process().filter(|_| code.level_alone() < Level::Concern);
    let processes: BTreeSet<_> = codes.iter().filter_map(of_a_pair).collect();
    let alone = |code: &Code| match of_a_pair(code) {
        Some(_) if processes.len() < 2 => code.level_alone().min(Level::Noted) as u8,
        _ => code.level_alone() as u8,
    };
    codes.iter().map(alone).max().unwrap_or(0)
}

/// What the lists find in a text and nothing about how it is said quietens (a denial, a quotation, a lesson), by
/// place.
fn spans(lists: &Lists, text: &str) -> Vec<Span> {
    let reading = lists.reading(text);
    let given_away = content::judge(&reading, std::iter::empty(), content::Speaker::Young)
        .into_iter()
        .filter_map(|(code, quote)| quote.map(|quote| Span { start: quote.start, end: quote.end, code }));
    let found: BTreeSet<Span> = lists
        .hits(&reading)
        .into_iter()
        .filter(|hit| hit.counts() && lists.entry(hit).needs.iter().all(|need| is_given(*need)))
        // What only says something beside other observations says nothing of a text by itself.
        .filter(|hit| hit.code.weight() != Weight::Context)
        .map(|hit| Span { start: hit.quote.start, end: hit.quote.end, code: hit.code })
        .chain(given_away)
        .collect();
    found.into_iter().collect()
}

/// What is taken as given of people of whom nothing is known: an unknown adult writes to a young person. What only a
/// young person's words to an adult would mean (a refusal, an age betrayed) is not looked for.
fn is_given(need: Need) -> bool {
    !matches!(need, Need::YoungSpeaker | Need::AdultListener)
}

/// Whether words with this code attack, threaten, demean or degrade. An intimate image that is asked for, a secret, a
/// disclosure are serious, and not that.
fn attacks(code: Code) -> bool {
    match code.category() {
        // What is only noted (a simile, a "signed", somebody left out) is a blow only in its conversation.
        Category::Bullying => code.level_alone() >= Level::Room,
        Category::Hate | Category::Threat => true,
        _ => matches!(code, Code::SexualisedText | Code::SexualHarassment | Code::ExtremistPraise),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn verdict(text: &str) -> Verdict {
        Verdict::of(&lists(), text)
    }

    fn lists() -> Arc<Lists> {
        Lists::shared()
    }

    /// A text of the list of slurs, so that none needs to be written here.
    fn thrown_slur() -> String {
        lists().entries().iter().find(|entry| entry.id == "hate-slur").unwrap().yes[0].clone()
    }

    #[test]
    fn attacks_on_groups_are_heard_and_say_which() {
        for (text, code) in [
            ("I can't stand refugees", Code::HateOrigin),
            ("immigrants are vermin", Code::HateOrigin),
            ("Muslims in this country are nothing but criminals", Code::HateReligion),
            ("why are women so stupid", Code::HateGender),
            ("being gay is a disease", Code::HateSexuality),
            ("trans people shouldn't exist", Code::HateGenderIdentity),
            ("disabled people are barely human", Code::HateDisability),
            ("black people should go back to where they came from", Code::HateRace),
            ("all homeless people should be locked up", Code::HateClass),
            ("Here are the immigrants again. They should all be sent home.", Code::HateOrigin),
            ("my class is full of muslims. I hate them", Code::HateReligion),
            ("no refugees allowed in our club", Code::HateOrigin),
            ("you can never trust a woman", Code::HateGender),
            ("isn't it obvious that immigrants are criminals?", Code::HateOrigin),
            ("muslims are 🐀", Code::HateReligion),
            ("go back to the kitchen", Code::HateGender),
        ] {
            let verdict = verdict(text);
            assert!(verdict.abusive && verdict.level >= 3, "{text:?}: {verdict:?}");
            assert!(verdict.codes.contains(&code), "{text:?}: {verdict:?}");
        }
    }

    #[test]
    fn attacks_on_a_person_are_heard() {
        for (text, code) in [
            ("you are so stupid", Code::Insult),
            ("ur such a loser", Code::Insult),
            ("you useless noob", Code::Insult),
            ("uninstall please", Code::Insult),
            ("kys", Code::SuicideEncouragement),
            ("worst player ever", Code::Insult),
            ("my grandma plays better than you", Code::Insult),
            ("braindead teammates", Code::Insult),
            ("nobody likes you freak", Code::Insult),
            ("this man is a disgrace, such a pathetic liar", Code::Insult),
            ("we're gonna batter you after school", Code::ThreatOfHarm),
            ("i know where you live", Code::ThreatOfHarm),
            ("only sluts wear that", Code::SexualHarassment),
        ] {
            let verdict = verdict(text);
            assert!(verdict.abusive && verdict.codes.contains(&code), "{text:?}: {verdict:?}");
        }
    }

    #[test]
    fn what_attacks_nobody_is_no_abuse() {
        for text in [
            // a group, kindly or plainly
            "I love my gay friends",
            "muslims are celebrating eid this week",
            "women's football is getting so good",
            "are there any refugees in your class",
            "disabled people deserve respect",
            "we should welcome refugees with open arms",
            // denied
            "I don't hate muslims",
            "immigrants are not criminals",
            "refugees should not be deported",
            "nobody should hate gay people",
            // objected to, reported, quoted
            "anyone who says immigrants are vermin is wrong",
            "saying women are stupid is sexist",
            "stop saying muslims are criminals",
            "\"I hate refugees\" is not an acceptable thing to say",
            "someone at school said gay people are disgusting and i reported it",
            "my uncle thinks all immigrants should be deported and i told him to stop",
            "how can anyone hate refugees",
            "i used to think women couldn't lead",
            "he got banned for writing that muslims should die",
            // about oneself
            "as a muslim girl i get called names a lot",
            "im such an idiot i forgot my boots",
            "i suck at this",
            // nobody is meant
            "I hate mondays",
            "these burgers are disgusting",
            "kill all the zombies",
            "the rats in the kitchen need to be exterminated",
            "this game is trash",
            "spiders should all die",
            "how do i uninstall this package",
            "restart it and see what happens",
            "my therapist is on holiday",
            "the goblins need to be wiped out",
            // between friends
            "love you, you absolute muppet",
            "shut up no way",
            "you're dead funny",
            // other things of the same words
            "weed the garden on saturday please",
            "i made a bath bomb",
            "go back to the menu and press start",
            "when do you go back to poland for the holidays",
        ] {
            let verdict = verdict(text);
            assert!(!verdict.abusive, "{text:?}: {verdict:?}");
        }
    }

    #[test]
    fn a_slur_counts_where_it_is_thrown_and_not_where_it_is_reported() {
        let thrown = thrown_slur();
        assert!(verdict(&thrown).abusive);
        for frame in [
            "someone at school said {} and i reported it",
            "he called me that: \"{}\"",
            "saying {} is never ok",
            "people keep saying {} and it hurts",
        ] {
            let verdict = verdict(&frame.replace("{}", &thrown));
            assert!(!verdict.codes.iter().any(|code| code.category() == Category::Hate), "{frame:?}");
        }
    }

    #[test]
    fn disguises_do_not_hide_an_attack() {
        for text in [
            "i h4te refugees",
            "i haaaate refugees",
            "i h a t e refugees",
            "i hate r.e.f.u.g.e.e.s",
            "ihaterefugees",
            "i hate refguees",
            "i hаtе rеfugееs",
            "I HATE REFUGEES!!!",
            "i hate\u{200b} refu\u{200b}gees",
            "immigrnats are parasites",
        ] {
            assert!(verdict(text).abusive, "{text:?}");
        }
    }

    #[test]
    fn one_approach_of_an_unknown_is_noted_and_two_are_for_the_room() {
        for (text, level) in [
            ("i can pick you up at half seven", 1),
            ("shall we meet up on saturday, just us two", 1),
            ("let's meet up on saturday, don't tell your mum", 2),
            ("see you at club tonight", 0),
        ] {
            assert_eq!(verdict(text).level, level, "{text:?}: {:?}", verdict(text));
        }
    }

    #[test]
    fn dealing_and_weapons_are_told_and_attack_nobody() {
        for (text, code) in [
            ("selling vapes 5 each dm me", Code::DrugsDealing),
            ("anyone know a plug for ket", Code::DrugsSeeking),
            ("how to make a pipe bomb at home", Code::WeaponInstructions),
        ] {
            let verdict = verdict(text);
            assert!(verdict.codes.contains(&code) && !verdict.abusive, "{text:?}: {verdict:?}");
        }
        assert!(verdict("hitler did nothing wrong").abusive);
    }
}
