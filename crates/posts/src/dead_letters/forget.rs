//! Forgetting dead letters.

use aws_sdk_sqs::types::Message;

use super::letter::message_group;
use super::queue::DeadLetterQueue;
use crate::Keyword;
use crate::queue;

/// How many messages of others are hidden at a time, at most, to get at more: of each keyword, ten are visible.
const HIDDEN: usize = 1000;

impl DeadLetterQueue {
    /// Deletes some of the dead letters of a keyword, or of all, that are visible now; returns how many. Zero: none is visible.
    ///
    /// # Errors
    /// SQS's error. Retrying is safe.
    pub async fn forget_some(&self, keyword: Option<&Keyword>) -> Result<usize, aws_sdk_sqs::Error> {
        let mut others = Vec::new();
        let outcome = self.forget_visible(keyword, &mut others).await;
        self.release(&others).await?;
        outcome
    }

    /// Deletes what is visible until there is no more. What must stay is put to `others`, hidden and without its body, which may be large.
    async fn forget_visible(
        &self,
        keyword: Option<&Keyword>,
        others: &mut Vec<Message>,
    ) -> Result<usize, aws_sdk_sqs::Error> {
        let group = keyword.map(queue::message_group);
        let mut deleted = 0;
        while deleted + others.len() < HIDDEN {
            let received = self.receive(1, |_| false).await?;
            if received.is_empty() {
                break;
            }
            let is_doomed =
                |message: &Message| group.as_deref().is_none_or(|group| message_group(message) == group);
            let (doomed, mut rest): (Vec<Message>, Vec<Message>) = received.into_iter().partition(is_doomed);
            rest.iter_mut().for_each(|message| message.body = None);
            others.append(&mut rest);
            for message in &doomed {
                self.delete(message).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}
