//! `/tweetsStatistics`: how many posts were collected.

mod cloudwatch;
mod hours;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
pub(crate) use cloudwatch::CloudWatch;
use futures::{StreamExt, TryStreamExt, stream};
use posts::Keyword;
use posts::metrics::Published;
use posts::statistics::{CountedHour, HourCount, MinuteCount, StatisticsTable};
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};

use self::hours::{DAY, Hours};
use self::rows::{By, CountryKnown, Row};
use crate::error::ApiError;
use crate::request::{
    JsonBody, KeywordParameter, NoParameters, Query, QueryTime, TimeRange, VersionsParameter,
};
use crate::state::{ControlApi, ReadApi};

/// The longest range of one keyword, and its default.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The longest range of all keywords, each hour of which takes requests to the table of its own; also the longest that is read from
/// CloudWatch or restated.
const LONGEST_OF_ALL: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// The longest range that is counted by minute, and its default.
const LONGEST_BY_MINUTE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const MINUTES: Duration = Duration::from_secs(3 * 60 * 60);

/// How long CloudWatch keeps the values of minutes.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention>
const MINUTES_IN_CLOUDWATCH: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// Requests to the table that are made concurrently.
const REQUESTS_AT_ONCE: usize = 16;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword; all keywords if absent.
    #[param(inline)]
    keyword: Option<KeywordParameter>,
    /// The range begins with the hour of this time. If absent, the range is 366 days long for one keyword (31 days from
    /// CloudWatch, 3 hours by minute), and one day for all keywords.
    #[param(inline)]
    from: Option<QueryTime>,
    /// The range ends with the hour of this time, which is included unless this is its first moment. If absent, the range
    /// ends two hours from now, since a post's clock may be ahead.
    #[param(inline)]
    to: Option<QueryTime>,
    /// What each row counts; `country` if absent. `minute` counts one keyword only.
    #[param(inline)]
    by: Option<By>,
    /// Where the counts come from; `table` if absent.
    #[param(inline)]
    source: Option<CountSource>,
    /// Which versions of an edited post are counted; `newest` if absent. CloudWatch counts all.
    #[param(inline)]
    versions: Option<VersionsParameter>,
}

/// Where counts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum CountSource {
    Table,
    Cloudwatch,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statistics {
    /// The keyword; null if all are counted.
    keyword: Option<Keyword>,
    by: By,
    source: CountSource,
    /// The first hour of the range.
    from: UtcTime,
    /// The first hour after the range.
    to: UtcTime,
    /// The rows: minutes, hours and days in order of time, countries and keywords with the most posts first.
    statistics: Vec<Row>,
    /// The sum of all rows: posts that are stored; from CloudWatch, posts collected.
    total: u64,
    /// How the country of the stored posts is known: what a count by country can tell, and what it cannot. Absent from CloudWatch, and by minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    country_known: Option<CountryKnown>,
    /// From CloudWatch: how many rows differ from the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    differing: Option<usize>,
}

/// The table's counts of a range.
enum Counts {
    /// By hour and country.
    Hours(Vec<HourCount>),
    /// By minute.
    Minutes(Vec<MinuteCount>),
}

impl Counts {
    fn hours(&self) -> &[HourCount] {
        match self {
            Self::Hours(counts) => counts,
            Self::Minutes(_) => &[],
        }
    }
}

/// Count posts
///
/// Of one keyword or of all, by country, minute, hour, day or keyword. A post that was collected for two keywords counts under
/// both, so twice where all are counted. Posts are deleted 30 days after they were stored, but stay counted.
///
/// The range of one keyword may have 366 days, or 7 by minute; that of all keywords, or from CloudWatch, 31.
///
/// The table is always up to date. CloudWatch is updated every minute, shows values for hours more than a day old up to
/// two days late, takes none for hours more than two weeks old, and knows no removals and no versions: `differing` and `table` say
/// where it differs. Reading from it costs $0.01 per thousand metrics (<https://aws.amazon.com/cloudwatch/pricing/>).
#[utoipa::path(
    get,
    path = "/tweetsStatistics",
    operation_id = "countTweets",
    tag = "statistics",
    params(Parameters),
    responses(
        (status = 200, description = "The counts", body = Statistics),
        (status = 422, description = "The range ends before it begins, lies before 1970 or is too long; or the keyword is longer \
            than 512 bytes or has invisible characters"),
    )
)]
pub(crate) async fn count(
    State(api): State<ReadApi>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Statistics>, ApiError> {
    let keyword = parameters.keyword.map(KeywordParameter::keyword).transpose()?;
    let by = parameters.by.unwrap_or(By::Country);
    let source = parameters.source.unwrap_or(CountSource::Table);
    let versions = parameters.versions.unwrap_or_default().into();
    let (default, longest) = match (&keyword, by, source) {
        (Some(_), By::Minute, _) => (MINUTES, LONGEST_BY_MINUTE),
        (None, By::Minute, _) => {
            let reason = "cannot be minute if `keyword` is absent".to_owned();
            return Err(ApiError::Unusable { field: "by", reason });
        }
        (Some(_), _, CountSource::Table) => (LONGEST, LONGEST),
        (Some(_), _, CountSource::Cloudwatch) => (LONGEST_OF_ALL, LONGEST_OF_ALL),
        (None, _, _) => (DAY, LONGEST_OF_ALL),
    };
    let hours = Hours::new(TimeRange::new(parameters.from, parameters.to)?, default, longest)?;
    let oldest = UtcTime::now().before(MINUTES_IN_CLOUDWATCH);
    if by == By::Minute && source == CountSource::Cloudwatch && hours.first < oldest {
        let reason = format!("must be {oldest} or later: CloudWatch keeps minutes for fifteen days");
        return Err(ApiError::Unusable { field: "from", reason });
    }
    let counts = match (&keyword, by) {
        (Some(keyword), By::Minute) => {
            Counts::Minutes(api.statistics.minutes(keyword, hours.first, hours.last()).await?)
        }
        (keyword, _) => Counts::Hours(counts(&api, keyword.as_ref(), hours).await?),
    };
    let mut rows = match (source, &counts) {
        (CountSource::Table, Counts::Hours(counts)) => rows::from_table(by, versions, counts),
        (CountSource::Table, Counts::Minutes(counts)) => rows::from_minutes(versions, counts),
        (CountSource::Cloudwatch, counts) => {
            cloudwatch::rows(&api.cloudwatch, keyword.as_ref(), hours, by, counts).await?
        }
    };
    by.sort(&mut rows);
    let differing = rows.iter().filter(|row| row.table.is_some()).count();
    Ok(Json(Statistics {
        keyword,
        by,
        source,
        from: hours.first,
        to: hours.end,
        total: rows.iter().map(|row| row.tweets.unwrap_or(row.collected)).sum(),
        statistics: rows,
        country_known: match &counts {
            Counts::Hours(counts) if source == CountSource::Table => Some(CountryKnown::of(counts)),
            _ => None,
        },
        differing: (source == CountSource::Cloudwatch).then_some(differing),
    }))
}

/// The table's counts of these hours.
async fn counts(
    api: &ReadApi,
    keyword: Option<&Keyword>,
    hours: Hours,
) -> Result<Vec<HourCount>, TableError> {
    if let Some(keyword) = keyword {
        return api.statistics.between(keyword, hours.first, hours.last()).await;
    }
    let keywords = stream::iter(hours.iter()).map(async |hour| {
        let keywords = api.statistics.keywords_in_hour(hour).await?;
        Ok::<_, TableError>(keywords.into_iter().map(move |keyword| (keyword, hour)))
    });
    let keywords: Vec<_> = keywords.buffer_unordered(REQUESTS_AT_ONCE).try_collect().await?;
    let keywords: Vec<(Keyword, UtcTime)> = keywords.into_iter().flatten().collect();
    // An item of each hour and keyword, as many in a request as it takes.
    let together =
        keywords.chunks(StatisticsTable::ITEMS_A_REQUEST).map(|hours| hours.iter().cloned().collect());
    let together: Vec<BTreeSet<(Keyword, UtcTime)>> = together.collect();
    let counted = stream::iter(together).map(|hours| async move { api.statistics.hours(&hours).await });
    let counted: Vec<Vec<CountedHour>> = counted.buffer_unordered(REQUESTS_AT_ONCE).try_collect().await?;
    Ok(counted.into_iter().flatten().flat_map(|hour| hour.countries).collect())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// The range begins with the hour of this time.
    #[schema(value_type = UtcTime)]
    from: QueryTime,
    /// The range ends with the hour of this time, which is included unless this is its first moment.
    #[schema(value_type = UtcTime)]
    to: QueryTime,
}

/// Restate counts to CloudWatch
///
/// Sends the table's counts for every hour of a range of up to 31 days to CloudWatch. Recent counts are restated
/// automatically every minute; use this after CloudWatch was unavailable for hours. CloudWatch takes no values for hours
/// more than two weeks old: the answer lists these hours.
#[utoipa::path(
    post,
    path = "/tweetsStatistics/restate",
    operation_id = "restateStatistics",
    tag = "statistics",
    request_body(content = Range, example = json!({ "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z" })),
    responses(
        (status = 200, description = "What was sent to CloudWatch", body = Published),
        (status = 422, description = "The range ends before it begins, lies before 1970 or is too long"),
    )
)]
pub(crate) async fn restate(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
    JsonBody(Range { from, to }): JsonBody<Range>,
) -> Result<Json<Published>, ApiError> {
    let range = TimeRange::new(Some(from), Some(to))?;
    let hours = Hours::new(range, LONGEST_OF_ALL, LONGEST_OF_ALL)?;
    Ok(Json(api.publisher.restate_range(hours.first, hours.last(), UtcTime::now()).await?))
}
