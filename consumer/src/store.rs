//! Storing one message.

use posts::dead_letters::DeadLetterQueue;
use posts::envelope::Envelope;
use posts::tweets::{Correction, TweetsTable};
use service::tables::TableError;
use tokio::time::Instant;
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
        for post in posts.iter().filter(|post| post.edited_at.is_some()) {
            tally.corrected += usize::from(self.tweets.edit(keyword, post).await? == Correction::Made);
        }
        for id in removed {
            let correction = self.tweets.remove(keyword, id, now, deadline).await?;
            tally.corrected += usize::from(correction == Correction::Made);
        }
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
        tracing::error!(message_id = message.id, reason, "giving up what can never be stored");
        self.dead_letters.put(&message.id, &message.group, body, reason).await?;
        tally.given_up += 1;
        Ok(())
    }
}
