//! A client of the API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

/// How long to wait for anything.
/// Counts are in CloudWatch a minute after they changed, and a few seconds more.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) api: String,
}

impl Client {
    pub(crate) fn new(api: impl std::fmt::Display) -> Self {
        service::aws::install_tls();
        Self { http: reqwest::Client::builder().no_proxy().build().unwrap(), api: format!("http://{api}") }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http.get(format!("{}{path}", self.api)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn start(&self, keyword: &str) -> Value {
        let request = self.http.post(format!("{}/stream", self.api)).json(&json!({ "keyword": keyword }));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 202);
        answer.json().await.unwrap()
    }

    pub(crate) async fn stop(&self, query: &str) -> (u16, Value) {
        let answer = self.http.delete(format!("{}/stream{query}", self.api)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// All posts of a keyword, read page by page; asserts their order and that each is returned once.
    pub(crate) async fn tweets(&self, keyword: &str) -> BTreeMap<String, Value> {
        let mut tweets = BTreeMap::new();
        let (mut cursor, mut last) = (String::new(), String::from("9999"));
        loop {
            let page = self.get(&format!("/tweets?keyword={keyword}&versions=all&limit=100{cursor}")).await;
            for tweet in page["tweets"].as_array().unwrap() {
                let date = tweet["createDate"].as_str().unwrap().to_owned();
                assert!(date <= last, "newest first: {date} after {last}");
                last = date;
                let id = tweet["tweetId"].as_str().unwrap().to_owned();
                assert!(tweets.insert(id.clone(), tweet.clone()).is_none(), "{id} was returned twice");
            }
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return tweets,
            }
        }
    }

    /// Whether the counts of a keyword equal its posts, country by country.
    pub(crate) async fn counts_equal_posts(&self, keyword: &str) -> bool {
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for tweet in self.tweets(keyword).await.values() {
            *expected.entry(tweet["country"].as_str().unwrap_or("unknown").to_owned()).or_default() += 1;
        }
        let answer = self.get(&format!("/tweetsStatistics?keyword={keyword}&versions=all")).await;
        let rows = answer["statistics"].as_array().unwrap().iter();
        let counted: BTreeMap<String, u64> = rows
            .map(|row| (row["country"].as_str().unwrap().to_owned(), row["tweets"].as_u64().unwrap()))
            .collect();
        counted == expected && answer["total"].as_u64().unwrap() == expected.values().sum::<u64>()
    }
}

pub(crate) async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < end, "still waiting: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
