//! The configuration of each program on one machine; `template.yaml` has the same for AWS.

use api::{AuthorizerConfig, ControlConfig, ControlledStreamConfig, ReadConfig, StreamConfig};
use service::namespace::Namespace;
use stream::{SourceName, StreamStatusTable};

use crate::aws::resources::{
    API_KEYS_PARAMETER, CLOSE_QUEUE, CLUSTER, DEAD_LETTER_QUEUE, STATISTICS_TABLE, STATUS_TABLE,
    TASK_DEFINITION, TOKEN_PARAMETER, TWEETS_QUEUE, TWEETS_TABLE,
};
use crate::endpoint::Endpoint;

/// The streamer's configuration, to read `source`. The task that runs it sets `owner`.
#[must_use]
pub fn streamer(
    aws: &Endpoint,
    source: streamer::SourceConfig,
    daily_post_budget: Option<u64>,
    monthly_post_budget: Option<u64>,
    charged_for_users: bool,
) -> streamer::Config {
    streamer::Config {
        stream_id: StreamStatusTable::FIRST_STREAM.to_owned(),
        source,
        tweets_queue_url: aws.queue_url(TWEETS_QUEUE),
        close_queue_url: aws.queue_url(CLOSE_QUEUE),
        status_table: STATUS_TABLE.to_owned(),
        daily_post_budget,
        monthly_post_budget,
        charged_for_users,
        keyword: None,
        since: None,
        namespace: Namespace::default(),
        owner: String::new(),
    }
}

/// The consumer's configuration; `keep_raw` says whether posts are stored with what their source sent.
#[must_use]
pub fn consumer(aws: &Endpoint, keep_raw: bool) -> consumer::Config {
    consumer::Config {
        tweets_table: TWEETS_TABLE.to_owned(),
        statistics_table: STATISTICS_TABLE.to_owned(),
        status_table: STATUS_TABLE.to_owned(),
        tweets_queue_url: aws.queue_url(TWEETS_QUEUE),
        dead_letter_queue_url: aws.queue_url(DEAD_LETTER_QUEUE),
        namespace: Namespace::default(),
        keep_raw,
    }
}

/// The configuration of what checks keys.
#[must_use]
pub fn authorizer() -> AuthorizerConfig {
    AuthorizerConfig { keys_parameter: API_KEYS_PARAMETER.to_owned() }
}

/// The only stream, which reads `source`.
fn stream(source: SourceName) -> StreamConfig {
    StreamConfig { source, stream_id: StreamStatusTable::FIRST_STREAM.to_owned() }
}

/// The configuration of the API's read routes, where `source` is read.
#[must_use]
pub fn read(aws: &Endpoint, source: SourceName) -> ReadConfig {
    ReadConfig {
        streams: vec![stream(source)],
        tweets_table: TWEETS_TABLE.to_owned(),
        statistics_table: STATISTICS_TABLE.to_owned(),
        status_table: STATUS_TABLE.to_owned(),
        tweets_queue_url: aws.queue_url(TWEETS_QUEUE),
        dead_letter_queue_url: aws.queue_url(DEAD_LETTER_QUEUE),
        answer_bytes: None,
        namespace: Namespace::default(),
    }
}

/// The configuration of the API's control routes and of the minute's work. `x_url` is X's base URL if posts come from X.
#[must_use]
pub fn control(aws: &Endpoint, x_url: Option<String>) -> ControlConfig {
    let source = if x_url.is_some() { SourceName::X } else { SourceName::Mastodon };
    ControlConfig {
        streams: vec![ControlledStreamConfig {
            stream: stream(source),
            close_queue_url: aws.queue_url(CLOSE_QUEUE),
            task_definition: TASK_DEFINITION.to_owned().into(),
        }],
        retired: Vec::new(),
        tweets_table: TWEETS_TABLE.to_owned(),
        statistics_table: STATISTICS_TABLE.to_owned(),
        status_table: STATUS_TABLE.to_owned(),
        tweets_queue_url: aws.queue_url(TWEETS_QUEUE),
        dead_letter_queue_url: aws.queue_url(DEAD_LETTER_QUEUE),
        cluster: CLUSTER.to_owned(),
        subnets: vec!["subnet-local".to_owned()],
        security_groups: vec!["sg-local".to_owned()],
        assign_public_ip: true,
        token_parameter: x_url.as_ref().map(|_| TOKEN_PARAMETER.to_owned()),
        x_url: x_url.unwrap_or_default(),
        namespace: Namespace::default(),
    }
}
