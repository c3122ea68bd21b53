//! What Twilio asks and tells: every request must carry its signature over the public address.

#![expect(clippy::result_large_err, reason = "what is refused is an answer, and moves to the client at once")]

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::House;
use crate::domain::Event;
use crate::paging::channels::twilio::{said, said_once, travel};
use crate::paging::links::{Purpose, Signed};
use crate::wording;

type Fields = Vec<(String, String)>;

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn twiml(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

impl House {
    /// Nothing when the request is Twilio's own and the token ours for this purpose.
    fn signed_by_twilio(
        &self,
        path: &str,
        token: &str,
        purpose: Purpose,
        headers: &HeaderMap,
        fields: &Fields,
    ) -> Result<Signed, Response> {
        let refused = || StatusCode::FORBIDDEN.into_response();
        let account = self.inbound.twilio.as_ref().ok_or_else(refused)?;
        let url = format!("{}/{path}/{token}", self.inbound.public_url);
        let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or("");
        if !account.has_signed(&url, fields, signature) {
            return Err(refused());
        }
        self.inbound.key.read(purpose, token, self.inbound.clock.now()).map_err(|_| refused())
    }
}

/// What the call says.
pub(super) async fn voice(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let signed = match house.signed_by_twilio("v", &token, Purpose::Answer, &headers, &fields) {
        Ok(signed) => signed,
        Err(refused) => return refused,
    };
    let answer = &signed.answer;
    let drill = answer.case == crate::paging::drill::NO_CASE;
    // Who may know is asked once more: the phone may have rung for a while.
    let case = house.inbound.read(|calls| {
        if drill || !calls.may_receive(answer.case, &answer.name) {
            return None;
        }
        let case = calls.case(answer.case)?;
        let count = answer.together.map(|at| calls.how_many_together(at, &answer.name));
        Some(wording::link_case(case.reference, case.level, count))
    });
    let page = match case {
        Some(page) => page,
        None if drill => wording::link_drill().to_owned(),
        None => return twiml(said_once(wording::link_is_over())),
    };
    let keypress = format!("{}/k/{token}", house.inbound.public_url);
    twiml(said(&page, Some(&keypress)))
}

/// A key was pressed.
pub(super) async fn keypress(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let signed = match house.signed_by_twilio("k", &token, Purpose::Answer, &headers, &fields) {
        Ok(signed) => signed,
        Err(refused) => return refused,
    };
    if field(&fields, "Digits") != Some("1") {
        return twiml(said_once(wording::NOT_PRESSED));
    }
    match house.acknowledge(signed.answer).await {
        Ok((_, said)) => twiml(said_once(&said)),
        Err(_) => twiml(said_once(wording::acknowledgement_not_kept_yet())),
    }
}

/// What became of a message or call.
pub(super) async fn status(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let signed = match house.signed_by_twilio("s", &token, Purpose::Travel, &headers, &fields) {
        Ok(signed) => signed,
        Err(refused) => return refused,
    };
    let status = field(&fields, "MessageStatus").or_else(|| field(&fields, "CallStatus")).unwrap_or_default();
    if let Some(state) = travel(status, field(&fields, "ErrorCode")) {
        let heard = (house.inbound.hear)(Event::Travelled { job: signed.job, state }).await;
        if heard.is_err() {
            // Twilio tries again.
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    StatusCode::NO_CONTENT.into_response()
}
