//! The program itself: what it says to who starts it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program on this folder, without what the environment of the tests says.
fn aviary(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aviary"));
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null());
    for variable in ["RUST_LOG", "X_BEARER_TOKEN", "X_API_URL", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

/// What a program that fails at once says.
fn failure(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// One that runs; it ends with this.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The first line is written once it listens, the rest when nobody reads any more.
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.starts_with("aviary listens on http://"), "{first}");
        Self(child)
    }

    /// Ends it as Ctrl-C does, and tells what it said to the standard error.
    fn end(mut self) -> String {
        assert!(self.0.try_wait().unwrap().is_none(), "it has ended");
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
    }
}

#[test]
fn what_cannot_be_used_is_refused_in_a_sentence_that_helps() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("my data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = failure(&mut aviary(&data, &["--port", &port]));
    assert!(said.contains("(choose another port with --port)"), "{said}");
    let said = failure(&mut aviary(&data, &["--port", "0", "--streamer-elsewhere", &port]));
    assert!(said.contains("(choose another port with --streamer-elsewhere)"), "{said}");
    // An address of no machine: TEST-NET-1.
    std::fs::write(data.join("api-keys.json"), r#"{"keys":[]}"#).unwrap();
    let said = failure(&mut aviary(&data, &["--port", "0", "--address", "192.0.2.1"]));
    assert!(said.contains("(--address must be one of this machine's)"), "{said}");
    std::fs::remove_file(data.join("api-keys.json")).unwrap();
    let said = failure(aviary(&data, &["--port", "0"]).env("X_BEARER_TOKEN", " \n"));
    assert!(said.contains("X_BEARER_TOKEN is set but blank"), "{said}");
    let said = failure(&mut aviary(&data, &["--mastodon", "ftp://x"]));
    assert!(said.contains("its scheme must be http or https, not ftp"), "{said}");
}

#[test]
fn the_command_that_makes_a_first_key_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("my data");
    let said = failure(&mut aviary(&data, &["--port", "0", "--require-key"]));
    let command = said.split('`').nth(1).unwrap_or_else(|| panic!("no command: {said}"));
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    let key = String::from_utf8(output.stdout).unwrap();
    assert!(key.starts_with("aviary_") && key.lines().count() == 1, "{command}: {key}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "no server runs");
    // Its reader goes away after a line; that is no failure.
    let running = Running::start(&mut aviary(&data, &["--port", "0", "--require-key"]));
    let said = failure(&mut aviary(&data, &["--port", "0", "--require-key"]));
    assert!(said.contains("is in use by another aviary"), "{said}");
    let output = aviary(&data, &["key", "add", "phone"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "aviary: the server may refuse it for up to 30 seconds\n");
    let output = aviary(&data, &["key", "revoke", "phone"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "aviary: the server may take it for up to 30 seconds more\n");
    running.end();
}

#[test]
fn a_recording_that_is_played_into_a_folder_again_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("posts.jsonl");
    std::fs::write(&recording, r#"{"data":{"id":"1","text":"rust"}}"#).unwrap();
    let arguments = ["--port", "0", "--recording", recording.to_str().unwrap()];
    let data = folder.path().join("data");
    // A token is there for other times: a recording is played all the same.
    let said = Running::start(aviary(&data, &arguments).env("X_BEARER_TOKEN", "secret")).end();
    assert!(!said.contains("was played"), "{said}");
    let said = Running::start(&mut aviary(&data, &arguments)).end();
    assert!(said.contains("a recording was played into") && said.contains("and count again"), "{said}");
}

#[test]
fn logs_in_a_file_are_without_colours() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = aviary(folder.path(), &["--port", "0", "--keyword", "rust"]);
    let mut running = Running::start(command.env("RUST_LOG", "info"));
    // It starts a streamer, which it logs, and ends after that.
    let mut errors = BufReader::new(running.0.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("reconciling") {
        assert_ne!(errors.read_line(&mut said).unwrap(), 0, "{said}");
    }
    running.0.kill().unwrap();
    errors.read_to_string(&mut said).unwrap();
    assert!(said.contains("INFO") && !said.contains('\u{1b}') && !said.contains("dynoxide"), "{said}");
}
