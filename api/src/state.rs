//! What the handlers work with: the clients of the tables, queues and services behind the API.

use aws_config::SdkConfig;
use posts::Keyword;
use posts::dead_letters::DeadLetterQueue;
use posts::metrics::Metrics;
use posts::publish::Publisher;
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use service::parameters::ParameterStore;
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::close_queue::CloseQueue;

use crate::config::{ControlConfig, ControlledStreamConfig, ReadConfig, StreamConfig};
use crate::resources::statistics::CloudWatch;
use crate::streams::{ControlledStream, SourceStream, Streams};
use crate::x_api::XApi;

/// What the reading operations work with.
#[derive(Clone, Debug)]
pub struct ReadApi {
    pub(crate) tweets: TweetsTable,
    pub(crate) statistics: StatisticsTable,
    pub(crate) streams: Streams<SourceStream>,
    pub(crate) dead_letters: DeadLetterQueue,
    pub(crate) cloudwatch: CloudWatch,
    /// [`ReadConfig::answer_bytes`].
    pub(crate) answer_bytes: Option<usize>,
}

/// What the controlling operations, the reconciler and the minute work with.
#[derive(Clone, Debug)]
pub struct ControlApi {
    pub(crate) config: ControlConfig,
    pub(crate) tweets: TweetsTable,
    pub(crate) streams: Streams<ControlledStream>,
    /// [`ControlConfig::retired`].
    pub(crate) retired: Vec<ControlledStream>,
    pub(crate) dead_letters: DeadLetterQueue,
    pub(crate) publisher: Publisher,
    pub(crate) ecs: aws_sdk_ecs::Client,
    /// None if posts do not come from X.
    pub(crate) x: Option<XApi>,
}

impl ControlApi {
    /// The streams of all sources, also of those that are not read any more.
    pub(crate) fn all_streams(&self) -> impl Iterator<Item = &ControlledStream> {
        self.streams.iter().chain(&self.retired)
    }

    /// Whether a keyword is requested of any source, or will be once the source is read again; without one, whether any keyword is.
    pub(crate) async fn is_requested(&self, keyword: Option<&Keyword>) -> Result<bool, TableError> {
        for each in self.all_streams() {
            if each.stream.requests(keyword).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl ReadApi {
    /// Clients of what `config` names.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: ReadConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table);
        let streams = config.streams.into_iter().map(|each| stream(&dynamodb, &config.status_table, each));
        Self {
            streams: Streams::new(streams.collect()),
            tweets: TweetsTable::new(dynamodb, config.tweets_table, statistics.clone()),
            statistics,
            dead_letters: DeadLetterQueue::new(
                aws_sdk_sqs::Client::new(aws),
                config.dead_letter_queue_url,
                config.tweets_queue_url,
            ),
            cloudwatch: CloudWatch {
                client: aws_sdk_cloudwatch::Client::new(aws),
                namespace: config.namespace,
            },
            answer_bytes: config.answer_bytes,
        }
    }
}

impl ControlApi {
    /// Clients of what `config` names.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: ControlConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table.clone());
        let controlled = |each: &ControlledStreamConfig| ControlledStream {
            stream: stream(&dynamodb, &config.status_table, each.stream.clone()),
            close_queue: CloseQueue::new(sqs.clone(), each.close_queue_url.clone()),
            task_definition: each.task_definition.clone(),
        };
        Self {
            streams: Streams::new(config.streams.iter().map(controlled).collect()),
            retired: config.retired.iter().map(controlled).collect(),
            tweets: TweetsTable::new(dynamodb.clone(), config.tweets_table.clone(), statistics.clone()),
            publisher: Publisher::new(
                statistics,
                Metrics::new(aws_sdk_cloudwatch::Client::new(aws), config.namespace.clone()),
            ),
            dead_letters: DeadLetterQueue::new(
                sqs,
                config.dead_letter_queue_url.clone(),
                config.tweets_queue_url.clone(),
            ),
            ecs: aws_sdk_ecs::Client::new(aws),
            x: x_api(aws, &config.x_url, config.token_parameter.clone()),
            config,
        }
    }
}

/// The stream that `config` names, in the table called `table`.
fn stream(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    StreamConfig { source, stream_id }: StreamConfig,
) -> SourceStream {
    SourceStream { source, status: StreamStatusTable::new(dynamodb.clone(), table.to_owned(), stream_id) }
}

/// X's API at `url`, if there is a parameter with its token.
fn x_api(aws: &SdkConfig, url: &str, token_parameter: Option<String>) -> Option<XApi> {
    let parameters = || ParameterStore::new(aws_sdk_ssm::Client::new(aws));
    token_parameter.map(|token| XApi::new(url, parameters(), token))
}
