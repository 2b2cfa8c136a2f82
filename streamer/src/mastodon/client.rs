//! Mastodon's streams and timelines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use posts::{Keyword, Post};
use reqwest::Method;
use serde_json::Value;
use stream::gaps::HealedBy;
use utc_time::UtcTime;

use super::events::{Events, Frame};
use super::status::{Status, first_id, post_id, read};
use crate::http::Http;
use crate::ledger::CONNECT;
use crate::read::Desired;
use crate::source::{Connection, Decoder, Failure, Item, Must, Page, Source};

/// The connection that carries every keyword that is no hashtag.
const PUBLIC: &str = "public";

/// Most hashtags, each a connection of its own.
const HASHTAGS: usize = 20;

/// A Mastodon server.
#[derive(Clone, Debug)]
pub(crate) struct Mastodon {
    http: Http,
    /// The server's name, which stands before its posts' ids.
    host: String,
    /// The hashtag that this connection follows; none for the public stream.
    tag: Option<String>,
    keywords: Arc<RwLock<BTreeSet<Keyword>>>,
}

impl Mastodon {
    pub(crate) fn new(http: Http, host: String) -> Self {
        Self { http, host, tag: None, keywords: Arc::default() }
    }

    /// The desired keywords that a status belongs to.
    fn matching(&self, status: &Status) -> BTreeSet<Keyword> {
        let keywords = self.keywords.read().unwrap_or_else(PoisonError::into_inner);
        keywords.iter().filter(|keyword| matches(keyword, status)).cloned().collect()
    }

    /// Decodes the bytes of a connection.
    pub(crate) fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(Decode { events: Events::default(), mastodon: self.clone(), position: 0 })
    }

    fn stream_path(&self) -> &'static str {
        if self.tag.is_some() { "/api/v1/streaming/hashtag" } else { "/api/v1/streaming/public" }
    }
}

/// The hashtag that a keyword is, in lower case.
fn hashtag(keyword: &Keyword) -> Option<String> {
    let tag = keyword.as_str().strip_prefix('#')?;
    let is_tag = !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_tag.then(|| tag.to_lowercase())
}

/// Whether a status belongs to a keyword: it has that hashtag, or all of its words.
fn matches(keyword: &Keyword, status: &Status) -> bool {
    if let Some(tag) = hashtag(keyword) {
        return status.tags.contains(&tag);
    }
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let wanted = words(keyword.as_str());
    !wanted.is_empty() && wanted.is_subset(&words(&status.post.text))
}

impl Source for Mastodon {
    /// Posts of other servers take a while; their ids hold when they were made.
    const LATENESS: Duration = Duration::from_secs(5 * 60);
    const SETTLED: Duration = Duration::from_secs(10);
    const REACH: Option<Duration> = None;
    const HEALS: HealedBy = HealedBy::Timeline;
    /// <https://docs.joinmastodon.org/methods/timelines/>
    const PAGE: (u64, u64) = (1, 40);

    fn connections(desired: &Desired) -> BTreeMap<String, Desired> {
        let mut connections = BTreeMap::<String, Desired>::new();
        let mut tags = 0;
        for (keyword, wanted) in desired {
            let name = match hashtag(keyword) {
                Some(tag) => format!("#{tag}"),
                None => PUBLIC.to_owned(),
            };
            if name != PUBLIC && !connections.contains_key(&name) {
                if tags == HASHTAGS {
                    continue;
                }
                tags += 1;
            }
            connections.entry(name).or_default().insert(keyword.clone(), *wanted);
        }
        connections
    }

    fn on(&self, connection: &str) -> Self {
        let tag = connection.strip_prefix('#').map(str::to_owned);
        Self { tag, keywords: Arc::default(), ..self.clone() }
    }

    async fn follow(&self, desired: &BTreeSet<Keyword>, _: Must) -> Result<BTreeSet<Keyword>, Failure> {
        *self.keywords.write().unwrap_or_else(PoisonError::into_inner) = desired.clone();
        Ok(desired.clone())
    }

    async fn connect(&self, _: Option<UtcTime>) -> Result<Connection, Failure> {
        let mut request = self.http.request(Method::GET, self.stream_path());
        request = request.header("accept", "text/event-stream");
        if let Some(tag) = &self.tag {
            request = request.query(&[("tag", tag)]);
        }
        let answer = self.http.send(CONNECT, request).await?;
        Ok(Connection { answer, decoder: self.decoder(), backfilled_from: None })
    }

    async fn page(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
        next: Option<&str>,
        most: u64,
    ) -> Result<Page, Failure> {
        let path = match &self.tag {
            Some(tag) => format!("/api/v1/timelines/tag/{tag}"),
            None => "/api/v1/timelines/public".to_owned(),
        };
        let after = next.map_or_else(|| first_id(from).saturating_sub(1).to_string(), str::to_owned);
        let request = self
            .http
            .request(Method::GET, &path)
            .query(&[("min_id", after.as_str()), ("limit", &most.to_string())]);
        let statuses: Vec<Value> = self.http.json("timeline", request).await?;
        // The page that follows `min_id`, the newest first.
        let newest = statuses.first().and_then(|status| status["id"].as_str()).map(str::to_owned);
        let last = newest.as_ref().and_then(|id| id.parse::<u64>().ok()).is_none_or(|id| id >= first_id(to));
        let posts: Vec<Post> = statuses
            .iter()
            .filter_map(|status| read(status, &self.host))
            .filter(|status| status.post.create_date <= to && matches(keyword, status))
            .map(|status| status.post)
            .collect();
        Ok(Page { posts, next: newest.filter(|_| !last) })
    }
}

/// Decodes one connection's bytes.
struct Decode {
    events: Events,
    mastodon: Mastodon,
    /// Bytes of all chunks before the present one.
    position: u64,
}

impl Decoder for Decode {
    fn push(&mut self, chunk: &[u8]) -> Vec<Item> {
        let position = self.position;
        self.position += chunk.len() as u64;
        let frames = self.events.push(chunk);
        frames.into_iter().filter_map(|frame| self.item(frame, position)).collect()
    }
}

impl Decode {
    fn item(&self, frame: Frame, position: u64) -> Option<Item> {
        let skipped = |what: &str, bytes: usize| {
            tracing::warn!(what, bytes, position, "skipped an event that is no post");
            None
        };
        let (name, data) = match frame {
            Frame::Comment => return Some(Item::Alive),
            Frame::TooLong(bytes) => return skipped("too long", bytes),
            Frame::Event { name, data } => (name, data),
        };
        match name.as_str() {
            "update" | "status.update" => {
                let Ok(json) = serde_json::from_str::<Value>(&data) else {
                    return skipped("not JSON", data.len());
                };
                let Some(status) = read(&json, &self.mastodon.host) else {
                    return skipped("not a post of its author's own", data.len());
                };
                let keywords = self.mastodon.matching(&status);
                Some(Item::Post(Box::new(status.post), keywords))
            }
            "delete" => {
                let Some(id) = post_id(&self.mastodon.host, data.trim()) else {
                    return skipped("not an id", data.len());
                };
                // Which keywords the post had is not said; the consumer finds out.
                let keywords = self.mastodon.keywords.read().unwrap_or_else(PoisonError::into_inner);
                Some(Item::Removed(id, keywords.clone()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Wanted;

    fn status(text: &str, tags: &[&str]) -> Status {
        let post = serde_json::json!({ "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": text });
        Status {
            post: serde_json::from_value(post).unwrap(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    #[test]
    fn a_status_belongs_to_its_hashtags_and_to_what_its_words_say() {
        let belongs = |keyword: &str, status: &Status| matches(&keyword.parse().unwrap(), status);
        let status = status("Ferris the Crab, again", &["rust"]);
        for keyword in ["#Rust", "crab", "CRAB ferris", "\"the crab\""] {
            assert!(belongs(keyword, &status), "{keyword}");
        }
        for keyword in ["rust", "#crab", "crabs", "crab rust", "#", "\"\""] {
            assert!(!belongs(keyword, &status), "{keyword}");
        }
    }

    #[test]
    fn hashtags_have_connections_of_their_own_and_all_else_shares_one() {
        let now = Wanted { started: UtcTime::now(), missing_from: None };
        let desired: Desired = ["#rust", "#Rust", "crab", "two words", "#two words"]
            .map(|keyword| (keyword.parse().unwrap(), now))
            .into();
        let connections = Mastodon::connections(&desired);
        let counts: Vec<(&str, usize)> =
            connections.iter().map(|(name, keywords)| (name.as_str(), keywords.len())).collect();
        assert_eq!(counts, [("#rust", 2), ("public", 3)]);
    }

    #[test]
    fn however_many_hashtags_there_are_words_are_read_too() {
        let now = Wanted { started: UtcTime::now(), missing_from: None };
        // The hashtags come first.
        let tags = (0..HASHTAGS + 5).map(|number| format!("#tag{number:02}"));
        let desired: Desired =
            tags.chain(["word".to_owned()]).map(|keyword| (keyword.parse().unwrap(), now)).collect();
        let connections = Mastodon::connections(&desired);
        assert_eq!(connections.len(), HASHTAGS + 1);
        assert_eq!(connections[PUBLIC].len(), 1);
    }
}
