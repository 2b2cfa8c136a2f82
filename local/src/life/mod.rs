//! One line of life in the terminal: what the machine does, brings, lacks and costs.

mod line;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use page::stream::Stream;
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;

use self::line::line;
use crate::disk::STREAM_BYTES;
use crate::screen::Screen;

/// The shortest pause between two looks.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest one, however slow the last look was.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How many times as long as the last look took the pause is: with many keywords, looking takes a twentieth of the time.
const PAUSE_PER_LOOK: u32 = 19;

/// The line, which is cleared when this is dropped.
#[derive(Debug)]
pub struct Life {
    /// The API, which checks no keys.
    pub(crate) api: Router,
    /// Whether posts are made up, or recorded, so that nothing is charged.
    pub(crate) made_up: bool,
    /// Where the line is drawn.
    pub(crate) screen: Screen,
}

impl Life {
    /// Keeps the line up to date; never ends. Where none can be drawn, nothing is asked.
    pub async fn keep(self) -> Infallible {
        loop {
            let begun = Instant::now();
            if self.screen.takes_a_line() {
                let stream = stream(self.api.clone()).await;
                self.screen.draw(|look| line(stream.as_ref(), self.made_up, look));
            }
            sleep((begun.elapsed() * PAUSE_PER_LOOK).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.screen.end();
    }
}

/// What the API says of a request that it refuses.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// What `GET /stream` answers, or why it does not.
async fn stream(api: Router) -> Result<Stream, String> {
    let request = Request::get("/stream").body(Body::empty()).map_err(|error| error.to_string())?;
    let Ok(answer) = api.oneshot(request).await;
    let status = answer.status();
    let body = to_bytes(answer.into_body(), STREAM_BYTES).await.map_err(|error| error.to_string())?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).map_err(|error| error.to_string());
    }
    Err(serde_json::from_slice(&body).map_or_else(|_| status.to_string(), |Problem { detail }| detail))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn what_the_api_refuses_or_answers_wrongly_is_told() {
        let api = |status: StatusCode, answer: &'static str| {
            Router::new().route("/stream", get(move || async move { (status, answer) }))
        };
        for (status, answer, expected) in [
            (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"detail":"the table cannot be read"}"#,
                "the table cannot be read",
            ),
            (StatusCode::BAD_GATEWAY, "", "502 Bad Gateway"),
            (StatusCode::OK, r#"{"state":"running"}"#, "missing field `source` at line 1 column 19"),
        ] {
            assert_eq!(stream(api(status, answer)).await.unwrap_err(), expected);
        }
    }
}
