//! Settling one dead letter: finding it, doing something with it, and deleting it.

use aws_sdk_sqs::types::Message;

use super::queue::DeadLetterQueue;

/// What became of a request to redrive or drop one dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The request was carried out, and the dead letter is off the queue.
    Done,
    /// No dead letter with this id is visible now.
    NotFound,
}

impl DeadLetterQueue {
    /// Has `settle` do something with the dead letter `id`, and deletes it if that succeeds.
    pub(super) async fn settle(
        &self,
        id: &str,
        settle: impl AsyncFnOnce(&Message) -> Result<(), aws_sdk_sqs::Error>,
    ) -> Result<Settled, aws_sdk_sqs::Error> {
        let has_id = |message: &Message| message.message_id() == Some(id);
        let mut others = self.receive(usize::MAX, has_id).await?;
        let letter = others.iter().position(has_id).map(|index| others.swap_remove(index));
        let outcome = match letter {
            Some(letter) => match settle(&letter).await {
                Ok(()) => self.delete(&letter).await.map(|()| Settled::Done),
                Err(error) => Err(error),
            },
            None => Ok(Settled::NotFound),
        };
        self.release(&others).await?;
        outcome
    }
}
