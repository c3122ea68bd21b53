//! Links that people follow and buttons that they press.

#![expect(clippy::result_large_err, reason = "what is refused is an answer, and moves to the client at once")]

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::House;
use super::html::{Shown, page};
use crate::domain::event::Answer;
use crate::domain::fact::Handling;
use crate::domain::{CaseState, Event, Fact};
use crate::paging::drill::NO_CASE;
use crate::paging::links::{Purpose, Refused, Signed};
use crate::wording;

/// What a form says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(rename = "do", default)]
    what: String,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    minutes: Option<u32>,
    #[serde(default)]
    reason: Option<String>,
}

fn nothing(status: StatusCode) -> Response {
    answered(status, &Shown::Nothing { why: wording::acknowledgement_refused("may-not-know").to_owned() })
}

fn answered(status: StatusCode, shown: &Shown) -> Response {
    (status, Html(page(shown))).into_response()
}

impl House {
    fn signed(&self, purpose: Purpose, token: &str) -> Result<Signed, Response> {
        self.inbound.key.read(purpose, token, self.inbound.clock.now()).map_err(|refused| match refused {
            Refused::Forged => nothing(StatusCode::NOT_FOUND),
            Refused::Expired => {
                answered(StatusCode::GONE, &Shown::Nothing { why: wording::link_is_over().to_owned() })
            }
        })
    }

    /// Where the call of a link stands, for whom it was made. Asks once more who may know.
    fn shown(&self, answer: &Answer, done: Option<String>) -> (StatusCode, Shown) {
        if answer.case == NO_CASE {
            let what = wording::link_drill().to_owned();
            return (
                StatusCode::OK,
                done.map_or(Shown::Open { what, drill: true }, |why| Shown::Nothing { why }),
            );
        }
        self.inbound.read(|calls| {
            let nothing = || {
                let why = wording::acknowledgement_refused("may-not-know").to_owned();
                (StatusCode::NOT_FOUND, Shown::Nothing { why })
            };
            if !calls.may_receive(answer.case, &answer.name) {
                return nothing();
            }
            let Some(case) = calls.case(answer.case) else {
                return nothing();
            };
            let count = answer.together.map(|at| calls.how_many_together(at, &answer.name));
            let what = wording::link_case(case.reference, case.level, count);
            // What a link would come to decides what is shown, so that both can never disagree.
            let open = calls
                .answer(answer)
                .iter()
                .any(|fact| matches!(fact, Fact::Acknowledged { .. } | Fact::AcknowledgedByName { .. }));
            let shown = match case.state {
                CaseState::New if open => Shown::Open { what, drill: false },
                CaseState::New => Shown::Nothing { why: wording::link_is_over().to_owned() },
                CaseState::Acknowledged { .. } | CaseState::InReview { .. } | CaseState::Referred { .. } => {
                    let may = |name: &&str| calls.may_receive(answer.case, name) && *name != answer.name;
                    let colleagues = calls.people().iter().map(|person| person.name.as_str()).filter(may);
                    let colleagues = colleagues.map(str::to_owned).collect();
                    Shown::Yours { what, done, colleagues }
                }
                CaseState::NoFurtherAction { .. } | CaseState::Closed { .. } => {
                    let why = done.unwrap_or_else(|| {
                        wording::acknowledgement_refused("already-acknowledged").to_owned()
                    });
                    Shown::Nothing { why }
                }
            };
            (StatusCode::OK, shown)
        })
    }

    async fn hear(&self, event: Event) -> Result<Vec<Fact>, Response> {
        (self.inbound.hear)(event).await.map_err(|_| {
            let why = wording::acknowledgement_not_kept_yet().to_owned();
            answered(StatusCode::SERVICE_UNAVAILABLE, &Shown::Nothing { why })
        })
    }

    /// Acknowledges; tells in one sentence what it came to, and whether it counted.
    pub(super) async fn acknowledge(&self, answer: Answer) -> Result<(bool, String), Response> {
        let facts = self.hear(Event::AcknowledgedByLink(answer)).await?;
        let counted = facts.iter().any(|fact| {
            matches!(
                fact,
                Fact::Acknowledged { .. } | Fact::AcknowledgedByName { .. } | Fact::DrillAnswered { .. }
            )
        });
        let refused = facts.iter().find_map(|fact| match fact {
            Fact::AcknowledgementRefused { why, .. } => Some(wording::acknowledgement_refused(why)),
            _ => None,
        });
        let said = if counted {
            wording::link_acknowledged()
        } else {
            refused.unwrap_or_else(wording::link_is_over)
        };
        Ok((counted, said.to_owned()))
    }

    async fn handle(&self, answer: &Answer, wish: Wish) -> Result<String, Response> {
        let what = match wish.what.as_str() {
            "record" => Handling::Recorded,
            "resolve" => Handling::Resolved,
            "hand-over" => Handling::HandedOver { to: wish.to.unwrap_or_default() },
            "snooze" => Handling::Snoozed {
                until: self.inbound.clock.now().plus(Duration::from_mins(wish.minutes.unwrap_or(0).into())),
                reason: wish.reason.unwrap_or_default(),
            },
            _ => return Err(nothing(StatusCode::BAD_REQUEST)),
        };
        let (name, via) = (answer.name.clone(), answer.via.clone());
        let facts = self.hear(Event::Handled { case: answer.case, name, what, via }).await?;
        Ok(match facts.first() {
            Some(Fact::Handled { .. }) => wording::link_handled().to_owned(),
            Some(Fact::HandlingRefused { why, .. }) => wording::handling_refused(why).to_owned(),
            _ => wording::link_is_over().to_owned(),
        })
    }
}

/// Shows what a link is for. A mail scanner that opens it has changed nothing.
pub(super) async fn show(State(house): State<Arc<House>>, Path(token): Path<String>) -> Response {
    match house.signed(Purpose::Answer, &token) {
        Ok(signed) => {
            let (status, shown) = house.shown(&signed.answer, None);
            answered(status, &shown)
        }
        Err(refused) => refused,
    }
}

/// Does what the button on that page says.
pub(super) async fn act(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    Form(wish): Form<Wish>,
) -> Response {
    let done = async {
        let signed = house.signed(Purpose::Answer, &token)?;
        let said = match wish.what.as_str() {
            "acknowledge" => house.acknowledge(signed.answer.clone()).await?.1,
            _ => house.handle(&signed.answer, wish).await?,
        };
        let (status, shown) = house.shown(&signed.answer, Some(said.clone()));
        // Where nothing more can be done, it is still said what happened.
        Ok::<_, Response>(match shown {
            Shown::Open { .. } => (status, Shown::Nothing { why: said }),
            shown => (status, shown),
        })
    };
    match done.await {
        Ok((status, shown)) => answered(status, &shown),
        Err(refused) => refused,
    }
}

/// The action button of a push message.
pub(super) async fn push(State(house): State<Arc<House>>, Path(token): Path<String>) -> Response {
    let done = async {
        let signed = house.signed(Purpose::Answer, &token)?;
        house.acknowledge(signed.answer).await
    };
    match done.await {
        Ok((true, said)) => (StatusCode::OK, said).into_response(),
        // Anything but success shows as failed under the button.
        Ok((false, said)) => (StatusCode::CONFLICT, said).into_response(),
        Err(refused) => refused,
    }
}
