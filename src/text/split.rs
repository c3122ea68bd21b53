//! A folded text, split into what was typed: words, ends of sentences, and words whose letters stood apart.

use super::fold::Folded;
use super::lexicon::Vocabulary;
use super::words;

/// One typed thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub kind: Kind,
    /// Where it starts in the folded text, in bytes.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
    /// A comma or a colon follows.
    pub pause: bool,
    /// Only signs stand between it and the piece before it, no space.
    pub glued: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Stop,
    Question,
    /// Letters that stood apart, as the word that they spell.
    Joined(Box<str>),
}

/// Splits a folded text.
pub(super) fn split(folded: &Folded, vocabulary: &Vocabulary) -> Vec<Piece> {
    let (pieces, apart) = typed(folded.text());
    if !apart {
        return pieces;
    }
    join_glued(&join_letters(pieces, folded.text(), vocabulary), folded.text(), vocabulary)
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric())
}

/// The typed words and stops; whether any stand so that they may be parts of a word.
fn typed(text: &str) -> (Vec<Piece>, bool) {
    let bytes = text.as_bytes();
    let mut out: Vec<Piece> = Vec::with_capacity(text.len() / 4 + 2);
    let mut at = 0;
    let mut glued = false;
    let mut letters = 0;
    let mut apart = false;
    while at < bytes.len() {
        let c = if bytes[at].is_ascii() {
            char::from(bytes[at])
        } else {
            text[at..].chars().next().unwrap_or('\u{fffd}')
        };
        let next = at + c.len_utf8();
        let following = || text[next..].chars().next();
        if c == '<'
            && matches!(following(), Some('@' | '#' | ':' | 'a' | 't' | '/'))
            && let Some(close) = bytes[at..].iter().take(100).position(|byte| *byte == b'>')
        {
            at += close + 1; // a mention, a custom emoji, a timestamp: not words
            glued = false;
            continue;
        }
        if in_word(c) || (matches!(c, '@' | '$') && following().is_some_and(in_word) && !glued) {
            let end = word_end(text, at);
            if text[end..].starts_with("://") {
                // An address is not words.
                at = text[end..].find(char::is_whitespace).map_or(text.len(), |n| end + n);
                glued = false;
                continue;
            }
            letters = if end - at == c.len_utf8() { letters + 1 } else { 0 };
            apart |= letters >= 3 || glued;
            out.push(Piece { kind: Kind::Word, start: at, end, pause: false, glued });
            at = end;
            glued = true;
            continue;
        }
        let stop = |kind| Piece { kind, start: at, end: next, pause: false, glued: false };
        match c {
            '\n' => out.push(stop(Kind::Stop)),
            '?' => out.push(stop(Kind::Question)),
            '.' | '!' | ';' if !following().is_some_and(in_word) => out.push(stop(Kind::Stop)),
            ',' | ':' => {
                if let Some(last) = out.last_mut() {
                    last.pause = true;
                }
            }
            _ if !c.is_ascii() && !c.is_whitespace() => {
                out.push(Piece { kind: Kind::Word, start: at, end: next, pause: false, glued: false });
                letters = 0;
            }
            _ => {}
        }
        glued &= !c.is_whitespace();
        if matches!(c, '\n' | '?') {
            letters = 0;
        }
        at = next;
    }
    (out, apart)
}

/// Where the word that starts at `start` ends. Apostrophes and letter-like signs count inside a word.
fn word_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            at += 1;
        }
        let Some(c) = text[at..].chars().next() else { return at };
        let next = at + c.len_utf8();
        let inside = matches!(c, '\'' | '@' | '$' | '!' | '|' | '+')
            && text[next..].chars().next().is_some_and(in_word);
        if inside || (!c.is_ascii() && in_word(c)) || (at == start && matches!(c, '@' | '$')) {
            at = next;
        } else {
            return at;
        }
    }
}

/// Longer runs of single letters than this are noise; leaving them alone keeps the work linear.
const LONGEST_SPACED: usize = 32;

/// Single letters in a row ("k.y.s", "d m  m e") are read as the words that they spell, where a list knows them.
fn join_letters(pieces: Vec<Piece>, text: &str, vocabulary: &Vocabulary) -> Vec<Piece> {
    let single = |piece: &Piece| piece.kind == Kind::Word && piece.end - piece.start == 1;
    let mut out = Vec::with_capacity(pieces.len());
    let mut run: Vec<Piece> = Vec::new();
    for piece in pieces {
        if single(&piece) {
            run.push(piece);
        } else {
            close_run(&mut run, &mut out, text, vocabulary);
            out.push(piece);
        }
    }
    close_run(&mut run, &mut out, text, vocabulary);
    out
}

fn close_run(run: &mut Vec<Piece>, out: &mut Vec<Piece>, text: &str, vocabulary: &Vocabulary) {
    if run.len() >= 3 && run.len() <= LONGEST_SPACED {
        let spelled: String = run.iter().map(|piece| &text[piece.start..piece.end]).collect();
        if let Some(cuts) = spell(&spelled, vocabulary) {
            for pair in cuts.windows(2) {
                let word = &spelled[pair[0]..pair[1]];
                out.push(Piece {
                    kind: if word.len() == 1 { Kind::Word } else { Kind::Joined(word.into()) },
                    start: run[pair[0]].start,
                    end: run[pair[1] - 1].end,
                    pause: run[pair[1] - 1].pause,
                    glued: run[pair[0]].glued,
                });
            }
            run.clear();
            return;
        }
    }
    out.append(run);
}

/// Where known words meet in a spelled-out run, as few as possible. One letter may stand for itself at the price of
/// three words, and only beside a word of three letters or more.
fn spell(letters: &str, vocabulary: &Vocabulary) -> Option<Vec<usize>> {
    const ALONE: usize = 3;
    let n = letters.len();
    let mut best: Vec<Option<(usize, usize, bool)>> = vec![None; n + 1]; // (price, where the last starts, a long one)
    best[0] = Some((0, 0, false));
    for end in 1..=n {
        for start in 0..end {
            let Some((price, _, long)) = best[start] else { continue };
            let length = end - start;
            let known = length >= 2 && (vocabulary.contains(&letters[start..end]));
            let price = match (known, length) {
                (true, _) => price + 1,
                (false, 1) => price + ALONE,
                _ => continue,
            };
            let long = long || (known && length >= 3);
            if best[end].is_none_or(|(least, _, was)| (!long, price) < (!was, least)) {
                best[end] = Some((price, start, long));
            }
        }
    }
    let (price, _, long) = best[n]?;
    if price >= ALONE && !long {
        // Only words of two letters: every letter has to belong to one.
        let alone = |cuts: &[usize]| cuts.windows(2).any(|pair| pair[1] - pair[0] == 1);
        return cuts(&best, n).filter(|cuts| !alone(cuts));
    }
    cuts(&best, n)
}

fn cuts(best: &[Option<(usize, usize, bool)>], n: usize) -> Option<Vec<usize>> {
    let mut cuts = vec![n];
    let mut at = n;
    while at > 0 {
        at = best[at]?.1;
        cuts.push(at);
    }
    cuts.reverse();
    Some(cuts)
}

/// More parts than this are no word.
const MOST_PARTS: usize = 8;

/// Parts of a word with signs between them ("se-cret", "ki.ll", "s**cret") are read as the word, where a list knows it
/// and does not know all the parts.
fn join_glued(pieces: &[Piece], text: &str, vocabulary: &Vocabulary) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut from = 0;
    while from < pieces.len() {
        let more = pieces[from + 1..]
            .iter()
            .take(MOST_PARTS)
            .take_while(|piece| piece.glued && piece.kind == Kind::Word);
        let most = if pieces[from].kind == Kind::Word { more.count() } else { 0 };
        let joined = (1..=most).rev().find_map(|count| {
            let parts = &pieces[from..=from + count];
            let length: usize = parts.iter().map(|part| part.end - part.start).sum();
            let typed = |part: &Piece| &text[part.start..part.end];
            let known =
                |part: &Piece| vocabulary.contains(typed(part)) || words::plain(typed(part)).is_some();
            if !(4..=24).contains(&length) || parts.iter().all(known) {
                return None;
            }
            let word: String = parts.iter().map(typed).collect();
            vocabulary.contains(&word).then_some((count, word))
        });
        if let Some((count, word)) = joined {
            let last = &pieces[from + count];
            out.push(Piece {
                kind: Kind::Joined(word.into()),
                start: pieces[from].start,
                end: last.end,
                pause: last.pause,
                glued: pieces[from].glued,
            });
            from += count + 1;
        } else {
            out.push(pieces[from].clone());
            from += 1;
        }
    }
    out
}
