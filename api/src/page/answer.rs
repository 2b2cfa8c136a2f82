//! What a view answers: a page, a step to another one, or why there is none.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use page::address::Address;
use page::frame::{Frame, Rendered, problem};

/// Why a view is not shown, or a form not followed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A key is needed to go to this address.
    NotSignedIn { then: String },
    /// Something is wrong with the request, or behind the API.
    Problem(Box<Problem>),
}

/// What is wrong, as a page tells it.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// What is wrong, for people to read.
    pub(super) detail: String,
    frame: Frame,
    /// Where a link leads from there.
    back: &'static str,
}

/// What a handler answers.
pub(super) type Answer = Result<Response, Refusal>;

impl Refusal {
    /// A problem that is shown to anybody.
    pub(super) fn problem(status: StatusCode, detail: impl Into<String>) -> Self {
        let (detail, frame) = (detail.into(), Frame::default());
        Self::Problem(Box::new(Problem { status, detail, frame, back: "/" }))
    }

    /// The same in a frame.
    pub(super) fn within(self, frame: &Frame) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(Box::new(Problem { frame: frame.clone(), ..*problem })),
            other => other,
        }
    }

    /// The same with a link to another view than the first.
    pub(super) fn back_to(self, back: &'static str) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(Box::new(Problem { back, ..*problem })),
            other => other,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::NotSignedIn { then } => see_other(&Address::of("/session").with("then", then).to_string()),
            Self::Problem(told) => {
                let Problem { status, detail, frame, back } = *told;
                html(status, problem(&frame, title(status), &sentence(&detail), back))
            }
        }
    }
}

/// What a page is headed that shows a problem.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            "This cannot be done as it was asked for"
        }
        StatusCode::UNAUTHORIZED => "Sign in first",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::SERVICE_UNAVAILABLE => "Not available right now",
        other => other.canonical_reason().unwrap_or("Error"),
    }
}

/// A page.
pub(super) fn html(status: StatusCode, rendered: Rendered) -> Response {
    match rendered {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "failed to render a page");
            (StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be shown").into_response()
        }
    }
}

/// A step to another address of the page, after a form.
pub(super) fn see_other(address: &str) -> Response {
    let address = HeaderValue::try_from(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

/// A detail of the API, which begins in lower case and has no full stop, as a sentence.
fn sentence(detail: &str) -> String {
    let mut characters = detail.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let end = if detail.ends_with(['.', '?', '!', ':']) { "" } else { "." };
    first.into_iter().chain(characters).chain(end.chars()).collect()
}
