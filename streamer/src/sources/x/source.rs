//! X as a source.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ::stream::gaps::HealedBy;
use ::x::limits::{
    CONNECT_WINDOW, CONNECTS, KEEP_ALIVE, LATENESS, RULES_A_REQUEST, SEARCH_PAGE, SEARCH_REACH,
    SEARCHABLE_AFTER,
};
use ::x::snowflake::first_id;
use ::x::wire::SearchPage;
use ::x::{NewRule, Refused, Rule, RulesAdded, Search};
use json_api::ANSWER_TIMEOUT;
use posts::{Keyword, Post};
use utc_time::UtcTime;

use super::decode::Decode;
use super::post::post;
use super::rules::{Plan, RuleKeywords, rule_of};
use crate::source::{
    BackoffRules, ConnectQuota, Connection, Extent, Failure, FetchedPage, RateLimits, Refusal,
    RequestedKeywords, Selection, Source, decoded,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Connections that are left for a person who investigates.
const CONNECTS_LEFT: u32 = 5;

/// X's limited endpoints, by the names under which their limits are saved, beside [`RateLimits::CONNECT`].
const READ_RULES: &str = "readRules";
const WRITE_RULES: &str = "writeRules";
const SEARCH: &str = "search";

/// X.
#[derive(Clone, Debug)]
pub struct X {
    client: ::x::Client,
    limits: RateLimits,
    keywords: RuleKeywords,
    /// How many minutes of missed posts X delivers again; 0 except for Enterprise accounts.
    backfill_minutes: u32,
}

impl X {
    /// X behind `client`, within `limits`.
    #[must_use]
    pub fn new(client: ::x::Client, limits: RateLimits, backfill_minutes: u32) -> Self {
        Self { client, limits, keywords: RuleKeywords::default(), backfill_minutes }
    }

    /// All rules.
    async fn rules(&self) -> Result<Vec<Rule>, Failure> {
        let mut rules = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let request = self.client.rules(next.as_deref());
            let page = self.limits.ask(READ_RULES, request).await?;
            rules.extend(page.rules);
            next = page.next;
            if next.is_none() {
                return Ok(rules);
            }
        }
    }

    /// Adds rules. If X refuses a whole request, its halves are tried, so that one bad rule does not affect the others.
    async fn add_rules(&self, rules: &[NewRule]) -> Result<RulesAdded, Failure> {
        match self.limits.ask(WRITE_RULES, self.client.add_rules(rules)).await {
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
    async fn select(&self, requested: &BTreeSet<Keyword>, extent: Extent) -> Result<Selection, Failure> {
        let mut rules = self.rules().await?;
        let mut refused = Vec::new();
        let plan = Plan::new(&rules, requested);
        if extent == Extent::Whole || plan.add.len() == requested.len() {
            for ids in plan.delete.chunks(RULES_A_REQUEST) {
                self.limits.ask(WRITE_RULES, self.client.delete_rules(ids)).await?;
            }
            for keywords in plan.add.chunks(RULES_A_REQUEST) {
                let new: Vec<NewRule> = keywords.iter().map(rule_of).collect();
                let added = self.add_rules(&new).await?;
                rules.extend(added.rules);
                let keyword_of = |value: &str| keywords.iter().find(|keyword| keyword.as_str() == value);
                refused.extend(added.refused.into_iter().filter_map(|Refused { value, reason }| {
                    Some(Refusal { keyword: keyword_of(&value)?.clone(), reason })
                }));
            }
        }
        Ok(Selection { delivered: self.keywords.assign(&rules, requested), refused })
    }

    async fn connect(&self, missing_from: Option<UtcTime>) -> Result<Connection, Failure> {
        let request = async {
            // How long ago that was is known only once the request is allowed.
            let minutes =
                missing_from.and_then(|from| backfill_minutes(from, UtcTime::now(), self.backfill_minutes));
            self.client.stream(minutes).await.map(|answer| (answer, minutes))
        };
        let (answer, minutes) = self.limits.ask(RateLimits::CONNECT, request).await?;
        // X counts from when it received the request, which is before now.
        let backfilled_from = minutes.map(|minutes| UtcTime::now().before(MINUTE * minutes));
        Ok(Connection { items: decoded(answer, Decode::new(self.keywords.clone())), backfilled_from })
    }

    async fn fetch(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
        page: Option<&str>,
        most: u64,
    ) -> Result<FetchedPage, Failure> {
        let search = Search {
            query: keyword.as_str(),
            first_id: first_id(from),
            before_id: first_id(to.after(Duration::from_millis(1))),
            most,
            page,
        };
        self.limits.ask(SEARCH, self.client.search(search, |page| fetched(&page))).await
    }
}

fn fetched(page: &SearchPage<'_>) -> FetchedPage {
    let includes = page.includes.as_ref();
    // What is not a post has no id by which it could be reported as missing.
    let posts: Vec<Post> = page.data.iter().filter_map(|data| post(data, includes).ok()).collect();
    let next = page.meta.as_ref().and_then(|meta| meta.next_token.as_deref());
    FetchedPage { posts, next: next.map(str::to_owned) }
}

/// How many minutes X must deliver again so that nothing is missing since `from`, if the account has that many.
fn backfill_minutes(from: UtcTime, now: UtcTime, account: u32) -> Option<u32> {
    // X may take a while to answer, and counts from then on.
    let missed = now.since(from) + ANSWER_TIMEOUT;
    let minutes = u32::try_from(missed.as_secs() / 60 + 1).ok()?;
    (minutes <= account).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Class;

    #[test]
    fn backfill_covers_all_that_is_missing_or_is_not_asked_for() {
        let now: UtcTime = "2026-11-25T10:10:00Z".parse().unwrap();
        let asked =
            |seconds, account| backfill_minutes(now.before(Duration::from_secs(seconds)), now, account);
        assert_eq!(asked(30, 5), Some(1));
        assert_eq!(asked(40, 5), Some(2), "the answer may take 20 s");
        assert_eq!(asked(279, 5), Some(5));
        assert_eq!(asked(280, 5), None);
        assert_eq!(asked(1, 0), None);
    }

    #[test]
    fn waits_grow_as_documented() {
        let waits =
            |class| [0, 1, 2, 7].map(|attempt| X::BACKOFF.wait(class, attempt, UtcTime::now()).as_secs_f64());
        assert_eq!(waits(Class::Dropped), [0.0, 0.25, 0.5, 1.75]);
        assert_eq!(waits(Class::HungUp), [1.0, 2.0, 3.0, 8.0]);
        assert_eq!(waits(Class::Network), [0.25, 0.5, 0.75, 2.0]);
        assert_eq!(waits(Class::Server), [5.0, 10.0, 20.0, 320.0]);
        assert_eq!(waits(Class::RateLimited(None)), [60.0, 120.0, 240.0, 900.0]);
    }
}
