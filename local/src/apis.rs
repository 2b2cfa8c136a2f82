//! The api, as one machine tells it where everything is.

use api::{ControlApi, ControlConfig, ReadApi, ReadConfig};
use aws_config::SdkConfig;

use crate::aws::resources::{
    CLOSE_QUEUE, CLUSTER, DEAD_LETTER_QUEUE, STATISTICS_TABLE, STATUS_TABLE, TASK_DEFINITION,
    TOKEN_PARAMETER, TWEETS_QUEUE, TWEETS_TABLE,
};
use crate::called;

/// What the functions of the api work with.
pub(crate) struct Apis {
    pub(crate) read: ReadApi,
    pub(crate) control: ControlApi,
    pub(crate) minute: ControlApi,
}

impl Apis {
    /// `x_url` is where X is, if posts come from there.
    pub(crate) fn new(aws: &SdkConfig, queue_url: impl Fn(&str) -> String, x_url: Option<String>) -> Self {
        let read = ReadConfig {
            stream_id: "x".to_owned(),
            tweets_table: TWEETS_TABLE.to_owned(),
            statistics_table: STATISTICS_TABLE.to_owned(),
            status_table: STATUS_TABLE.to_owned(),
            tweets_queue_url: queue_url(TWEETS_QUEUE),
            dead_letter_queue_url: queue_url(DEAD_LETTER_QUEUE),
            token_parameter: x_url.as_ref().map(|_| TOKEN_PARAMETER.to_owned()),
            x_url: x_url.unwrap_or_default(),
            answer_bytes: None,
        };
        let control = ControlConfig {
            stream_id: "x".to_owned(),
            tweets_table: TWEETS_TABLE.to_owned(),
            statistics_table: STATISTICS_TABLE.to_owned(),
            status_table: STATUS_TABLE.to_owned(),
            close_queue_url: queue_url(CLOSE_QUEUE),
            tweets_queue_url: queue_url(TWEETS_QUEUE),
            dead_letter_queue_url: queue_url(DEAD_LETTER_QUEUE),
            cluster: CLUSTER.to_owned(),
            task_definition: TASK_DEFINITION.to_owned(),
            subnets: vec!["subnet-local".to_owned()],
            security_groups: vec!["sg-local".to_owned()],
        };
        Self {
            read: ReadApi::new(&called(aws, "read"), read),
            minute: ControlApi::new(&called(aws, "minute"), control.clone()),
            control: ControlApi::new(&called(aws, "control"), control),
        }
    }
}
