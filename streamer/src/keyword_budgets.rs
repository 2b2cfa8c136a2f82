//! The budgets of single keywords: one that has brought as many posts as it may in a day is not read until the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use posts::Keyword;
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::gaps::{Gap, GapState};
use tokio::sync::{Notify, watch};
use utc_time::UtcTime;

use crate::gaps::GapBook;
use crate::source::{KeywordState, RequestedKeywords};
use crate::tallies::Tallies;

/// How often the budgets are looked at. What comes in between is above the budget.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Pauses keywords whose budget is used up, and lets them go on.
pub(crate) struct KeywordBudgets {
    pub(crate) status: StreamStatusTable,
    pub(crate) gaps: GapBook,
    pub(crate) tallies: Tallies,
    pub(crate) requested: watch::Receiver<RequestedKeywords>,
    /// Notified when the requested keywords must be read again.
    pub(crate) changed: Arc<Notify>,
    /// How late the source delivers a post, at most.
    pub(crate) lateness: Duration,
}

/// What is to be done about a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Its budget of so many posts is used up.
    Pause(u64),
    /// Its budget was raised during the pause that ends then.
    GoOn(UtcTime),
    /// Its pause is over.
    Over,
}

/// What is due of a keyword that has brought so many posts today.
fn due(state: &KeywordState, brought: u64, now: UtcTime) -> Option<Due> {
    let used_up = state.max_posts_a_day.filter(|most| brought >= *most);
    match (state.is_paused, state.paused_until, used_up) {
        (false, _, Some(most)) => Some(Due::Pause(most)),
        (true, Some(until), _) if until <= now => Some(Due::Over),
        (true, Some(until), None) => Some(Due::GoOn(until)),
        _ => None,
    }
}

impl KeywordBudgets {
    /// Looks at the budgets; never ends.
    pub(crate) async fn run(self) {
        // What has been done about a keyword, until its state shows it.
        let mut done: BTreeMap<Keyword, KeywordState> = BTreeMap::new();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = UtcTime::now();
            let all_due: Vec<(Keyword, KeywordState, Due)> = {
                let requested = self.requested.borrow();
                done.retain(|keyword, state| requested.get(keyword) == Some(state));
                let limited =
                    requested.iter().filter(|(_, state)| state.max_posts_a_day.is_some() || state.is_paused);
                let new = limited.filter(|(keyword, _)| !done.contains_key(*keyword));
                new.filter_map(|(keyword, state)| {
                    let due = due(state, self.tallies.brought_today(keyword, now), now)?;
                    Some((keyword.clone(), *state, due))
                })
                .collect()
            };
            for (keyword, state, due) in all_due {
                match self.act(&keyword, &state, due, now).await {
                    Ok(()) => drop(done.insert(keyword, state)),
                    Err(error) => {
                        tracing::warn!(%error, %keyword, "could not pause a keyword, or let it go on")
                    }
                }
                self.changed.notify_one();
            }
        }
    }

    async fn act(
        &self,
        keyword: &Keyword,
        state: &KeywordState,
        due: Due,
        now: UtcTime,
    ) -> Result<(), TableError> {
        match due {
            Due::Over => Ok(()),
            Due::Pause(most) => {
                let until = now.start_of_next_day();
                tracing::warn!(%keyword, most, %until, "a keyword's budget of posts is used up");
                let gap = paused(keyword, state, most, now.before(self.lateness), until);
                // Before it is paused: a crash in between leaves a gap that claims too much.
                self.gaps.add(&gap).await;
                let reason = format!("its budget of {most} posts a day is used up; it goes on at {until}");
                self.status.keyword_is_paused(keyword, state.since, until, &reason).await
            }
            Due::GoOn(until) => {
                let pauses = self.gaps.open_until(until, &BTreeSet::from([keyword.clone()])).await;
                let from = pauses.iter().map(|gap| gap.from).min().unwrap_or(now);
                tracing::info!(%keyword, "a keyword's budget was raised; it goes on");
                // What is missing is said first; then the gap that says it too goes.
                self.status.keyword_goes_on(keyword, state.since, from).await?;
                self.gaps.forget(&pauses).await;
                Ok(())
            }
        }
    }
}

/// The gap of a keyword that is not read until `until`.
fn paused(keyword: &Keyword, state: &KeywordState, most: u64, from: UtcTime, until: UtcTime) -> Gap {
    let cause = format!("the keyword's budget of {most} posts a day was used up");
    Gap {
        keyword: keyword.clone(),
        from: from.max(state.since),
        to: until,
        cause: cause.clone(),
        state: GapState::Open,
        healed_by: None,
        posts: 0,
        reason: Some(cause),
        left: None,
        reposts: state.reposts,
        may_lack: None,
        history: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> UtcTime {
        UtcTime::from_millis(hour * 3600 * 1000).unwrap()
    }

    #[test]
    fn a_keyword_pauses_at_its_budget_until_the_next_day_or_until_it_may_bring_more() {
        let state = KeywordState { max_posts_a_day: Some(5), ..KeywordState::new(at(0)) };
        assert_eq!(due(&state, 4, at(10)), None);
        assert_eq!(due(&state, 5, at(10)), Some(Due::Pause(5)));
        let paused = KeywordState { is_paused: true, paused_until: Some(at(24)), ..state };
        assert_eq!(due(&paused, 7, at(23)), None);
        assert_eq!(due(&paused, 0, at(24)), Some(Due::Over));
        for raised in [Some(8), None] {
            let raised = KeywordState { max_posts_a_day: raised, ..paused };
            assert_eq!(due(&raised, 7, at(23)), Some(Due::GoOn(at(24))));
        }
        let goes_on = KeywordState { is_paused: false, ..paused };
        assert_eq!(due(&goes_on, 0, at(24)), None);
        assert_eq!(due(&KeywordState::new(at(0)), 1_000_000, at(10)), None, "it has no budget");
    }

    #[test]
    fn a_pause_is_a_gap_that_begins_where_posts_may_have_been_on_their_way() {
        let state = KeywordState::new(at(9));
        let gap = paused(&"a".parse().unwrap(), &state, 5, at(8), at(24));
        assert_eq!((gap.from, gap.to, gap.state), (at(9), at(24), GapState::Open));
        assert_eq!(gap.reason.as_deref(), Some("the keyword's budget of 5 posts a day was used up"));
    }
}
