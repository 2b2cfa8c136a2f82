//! Packing: the posts of one keyword into one message.

use std::collections::BTreeMap;
use std::time::Duration;

use posts::envelope::{EncodedPost, Parcel};
use posts::{Keyword, TraceId};
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::source::Arrival;
use crate::waiting::Ticket;

/// How long a post waits for others to share its parcel.
const AGE: Duration = Duration::from_secs(1);

/// Packs posts into parcels, at most one open parcel for each keyword, none older than [`AGE`].
#[derive(Debug, Default)]
pub(crate) struct Packer {
    open: BTreeMap<Keyword, Packed>,
}

/// A parcel, and the tickets of its posts.
#[derive(Debug)]
pub(crate) struct Packed {
    parcel: Parcel,
    tickets: Vec<Ticket>,
    since: Instant,
    /// When the latest post of the stream in it was written or removed.
    newest: Option<UtcTime>,
}

impl AsRef<Parcel> for Packed {
    fn as_ref(&self) -> &Parcel {
        &self.parcel
    }
}

impl Packed {
    /// The queue has accepted it.
    pub(crate) fn accepted(&self) {
        for ticket in &self.tickets {
            ticket.accepted();
        }
    }

    /// The keyword that it was packed under.
    pub(crate) fn keyword(&self) -> &Keyword {
        self.parcel.keyword()
    }

    /// The id by which it is followed.
    pub(crate) fn trace_id(&self) -> TraceId {
        self.parcel.trace_id()
    }

    /// The ids of the posts and removals that it holds.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.parcel.ids()
    }

    /// How many posts and removals it holds.
    pub(crate) fn posts(&self) -> u64 {
        self.tickets.len() as u64
    }

    /// When the latest post of the stream in it was written.
    pub(crate) fn newest(&self) -> Option<UtcTime> {
        self.newest
    }
}

impl Packer {
    /// Adds a post or a removal. `made` is when it was made, if the stream delivered it. Returns the keyword's parcel
    /// so far if that is full.
    pub(crate) fn add(
        &mut self,
        keyword: &Keyword,
        arrival: &Arrival<EncodedPost>,
        made: Option<UtcTime>,
        ticket: Ticket,
        now: Instant,
    ) -> Option<Packed> {
        if let Some(open) = self.open.get_mut(keyword)
            && fits(arrival, &open.parcel)
        {
            add(arrival, &mut open.parcel);
            open.tickets.push(ticket);
            open.newest = open.newest.max(made);
            return None;
        }
        let mut parcel = Parcel::new(keyword.clone());
        add(arrival, &mut parcel);
        let packed = Packed { parcel, tickets: vec![ticket], since: now, newest: made };
        self.open.insert(keyword.clone(), packed)
    }

    /// When the oldest parcel must be sent.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|open| open.since + AGE).min()
    }

    /// Takes all parcels: when one must be sent the others go with it, since a request carries ten.
    pub(crate) fn take(&mut self) -> Vec<Packed> {
        std::mem::take(&mut self.open).into_values().collect()
    }
}

fn fits(arrival: &Arrival<EncodedPost>, parcel: &Parcel) -> bool {
    match arrival {
        Arrival::Post(post) => parcel.fits(post),
        Arrival::Removed(id) => parcel.fits_removal(id),
    }
}

fn add(arrival: &Arrival<EncodedPost>, parcel: &mut Parcel) {
    match arrival {
        Arrival::Post(post) => parcel.add(post),
        Arrival::Removed(id) => parcel.remove(id),
    }
}

#[cfg(test)]
mod tests {
    use posts::TraceId;
    use posts::envelope::{ENVELOPE_BYTES, Envelope};
    use proptest::prelude::*;

    use super::*;
    use crate::cursor::Cursor;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn add(packer: &mut Packer, keyword: &Keyword, id: usize, text: &str, cursor: &Cursor) -> Option<Packed> {
        let post = serde_json::json!({
            "tweetId": id.to_string(), "createDate": "2026-11-23T10:00:00Z", "text": text,
        });
        let post: posts::Post = serde_json::from_value(post).unwrap();
        let post = Arrival::Post(EncodedPost::encode((&post).into(), post.create_date).unwrap());
        packer.add(keyword, &post, None, Ticket::without_room(cursor.hold(1)), Instant::now())
    }

    proptest! {
        #[test]
        fn no_parcel_is_too_large_and_no_post_is_lost(
            sizes in proptest::collection::vec((0..3_usize, prop_oneof![9 => 0..500_usize, 1 => 0..200_000_usize]), 0..60)
        ) {
            let keywords: Vec<Keyword> =
                ["rust", "\u{1F980} \"quoted\"", "жук"].map(|keyword| keyword.parse().unwrap()).to_vec();
            let (mut packer, cursor) = (Packer::default(), Cursor::new(at(0)));
            let mut packed = Vec::new();
            for (id, (keyword, size)) in sizes.iter().enumerate() {
                packed.extend(add(&mut packer, &keywords[*keyword], id, &"\u{1}é".repeat(size / 8), &cursor));
            }
            packed.extend(packer.take());
            prop_assert_eq!(packer.deadline(), None);
            let mut ids: Vec<usize> = Vec::new();
            let mut trace_ids = std::collections::HashSet::new();
            cursor.reach(at(1));
            for packed in packed {
                prop_assert_eq!(cursor.at(), at(0));
                let body = packed.parcel.body();
                let envelope = Envelope::decode(&body).unwrap();
                let bytes = body.len() + TraceId::ATTRIBUTE_BYTES;
                prop_assert!(envelope.posts.len() == 1 || bytes <= ENVELOPE_BYTES, "{bytes}");
                prop_assert!(trace_ids.insert(packed.trace_id()), "each message has an id of its own");
                ids.extend(envelope.posts.iter().map(|post| post.tweet_id.as_str().parse::<usize>().unwrap()));
                packed.accepted();
            }
            prop_assert_eq!(cursor.at(), at(1), "accepted, they hold nothing back");
            ids.sort_unstable();
            prop_assert_eq!(ids, (0..sizes.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_taken_back_stays_behind_what_came_before_it() {
        let (mut packer, cursor) = (Packer::default(), Cursor::new(at(0)));
        let keyword = "k".parse().unwrap();
        add(&mut packer, &keyword, 1, "", &cursor);
        let removed = Arrival::Removed("1".parse().unwrap());
        let ticket = Ticket::without_room(cursor.hold(1));
        assert!(packer.add(&keyword, &removed, None, ticket, Instant::now()).is_none());
        let full = add(&mut packer, &keyword, 2, "", &cursor).unwrap();
        let envelope = Envelope::decode(&full.parcel.body()).unwrap();
        assert_eq!((envelope.posts.len(), envelope.removed.len()), (1, 1));
        assert_eq!(packer.take().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_post_sets_the_deadline() {
        let (mut packer, cursor) = (Packer::default(), Cursor::new(at(0)));
        let now = Instant::now();
        add(&mut packer, &"a".parse().unwrap(), 1, "", &cursor);
        tokio::time::advance(AGE / 2).await;
        add(&mut packer, &"b".parse().unwrap(), 2, "", &cursor);
        assert_eq!(packer.deadline(), Some(now + AGE));
        assert_eq!(packer.take().len(), 2);
    }
}
