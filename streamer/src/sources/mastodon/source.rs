//! A Mastodon server as a source.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ::stream::gaps::{HealedBy, Period, Unfetchable};
use posts::Keyword;
use posts::sources::Sent;
use posts::sources::mastodon::{Status, first_id, read_status};
use reqwest::Method;
use serde_json::Value;
use serde_json::value::RawValue;
use utc_time::UtcTime;

use super::decode::{Decode, Followed, OptOut, sent};
use super::matching::{hashtag, matches};
use crate::source::{
    BackoffRules, ConnectQuota, Connection, Extent, Failure, FetchedPage, Memory, RateLimits,
    RequestedKeywords, Rest, Selection, Source, decoded,
};

/// The connection that carries every keyword that is not a hashtag.
const PUBLIC: &str = "public";

/// The most hashtags; each takes a connection of its own.
const HASHTAGS: usize = 20;

/// A Mastodon server.
#[derive(Clone, Debug)]
pub struct Mastodon {
    client: json_api::Client,
    limits: RateLimits,
    /// The server's name, the prefix of its posts' ids.
    host: String,
    /// The hashtag that this connection follows; `None` for the public stream.
    tag: Option<String>,
    followed: Followed,
    opt_out: OptOut,
}

impl Mastodon {
    /// The server behind `client`, called `host`, with what earlier readers know of it. Posts of authors who have opted out of being found by search are
    /// left out if `honour_opt_out`, and counted.
    #[must_use]
    pub fn new(client: json_api::Client, memory: Memory, host: String, honour_opt_out: bool) -> Self {
        let Memory { limits, opted_out, learnt: _ } = memory;
        let opt_out = OptOut { is_honoured: honour_opt_out, left_out: opted_out };
        Self { client, limits, host, tag: None, followed: Followed::default(), opt_out }
    }
}

impl Source for Mastodon {
    /// Posts of other servers arrive late; their ids say when they were written.
    const LATENESS: Duration = Duration::from_secs(5 * 60);
    /// A server sends a comment every 15 s. <https://docs.joinmastodon.org/methods/streaming/>
    const SILENCE: Duration = Duration::from_secs(21);
    const FETCHABLE_AFTER: Duration = Duration::from_secs(10);
    const HEALED_BY: HealedBy = HealedBy::Timeline;
    const UNFETCHABLE: &[Unfetchable] = &[Unfetchable::TakenBack];
    /// <https://docs.joinmastodon.org/methods/timelines/>
    const PAGE: (u64, u64) = (1, 40);
    /// Chosen here: a server allows 300 requests in five minutes. <https://docs.joinmastodon.org/api/rate-limits/>
    const CONNECTS: ConnectQuota =
        ConnectQuota { most: 45, window: Duration::from_secs(15 * 60), reserve: 5 };
    /// Chosen here, since Mastodon documents none; a server's windows last five minutes, and its 429 says when they end.
    const BACKOFF: BackoffRules = BackoffRules {
        network: (Duration::from_millis(250), Duration::from_secs(16)),
        hung_up: Duration::from_secs(1),
        server: (Duration::from_secs(5), Duration::from_secs(320)),
        rate_limited: (Duration::from_secs(60), Duration::from_secs(5 * 60)),
    };

    fn connections(requested: &RequestedKeywords) -> BTreeMap<String, RequestedKeywords> {
        let mut connections = BTreeMap::<String, RequestedKeywords>::new();
        let mut tags = 0;
        for (keyword, state) in requested {
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
            connections.entry(name).or_default().insert(keyword.clone(), *state);
        }
        connections
    }

    fn on(&self, connection: &str) -> Self {
        let tag = connection.strip_prefix('#').map(str::to_owned);
        Self { tag, followed: Followed::default(), ..self.clone() }
    }

    async fn select(&self, requested: &RequestedKeywords, _: Extent) -> Result<Selection, Failure> {
        let keywords: BTreeSet<Keyword> = requested.keys().cloned().collect();
        self.followed.set(&keywords);
        Ok(Selection { delivered: keywords, ..Selection::default() })
    }

    async fn connect(&self, _: Option<UtcTime>) -> Result<Connection, Failure> {
        let path = match &self.tag {
            Some(_) => "/api/v1/streaming/hashtag",
            None => "/api/v1/streaming/public",
        };
        let request = self
            .client
            .request(Method::GET, path)
            .header("accept", "text/event-stream")
            .query(self.tag.as_ref().map(|tag| ("tag", tag)).as_slice());
        let answer = self.limits.ask(RateLimits::CONNECT, self.client.open(request)).await?;
        let decode = Decode::new(self.host.clone(), self.followed.clone(), self.opt_out.clone());
        Ok(Connection { items: decoded(answer, decode), backfilled_from: None })
    }

    async fn fetch(
        &self,
        keyword: &Keyword,
        period: Period,
        page: Option<&str>,
        most: u64,
    ) -> Result<FetchedPage, Failure> {
        let Period { from, to } = period;
        let path = match &self.tag {
            Some(tag) => format!("/api/v1/timelines/tag/{tag}"),
            None => "/api/v1/timelines/public".to_owned(),
        };
        let after = page.map_or_else(|| first_id(from).saturating_sub(1).to_string(), str::to_owned);
        let request = self
            .client
            .request(Method::GET, &path)
            .query(&[("min_id", after.as_str()), ("limit", &most.to_string())]);
        let statuses: Vec<Box<RawValue>> = self.limits.ask("timeline", self.client.json(request)).await?;
        let values =
            statuses.iter().map(|json| serde_json::from_str::<Value>(json.get()).unwrap_or_default());
        let values: Vec<Value> = values.collect();
        // The page that follows `min_id`, newest first.
        let newest = values.first().and_then(|status| status["id"].as_str()).map(str::to_owned);
        let last = newest.as_ref().and_then(|id| id.parse::<u64>().ok()).is_none_or(|id| id >= first_id(to));
        let read: Vec<(Status, &RawValue)> = values
            .iter()
            .zip(&statuses)
            .filter_map(|(status, json)| Some((read_status(status, &self.host)?, json.as_ref())))
            .collect();
        let latest = read.first().map(|(status, _)| status.post.create_date);
        let period = Period { from: latest.map_or(from, |latest| latest.max(from)), to };
        let posts: Vec<Sent> = read
            .iter()
            .filter(|(status, _)| status.post.create_date <= to && matches(keyword, status))
            .filter(|(status, _)| !self.opt_out.leaves_out(status))
            .map(|(status, json)| sent(status, &self.host, json.get().to_owned()))
            .collect();
        let rest = newest.filter(|_| !last).map(|page| Rest { page, period });
        Ok(FetchedPage { posts, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::KeywordState;

    #[test]
    fn hashtags_have_connections_of_their_own_and_all_else_shares_one() {
        let now = KeywordState::new(UtcTime::now());
        let requested: RequestedKeywords = ["#rust", "#Rust", "crab", "two words", "#two words"]
            .map(|keyword| (keyword.parse().unwrap(), now))
            .into();
        let connections = Mastodon::connections(&requested);
        let counts: Vec<(&str, usize)> =
            connections.iter().map(|(name, keywords)| (name.as_str(), keywords.len())).collect();
        assert_eq!(counts, [("#rust", 2), ("public", 3)]);
    }

    #[test]
    fn however_many_hashtags_there_are_words_are_read_too() {
        let now = KeywordState::new(UtcTime::now());
        // The hashtags come first.
        let tags = (0..HASHTAGS + 5).map(|number| format!("#tag{number:02}"));
        let requested: RequestedKeywords =
            tags.chain(["word".to_owned()]).map(|keyword| (keyword.parse().unwrap(), now)).collect();
        let connections = Mastodon::connections(&requested);
        assert_eq!(connections.len(), HASHTAGS + 1);
        assert_eq!(connections[PUBLIC].len(), 1);
    }
}
