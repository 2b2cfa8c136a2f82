//! The address of a machine's AWS-compatible endpoint, and the SDK settings for it.

use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use posts::dead_letters::DeadLetterQueue;
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use stream::StreamStatusTable;

use crate::aws::resources::{
    ACCOUNT, DEAD_LETTER_QUEUE, REGION, STATISTICS_TABLE, STATUS_TABLE, TWEETS_QUEUE, TWEETS_TABLE,
};

/// A machine's AWS-compatible endpoint, as its callers see it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its base URL.
    pub url: String,
    sdk: SdkConfig,
}

impl Endpoint {
    /// The endpoint at this base URL.
    pub async fn at(url: impl Into<String>) -> Self {
        let url = url.into();
        let loader = service::aws::loader().endpoint_url(&url).region(Region::new(REGION));
        let sdk = loader.credentials_provider(credentials("local")).load().await;
        Self { url, sdk }
    }

    /// The SDK settings for the endpoint.
    #[must_use]
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The SDK settings for the program `caller`, which each [`Call`](crate::Call) then names.
    #[must_use]
    pub fn sdk_of(&self, caller: &str) -> SdkConfig {
        let credentials = SharedCredentialsProvider::new(credentials(caller));
        self.sdk.to_builder().credentials_provider(credentials).build()
    }

    /// The URL of a queue.
    #[must_use]
    pub fn queue_url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", self.url)
    }

    /// TweetsTable.
    #[must_use]
    pub fn tweets_table(&self) -> TweetsTable {
        TweetsTable::new(self.dynamodb(), TWEETS_TABLE.to_owned(), self.statistics_table())
    }

    /// StatisticsTable.
    #[must_use]
    pub fn statistics_table(&self) -> StatisticsTable {
        StatisticsTable::new(self.dynamodb(), STATISTICS_TABLE.to_owned())
    }

    /// StreamStatusTable, limited to the items of one stream.
    #[must_use]
    pub fn status_table(&self, stream_id: &str) -> StreamStatusTable {
        StreamStatusTable::new(self.dynamodb(), STATUS_TABLE.to_owned(), stream_id.to_owned())
    }

    /// TweetsDeadLetterQueue, which redrives to TweetsFifoQueue.
    #[must_use]
    pub fn dead_letter_queue(&self) -> DeadLetterQueue {
        let sqs = aws_sdk_sqs::Client::new(&self.sdk);
        DeadLetterQueue::new(sqs, self.queue_url(DEAD_LETTER_QUEUE), self.queue_url(TWEETS_QUEUE))
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk)
    }
}

fn credentials(caller: &str) -> Credentials {
    Credentials::new(caller, "local", None, None, "local")
}
