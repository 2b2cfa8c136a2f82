//! The one door for everything that is collected, whether the stream delivers it or healing fetches it.
//!
//! Here the stream's posts are counted against the budget, repeats are dropped, and posts are encoded as JSON, once, and given room by
//! their exact size. Nothing checks again further on.

use std::collections::BTreeSet;

use posts::envelope::EncodedPost;
use posts::sources::{Head, Sent};
use posts::{Keyword, PostId};
use tokio::sync::mpsc;
use utc_time::UtcTime;

use crate::cursor::Cursor;
use crate::meter::Meter;
use crate::progress::Progress;
use crate::recent::RecentPosts;
use crate::source::Arrival;
use crate::tallies::Tallies;
use crate::waiting::{NotTaken, Origin, Waiting, WaitingRoom};

/// The one door for everything that is collected. Copies share their state.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    room: WaitingRoom,
    recent: RecentPosts,
    meter: Meter,
    tallies: Tallies,
    progress: Progress,
}

/// The outcome of taking a fetched post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// It was new, and waits to be sent.
    New,
    /// It had been read already.
    Repeated,
}

impl Intake {
    /// The intake, and the receiver of what it takes.
    pub(crate) fn new(meter: Meter, tallies: Tallies, progress: Progress) -> (Self, mpsc::Receiver<Waiting>) {
        let (room, received) = WaitingRoom::new();
        (Self { room, recent: RecentPosts::default(), meter, tallies, progress }, received)
    }

    /// Counts a post that the stream delivered: it has been paid for, whether or not anybody wants it and there is room for it. A post that was
    /// read before on the same day is not paid for again.
    pub(crate) fn count(&self, post: &Head, now: UtcTime) {
        self.meter.count(post, now);
    }

    /// Takes what the stream delivered at `now` for `keywords`, and what [`Intake::count`] has counted.
    pub(crate) fn take(
        &self,
        arrival: Arrival,
        keywords: BTreeSet<Keyword>,
        cursor: &Cursor,
        now: UtcTime,
    ) -> Result<(), NotTaken> {
        let post = match arrival {
            Arrival::Post(post) => post,
            Arrival::Removed(id) => return self.take_removal(id, keywords, cursor, now),
        };
        let mut new = keywords;
        new.retain(|keyword| !self.recent.contains(keyword, &post.head));
        if new.is_empty() {
            return Ok(());
        }
        let head = post.head.clone();
        if let Some(encoded) = encode(*post, now) {
            let encoded = Arrival::Post(encoded);
            let place = self.room.reserve(&encoded)?;
            for keyword in &new {
                self.recent.insert(keyword, &head.id, head.edited_at);
                self.tallies.streamed(keyword, head.is_repost, now);
            }
            place.take(encoded, head.created, new, Origin::Stream, cursor);
            self.progress.post_read(head.created);
        }
        Ok(())
    }

    fn take_removal(
        &self,
        id: PostId,
        keywords: BTreeSet<Keyword>,
        cursor: &Cursor,
        now: UtcTime,
    ) -> Result<(), NotTaken> {
        for keyword in &keywords {
            self.recent.removed(keyword, &id);
        }
        if !keywords.is_empty() {
            let removal = Arrival::Removed(id);
            self.room.reserve(&removal)?.take(removal, now, keywords, Origin::Stream, cursor);
        }
        Ok(())
    }

    /// Takes a post that was fetched, and counted, to heal a gap of `keyword`, as soon as there is room for it. The stream
    /// goes first: healing leaves half of the room to it.
    pub(crate) async fn take_fetched(
        &self,
        post: Sent,
        keyword: &Keyword,
        cursor: &Cursor,
    ) -> Result<Fetched, NotTaken> {
        let head = post.head.clone();
        if self.recent.contains(keyword, &head) {
            return Ok(Fetched::Repeated);
        }
        let Some(encoded) = encode(post, UtcTime::now()) else { return Ok(Fetched::New) };
        let encoded = Arrival::Post(encoded);
        let place = loop {
            self.room.half_free().await;
            match self.room.reserve(&encoded) {
                Ok(place) => break place,
                Err(NotTaken::NoRoom) => {}
                Err(ended @ NotTaken::Ended) => return Err(ended),
            }
        };
        place.take(encoded, head.created, BTreeSet::from([keyword.clone()]), Origin::Healing, cursor);
        self.recent.insert(keyword, &head.id, head.edited_at);
        self.tallies.fetched(keyword, UtcTime::now());
        Ok(Fetched::New)
    }

    /// A keyword was stopped: whatever comes under it again is new.
    pub(crate) fn stopped(&self, keyword: &Keyword) {
        self.recent.forget(keyword);
    }

    /// Waits until half of the room is free.
    pub(crate) async fn half_free(&self) {
        self.room.half_free().await;
    }
}

/// Encodes a post, unless it is too large to be stored: it is skipped then.
fn encode(post: Sent, read_at: UtcTime) -> Option<EncodedPost> {
    let id = post.head.id.clone();
    EncodedPost::encode(post, read_at)
        .inspect_err(|error| {
            tracing::warn!(%id, bytes = error.bytes, "skipped a post that is too large to be stored");
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use posts::envelope::POST_BYTES;

    use super::*;
    use crate::meter::Budgets;
    use crate::progress::Prices;
    use crate::waiting::{WAITING_BYTES, WAITING_POSTS};

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn intake(budget: Option<u64>) -> (Intake, mpsc::Receiver<Waiting>, Meter) {
        let budgets = Budgets { a_day: budget, a_month: None };
        let meter = Meter::new(stream::reading::Metered::default(), budgets, at(0));
        let progress =
            Progress::new(meter.clone(), Prices::default(), crate::source::OptedOut::default(), at(0));
        let (intake, received) = Intake::new(meter.clone(), Tallies::new(BTreeMap::new()), progress);
        (intake, received, meter)
    }

    fn post(id: usize, text: &str) -> Sent {
        let post = serde_json::json!({
            "tweetId": id.to_string(), "createDate": "2026-11-23T10:00:00Z", "text": text,
        });
        Sent::from(&serde_json::from_value::<posts::Post>(post).unwrap())
    }

    fn keywords(keywords: &[&str]) -> BTreeSet<Keyword> {
        keywords.iter().map(|keyword| keyword.parse().unwrap()).collect()
    }

    fn take(intake: &Intake, post: Sent, under: &[&str]) -> Result<(), NotTaken> {
        let now = UtcTime::now();
        intake.count(&post.head, now);
        intake.take(Arrival::Post(Box::new(post)), keywords(under), &Cursor::new(at(0)), now)
    }

    #[test]
    fn a_repeat_is_dropped_and_costs_nothing() {
        let (intake, mut received, meter) = intake(None);
        take(&intake, post(1, ""), &["a"]).unwrap();
        take(&intake, post(1, ""), &["a", "b"]).unwrap();
        take(&intake, post(1, ""), &["a", "b"]).unwrap();
        take(&intake, post(2, ""), &[]).unwrap();
        assert_eq!(received.try_recv().unwrap().keywords, keywords(&["a"]));
        assert_eq!(received.try_recv().unwrap().keywords, keywords(&["b"]), "it is new under this one");
        assert!(received.try_recv().is_err());
        assert_eq!(meter.today(UtcTime::now()), 2, "the one that is nobody's is paid for");
    }

    #[test]
    fn room_is_given_by_exact_size_and_what_found_none_is_paid_for_once() {
        let (intake, mut received, meter) = intake(None);
        let text = "é".repeat(100_000);
        let fit = WAITING_BYTES / EncodedPost::encode(post(100, &text), at(0)).unwrap().bytes();
        for id in 100..100 + fit {
            take(&intake, post(id, &text), &["a"]).unwrap();
        }
        assert_eq!(take(&intake, post(999, &text), &["a"]), Err(NotTaken::NoRoom));
        assert_eq!(meter.today(UtcTime::now()), fit as u64 + 1);
        drop(received.try_recv().unwrap());
        take(&intake, post(999, &text), &["a"]).unwrap();
        assert_eq!(meter.today(UtcTime::now()), fit as u64 + 1);
    }

    #[test]
    fn a_post_that_nothing_can_hold_is_skipped() {
        let (intake, mut received, meter) = intake(None);
        take(&intake, post(1, &"x".repeat(POST_BYTES)), &["a"]).unwrap();
        assert!(received.try_recv().is_err());
        assert_eq!(meter.today(UtcTime::now()), 1);
    }

    #[test]
    fn when_nobody_sends_any_more_it_says_so() {
        let (intake, received, _) = intake(None);
        let cursor = Cursor::new(at(0));
        let removed = || {
            let removed = Arrival::Removed("1".parse().unwrap());
            intake.take(removed, keywords(&["a"]), &cursor, UtcTime::now())
        };
        for _ in 0..WAITING_POSTS {
            removed().unwrap();
        }
        assert_eq!(removed(), Err(NotTaken::NoRoom));
        drop(received);
        assert_eq!(removed(), Err(NotTaken::Ended));
    }

    #[tokio::test]
    async fn what_is_fetched_is_taken_unless_it_was_read_before() {
        let (intake, mut received, _) = intake(None);
        let (keyword, cursor) = ("a".parse().unwrap(), Cursor::new(at(0)));
        take(&intake, post(1, ""), &["a"]).unwrap();
        let mut outcomes = Vec::new();
        for id in [1, 2] {
            outcomes.push(intake.take_fetched(post(id, ""), &keyword, &cursor).await.unwrap());
        }
        assert_eq!(outcomes, [Fetched::Repeated, Fetched::New]);
        assert_eq!(received.try_recv().unwrap().origin, Origin::Stream);
        assert_eq!(received.try_recv().unwrap().origin, Origin::Healing);
    }
}
