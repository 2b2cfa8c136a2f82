//! Requests to X.

use std::time::Duration;

use posts::UtcTime;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::reconnect::Class;

/// How long X may take to begin an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The fields of a post that this product keeps.
const FIELDS: &[(&str, &str)] = &[
    (
        "tweet.fields",
        "author_id,conversation_id,created_at,edit_history_tweet_ids,geo,lang,note_tweet,referenced_tweets",
    ),
    ("expansions", "author_id,geo.place_id,referenced_tweets.id"),
    ("user.fields", "location,name,username"),
    ("place.fields", "country_code"),
];

/// A client of X's API.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    /// Marked sensitive, so that it shows in no log.
    authorization: HeaderValue,
}

/// A rule as X lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) tag: Option<String>,
}

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It may succeed later.
    #[error("{reason}")]
    Passing {
        /// How long to wait.
        class: Class,
        /// What happened.
        reason: String,
    },
    /// Trying again will not help.
    #[error("X refused: {0}")]
    Final(String),
}

impl Client {
    /// A client of the API at `base`, bearing `token`.
    pub(crate) fn new(base: &str, token: &str) -> Result<Self, Failure> {
        posts::aws::install_tls();
        let http = reqwest::Client::builder()
            .user_agent(concat!("aviary/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(ANSWER_TIMEOUT)
            .gzip(true)
            .build()
            .map_err(|error| Failure::Final(format!("cannot make a client: {error}")))?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| Failure::Final("the bearer token holds characters that no token has".to_owned()))?;
        authorization.set_sensitive(true);
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), authorization })
    }

    /// Opens the stream.
    pub(crate) async fn connect(&self) -> Result<Response, Failure> {
        self.send(self.http.get(self.url("/2/tweets/search/stream")).query(FIELDS)).await
    }

    /// All rules.
    pub(crate) async fn rules(&self) -> Result<Vec<Rule>, Failure> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            data: Vec<Rule>,
        }
        let request = self.http.get(self.url("/2/tweets/search/stream/rules")).timeout(ANSWER_TIMEOUT);
        Ok(json_of::<Listed>(self.send(request).await?).await?.data)
    }

    /// Adds rules of these values and tags; returns those that were added, and for the others why not.
    pub(crate) async fn add_rules(
        &self,
        rules: &[(String, String)],
    ) -> Result<(Vec<Rule>, Vec<(String, String)>), Failure> {
        let add: Vec<Value> =
            rules.iter().map(|(value, tag)| json!({ "value": value, "tag": tag })).collect();
        #[derive(Deserialize)]
        struct Updated {
            #[serde(default)]
            data: Vec<Rule>,
            #[serde(default)]
            errors: Vec<Value>,
        }
        let updated: Updated = json_of(self.update_rules(json!({ "add": add })).await?).await?;
        let refused = updated
            .errors
            .iter()
            .filter_map(|error| {
                let text = |field: &str| error[field].as_str().map(str::to_owned);
                let why = error["details"][0].as_str().map(str::to_owned).or_else(|| text("detail"));
                Some((text("value")?, why.or_else(|| text("title"))?))
            })
            .collect();
        Ok((updated.data, refused))
    }

    /// Deletes rules.
    pub(crate) async fn delete_rules(&self, ids: &[String]) -> Result<(), Failure> {
        self.update_rules(json!({ "delete": { "ids": ids } })).await.map(|_| ())
    }

    async fn update_rules(&self, body: Value) -> Result<Response, Failure> {
        let request = self.http.post(self.url("/2/tweets/search/stream/rules")).timeout(ANSWER_TIMEOUT);
        self.send(request.json(&body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(network(&error)),
            Err(_) => return Err(passing(Class::Network, "X did not answer".to_owned())),
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let reset = reset(answer.headers());
        let detail = detail(answer).await;
        let reason = format!("X answered {status}: {detail}");
        Err(match status {
            StatusCode::TOO_MANY_REQUESTS => passing(Class::RateLimited(reset), reason),
            status if status.is_server_error() => passing(Class::Server, reason),
            _ => Failure::Final(reason),
        })
    }
}

/// A failure on the way, without the URL: it says nothing that the reader does not know.
pub(crate) fn network(error: &reqwest::Error) -> Failure {
    let mut reason = String::from("the connection to X failed");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    passing(Class::Network, reason)
}

fn passing(class: Class, reason: String) -> Failure {
    Failure::Passing { class, reason }
}

async fn json_of<T: serde::de::DeserializeOwned>(answer: Response) -> Result<T, Failure> {
    answer.json().await.map_err(|error| network(&error))
}

fn reset(headers: &HeaderMap) -> Option<UtcTime> {
    let seconds: i64 = headers.get("x-rate-limit-reset")?.to_str().ok()?.parse().ok()?;
    UtcTime::from_millis(seconds.checked_mul(1000)?).ok()
}

/// What X says of an error, shortened: it ends up in a state that people read.
async fn detail(answer: Response) -> String {
    let body: Value = answer.json().await.unwrap_or_default();
    let text = body["detail"].as_str().or_else(|| body["title"].as_str()).unwrap_or("without an explanation");
    text.chars().take(200).collect()
}
