//! Publishing counts to CloudWatch: the whole value of an hour, every time, so that CloudWatch converges to
//! StatisticsTable however often a value is published, and in which order.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::Keyword;
use crate::metrics::{MetricValue, Metrics, OLDEST, Published};
use crate::statistics::{HourCount, StatisticsTable};
use service::tables::TableError;
use tokio::time::Instant;
use utc_time::UtcTime;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Publishes what StatisticsTable has counted as CloudWatch metrics.
#[derive(Clone, Debug)]
pub struct Publisher {
    statistics: StatisticsTable,
    metrics: Metrics,
}

/// How far publishing has come.
#[derive(Default)]
struct Progress {
    published: Published,
    /// The first hour whose values may not be published yet.
    pending: Option<UtcTime>,
}

/// Why publishing failed. Retrying is safe.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The counts could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// CloudWatch did not accept them.
    #[error("failed to publish counts to CloudWatch: {}", aws_sdk_cloudwatch::error::DisplayErrorContext(.0))]
    Metrics(#[from] aws_sdk_cloudwatch::Error),
}

impl Publisher {
    /// Publishes the counts in `statistics` to `metrics`.
    #[must_use]
    pub fn new(statistics: StatisticsTable, metrics: Metrics) -> Self {
        Self { statistics, metrics }
    }

    /// Publishes the values of these keywords in these hours, which are given by their starts. Metrics that sum over keywords, and those of minutes,
    /// are left out.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish_hours(
        &self,
        hours: &BTreeSet<(Keyword, UtcTime)>,
        now: UtcTime,
    ) -> Result<Published, PublishError> {
        let counted = self.statistics.hours(hours).await?;
        let values: Vec<MetricValue> =
            counted.iter().flat_map(|hour| MetricValue::of_keyword(&hour.countries)).collect();
        Ok(self.metrics.publish(&values, now).await?)
    }

    /// The hours whose counts changed from the hour before `since` to that of `until`, both included: changes shortly before `since` may have been
    /// missed then. Changes of more than two weeks ago are left out, because CloudWatch would not accept the values.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn changed(
        &self,
        since: UtcTime,
        until: UtcTime,
        now: UtcTime,
    ) -> Result<BTreeSet<UtcTime>, PublishError> {
        let first = since.before(HOUR).max(now.before(OLDEST)).min(now);
        let mut touched = BTreeSet::new();
        for hour in hours(first, until) {
            touched.extend(self.statistics.touched_in(hour).await?);
        }
        Ok(touched)
    }

    /// Publishes again the values of these hours, in their order, until `deadline` at the latest. Returns the first hour that was not published
    /// again, if any was not.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn restate_hours(
        &self,
        hours: impl IntoIterator<Item = UtcTime>,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<(Published, Option<UtcTime>), PublishError> {
        let mut progress = Progress::default();
        let made = tokio::time::timeout_at(deadline, self.restate(hours, now, &mut progress)).await;
        let Progress { published, pending } = progress;
        match made {
            Ok(made) => made.map(|()| (published, None)),
            Err(_) => Ok((published, pending)),
        }
    }

    /// Publishes again every hour from that of `from` to that of `to`, both included.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn restate_range(
        &self,
        from: UtcTime,
        to: UtcTime,
        now: UtcTime,
    ) -> Result<Published, PublishError> {
        let mut progress = Progress::default();
        self.restate(hours(from, to), now, &mut progress).await?;
        Ok(progress.published)
    }

    /// Publishes all values of these hours, as many at a time as a request takes.
    async fn restate(
        &self,
        hours: impl IntoIterator<Item = UtcTime>,
        now: UtcTime,
        progress: &mut Progress,
    ) -> Result<(), PublishError> {
        let mut values: Vec<MetricValue> = Vec::new();
        for hour in hours {
            progress.pending.get_or_insert(hour);
            let counted = self.statistics.of_all_in_hour(hour).await?;
            values.extend(counted.iter().flat_map(|hour| &hour.minutes).map(MetricValue::of_minute));
            let counts: Vec<HourCount> = counted.into_iter().flat_map(|hour| hour.countries).collect();
            values.extend(MetricValue::of_hour(&counts));
            // Enough for a request.
            if values.len() >= Metrics::VALUES_A_REQUEST {
                progress.published.add(self.metrics.publish(&values, now).await?);
                values.clear();
                progress.pending = None;
            }
        }
        progress.published.add(self.metrics.publish(&values, now).await?);
        progress.pending = None;
        Ok(())
    }
}

/// The starts of the hours from that of `from` to that of `to`, both included.
fn hours(from: UtcTime, to: UtcTime) -> impl Iterator<Item = UtcTime> {
    let hours = std::iter::successors(Some(from.start_of_hour()), |hour| Some(hour.after(HOUR)));
    hours.take_while(move |hour| *hour <= to)
}
