//! An API's refusals.

use std::fmt;

use reqwest::StatusCode;
use serde_json::Value;

/// An API's refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The reason, for people to read: the API's own explanation where it says more than the status, and what to do if that is
    /// known.
    pub reason: String,
    /// The body of the refusal; null if it is not JSON.
    pub explanation: Value,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, bears_token: bool, explanation: Value) -> Self {
        let mut reason = format!("the source answered {status}");
        let first = &explanation["errors"][0];
        let texts = [&first["message"], &explanation["detail"], &explanation["title"], &explanation["error"]];
        let says_more =
            |text: &&str| !status.canonical_reason().unwrap_or_default().eq_ignore_ascii_case(text.trim());
        if let Some(text) = texts.into_iter().filter_map(Value::as_str).find(says_more) {
            reason.push_str(": ");
            reason.extend(text.chars().take(200));
        }
        if status == StatusCode::UNAUTHORIZED {
            reason.push_str(if bears_token {
                "; it refuses the bearer token: set a valid one"
            } else {
                "; it takes a bearer token, and there is none"
            });
        }
        Self { status, reason, explanation }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_says_each_thing_once_and_what_to_do() {
        let told = |status: StatusCode, explanation: Value| Refusal::new(status, true, explanation).reason;
        // As X answers: <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>.
        let unauthorized = json!({ "title": "Unauthorized", "detail": "Unauthorized", "status": 401 });
        assert_eq!(
            told(StatusCode::UNAUTHORIZED, unauthorized),
            "the source answered 401 Unauthorized; it refuses the bearer token: set a valid one"
        );
        let invalid = json!({ "error": "The access token is invalid" });
        assert_eq!(
            Refusal::new(StatusCode::UNAUTHORIZED, false, invalid).reason,
            "the source answered 401 Unauthorized: The access token is invalid; it takes a bearer token, and there is none"
        );
        let not_enrolled = json!({ "title": "Client Forbidden", "detail": "must be attached to a Project" });
        assert_eq!(
            told(StatusCode::FORBIDDEN, not_enrolled),
            "the source answered 403 Forbidden: must be attached to a Project"
        );
        assert_eq!(told(StatusCode::BAD_GATEWAY, Value::Null), "the source answered 502 Bad Gateway");
        let long = told(StatusCode::BAD_REQUEST, json!({ "errors": [{ "message": "é".repeat(300) }] }));
        assert_eq!(long, format!("the source answered 400 Bad Request: {}", "é".repeat(200)));
    }
}
