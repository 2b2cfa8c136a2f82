//! What the handlers work with: the clients of the tables, queues and services behind the API.

use aws_config::SdkConfig;
use posts::dead_letters::DeadLetterQueue;
use posts::metrics::Metrics;
use posts::publish::Publisher;
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use service::parameters::ParameterStore;
use stream::StreamStatusTable;
use stream::close_queue::CloseQueue;

use crate::config::{ControlConfig, ReadConfig};
use crate::resources::statistics::CloudWatch;
use crate::x_api::XApi;

/// What the reading operations work with.
#[derive(Clone, Debug)]
pub struct ReadApi {
    pub(crate) tweets: TweetsTable,
    pub(crate) statistics: StatisticsTable,
    pub(crate) status: StreamStatusTable,
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
    pub(crate) status: StreamStatusTable,
    pub(crate) close_queue: CloseQueue,
    pub(crate) dead_letters: DeadLetterQueue,
    pub(crate) publisher: Publisher,
    pub(crate) ecs: aws_sdk_ecs::Client,
    /// None if posts do not come from X.
    pub(crate) x: Option<XApi>,
}

impl ReadApi {
    /// Clients of what `config` names.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: ReadConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table);
        Self {
            tweets: TweetsTable::new(dynamodb.clone(), config.tweets_table, statistics.clone()),
            statistics,
            status: StreamStatusTable::new(dynamodb, config.status_table, config.stream_id),
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
        Self {
            tweets: TweetsTable::new(dynamodb.clone(), config.tweets_table.clone(), statistics.clone()),
            publisher: Publisher::new(
                statistics,
                Metrics::new(aws_sdk_cloudwatch::Client::new(aws), config.namespace.clone()),
            ),
            status: StreamStatusTable::new(dynamodb, config.status_table.clone(), config.stream_id.clone()),
            close_queue: CloseQueue::new(sqs.clone(), config.close_queue_url.clone()),
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

/// X's API at `url`, if there is a parameter with its token.
fn x_api(aws: &SdkConfig, url: &str, token_parameter: Option<String>) -> Option<XApi> {
    let parameters = || ParameterStore::new(aws_sdk_ssm::Client::new(aws));
    token_parameter.map(|token| XApi::new(url, parameters(), token))
}
