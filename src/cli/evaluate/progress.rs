//! A bar on standard error, where that is a terminal; nothing otherwise.

use std::io::{self, IsTerminal as _, Write as _};

const WIDTH: u64 = 40;

/// How far the work has come, in bytes of all files.
pub struct Bar {
    total: u64,
    done: u64,
    shown: Option<u64>,
    terminal: bool,
}

impl Bar {
    /// A bar over so many bytes.
    #[must_use]
    pub fn over(total: u64) -> Bar {
        Bar { total: total.max(1), done: 0, shown: None, terminal: io::stderr().is_terminal() }
    }

    /// So many more bytes are done.
    pub fn advance(&mut self, bytes: u64) {
        self.done = (self.done + bytes).min(self.total);
        let percent = self.done * 100 / self.total;
        if self.terminal && self.shown != Some(percent) {
            self.shown = Some(percent);
            eprint!("\r{}", drawn(percent));
            _ = io::stderr().flush();
        }
    }

    /// Takes the bar away, so that something else can be written.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            eprint!("\r\x1b[2K");
            _ = io::stderr().flush();
        }
    }
}

fn drawn(percent: u64) -> String {
    let full = percent.min(100) * WIDTH / 100;
    (0..WIDTH).map(|at| if at < full { '█' } else { '░' }).chain(format!(" {percent:3} %").chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_its_percentage() {
        assert_eq!(drawn(0).matches('█').count(), 0);
        assert_eq!(drawn(50).matches('█').count(), 20);
        assert_eq!(drawn(100).matches('░').count(), 0);
    }
}
