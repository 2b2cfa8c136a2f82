//! The terminal of this process: its last line is drawn again and again in place, and log lines pass above it.

use std::io::{self, IsTerminal as _, Stdout, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::termios::{tcgetpgrp, tcgetwinsize};

/// The width of a terminal that does not tell its own.
const COLUMNS: usize = 80;

/// Clears from the cursor to the end of the screen. When a terminal is made narrower, a line may have become several.
/// <https://www.ecma-international.org/publications-and-standards/standards/ecma-48/>
const CLEAR_BELOW: &str = "\x1b[J";

/// Standard output, if it is a terminal that can redraw a line. Clones share it.
#[derive(Clone, Debug)]
pub struct Screen {
    last: Arc<Mutex<LastLine<Stdout>>>,
    is_shown: bool,
    in_colour: bool,
}

/// What a line is drawn for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The columns that it may take.
    pub(crate) columns: usize,
    /// Whether it may have colours.
    pub(crate) in_colour: bool,
}

/// The last line of a terminal. The cursor waits at its beginning, where whatever is typed or printed meets it.
#[derive(Debug)]
struct LastLine<W> {
    terminal: W,
    /// What is drawn; empty if nothing is.
    drawn: String,
    /// The width of the terminal when it was drawn.
    columns: usize,
    /// Whether nothing more is drawn.
    has_ended: bool,
}

impl Screen {
    /// `term` is the value of `TERM`: nothing is drawn without one, or on a `dumb` terminal. `colours` says whether they are wanted.
    #[must_use]
    pub fn new(term: Option<&str>, colours: bool) -> Self {
        let redraws = term.is_some_and(|term| !matches!(term, "" | "dumb"));
        Self {
            last: Arc::new(Mutex::new(LastLine::of(io::stdout()))),
            is_shown: redraws && io::stdout().is_terminal(),
            in_colour: colours,
        }
    }

    /// Whether a line can be drawn now. It waits for no terminal: where the output is held (Ctrl-S), nothing is drawn.
    pub(crate) fn takes_a_line(&self) -> bool {
        self.is_shown && is_in_foreground() && takes_output()
    }

    /// Draws a line in place of the one before. It must not be wider than it is told.
    pub(crate) fn draw(&self, line: impl FnOnce(Look) -> String) {
        if self.takes_a_line() {
            // Some terminals begin a new line as soon as the last column is written.
            let (width, in_colour) = (columns(), self.in_colour);
            let line = line(Look { columns: width.saturating_sub(1), in_colour });
            self.lock().draw(line, width);
        }
    }

    /// Clears the line, for good.
    pub(crate) fn end(&self) {
        if self.takes_a_line() {
            self.lock().end();
        }
    }

    /// What logs to standard error: if that is a terminal too, above the line.
    pub fn logs(&self) -> impl Fn() -> LogWriter + Send + Sync + use<> {
        let above = (self.is_shown && io::stderr().is_terminal()).then(|| self.clone());
        move || LogWriter { above: above.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, LastLine<Stdout>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes to standard error.
#[derive(Debug)]
pub struct LogWriter {
    above: Option<Screen>,
}

impl Write for LogWriter {
    /// Takes all of `lines`, which end with a line break.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().write_all(lines);
        match &self.above {
            Some(screen) if is_in_foreground() => screen.lock().above(columns(), write)?,
            _ => write()?,
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<W: Write> LastLine<W> {
    fn of(terminal: W) -> Self {
        Self { terminal, drawn: String::new(), columns: 0, has_ended: false }
    }

    fn draw(&mut self, line: String, columns: usize) {
        if !self.has_ended {
            self.write(&format!("\r{line}{CLEAR_BELOW}\r"));
            (self.drawn, self.columns) = (line, columns);
        }
    }

    fn end(&mut self) {
        self.clear();
        self.has_ended = true;
    }

    fn clear(&mut self) {
        if !self.drawn.is_empty() {
            self.write(&format!("\r{CLEAR_BELOW}"));
            self.drawn.clear();
        }
    }

    /// Clears the line, calls `write`, and draws the line again if the terminal is still wide enough for it.
    fn above<T>(&mut self, columns: usize, write: impl FnOnce() -> T) -> T {
        let line = self.drawn.clone();
        self.clear();
        let written = write();
        if !line.is_empty() && columns >= self.columns {
            self.draw(line, self.columns);
        }
        written
    }

    /// A terminal that is gone is no error: the process ends with it, or goes on without.
    fn write(&mut self, text: &str) {
        let _ = self.terminal.write_all(text.as_bytes()).and_then(|()| self.terminal.flush());
    }
}

/// The width of the terminal now.
fn columns() -> usize {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => COLUMNS,
    }
}

/// Whether the terminal is this process's to write to: in the background, its last line is the shell's.
fn is_in_foreground() -> bool {
    // An error means that the terminal has no shell.
    tcgetpgrp(io::stdout()).map_or(true, |group| group == getpgrp())
}

/// Whether the terminal takes output now.
fn takes_output() -> bool {
    let stdout = io::stdout();
    // Only 0 says that it does not: some systems poll no terminals.
    poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], Some(&Timespec::default())) != Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &str) -> LastLine<Vec<u8>> {
        let mut last = LastLine::of(Vec::new());
        last.draw(line.to_owned(), 80);
        last
    }

    /// What a terminal has been sent since this was last called.
    fn sent(last: &mut LastLine<Vec<u8>>) -> String {
        String::from_utf8(std::mem::take(&mut last.terminal)).unwrap()
    }

    #[test]
    fn a_line_is_drawn_in_place_of_the_one_before() {
        let mut last = drawn("one");
        last.draw("two".to_owned(), 80);
        assert_eq!(sent(&mut last), "\rone\x1b[J\r\rtwo\x1b[J\r");
    }

    #[test]
    fn log_lines_are_written_where_no_line_is() {
        let mut last = drawn("alive");
        sent(&mut last);
        let seen_before = last.above(80, || "written");
        assert_eq!(seen_before, "written");
        assert_eq!(sent(&mut last), "\r\x1b[J\ralive\x1b[J\r");
        // A line that is too wide by now is left to whoever draws the next one.
        last.above(79, || ());
        assert_eq!(sent(&mut last), "\r\x1b[J");
        last.above(80, || ());
        assert_eq!(sent(&mut last), "");
    }

    #[test]
    fn nothing_is_drawn_after_the_end() {
        let mut last = drawn("alive");
        sent(&mut last);
        last.end();
        last.draw("late".to_owned(), 80);
        last.above(80, || ());
        last.end();
        assert_eq!(sent(&mut last), "\r\x1b[J");
    }
}
