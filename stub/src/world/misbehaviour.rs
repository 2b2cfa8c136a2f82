//! Faults that happen to the whole world at once.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::World;
use super::connection::DisconnectReason;
use super::faults::Fault;
use super::jobs::Jobs;

impl World {
    /// Makes a fault happen: now, at the next line, or at the next connections.
    pub(crate) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Silence => {
                self.readers.silence();
                self.followers.iter_mut().for_each(|follower| follower.silent = true);
            }
            Fault::OperationalDisconnect => {
                self.say(Bytes::from(format!("{}\r\n", operational_disconnect())));
                self.readers.end(DisconnectReason::OperationalDisconnect, |_| true);
                self.followers.clear();
            }
            Fault::Close => {
                self.readers.end(DisconnectReason::ServerClosed, |_| true);
                self.followers.clear();
            }
            Fault::Garbage => self.say(Bytes::from_static(b"<html>502 Bad Gateway</html>\r\n")),
            Fault::HugeLine => {
                let filler = "x".repeat(1024 * 1024);
                self.say(Bytes::from(format!("{{\"data\":{{\"id\":\"1\",\"text\":\"{filler}\"}}}}\r\n")));
            }
            Fault::JobsForgotten => self.jobs = Jobs::default(),
            Fault::Dialect { dialect } => self.dialect = dialect,
            Fault::UnknownMessage => self.say(Bytes::from_static(b"{\"notice\":{\"kind\":\"new\"}}\r\n")),
            fault => self.faults.add(fault, Instant::now()),
        }
    }

    /// Sends these bytes to the readers of every stream.
    fn say(&mut self, bytes: Bytes) {
        // Mastodon's lines belong to an event with a name, which ends with an empty line.
        self.say_to_followers(&Bytes::from([b"data: ", bytes.as_ref(), b"\n"].concat()));
        self.readers.say(&bytes);
    }
}

/// <https://docs.x.com/x-api/fundamentals/handling-disconnections>
fn operational_disconnect() -> Value {
    json!({ "errors": [{
        "title": "operational-disconnect",
        "disconnect_type": "UpstreamOperationalDisconnect",
        "detail": "This stream has been disconnected upstream for operational reasons.",
        "type": "https://api.x.com/2/problems/operational-disconnect",
    }] })
}
