//! Telephone numbers that are spelled out: "oh seven seven double-oh nine hundred …" word by word.

use super::super::fold::Folded;
use super::number::{Row, telephone_uk};
use super::{Find, What, at};

/// Finds telephone numbers of which at least half the digits are words.
pub(super) fn find(folded: &Folded, found: &mut Vec<Find>) {
    let text = folded.text();
    let mut run = Run::default();
    let mut times = 1;
    for (start, end) in words(text) {
        let word = &text[start..end];
        let digits = match digit(word) {
            Some(digit) => digit.to_string().repeat(times),
            None if word.bytes().all(|byte| byte.is_ascii_digit()) && word.len() <= 6 => word.to_owned(),
            None => {
                times = match word {
                    "double" => 2,
                    "triple" | "treble" => 3,
                    _ => {
                        run.close(folded, found);
                        run = Run::default();
                        1
                    }
                };
                continue;
            }
        };
        times = 1;
        run.spelled += usize::from(digit(word).is_some());
        run.start.get_or_insert(start);
        run.end = end;
        run.digits.push_str(&digits);
    }
    run.close(folded, found);
}

#[derive(Default)]
struct Run {
    digits: String,
    spelled: usize,
    start: Option<usize>,
    end: usize,
}

impl Run {
    fn close(&self, folded: &Folded, found: &mut Vec<Find>) {
        let Some(start) = self.start.filter(|_| self.spelled >= 5) else { return };
        let Some(national) = self.digits.strip_prefix('0') else { return };
        let row = Row {
            digits: self.digits.clone(),
            groups: vec![1],
            plus: false,
            timely: false,
            start,
            end: self.end,
        };
        if let Some(private) = telephone_uk(national, &row) {
            found.push(at(folded, start, self.end, What::Phone { private }));
        }
    }
}

fn digit(word: &str) -> Option<char> {
    Some(match word {
        "zero" | "oh" | "o" | "nought" | "naught" => '0',
        "one" => '1',
        "two" => '2',
        "three" => '3',
        "four" => '4',
        "five" => '5',
        "six" => '6',
        "seven" => '7',
        "eight" => '8',
        "nine" => '9',
        _ => return None,
    })
}

/// The byte ranges of runs of ASCII letters and digits.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(|byte| !byte.is_ascii_alphanumeric()) {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            at += 1;
        }
        (at > start).then_some((start, at))
    })
}
