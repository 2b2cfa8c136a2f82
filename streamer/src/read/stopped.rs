//! Keywords that were stopped, while the source cannot be made to leave them out: what that costs, and whether to go on reading.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use ::stream::report::WaitingFor;
use posts::Keyword;
use tokio::time::Instant;
use utc_time::UtcTime;

use super::context::Context;
use super::selection::{GATHERED, select};
use crate::source::{Backoff, Extent, Failure, RequestedKeywords, Selection, Source};
use crate::tallies::Tallies;

/// For how long the source may go on delivering what was stopped before that is worth telling.
const TOLERATED: Duration = Duration::from_secs(60);

/// What to do about stopped keywords that the source still delivers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing: it is over within a minute, or costs nothing.
    Tolerate,
    /// Say so while it lasts.
    Say(StillDelivered),
    /// Stop reading until the source leaves them out: reading would cost more for them than for all that is requested.
    Interrupt(StillDelivered),
}

/// Stopped keywords that the source still delivers and charges for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StillDelivered {
    keywords: BTreeSet<Keyword>,
    /// When the source will be asked again to leave them out.
    until: UtcTime,
    /// About how many posts they bring until then; `None` if too little is known of one of them.
    posts: Option<u64>,
    micro_dollars_a_post: u64,
}

/// Judges by what is known at `now`.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) tallies: &'a Tallies,
    pub(crate) micro_dollars_a_post: u64,
    pub(crate) requested: &'a RequestedKeywords,
    pub(crate) now: UtcTime,
}

impl Judge<'_> {
    /// What to do about the keywords `unwanted`. The source has been asked in vain for the time `waited`, and will be asked again after `wait`.
    pub(crate) fn verdict(self, unwanted: &BTreeSet<Keyword>, waited: Duration, wait: Duration) -> Verdict {
        let Self { tallies, micro_dollars_a_post, now, .. } = self;
        if unwanted.is_empty() || micro_dollars_a_post == 0 || waited + wait <= TOLERATED {
            return Verdict::Tolerate;
        }
        let rates: Vec<Option<f64>> =
            unwanted.iter().map(|keyword| tallies.posts_a_second(keyword, now)).collect();
        let all: Option<f64> = rates.iter().copied().sum();
        let still = StillDelivered {
            keywords: unwanted.clone(),
            until: now.after(wait),
            // Far below 2^53.
            posts: all.map(|rate| (rate * wait.as_secs_f64()).round() as u64),
            micro_dollars_a_post,
        };
        let known: f64 = rates.into_iter().flatten().sum();
        if known > self.requested_posts_a_second() { Verdict::Interrupt(still) } else { Verdict::Say(still) }
    }

    /// How many posts everything that is requested brings in a second. If little is known of a keyword, rather too many.
    fn requested_posts_a_second(self) -> f64 {
        let Self { tallies, requested, now, .. } = self;
        let rates = requested.iter().map(|(keyword, state)| {
            tallies.posts_a_second(keyword, now).unwrap_or_else(|| {
                let counted_for = now.since(state.since.max(now.start_of_day()));
                // Far below 2^53.
                (tallies.streamed_today(keyword, now) + 1) as f64 / counted_for.as_secs_f64().max(1.0)
            })
        });
        rates.sum()
    }
}

impl StillDelivered {
    /// Their names, and that they were stopped, for people to read.
    fn who(&self) -> String {
        let first = self.keywords.first().map(Keyword::as_str).unwrap_or_default();
        match self.keywords.len() {
            0 | 1 => format!("{first:?}, which was stopped"),
            2 => format!("{first:?} and another keyword, which were stopped"),
            all => format!("{first:?} and {} other keywords, which were stopped", all - 1),
        }
    }

    /// Why reading is interrupted because of them.
    pub(crate) fn cause(&self) -> String {
        let who = self.who();
        format!(
            "reading would have cost more for {who}, than for all other keywords; the source cannot be told yet to leave out what was stopped"
        )
    }
}

impl fmt::Display for StillDelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the source still delivers {}, until {}", self.who(), self.until)?;
        let Some(posts) = self.posts else { return Ok(()) };
        // Rounded down, since it is the least.
        let cents = posts.saturating_mul(self.micro_dollars_a_post) / 10_000;
        write!(f, ": about {posts} posts, at least ${}.{:02}", cents / 100, cents % 100)
    }
}

/// Waits until the source is asked again, in `wait`; it has been asked for the time `waited` already. Meanwhile the report says which of the
/// keywords `there` it delivers although they were stopped. Returns at once if that costs more than all that is requested.
pub(crate) async fn wait_and_say<S>(
    context: &Context<S>,
    there: &BTreeSet<Keyword>,
    waited: Duration,
    wait: Duration,
) -> Option<StillDelivered> {
    let mut requested = context.requested.clone();
    let began = Instant::now();
    let due = began + wait;
    loop {
        let now_requested = requested.borrow_and_update().clone();
        let stopped = there.iter().filter(|keyword| !now_requested.contains_key(keyword)).cloned().collect();
        let left = due.saturating_duration_since(Instant::now());
        match context.judge(&now_requested).verdict(&stopped, waited + began.elapsed(), left) {
            Verdict::Tolerate => context.progress.remark(None),
            Verdict::Say(still) => context.progress.remark(Some(still.to_string())),
            Verdict::Interrupt(still) => return Some(still),
        }
        tokio::select! {
            () = tokio::time::sleep_until(due) => return None,
            Ok(()) = requested.changed() => {}
        }
    }
}

/// Waits, without a connection, until the source leaves out what was stopped, or reading is worth its price again.
///
/// # Errors
/// Why the source refuses for good.
pub(crate) async fn wait_until_left_out<S: Source>(
    context: &mut Context<S>,
    mut still: StillDelivered,
) -> Result<(), Failure> {
    let mut backoff = Backoff::new(S::BACKOFF);
    loop {
        let reason = format!("{}; the next attempt is due at {}", still.cause(), still.until);
        tracing::warn!(reason, "reading is interrupted");
        context.progress.pause(WaitingFor::RuleChange, reason);
        let due = tokio::time::sleep(still.until.since(UtcTime::now()));
        let mut changes = context.requested.clone();
        tokio::select! {
            () = due => {}
            Ok(()) = changes.changed() => tokio::time::sleep(GATHERED).await,
        }
        let requested = context.requested.borrow_and_update().clone();
        let (mut unwanted, failure) = match select(context, &requested, Extent::Whole).await {
            Ok(Selection { unwanted, incomplete, .. }) => (unwanted, incomplete),
            Err(failure) => (still.keywords.clone(), Some(failure)),
        };
        unwanted.retain(|keyword| !requested.contains_key(keyword));
        let wait = match failure {
            None => return Ok(()),
            Some(Failure::Passing { class, .. }) => backoff.wait(class, UtcTime::now()),
            Some(failure) => return Err(failure),
        };
        match context.judge(&requested).verdict(&unwanted, TOLERATED, wait) {
            Verdict::Interrupt(now_still) => still = now_still,
            Verdict::Tolerate | Verdict::Say(_) => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use stream::tally::Tally;

    use super::*;
    use crate::source::KeywordState;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    /// What is judged at 10,000 s of a keyword "foo" that was stopped, and of others that are requested since 0 s; each brought so many posts, one a
    /// second.
    fn verdict(foo: i64, others: &[i64], waited: Duration, wait: Duration) -> Verdict {
        let tallies = Tallies::new(Tally::new());
        let bring = |keyword: &Keyword, posts: i64| {
            (0..posts).for_each(|second| tallies.streamed(keyword, false, at(second)));
        };
        let foo_keyword: Keyword = "foo".parse().unwrap();
        bring(&foo_keyword, foo);
        let mut requested = RequestedKeywords::new();
        let state = KeywordState::new(at(0));
        for (number, posts) in others.iter().enumerate() {
            let keyword: Keyword = format!("other{number}").parse().unwrap();
            bring(&keyword, *posts);
            requested.insert(keyword, state);
        }
        let judge =
            Judge { tallies: &tallies, micro_dollars_a_post: 5_000, requested: &requested, now: at(10_000) };
        judge.verdict(&[foo_keyword].into(), waited, wait)
    }

    #[test]
    fn what_lasts_for_more_than_a_minute_is_told_with_what_it_costs() {
        assert_eq!(verdict(300, &[300], MINUTE, Duration::ZERO), Verdict::Tolerate);
        let Verdict::Say(still) = verdict(300, &[300], Duration::ZERO, MINUTE * 5) else { panic!() };
        assert_eq!(
            still.to_string(),
            "the source still delivers \"foo\", which was stopped, until 1970-01-01T02:51:40.000Z: about 300 posts, at least $1.50"
        );
        assert!(matches!(verdict(300, &[300], Duration::from_secs(1), MINUTE), Verdict::Say(_)));
    }

    #[test]
    fn no_number_is_invented() {
        let Verdict::Say(still) = verdict(19, &[], Duration::ZERO, MINUTE * 5) else { panic!() };
        assert_eq!(
            still.to_string(),
            "the source still delivers \"foo\", which was stopped, until 1970-01-01T02:51:40.000Z"
        );
        let two = StillDelivered { keywords: ["a", "b"].map(|text| text.parse().unwrap()).into(), ..still };
        assert!(two.to_string().contains("\"a\" and another keyword, which were stopped, until"));
    }

    #[test]
    fn reading_is_interrupted_where_that_is_cheaper_for_certain() {
        let is_interrupted = |foo, others: &[i64]| {
            matches!(verdict(foo, others, Duration::ZERO, MINUTE * 5), Verdict::Interrupt(_))
        };
        assert!(is_interrupted(300, &[]));
        assert!(is_interrupted(300, &[10, 0]), "the others bring a post in ten minutes");
        assert!(!is_interrupted(300, &[300]), "as much for what is wanted");
        assert!(!is_interrupted(19, &[0]), "too little is known");
    }

    #[test]
    fn a_keyword_of_which_nothing_is_known_yet_may_bring_much() {
        let tallies = Tallies::new(Tally::new());
        let foo: Keyword = "foo".parse().unwrap();
        (0..300).for_each(|second| tallies.streamed(&foo, false, at(second)));
        let state = KeywordState::new(at(299));
        let requested = RequestedKeywords::from([("new".parse().unwrap(), state)]);
        let judge =
            Judge { tallies: &tallies, micro_dollars_a_post: 5_000, requested: &requested, now: at(300) };
        assert!(matches!(judge.verdict(&[foo].into(), MINUTE, MINUTE), Verdict::Say(_)));
    }
}
