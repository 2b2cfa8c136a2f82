//! The API as axum routers. On Lambda, [`read`] and [`control`] are two functions with two roles, and the gateway checks
//! the keys; on one machine [`whole`] is both.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::{Router, middleware};

use crate::auth::{Authorizer, require_key};
use crate::docs_page::docs_page;
use crate::error::ApiError;
use crate::openapi::description;
use crate::request::{BODY_BYTES, limit_head};
use crate::routes;
use crate::state::{ControlApi, ReadApi};

/// The operations that change nothing and cost nothing. It checks no keys.
pub fn read(api: ReadApi) -> Router {
    let (reading, _) = routes::reading().with_state(api).split_for_parts();
    with_layers(reading)
}

/// The operations that change something, or cost money. It checks no keys.
pub fn control(api: ControlApi) -> Router {
    let (controlling, _) = routes::controlling().with_state(api).split_for_parts();
    with_layers(controlling)
}

/// The whole API. Without an authorizer, no keys are checked.
pub fn whole(read: ReadApi, control: ControlApi, authorizer: Option<Authorizer>) -> Router {
    let (reading, _) = routes::reading().with_state(read).split_for_parts();
    let (controlling, _) = routes::controlling().with_state(control).split_for_parts();
    let mut routes = reading.merge(controlling);
    if let Some(authorizer) = authorizer {
        routes = routes.route_layer(middleware::from_fn_with_state(authorizer, require_key));
    }
    with_layers(routes.merge(open_routes()))
}

/// The operations that need no key.
pub fn open() -> Router {
    with_layers(open_routes())
}

fn open_routes() -> Router {
    let (open, _) = routes::open().with_state(Arc::new(description())).split_for_parts();
    open.merge(docs_page())
}

fn with_layers(routes: Router) -> Router {
    routes
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn(limit_head))
}

async fn no_such_path(uri: Uri) -> ApiError {
    ApiError::NoSuchPath { path: uri.path().to_owned() }
}

async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    ApiError::NoSuchMethod { path: uri.path().to_owned(), method }
}
