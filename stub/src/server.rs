//! The stub's HTTP server.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::options::Options;
use crate::playing::play;
use crate::stub::{Inner, Stub};
use crate::world::World;
use crate::{control, mastodon, rules, search, stream};

/// Serves on `listener` until `shutdown`, which ends open streams too.
///
/// # Errors
/// The listener failed.
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
    let served =
        axum::serve(listener, router(stub.clone())).with_graceful_shutdown(shutdown.cancelled_owned());
    tokio::select! {
        served = served => served,
        // It posts until it is dropped.
        () = play(&stub, source) => Ok(()),
    }
}

fn router(stub: Stub) -> Router {
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
        .with_state(stub)
}
