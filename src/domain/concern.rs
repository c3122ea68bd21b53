//! Concerns: what observations add up to, for a person to judge.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CaseRef, Code, Observation, Timestamp, UserId};

/// One scale everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Level {
    /// 1, noted: nobody hears; kept for the pattern.
    Noted = 1,
    /// 2, room: the youth workers in the room; a kind private nudge to the author.
    Room = 2,
    /// 3, concern: the DSL's daily digest (low-level concerns about adults included).
    Concern = 3,
    /// 4, serious: the DSL is paged by the ladder; the situation is contained.
    Serious = 4,
    /// 5, immediate danger: DSL and deputy are paged at once, emergency guidance is shown.
    Immediate = 5,
}

impl Level {
    /// The level one higher; [`Level::Immediate`] stays.
    #[must_use]
    pub fn raised(self) -> Level {
        Level::try_from(self as u8 + 1).unwrap_or(Level::Immediate)
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> u8 {
        level as u8
    }
}

impl TryFrom<u8> for Level {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Ok(match number {
            1 => Level::Noted,
            2 => Level::Room,
            3 => Level::Concern,
            4 => Level::Serious,
            5 => Level::Immediate,
            _ => return Err(format!("{number} is not a level; levels are 1 to 5")),
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self as u8).fmt(f)
    }
}

macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)+) => {
        /// What a concern is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Category {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }
        impl Category {
            /// Every category.
            pub const ALL: &'static [Category] = &[$(Category::$variant,)+];
            /// The stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Category::$variant => $name,)+ }
            }
        }
    };
}

categories! {
    /// Grooming by an adult or an older person.
    Grooming "grooming",
    /// A low-level concern about an adult's conduct.
    Boundary "boundary",
    /// Bullying.
    Bullying "bullying",
    /// Hatred of a group.
    Hate "hate",
    /// Threats.
    Threat "threat",
    /// Sexual text.
    Sexual "sexual",
    /// Somebody's welfare.
    Welfare "welfare",
    /// Supervised-contact rules.
    Contact "contact",
    /// Personal information given away.
    PersonalInformation "personal-information",
    /// Drugs.
    Drugs "drugs",
    /// Violence, weapons, extremism.
    ViolenceExtremism "violence-extremism",
    /// Scams.
    Scam "scam",
    /// Malware.
    Malware "malware",
    /// Advertising.
    Advertising "advertising",
    /// Piracy.
    Piracy "piracy",
    /// Flooding.
    Flood "flood",
    /// Tampering, lost permissions, gaps.
    Integrity "integrity",
    /// Somebody in charge, told past the usual line.
    Whistleblowing "whistleblowing",
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Category {
    type Err = String;

    /// # Errors
    /// When no category has this name.
    fn from_str(text: &str) -> Result<Self, String> {
        Category::ALL.iter().copied().find(|c| c.name() == text).ok_or_else(|| {
            let all: Vec<_> = Category::ALL.iter().map(|c| c.name()).collect();
            format!("{text:?} is not a category; they are {}", all.join(", "))
        })
    }
}

/// What keeps concerns apart: two categories of one family are the same concern growing, not two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// How an adult (or older person) behaves towards one young person: `boundary`, `grooming`, `sexual`.
    AdultConduct,
    /// Everything else keeps to its category.
    #[serde(untagged)]
    Of(Category),
}

impl Category {
    /// The family that this category belongs to.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Category::Grooming | Category::Boundary | Category::Sexual => Family::AdultConduct,
            other => Family::Of(other),
        }
    }
}

/// One concern of an organisation: there is never a second one with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConcernKey {
    /// What it is about.
    pub family: Family,
    /// Whose conduct is in question; in a welfare concern the person whose welfare it is stands in `towards`.
    pub by: Option<UserId>,
    /// Whom it is towards.
    pub towards: Option<UserId>,
}

/// What observations about one person's conduct towards another add up to. A level only rises; a person lowers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concern {
    /// `r-0001`, counted per organisation.
    pub reference: String,
    /// What keeps it apart from others.
    pub key: ConcernKey,
    /// Its category now.
    pub category: Category,
    /// Its level now.
    pub level: Level,
    /// Everyone whose conduct is in question: the *subjects*, who never hear of it from the system.
    pub by: BTreeSet<UserId>,
    /// Everyone it is towards.
    pub towards: BTreeSet<UserId>,
    /// What was observed, in the order of time.
    pub reasons: Vec<Observation>,
    /// When it was first raised.
    pub raised_at: Timestamp,
    /// The case it belongs to, once it is level 3 or higher.
    pub case: Option<CaseRef>,
}

impl Concern {
    /// The distinct codes of its reasons, in catalogue order.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        self.reasons.iter().map(|reason| reason.code).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adult_conduct_is_one_family() {
        assert_eq!(Category::Boundary.family(), Category::Grooming.family());
        assert_ne!(Category::Bullying.family(), Category::Grooming.family());
        for family in [Family::AdultConduct, Family::Of(Category::Welfare)] {
            let text = serde_json::to_string(&family).unwrap();
            assert_eq!(serde_json::from_str::<Family>(&text).unwrap(), family, "{text}");
        }
    }

    #[test]
    fn levels_rise_by_one_and_stop() {
        assert_eq!(Level::Noted.raised(), Level::Room);
        assert_eq!(Level::Immediate.raised(), Level::Immediate);
        assert!(serde_json::from_str::<Level>("6").is_err());
    }
}
