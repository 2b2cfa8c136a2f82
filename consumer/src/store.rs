//! Storing one message.

use posts::PostId;
use posts::dead_letters::DeadLetterQueue;
use posts::envelope::Envelope;
use posts::tweets::{Correction, Inserted, TweetsTable};
use service::logs::{IDS_A_LINE, joined};
use service::tables::TableError;
use tokio::time::Instant;
use tracing::field::display;
use utc_time::UtcTime;

use crate::message::Message;
use crate::publish::CountedHours;
use crate::tally::Tally;

/// Stores messages, or puts them on the dead-letter queue if they can never be stored.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) tweets: TweetsTable,
    pub(crate) dead_letters: DeadLetterQueue,
}

/// Why a message goes back to the queue. A retry may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// A table could not be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The dead-letter queue did not accept what can never be stored.
    #[error("failed to put on the dead-letter queue: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    DeadLetters(#[from] aws_sdk_sqs::Error),
    /// There was no time left.
    #[error("the function's time ran out before the message was stored")]
    NoTime,
}

impl Store {
    /// Stores a message before `deadline`; returns the hours in which its posts are counted.
    ///
    /// A message that was not stored in time may be stored all the same; retrying is safe.
    pub(crate) async fn store(
        &self,
        message: &Message,
        deadline: Instant,
        tally: &mut Tally,
    ) -> Result<CountedHours, StoreError> {
        let stored = self.store_all(message, deadline, tally);
        tokio::time::timeout_at(deadline, stored).await.unwrap_or(Err(StoreError::NoTime))
    }

    async fn store_all(
        &self,
        message: &Message,
        deadline: Instant,
        tally: &mut Tally,
    ) -> Result<CountedHours, StoreError> {
        tally.bytes += message.body.len();
        let Envelope { keyword, posts, removed, unusable } = match &message.envelope {
            Ok(envelope) => envelope,
            Err(error) => {
                self.give_up(message, &message.body, &error.to_string(), tally).await?;
                return Ok(CountedHours::new());
            }
        };
        for unusable in unusable {
            self.give_up(message, &unusable.body, &unusable.reason.to_string(), tally).await?;
        }
        let now = UtcTime::now();
        let inserted =
            self.tweets.insert_sent(keyword, posts, message.sent.unwrap_or(now), now, deadline).await?;
        tally.new += inserted.new;
        tally.repeated += inserted.repeated;
        tally.retried += inserted.retried;
        let mut corrected = 0;
        for post in posts.iter().filter(|post| post.edited_at.is_some()) {
            corrected += usize::from(self.tweets.edit(keyword, post).await? == Correction::Made);
        }
        for id in removed {
            let correction = self.tweets.remove(keyword, id, now, deadline).await?;
            corrected += usize::from(correction == Correction::Made);
        }
        tally.corrected += corrected;
        log_stored(message, &inserted, corrected);
        tally.left_out += posts.iter().filter_map(|post| post.left_out).sum::<u64>();
        tally.latest = tally.latest.max(posts.iter().map(|post| post.create_date).max());
        // Hours of repeated posts too: an earlier attempt may have failed before it published them.
        Ok(posts.iter().map(|post| (keyword.clone(), post.create_date.start_of_hour())).collect())
    }

    /// Puts what can never be stored on the dead-letter queue.
    async fn give_up(
        &self,
        message: &Message,
        body: &str,
        reason: &str,
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        // Before it is put there: if that fails, the log says what is wrong with it all the same.
        let trace_id = message.trace_id.map(display);
        tracing::error!(trace_id, message_id = message.id, reason, "giving up what can never be stored");
        self.dead_letters.put(&message.id, message.trace_id, &message.group, body, reason).await?;
        tally.given_up += 1;
        Ok(())
    }
}

/// Says what became of a message's posts: so each post's id is in a line with the message's trace id.
fn log_stored(message: &Message, inserted: &Inserted, corrected: usize) {
    let Ok(Envelope { keyword, posts, removed, .. }) = &message.envelope else { return };
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let ids: Vec<&PostId> = posts.iter().map(|post| &post.tweet_id).chain(removed).collect();
    for ids in ids.chunks(IDS_A_LINE) {
        tracing::info!(
            trace_id = message.trace_id.map(display),
            message_id = message.id,
            receives = message.receives,
            sent = message.sent.map(display),
            %keyword,
            new = inserted.new,
            repeated = inserted.repeated,
            corrected,
            post_ids = %joined(ids, " "),
            "stored posts"
        );
    }
}
