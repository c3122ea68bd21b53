//! Reading lines of any length without keeping more than is allowed.

use std::io::{self, BufRead};

/// The longest line that is read, in bytes: 4 MiB.
pub const LONGEST: usize = 4 * 1024 * 1024;

/// What was read.
pub enum Next {
    /// A whole line.
    Line,
    /// A line longer than [`LONGEST`]; nothing of it was kept.
    TooLong,
    /// The input has ended.
    End,
}

/// The next line without its end. Of one that is too long nothing is kept.
///
/// # Errors
/// When the input fails.
pub fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Next> {
    line.clear();
    let mut begun = false;
    let mut too_long = false;
    loop {
        let waiting = match input.fill_buf() {
            Ok(waiting) => waiting,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if waiting.is_empty() && !begun {
            return Ok(Next::End);
        }
        let end = waiting.iter().position(|byte| *byte == b'\n');
        let part = &waiting[..end.unwrap_or(waiting.len())];
        too_long |= line.len() + part.len() > LONGEST;
        if too_long {
            line.clear();
        } else {
            line.extend_from_slice(part);
        }
        let last = end.is_some() || waiting.is_empty();
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        begun = true;
        if last {
            return Ok(if too_long { Next::TooLong } else { Next::Line });
        }
    }
}
