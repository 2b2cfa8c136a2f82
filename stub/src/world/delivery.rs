//! Sending posts to the readers of X's stream, and charging what was read.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::World;
use super::chunk::{Delivery, Line};
use super::connection::DisconnectReason;
use super::resources::Resources;
use crate::clock::now;
use crate::x::hydrate::Wanted;

impl World {
    /// Sends a post that matched to every reader.
    pub(super) fn deliver(&mut self, sequence: u64, post: &Value) {
        let Some(posted) = self.posted(sequence) else { return };
        let lines: Vec<(u64, Line)> = self
            .readers
            .served()
            .map(|reader| (reader.description.number, posted.line(post, &reader.wanted, sequence)))
            .collect();
        for (number, line) in lines {
            self.readers.send(number, line, &mut self.faults);
        }
    }

    /// Sends the reader with this number again what matched in the last `time`, whether or not it was delivered.
    pub(crate) fn backfill(&mut self, number: u64, wanted: &Wanted, time: Duration) {
        let since = now().checked_sub(time).unwrap_or(Timestamp::MAX);
        for line in self.matched_between(since, Timestamp::MAX, wanted) {
            self.readers.send(number, line, &mut self.faults);
        }
    }

    /// The lines of what matched after `since`, up to `until`, and is still there.
    pub(crate) fn matched_between(&self, since: Timestamp, until: Timestamp, wanted: &Wanted) -> Vec<Line> {
        let all = (self.forgotten..).zip(&self.posts);
        let matched = all.filter(|(_, post)| since < post.at && post.at <= until && !post.matched.is_empty());
        matched
            .filter(|(_, post)| post.is_public())
            .map(|(sequence, post)| post.line(&post.now(&self.redactions), wanted, sequence))
            .collect()
    }

    /// Counts what was delivered with a line.
    pub(crate) fn delivered(&mut self, delivery: &Delivery) {
        if let Some(post) = self.posted_mut(delivery.sequence) {
            post.delivered += 1;
        }
        self.answered(&delivery.resources);
    }

    /// Charges what an answer holds.
    pub(crate) fn answered(&mut self, resources: &Resources) {
        self.billing.deliver(resources, now());
        self.end_if_exhausted();
    }

    /// Charges a request that costs something by itself.
    pub(crate) fn requested(&mut self, micro_dollars: u64) {
        self.billing.request(micro_dollars, now());
        self.end_if_exhausted();
    }

    /// Ends the streams if no more may be read, and says why.
    pub(crate) fn end_if_exhausted(&mut self) {
        if let Some(exhausted) = self.billing.exhausted(now()) {
            self.readers.say(&Bytes::from(format!("{}\r\n", exhausted.in_the_stream())));
            self.readers.end(DisconnectReason::UsageCapped, |_| true);
        }
    }
}
