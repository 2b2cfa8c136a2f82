//! What search and counts look for: a query and a period.

use jiff::{SignedDuration, Timestamp};

use super::answer::Failure;
use super::description::Asked;
use crate::clock::now;
use crate::rule::{Rule, Scope};
use crate::stub::Stub;
use crate::world::World;
use crate::world::posted::Posted;
use crate::world::snowflake::first_of;

/// Which posts search knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the last seven days.
    Recent,
    /// All, back to the first post of all.
    Archive,
}

/// The first post's time.
const FIRST_POST: &str = "2006-03-21T00:00:00Z";

/// How long before now a period must end.
/// <https://docs.x.com/x-api/posts/search/integrate/build-a-query>
const SETTLED: SignedDuration = SignedDuration::from_secs(10);

impl Reach {
    /// The longest query on X's pay-per-use plan, in characters.
    /// <https://docs.x.com/x-api/fundamentals/rate-limits>
    fn query_characters(self) -> usize {
        match self {
            Self::Recent => 512,
            Self::Archive => 1024,
        }
    }

    /// The earliest time that may be requested.
    pub(crate) fn horizon(self) -> Timestamp {
        match self {
            Self::Recent => now() - SignedDuration::from_hours(24 * 7),
            Self::Archive => FIRST_POST.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// The posts that a request looks for.
#[derive(Debug)]
pub(crate) struct Query {
    rule: Rule,
    /// Ids above this.
    pub(crate) above: u64,
    /// Ids below this.
    pub(crate) below: u64,
    /// Posted before this: search does not know newer posts yet.
    known: Timestamp,
}

impl Query {
    /// # Errors
    /// X's 400, which names the parameter.
    pub(crate) fn new(stub: &Stub, asked: &Asked, reach: Reach) -> Result<Self, Failure> {
        let query = asked.text("query").unwrap_or_default();
        let most = reach.query_characters();
        if query.chars().count() > most {
            let message = format!(
                "There were errors processing your request: Rule length must be at most {most} characters"
            );
            return Err(Failure::invalid("query", query, &message));
        }
        let rule = Rule::parse(query, Scope::Search)
            .map_err(|error| Failure::invalid("query", query, &error.to_string()))?;
        let (since, until) = (asked.number("since_id"), asked.number("until_id"));
        let (start, end) = (asked.time("start_time"), asked.time("end_time"));
        for (id, time) in [("since_id", "start_time"), ("until_id", "end_time")] {
            if let (Some(_), Some(value)) = (asked.text(id), asked.text(time)) {
                let message = format!("At most one of `{id}`, `{time}` can be specified");
                return Err(Failure::invalid(time, value, &message));
            }
        }
        let horizon = reach.horizon();
        if let Some(id) = since.filter(|id| *id < first_of(horizon)) {
            let message = format!("'since_id' must be a tweet id created after [{horizon:.0}]");
            return Err(Failure::invalid("since_id", &id.to_string(), &message));
        }
        if let Some(start) = start.filter(|start| *start < horizon) {
            let message = format!("'start_time' must be on or after [{horizon:.0}]");
            return Err(Failure::invalid("start_time", &start.to_string(), &message));
        }
        if let Some(end) = end.filter(|end| *end > now() - SETTLED) {
            let message = "'end_time' must be a minimum of 10 seconds prior to the request time";
            return Err(Failure::invalid("end_time", &end.to_string(), message));
        }
        let above = since.or(start.map(|at| first_of(at).saturating_sub(1))).unwrap_or(0);
        let token = asked.text("next_token").or(asked.text("pagination_token"));
        let below = match token {
            Some(token) => u64::from_str_radix(token, 32)
                .map_err(|_| Failure::invalid("next_token", token, "not a pagination token"))?,
            None => until.or(end.map(first_of)).unwrap_or(u64::MAX),
        };
        let known = now().checked_sub(stub.inner.search_delay).unwrap_or(Timestamp::MIN);
        Ok(Self { rule, above, below, known })
    }
}

impl World {
    /// The posts that a query finds, newest first; each is examined only when it is its turn. Reposts are in the stream alone, and of
    /// an edited post search knows the last version.
    pub(crate) fn found<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = &'a Posted> {
        let mut found: Vec<_> = self
            .posts
            .iter()
            .filter(|post| post.id > query.above && post.id < query.below && post.at <= query.known)
            .filter(|post| post.is_searchable())
            .collect();
        found.sort_by_key(|post| std::cmp::Reverse(post.id));
        found.into_iter().filter(|post| {
            let facts = post.facts();
            !facts.is_retweet && query.rule.matches(&facts, Scope::Search)
        })
    }
}

/// A number as X writes its tokens: 0-9, a-v.
pub(crate) fn token(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(b"0123456789abcdefghijklmnopqrstuv"[(number % 32) as usize]);
        number /= 32;
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}
