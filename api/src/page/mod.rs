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
mod gaps;
mod headers;
mod now;
mod operate;
mod origin;
mod range;
mod session;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use tower::ServiceExt as _;
use tower_http::compression::CompressionLayer;

use crate::auth::Authorizer;
use crate::request::{BODY_BYTES, limit_head};

/// What the page works with.
#[derive(Clone, Debug)]
pub struct Page {
    /// The API, which checks no keys: the page does. [`Page::views`] ask what [`read`](crate::read) answers, [`Page::forms`] what
    /// [`control`](crate::control) does.
    pub api: Router,
    /// Decides what a key allows; if absent, everything is allowed.
    pub authorizer: Option<Authorizer>,
    /// Whether posts are made up by the stub.
    pub made_up: bool,
    /// How often a view that is followed is looked at again.
    pub look_every: Duration,
}

impl Page {
    /// The page in a Lambda function. A look costs about $0.00001 there, which docs/COST.md counts.
    #[must_use]
    pub fn in_lambda(api: Router, authorizer: Authorizer) -> Self {
        const LOOK_EVERY: Duration = Duration::from_secs(15);
        Self { api, authorizer: Some(authorizer), made_up: false, look_every: LOOK_EVERY }
    }

    /// What is looked at, and signing in.
    pub fn views(self) -> Router {
        self.router(view_routes())
    }

    /// What changes something or costs money, and what is asked before.
    pub fn forms(self) -> Router {
        self.router(form_routes())
    }

    /// The paths of [`Page::views`].
    #[must_use]
    pub fn view_paths() -> Vec<&'static str> {
        view_routes().into_iter().map(|(path, _)| path).collect()
    }

    /// The paths of [`Page::forms`].
    #[must_use]
    pub fn form_paths() -> Vec<&'static str> {
        form_routes().into_iter().map(|(path, _)| path).collect()
    }

    fn router(self, routes: Routes) -> Router {
        let routes =
            routes.into_iter().fold(Router::new(), |router, (path, route)| router.route(path, route));
        routes
            .with_state(Arc::new(self))
            .layer(middleware::from_fn(origin::refuse_forged))
            .layer(middleware::map_response(headers::complete))
            .layer(CompressionLayer::new())
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .layer(middleware::from_fn(limit_head))
    }
}

/// Paths, and what answers there.
type Routes = Vec<(&'static str, MethodRouter<Arc<Page>>)>;

fn view_routes() -> Routes {
    vec![
        ("/", get(now::show)),
        ("/browse", get(browse::show)),
        ("/export", get(browse::export)),
        ("/charts", get(charts::show)),
        ("/charts/{file}", get(charts::file)),
        ("/operate", get(operate::show)),
        ("/stop", get(control::confirm_stop)),
        ("/session", get(session::ask_for_key).post(session::begin)),
        ("/session/end", post(session::end)),
        ("/icon.svg", get(files::icon)),
        ("/assets/{name}", get(files::asset)),
    ]
}

fn form_routes() -> Routes {
    vec![
        ("/start", get(control::confirm_start).post(control::start)),
        ("/stop", post(control::stop)),
        ("/deadLetters/redriveAll", post(operate::redrive_all)),
        ("/deadLetters/sendAgain", post(operate::send_again)),
        ("/deadLetters/drop", post(operate::drop)),
    ]
}

/// The page's routes, and `api` for all others.
pub fn page_beside(page: Router, api: Router) -> Router {
    let other_methods = api.clone();
    page.fallback_service(api)
        .method_not_allowed_fallback(async move |request: Request| other_methods.oneshot(request).await)
}
