//! What limits fetching: how far back the source goes, its rate limits, the budgets, and what was requested.

use std::time::Duration;

use stream::gaps::{Gap, Period};
use utc_time::UtcTime;

use super::heal::GapHealer;
use super::outcome::Unhealed;
use super::recorded::{Recorded, open};
use super::worklist::too_old;
use crate::meter::UsedUp;
use crate::source::{KeywordState, Source};

/// How much earlier than it must be a period is given up, for the time that fetching the rest takes.
pub(super) const MARGIN: Duration = Duration::from_secs(60 * 60);

/// How many more posts of a history may be fetched; `None` without a limit of its own.
pub(super) fn still_requested(gap: &Gap) -> Option<u64> {
    gap.history?.max_posts.map(|max_posts| max_posts.saturating_sub(gap.posts))
}

impl<S: Source> GapHealer<S> {
    /// The most posts that the next page of a gap may hold, of a keyword in this state.
    pub(super) fn most_of_a_page(
        &self,
        gap: &Gap,
        state: &KeywordState,
        now: UtcTime,
    ) -> Result<u64, Unhealed> {
        let (least, mut most) = S::PAGE;
        if let Some(budget) = state.max_posts_a_day {
            most = most.min(budget.saturating_sub(self.tallies.brought_today(&gap.keyword, now)));
            if most < least {
                return Err(Unhealed::KeywordBudget(budget));
            }
        }
        if gap.history.is_none() {
            return Ok(most);
        }
        let of_history = still_requested(gap).unwrap_or(most);
        if of_history < least {
            return Err(Unhealed::Enough);
        }
        let (left, _) = self.left_beside_stream(now);
        if left < least { Err(Unhealed::Budget) } else { Ok(most.min(of_history).min(left)) }
    }

    /// How many posts a history may still bring today, and the budget that says so: the stream goes first, all day and all month.
    pub(super) fn left_beside_stream(&self, now: UtcTime) -> (u64, UsedUp) {
        self.meter.left_beside(|end| self.tallies.expected_until(end, now), now)
    }

    /// What to say if no day's or month's budget ever suffices for a page.
    pub(super) fn budget_is_too_small(&self) -> Option<String> {
        let least = S::PAGE.0;
        let budget = self.meter.too_small_for(least)?;
        Some(format!(
            "the budget of {budget} posts is too small: the source is asked for at least {least} at once"
        ))
    }

    /// Whether the beginning of a period can no longer be fetched.
    pub(super) fn is_too_old(&self, period: Period, now: UtcTime) -> bool {
        self.source.fetchable_for().is_some_and(|within| period.from < now.before(within))
    }

    /// Records the beginning of a gap as missing if it can no longer be fetched, and goes on with the rest; true if it did so.
    pub(super) async fn give_up_what_is_too_old(
        &self,
        recorded: &mut Recorded<'_>,
        now: UtcTime,
    ) -> Result<bool, Unhealed> {
        let left = recorded.gap.still_to_fetch();
        let Some(within) = self.source.fetchable_for().filter(|_| self.is_too_old(left, now)) else {
            return Ok(false);
        };
        let cut = now.before(within.saturating_sub(MARGIN));
        if cut > left.to {
            return Err(Unhealed::Open(too_old(within)));
        }
        let (lost, rest) = cut_off(&recorded.gap, cut);
        self.gaps.add(&open(lost, &too_old(within))).await;
        recorded.gap = rest;
        recorded.save().await;
        Ok(true)
    }

    /// Waits until the source allows another request, and says so where that takes a while. A history lets others have their turn until
    /// then: they may take requests of another limit.
    pub(super) async fn wait_for_limit(&self, recorded: &mut Recorded<'_>) -> Result<(), Unhealed> {
        let wait = self.source.fetch_wait(recorded.gap.still_to_fetch(), UtcTime::now());
        if wait.is_zero() {
            return Ok(());
        }
        let until = UtcTime::now().after(wait);
        recorded.gap.reason = Some(format!("rate limit reached; next request at {until}"));
        if recorded.gap.history.is_some() {
            return Err(Unhealed::OthersFirst(until));
        }
        recorded.save().await;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// The part of a gap from before `cut` that has not been fetched, and the gap without what is from before `cut`.
fn cut_off(gap: &Gap, cut: UtcTime) -> (Gap, Gap) {
    let Period { from, to } = gap.still_to_fetch();
    let lost = Gap { from, to: cut.before(Duration::from_millis(1)), posts: 0, left: None, ..gap.clone() };
    let rest = Gap { from: cut, left: Some(Period { from: cut, to }), ..gap.clone() };
    (lost, rest)
}

#[cfg(test)]
mod tests {
    use stream::history::{History, HistoryOrder};

    use super::*;

    #[test]
    fn what_was_fetched_oldest_first_is_not_given_up() {
        let at = |second: i64| UtcTime::from_millis(second * 1000).unwrap();
        let history =
            History { since: at(0), until: at(100), max_posts: None, order: HistoryOrder::OldestFirst };
        let gap = history.gap("a".parse().unwrap(), true);
        let gap = Gap { posts: 7, left: Some(Period { from: at(40), to: at(100) }), ..gap };
        let (lost, rest) = cut_off(&gap, at(60));
        assert_eq!((lost.from, lost.to.after(Duration::from_millis(1)), lost.posts), (at(40), at(60), 0));
        assert_eq!(
            (rest.from, rest.still_to_fetch(), rest.posts),
            (at(60), Period { from: at(60), to: at(100) }, 7)
        );
    }
}
