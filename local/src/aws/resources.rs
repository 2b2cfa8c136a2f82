//! The template's resources, by their names on one machine.

use std::time::Duration;

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ACCOUNT: &str = "000000000000";

pub(crate) const TWEETS_TABLE: &str = "TweetsTable";
pub(crate) const STATISTICS_TABLE: &str = "StatisticsTable";
pub(crate) const STATUS_TABLE: &str = "StreamStatusTable";

/// The attribute with the time at which an item expires, in seconds since 1970, in TWEETS_TABLE and STATUS_TABLE.
pub(crate) const TTL_ATTRIBUTE: &str = "expiresAt";

pub(crate) const TWEETS_QUEUE: &str = "TweetsFifoQueue.fifo";
pub(crate) const DEAD_LETTER_QUEUE: &str = "TweetsDeadLetterQueue.fifo";
pub(crate) const CLOSE_QUEUE: &str = "StreamCloseQueue";

pub(crate) const TOKEN_PARAMETER: &str = "TwitterBearerToken";
pub(crate) const API_KEYS_PARAMETER: &str = "ApiKeys";
pub(crate) const CLUSTER: &str = "StreamerCluster";
pub(crate) const TASK_DEFINITION: &str = "streamer";

/// A queue's settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    pub(crate) name: &'static str,
    pub(crate) visibility: Duration,
    /// After this many receives, a message moves to the named queue.
    pub(crate) redrive: Option<(u32, &'static str)>,
}

/// As in the template. What can never be stored, the consumer itself moves to the dead-letter queue immediately.
const RECEIVES: u32 = 1000;

/// All queues.
pub(crate) const QUEUES: [Queue; 3] = [
    Queue {
        name: TWEETS_QUEUE,
        visibility: Duration::from_secs(30),
        redrive: Some((RECEIVES, DEAD_LETTER_QUEUE)),
    },
    Queue { name: DEAD_LETTER_QUEUE, visibility: Duration::from_secs(30), redrive: None },
    Queue { name: CLOSE_QUEUE, visibility: Duration::from_secs(30), redrive: None },
];

impl Queue {
    pub(crate) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}
