//! The REST api: starts and stops the collection, and answers what was collected.
//!
//! [`router`] is all of it, on Lambda and on one machine. It changes what is *desired*;
//! [`reconcile`] makes the running task match that.

mod config;
mod dead_letters;
mod minute;
mod plan;
mod problem;
mod reconcile;
mod request;
mod statistics;
mod stream;
mod tweets;

use aws_config::SdkConfig;
use axum::Router;
use axum::routing::{delete, get, post};
use posts::{
    CloseQueue, DeadLetterQueue, Metrics, Restater, StatisticsTable, StreamStatusTable, TweetsTable,
};

pub use config::Config;
pub use minute::{MinuteError, every_minute};
pub use problem::Problem;
pub use reconcile::{ReconcileError, Reconciled, reconcile};

/// What the api works with.
#[derive(Clone, Debug)]
pub struct Api {
    config: Config,
    tweets: TweetsTable,
    statistics: StatisticsTable,
    status: StreamStatusTable,
    close_queue: CloseQueue,
    dead_letters: DeadLetterQueue,
    restater: Restater,
    ecs: aws_sdk_ecs::Client,
}

impl Api {
    /// An api over what `config` names.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: Config) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table.clone());
        Self {
            tweets: TweetsTable::new(dynamodb.clone(), config.tweets_table.clone(), statistics.clone()),
            restater: Restater::new(statistics.clone(), Metrics::new(aws_sdk_cloudwatch::Client::new(aws))),
            statistics,
            status: StreamStatusTable::new(dynamodb, config.status_table.clone(), config.stream_id.clone()),
            close_queue: CloseQueue::new(sqs.clone(), config.close_queue_url.clone()),
            dead_letters: DeadLetterQueue::new(
                sqs,
                config.dead_letter_queue_url.clone(),
                config.tweets_queue_url.clone(),
            ),
            ecs: aws_sdk_ecs::Client::new(aws),
            config,
        }
    }
}

/// The whole api.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/stream", get(stream::show).post(stream::start).delete(stream::stop))
        .route("/tweets", get(tweets::list))
        .route("/tweets/{tweetId}", get(tweets::show).delete(tweets::remove))
        .route("/tweetsStatistics", get(statistics::by_country))
        .route("/tweetsStatistics/restate", post(statistics::restate))
        .route("/deadLetters", get(dead_letters::list))
        .route("/deadLetters/redrive", post(dead_letters::redrive_all))
        .route("/deadLetters/{id}/redrive", post(dead_letters::redrive))
        .route("/deadLetters/{id}", delete(dead_letters::drop))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .with_state(api)
}
