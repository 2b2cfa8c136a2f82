//! What is told of a batch once it is stored. It must not keep posts from being stored: it takes 3 s at most, and
//! what fails of it is made up for every minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use posts::Keyword;
use posts::metrics::{Metrics, Statement};
use posts::restate::RestateError;
use posts::statistics::StatisticsTable;
use stream::StreamStatusTable;
use stream::storing::Storing;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::Config;

/// How long telling may take.
const TIME: Duration = Duration::from_secs(3);

/// How long nothing is stated once CloudWatch has failed: it would hold up each batch for nothing.
const REST: Duration = Duration::from_secs(30);

/// How often it is noted how late posts are stored.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// Hours of keywords in which posts were counted, each with a moment in it.
pub(crate) type Touched = BTreeMap<(Keyword, String), UtcTime>;

/// Tells CloudWatch and StreamStatusTable of what has been stored.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    statistics: StatisticsTable,
    metrics: Metrics,
    status: StreamStatusTable,
    due: Arc<Mutex<Due>>,
}

/// When it is time to tell again; at once, if none.
#[derive(Debug, Default)]
struct Due {
    state: Option<Instant>,
    note: Option<Instant>,
}

/// Counts could not be stated to CloudWatch; the log says why.
#[derive(Debug)]
pub(crate) struct NotStated;

impl Telling {
    pub(crate) fn new(aws: &SdkConfig, config: &Config) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        Self {
            statistics: StatisticsTable::new(dynamodb.clone(), config.statistics_table.clone()),
            metrics: Metrics::new(aws_sdk_cloudwatch::Client::new(aws)),
            status: StreamStatusTable::new(dynamodb, config.status_table.clone(), config.stream_id.clone()),
            due: Arc::default(),
        }
    }

    /// States what these hours have, and notes how long messages wait: the oldest of these was `sent` then.
    pub(crate) async fn tell(&self, touched: &Touched, sent: Option<UtcTime>) -> Result<(), NotStated> {
        let state = async {
            if touched.is_empty() || !self.is_due(|due| &mut due.state, Duration::ZERO) {
                return Ok(());
            }
            let reason = match tokio::time::timeout(TIME, self.state(touched)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("CloudWatch did not answer within {} s", TIME.as_secs()),
            };
            tracing::warn!(reason, "counts are stored but not stated to CloudWatch; the minute states them");
            self.due.lock().unwrap_or_else(PoisonError::into_inner).state = Some(Instant::now() + REST);
            Err(NotStated)
        };
        let note = async {
            let Some(sent) = sent.filter(|_| self.is_due(|due| &mut due.note, NOTE_EVERY)) else { return };
            let at = UtcTime::now();
            let queue_ms = u64::try_from(at.since(sent).as_millis()).unwrap_or(u64::MAX);
            let noted = tokio::time::timeout(TIME, self.status.save_storing(&Storing { at, queue_ms })).await;
            match noted {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "could not note how late posts are stored"),
                Err(_) => tracing::warn!("could not note in time how late posts are stored"),
            }
        };
        let (stated, ()) = tokio::join!(state, note);
        stated
    }

    /// Whether something is due; if so, it is due again after `pause`.
    fn is_due(&self, of: impl Fn(&mut Due) -> &mut Option<Instant>, pause: Duration) -> bool {
        let now = Instant::now();
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let next = of(&mut due);
        let is_due = next.is_none_or(|next| next <= now);
        if is_due {
            *next = Some(now + pause);
        }
        is_due
    }

    async fn state(&self, touched: &Touched) -> Result<(), RestateError> {
        let mut statements = Vec::new();
        for ((keyword, _), hour) in touched {
            statements.extend(Statement::of_keyword(&self.statistics.in_hour(keyword, *hour).await?));
        }
        let out_of_reach = self.metrics.state(&statements, UtcTime::now()).await?.out_of_reach;
        if !out_of_reach.is_empty() {
            let hours: Vec<String> = out_of_reach.iter().map(|hour| hour.hour()).collect();
            tracing::warn!(
                ?hours,
                "CloudWatch takes no values for these hours; the table alone has their counts"
            );
        }
        Ok(())
    }
}
