//! What a lead does with a case, as data: a deed in codes, who did it, and a promise about the words that go with it.
//!
//! The words themselves (a reason, a statement, the name of the officer who took a referral) are never here: they are
//! sealed to the case's key, and an act names them by their commitment in the log.

use serde::{Deserialize, Serialize};

use super::{CaseRef, Timestamp, UserId};

/// A small set of stable kebab-case codes, each with the sentence that explains it.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident, $what:literal: $($(#[$row:meta])* $variant:ident $code:literal $words:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$row])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The stable code, as commands and records write it.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// In words.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $($name::$variant => $words,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            /// # Errors
            /// When nothing has this code; the message lists them.
            fn from_str(text: &str) -> Result<Self, String> {
                $name::ALL.iter().copied().find(|one| one.code() == text).ok_or_else(|| {
                    let all: Vec<_> = $name::ALL.iter().map(|one| one.code()).collect();
                    format!(concat!("{:?} is not ", $what, "; they are {}"), text, all.join(", "))
                })
            }
        }
    };
}
pub(super) use coded;

coded! {
    /// To whom a concern is referred (InterAct §3; CHUMS §5.2; policy matrix P25).
    Agency, "an agency":
    /// 999 or 101.
    Police "police" "the police",
    /// The local authority's children's social care.
    SocialCare "social-care" "children's social care",
    /// The local authority's adult social care.
    AdultSocialCare "adult-social-care" "adult social care",
    /// Allegations against adults who work with children.
    Lado "lado" "the local authority designated officer (LADO)",
    /// Online sexual abuse.
    Ceop "ceop" "CEOP",
    /// Images of child sexual abuse.
    Iwf "iwf" "the Internet Watch Foundation",
    /// A young person's own image.
    ReportRemove "report-remove" "Report Remove",
    /// Extremism.
    Prevent "prevent" "Prevent (Channel)",
    /// A school or college.
    School "school" "a school or college",
    /// A doctor, a mental-health team.
    Health "health" "a health service",
    /// Barring.
    Dbs "dbs" "the Disclosure and Barring Service",
    /// A regulator of charities.
    Regulator "regulator" "the charity regulator",
    /// Anybody else; the sealed words say whom.
    Other "other" "another agency",
}

coded! {
    /// What a note is.
    NoteKind, "a kind of note":
    /// A line of the chronology: what happened, when.
    Chronology "chronology" "a line of the chronology",
    /// What one of those involved says (InterAct §3: comments of those involved; policy matrix P21).
    Statement "statement" "a statement of somebody involved",
    /// An appeal of somebody whom a measure touches (policy matrix P26).
    Appeal "appeal" "an appeal",
}

coded! {
    /// How a case ends.
    Outcome, "an outcome":
    /// What was to be done is done.
    Concluded "concluded" "concluded",
    /// It was looked into and nothing more is to be done.
    NoFurtherAction "no-further-action" "no further action",
    /// There was nothing: the system or the person who reported was mistaken.
    Mistaken "mistaken" "nothing had happened",
    /// It is looked after in another case.
    Duplicate "duplicate" "looked after in another case",
}

coded! {
    /// By which rule a case is erased.
    EraseRule, "a rule of erasure":
    /// Its time is over and a lead has reviewed it.
    TermOver "term-over" "its retention term is over, and a lead has reviewed it",
    /// A person whom it is about asked for it and a lead agreed (UK GDPR, article 17).
    ErasureRequest "erasure-request" "a person asked for erasure and a lead agreed",
    /// It should never have been kept.
    KeptInError "kept-in-error" "it was kept in error",
}

/// The four questions of the harm test about an adult who works with children (Keeping Children Safe in Education,
/// part four; Working Together). One yes means: speak to the LADO within one working day.
#[expect(clippy::struct_excessive_bools, reason = "the guidance's four questions, each answered yes or no")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HarmTest {
    /// Behaved in a way that has harmed a child, or may have.
    pub harmed: bool,
    /// Possibly committed a criminal offence against or related to a child.
    pub offence: bool,
    /// Behaved towards a child in a way that indicates that they may pose a risk of harm to children.
    pub risk: bool,
    /// Behaved in a way that indicates that they may not be suitable to work with children.
    pub unsuitable: bool,
}

impl HarmTest {
    /// Whether it is met.
    #[must_use]
    pub fn is_met(self) -> bool {
        self.harmed || self.offence || self.risk || self.unsuitable
    }
}

/// What somebody did with a case. Codes and times, never words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "deed")]
pub enum Deed {
    /// Looked at the record; with `content`, at what was written.
    Viewed {
        /// Whether sealed words were opened.
        content: bool,
    },
    /// Took the case out as a bundle; with `content`, in readable form.
    Exported {
        /// Whether sealed words were opened.
        content: bool,
    },
    /// Gave somebody what is held about them, third parties redacted (UK GDPR, article 15).
    GivenTo {
        /// Whose data it is.
        person: UserId,
    },
    /// Took it in hand.
    Acknowledged,
    /// Says who looks after it from here on.
    Assigned {
        /// The owner, by the configuration's name.
        to: String,
    },
    /// Wrote something down.
    Noted {
        /// What it is.
        kind: NoteKind,
    },
    /// Looks into it.
    ReviewBegan,
    /// Whether parents or carers are told, with the reason (InterAct §3; policy matrix P24). Never automatic.
    Parents {
        /// Told, or not.
        informed: bool,
    },
    /// Answered the harm test about an adult.
    HarmTested {
        /// The answers.
        answers: HarmTest,
    },
    /// Entered it in the register of low-level concerns about adults.
    LowLevelConcern,
    /// Says whether the person in question is an adult; it decides which checks and terms hold.
    AboutAdult {
        /// An adult, or a young person.
        adult: bool,
    },
    /// Personal data was seen or given away wrongly (CHUMS §6; policy matrix P36; UK GDPR, article 33).
    BreachFound {
        /// When the charity became aware: the 72 hours count from here.
        known_at: Timestamp,
    },
    /// The breach was reported to the regulator.
    BreachReported {
        /// When.
        at: Timestamp,
    },
    /// The breach need not be reported, with the reason.
    BreachNotReportable,
    /// The Adverse Incident Form was handed in (CHUMS §3.2; policy matrix P18).
    IncidentFormSent {
        /// When.
        at: Timestamp,
    },
    /// Referred to an agency: the reference and the person spoken to are in the sealed words (policy matrix P25).
    Referred {
        /// To whom.
        agency: Agency,
        /// When.
        at: Timestamp,
    },
    /// Handed a key of the case on to leads who may know of it and did not have it: somebody new, somebody with a new key.
    KeyHanded {
        /// The key's public half.
        key: String,
        /// To whom, by the configuration's names.
        to: Vec<String>,
        /// Their recipients.
        #[serde(default)]
        recipients: Vec<String>,
    },
    /// Nothing of it may be erased until the hold is lifted.
    Held,
    /// The hold is lifted.
    Released,
    /// Reviewed at the end of its term and kept longer.
    KeptOn {
        /// Until when, when it is reviewed again.
        until: Timestamp,
    },
    /// Everything that it holds is to be erased.
    Erased {
        /// By which rule.
        rule: EraseRule,
    },
    /// Closed it.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
    /// Opened it again.
    Reopened,
}

impl Deed {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Deed::Viewed { .. } => "viewed",
            Deed::Exported { .. } => "exported",
            Deed::GivenTo { .. } => "given-to",
            Deed::Acknowledged => "acknowledged",
            Deed::Assigned { .. } => "assigned",
            Deed::Noted { .. } => "noted",
            Deed::ReviewBegan => "review-began",
            Deed::Parents { .. } => "parents",
            Deed::HarmTested { .. } => "harm-tested",
            Deed::LowLevelConcern => "low-level-concern",
            Deed::AboutAdult { .. } => "about-adult",
            Deed::BreachFound { .. } => "breach-found",
            Deed::BreachReported { .. } => "breach-reported",
            Deed::BreachNotReportable => "breach-not-reportable",
            Deed::IncidentFormSent { .. } => "incident-form-sent",
            Deed::Referred { .. } => "referred",
            Deed::KeyHanded { .. } => "key-handed",
            Deed::Held => "held",
            Deed::Released => "released",
            Deed::KeptOn { .. } => "kept-on",
            Deed::Erased { .. } => "erased",
            Deed::Closed { .. } => "closed",
            Deed::Reopened => "reopened",
        }
    }

    /// Whether it only looks at the case or takes a copy of it.
    #[must_use]
    pub fn is_custody(&self) -> bool {
        matches!(self, Deed::Viewed { .. } | Deed::Exported { .. } | Deed::GivenTo { .. })
    }

    /// Whether it changes nothing about the case itself: looking, taking a copy, handing a key on.
    #[must_use]
    pub fn is_beside_the_case(&self) -> bool {
        self.is_custody() || matches!(self, Deed::KeyHanded { .. })
    }

    /// Whether words were opened by it.
    #[must_use]
    pub fn opens_content(&self) -> bool {
        matches!(
            self,
            Deed::Viewed { content: true } | Deed::Exported { content: true } | Deed::GivenTo { .. }
        )
    }

    /// Whether a reason has to go with it.
    #[must_use]
    pub fn wants_words(&self) -> bool {
        !matches!(
            self,
            Deed::Acknowledged
                | Deed::Assigned { .. }
                | Deed::ReviewBegan
                | Deed::KeyHanded { .. }
                | Deed::Viewed { content: false }
                | Deed::Exported { .. }
        )
    }
}

impl Refusal {
    /// As whoever asked is told: a subject does not learn that there is a case about them.
    #[must_use]
    pub fn as_told(self) -> Refusal {
        match self {
            Refusal::MayNotKnow => Refusal::NoSuchCase,
            other => other,
        }
    }
}

/// One act of a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Names this act: asked for twice, it is done once. 32 hexadecimal digits.
    pub id: String,
    /// Which case.
    pub case: CaseRef,
    /// Who, by the name that the configuration gives them.
    pub by: String,
    /// Their account on the platform, where they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<UserId>,
    /// What.
    pub what: Deed,
    /// The commitment in the log to the sealed words that go with it, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

coded! {
    /// Why an act was refused.
    Refusal, "a refusal":
    /// A subject, somebody who manages one, or nobody on the ladder; they do not learn whether there is such a case.
    MayNotKnow "may-not-know" "there is no such case for you",
    /// There is no case of this number.
    NoSuchCase "no-such-case" "there is no case of this number that you may know of",
    /// Somebody has it in hand.
    AlreadyAcknowledged "already-acknowledged" "somebody has acknowledged it already",
    /// It is being looked into.
    AlreadyInReview "already-in-review" "it is in review already",
    /// It is closed.
    CaseIsOver "case-is-over" "the case is closed; reopen it first",
    /// It is not closed.
    NotOver "not-over" "the case is not closed",
    /// Nobody decided whether parents are told.
    ParentsUndecided "parents-undecided" "whether parents or carers are told has not been decided",
    /// The harm test about an adult was not answered.
    HarmTestMissing "harm-test-missing" "the harm test about an adult has not been answered",
    /// A breach is open.
    BreachOpen "breach-open" "its data breach is neither reported nor found not to be reportable",
    /// There is no breach.
    NoBreach "no-breach" "no data breach is on record in this case",
    /// A legal hold.
    OnHold "on-hold" "a legal hold keeps it",
    /// There is none.
    NotHeld "not-held" "no legal hold is on it",
    /// Its term is not over.
    TermNotOver "term-not-over" "its retention term is not over",
    /// In the future, or before the case could be.
    BadTime "bad-time" "that time is in the future or too long ago",
    /// Whoever is to own it may not know of it, or is nobody on the ladder.
    OwnerMayNot "owner-may-not" "whoever is to own it may not know of it",
    /// A reason is wanted.
    NoWords "no-words" "a reason is wanted",
    /// The request does not prove who made it.
    NotProven "not-proven" "the request does not prove who made it",
}
