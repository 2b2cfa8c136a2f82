//! The page for people. It asks the API as anybody would, in this process, and shows what it answers.
//!
//! A request goes through these, in this order:
//!
//! 1. [`origin`]: a form that another site sends is refused.
//! 2. [`session`]: the key in the cookie, judged as the header `Authorization` of the API is.
//! 3. A view ([`now`], [`browse`], [`charts`], [`operate`]) or a form ([`control`]), which asks through [`Session`].
//! 4. [`headers`]: what the answer may load, and who may keep it.

mod answer;
mod browse;
mod charts;
mod control;
mod files;
mod form;
mod headers;
mod now;
mod operate;
mod origin;
mod range;
mod session;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower::ServiceExt as _;

use crate::auth::Authorizer;
use crate::request::{BODY_BYTES, limit_head};

/// What the page works with.
#[derive(Clone, Debug)]
pub struct Page {
    /// The API, which checks no keys: the page does.
    pub api: Router,
    /// Decides what a key allows; if absent, everything is allowed.
    pub authorizer: Option<Authorizer>,
    /// Whether posts are made up by the stub.
    pub made_up: bool,
}

impl Page {
    /// The page's routes, and `api` for all others.
    pub fn beside(self, api: Router) -> Router {
        let other_methods = api.clone();
        self.routes()
            .fallback_service(api)
            .method_not_allowed_fallback(async move |request: Request| other_methods.oneshot(request).await)
    }

    fn routes(self) -> Router {
        Router::new()
            .route("/", get(now::show))
            .route("/browse", get(browse::show))
            .route("/export", get(browse::export))
            .route("/charts", get(charts::show))
            .route("/charts/posts.svg", get(charts::picture))
            .route("/operate", get(operate::show))
            .route("/deadLetters/redriveAll", post(operate::redrive_all))
            .route("/deadLetters/sendAgain", post(operate::send_again))
            .route("/deadLetters/drop", post(operate::drop))
            .route("/start", get(control::confirm_start).post(control::start))
            .route("/stop", get(control::confirm_stop).post(control::stop))
            .route("/session", get(session::ask_for_key).post(session::begin))
            .route("/session/end", post(session::end))
            .route("/icon.svg", get(files::icon))
            .route("/assets/{name}", get(files::asset))
            .with_state(Arc::new(self))
            .layer(middleware::from_fn(origin::refuse_forged))
            .layer(middleware::map_response(headers::complete))
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .layer(middleware::from_fn(limit_head))
    }
}
