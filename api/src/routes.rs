//! Which operation is where, with its description: those that read, those that control, and those that need no key.

use std::sync::Arc;

use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::resources::{about, dead_letters, estimate, forgotten, gaps, statistics, stream, tweets};
use crate::state::{ControlApi, ReadApi};

/// The operations that change nothing and cost nothing.
pub(crate) fn reading() -> OpenApiRouter<ReadApi> {
    OpenApiRouter::new()
        .routes(routes!(stream::show))
        .routes(routes!(gaps::list))
        .routes(routes!(tweets::list))
        .routes(routes!(tweets::show))
        .routes(routes!(forgotten::list))
        .routes(routes!(forgotten::show))
        .routes(routes!(statistics::count))
        .routes(routes!(dead_letters::list))
}

/// The operations that change something, or cost money.
pub(crate) fn controlling() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(stream::start, stream::stop))
        .routes(routes!(estimate::estimate))
        .routes(routes!(tweets::remove))
        .routes(routes!(forgotten::forget))
        .routes(routes!(statistics::restate))
        .routes(routes!(dead_letters::redrive_all))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(dead_letters::drop))
}

/// The operations that need no key; they work with the description of the whole API.
pub(crate) fn open() -> OpenApiRouter<Arc<OpenApi>> {
    OpenApiRouter::new().routes(routes!(about::health)).routes(routes!(about::openapi))
}
