//! Recovery: the source delivers again what the stream delivered during an interruption, for all keywords at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use posts::Keyword;
use posts::sources::Sent;
use stream::gaps::{Gap, GapState, HealedBy, Period};
use utc_time::UtcTime;

use super::book::AT_ONCE;
use super::heal::GapHealer;
use super::interruption::{Interruption, Missing};
use super::recorded::Recorded;
use crate::cursor::Cursor;
use crate::intake::Fetched;
use crate::source::{Arrival, Item, Source};

/// The gaps of an interruption that the source is to deliver again.
#[derive(Debug)]
pub(super) struct Recovery {
    pub(super) gaps: BTreeMap<Keyword, Gap>,
}

impl Recovery {
    /// The beginning of the first gap.
    pub(super) fn from(&self) -> Option<UtcTime> {
        self.gaps.values().map(|gap| gap.from).min()
    }
}

/// Divides an interruption into what the source can deliver again, going back for `reach`, and what is left to be searched; `None` if all
/// of it is.
pub(super) fn divide(
    interruption: &Interruption,
    reach: Duration,
    now: UtcTime,
) -> Option<(Recovery, [Interruption; 2])> {
    let Interruption { missing, to, heal, backfill, recoverable, .. } = interruption;
    if !heal || !recoverable || backfill.is_some() {
        return None;
    }
    let horizon = now.before(reach);
    // What the source did not match then it cannot deliver again.
    let is_recovered = |missing: &&Missing| missing.was_collected && !missing.is_outdated && horizon < *to;
    let (recovered, searched): (Vec<&Missing>, Vec<&Missing>) = missing.iter().partition(is_recovered);
    let gaps: BTreeMap<Keyword, Gap> = recovered
        .iter()
        .map(|missing| (missing.keyword.clone(), interruption.gap(missing, missing.from.max(horizon), *to)))
        .collect();
    let older = recovered.into_iter().filter(|missing| missing.from < horizon);
    let older = interruption.part(older, horizon.before(Duration::from_millis(1)));
    let searched = interruption.part(searched.into_iter(), *to);
    (!gaps.is_empty()).then_some((Recovery { gaps }, [older, searched]))
}

impl<S: Source> GapHealer<S> {
    /// Heals the gaps of a recovery once the source has all of their posts. If that fails, it is not tried again: returns the gaps that are to
    /// be searched instead.
    pub(super) async fn recover(&self, Recovery { gaps }: Recovery) -> Vec<Gap> {
        let from = gaps.values().map(|gap| gap.from).min();
        let to = gaps.values().map(|gap| gap.to).max();
        let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
        tokio::time::sleep(to.after(S::FETCHABLE_AFTER).since(UtcTime::now())).await;
        let mut recorded: BTreeMap<Keyword, Recorded<'_>> =
            gaps.into_iter().map(|(keyword, gap)| (keyword, Recorded::new(&self.gaps, gap))).collect();
        let delivered = self.deliver_again(Period { from, to }, &mut recorded).await;
        let mut recorded: Vec<Recorded<'_>> = recorded.into_values().collect();
        if let Err(reason) = delivered {
            tracing::warn!(reason, %from, %to, "could not recover an interruption; searching instead");
            let saving = futures::stream::iter(&mut recorded);
            saving.for_each_concurrent(AT_ONCE, |recorded| recorded.save()).await;
            return recorded.into_iter().map(|recorded| recorded.gap).collect();
        }
        tracing::info!(gaps = recorded.len(), %from, %to, "recovered an interruption");
        futures::stream::iter(recorded)
            .for_each_concurrent(AT_ONCE, |recorded| async {
                let is_requested = self.requested.borrow().contains_key(&recorded.gap.keyword);
                let closed =
                    |gap| Gap { state: GapState::Closed, healed_by: Some(HealedBy::Recovery), ..gap };
                recorded.finish(|gap| if is_requested { closed(gap) } else { gap.abandoned() }).await;
            })
            .await;
        Vec::new()
    }

    /// Takes everything that the source delivers again, and waits until the queue has it. Fails with the reason.
    async fn deliver_again(
        &self,
        period: Period,
        gaps: &mut BTreeMap<Keyword, Recorded<'_>>,
    ) -> Result<(), String> {
        let cursor = Cursor::new(period.from);
        self.may_read_more()?;
        let mut items = self.source.recover(period).await.map_err(|failure| failure.to_string())?;
        loop {
            let arrived = tokio::time::timeout(S::SILENCE, items.next())
                .await
                .map_err(|_| "the recovery fell silent".to_owned())?;
            let Some(arrived) = arrived else { break };
            let arrived = arrived.map_err(|failure| failure.to_string())?;
            let now = UtcTime::now();
            for item in &arrived {
                if let Item::Arrived(Arrival::Post(post), _) = item {
                    self.meter.count(&post.head, now);
                }
            }
            for item in arrived {
                match item {
                    Item::Alive | Item::Arrived(Arrival::Removed(_), _) => {}
                    Item::Ended(reason) => return Err(format!("the source ended the recovery: {reason}")),
                    Item::Arrived(Arrival::Post(post), mut keywords) => {
                        keywords.retain(|keyword| gaps.contains_key(keyword));
                        for keyword in self.take_again(*post, keywords, &cursor).await {
                            if let Some(recorded) = gaps.get_mut(&keyword) {
                                recorded.gap.posts += 1;
                            }
                        }
                    }
                }
            }
            // Everything that came with the last post has been paid for, and was taken.
            self.may_read_more()?;
        }
        cursor.free().await;
        Ok(())
    }

    /// Fails if a budget allows no more posts.
    fn may_read_more(&self) -> Result<(), String> {
        let now = UtcTime::now();
        let allowance = self.meter.allow(1, 1, now);
        let used_up = || format!("the {}'s budget of posts is used up", self.meter.scarcest(now));
        allowance.map(drop).ok_or_else(used_up)
    }

    /// Takes a post, which has been counted, as soon as there is room for it; returns the keywords under which it is new.
    async fn take_again(&self, post: Sent, mut keywords: BTreeSet<Keyword>, cursor: &Cursor) -> Vec<Keyword> {
        keywords.retain(|keyword| {
            let requested = self.requested.borrow();
            requested
                .get(keyword)
                .is_some_and(|state| state.since <= post.head.created && state.includes(&post.head))
        });
        let mut new = Vec::new();
        for keyword in keywords {
            match self.intake.take_fetched(post.clone(), &keyword, cursor).await {
                Ok(Fetched::New) => new.push(keyword),
                Ok(Fetched::Repeated) => {}
                // This streamer ends.
                Err(_) => std::future::pending().await,
            }
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::Then;

    const HOUR: i64 = 3600;
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    /// An interruption of these keywords, each since then, that ends at 100 hours, now.
    fn interruption(keywords: &[(&str, i64, bool)]) -> Interruption {
        let missing = keywords.iter().map(|(keyword, from, was_collected)| Missing {
            keyword: keyword.parse().unwrap(),
            since: at(0),
            from: at(*from),
            reposts: true,
            is_outdated: false,
            was_collected: *was_collected,
        });
        Interruption {
            cause: "cause".to_owned(),
            missing: missing.collect(),
            to: at(100 * HOUR),
            heal: true,
            recoverable: true,
            backfill: None,
            untold: None,
            then: Then::Nothing,
        }
    }

    #[test]
    fn a_day_is_recovered_and_what_is_older_or_was_not_matched_is_searched() {
        let all = interruption(&[("old", HOUR, true), ("young", 99 * HOUR, true), ("new", 98 * HOUR, false)]);
        let (Recovery { gaps }, searched) = divide(&all, DAY, at(100 * HOUR)).unwrap();
        let gaps: Vec<_> = gaps.values().map(|gap| (gap.keyword.as_str(), gap.from, gap.to)).collect();
        let end = at(100 * HOUR);
        assert_eq!(gaps, [("old", at(76 * HOUR), end), ("young", at(99 * HOUR), end)]);
        let searched = searched.map(|part| {
            let missing = part.missing.iter().map(|missing| (missing.keyword.to_string(), missing.from));
            (missing.collect::<Vec<_>>(), part.to)
        });
        let before = at(76 * HOUR).before(Duration::from_millis(1));
        let expected =
            [(vec![("old".to_owned(), at(HOUR))], before), (vec![("new".to_owned(), at(98 * HOUR))], end)];
        assert_eq!(searched, expected);
    }

    #[test]
    fn what_is_not_to_be_recovered_is_not_divided() {
        let now = at(100 * HOUR);
        let divided = |interruption: Interruption| divide(&interruption, DAY, now).is_some();
        let known = || interruption(&[("known", 99 * HOUR, true)]);
        assert!(divided(known()));
        assert!(!divided(Interruption { heal: false, ..known() }));
        assert!(!divided(Interruption { recoverable: false, ..known() }));
        assert!(!divided(Interruption { to: at(70 * HOUR), ..known() }));
        assert!(!divided(interruption(&[("new", 99 * HOUR, false)])));
    }
}
