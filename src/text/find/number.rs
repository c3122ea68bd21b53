//! Numbers that mean a person: telephones, payment cards, bank accounts.
//!
//! A *row* is a run of digits with at most two separators between one and the next. What it is follows from its
//! length, its beginning, how it is grouped and what stands around it; dates, scores, prices and identifiers are rows
//! too and stay what they are.

use super::super::fold::Folded;
use super::{Find, What, at, before, wordy};

/// A run of digits, as typed.
pub(super) struct Row {
    /// The digits alone.
    pub digits: String,
    /// The lengths of the groups between separators.
    pub groups: Vec<usize>,
    /// Written with a plus.
    pub plus: bool,
    /// Separated by slashes or colons somewhere: a date or a time.
    pub timely: bool,
    /// Where it starts.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

/// More digits than this are no number of a person.
const LONGEST: usize = 24;

/// Finds telephone numbers, payment cards and bank accounts.
pub(super) fn find(folded: &Folded, found: &mut Vec<Find>) {
    let text = folded.text();
    let mut sort_code: Option<(usize, usize)> = None;
    for row in rows(text) {
        if let Some((start, end)) = sort_code.take()
            && row.digits.len() == 8
            && (row.start - end <= 3 || (row.start - end <= 40 && text[end..row.start].contains("acc")))
        {
            found.push(at(folded, start, row.end, What::BankAccount));
            continue;
        }
        if is_sort_code_and_account(&row) {
            found.push(at(folded, row.start, row.end, What::BankAccount));
        } else if row.groups == [2, 2, 2] && !row.plus && !row.timely {
            sort_code = Some((row.start, row.end));
        } else if let Some(private) = telephone(&row, text) {
            found.push(at(folded, row.start, row.end, What::Phone { private }));
        } else if is_card(&row) {
            found.push(at(folded, row.start, row.end, What::Card));
        }
    }
}

/// Every run of digits that stands by itself.
fn rows(text: &str) -> Vec<Row> {
    let bytes = text.as_bytes();
    let mut rows = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let row = row(text, at);
        at = row.end;
        let glued = wordy(before(text, row.start)) || wordy(bytes.get(row.end).copied());
        let sign = before(text, row.start)
            .is_some_and(|byte| matches!(byte, b'$' | b'#' | b'=' | b'.' | b',' | b'/'));
        if !glued && !sign && (6..=LONGEST).contains(&row.digits.len()) {
            rows.push(row);
        }
    }
    rows
}

fn row(text: &str, first: usize) -> Row {
    let bytes = text.as_bytes();
    let bracket = before(text, first) == Some(b'(');
    let plus_at = if bracket { first.checked_sub(2) } else { first.checked_sub(1) };
    let plus = plus_at.is_some_and(|at| bytes[at] == b'+');
    let start = if plus { plus_at.unwrap_or(first) } else { first };
    let (mut digits, mut groups, mut timely) = (String::new(), vec![0], false);
    let (mut at, mut end) = (first, first);
    let mut apart = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            if apart > 0 {
                groups.push(0);
            }
            apart = 0;
            if digits.len() <= LONGEST {
                digits.push(char::from(byte));
            }
            if let Some(group) = groups.last_mut() {
                *group += 1;
            }
            end = at + 1;
        } else if matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'_' | b'*' | b'~') && apart < 3 {
            apart += 1;
        } else if matches!(byte, b'/' | b':')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
            && apart == 0
        {
            timely = true;
            apart += 1;
        } else {
            break;
        }
        at += 1;
    }
    Row { digits, groups, plus, timely, start, end }
}

/// Whether a row is a telephone number, and if so whether it is a person's.
fn telephone(row: &Row, text: &str) -> Option<bool> {
    if row.timely || (!row.plus && looks_dated(row)) {
        return None;
    }
    let digits = row.digits.as_str();
    let national = if row.plus || digits.starts_with("0044") {
        match digits.trim_start_matches("00").strip_prefix("44") {
            Some(rest) => rest.strip_prefix('0').unwrap_or(rest), // +44 (0)…
            // Another country's: a country code and a subscriber.
            None if row.plus => return (9..=15).contains(&digits.len()).then_some(true),
            None => return None,
        }
    } else if let Some(rest) = digits.strip_prefix('0') {
        rest
    } else if digits.len() == 10 && digits.starts_with('7') && is_called_for(row, text) {
        digits
    } else {
        // (555) 010-0199
        let american = digits.len() == 10 && row.groups == [3, 3, 4] && !digits.starts_with(['0', '1']);
        return american.then_some(true);
    };
    telephone_uk(national, row)
}

/// A UK number without its leading zero.
pub(super) fn telephone_uk(national: &str, row: &Row) -> Option<bool> {
    let bytes = national.as_bytes();
    let singly = row.groups.iter().all(|group| *group == 1);
    let well_grouped = row.plus || singly || row.groups[0] >= 3 || row.groups.len() == 1;
    match (bytes.first()?, bytes.len()) {
        // 070 is not a mobile but a forwarding number; it belongs to a person all the same.
        (b'7', 10) if singly || row.plus || row.groups[0] >= 2 => Some(true),
        (b'1', 9 | 10) | (b'2', 10) if well_grouped => Some(true),
        // 03, 08, 09: only organisations have these. Seven digits: 0800 1111, 0845 46 47.
        (b'3' | b'9', 10) | (b'8', 7..=10) if well_grouped => Some(false),
        _ => None,
    }
}

/// "02-03-2026 123": a date and something.
fn looks_dated(row: &Row) -> bool {
    row.groups.windows(3).any(|three| matches!(three, [1 | 2, 1 | 2, 4] | [4, 2, 2]))
}

/// Whether the words before a bare ten-digit number ask to call or write to it.
fn is_called_for(row: &Row, text: &str) -> bool {
    let mut from = row.start.saturating_sub(40);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    ["number", "call", "text", "ring", "whatsapp", "phone", "mobile", "num ", "msg"]
        .iter()
        .any(|cue| text[from..row.start].contains(cue))
}

/// Six digits in pairs, or six in a row, with eight behind them.
fn is_sort_code_and_account(row: &Row) -> bool {
    !row.plus && !row.timely && matches!(row.groups[..], [2, 2, 2, 8] | [6, 8] | [2, 2, 2, 4, 4])
}

fn is_card(row: &Row) -> bool {
    let digits = row.digits.as_str();
    let begins = |from: u32, to: u32, length: usize| {
        digits
            .get(..length)
            .and_then(|start| start.parse::<u32>().ok())
            .is_some_and(|start| (from..=to).contains(&start))
    };
    let grouped = row.groups.len() == 1 || row.groups.iter().all(|group| (3..=6).contains(group));
    let issued = match digits.len() {
        16 => {
            begins(40, 49, 2)
                || begins(51, 55, 2)
                || begins(2221, 2720, 4)
                || begins(6011, 6011, 4)
                || begins(65, 65, 2)
                || begins(3528, 3589, 4)
        }
        15 => begins(34, 34, 2) || begins(37, 37, 2),
        _ => false,
    };
    issued
        && grouped
        && !row.plus
        && !row.timely
        && luhn(digits)
        && !digits.bytes().all(|b| b == digits.as_bytes()[0])
}

/// The check digit of payment cards.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, twice) if twice > 9 => twice - 9,
                (_, twice) => twice,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
