//! Reading a letter: its subject and its text, out of the encodings that mail programs use (RFC 2045, RFC 2047).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What is read of a letter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Letter {
    pub subject: String,
    pub text: String,
    pub message_id: String,
}

/// Reads a whole message. What cannot be decoded is shown as it is.
pub(super) fn letter(bytes: &[u8]) -> Letter {
    let raw = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let part = Part::of(&raw);
    Letter {
        subject: words(&part.header("subject")),
        text: part.text().trim_end().to_owned(),
        message_id: part.header("message-id"),
    }
}

struct Part<'p> {
    headers: Vec<(String, String)>,
    body: &'p str,
}

impl<'p> Part<'p> {
    fn of(raw: &'p str) -> Self {
        let (head, body) = raw.split_once("\n\n").unwrap_or((raw, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.starts_with([' ', '\t']), headers.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => {
                    if let Some((name, value)) = line.split_once(':') {
                        headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
                    }
                }
            }
        }
        Part { headers, body }
    }

    fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn text(&self) -> String {
        let kind = self.header("content-type");
        if kind.to_lowercase().starts_with("multipart/")
            && let Some((_, boundary)) = kind.split_once("boundary=")
        {
            let boundary = boundary.trim_matches(['"', ' ', ';']);
            let boundary = boundary.split('"').next().unwrap_or(boundary);
            let fence = format!("--{boundary}");
            let parts = self.body.split(fence.as_str()).skip(1).map(|part| part.trim_start_matches('\n'));
            let texts: Vec<String> = parts
                .filter(|part| !part.starts_with("--"))
                .map(Part::of)
                .filter(|part| !part.header("content-type").to_lowercase().starts_with("text/html"))
                .map(|part| part.text())
                .collect();
            return texts.into_iter().next().unwrap_or_default();
        }
        match self.header("content-transfer-encoding").to_lowercase().as_str() {
            "quoted-printable" => String::from_utf8_lossy(&quoted_printable(self.body)).into_owned(),
            "base64" => {
                let packed: String = self.body.split_whitespace().collect();
                STANDARD.decode(packed).map_or_else(
                    |_| self.body.to_owned(),
                    |bytes| String::from_utf8_lossy(&bytes).into_owned(),
                )
            }
            _ => self.body.to_owned(),
        }
    }
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        let pair = (bytes.next(), bytes.as_slice_first());
        match pair {
            (Some(b'\n'), _) => {}
            (Some(high), Some(low)) => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                if let (Some(high), Some(low)) = (digit(high), digit(low)) {
                    out.push(high * 16 + low);
                    bytes.next();
                } else {
                    out.extend([b'=', high]);
                }
            }
            (Some(byte), None) => out.extend([b'=', byte]),
            (None, _) => out.push(b'='),
        }
    }
    out
}

/// The next byte of what is left, without taking it.
trait First {
    fn as_slice_first(&self) -> Option<u8>;
}

impl First for std::str::Bytes<'_> {
    fn as_slice_first(&self) -> Option<u8> {
        self.clone().next()
    }
}

/// Decodes `=?utf-8?b?…?=` and `=?utf-8?q?…?=` in a header.
fn words(header: &str) -> String {
    let mut out = String::new();
    let mut rest = header;
    while let Some((before, word)) = rest.split_once("=?") {
        let mut parts = word.splitn(4, '?');
        let (charset, how, text, after) = (parts.next(), parts.next(), parts.next(), parts.next());
        let decoded = match (charset, how, text, after.and_then(|after| after.strip_prefix('='))) {
            (Some(_), Some("b" | "B"), Some(text), Some(after)) => {
                STANDARD.decode(text).ok().map(|bytes| (bytes, after))
            }
            (Some(_), Some("q" | "Q"), Some(text), Some(after)) => {
                Some((quoted_printable(&text.replace('_', " ")), after))
            }
            _ => None,
        };
        let Some((bytes, after)) = decoded else {
            out.push_str(before);
            out.push_str("=?");
            rest = word;
            continue;
        };
        // Space between two encoded words is not part of the text.
        if !before.trim().is_empty() || out.is_empty() {
            out.push_str(before);
        }
        out.push_str(&String::from_utf8_lossy(&bytes));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_out_of_their_encodings() {
        let read = letter(
            b"Subject: =?utf-8?b?U2Fmw6k=?= =?utf-8?q?_=E2=80=93_now?=\r\nMessage-ID: <a@b>\r\nContent-Type: text/plain; charset=utf-8\r\n\
              Content-Transfer-Encoding: quoted-printable\r\n\r\nCase C-0001 =E2=80=93 level 4, a long =\r\nline.\r\n",
        );
        assert_eq!(read.subject, "Saf\u{e9} \u{2013} now");
        assert_eq!(read.text, "Case C-0001 \u{2013} level 4, a long line.");
        assert_eq!(read.message_id, "<a@b>");
        let read = letter(
            b"Subject: plain\r\nContent-Type: multipart/alternative;\r\n boundary=\"x1\"\r\n\r\n--x1\r\nContent-Type: text/plain\r\n\
              Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--x1\r\nContent-Type: text/html\r\n\r\n<b>hello</b>\r\n--x1--\r\n",
        );
        assert_eq!((read.subject.as_str(), read.text.as_str()), ("plain", "hello"));
    }

    #[test]
    fn garbage_is_shown_as_it_is() {
        assert_eq!(letter(b"\xff\xfe=").text, "");
        assert_eq!(words("=?utf-8?b?!!?= =?x"), "=?utf-8?b?!!?= =?x");
        assert_eq!(String::from_utf8_lossy(&quoted_printable("a=zz=4")), "a=zz=4");
    }
}
