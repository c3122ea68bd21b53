//! Text messages and voice calls by Twilio's API (<https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/voice/api/call-resource>).
//!
//! A call asks for a key: whoever presses 1 has acknowledged. Without a public address there is nobody to tell, so the
//! call then only says what to do. Twilio has no idempotency keys for what we create, so a second attempt of a text
//! message first looks whether the first one is there.

use std::collections::BTreeMap;
use std::fmt;

use ring::hmac;
use serde_json::Value;

use super::http::{Answer, Http, code_in, exchange, refused, word};
use super::{Channel, Parcel, Sending, Sent};
use crate::domain::fact::Travel;
use crate::paging::links::Purpose;
use crate::paging::people::{SMS, VOICE};
use crate::wording;

/// An account at Twilio. Its token never prints.
#[derive(Clone)]
pub struct Account {
    /// `AC…`
    pub sid: String,
    /// The secret; it also signs what Twilio sends to us.
    pub token: String,
    /// The number that calls and writes, or a messaging service (`MG…`).
    pub from: String,
    /// `https://api.twilio.com`
    pub base: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}, …)", self.sid)
    }
}

impl Account {
    /// Whether a request to `url` with these form fields was signed by Twilio
    /// (<https://www.twilio.com/docs/usage/security#validating-requests>): HMAC-SHA-1 over the address as Twilio called
    /// it, followed by the fields in the order of their names.
    #[must_use]
    pub fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        use base64::Engine as _;
        let Ok(signature) = base64::engine::general_purpose::STANDARD.decode(signature) else { return false };
        let mut fields: Vec<_> = fields.to_vec();
        fields.sort();
        let mut text = url.to_owned();
        for (name, value) in fields {
            text.push_str(&name);
            text.push_str(&value);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.token.as_bytes());
        // Compares in constant time.
        hmac::verify(&key, text.as_bytes(), &signature).is_ok()
    }

    fn resource(&self, which: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{which}.json", self.base, self.sid)
    }
}

/// What Twilio's status of a message or call says; none for one that says nothing new.
#[must_use]
pub fn travel(status: &str, error: Option<&str>) -> Option<Travel> {
    let why = || {
        format!(
            "twilio: {status}{}",
            error.and_then(word).map_or_else(String::new, |code| format!(" {code}"))
        )
    };
    match status {
        "delivered" | "in-progress" | "completed" => Some(Travel::Delivered),
        "read" => Some(Travel::Read),
        "undelivered" | "failed" | "canceled" | "busy" | "no-answer" => {
            Some(Travel::FailedPermanent { why: why() })
        }
        _ => None,
    }
}

/// Text messages.
pub struct Sms {
    http: Http,
    account: Account,
    numbers: BTreeMap<String, String>,
}

/// Voice calls.
pub struct Voice {
    http: Http,
    account: Account,
    numbers: BTreeMap<String, String>,
}

const NO_NUMBER: &str = "no telephone number is configured for this person; add it to the configuration";

impl Sms {
    /// From this account to these numbers (E.164) by name.
    #[must_use]
    pub fn new(http: Http, account: Account, numbers: BTreeMap<String, String>) -> Self {
        Sms { http, account, numbers }
    }

    async fn write(&self, parcel: &Parcel<'_>) -> Result<Sent, Sent> {
        let to = self.numbers.get(parcel.person).ok_or_else(|| Sent::never(NO_NUMBER))?;
        let mut text = parcel.letter.short.clone();
        if let Some(link) = &parcel.link {
            text = format!("{text} {link}");
            if parcel.job.attempts > 0
                && let Some(id) = self.stands(to, &text).await
            {
                return Ok(Sent::Accepted { id: Some(id) });
            }
        }
        let from = if self.account.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let mut form = vec![("To", to.clone()), (from, self.account.from.clone()), ("Body", text)];
        form.extend(parcel.address("s", Purpose::Travel).map(|url| ("StatusCallback", url)));
        let request = self.http.post(&self.account.resource("Messages")).form(&form);
        let request = request.basic_auth(&self.account.sid, Some(&self.account.token));
        taken(&exchange("twilio", request).await?)
    }

    /// The id of a message with this very text (its link is this page's own) that stands at Twilio already.
    async fn stands(&self, to: &str, text: &str) -> Option<String> {
        let request =
            self.http.get(&self.account.resource("Messages")).query(&[("To", to), ("PageSize", "20")]);
        let request = request.basic_auth(&self.account.sid, Some(&self.account.token));
        let answer = exchange("twilio", request).await.ok().filter(|answer| answer.status.is_success())?;
        let list: Value = serde_json::from_slice(&answer.body).ok()?;
        let stands = list["messages"].as_array()?.iter().find(|message| message["body"] == text)?;
        stands["sid"].as_str().and_then(word)
    }
}

impl Voice {
    /// From this account to these numbers (E.164) by name.
    #[must_use]
    pub fn new(http: Http, account: Account, numbers: BTreeMap<String, String>) -> Self {
        Voice { http, account, numbers }
    }

    async fn call(&self, parcel: &Parcel<'_>) -> Result<Sent, Sent> {
        let to = self.numbers.get(parcel.person).ok_or_else(|| Sent::never(NO_NUMBER))?;
        if self.account.from.starts_with("MG") {
            return Err(Sent::never("a messaging service cannot call; configure a number for voice calls"));
        }
        let mut form =
            vec![("To", to.clone()), ("From", self.account.from.clone()), ("Timeout", "30".to_owned())];
        match parcel.address("v", Purpose::Answer) {
            Some(url) => form.push(("Url", url)),
            None => form.push(("Twiml", said(&parcel.letter.short, None))),
        }
        form.extend(parcel.address("s", Purpose::Travel).map(|url| ("StatusCallback", url)));
        let request = self.http.post(&self.account.resource("Calls")).form(&form);
        let request = request.basic_auth(&self.account.sid, Some(&self.account.token));
        taken(&exchange("twilio", request).await?)
    }
}

/// What a call says, in Twilio's markup: the page twice, and which key to press where a press can be heard.
#[must_use]
pub fn said(page: &str, keypress: Option<&str>) -> String {
    let page = escaped(&wording::spoken(page));
    let say = |text: &str| format!("<Say language=\"en-GB\">{text}</Say>");
    match keypress {
        Some(url) => {
            let ask = say(&format!("{page} {}", wording::PRESS_ONE));
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Gather numDigits=\"1\" timeout=\"8\" method=\"POST\" \
                 action=\"{0}\">{ask}<Pause length=\"1\"/>{ask}</Gather>{1}</Response>",
                escaped(url),
                say(wording::NOT_PRESSED)
            )
        }
        None => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{0}<Pause length=\"1\"/>{0}</Response>",
            say(&page)
        ),
    }
}

/// One sentence as Twilio's markup.
#[must_use]
pub fn said_once(text: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say language=\"en-GB\">{}</Say></Response>",
        escaped(text)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn taken(answer: &Answer) -> Result<Sent, Sent> {
    if answer.status.is_success() {
        let status = code_in(&answer.body, "status");
        // Twilio may create a message and say in the same breath that it will never go.
        if let Some(Travel::FailedPermanent { why }) =
            status.as_deref().and_then(|status| travel(status, None))
        {
            return Err(Sent::never(why));
        }
        return Ok(Sent::Accepted { id: code_in(&answer.body, "sid") });
    }
    Err(refused("twilio", answer, code_in(&answer.body, "code")))
}

impl Channel for Sms {
    fn code(&self) -> &'static str {
        SMS
    }

    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a> {
        Box::pin(async { self.write(parcel).await.unwrap_or_else(|sent| sent) })
    }
}

impl Channel for Voice {
    fn code(&self) -> &'static str {
        VOICE
    }

    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a> {
        Box::pin(async { self.call(parcel).await.unwrap_or_else(|sent| sent) })
    }
}
