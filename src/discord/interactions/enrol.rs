//! `/enrol`: staff and volunteers, each bound to one account, and who holds which responsibility.

use serde_json::Value;

use super::form::{on_server, person, sub, text};
use super::options::Options;
use crate::domain::register::Responsibility;
use crate::domain::{Kind, UserId};

/// The command's name.
pub const NAME: &str = "enrol";

/// What an account can be enrolled as.
pub const KINDS: [(&str, Kind); 6] = [
    ("youth-worker", Kind::YouthWorker),
    ("volunteer", Kind::Volunteer),
    ("dsl", Kind::Dsl),
    ("deputy-dsl", Kind::DeputyDsl),
    ("senior-manager", Kind::SeniorManager),
    ("chair", Kind::Chair),
];

/// What a lead wants of the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Enrol an account.
    Add {
        /// Which.
        account: UserId,
        /// As what.
        kind: Kind,
        /// The charity's own reference of the person.
        reference: Option<String>,
    },
    /// An enrolment ends.
    End {
        /// Which.
        account: UserId,
    },
    /// A responsibility is taken on, or laid down.
    Responsibility {
        /// By whom.
        who: UserId,
        /// Which.
        what: Responsibility,
        /// Taken on (true) or laid down.
        takes: bool,
    },
}

pub(super) fn command() -> Value {
    let account = || person("account", "Which account").needed();
    let what = || {
        let all = Responsibility::ALL.iter().map(|what| (what.as_str(), what.as_str()));
        text("responsibility", "Which").needed().one_of(all)
    };
    on_server(
        NAME,
        "Leads: who works here, by which account, with which responsibility",
        [
            sub(
                "add",
                "Enrol an account of staff or a volunteer",
                [
                    account(),
                    text("as", "As what").needed().one_of(KINDS.iter().map(|(code, _)| (*code, *code))),
                    text("reference", "Your own reference of the person, like a staff number; no name")
                        .longest(40),
                ],
            ),
            sub("end", "An account is not enrolled any longer", [account()]),
            sub("give", "Somebody takes a responsibility on", [account(), what()]),
            sub("take", "Somebody lays a responsibility down", [account(), what()]),
        ],
    )
}

pub(super) fn read(options: &Options) -> Option<Request> {
    let account = options.id("account")?;
    let what = || options.text("responsibility").and_then(Responsibility::from_code);
    Some(match options.sub.as_deref()? {
        "add" => {
            let code = options.text("as")?;
            let kind = KINDS.iter().find(|(known, _)| *known == code)?.1;
            Request::Add { account, kind, reference: options.text("reference").map(str::to_owned) }
        }
        "end" => Request::End { account },
        "give" => Request::Responsibility { who: account, what: what()?, takes: true },
        "take" => Request::Responsibility { who: account, what: what()?, takes: false },
        _ => return None,
    })
}
