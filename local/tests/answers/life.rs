//! The line of life of the program in a terminal, which is a pseudo terminal here.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What clears from the cursor on.
const CLEAR: &str = "\u{1b}[J";

/// A running `aviary` and its terminal; killed when this is dropped.
struct InTerminal {
    process: Child,
    terminal: File,
    /// What it has written.
    written: String,
}

impl InTerminal {
    /// Its standard output is the terminal too, unless it is a file.
    fn start(data: &Path, columns: u16, logs: &str, output: Option<File>) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end = || open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_aviary"));
        command.args(["--port", "0", "--keyword", "rust", "--rate", "50", "--data"]).arg(data);
        for variable in ["X_BEARER_TOKEN", "X_API_URL"] {
            command.env_remove(variable);
        }
        command.env("RUST_LOG", logs).env("TERM", "xterm").env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stderr(end());
        let process = command.stdout(output.map_or_else(end, Into::into)).spawn().unwrap();
        let started = Self { process, terminal: File::from(terminal), written: String::new() };
        started.resize(columns);
        started
    }

    fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.terminal, size).unwrap();
    }

    /// Reads on until what was written since the last call is as it should be; returns that.
    fn until(&mut self, is_there: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        while !is_there(&self.written) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", self.written);
            let mut some = [0; 4096];
            let read = self.terminal.read(&mut some).unwrap();
            self.written.push_str(&String::from_utf8_lossy(&some[..read]));
        }
        std::mem::take(&mut self.written)
    }
}

impl Drop for InTerminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of life that were drawn.
fn drawn(written: &str) -> Vec<&str> {
    written.split(CLEAR).filter_map(|part| part.rsplit_once('\r')).map(|(_, line)| line).collect()
}

#[test]
fn a_line_of_life_is_redrawn_in_place_below_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let mut aviary = InTerminal::start(folder.path(), 40, "info", None);
    let written = aviary.until(|written| written.contains("posts/s"));
    let introduction = written.find("Ctrl-C stops it").unwrap();
    let lines = drawn(&written[introduction..]);
    assert!(lines.iter().all(|line| line.len() < 40), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("Running: 1 keyword, ")), "{lines:?}");
    // Each log line begins where the line of life was cleared, or below another log line.
    let logged: Vec<&str> = written[introduction..].split("INFO").collect();
    assert!(logged.len() > 1);
    for before in &logged[..logged.len() - 1] {
        let time = before.rsplit(['\n', 'J']).next().unwrap();
        assert!(!time.contains('\r'), "{before:?}");
    }
    aviary.resize(100);
    aviary.until(|written| written.contains(" at X's prices"));
}

#[test]
fn the_line_of_life_is_gone_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut aviary = InTerminal::start(folder.path(), 40, "off", None);
    aviary.until(|written| written.contains("1 keyword"));
    let id = aviary.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let mut rest = Vec::new();
    // On Linux it is an error to read on once no process has the terminal open.
    let _ = aviary.terminal.read_to_end(&mut rest);
    assert!(aviary.process.wait().unwrap().success());
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.ends_with(&format!("\r{CLEAR}")), "{rest:?}");
}

#[test]
fn where_standard_output_is_no_terminal_there_is_no_line_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("output");
    let data = folder.path().join("data");
    let mut aviary = InTerminal::start(&data, 100, "info", Some(File::create(&output).unwrap()));
    // By then there would have been several.
    let logged = aviary.until(|written| written.matches("handled a batch").count() > 2);
    assert!(!logged.contains('\u{1b}') && !logged.contains("Running"), "{logged}");
    let output = std::fs::read_to_string(&output).unwrap();
    assert!(output.starts_with("aviary listens on") && output.ends_with("is kept.\n"), "{output}");
    assert!(output.lines().all(|line| !line.contains(char::is_control)), "{output:?}");
}
