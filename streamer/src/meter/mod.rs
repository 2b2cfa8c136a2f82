//! The posts and users read, by day and month, and the budgets.

mod budget;
mod charged;
mod seen;
mod sums;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posts::sources::Head;
use stream::reading::Metered;
use utc_time::UtcTime;

pub(crate) use budget::{Budgets, UsedUp};
use charged::Charged;
use seen::Seen;
use sums::Sums;

/// How often to check whether the budgets allow posts again: days begin, and clocks are set.
const CHECK_BUDGET: Duration = Duration::from_secs(5);

/// Counts the posts that are read, for which a source charges: each once a day (UTC), however often it is read. The next reader goes on with
/// the same count. After a crash, it lacks what was read since it was last saved, which is every two seconds while DynamoDB answers. Users are
/// counted in the same way, but which were read today is not saved: the next reader counts a user again. Copies share the count.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    counts: Arc<Mutex<Counts>>,
    budgets: Budgets,
}

#[derive(Debug)]
struct Counts {
    posts: Sums,
    charged: Charged,
    users: Sums,
    /// The users that were read today.
    seen: Seen,
    /// Posts that were requested and have not arrived yet.
    asked_for: u64,
}

/// Posts that may be requested. When this is dropped, those that did not arrive are given back.
#[derive(Debug)]
pub(crate) struct Allowance {
    meter: Meter,
    asked_for: u64,
    left: u64,
}

impl Allowance {
    /// How many posts may be requested.
    pub(crate) fn posts(&self) -> u64 {
        self.asked_for
    }

    /// Counts one of them as arrived.
    pub(crate) fn spend(&mut self, post: &Head, now: UtcTime) {
        let mut counts = self.meter.counts();
        if self.left > 0 {
            self.left -= 1;
            counts.asked_for -= 1;
        }
        counts.count(post, now);
    }

    /// Counts all of them as read although none can be: the source has charged for up to as many.
    pub(crate) fn spend_unread(&mut self, now: UtcTime) {
        let mut counts = self.meter.counts();
        let left = std::mem::take(&mut self.left);
        counts.asked_for -= left;
        counts.posts.add(left, now);
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        self.meter.counts().asked_for -= self.left;
    }
}

impl Counts {
    fn count(&mut self, post: &Head, now: UtcTime) {
        if self.charged.is_new(&post.id, now) {
            self.posts.add(1, now);
        }
        // Sources whose users have ids that are no numbers charge nothing.
        let author = post.author_id.as_deref().and_then(|id| id.parse().ok());
        self.seen.begin(now);
        if author.is_some_and(|author| self.seen.is_new(author)) {
            self.users.add(1, now);
        }
    }
}

/// How many posts of a budget are reserved for the stream.
fn left_to_stream(budget: u64) -> u64 {
    const STREAM: u64 = 100;
    STREAM.min(budget / 10)
}

impl Meter {
    /// Goes on at `now` from what earlier readers counted.
    pub(crate) fn new(metered: Metered, budgets: Budgets, now: UtcTime) -> Self {
        let counts = Counts {
            posts: Sums::new(metered.posts_by_day, metered.posts_by_month),
            charged: Charged::new(metered.charged, now),
            users: Sums::new(metered.users_by_day, metered.users_by_month),
            seen: Seen::default(),
            asked_for: 0,
        };
        Self { counts: Arc::new(Mutex::new(counts)), budgets }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Nothing panics while it holds the lock.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a post that the stream delivered.
    pub(crate) fn count(&self, post: &Head, now: UtcTime) {
        self.counts().count(post, now);
    }

    /// What the next reader must know; of the posts, those that were charged for at `from` or later.
    pub(crate) fn metered(&self, from: UtcTime) -> Metered {
        let counts = self.counts();
        let (posts_by_day, posts_by_month) = counts.posts.saved();
        let (users_by_day, users_by_month) = counts.users.saved();
        let charged = counts.charged.since(from);
        Metered { posts_by_day, posts_by_month, users_by_day, users_by_month, charged }
    }

    /// Posts read today.
    pub(crate) fn today(&self, now: UtcTime) -> u64 {
        self.counts().posts.today(now)
    }

    /// Posts read this month.
    pub(crate) fn this_month(&self, now: UtcTime) -> u64 {
        self.counts().posts.this_month(now)
    }

    /// Users read today, and this month.
    pub(crate) fn users(&self, now: UtcTime) -> (u64, u64) {
        let counts = self.counts();
        (counts.users.today(now), counts.users.this_month(now))
    }

    /// How many posts may be read.
    pub(crate) fn budgets(&self) -> Budgets {
        self.budgets
    }

    /// How many posts may still be read today, and this month.
    fn left_of_each(&self, now: UtcTime) -> (u64, u64) {
        let asked_for = self.counts().asked_for;
        let left = |budget: Option<u64>, read: u64| {
            budget.map_or(u64::MAX, |budget| budget.saturating_sub(read.saturating_add(asked_for)))
        };
        (left(self.budgets.a_day, self.today(now)), left(self.budgets.a_month, self.this_month(now)))
    }

    /// How many posts may still be read today.
    fn left(&self, now: UtcTime) -> u64 {
        let (day, month) = self.left_of_each(now);
        day.min(month)
    }

    /// How many posts may still be read today beside those that are expected until the end of each budget, and the budget that allows no more.
    pub(crate) fn left_beside(&self, expected_until: impl Fn(UtcTime) -> u64, now: UtcTime) -> (u64, UsedUp) {
        let (day, month) = self.left_of_each(now);
        let left = |left: u64, budget: UsedUp| left.saturating_sub(expected_until(budget.until(now)));
        let (day, month) = (left(day, UsedUp::Day), left(month, UsedUp::Month));
        if month <= day { (month, UsedUp::Month) } else { (day, UsedUp::Day) }
    }

    /// The budget of which the least is left.
    pub(crate) fn scarcest(&self, now: UtcTime) -> UsedUp {
        self.left_beside(|_| 0, now).1
    }

    /// How many posts may still be read today to heal gaps. The last ones are reserved for the stream, which goes first.
    fn left_for_healing(&self, now: UtcTime) -> u64 {
        self.left(now).saturating_sub(self.budgets.least().map_or(0, left_to_stream))
    }

    /// The budget that is too small to ever allow `least` posts to be requested at once, if one is.
    pub(crate) fn too_small_for(&self, least: u64) -> Option<u64> {
        self.budgets.least().filter(|budget| budget - left_to_stream(*budget) < least)
    }

    /// The budget that is used up, if one is.
    pub(crate) fn used_up(&self, now: UtcTime) -> Option<UsedUp> {
        (self.left(now) == 0).then(|| self.scarcest(now))
    }

    /// Whether a budget is used up.
    pub(crate) fn is_used_up(&self, now: UtcTime) -> bool {
        self.used_up(now).is_some()
    }

    /// Allows up to `most` posts to be requested, if at least `least` may still be read.
    pub(crate) fn allow(&self, least: u64, most: u64, now: UtcTime) -> Option<Allowance> {
        let posts = self.left_for_healing(now).min(most);
        if posts < least {
            return None;
        }
        self.counts().asked_for += posts;
        Some(Allowance { meter: self.clone(), asked_for: posts, left: posts })
    }

    /// Waits until posts may be read.
    pub(crate) async fn free(&self) {
        while self.is_used_up(UtcTime::now()) {
            tokio::time::sleep(CHECK_BUDGET).await;
        }
    }

    /// Waits until `least` posts may be read to heal gaps.
    pub(crate) async fn free_for_healing(&self, least: u64) {
        while self.left_for_healing(UtcTime::now()) < least {
            tokio::time::sleep(CHECK_BUDGET).await;
        }
    }
}

#[cfg(test)]
mod tests;
