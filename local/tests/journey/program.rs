//! `aviary` as users run it: as a process, which may be killed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::{Client, until};

/// A running `aviary`, killed when this is dropped.
struct Aviary {
    process: Child,
    client: Client,
}

impl Aviary {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_aviary"))
            .args(["--port", "0", "--rate", "200", "--data"])
            .arg(data)
            .args(more)
            .env_remove("X_BEARER_TOKEN")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = std::io::BufReader::new(process.stdout.take().unwrap());
        // Keep reading, so that the process never blocks on a full pipe.
        let mut output = output;
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        Self { process, client: Client::new(address) }
    }
}

impl Drop for Aviary {
    fn drop(&mut self) {
        // SIGKILL. An error means that the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kills_under_load_every_post_is_stored_once_and_the_counts_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for round in 0..3 {
        let keyword: &[&str] = if round == 0 { &["--keyword", "rust"] } else { &[] };
        let aviary = Aviary::start(folder.path(), keyword);
        let known = seen.len();
        until("more posts come in", || async { aviary.client.tweets("rust").await.len() > known + 100 })
            .await;
        seen.extend(aviary.client.tweets("rust").await.into_keys());
        drop(aviary);
    }
    let aviary = Aviary::start(folder.path(), &[]);
    aviary.client.stop("").await;
    until("the streamer has ended", || async { aviary.client.get("/stream").await["state"] == "stopped" })
        .await;
    let stored: BTreeSet<String> = aviary.client.tweets("rust").await.into_keys().collect();
    assert!(seen.is_subset(&stored));
    // The queue may still hold posts.
    until("counts equal posts", || aviary.client.counts_equal_posts("rust")).await;
}

#[test]
fn it_names_what_it_cannot_use_and_exits() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("newer")).unwrap();
    std::fs::write(folder.path().join("newer/version"), "99").unwrap();
    std::fs::write(
        folder.path().join("broken.jsonl"),
        "{\"data\":{\"id\":\"1\",\"text\":\"t\"}}\nnot json\n",
    )
    .unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, expected) in [
        (vec!["--port", port.as_str()], format!("failed to listen on 127.0.0.1:{port}")),
        (vec!["--recording", "missing.jsonl"], "failed to read the recording missing.jsonl".to_owned()),
        (vec!["--recording", "broken.jsonl"], "not JSON: broken.jsonl, line 2".to_owned()),
        (vec!["--data", "newer"], "written by a newer aviary".to_owned()),
        (vec!["--rate", "0"], "a rate is a number from".to_owned()),
        (vec!["--keyword", ""], "a keyword must not be empty".to_owned()),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_aviary"))
            .args(["--port", "0"].iter().filter(|_| !arguments.contains(&"--port")))
            .args(&arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(&expected), "{arguments:?}: {error}");
    }
}
