//! The REST api: starts and stops the collection, and answers what was collected.
//!
//! It is two routers, which on Lambda are two functions with two roles: [`read`] changes nothing, [`control`] changes
//! what is *desired*; [`reconcile`] makes the running task match that. On one machine [`whole`] is both.

mod auth;
mod config;
mod cursor;
mod dead_letters;
mod description;
mod estimate;
mod export;
mod gaps;
mod minute;
mod plan;
mod problem;
mod reconcile;
mod request;
mod statistics;
mod stream;
mod tweets;

use ::stream::StreamStatusTable;
use ::stream::close_queue::CloseQueue;
use aws_config::SdkConfig;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use posts::dead_letters::DeadLetterQueue;
use posts::metrics::Metrics;
use posts::publish::Publisher;
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use service::parameters::ParameterStore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::estimate::Counts;

pub use auth::{Authorizer, AuthorizerError, Key, Keys, KeysError, Scope, Verdict, authorize};
pub use config::{ControlConfig, ReadConfig};
pub use description::description;
pub use minute::{MinuteError, every_minute};
pub use problem::Problem;
pub use reconcile::{ReconcileError, Reconciled, reconcile};

/// What reading works with.
#[derive(Clone, Debug)]
pub struct ReadApi {
    tweets: TweetsTable,
    statistics: StatisticsTable,
    status: StreamStatusTable,
    dead_letters: DeadLetterQueue,
    cloudwatch: aws_sdk_cloudwatch::Client,
    /// None where posts do not come from X.
    counts: Option<Counts>,
    answer_bytes: Option<usize>,
}

/// What controlling works with.
#[derive(Clone, Debug)]
pub struct ControlApi {
    config: ControlConfig,
    tweets: TweetsTable,
    status: StreamStatusTable,
    close_queue: CloseQueue,
    dead_letters: DeadLetterQueue,
    publisher: Publisher,
    ecs: aws_sdk_ecs::Client,
}

impl ReadApi {
    /// Reading what `config` names.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: ReadConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table);
        let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(aws));
        Self {
            tweets: TweetsTable::new(dynamodb.clone(), config.tweets_table, statistics.clone()),
            statistics,
            status: StreamStatusTable::new(dynamodb, config.status_table, config.stream_id),
            dead_letters: DeadLetterQueue::new(
                aws_sdk_sqs::Client::new(aws),
                config.dead_letter_queue_url,
                config.tweets_queue_url,
            ),
            cloudwatch: aws_sdk_cloudwatch::Client::new(aws),
            counts: config.token_parameter.map(|name| Counts::new(&config.x_url, parameters, name)),
            answer_bytes: config.answer_bytes,
        }
    }
}

impl ControlApi {
    /// Controlling what `config` names.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: ControlConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table.clone());
        Self {
            tweets: TweetsTable::new(dynamodb.clone(), config.tweets_table.clone(), statistics.clone()),
            publisher: Publisher::new(statistics, Metrics::new(aws_sdk_cloudwatch::Client::new(aws))),
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

fn reading() -> OpenApiRouter<ReadApi> {
    OpenApiRouter::new()
        .routes(routes!(stream::show))
        .routes(routes!(gaps::list))
        .routes(routes!(estimate::estimate))
        .routes(routes!(tweets::list))
        .routes(routes!(tweets::show))
        .routes(routes!(statistics::count))
        .routes(routes!(dead_letters::list))
}

fn controlling() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(stream::start, stream::stop))
        .routes(routes!(tweets::remove))
        .routes(routes!(statistics::restate))
        .routes(routes!(dead_letters::redrive_all))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(dead_letters::drop))
}

/// What changes nothing, and what anybody may know. Who may use it is judged before it.
pub fn read(api: ReadApi) -> Router {
    let (reading, _) = reading().with_state(api).split_for_parts();
    finished(reading.merge(description::open()))
}

/// What changes something. Who may use it is judged before it.
pub fn control(api: ControlApi) -> Router {
    let (controlling, _) = controlling().with_state(api).split_for_parts();
    finished(controlling)
}

/// The whole api; open to all, if nobody judges.
pub fn whole(read: ReadApi, control: ControlApi, authorizer: Option<Authorizer>) -> Router {
    let (reading, _) = reading().with_state(read).split_for_parts();
    let (controlling, _) = controlling().with_state(control).split_for_parts();
    let mut routes = reading.merge(controlling);
    if let Some(authorizer) = authorizer {
        routes = routes.route_layer(middleware::from_fn_with_state(authorizer, auth::demand));
    }
    finished(routes.merge(description::open()))
}

fn finished(routes: Router) -> Router {
    routes
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(DefaultBodyLimit::max(request::BODY_BYTES))
        .layer(middleware::from_fn(request::bounded_head))
}
