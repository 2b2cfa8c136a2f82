//! X as a source.

use std::collections::BTreeMap;
use std::time::Duration;

use ::stream::gaps::{HealedBy, Period, Unfetchable};
use ::x::limits::{
    CONNECT_WINDOW, CONNECTS, KEEP_ALIVE, LATENESS, RULES, RULES_A_REQUEST, SEARCH_PAGE, SEARCH_REACH,
    SEARCHABLE_AFTER,
};
use ::x::{NewRule, Refused, Rule, RulesAdded};
use json_api::Answer;
use posts::Keyword;
use utc_time::UtcTime;

use super::connect::Endings;
use super::decode::Decode;
use super::failure::failure;
use super::rules::{Plan, RuleKeywords, WantedRules};
use crate::source::{
    BackoffRules, ConnectQuota, Connection, Extent, Failure, FetchedPage, Memory, Refusal, RequestedKeywords,
    Selection, Source, decoded,
};

/// Connections that are left for a person who investigates.
const CONNECTS_LEFT: u32 = 5;

/// X's limited endpoints, by the names under which their limits are saved, beside [`RateLimits::CONNECT`].
const READ_RULES: &str = "readRules";
const WRITE_RULES: &str = "writeRules";
pub(super) const SEARCH: &str = "search";
pub(super) const END_CONNECTIONS: &str = "endConnections";

/// X.
#[derive(Clone, Debug)]
pub struct X {
    pub(super) client: ::x::Client,
    pub(super) memory: Memory,
    keywords: RuleKeywords,
    pub(super) endings: Endings,
    /// How many minutes of missed posts X delivers again; 0 except for Enterprise accounts.
    pub(super) backfill_minutes: u32,
}

impl X {
    /// X behind `client`, with what earlier readers know of it.
    #[must_use]
    pub fn new(client: ::x::Client, memory: Memory, backfill_minutes: u32) -> Self {
        let (keywords, endings) = (RuleKeywords::default(), Endings::default());
        Self { client, memory, keywords, endings, backfill_minutes }
    }

    /// Makes a request as soon as it is allowed; a failure is what X means by it.
    pub(super) async fn ask<T>(
        &self,
        endpoint: &'static str,
        request: impl Future<Output = Answer<T>>,
    ) -> Result<T, Failure> {
        let Answer { outcome, limit } = self.memory.limits.answer(endpoint, request).await;
        outcome.map_err(|error| failure(error, limit))
    }

    /// All rules.
    async fn rules(&self) -> Result<Vec<Rule>, Failure> {
        let mut rules = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let request = self.client.rules(next.as_deref());
            let page = self.ask(READ_RULES, request).await?;
            rules.extend(page.rules);
            next = page.next;
            if next.is_none() {
                return Ok(rules);
            }
        }
    }

    async fn delete_rules(&self, ids: &[String]) -> Result<(), Failure> {
        for ids in ids.chunks(RULES_A_REQUEST) {
            self.ask(WRITE_RULES, self.client.delete_rules(ids)).await?;
        }
        Ok(())
    }

    /// Adds rules. If X refuses a whole request, its halves are tried, so that one bad rule does not affect the others.
    async fn add_rules(&self, rules: &[NewRule]) -> Result<RulesAdded, Failure> {
        match self.ask(WRITE_RULES, self.client.add_rules(rules)).await {
            Err(Failure::InvalidRequest(reason)) => match rules {
                [] => Ok(RulesAdded::default()),
                [NewRule { value, .. }] => Ok(RulesAdded {
                    rules: Vec::new(),
                    refused: vec![Refused { value: value.clone(), reason }],
                }),
                _ => {
                    let (first, second) = rules.split_at(rules.len() / 2);
                    let mut added = Box::pin(self.add_rules(first)).await?;
                    let more = Box::pin(self.add_rules(second)).await?;
                    added.rules.extend(more.rules);
                    added.refused.extend(more.refused);
                    Ok(added)
                }
            },
            answer => answer,
        }
    }
}

impl Source for X {
    const LATENESS: Duration = LATENESS;
    /// A second more than X states, for the network.
    const SILENCE: Duration = KEEP_ALIVE.saturating_add(Duration::from_secs(1));
    const FETCHABLE_AFTER: Duration = SEARCHABLE_AFTER;
    /// An hour less than X states, for the time that searching takes.
    const FETCHABLE_FOR: Option<Duration> = Some(SEARCH_REACH.saturating_sub(Duration::from_secs(3600)));
    const HEALED_BY: HealedBy = HealedBy::Search;
    /// Reposts since 2026-05-04 (<https://docs.x.com/changelog>); search finds a quote by its own text alone, and the last version of a post.
    const UNFETCHABLE: &[Unfetchable] =
        &[Unfetchable::Reposts, Unfetchable::Quotes, Unfetchable::EarlierVersions, Unfetchable::TakenBack];
    const PAGE: (u64, u64) = SEARCH_PAGE;
    const CONNECTS: ConnectQuota = ConnectQuota {
        most: CONNECTS - CONNECTS_LEFT as usize,
        window: CONNECT_WINDOW,
        reserve: CONNECTS_LEFT,
    };
    /// <https://docs.x.com/x-api/fundamentals/consuming-streaming-data>. Waiting longer than one of X's windows gains
    /// nothing.
    const BACKOFF: BackoffRules = BackoffRules {
        network: (Duration::from_millis(250), Duration::from_secs(16)),
        hung_up: Duration::from_secs(1),
        server: (Duration::from_secs(5), Duration::from_secs(320)),
        rate_limited: (Duration::from_secs(60), Duration::from_secs(15 * 60)),
    };

    /// X carries all keywords on one connection.
    fn connections(requested: &RequestedKeywords) -> BTreeMap<String, RequestedKeywords> {
        BTreeMap::from([("x".to_owned(), requested.clone())])
    }

    fn on(&self, _: &str) -> Self {
        self.clone()
    }

    /// Makes X's rules match the keywords. For connecting, it is enough that something is delivered: then existing rules are left
    /// as they are.
    async fn select(&self, requested: &RequestedKeywords, extent: Extent) -> Result<Selection, Failure> {
        let mut rules = self.rules().await?;
        let mut refused = Vec::new();
        let wanted = WantedRules::new(requested);
        let Plan { add, delete } = Plan::new(&rules, &wanted);
        if extent == Extent::Whole || add.len() == requested.len() {
            // What replaces a rule is there before that rule goes, if X has room for both.
            let is_room = rules.len() + add.len() <= RULES;
            if !is_room {
                self.delete_rules(&delete).await?;
            }
            for new in add.chunks(RULES_A_REQUEST) {
                let added = self.add_rules(new).await?;
                rules.extend(added.rules);
                refused.extend(added.refused.into_iter().filter_map(|Refused { value, reason }| {
                    Some(Refusal { keyword: wanted.keyword(&value)?.clone(), reason })
                }));
            }
            if is_room {
                self.delete_rules(&delete).await?;
            }
            rules.retain(|rule| !delete.contains(&rule.id));
        }
        Ok(Selection { delivered: self.keywords.assign(&rules, &wanted), refused })
    }

    async fn connect(&self, missing_from: Option<UtcTime>) -> Result<Connection, Failure> {
        let (answer, backfilled_from) = self.open_in_our_slot(missing_from).await?;
        Ok(Connection { items: decoded(answer, Decode::new(self.keywords.clone())), backfilled_from })
    }

    fn fetch_wait(&self, now: UtcTime) -> Duration {
        self.memory.limits.request_wait(SEARCH, now)
    }

    async fn fetch(
        &self,
        keyword: &Keyword,
        period: Period,
        page: Option<&str>,
        most: u64,
    ) -> Result<FetchedPage, Failure> {
        self.search(keyword, period, page, most).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Class;

    #[test]
    fn waits_grow_as_documented() {
        let waits =
            |class| [0, 1, 2, 7].map(|attempt| X::BACKOFF.wait(class, attempt, UtcTime::now()).as_secs_f64());
        assert_eq!(waits(Class::Dropped), [0.0, 0.25, 0.5, 1.75]);
        assert_eq!(waits(Class::HungUp), [1.0, 2.0, 3.0, 8.0]);
        assert_eq!(waits(Class::Network), [0.25, 0.5, 0.75, 2.0]);
        assert_eq!(waits(Class::Server), [5.0, 10.0, 20.0, 320.0]);
        assert_eq!(waits(Class::RateLimited(None)), [60.0, 120.0, 240.0, 900.0]);
        assert_eq!(waits(Class::SlotTaken), [60.0, 120.0, 240.0, 900.0]);
        assert_eq!(waits(Class::OutOfCredits), [300.0; 4]);
        assert_eq!(waits(Class::MonthlyCap), [3600.0; 4]);
    }
}
