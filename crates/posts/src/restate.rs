//! Re-stating: CloudWatch is told again what the table has, so that it converges to it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::metrics::{Metrics, OLDEST, Stated, Statement};
use crate::statistics::StatisticsTable;
use service::tables::TableError;
use utc_time::UtcTime;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Tells CloudWatch again what StatisticsTable has.
#[derive(Clone, Debug)]
pub struct Restater {
    statistics: StatisticsTable,
    metrics: Metrics,
}

/// Why re-stating failed. Doing it again is safe.
#[derive(Debug, thiserror::Error)]
pub enum RestateError {
    /// The counts could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// CloudWatch did not take them.
    #[error("failed to state counts to CloudWatch: {}", aws_sdk_cloudwatch::error::DisplayErrorContext(.0))]
    Metrics(#[from] aws_sdk_cloudwatch::Error),
}

impl Restater {
    /// Re-states what is in `statistics` to `metrics`.
    #[must_use]
    pub fn new(statistics: StatisticsTable, metrics: Metrics) -> Self {
        Self { statistics, metrics }
    }

    /// Re-states every hour that was counted in from the hour before `since` up to that of `until`: what had been
    /// counted shortly before `since` may not have been seen then. What happened earlier than two weeks ago is left
    /// out: CloudWatch takes no such values.
    ///
    /// # Errors
    /// [`RestateError`].
    pub async fn counted_between(
        &self,
        since: UtcTime,
        until: UtcTime,
        now: UtcTime,
    ) -> Result<Stated, RestateError> {
        let first = since.before(HOUR).max(now.before(OLDEST)).min(now);
        let mut touched = BTreeSet::new();
        for hour in hours(first, until) {
            touched.extend(self.statistics.touched_in(hour).await?);
        }
        self.hours(touched, now).await
    }

    /// Re-states every hour from that of `from` up to that of `to`.
    ///
    /// # Errors
    /// [`RestateError`].
    pub async fn range(&self, from: UtcTime, to: UtcTime, now: UtcTime) -> Result<Stated, RestateError> {
        self.hours(hours(from, to), now).await
    }

    async fn hours(
        &self,
        hours: impl IntoIterator<Item = UtcTime>,
        now: UtcTime,
    ) -> Result<Stated, RestateError> {
        let mut stated = Stated::default();
        let mut statements: Vec<Statement> = Vec::new();
        for hour in hours {
            statements.extend(Statement::of_hour(&self.statistics.of_all_in_hour(hour).await?));
            // A request's worth.
            if statements.len() >= Metrics::VALUES_A_REQUEST {
                stated.add(self.metrics.state(&statements, now).await?);
                statements.clear();
            }
        }
        stated.add(self.metrics.state(&statements, now).await?);
        Ok(stated)
    }
}

/// The hours from that of `from` up to that of `to`.
fn hours(from: UtcTime, to: UtcTime) -> impl Iterator<Item = UtcTime> {
    let hours = std::iter::successors(Some(from.start_of_hour()), |hour| Some(hour.after(HOUR)));
    hours.take_while(move |hour| *hour <= to)
}
