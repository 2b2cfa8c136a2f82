//! Dropping a dead letter.

use super::queue::DeadLetterQueue;
use super::settle::Settled;

impl DeadLetterQueue {
    /// Deletes the dead letter `id` for good.
    ///
    /// # Errors
    /// SQS's error.
    pub async fn drop(&self, id: &str) -> Result<Settled, aws_sdk_sqs::Error> {
        self.settle(id, async |_| Ok(())).await
    }
}
