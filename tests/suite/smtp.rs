//! Pages by e-mail to a real mail server: a process of Python's aiosmtpd, with STARTTLS and a certificate that an authority
//! of its own has signed. Where Python, aiosmtpd or openssl is missing, that is said loudly.
//!
//! `CHAPERONE_TEST_PYTHON` names an interpreter that has aiosmtpd, where the usual one has not.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use chaperone::clock::Clock;
use chaperone::domain::{CaseRef, Category, Effect, Level, Timestamp};
use chaperone::outbox::{Deliver as _, Delivered, Job};
use chaperone::paging::channels::email::{EmailChannel, EmailError, Security, SmtpServer};

/// Says its port, then keeps what it is sent until its standard input ends, and prints it.
const SERVER: &str = r#"
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

kind, cert, key = sys.argv[1:4]
letters = []

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if kind == "full":
            return "452 4.2.2 mailbox of " + address + " is full"
        if kind == "unknown":
            return "550 5.1.1 nobody called " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if kind == "busy":
            return "451 4.3.0 try later"
        secured = session.ssl is not None
        letters.append((secured, session.authenticated, envelope.content.decode()))
        return "250 OK"

def authenticate(server, session, envelope, mechanism, login):
    good = isinstance(login, LoginPassword) and login.password == b"swordfish"
    return AuthResult(success=good, handled=False)

context = None
if kind != "bare":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

def smtp():
    return SMTP(Handler(), tls_context=context, require_starttls=context is not None,
                authenticator=authenticate, auth_require_tls=True)

async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(smtp, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()

asyncio.run(serve())
for secured, signed_in, text in letters:
    print("LETTER secured=%s signed_in=%s" % (secured, signed_in))
    print(text)
"#;

/// A running mail server.
struct Server {
    child: Child,
    input: Option<ChildStdin>,
    port: u16,
    output: BufReader<std::process::ChildStdout>,
}

fn python() -> Option<String> {
    let named = std::env::var("CHAPERONE_TEST_PYTHON").ok();
    named.into_iter().chain(["python3".to_owned()]).find(|python| {
        let tried = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}

/// An authority, and a certificate for 127.0.0.1 that it signed; a second authority that signed nothing.
fn certificates(folder: &Path) -> bool {
    let openssl = |arguments: &str| {
        let arguments = arguments.split_whitespace();
        let made = Command::new("openssl").args(arguments).current_dir(folder).stderr(Stdio::null()).status();
        made.is_ok_and(|status| status.success())
    };
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
    ["own", "other"].into_iter().all(|name| {
        openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
        ))
    }) && openssl("req -newkey rsa:2048 -nodes -subj /CN=mail -keyout mail.key -out mail.csr")
        && openssl(
            "x509 -req -in mail.csr -CA own.pem -CAkey own.key -CAcreateserial -days 2 -extfile names -out mail.pem",
        )
}

impl Server {
    fn start(python: &str, kind: &str, folder: &Path) -> Server {
        let mut child = Command::new(python)
            .args(["-c", SERVER, kind, "mail.pem", "mail.key"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the mail server says its port");
        Server { child, input, port, output }
    }

    /// Ends it; what it was sent.
    fn letters(mut self) -> String {
        drop(self.input.take());
        let mut letters = String::new();
        self.output.read_to_string(&mut letters).unwrap();
        self.child.wait().unwrap();
        letters
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn channel(
    port: u16,
    host: &str,
    authority: Option<Vec<u8>>,
    password: Option<&str>,
) -> Result<EmailChannel, EmailError> {
    let server = SmtpServer {
        host: host.to_owned(),
        port,
        security: Security::StartTls,
        from: "chaperone@charity.example".to_owned(),
        credentials: password.map(|password| ("chaperone".to_owned(), password.to_owned())),
        authority,
    };
    let people = BTreeMap::from([("ruth".to_owned(), "ruth@charity.example".to_owned())]);
    EmailChannel::new(server, &people, Clock::manual(Timestamp::from_seconds(1_772_000_000)))
}

fn page() -> Job {
    Job {
        key: "page/club/C-0007/4/0/0/ruth/email".to_owned(),
        organisation: "club".to_owned(),
        case: Some(CaseRef(7)),
        effect: Effect::Page {
            case: CaseRef(7),
            level: Level::Serious,
            category: Category::Contact,
            slot: "dsl".to_owned(),
            round: 0,
            channel: "email".to_owned(),
            person: "ruth".to_owned(),
            drill: false,
            evidence_kept: true,
        },
        not_before: Timestamp(0),
        attempts: 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_reach_a_real_mail_server_over_starttls_and_its_refusals_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let Some(python) = python() else {
        eprintln!("\nSKIPPED: no Python with aiosmtpd is installed, so no page went to a real mail server\n");
        return;
    };
    if !certificates(folder.path()) {
        eprintln!("\nSKIPPED: openssl made no certificates, so no page went to a real mail server\n");
        return;
    }
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let own = || Some(read("own.pem"));
    let start = |kind| Server::start(&python, kind, folder.path());

    let server = start("good");
    let sent = channel(server.port, "127.0.0.1", own(), Some("swordfish")).unwrap().deliver(&page()).await;
    assert!(matches!(sent, Delivered::Done { .. }), "{sent:?}");
    let by_name = channel(server.port, "localhost", own(), None).unwrap().reach().await;
    assert_eq!(by_name, Ok(()));
    // A wrong password is nobody's to try again; an authority that signed nothing is not this server's.
    let refused = channel(server.port, "127.0.0.1", own(), Some("wrong")).unwrap().deliver(&page()).await;
    assert!(matches!(refused, Delivered::Never { .. }), "{refused:?}");
    for authority in [None, Some(read("other.pem"))] {
        let stranger =
            channel(server.port, "127.0.0.1", authority, Some("swordfish")).unwrap().deliver(&page()).await;
        assert!(!matches!(stranger, Delivered::Done { .. }), "{stranger:?}");
    }
    let letters = server.letters();
    assert_eq!(letters.matches("LETTER").count(), 1, "{letters}");
    assert!(letters.contains("LETTER secured=True signed_in=True"), "{letters}");
    assert!(letters.contains("Subject: Safeguarding C-0007, level 4 (serious)"), "{letters}");

    for (kind, again) in [("full", true), ("busy", true), ("unknown", false)] {
        let server = start(kind);
        let ended = channel(server.port, "127.0.0.1", own(), None).unwrap().deliver(&page()).await;
        match ended {
            Delivered::Later { why, .. } | Delivered::Never { why } if why.contains("ruth") => {
                panic!("{kind}: an address is told: {why}")
            }
            Delivered::Later { .. } => assert!(again, "{kind}"),
            Delivered::Never { .. } => assert!(!again, "{kind}"),
            other => panic!("{kind}: {other:?}"),
        }
        assert!(!server.letters().contains("LETTER"));
    }

    let bare = start("bare");
    let never = channel(bare.port, "127.0.0.1", own(), None).unwrap().deliver(&page()).await;
    assert_eq!(never, Delivered::Never { why: "the mail server does not offer STARTTLS".to_owned() });
    let gone = bare.port;
    drop(bare);
    let later = channel(gone, "127.0.0.1", own(), None).unwrap().deliver(&page()).await;
    assert!(matches!(later, Delivered::Later { .. }), "{later:?}");
    let no_certificate = channel(gone, "127.0.0.1", Some(b"hello".to_vec()), None).err();
    assert_eq!(no_certificate, Some(EmailError::Authority));
}
