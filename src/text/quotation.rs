//! What stands in a text as somebody else's words: in quotation marks, in a block quote, in code.

use crate::domain::Quote;

use super::fold::Folded;

/// The quoted parts, in scalars of the original. Code and block quotes are quotation only beside other words: a
/// message that is nothing else says what stands in it.
pub(super) fn quotations(folded: &Folded) -> Vec<Quote> {
    let text = folded.text();
    let mut found = Vec::new();
    let (mut marks, mut ticks, mut angles) = (false, false, false);
    for byte in text.bytes() {
        marks |= matches!(byte, b'"' | b'\'');
        ticks |= byte == b'`';
        angles |= byte == b'>';
    }
    if marks {
        in_marks(text, &mut found);
    }
    if ticks || angles {
        let mut set_apart = Vec::new();
        if ticks {
            in_code(text, &mut set_apart);
        }
        if angles {
            in_block_quotes(text, &mut set_apart);
        }
        if has_words_outside(text, &set_apart) {
            found.append(&mut set_apart);
        }
    }
    found
        .iter()
        .map(|&(open, close)| {
            // What stood upside down runs the other way.
            let (one, two) = (folded.scalar_at(open), folded.scalar_at(close));
            Quote { start: one.min(two), end: one.max(two) }
        })
        .collect()
}

/// Between quotation marks. A single one opens only before a word and closes only after one.
fn in_marks(text: &str, found: &mut Vec<(usize, usize)>) {
    let bytes = text.as_bytes();
    let word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 128)
    };
    let (mut double, mut single): (Option<usize>, Option<usize>) = (None, None);
    for (at, b) in bytes.iter().enumerate() {
        match b {
            b'"' => match double.take() {
                Some(open) => found.push((open, at)),
                None => double = Some(at),
            },
            b'\'' if word(at.checked_sub(1)) && word(Some(at + 1)) => {} // an apostrophe
            b'\'' => match single.take() {
                Some(open) if !word(Some(at + 1)) => found.push((open, at)),
                _ if !word(at.checked_sub(1)) && word(Some(at + 1)) => single = Some(at),
                open => single = open,
            },
            _ => {}
        }
    }
}

/// Between back ticks, one or three.
fn in_code(text: &str, found: &mut Vec<(usize, usize)>) {
    let bytes = text.as_bytes();
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'`' {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
        match open {
            Some((from, ticks)) if ticks == length => {
                found.push((from, at));
                open = None;
            }
            Some(_) => {}
            None => open = Some((at, length)),
        }
        at += length;
    }
}

/// Lines that begin with `>`, and everything behind `>>>`.
fn in_block_quotes(text: &str, found: &mut Vec<(usize, usize)>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_start_matches(' ');
        if body.starts_with(">>> ") {
            found.push((start, text.len()));
            return;
        }
        if body.starts_with("> ") {
            found.push((start, start + line.trim_end_matches('\n').len()));
        }
        start += line.len();
    }
}

fn has_words_outside(text: &str, parts: &[(usize, usize)]) -> bool {
    let mut at = 0;
    let mut parts: Vec<(usize, usize)> = parts.to_vec();
    parts.sort_unstable();
    for (open, close) in parts.into_iter().chain([(text.len(), text.len())]) {
        let outside = text.get(at..open.max(at)).unwrap_or_default();
        if outside.chars().any(char::is_alphanumeric) {
            return true;
        }
        at = at.max(close);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<(u32, u32)> {
        quotations(&Folded::of(text)).into_iter().map(|quote| (quote.start, quote.end)).collect()
    }

    #[test]
    fn quotation_marks_are_found_and_apostrophes_are_not() {
        assert_eq!(quoted("he said \"kys\" to me"), [(8, 12)]);
        assert_eq!(quoted("'no. blocked' don't"), [(0, 12)]);
        assert_eq!(quoted("it's the boys' room, isn't it"), []);
        assert_eq!(quoted("\"\"ʞʎs"), [(0, 1)]);
    }

    #[test]
    fn code_and_block_quotes_are_quotation_beside_other_words() {
        assert_eq!(quoted("> keep it quiet\nwhat is wrong here"), [(0, 15)]);
        assert_eq!(quoted("look: `kys`"), [(6, 10)]);
        assert_eq!(quoted("what is this ```one\ntwo``` ?"), [(13, 23)]);
        for alone in ["`kys`", "> kys", ">>> kys\nnow", "```kys```", "5 > 4", "a >b"] {
            assert_eq!(quoted(alone), [], "{alone:?}");
        }
    }
}
