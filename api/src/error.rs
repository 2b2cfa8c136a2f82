//! Everything that can keep the API from doing what a request asks for, and the one place where that becomes an answer.
//!
//! Handlers return `Result<_, ApiError>`. [`ApiError::into_response`] turns it into a [`Problem`], and logs it if a service
//! behind the API failed: its details are for the operator, not for the answer.

use std::error::Error;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use posts::publish::PublishError;
use posts::{Keyword, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::auth::authorizer::AuthorizerError;
use crate::export::error::ExportError;
use crate::problem::Problem;
use crate::request::malformed::{Malformed, quoted};
use crate::x_api::CountsError;

/// Why a request is not served. The message is the detail of the [`Problem`], except where a service behind the API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request does not have the documented form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A parameter or field has the documented form, but cannot be used.
    #[error("`{field}` {reason}")]
    Unusable {
        field: &'static str,
        /// What is wrong with it; it follows the field's name.
        reason: String,
    },
    #[error("a valid API key is required, as in: Authorization: Bearer aviary_…")]
    NoValidKey,
    #[error("this API key has the scope read; this operation requires the scope control")]
    KeyCannotControl,
    #[error("there is nothing at {path}")]
    NoSuchPath { path: String },
    #[error("{path} does not support {method}")]
    NoSuchMethod { path: String, method: Method },
    #[error("there is no post {:?}", .0.as_str())]
    NoSuchPost(PostId),
    #[error("no dead letter {id:?} is visible now; others of its keyword may come before it")]
    NoSuchDeadLetter { id: String },
    #[error("there is no receipt {id:?}")]
    NoSuchReceipt { id: String },
    #[error("the keyword {:?} is not being collected", .0.as_str())]
    KeywordNotRequested(Keyword),
    #[error("the keyword {:?} is being forgotten; start it once GET /forgotten/{id} says that it is done", keyword.as_str())]
    BeingForgotten { keyword: Keyword, id: String },
    /// What is to be forgotten is being collected.
    #[error(
        "{} being collected; stop {} first",
        .0.as_ref().map_or_else(|| "keywords are".to_owned(), |keyword| format!("the keyword {:?} is", keyword.as_str())),
        if .0.is_some() { "it" } else { "them" }
    )]
    Collected(Option<Keyword>),
    #[error(
        "posts of {:?} since {since} were requested already; to request others, stop the keyword and start it again",
        keyword.as_str()
    )]
    HistoryRequested { keyword: Keyword, since: UtcTime },
    #[error("{limit} keywords are being collected already, as many as X allows; stop one first")]
    TooManyKeywords { limit: usize },
    /// Estimates need X's counts.
    #[error("posts do not come from X; only X offers counts for an estimate")]
    NotFromX,
    #[error("the body must be at most {limit} bytes")]
    BodyTooLarge { limit: usize },
    #[error("the address must be at most {limit} bytes; got {bytes}")]
    AddressTooLong { limit: usize, bytes: usize },
    #[error("the headers must be at most {limit} bytes in total; got {bytes}")]
    HeadersTooLarge { limit: usize, bytes: usize },
    #[error(
        "the body must have the content type application/json; {}",
        content_type.as_ref().map_or_else(|| "none was sent".to_owned(), |sent| format!("got {}", quoted(sent)))
    )]
    UnsupportedMediaType { content_type: Option<String> },
    #[error(transparent)]
    Counts(#[from] CountsError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("failed to use the dead-letter queue")]
    DeadLetterQueue(#[source] Box<aws_sdk_sqs::Error>),
    #[error("failed to read metrics from CloudWatch")]
    CloudWatch(#[source] Box<aws_sdk_cloudwatch::Error>),
    #[error("failed to restate counts")]
    Restate(#[source] Box<PublishError>),
    #[error("failed to check an API key")]
    Authorizer(#[from] AuthorizerError),
    #[error("failed to export posts")]
    Export(#[from] ExportError),
    #[error("failed to write a page cursor")]
    Cursor(#[from] serde_json::Error),
    /// A route lacks the parameter that its handler reads: a defect of the API.
    #[error("failed to read a path's parameter")]
    Route(#[source] PathRejection),
}

impl From<aws_sdk_sqs::Error> for ApiError {
    fn from(error: aws_sdk_sqs::Error) -> Self {
        Self::DeadLetterQueue(Box::new(error))
    }
}

impl From<aws_sdk_cloudwatch::Error> for ApiError {
    fn from(error: aws_sdk_cloudwatch::Error) -> Self {
        Self::CloudWatch(Box::new(error))
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        Self::Restate(Box::new(error))
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoValidKey => StatusCode::UNAUTHORIZED,
            Self::KeyCannotControl => StatusCode::FORBIDDEN,
            Self::NoSuchPath { .. }
            | Self::NoSuchPost(_)
            | Self::NoSuchDeadLetter { .. }
            | Self::NoSuchReceipt { .. }
            | Self::KeywordNotRequested(_) => StatusCode::NOT_FOUND,
            Self::NoSuchMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyKeywords { .. }
            | Self::HistoryRequested { .. }
            | Self::BeingForgotten { .. }
            | Self::Collected(_)
            | Self::NotFromX => StatusCode::CONFLICT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AddressTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unusable { .. }
            | Self::Counts(CountsError::KeywordRejected { .. } | CountsError::ArchiveRefused) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Counts(_)
            | Self::Table(_)
            | Self::DeadLetterQueue(_)
            | Self::CloudWatch(_)
            | Self::Restate(_)
            | Self::Authorizer(_)
            | Self::Export(_)
            | Self::Cursor(_)
            | Self::Route(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The parameter or field that is wrong, if it is one.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Malformed(malformed) => malformed.field(),
            Self::Unusable { field, .. } => Some(field),
            Self::Counts(CountsError::KeywordRejected { .. }) => Some("keyword"),
            Self::Counts(CountsError::ArchiveRefused) => Some("since"),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Counts(CountsError::RateLimited { retry_after }) => *retry_after,
            _ => None,
        }
    }

    /// Whether a service behind the API failed. What X refuses is part of the answer.
    fn is_backend_failure(&self) -> bool {
        match self {
            Self::Counts(error) => error.is_backend_failure(),
            _ => self.status() == StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl ApiError {
    /// The status and the detail of the answer. The details of a failure behind the API go to the log.
    pub(crate) fn told(&self) -> (StatusCode, String) {
        let detail = if self.is_backend_failure() {
            tracing::error!(error = causes(self), "failed to serve a request");
            "a service behind the API failed; try again in a moment".to_owned()
        } else {
            self.to_string()
        };
        (self.status(), detail)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, detail) = self.told();
        let problem = Problem::new(status, detail);
        problem.of_field(self.field()).retry_after(self.retry_after()).into_response()
    }
}

/// An error and its causes, as in `failed to read a post: timed out`.
pub(crate) fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use serde_json::{Value, json};

    use super::*;

    /// The header `Retry-After` and the body of the answer to an error.
    async fn answer(error: ApiError) -> (Option<String>, Value) {
        let response = error.into_response();
        let status = response.status().as_u16();
        assert_eq!(response.headers()[header::CONTENT_TYPE], Problem::MEDIA_TYPE);
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["status"], status);
        (retry_after, problem)
    }

    #[tokio::test]
    async fn a_failure_of_a_backend_is_answered_without_its_details() {
        let table = TableError::Item { table: "StreamStatusTable".to_owned(), reason: "no until".to_owned() };
        let (_, problem) = answer(table.into()).await;
        assert_eq!(
            problem,
            json!({
                "type": "about:blank", "title": "Service Unavailable", "status": 503,
                "detail": "a service behind the API failed; try again in a moment",
            })
        );
        let (_, problem) = answer(CountsError::Timeout.into()).await;
        assert_eq!(problem["detail"], "a service behind the API failed; try again in a moment");
    }

    #[tokio::test]
    async fn what_x_refuses_is_answered_with_its_reason() {
        let rejected = CountsError::KeywordRejected { reason: "missing ')'".to_owned() };
        let (_, problem) = answer(rejected.into()).await;
        assert_eq!((&problem["status"], &problem["field"]), (&json!(422), &json!("keyword")));
        assert_eq!(problem["detail"], "`keyword` was rejected by X: missing ')'");
        let limited = CountsError::RateLimited { retry_after: Some(Duration::from_secs(90)) };
        let (retry_after, problem) = answer(limited.into()).await;
        assert_eq!((retry_after.as_deref(), &problem["status"]), (Some("90"), &json!(503)));
    }
}
