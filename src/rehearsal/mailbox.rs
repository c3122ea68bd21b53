//! A mailbox on loopback: a tiny SMTP server (RFC 5321, the part that a client needs to deliver) that keeps what
//! it is sent, so that e-mail pages are really sent and can be read in the rehearsal. It forwards nothing.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::domain::Timestamp;

mod read;

/// Longest line that is read (RFC 5321 allows 1,000 bytes of text; some clients send more).
const LINE: u64 = 8 * 1024;
/// Largest message.
const MESSAGE: usize = 1024 * 1024;

/// An e-mail as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// When, by the rehearsal's clock.
    pub at: Timestamp,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The text, decoded.
    pub text: String,
    /// `Message-ID`, as sent.
    pub message_id: String,
}

/// A running mailbox. It stops when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Mailbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    shelf: Arc<Shelf>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shelf {
    mails: Mutex<Vec<Mail>>,
    arrived: watch::Sender<usize>,
    file: Option<PathBuf>,
    clock: Clock,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Mailbox {
    /// Opens a mailbox on a free port of loopback. With a file, every mail is appended to it (one JSON object a
    /// line) before it is accepted, and what it holds from an earlier run is there again.
    ///
    /// # Errors
    /// When no port is free, or the file cannot be read or written.
    pub async fn open(clock: Clock, file: Option<&Path>) -> io::Result<Mailbox> {
        let mails = file.map(earlier).transpose()?.unwrap_or_default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let arrived = watch::Sender::new(mails.len());
        let file = file.map(Path::to_owned);
        let shelf = Arc::new(Shelf { mails: Mutex::new(mails), arrived, file, clock });
        let server = tokio::spawn({
            let shelf = Arc::clone(&shelf);
            async move {
                loop {
                    let Ok((stream, _)) = listener.accept().await else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    let shelf = Arc::clone(&shelf);
                    tokio::spawn(async move {
                        let (from, to) = stream.into_split();
                        // A client that goes away in the middle has sent nothing.
                        let _ = converse(BufReader::new(from), to, &shelf).await;
                    });
                }
            }
        });
        Ok(Mailbox { inner: Arc::new(Inner { address, shelf, server }) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Everything that arrived, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.inner.shelf.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts what has arrived; wakes at each mail.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<usize> {
        self.inner.shelf.arrived.subscribe()
    }
}

/// What an earlier run received; a torn last line was never accepted and is cut off.
fn earlier(file: &Path) -> io::Result<Vec<Mail>> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole < bytes.len() {
        OpenOptions::new().write(true).open(file)?.set_len(whole as u64)?;
    }
    let lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(io::Error::other)).collect()
}

impl Shelf {
    fn keep(&self, from: &str, to: &[String], data: &[u8]) -> io::Result<()> {
        let read::Letter { subject, text, message_id } = read::letter(data);
        let mail =
            Mail { at: self.clock.now(), from: from.to_owned(), to: to.to_vec(), subject, text, message_id };
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &self.file {
            let mut line = serde_json::to_vec(&mail)?;
            line.push(b'\n');
            OpenOptions::new().create(true).append(true).open(path)?.write_all(&line)?;
        }
        mails.push(mail);
        self.arrived.send_replace(mails.len());
        Ok(())
    }
}

/// One SMTP conversation.
async fn converse(
    mut from: BufReader<impl AsyncRead + Unpin>,
    mut to: impl AsyncWrite + Unpin,
    shelf: &Shelf,
) -> io::Result<()> {
    to.write_all(b"220 rehearsal mailbox; nothing is forwarded\r\n").await?;
    let (mut sender, mut recipients) = (None::<String>, Vec::<String>::new());
    while let Some(line) = line(&mut from).await? {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = text.get(..4).unwrap_or(&text).to_ascii_uppercase();
        let reply: &[u8] = match verb.as_str() {
            "EHLO" => b"250-rehearsal\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "HELO" | "NOOP" => b"250 rehearsal\r\n",
            "MAIL" => {
                sender = Some(path(&text));
                recipients.clear();
                b"250 ok\r\n"
            }
            "RCPT" if sender.is_some() && recipients.len() < 100 => {
                recipients.push(path(&text));
                b"250 ok\r\n"
            }
            "DATA" if !recipients.is_empty() => {
                to.write_all(b"354 end with a dot on a line of its own\r\n").await?;
                match data(&mut from).await? {
                    Some(bytes) => {
                        let kept = shelf.keep(sender.as_deref().unwrap_or_default(), &recipients, &bytes);
                        (sender, recipients) = (None, Vec::new());
                        if kept.is_ok() { b"250 kept\r\n" } else { b"452 the mailbox cannot be written\r\n" }
                    }
                    None => b"552 too large\r\n",
                }
            }
            "RCPT" | "DATA" => b"503 bad order of commands\r\n",
            "RSET" => {
                (sender, recipients) = (None, Vec::new());
                b"250 ok\r\n"
            }
            "QUIT" => {
                to.write_all(b"221 bye\r\n").await?;
                return to.shutdown().await;
            }
            _ => b"502 not here\r\n",
        };
        to.write_all(reply).await?;
    }
    Ok(())
}

async fn line(from: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = from.take(LINE).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without end"));
    }
    Ok(Some(line))
}

/// Everything up to the dot, dots unstuffed; none when it is too large (it is read to its end all the same).
async fn data(from: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let (mut bytes, mut fits) = (Vec::new(), true);
    loop {
        let Some(line) = line(from).await? else {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        };
        if line == b".\r\n" || line == b".\n" {
            return Ok(fits.then_some(bytes));
        }
        fits &= bytes.len() + line.len() <= MESSAGE;
        if fits {
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

/// The address between `<` and `>`.
fn path(command: &str) -> String {
    let inside = command.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}

#[cfg(test)]
mod tests;
