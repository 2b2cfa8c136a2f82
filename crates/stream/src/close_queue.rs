//! StreamCloseQueue, which wakes the streamer.

use aws_sdk_sqs::Client;
use service::aws;

/// StreamCloseQueue. A message on it only means "look at what is requested now", so a message that is late, lost or repeated
/// cannot stop a stream that should run.
#[derive(Clone, Debug)]
pub struct CloseQueue {
    client: Client,
    url: String,
}

impl CloseQueue {
    /// How long one [`CloseQueue::wait`] waits, in seconds: SQS's longest poll.
    const WAIT_SECONDS: i32 = 20;

    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Wakes the streamer, if one runs.
    ///
    /// # Errors
    /// What SQS answered.
    pub async fn wake(&self) -> Result<(), aws_sdk_sqs::Error> {
        let body = r#"{"look":"desired"}"#;
        self.client.send_message().queue_url(&self.url).message_body(body).send().await?;
        Ok(())
    }

    /// Waits up to 20 s for messages, and takes them off the queue.
    ///
    /// # Errors
    /// What SQS answered.
    pub async fn wait(&self) -> Result<(), aws_sdk_sqs::Error> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .wait_time_seconds(Self::WAIT_SECONDS)
            .max_number_of_messages(10)
            .customize()
            .config_override(aws::long_poll())
            .send()
            .await?;
        for message in received.messages() {
            if let Some(handle) = message.receipt_handle() {
                self.client.delete_message().queue_url(&self.url).receipt_handle(handle).send().await?;
            }
        }
        Ok(())
    }
}
