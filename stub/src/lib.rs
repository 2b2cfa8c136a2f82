//! A stream server that speaks X's protocol, replays a recording and misbehaves on request.
//!
//! It honours what X documents of the filtered stream, its rules, recent search and recent counts:
//! the shapes of answers and errors, the one connection, the token, the rate limits. It has made-up
//! posts ([`Generator`]) or those of a recording. `/control/…` is its own: it makes faults happen
//! and tells what was posted and delivered.

mod answer;
mod chunk;
mod clock;
mod connection;
mod control;
mod expression;
mod facts;
mod faults;
mod follower;
mod generator;
mod limits;
mod mastodon;
mod parser;
mod posted;
pub mod recording;
mod rule;
mod rules;
mod scope;
mod search;
mod snowflake;
mod stream;
mod words;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use facts::Facts;
pub use faults::Fault;
pub use generator::Generator;
pub use parser::InvalidRule;
pub use rule::Rule;
pub use scope::Scope;
use world::World;

/// Where the stub's posts come from.
#[derive(Debug)]
pub enum Source {
    /// Made up, from a seed, at a rate, from the start.
    Generator {
        /// The same seed makes the same posts.
        seed: u64,
    },
    /// A recording, played once, from the first connection on.
    Recording {
        /// The posts, as [`recording::read`] gives them.
        posts: Vec<Value>,
        /// Keeps their ids and times, instead of stamping them anew.
        keep: bool,
    },
}

/// How the stub behaves.
#[derive(Debug)]
pub struct Options {
    /// The token that clients must bear.
    pub token: String,
    /// Where posts come from.
    pub source: Source,
    /// Posts a second, above 0.
    pub rate: f64,
    /// How often an idle stream says that it is alive: X does at least every 20 s.
    pub keep_alive: Duration,
    /// How long after it was posted search finds a post: at X about 30 s.
    pub search_delay: Duration,
    /// Whether the account has backfill, as only Enterprise accounts have.
    pub backfill: bool,
}

/// A running stub.
#[derive(Clone, Debug)]
pub struct Stub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    token: String,
    keep_alive: Duration,
    search_delay: Duration,
    backfill: bool,
    world: Mutex<World>,
    connected: Notify,
    /// Open streams end with it: they would hold up the server's end.
    ended: CancellationToken,
}

impl Stub {
    fn world(&self) -> MutexGuard<'_, World> {
        // No code panics while it holds the lock; if it did, the stub's state is still good enough.
        self.inner.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/2/tweets/search/stream", get(stream::connect))
            .route("/2/tweets/search/stream/rules", get(rules::list).post(rules::update))
            .route("/2/tweets/search/recent", get(search::recent))
            .route("/2/tweets/counts/recent", get(search::counts))
            .route("/control/faults", post(control::fault))
            .route("/control/posts", get(control::posts))
            .route("/control/rate", post(control::rate))
            .route("/control/correct", post(mastodon::correct))
            .route("/control/statuses", get(mastodon::statuses))
            .route("/api/v1/streaming/public", get(mastodon::public_stream))
            .route("/api/v1/streaming/hashtag", get(mastodon::hashtag_stream))
            .route("/api/v1/timelines/public", get(mastodon::public_timeline))
            .route("/api/v1/timelines/tag/{tag}", get(mastodon::hashtag_timeline))
            .with_state(self.clone())
    }
}

/// Serves on `listener` until `shutdown`, which ends open streams too.
///
/// # Errors
/// What the listener failed with.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let Options { token, source, rate, keep_alive, search_delay, backfill } = options;
    let inner = Inner {
        token,
        keep_alive,
        search_delay,
        backfill,
        world: Mutex::new(World { rate, ..World::default() }),
        connected: Notify::new(),
        ended: shutdown.clone(),
    };
    let stub = Stub { inner: Arc::new(inner) };
    let served = axum::serve(listener, stub.router()).with_graceful_shutdown(shutdown.cancelled_owned());
    tokio::select! {
        served = served => served,
        // It posts until it is dropped.
        () = play(&stub, source) => Ok(()),
    }
}

/// Posts what the source has; never ends.
async fn play(stub: &Stub, mut source: Source) {
    /// At high rates several posts come at once.
    const TICK: Duration = Duration::from_millis(20);
    /// A machine that slept for longer does not make up for it.
    const MADE_UP: Duration = Duration::from_secs(2);
    if matches!(source, Source::Recording { .. }) {
        stub.inner.connected.notified().await;
    }
    let mut recorded = match &mut source {
        Source::Recording { posts, .. } => std::mem::take(posts).into_iter(),
        Source::Generator { .. } => Vec::new().into_iter(),
    };
    let mut generator = match &source {
        Source::Generator { seed } => Some(Generator::new(*seed)),
        Source::Recording { .. } => None,
    };
    let keep = matches!(source, Source::Recording { keep: true, .. });
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = tokio::time::Instant::now();
    let mut due = 0_f64;
    loop {
        let now = ticks.tick().await;
        let rate = stub.world().rate;
        due += now.duration_since(last).min(MADE_UP).as_secs_f64() * rate;
        last = now;
        while due >= 1.0 {
            due -= 1.0;
            let mut world = stub.world();
            if let Some(generator) = &mut generator {
                if !world.wants_posts() {
                    continue;
                }
                let rules = world.rules.iter().flat_map(|rule| rule.rule.wanted());
                let wanted: Vec<String> =
                    rules.chain(world.tags.iter().map(|tag| format!("#{tag}"))).collect();
                let post = world.post(generator.next(&wanted), keep);
                generator.posted(&post);
            } else if let Some(post) = recorded.next() {
                world.post(post, keep);
            }
        }
    }
}
