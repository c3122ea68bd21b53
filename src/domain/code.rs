//! The catalogue of observations: every stable code, what it weighs, and the sentence that explains it.
//!
//! Codes are the language of tests, configuration, documentation and metrics. One is never renamed; a row is only
//! added. Processes and weights are those of the charity's grooming table ("a network, never a fixed order").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::concern::{Category, Level};

/// A process of grooming. Two different ones within the window say more than many observations of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// First contact outside sessions, following across channels, an unenrolled adult.
    Access,
    /// Compliments about the person rather than the work.
    Compliment,
    /// Asking for personal information.
    Information,
    /// A special bond, grievance against carers, confiding own troubles.
    Relationship,
    /// Presents, game currency, travel.
    Gift,
    /// Dares, small rule breaks, asking again after a no.
    Compliance,
    /// Away from the supervised place: a DM, another app, a number, deleting.
    IsolationPhysical,
    /// Secrets, and setting the young person apart from the adults around them.
    IsolationMental,
    /// A meeting outside the programme: time, place, transport.
    Approach,
    /// Sexualised text, a request for images.
    Sexual,
    /// What the adult does with messages: late hours, edits, deletions.
    Behaviour,
    /// Errands, debts, "hold this for me".
    Exploitation,
    /// How the adult treats this young person beside the others.
    Difference,
}

/// How much one observation says, in points. Points are compared with thresholds; they are never shown as a score
/// of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Tells something only beside others (0 points).
    Context,
    /// 1 point.
    Low,
    /// 2 points.
    Medium,
    /// 3 points.
    MediumHigh,
    /// 4 points.
    High,
    /// Serious in one message: the level is reached by this observation alone.
    Alone,
}

impl Weight {
    /// The points that this weight adds.
    #[must_use]
    pub fn points(self) -> u32 {
        match self {
            Weight::Context => 0,
            Weight::Low => 1,
            Weight::Medium => 2,
            Weight::MediumHigh => 3,
            Weight::High | Weight::Alone => 4,
        }
    }
}

macro_rules! catalogue {
    ($($variant:ident $name:literal $category:ident $process:expr, $weight:ident, $alone:ident, $sentence:literal;)+) => {
        /// A stable, kebab-case code for one kind of observation.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $sentence] $variant,)+
        }

        impl Code {
            /// Every code, in catalogue order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The stable name, as configuration, tests and metrics write it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }
            /// The category that a concern opened by this observation has.
            #[must_use]
            pub fn category(self) -> Category {
                match self { $(Code::$variant => Category::$category,)+ }
            }
            /// The grooming process that this observation belongs to, if any.
            #[must_use]
            pub fn process(self) -> Option<Process> {
                match self { $(Code::$variant => $process,)+ }
            }
            /// What the observation weighs.
            #[must_use]
            pub fn weight(self) -> Weight {
                match self { $(Code::$variant => Weight::$weight,)+ }
            }
            /// The level that one such observation reaches with nothing beside it.
            #[must_use]
            pub fn level_alone(self) -> Level {
                match self { $(Code::$variant => Level::$alone,)+ }
            }
            /// One sentence in words, for the reasons of a concern.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Code::$variant => $sentence,)+ }
            }
        }
    };
}

use Process::{
    Access, Approach, Behaviour, Compliance, Compliment, Difference, Exploitation, Gift, Information,
    IsolationMental, IsolationPhysical, Relationship, Sexual,
};

catalogue! {
    OutOfSessionContact "out-of-session-contact" Boundary Some(Access), Low, Noted, "An adult wrote to a young person outside an agreed session.";
    FollowsAcrossSpaces "follows-across-spaces" Boundary Some(Access), Low, Noted, "An adult starts with the same young person in one space after another.";
    UnenrolledAdult "unenrolled-adult" Boundary Some(Access), Low, Noted, "An adult who is not enrolled is in contact with a young person.";
    PersonalCompliment "personal-compliment" Grooming Some(Compliment), Low, Noted, "An adult praises the young person rather than the work.";
    PersonalQuestion "personal-question" Grooming Some(Information), Medium, Noted, "An adult asks a young person for personal information.";
    PhotoRequest "photo-request" Grooming Some(Information), Medium, Noted, "An adult asks a young person for a photo.";
    AloneProbe "alone-probe" Grooming Some(Information), High, Room, "An adult asks whether the young person is alone or who is with them.";
    SpecialBond "special-bond" Grooming Some(Relationship), Medium, Noted, "An adult claims a special bond with a young person.";
    CarerGrievance "carer-grievance" Grooming Some(Relationship), Medium, Noted, "An adult sets a young person against the adults who care for them.";
    AdultConfides "adult-confides" Grooming Some(Relationship), Medium, Noted, "An adult confides their own troubles to a young person.";
    GiftOffer "gift-offer" Grooming Some(Gift), MediumHigh, Noted, "An adult offers a young person a gift, money or game currency.";
    ComplianceTest "compliance-test" Grooming Some(Compliance), Medium, Noted, "An adult invites a young person to a dare or a small rule break.";
    PersistsAfterRefusal "persists-after-refusal" Grooming Some(Compliance), High, Room, "An adult asks again after the young person said no.";
    OffPlatformMove "off-platform-move" Grooming Some(IsolationPhysical), High, Room, "An adult asks a young person to move to a private message, another app or a phone number.";
    PrivateCall "private-call" Grooming Some(IsolationPhysical), Medium, Noted, "An adult arranges to ring or text a young person.";
    DeleteRequest "delete-request" Grooming Some(IsolationPhysical), High, Room, "An adult asks a young person to delete or hide messages.";
    SecrecyRequest "secrecy-request" Grooming Some(IsolationMental), High, Room, "An adult asks a young person to keep something secret.";
    ColleagueSidelined "colleague-sidelined" Grooming Some(IsolationMental), MediumHigh, Noted, "An adult works around colleagues or the rules that protect both.";
    MeetingRequest "meeting-request" Grooming Some(Approach), High, Room, "An adult proposes a meeting with a young person outside the programme.";
    TransportOffer "transport-offer" Grooming Some(Approach), High, Room, "An adult offers a young person a lift or travel alone.";
    ErrandRequest "errand-request" Grooming Some(Exploitation), High, Room, "A young person is asked to carry, hold or deliver something.";
    DebtPressure "debt-pressure" Grooming Some(Exploitation), High, Room, "A young person is told that they owe something.";
    SexualisedText "sexualised-text" Sexual Some(Sexual), Alone, Serious, "Sexualised text from an adult to a young person.";
    ImageRequest "image-request" Sexual Some(Sexual), Alone, Serious, "An adult asks a young person for an intimate image.";
    LateContact "late-contact" Boundary Some(Behaviour), Context, Noted, "An adult writes to a young person late at night.";
    AdultDeletedMessage "adult-deleted-message" Grooming Some(Behaviour), Medium, Room, "An adult deleted a message that they had written to a young person.";
    AdultEditedMessage "adult-edited-message" Grooming Some(Behaviour), Context, Noted, "An adult edited a message that they had written to a young person.";
    AgeGap "age-gap" Grooming Some(Access), Low, Noted, "Somebody who takes part as a young person says something that only an adult says.";
    AgeClue "age-clue" Boundary None, Context, Noted, "Somebody who takes part as a young person says something that an adult would rather say.";
    AgeDifference "age-difference" Boundary Some(Access), Context, Noted, "A young person is in contact with one who is years younger.";
    SpecialTreatment "special-treatment" Grooming Some(Relationship), Medium, Noted, "An adult makes an exception for one young person, or keeps something for them alone.";
    SingledOut "singled-out" Grooming Some(Difference), Medium, Noted, "An adult treats this young person differently from the others.";
    IntimateProbe "intimate-probe" Grooming Some(Sexual), High, Room, "An adult asks a young person about kissing, partners or their body, or remarks on it.";
    Coercion "coercion" Grooming Some(Exploitation), High, Room, "A young person is pressed with what could happen to them or to somebody close to them.";
    OpenCorrection "open-correction" Boundary None, Context, Noted, "An adult put it right in the open.";
    Refusal "refusal" Grooming None, Context, Noted, "The young person said no.";
    Discomfort "discomfort" Grooming None, Context, Noted, "The young person said that they are not comfortable.";
    SuicideEncouragement "suicide-encouragement" Bullying None, Alone, Serious, "Somebody is encouraged to end their life.";
    ThreatToLife "threat-to-life" Threat None, Alone, Serious, "A threat to somebody's life or of serious injury.";
    SuicidalIntent "suicidal-intent" Welfare None, Alone, Immediate, "A person states that they are about to end their life.";
    SuicidalFeelings "suicidal-feelings" Welfare None, Alone, Serious, "A person states suicidal feelings.";
    SelfHarmDisclosure "self-harm-disclosure" Welfare None, Alone, Serious, "A person says that they hurt themselves.";
    AbuseDisclosure "abuse-disclosure" Welfare None, Alone, Serious, "A person discloses abuse.";
    RunningAway "running-away" Welfare None, Alone, Serious, "A person says that they are running away now.";
    EatingDistress "eating-distress" Welfare None, Alone, Serious, "A person describes distress around eating.";
    FriendWorry "friend-worry" Welfare None, Alone, Serious, "A person is worried about a friend's safety.";
    Hate "hate" Hate None, Alone, Concern, "A group of people is attacked for who they are.";
    HateRace "hate-race" Hate None, Alone, Concern, "People are attacked for their race or colour.";
    HateReligion "hate-religion" Hate None, Alone, Concern, "People are attacked for their religion.";
    HateOrigin "hate-origin" Hate None, Alone, Concern, "People are attacked for their nationality, origin or for having come from elsewhere.";
    HateGender "hate-gender" Hate None, Alone, Concern, "People are attacked for their sex.";
    HateSexuality "hate-sexuality" Hate None, Alone, Concern, "People are attacked for whom they love.";
    HateGenderIdentity "hate-gender-identity" Hate None, Alone, Concern, "Trans or non-binary people are attacked for who they are.";
    HateDisability "hate-disability" Hate None, Alone, Concern, "People are attacked for a disability, an illness or a neurological difference.";
    HateClass "hate-class" Hate None, Alone, Concern, "People are attacked for being poor or homeless.";
    Insult "insult" Bullying None, Medium, Room, "A person is insulted or degraded.";
    ThreatOfHarm "threat-of-harm" Threat None, Alone, Concern, "Somebody is threatened with harm.";
    SexualHarassment "sexual-harassment" Sexual None, Alone, Concern, "A person is sexually harassed or degraded.";
    ExtremistPraise "extremist-praise" ViolenceExtremism None, Alone, Concern, "Violence or a violent movement is glorified, or people are recruited for it.";
    WeaponInstructions "weapon-instructions" ViolenceExtremism None, Alone, Concern, "Somebody offers or asks for the making or getting of a weapon or explosive.";
    DrugsDealing "drugs-dealing" Drugs None, Alone, Concern, "Drugs are offered or sold.";
    DrugsSeeking "drugs-seeking" Drugs None, Medium, Room, "Somebody looks for drugs.";
    Ridicule "ridicule" Bullying None, Medium, Noted, "A person is ridiculed.";
    Exclusion "exclusion" Bullying None, Medium, Noted, "A person is shut out, or shutting out is planned.";
    Mockery "mockery" Bullying None, Low, Noted, "A person is mocked without a hard word.";
    MockingName "mocking-name" Bullying None, Low, Noted, "A mocking name is used for a person.";
    Mimicry "mimicry" Bullying None, Medium, Noted, "A person's way of speaking is aped.";
    JoinsIn "joins-in" Bullying None, Low, Noted, "Somebody joins in with what was aimed at a person.";
    KeepsOn "keeps-on" Bullying None, Low, Noted, "Somebody who had mocked a person goes on at them.";
    MockingReaction "mocking-reaction" Bullying None, Low, Noted, "Somebody reacts mockingly to what a person wrote.";
    HumiliatingRecord "humiliating-record" Bullying None, MediumHigh, Noted, "A picture or recording of a person is kept or spread to humiliate them.";
    Outing "outing" Bullying None, MediumHigh, Noted, "Something private of a person is shown to others, or that is threatened.";
    Impersonation "impersonation" Bullying None, MediumHigh, Noted, "Somebody pretends to be a person in order to mock them.";
    Intimidation "intimidation" Bullying None, MediumHigh, Noted, "A person is threatened or made to give something.";
    Hurt "hurt" Bullying None, Context, Noted, "The person shows that it hurts.";
    StopAsked "stop-asked" Bullying None, Context, Noted, "The person asks for it to stop.";
    Withdraws "withdraws" Bullying None, Context, Noted, "The person stays away, leaves, or says that they will.";
    FellSilent "fell-silent" Bullying None, Context, Noted, "The person has said nothing for days while it went on.";
    LaughsAlong "laughs-along" Bullying None, Context, Noted, "The person laughs along.";
    Defended "defended" Bullying None, Context, Noted, "Somebody takes the person's side.";
    Goading "goading" Bullying None, Context, Noted, "Somebody is dared to do what they spoke of.";
    Repetition "repetition" Bullying None, Context, Noted, "Repetition: it happened several times, or on several days.";
    Imbalance "imbalance" Bullying None, Context, Noted, "Imbalance: several against one, an adult against a young person, or one side that never answers back.";
    Intent "intent" Bullying None, Context, Noted, "Intent: it was planned or kept to hurt, or went on after it was seen to hurt.";
    ImageThreat "image-threat" Threat None, MediumHigh, Noted, "Somebody is threatened with pictures of them being shown.";
    PhoneShared "phone-shared" PersonalInformation None, Medium, Room, "A phone number is given away.";
    EmailShared "email-shared" PersonalInformation None, Low, Room, "A private e-mail address is given away.";
    AddressShared "address-shared" PersonalInformation None, Medium, Room, "Where somebody lives is given away.";
    SchoolShared "school-shared" PersonalInformation None, Low, Room, "Somebody says which school they go to.";
    HandleShared "handle-shared" PersonalInformation None, Low, Room, "An account on another platform is given away.";
    BankDetailsShared "bank-details-shared" PersonalInformation None, Medium, Room, "A payment card or a bank account is given away.";
    PasswordShared "password-shared" PersonalInformation None, Medium, Room, "A password, key or token is given away.";
    DetailsOfAnother "details-of-another" PersonalInformation None, High, Concern, "Somebody else's number, address or account is spread.";
    ScamLink "scam-link" Scam None, High, Concern, "A link pretends to lead to a well-known place, or brings an offer that is none.";
    ScamOffer "scam-offer" Scam None, Medium, Room, "Something for nothing is offered, as scams do.";
    LoginCodeRequest "login-code-request" Scam None, High, Concern, "Somebody is asked for a login code or a password.";
    MoneyMule "money-mule" Scam None, High, Concern, "Somebody is asked to move money through their account.";
    RiskyFile "risky-file" Malware None, Medium, Room, "A file that runs when it is opened.";
    DisguisedFile "disguised-file" Malware None, High, Concern, "A file that runs when it is opened, with a name that hides it.";
    MalwareInstruction "malware-instruction" Malware None, High, Concern, "Somebody is told to switch protection off or to run what they have not written.";
    HackingTalk "hacking-talk" Malware None, Medium, Room, "Breaking into accounts or systems is asked for or offered.";
    HackingThreat "hacking-threat" Threat None, High, Concern, "Somebody is threatened with a break-in, being taken offline or exposed.";
    Advertising "advertising" Advertising None, Low, Room, "Something is advertised or sold.";
    UnsolicitedInvite "unsolicited-invite" Advertising None, Low, Room, "An invitation to another server or group.";
    Piracy "piracy" Piracy None, Low, Room, "Copies of games, films or programs without leave.";
    Flood "flood" Flood None, Low, Room, "One person writes the same or very much in a short time.";
    MassMention "mass-mention" Flood None, Low, Room, "Very many people are mentioned at once.";
    Raid "raid" Flood None, High, Concern, "Several accounts write the same at once.";
    LoneAdultSpace "lone-adult-space" Contact None, Alone, Serious, "A space is shared by one adult and a young person with no second adult able to see it.";
    LoneAdultVoice "lone-adult-voice" Contact None, Alone, Serious, "One adult is alone in voice with a young person.";
    PrivateSpaceMade "private-space-made" Boundary Some(Access), Low, Noted, "An adult made a private space with a young person in it.";
    UnenrolledContact "unenrolled-contact" Contact None, Medium, Concern, "An adult who is not enrolled is in contact with a young person.";
    RepeatedOutOfSessionContact "repeated-out-of-session-contact" Contact None, Medium, Concern, "An adult is in contact with a young person outside agreed times, again and again.";
    PrivateContactOutsidePlan "private-contact-outside-plan" Contact None, Medium, Concern, "An adult wrote to a young person in a private space with no session or contact plan.";
    CoverLost "cover-lost" Contact None, Medium, Concern, "Fewer than two adults were present in a session.";
    SessionOverrun "session-overrun" Contact None, Medium, Concern, "An adult and young people stayed together after a session had ended.";
    SeparationBreached "separation-breached" Contact None, Alone, Serious, "Two people who are kept apart were in contact.";
    SeparationSharedSpace "separation-shared-space" Contact None, Medium, Concern, "Two people who are kept apart share a small space.";
    LockUndone "lock-undone" Contact None, Medium, Concern, "A space that Chaperone had closed for an adult was opened by hand.";
    LockUndoneBySubject "lock-undone-by-subject" Contact None, Alone, Serious, "An adult opened by hand a space that Chaperone had closed for them.";
    RoleConflict "role-conflict" Contact None, Alone, Concern, "An account holds both a young person's and an adult's role.";
    ReportedByPerson "reported-by-person" Welfare None, Alone, Concern, "A person reported something to safeguarding.";
    WhistleblowingReport "whistleblowing-report" Whistleblowing None, Alone, Serious, "A person told safeguarding of somebody in charge, past the usual line.";
    SeriousReport "serious-report" Welfare None, Alone, Serious, "Somebody told safeguarding of something serious in their own words.";
    DirectMessageOutsidePlan "direct-message-outside-plan" Contact None, Alone, Serious, "A direct message from an adult to a young person was reported; no contact plan was open.";
    Unreadable "unreadable-event" Integrity None, Alone, Concern, "An event of a known kind could not be read; its bytes are kept.";
    Unmonitored "unmonitored-interval" Integrity None, Alone, Concern, "For a while nothing was heard; messages of that time were read afterwards where the platform still had them.";
    UnmonitoredSpace "unmonitored-space" Integrity None, Alone, Concern, "There is a space that the bot cannot see, and young people may be in it with an adult.";
    ModeratorBits "moderator-bits" Integrity None, Alone, Concern, "An adult holds permissions with which the DM pause does not bind them, or evidence can be removed.";
    PermissionsChanged "permissions-changed" Integrity None, Alone, Concern, "Somebody changed what a role may do, or who sees a space.";
    FilterChanged "filter-changed" Integrity None, Alone, Concern, "Somebody changed the server's own filter (AutoMod).";
    ConnectionAdded "connection-added" Integrity None, Alone, Concern, "Somebody added or changed a webhook, an integration or another bot.";
    BotWeakened "bot-weakened" Integrity None, Alone, Serious, "The bot lost a permission or its place above other roles, and cannot contain as it should.";
    DmPauseLifted "dm-pause-lifted" Integrity None, Alone, Concern, "The pause of direct messages between members was lifted, and has been set again.";
    DmPauseLost "dm-pause-lost" Integrity None, Alone, Serious, "Direct messages between members cannot be paused any more.";
    BotRemoved "bot-removed" Integrity None, Alone, Serious, "The bot was removed from the server.";
    WitnessRefused "witness-refused" Integrity None, Alone, Serious, "The witness refused to cosign the evidence log: it does not continue what the witness has signed.";
    NotAttested "not-attested" Integrity None, Alone, Concern, "The evidence log was not attested by its witness or a time-stamping authority when it should have been.";
    ClockSetBack "clock-set-back" Integrity None, Alone, Concern, "The clock of the bot's machine was set back: times before and after do not follow each other.";
    DrillMissed "drill-missed" Integrity None, Alone, Concern, "Somebody did not answer a drill of the paging ladder in time.";
    UnusualAccess "unusual-access" Integrity None, Alone, Concern, "Somebody opened what is kept in an unusual way: an old case at night, many within minutes, or one about a close colleague.";
    ActionFailed "action-failed" Integrity None, Alone, Serious, "A containment could not be carried out.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Code {
    type Err = String;

    /// # Errors
    /// When no observation has this code.
    fn from_str(text: &str) -> Result<Self, String> {
        Code::ALL
            .iter()
            .copied()
            .find(|code| code.name() == text)
            .ok_or_else(|| format!("{text:?} is not a code; codes are written like \"secrecy-request\""))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_kebab_case_unique_and_reads_back() {
        let mut seen = std::collections::BTreeSet::new();
        for &code in Code::ALL {
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!(seen.insert(code.name()), "{code} stands twice");
            assert_eq!(code.name().parse::<Code>().unwrap(), code);
            assert!(code.sentence().ends_with('.'), "{code}");
        }
        assert!("secrecy".parse::<Code>().is_err());
    }

    #[test]
    fn only_what_is_serious_in_one_message_pages_alone() {
        for &code in Code::ALL {
            if code.level_alone() >= Level::Serious {
                assert_eq!(code.weight(), Weight::Alone, "{code}");
            }
        }
    }
}
