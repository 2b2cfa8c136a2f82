//! Forgetting dead letters.

use aws_sdk_sqs::types::Message;

use super::letter::message_group;
use super::queue::DeadLetterQueue;
use crate::Keyword;
use crate::queue;

/// How many messages are received at a time: of each keyword, ten are visible at most.
const AT_ONCE: usize = 1000;

impl DeadLetterQueue {
    /// Deletes some of the dead letters of a keyword, or of all, that are visible now; returns how many. Zero: none is visible.
    ///
    /// # Errors
    /// SQS's error. Retrying is safe.
    pub async fn forget_some(&self, keyword: Option<&Keyword>) -> Result<usize, aws_sdk_sqs::Error> {
        let group = keyword.map(queue::message_group);
        let is_doomed =
            |message: &Message| group.as_deref().is_none_or(|group| message_group(message) == group);
        let received = self.receive(AT_ONCE, |_| false).await?;
        let (doomed, others): (Vec<Message>, Vec<Message>) = received.into_iter().partition(is_doomed);
        let mut outcome = Ok(doomed.len());
        for message in &doomed {
            if let Err(error) = self.delete(message).await {
                outcome = Err(error);
                break;
            }
        }
        self.release(&others).await?;
        outcome
    }
}
