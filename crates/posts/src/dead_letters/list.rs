//! Listing dead letters.

use serde::Serialize;

use super::letter::DeadLetter;
use super::queue::DeadLetterQueue;

/// The dead letters that are visible now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetters {
    /// The dead letters.
    pub letters: Vec<DeadLetter>,
    /// About how many there are, including those that are not visible now.
    pub count: u64,
}

impl DeadLetterQueue {
    /// The dead letters that are visible now, up to `most` or a few more. They stay on the queue.
    ///
    /// # Errors
    /// SQS's error.
    pub async fn list(&self, most: usize) -> Result<DeadLetters, aws_sdk_sqs::Error> {
        let count = self.count().await?;
        let received = self.receive(most, |_| false).await?;
        let letters = received.iter().map(DeadLetter::from).collect();
        self.release(&received).await?;
        Ok(DeadLetters { letters, count })
    }
}
