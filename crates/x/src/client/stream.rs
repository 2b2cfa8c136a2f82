//! The filtered stream, and its connections.

use std::time::Duration;

use json_api::Answer;
use reqwest::{Method, Response};
use utc_time::UtcTime;

use super::Client;
use super::search::to_the_second;
use crate::dialect::Dialect;

const STREAM: &str = "/2/tweets/search/stream";
const CONNECTIONS: &str = "/2/connections/filtered_stream";

impl Client {
    /// Opens the filtered stream, with what it delivered in the last `backfill_minutes`, if the account has backfill.
    pub async fn stream(&self, backfill_minutes: Option<u32>) -> Answer<Response> {
        let backfill = backfill_minutes.map(|minutes| ("backfill_minutes", minutes));
        let request =
            self.0.request(Method::GET, STREAM).query(Dialect::Tweets.fields()).query(backfill.as_slice());
        self.0.open(request).await
    }

    /// Opens a recovery: what the filtered stream delivered from `from` to `to`, if the account has recovery. It ends by itself.
    pub async fn recovery(&self, from: UtcTime, to: UtcTime) -> Answer<Response> {
        let end = to.after(Duration::from_secs(1));
        let period = [("start_time", to_the_second(from)), ("end_time", to_the_second(end))];
        let request = self.0.request(Method::GET, STREAM).query(Dialect::Tweets.fields()).query(&period);
        self.0.open(request).await
    }

    /// Ends every connection of this account to the filtered stream, as X counts them: also those that are gone, and that X has not
    /// missed yet.
    pub async fn end_stream_connections(&self) -> Answer<()> {
        let request = self.0.request(Method::DELETE, CONNECTIONS);
        // X documents both a body and none.
        self.0.bytes(request).await.map(|_| ())
    }
}
