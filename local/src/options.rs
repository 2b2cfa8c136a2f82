//! What a machine runs, and where.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use posts::Keyword;

/// Where posts come from.
pub enum Stream {
    /// The stub, started on this machine.
    Stub(stub::Options),
    /// X, or a server elsewhere that speaks its protocol.
    Elsewhere {
        /// Its base URL.
        url: String,
        /// The bearer token.
        token: String,
        /// How many minutes of missed posts it delivers again after a reconnect.
        backfill_minutes: u32,
    },
    /// A Mastodon server.
    Mastodon {
        /// Its base URL.
        url: String,
    },
}

impl Stream {
    /// A stream that nobody serves: a machine on which nothing is collected.
    #[must_use]
    pub fn nowhere() -> Self {
        // Port 9 is "discard", which no machine serves any more.
        Self::Mastodon { url: "http://127.0.0.1:9".to_owned() }
    }
}

/// What to run. [`Options::new`] has the defaults; name what differs:
/// `Options { require_key: true, ..Options::new(data, stream) }`.
pub struct Options {
    /// The folder that keeps everything.
    pub data: PathBuf,
    /// Where the api listens; port 0 takes a free one. On any but a loopback address it requires an api key.
    pub listen: SocketAddr,
    /// Whether the api requires a key on loopback too.
    pub require_key: bool,
    /// The port at which a streamer in another process finds the AWS-shaped endpoint; then none is started here.
    pub streamer_elsewhere: Option<u16>,
    /// Where posts come from.
    pub stream: Stream,
    /// Keywords to collect from the start.
    pub keywords: Vec<Keyword>,
    /// How many posts may be read in a day (UTC); `None` is no limit.
    pub daily_post_budget: Option<u64>,
}

impl Options {
    /// A machine that keeps its data in `data` and reads `stream`. It listens on a free loopback port, requires no
    /// key, starts the streamer itself, collects nothing yet, and has no budget.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>, stream: Stream) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            require_key: false,
            streamer_elsewhere: None,
            stream,
            keywords: Vec::new(),
            daily_post_budget: None,
        }
    }
}
