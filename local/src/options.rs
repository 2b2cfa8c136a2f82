//! A machine's settings.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use posts::Keyword;

/// The source of posts.
pub enum Stream {
    /// The stub, started on this machine.
    Stub(stub::Options),
    /// X, or another server that speaks its protocol.
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
    /// A stream that no server serves, for a machine that collects nothing.
    #[must_use]
    pub fn nowhere() -> Self {
        // Port 9 is the discard service, which no machine runs any more.
        Self::Mastodon { url: "http://127.0.0.1:9".to_owned() }
    }
}

/// A machine's settings. [`Options::new`] has the defaults; name only what differs:
/// `Options { require_key: true, ..Options::new(data, stream) }`.
pub struct Options {
    /// The folder that stores everything.
    pub data: PathBuf,
    /// The address that the API listens on; port 0 takes a free one. Any address but loopback requires an API key.
    pub listen: SocketAddr,
    /// Whether the API requires a key on loopback too.
    pub require_key: bool,
    /// The port of the AWS-compatible endpoint for a streamer in another process. If set, no streamer is started here.
    pub streamer_elsewhere: Option<u16>,
    /// The source of posts.
    pub stream: Stream,
    /// Keywords to collect from the start.
    pub keywords: Vec<Keyword>,
    /// How many posts may be read per day (UTC); `None` for no limit.
    pub daily_post_budget: Option<u64>,
    /// How many posts may be read in a month (UTC); `None` without a limit.
    pub monthly_post_budget: Option<u64>,
    /// Whether X charges for the users who come with posts.
    pub charged_for_users: bool,
    /// Whether posts of authors who have opted out of being found by search are left out (Mastodon).
    pub honour_opt_out: bool,
    /// Whether posts are stored with what their source sent.
    pub keep_raw: bool,
}

impl Options {
    /// A machine that stores its data in `data` and reads `stream`. It listens on a free loopback port, requires no
    /// key, starts the streamer itself, has no keywords, has no budget, and keeps what the source sent.
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
            monthly_post_budget: None,
            charged_for_users: false,
            honour_opt_out: true,
            keep_raw: true,
        }
    }
}
