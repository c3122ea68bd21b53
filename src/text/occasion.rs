//! The occasion of a message, by phrases that say something of it as a whole: a lesson, a play, a birthday that is
//! planned, an official matter in the open, a doubt about somebody's age. All of them are looked for in one pass over
//! the line of plain words.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Something that a message as a whole speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// It is framed as a lesson, a quiz, a workshop.
    Teaching,
    /// It has words of lessons and of much else: they frame what follows them in their own sentence.
    TeachingHere,
    /// It opens a lesson: the frame is about the session itself, not one line of it.
    LessonOpens,
    /// It speaks of a session.
    Session,
    /// It speaks of what a session about safety is about.
    Safety,
    /// It is a line of a song or a play, or speaks of one by lyrics, acts and characters.
    Play,
    /// It has words of plays and songs and of much else: they frame their own sentence.
    PlayHere,
    /// It plans a treat for somebody else.
    Surprise,
    /// It says that others are in on it: a colleague is here, parents or the lead know, it is written down.
    Open,
    /// It belongs to a rehearsal.
    Staged,
    /// It speaks of a birthday, a present, a leaving do.
    Party,
    /// It asks what an age is, or doubts one.
    AgeDoubt,
    /// It is said to everybody.
    ToAll,
    /// It speaks of a game that is being played: rivals "end" and "kill" each other there.
    Game,
}

/// The occasions of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occasions(u32);

impl Occasions {
    /// Looks for the phrases of every occasion in a line of plain words ([`super::Reading::line`]).
    #[must_use]
    pub fn of(line: &str) -> Occasions {
        let mut found = Occasions::default();
        if let Some((automaton, occasions)) = PHRASES_OF.as_ref() {
            for one in automaton.find_overlapping_iter(line) {
                found.0 |= 1 << occasions[one.pattern().as_usize()] as u32;
            }
        }
        found
    }

    /// Whether one of them is among these.
    #[must_use]
    pub fn has(self, occasion: Occasion) -> bool {
        self.0 & (1 << occasion as u32) != 0
    }
}

static PHRASES_OF: LazyLock<Option<(AhoCorasick, Vec<Occasion>)>> = LazyLock::new(|| {
    let (mut phrases, mut occasions) = (Vec::new(), Vec::new());
    for (occasion, all) in PHRASES {
        for phrase in all.split_ascii_whitespace() {
            phrases.push(phrase.replace('_', " "));
            occasions.push(*occasion);
        }
    }
    let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(phrases).ok()?;
    Some((automaton, occasions))
});

/// The phrases of each; `_` is a space. One that does not end in a space may go on with the word's ending.
const PHRASES: &[(Occasion, &str)] = &[
    (
        Occasion::Teaching,
        "_warning_sign _red_flag _true_or_false_ _what_would_you_do_if_someone_ _online_safety_ \
         _safer_internet_ _exit_task_ _discussion_point _today_we_are_looking_ _today_we_will_look_ \
         _today_we_are_talking_ _today_we_are_learning_ _this_week_we_are_looking_ _grooming_ _groomers_ \
         _groomer_ _bullying_is_ _what_should_you_do_ _how_would_you_respond_ _how_would_you_feel_ \
         _safe_or_unsafe_ _ok_or_not_ok_ _people_who_want_to_harm_ _stay_safe_online_",
    ),
    (
        Occasion::TeachingHere,
        "_workshop_ _scenario_ _role_play_ _case_study_ _an_example_of_ _examples_of_ _spot_the_ \
         _in_pairs_discuss_ _quiz_ _assembly_about_ _worksheet_ _lesson_on_",
    ),
    (
        Occasion::LessonOpens,
        "_today_we_are_looking_ _today_we_will_look_ _today_we_are_talking_ _today_we_are_learning_ \
         _this_week_we_are_looking_ _tonight_we_are_looking_ _tonight_we_are_talking_ _this_session_is_about_ \
         _todays_session_is_ _todays_workshop_ _welcome_to_the_workshop_ _online_safety_session_ \
         _safer_internet_day_ _todays_topic_is_ _our_topic_is_",
    ),
    (
        Occasion::Play,
        "_lyric_ _lyrics_ _monologue_ _my_character_ _her_character_ _his_character_ _act_1_ _act_2_ _act_3_ \
         _act_4_",
    ),
    (
        Occasion::PlayHere,
        "_verse_ _chorus_ _script_ _the_scene_ _act_5_ _the_poem_ _the_song_ _the_film_ _the_line_ _that_line_",
    ),
    (
        Occasion::Session,
        "_session_ _workshop_ _quiz_ _lesson_ _assembly_ _tonight_ _today_ _topic_ _this_week_ _training_ \
         _activity_ _discussion_ _round_ _scenario_ _talk_ _game_show_ _vote_ _awareness_ _q1_ _question_1_ \
         _number_one_ _we_are_looking_at_",
    ),
    (
        Occasion::Safety,
        "_staying_safe_ _stay_safe_ _online_safety_ _safer_internet_ _internet_safety_ _grooming_ _groomer \
         _exploitation_ _county_lines_ _cyberbullying_ _scams_ _about_consent_ _healthy_relationships_ \
         _red_flag _warning_sign _safe_online_ _safe_secrets_ _strangers_online_ _e_safety_ _esafety_ \
         _sextortion_ _keeping_safe_",
    ),
    (
        Occasion::Surprise,
        "_birthday_ _bday_ _surprise_party_ _leaving_do_ _leaving_card_ _balloons_ _secret_santa_ \
         _party_planning_ _farewell_ _thank_you_card_ _leaving_present_",
    ),
    (
        Occasion::Open,
        "_both_here_ _are_both_in_ _are_both_on_ _and_i_are_here_ _with_me_and_ _both_with_you_ \
         _have_to_share_ _need_to_share_ _share_it_with_ _pass_it_on_ _make_a_note_ _writing_this_down_ \
         _safeguarding_lead_ _dsl_ _on_the_form_ _so_we_tick_ _emailed_to_ _your_parents_have_ _parents_have_ \
         _same_email_to_parents_ _same_letter_ _consent_form_ _signed_form_ _risk_assessment_ _work_phone_ \
         _trip_mobile_",
    ),
    (
        Occasion::Staged,
        "_from_the_top_ _in_character_ _bully_scene_ _cue_line_ _stage_direction _read_in_for_ _read_through_ \
         _lines_please_ _whole_gang_ _villain_ _rehearse_the_ _act_it_",
    ),
    (
        Occasion::Party,
        "_surprise_ _birthday_ _bday_ _party_for_ _present_for_ _leaving_card_ _leaving_do_ _secret_santa_ \
         _goodbye_card_ _anniversary_ _thank_you_card_",
    ),
    (
        Occasion::AgeDoubt,
        "_how_old_ _what_age_ _your_age_ _ur_age_ _which_age_ _thought_you_were_ _thought_you_are_ \
         _said_you_were_ _said_you_are_ _at_our_age_ _you_are_not_ _wait_what_ _how_are_you_in_here_ \
         _are_you_even_ _grandad_ _adulting_ _you_can_not_drive_ _you_work_ _have_a_job_ _got_a_job_ _what_shift_ \
         _you_drive_",
    ),
    (
        Occasion::Game,
        "_tournament_ _bracket_ _rematch_ _fifa_ _mario_kart_ _uno_ _chess_ _minecraft_ _fortnite_ _valorant_ \
         _rocket_league_ _1v1_ _2v2_ _scrim_ _scrims_ _lobby_ _table_tennis_ _pool_table_ _boss_fight_ _ranked_ \
         _smash_bros_ _ludo_ _among_us_ _dodgeball_ _laser_tag_ _paintball_ _board_game _card_game _game_night_ \
         _next_round_ _quiz_night_ _warzone_ _roblox_ _speedrun_ _gg_",
    ),
    (Occasion::ToAll, "_you_lot_ _all_of_you_ _you_all_ _you_guys_"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Reading;
    use crate::text::reading::Vocabulary;

    #[test]
    fn every_phrase_is_found_and_only_where_it_stands() {
        for (occasion, all) in PHRASES {
            for phrase in all.split_ascii_whitespace() {
                let line = format!(" . so{}x . ", phrase.replace('_', " "));
                assert!(Occasions::of(&line).has(*occasion), "{line:?}");
            }
        }
        assert_eq!(Occasions::of(" . see you at the hall . "), Occasions::default());
    }

    #[test]
    fn occasions_are_read_from_plain_words() {
        for (text, occasion, has) in [
            ("Todays topic is friendship", Occasion::LessonOpens, true),
            ("true or false: cats can swim", Occasion::Teaching, true),
            ("it's her bday on friday", Occasion::Surprise, true),
            ("it's her bday on friday", Occasion::Party, true),
            ("consent form please", Occasion::Open, true),
            ("how old r u", Occasion::AgeDoubt, true),
            ("you lot are early", Occasion::ToAll, true),
            ("the lesson was long", Occasion::Teaching, false),
            ("birthdays are nice", Occasion::Party, false),
        ] {
            let reading = Reading::of(text, &Vocabulary::new());
            assert_eq!(reading.occasions.has(occasion), has, "{text:?} {occasion:?}");
        }
    }
}
