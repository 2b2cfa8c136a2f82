//! The stub's HTTP server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::options::{Account, Options};
use crate::source::play;
use crate::stub::{Inner, Stub};
use crate::world::World;
use crate::world::billing::Billing;
use crate::world::readers::Readers;
use crate::{control, mastodon, x};

/// Serves on `listener` until `shutdown`, which ends open streams too.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let slots = match options.account {
        Account::PayPerUse => 1,
        Account::Enterprise => 2,
    };
    let world = World {
        rate: options.rate,
        readers: Readers::new(slots),
        dialect: options.dialect,
        billing: Billing::new(options.credits, options.monthly_cap, options.users_charged),
        ..World::default()
    };
    let inner = Inner {
        token: options.token,
        keep_alive: options.keep_alive,
        search_delay: options.search_delay,
        account: options.account,
        job_duration: options.job_duration,
        world: Mutex::new(world),
        connected: Notify::new(),
        ended: shutdown.clone(),
    };
    let stub = Stub { inner: Arc::new(inner) };
    let service = router(stub.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
    tokio::select! {
        served = served => served,
        // It posts until it is dropped.
        () = play(&stub, options.source) => Ok(()),
    }
}

fn router(stub: Stub) -> Router {
    Router::new()
        .route("/control/faults", post(control::fault))
        .route("/control/posts", get(control::posts))
        .route("/control/rate", post(control::rate))
        .route("/control/watch", post(control::watch))
        .route("/control/takedowns", post(control::takedowns::take_down))
        .route("/control/usage", get(control::account::usage))
        .route("/control/credits", post(control::account::credits))
        .route("/control/spending-limit", post(control::account::spending_limit))
        .route("/control/monthly-cap", post(control::account::monthly_cap))
        .route("/control/correct", post(mastodon::correct))
        .route("/control/statuses", get(mastodon::statuses))
        .route("/api/v1/streaming/public", get(mastodon::public_stream))
        .route("/api/v1/streaming/hashtag", get(mastodon::hashtag_stream))
        .route("/api/v1/timelines/public", get(mastodon::public_timeline))
        .route("/api/v1/timelines/tag/{tag}", get(mastodon::hashtag_timeline))
        .merge(x::router(&stub))
        .with_state(stub)
}
