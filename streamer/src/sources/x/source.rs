//! X as a source.

use std::collections::BTreeMap;
use std::time::Duration;

use ::stream::gaps::{HealedBy, Period, Unfetchable};
use ::x::limits::{
    ARCHIVE_PAGE, CONNECT_WINDOW, CONNECTS, KEEP_ALIVE, LATENESS, NETWORK_BACKOFF, RATE_LIMIT_BACKOFF, RULES,
    RULES_A_REQUEST, SEARCHABLE_AFTER, SERVER_BACKOFF,
};
use ::x::{NewRule, Refused, Rule, RulesAdded};
use futures::stream::BoxStream;
use json_api::Answer;
use posts::Keyword;
use utc_time::UtcTime;

use super::archive::Archive;
use super::decode::Decode;
use super::failure::{failure, limit_apart};
use super::rules::{Plan, RuleKeywords, WantedRules};
use super::search::{RECENT, limit_of, reach};
use crate::source::{
    BackoffRules, Class, ConnectQuota, Connection, Extent, Failure, FetchedPage, Item, Memory, Refusal,
    RequestedKeywords, Selection, Source, Usage, decoded,
};

/// Connections that are left for a person who investigates.
const CONNECTS_LEFT: u32 = 5;

/// X's limited endpoints, by the names under which their limits are saved, beside [`RateLimits::CONNECT`].
const READ_RULES: &str = "readRules";
const WRITE_RULES: &str = "writeRules";

/// How many changes of rules are left alone: a crash forgets the requests just before it. And how many are kept for deleting rules, which
/// cost money until they are gone.
const WRITES_KEPT: u32 = 15;
const WRITES_KEPT_FOR_DELETING: u32 = 35;
const READ_USAGE: &str = "readUsage";
pub(super) const END_CONNECTIONS: &str = "endConnections";

/// X.
#[derive(Clone, Debug)]
pub struct X {
    pub(super) client: ::x::Client,
    pub(super) memory: Memory,
    pub(super) keywords: RuleKeywords,
    /// How many minutes of missed posts X delivers again; 0 except for Enterprise accounts.
    pub(super) backfill_minutes: u32,
    pub(super) archive: Archive,
}

impl X {
    /// X behind `client`, with what earlier readers know of it. `backfill_minutes` is how many minutes of missed posts X delivers again;
    /// `archive_search`, whether full-archive search may be used.
    #[must_use]
    pub fn new(client: ::x::Client, memory: Memory, backfill_minutes: u32, archive_search: bool) -> Self {
        let archive = Archive::new(archive_search, memory.learnt.clone());
        Self { client, memory, keywords: RuleKeywords::default(), backfill_minutes, archive }
    }

    /// Makes a request as soon as it is allowed; a failure is what X means by it.
    pub(super) async fn ask<T>(
        &self,
        endpoint: &'static str,
        request: impl Future<Output = Answer<T>>,
    ) -> Result<T, Failure> {
        let Answer { outcome, limit } = self.answer(endpoint, request).await;
        outcome.map_err(|error| failure(error, limit))
    }

    /// Makes a request as soon as it is allowed, and notes what its answer says about the limit.
    pub(super) async fn answer<T>(
        &self,
        endpoint: &'static str,
        request: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        self.memory.limits.answer(endpoint, async { limit_apart(request.await) }).await
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

    /// Makes the rules those that are wanted, as far as X lets it. What a rule costs that nobody wants goes first, and what
    /// replaces a rule is there before that rule goes, if X has room for both.
    async fn change_rules(
        &self,
        rules: &mut Vec<Rule>,
        wanted: &WantedRules,
        refused: &mut Vec<Refusal>,
    ) -> Result<(), Failure> {
        let Plan { add, stopped, replaced } = Plan::new(rules, wanted);
        self.delete_rules(&stopped, rules).await?;
        if rules.len() + add.len() > RULES {
            self.delete_rules(&replaced, rules).await?;
        }
        let mut added = RulesAdded::default();
        let mut outcome = Ok(());
        for new in add.chunks(RULES_A_REQUEST) {
            outcome = self.add_rules(new, &mut added).await;
            if outcome.is_err() {
                break;
            }
        }
        rules.extend(added.rules);
        for Refused { value, reason } in added.refused {
            let keywords = wanted.keywords(&value).into_iter().flatten();
            refused
                .extend(keywords.map(|keyword| Refusal { keyword: keyword.clone(), reason: reason.clone() }));
        }
        outcome?;
        // A rule whose successor X refused still stands for its keyword.
        let lacking = wanted.lacking(rules);
        let is_replaced = |id: &String| {
            let rule = rules.iter().find(|rule| rule.id == *id);
            let keyword = rule.and_then(|rule| wanted.named_by(rule.tag.as_deref()));
            keyword.is_some_and(|keyword| !lacking.contains(keyword))
        };
        let replaced: Vec<String> = replaced.into_iter().filter(is_replaced).collect();
        self.delete_rules(&replaced, rules).await
    }

    /// Deletes those of the rules with these ids that are still there.
    async fn delete_rules(&self, ids: &[String], rules: &mut Vec<Rule>) -> Result<(), Failure> {
        let there: Vec<String> =
            ids.iter().filter(|id| rules.iter().any(|rule| rule.id == **id)).cloned().collect();
        for ids in there.chunks(RULES_A_REQUEST) {
            self.write_rules(WRITES_KEPT, self.client.delete_rules(ids)).await?;
            rules.retain(|rule| !ids.contains(&rule.id));
        }
        Ok(())
    }

    /// Changes rules, unless no more than `kept` changes are left of X's limit.
    async fn write_rules<T>(
        &self,
        kept: u32,
        request: impl Future<Output = Answer<T>>,
    ) -> Result<T, Failure> {
        if let Some(until) = self.memory.limits.used_up_until(WRITE_RULES, kept, UtcTime::now()) {
            let reason = format!("X takes no more rule changes until {until}");
            return Err(Failure::passing(Class::RateLimited(Some(until)), reason));
        }
        self.ask(WRITE_RULES, request).await
    }

    /// Adds rules. If X refuses a whole request, its halves are tried, so that one bad rule does not affect the others. What was
    /// done before a failure is in `added` too.
    async fn add_rules(&self, rules: &[NewRule], added: &mut RulesAdded) -> Result<(), Failure> {
        match self.write_rules(WRITES_KEPT_FOR_DELETING, self.client.add_rules(rules)).await {
            Ok(more) => {
                added.rules.extend(more.rules);
                added.refused.extend(more.refused);
                Ok(())
            }
            Err(Failure::InvalidRequest(reason)) => match rules {
                [] => Ok(()),
                [NewRule { value, .. }] => {
                    added.refused.push(Refused { value: value.clone(), reason });
                    Ok(())
                }
                _ => {
                    let (first, second) = rules.split_at(rules.len() / 2);
                    Box::pin(self.add_rules(first, added)).await?;
                    Box::pin(self.add_rules(second, added)).await
                }
            },
            Err(failure) => Err(failure),
        }
    }
}

impl Source for X {
    const LATENESS: Duration = LATENESS;
    /// A second more than X states, for the network.
    const SILENCE: Duration = KEEP_ALIVE.saturating_add(Duration::from_secs(1));
    const FETCHABLE_AFTER: Duration = SEARCHABLE_AFTER;
    const HEALED_BY: HealedBy = HealedBy::Search;
    /// Reposts since 2026-05-04 (<https://docs.x.com/changelog>); search finds a quote by its own text alone, and the last version of a post.
    const UNFETCHABLE: &[Unfetchable] =
        &[Unfetchable::Reposts, Unfetchable::Quotes, Unfetchable::EarlierVersions, Unfetchable::TakenBack];
    /// Recent search has smaller pages.
    const PAGE: (u64, u64) = ARCHIVE_PAGE;
    const CONNECTS: ConnectQuota = ConnectQuota {
        most: CONNECTS - CONNECTS_LEFT as usize,
        window: CONNECT_WINDOW,
        reserve: CONNECTS_LEFT,
    };
    /// Waiting longer than one of X's windows gains nothing.
    const BACKOFF: BackoffRules = BackoffRules {
        network: NETWORK_BACKOFF,
        hung_up: Duration::from_secs(1),
        server: SERVER_BACKOFF,
        rate_limited: (RATE_LIMIT_BACKOFF, CONNECT_WINDOW),
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
        let wanted = WantedRules::new(requested);
        let delivered = self.keywords.assign(&rules, &wanted);
        if extent == Extent::ToConnect && !delivered.is_empty() {
            let (outdated, unwanted) = (wanted.lacking(&rules), wanted.stopped(&rules));
            return Ok(Selection { delivered, outdated, unwanted, ..Selection::default() });
        }
        let mut refused = Vec::new();
        let incomplete = self.change_rules(&mut rules, &wanted, &mut refused).await.err();
        let delivered = self.keywords.assign(&rules, &wanted);
        let (outdated, unwanted) = (wanted.lacking(&rules), wanted.stopped(&rules));
        Ok(Selection { delivered, outdated, unwanted, refused, incomplete })
    }

    async fn connect(&self, missing_from: Option<UtcTime>) -> Result<Connection, Failure> {
        let (answer, backfilled_from) = self.open_in_our_slot(missing_from).await?;
        Ok(Connection { items: decoded(answer, Decode::new(self.keywords.clone())), backfilled_from })
    }

    async fn usage(&self) -> Option<Result<Usage, Failure>> {
        const DAYS: u32 = 2;
        let usage = self.ask(READ_USAGE, self.client.usage(DAYS)).await.map(|usage| Usage {
            today: usage.on(&UtcTime::now().day()),
            this_cycle: usage.this_cycle,
            cap: usage.cap,
            cap_reset_day: usage.cap_reset_day,
        });
        Some(usage)
    }

    fn recovery_reach(&self) -> Option<Duration> {
        self.recovery_reach()
    }

    async fn recover(
        &self,
        period: Period,
    ) -> Result<BoxStream<'static, Result<Vec<Item>, Failure>>, Failure> {
        self.open_recovery(period).await
    }

    fn fetchable_for(&self) -> Option<Duration> {
        (!self.archive.is_offered(UtcTime::now())).then_some(RECENT)
    }

    fn fetch_wait(&self, period: Period, now: UtcTime) -> Duration {
        self.memory.limits.request_wait(limit_of(reach(period, now)), now)
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
