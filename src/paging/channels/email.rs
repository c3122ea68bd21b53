//! Pages by e-mail: SMTP (RFC 5321) with STARTTLS or TLS; plain only to this machine.
//!
//! The Message-ID is derived from the job's key, so that a page sent twice by a crash is one message to a reader
//! whose mail program recognises repeats. An answer of the server never reaches a log or a reason: it may quote
//! an address. Only its code does.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::domain::Effect;
use crate::outbox::{Deliver, Delivered, Delivery, Job};
use crate::paging::links::Links;
use crate::paging::people::EMAIL;
use crate::wording;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS is required: a server that does not offer it gets nothing (usually port 587).
    StartTls,
    /// TLS from the first byte (usually port 465).
    Tls,
    /// None; only to this machine.
    Plain,
}

/// A mail server and what to tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name, which its certificate has to show.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The sender.
    pub from: String,
    /// User and password, where the server wants them.
    pub credentials: Option<(String, String)>,
    /// Certificates (PEM) of the authority that signed the server's, where it is the charity's own; they are trusted beside
    /// the public ones.
    pub authority: Option<Vec<u8>>,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpServer({}:{}, {:?})", self.host, self.port, self.security)
    }
}

/// Why an e-mail channel cannot be built.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EmailError {
    /// An address is none.
    #[error("{0} is not an e-mail address; write it like \"sam@example.org\" in the configuration")]
    Address(String),
    /// Without protection to another machine.
    #[error(
        "mail to {0} would travel in the clear; use tls = \"starttls\" or \"tls\" (plain is for this machine only)"
    )]
    Plain(String),
    /// The server's name cannot stand in a certificate.
    #[error("{0} cannot be a mail server's name; write its host name as its certificate shows it")]
    ServerName(String),
    /// The file of the charity's own authority holds no certificate.
    #[error(
        "[paging.email] ca_file holds no certificate; name the PEM file that begins with BEGIN CERTIFICATE"
    )]
    Authority,
}

/// The e-mail channel.
pub struct EmailChannel {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    from: Mailbox,
    to: BTreeMap<String, Mailbox>,
    clock: Clock,
    links: Links,
    patience: Duration,
}

/// How long one delivery may take altogether.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the server proves who it is.
fn parameters(server: &SmtpServer) -> Result<TlsParameters, EmailError> {
    let mut parameters = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.authority {
        // A PEM file without a certificate in it is read without a complaint.
        let marker = b"BEGIN CERTIFICATE";
        let holds_one = pem.windows(marker.len()).any(|window| window == marker);
        let authority = Certificate::from_pem(pem).ok().filter(|_| holds_one).ok_or(EmailError::Authority)?;
        parameters = parameters.add_root_certificate(authority);
    }
    parameters.build().map_err(|_| match server.authority {
        Some(_) => EmailError::Authority,
        None => EmailError::ServerName(server.host.clone()),
    })
}

impl EmailChannel {
    /// A channel to these people (`name → address`). The clock dates the messages.
    ///
    /// # Errors
    /// [`EmailError`]: an address cannot be read, or the connection would be plain to another machine.
    pub fn new(
        server: SmtpServer,
        people: &BTreeMap<String, String>,
        clock: Clock,
    ) -> Result<Self, EmailError> {
        if server.security == Security::Plain && !is_this_machine(&server.host) {
            return Err(EmailError::Plain(server.host));
        }
        let address = |text: &str| {
            let address: Result<Address, _> = text.parse();
            address
                .map(|address| Mailbox::new(None, address))
                .map_err(|_| EmailError::Address(format!("{text:?}")))
        };
        let from = address(&server.from)?;
        let to =
            people.iter().map(|(name, to)| Ok((name.clone(), address(to)?))).collect::<Result<_, _>>()?;
        let tls = match server.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => Some(parameters(&server)?),
        };
        Ok(EmailChannel { server, tls, from, to, clock, links: Links::default(), patience: PATIENCE })
    }

    /// With one-time links by which a page can be acknowledged.
    #[must_use]
    pub fn with_links(mut self, links: Links) -> Self {
        self.links = links;
        self
    }

    /// Connects, secures the connection and signs in, and says good-bye: nothing is sent.
    ///
    /// # Errors
    /// Why pages would not leave; never what the server said, which may quote an address.
    pub async fn reach(&self) -> Result<(), String> {
        match tokio::time::timeout(self.patience, self.connect()).await {
            Ok(Ok(mut connection)) => {
                let _ = tokio::time::timeout(Duration::from_secs(2), connection.quit()).await;
                Ok(())
            }
            Ok(Err(error)) => match error.into_delivered() {
                Delivered::Never { why } | Delivered::Later { why, .. } | Delivered::Withheld { why } => {
                    Err(why)
                }
                Delivered::Done { .. } => Ok(()),
            },
            Err(_) => Err("the mail server took too long".to_owned()),
        }
    }

    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mut connection = self.connect().await?;
        connection.send(message.envelope(), &message.formatted()).await?;
        // Accepted. How the server says good-bye changes nothing about that.
        let _ = tokio::time::timeout(Duration::from_secs(2), connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let hello = ClientId::default();
        let wrapper = if self.server.security == Security::Tls { self.tls.clone() } else { None };
        let server = (self.server.host.as_str(), self.server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.patience), &hello, wrapper, None).await?;
        if let (Security::StartTls, Some(tls)) = (self.server.security, &self.tls) {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(SendError::NoStartTls);
            }
            connection.starttls(tls.clone(), &hello).await?;
        }
        if let Some((user, password)) = &self.server.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(connection)
    }

    fn message(&self, job: &Job) -> Result<Message, String> {
        let (Some(channel), Some(person), Some(letter)) =
            (job.effect.channel(), job.effect.person(), wording::letter(&job.effect))
        else {
            return Err("not a page".into());
        };
        if channel != EMAIL {
            return Err("not a page by e-mail".into());
        }
        let to = self.to.get(person).ok_or("nobody of that name has an e-mail address any more")?;
        let now = u64::try_from(self.clock.now().as_seconds()).unwrap_or(0);
        let how = match (&job.effect, self.links.for_job(job, self.clock.now())) {
            (Effect::Page { .. } | Effect::PageTogether { .. }, Some(link)) => {
                format!("\n\n{}", wording::how_to_acknowledge_by_link(&link))
            }
            (Effect::Page { .. } | Effect::PageTogether { .. }, None) => {
                format!("\n\n{}", wording::how_to_acknowledge_by_email())
            }
            _ => String::new(),
        };
        Message::builder()
            .message_id(Some(message_id(&job.key, self.from.email.domain())))
            .date(UNIX_EPOCH + Duration::from_secs(now))
            .from(self.from.clone())
            .to(to.clone())
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{}{how}\n", letter.text))
            .map_err(|_| "the message could not be written".into())
    }
}

impl Deliver for EmailChannel {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(async move {
            let message = match self.message(job) {
                Ok(message) => message,
                Err(why) => return Delivered::Never { why },
            };
            match tokio::time::timeout(self.patience, self.send(&message)).await {
                Ok(Ok(())) => {
                    Delivered::Done { detail: Some(message_id(&job.key, self.from.email.domain())) }
                }
                Ok(Err(error)) => error.into_delivered(),
                Err(_) => later("the mail server took too long"),
            }
        })
    }
}

enum SendError {
    NoStartTls,
    Smtp(lettre::transport::smtp::Error),
}

impl From<lettre::transport::smtp::Error> for SendError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        SendError::Smtp(error)
    }
}

impl SendError {
    fn into_delivered(self) -> Delivered {
        let never = |why: &str| Delivered::Never { why: why.into() };
        let error = match self {
            SendError::NoStartTls => return never("the mail server does not offer STARTTLS"),
            SendError::Smtp(error) => error,
        };
        match error.status() {
            Some(code) if error.is_permanent() => Delivered::Never { why: format!("SMTP {code}") },
            Some(code) => later(&format!("SMTP {code}")),
            None if error.is_timeout() => later("the mail server took too long"),
            None if error.is_tls() => never("the mail server's TLS could not be trusted"),
            None if error.is_client() => never("the mail server lacks something that is required"),
            None => later("the mail server could not be reached"),
        }
    }
}

fn later(why: &str) -> Delivered {
    Delivered::Later { why: why.into(), after: None }
}

/// The Message-ID of a job: the same whenever the job is tried again.
fn message_id(key: &str, domain: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let half = digest.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("<{half:032x}@{domain}>")
}

/// Whether a text is an e-mail address and nothing more.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// Whether a host name means this machine.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[path = "email_tests.rs"]
mod tests;
