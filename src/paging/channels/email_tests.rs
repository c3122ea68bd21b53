//! The channel against a small SMTP server on loopback that answers what a test tells it to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::domain::{CaseRef, Category, Level, Timestamp};

/// What the server answers to each command; what it heard.
#[derive(Clone, Default)]
struct Script {
    /// `(command, answer)`: the first whose command begins the line is used instead of 250.
    answers: Vec<(&'static str, &'static str)>,
    /// Closes the connection instead of answering this command.
    hangs_up_at: Option<&'static str>,
    /// Says nothing any more from this command on.
    silent_at: Option<&'static str>,
}

#[derive(Default)]
struct Heard {
    commands: Vec<String>,
    messages: Vec<String>,
}

async fn server(script: Script) -> (u16, Arc<Mutex<Heard>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let writes = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 test ESMTP\r\n").await.unwrap();
            let (mut line, mut data) = (String::new(), None::<String>);
            loop {
                line.clear();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    break;
                }
                let command = if let Some(mut text) = data.take() {
                    if line != ".\r\n" {
                        text.push_str(&line);
                        data = Some(text);
                        continue;
                    }
                    writes.lock().unwrap().messages.push(text);
                    "end of data".to_owned()
                } else {
                    line.trim_end().to_owned()
                };
                writes.lock().unwrap().commands.push(command.clone());
                if script.hangs_up_at.is_some_and(|at| command.starts_with(at)) {
                    break;
                }
                if script.silent_at.is_some_and(|at| command.starts_with(at)) {
                    std::future::pending::<()>().await;
                }
                let told = script.answers.iter().find(|(start, _)| command.starts_with(start));
                let answer = match told {
                    Some((_, answer)) => answer,
                    None if command == "DATA" => {
                        data = Some(String::new());
                        "354 go on"
                    }
                    None => "250 fine",
                };
                if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, heard)
}

fn channel(port: u16, security: Security) -> EmailChannel {
    let server = SmtpServer {
        host: "127.0.0.1".into(),
        port,
        security,
        from: "chaperone@charity.example".into(),
        credentials: None,
        authority: None,
    };
    let people = BTreeMap::from([("sam".to_owned(), "sam@charity.example".to_owned())]);
    EmailChannel::new(server, &people, Clock::manual(Timestamp::from_seconds(1_772_000_000))).unwrap()
}

fn job(key: &str) -> Job {
    Job {
        key: key.into(),
        organisation: "org".into(),
        case: Some(CaseRef(7)),
        effect: Effect::Page {
            case: CaseRef(7),
            level: Level::Serious,
            category: Category::Grooming,
            slot: "dsl".into(),
            round: 0,
            channel: EMAIL.into(),
            person: "sam".into(),
            drill: false,
            evidence_kept: true,
        },
        not_before: Timestamp(0),
        attempts: 0,
    }
}

async fn outcome(script: Script) -> Delivered {
    let (port, _) = server(script).await;
    channel(port, Security::Plain).deliver(&job("page/org/C-0007/4/0/0/sam/email")).await
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find(|line| line.starts_with(&format!("{name}: "))).expect(name);
    &line[name.len() + 2..]
}

#[tokio::test]
async fn a_page_arrives_dated_addressed_and_without_a_name_in_its_text() {
    let (port, heard) = server(Script::default()).await;
    let key = "page/org/C-0007/4/0/0/sam/email";
    let done = channel(port, Security::Plain).deliver(&job(key)).await;
    assert!(matches!(done, Delivered::Done { detail: Some(_) }), "{done:?}");
    let heard = heard.lock().unwrap();
    assert!(heard.commands.iter().any(|command| command == "RCPT TO:<sam@charity.example>"));
    let message = &heard.messages[0];
    assert_eq!(header(message, "Subject"), "Safeguarding C-0007, level 4 (serious)");
    assert_eq!(header(message, "Date"), "Wed, 25 Feb 2026 06:13:20 +0000");
    let body = message.split_once("\r\n\r\n").unwrap().1;
    assert!(body.contains("C-0007") && body.contains("grooming"), "{body}");
    assert!(!body.to_lowercase().contains("sam"), "{body}");
}

#[tokio::test]
async fn a_page_whose_evidence_could_not_be_kept_says_so() {
    let (port, heard) = server(Script::default()).await;
    let mut job = job("k");
    if let Effect::Page { evidence_kept, .. } = &mut job.effect {
        *evidence_kept = false;
    }
    channel(port, Security::Plain).deliver(&job).await;
    assert!(heard.lock().unwrap().messages[0].contains("could not be kept"));
}

#[tokio::test]
async fn a_repeat_of_a_job_is_recognised_by_its_message_id_and_another_job_has_another() {
    let (port, heard) = server(Script::default()).await;
    let channel = channel(port, Security::Plain);
    for key in ["one", "one", "two"] {
        channel.deliver(&job(key)).await;
    }
    let heard = heard.lock().unwrap();
    let ids: Vec<_> = heard.messages.iter().map(|message| header(message, "Message-ID")).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(ids[0].ends_with("@charity.example>"));
}

#[tokio::test]
async fn what_the_server_answers_decides_between_later_and_never() {
    let later = |why: &str| Delivered::Later { why: why.into(), after: None };
    let never = |why: &str| Delivered::Never { why: why.into() };
    let cases = [
        ("MAIL", "451 try again", later("SMTP 451")),
        ("RCPT", "452 full", later("SMTP 452")),
        ("end of data", "421 closing", later("SMTP 421")),
        ("RCPT", "550 no sam@charity.example here", never("SMTP 550")),
        ("end of data", "554 refused", never("SMTP 554")),
        ("EHLO", "what?", later("the mail server could not be reached")),
    ];
    for (command, answer, expected) in cases {
        let script = Script { answers: vec![(command, answer)], ..Script::default() };
        assert_eq!(outcome(script).await, expected, "{command}: {answer}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_acceptance_is_tried_again_and_after_it_is_done() {
    let at = |command| Script { hangs_up_at: Some(command), ..Script::default() };
    assert!(matches!(outcome(at("end of data")).await, Delivered::Later { .. }));
    assert!(matches!(outcome(at("QUIT")).await, Delivered::Done { .. }), "the server had accepted it");
}

#[tokio::test]
async fn nobody_listening_is_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(channel(port, Security::Plain).deliver(&job("k")).await, Delivered::Later { .. }));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_a_while() {
    let (port, _) = server(Script { silent_at: Some("MAIL"), ..Script::default() }).await;
    let mut channel = channel(port, Security::Plain);
    channel.patience = Duration::from_millis(200);
    let why = "the mail server took too long".into();
    assert_eq!(channel.deliver(&job("k")).await, Delivered::Later { why, after: None });
}

#[tokio::test]
async fn without_starttls_nothing_is_said_to_the_server() {
    let (port, heard) = server(Script::default()).await;
    let never = channel(port, Security::StartTls).deliver(&job("k")).await;
    assert_eq!(never, Delivered::Never { why: "the mail server does not offer STARTTLS".into() });
    let heard = heard.lock().unwrap();
    assert!(heard.messages.is_empty() && !heard.commands.iter().any(|command| command.starts_with("MAIL")));
}

#[tokio::test]
async fn a_tls_handshake_that_is_none_sends_nothing() {
    let (port, heard) =
        server(Script { answers: vec![("EHLO", "250-test\r\n250 STARTTLS")], ..Script::default() }).await;
    let mut channel = channel(port, Security::StartTls);
    channel.patience = Duration::from_secs(5);
    let ended = channel.deliver(&job("k")).await;
    assert!(!matches!(ended, Delivered::Done { .. }), "{ended:?}");
    assert!(heard.lock().unwrap().messages.is_empty());
}

#[tokio::test]
async fn nothing_in_a_job_can_add_a_header_or_a_recipient() {
    let (port, heard) = server(Script::default()).await;
    let mut job = job("page/\r\nBcc: a@b.example");
    if let Effect::Page { slot, .. } = &mut job.effect {
        *slot = "dsl\r\nBcc: a@b.example".into();
    }
    assert!(matches!(channel(port, Security::Plain).deliver(&job).await, Delivered::Done { .. }));
    let heard = heard.lock().unwrap();
    assert!(!heard.messages[0].contains("Bcc"), "{}", heard.messages[0]);
    assert_eq!(heard.commands.iter().filter(|command| command.starts_with("RCPT")).count(), 1);
    let people = BTreeMap::from([("x".to_owned(), "a@b.example\r\nBcc: c@d.example".to_owned())]);
    let server = channel(port, Security::Plain).server;
    assert!(matches!(EmailChannel::new(server, &people, Clock::system()), Err(EmailError::Address(_))));
}

#[test]
fn plain_is_refused_to_another_machine() {
    let mut server = channel(25, Security::Plain).server;
    server.host = "mail.charity.example".into();
    let refused = EmailChannel::new(server, &BTreeMap::new(), Clock::system());
    assert!(matches!(refused, Err(EmailError::Plain(_))));
}

#[tokio::test]
async fn somebody_who_is_not_in_the_configuration_any_more_is_never_reached() {
    let (port, _) = server(Script::default()).await;
    let mut job = job("k");
    if let Effect::Page { person, .. } = &mut job.effect {
        *person = "gone".into();
    }
    assert!(matches!(channel(port, Security::Plain).deliver(&job).await, Delivered::Never { .. }));
}

#[test]
fn a_password_is_never_printed() {
    let mut server = channel(25, Security::Plain).server;
    server.credentials = Some(("user".into(), "hunter2".into()));
    assert!(!format!("{server:?}").contains("hunter2"));
}
