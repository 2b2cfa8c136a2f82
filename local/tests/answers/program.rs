//! The program itself: its messages to the person who starts it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program with this data folder, and without the environment variables of the test run.
fn aviary(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aviary"));
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null());
    for variable in ["RUST_LOG", "X_BEARER_TOKEN", "X_API_URL", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

/// The standard error of a program that fails to start.
fn failure(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// A running program, killed when this is dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The first line is written once it listens. The rest goes to a closed pipe.
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.starts_with("aviary listens on http://"), "{first}");
        Self(child)
    }

    /// Stops it as Ctrl-C does; returns its standard error.
    fn end(mut self) -> String {
        assert!(self.0.try_wait().unwrap().is_none(), "it ended by itself");
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
        let mut stderr = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        stderr
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
    }
}

#[test]
fn unusable_options_are_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("my data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let stderr = failure(&mut aviary(&data, &["--port", &port]));
    assert!(stderr.contains("(choose another port with --port)"), "{stderr}");
    let stderr = failure(&mut aviary(&data, &["--port", "0", "--streamer-elsewhere", &port]));
    assert!(stderr.contains("(choose another port with --streamer-elsewhere)"), "{stderr}");
    // An address that no machine has, from TEST-NET-1.
    std::fs::write(data.join("api-keys.json"), r#"{"keys":[]}"#).unwrap();
    let stderr = failure(&mut aviary(&data, &["--port", "0", "--address", "192.0.2.1"]));
    assert!(stderr.contains("(--address must be an address of this machine)"), "{stderr}");
    std::fs::remove_file(data.join("api-keys.json")).unwrap();
    let stderr = failure(aviary(&data, &["--port", "0"]).env("X_BEARER_TOKEN", " \n"));
    assert!(stderr.contains("X_BEARER_TOKEN is set but blank"), "{stderr}");
    let stderr = failure(&mut aviary(&data, &["--mastodon", "ftp://x"]));
    assert!(stderr.contains("its scheme must be http or https, not ftp"), "{stderr}");
}

#[test]
fn the_suggested_command_for_a_first_key_works_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("my data");
    let stderr = failure(&mut aviary(&data, &["--port", "0", "--require-key"]));
    let command = stderr.split('`').nth(1).unwrap_or_else(|| panic!("no command: {stderr}"));
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    let key = String::from_utf8(output.stdout).unwrap();
    assert!(key.starts_with("aviary_") && key.lines().count() == 1, "{command}: {key}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "no server runs");
    // The reader closes the pipe after one line, which is not a failure.
    let running = Running::start(&mut aviary(&data, &["--port", "0", "--require-key"]));
    let stderr = failure(&mut aviary(&data, &["--port", "0", "--require-key"]));
    assert!(stderr.contains("is in use by another aviary"), "{stderr}");
    let output = aviary(&data, &["key", "add", "phone"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "aviary: the server may refuse the new key for up to 30 seconds\n");
    let output = aviary(&data, &["key", "revoke", "phone"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "aviary: the server may accept the revoked key for up to 30 seconds more\n");
    running.end();
}

#[test]
fn playing_a_recording_into_a_folder_again_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("posts.jsonl");
    std::fs::write(&recording, r#"{"data":{"id":"1","text":"rust"}}"#).unwrap();
    let arguments = ["--port", "0", "--recording", recording.to_str().unwrap()];
    let data = folder.path().join("data");
    // A token is set, but `--recording` takes precedence.
    let stderr = Running::start(aviary(&data, &arguments).env("X_BEARER_TOKEN", "secret")).end();
    assert!(!stderr.contains("was played"), "{stderr}");
    let stderr = Running::start(&mut aviary(&data, &arguments)).end();
    assert!(stderr.contains("a recording was played into") && stderr.contains("counted again"), "{stderr}");
}

#[test]
fn logs_to_a_pipe_have_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = aviary(folder.path(), &["--port", "0", "--keyword", "rust"]);
    let mut running = Running::start(command.env("RUST_LOG", "info"));
    // Wait until it has logged something.
    let mut errors = BufReader::new(running.0.stderr.take().unwrap());
    let mut stderr = String::new();
    while !stderr.contains("reconciling") {
        assert_ne!(errors.read_line(&mut stderr).unwrap(), 0, "{stderr}");
    }
    running.0.kill().unwrap();
    errors.read_to_string(&mut stderr).unwrap();
    assert!(
        stderr.contains("INFO") && !stderr.contains('\u{1b}') && !stderr.contains("dynoxide"),
        "{stderr}"
    );
}
