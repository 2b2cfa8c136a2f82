//! `/tweetsStatistics`: how many posts there are.

mod cloudwatch;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use futures::{StreamExt, TryStreamExt, stream};
use posts::Keyword;
use posts::metrics::Published;
use posts::statistics::HourCount;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};

use crate::request::{AskedKeyword, Json as Body, Moment, NoParameters, Query};
use crate::{ControlApi, Problem, ReadApi};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest range of one keyword, which is also what is counted if none is asked for.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The longest range of all keywords, each hour of which takes a request to the table; also of what is asked
/// of CloudWatch, and of what is stated again at once.
const LONGEST_OF_ALL: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Hours that are read at once.
const HOURS_AT_ONCE: usize = 16;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword; all of them if absent.
    #[param(inline)]
    keyword: Option<AskedKeyword>,
    /// From the hour of this moment on. If absent: for one keyword 366 days before `to`, for all one day, from
    /// CloudWatch 31 days for one.
    #[param(inline)]
    from: Option<Moment>,
    /// Up to the hour of this moment, which counts if any of it lies before it; to the end if absent.
    #[param(inline)]
    to: Option<Moment>,
    /// What a row is; `country` if absent.
    #[param(inline)]
    by: Option<By>,
    /// Where the counts come from; the `table` if absent.
    #[param(inline)]
    source: Option<Source>,
}

/// What a row counts. Hours and days are those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum By {
    Country,
    Hour,
    Day,
    Keyword,
}

/// Where counts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Source {
    Table,
    Cloudwatch,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statistics {
    /// The keyword; none where all are counted.
    keyword: Option<Keyword>,
    by: By,
    source: Source,
    /// The first hour that is counted,
    from: UtcTime,
    /// and the first that is not.
    to: UtcTime,
    /// The rows: hours and days in the order of time, others the most posts first.
    statistics: Vec<Row>,
    /// All rows together: the posts that are there; from CloudWatch, the posts collected.
    total: u64,
    /// From CloudWatch: how many rows differ from the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    differing: Option<usize>,
}

/// A row; of `country`, `hour`, `day` and `keyword` it has the one that was asked for.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// A country's code, `unknown`, or from CloudWatch `other`: all beyond the first 20 of a keyword and hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// As in `2026-11-23T10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hour: Option<String>,
    /// As in `2026-11-23`.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    /// A keyword; from CloudWatch, one that the table does not know is written as its dimension is.
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<String>,
    /// Posts that are there: collected and not removed. CloudWatch does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    tweets: Option<u64>,
    /// Posts collected.
    collected: u64,
    /// Posts removed since. CloudWatch does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
    /// From CloudWatch: what the table has as `collected`, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<u64>,
}

impl By {
    /// A row of this name.
    fn row(self, name: String) -> Row {
        let name = Some(name);
        match self {
            Self::Country => Row { country: name, ..Row::default() },
            Self::Hour => Row { hour: name, ..Row::default() },
            Self::Day => Row { day: name, ..Row::default() },
            Self::Keyword => Row { keyword: name, ..Row::default() },
        }
    }

    /// The name of the row in which something is counted.
    fn name(self, count: &HourCount) -> String {
        match self {
            Self::Country => count.country_name().to_owned(),
            Self::Hour => count.hour.hour(),
            Self::Day => count.hour.day(),
            Self::Keyword => count.keyword.to_string(),
        }
    }

    /// Puts rows, which are in the order of their names, in the order in which they are shown.
    fn order(self, rows: &mut [Row]) {
        if matches!(self, Self::Country | Self::Keyword) {
            rows.sort_by_key(|row| std::cmp::Reverse(row.tweets.unwrap_or(row.collected)));
        }
    }
}

/// How many posts there are
///
/// Of one keyword or of all, by country, hour, day or keyword. A post under two keywords counts under both, and
/// where all are counted, twice. Posts that were stored more than 30 days ago are no longer there, but still counted.
///
/// One keyword can be counted over 366 days, all of them over 31, and 31 are asked of CloudWatch.
///
/// The table is right at once. CloudWatch is told every minute, shows what is older than a day up to two days late,
/// takes no hours older than two weeks, and knows no removals: `differing` and `table` say where it differs. A request
/// for it costs $0.01 for a thousand metrics (<https://aws.amazon.com/cloudwatch/pricing/>).
#[utoipa::path(
    get,
    path = "/tweetsStatistics",
    operation_id = "countTweets",
    tag = "statistics",
    params(Parameters),
    responses(
        (status = 200, description = "The counts", body = Statistics),
        (status = 422, description = "A range that ends before it begins, lies before 1970 or is too long, or a keyword of too many bytes or with \
            characters that are not displayed",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn count(
    State(api): State<ReadApi>,
    Query(asked): Query<Parameters>,
) -> Result<Json<Statistics>, Problem> {
    let keyword = asked.keyword.map(AskedKeyword::get).transpose()?;
    let by = asked.by.unwrap_or(By::Country);
    let source = asked.source.unwrap_or(Source::Table);
    let longest = match (&keyword, source) {
        (Some(_), Source::Table) => LONGEST,
        _ => LONGEST_OF_ALL,
    };
    let usual = if keyword.is_some() { longest } else { DAY };
    let hours = hours(asked.from, asked.to, usual, longest)?;
    let counts = counted(&api, keyword.as_ref(), hours).await?;
    let mut rows = match source {
        Source::Table => from_table(by, &counts),
        Source::Cloudwatch => cloudwatch::rows(&api, keyword.as_ref(), hours, by, &counts).await?,
    };
    by.order(&mut rows);
    let differing = rows.iter().filter(|row| row.table.is_some()).count();
    Ok(Json(Statistics {
        keyword,
        by,
        source,
        from: hours.first,
        to: hours.end,
        total: rows.iter().map(|row| row.tweets.unwrap_or(row.collected)).sum(),
        statistics: rows,
        differing: (source == Source::Cloudwatch).then_some(differing),
    }))
}

/// Whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hours {
    /// The first hour.
    first: UtcTime,
    /// The first hour that is not among them.
    end: UtcTime,
}

impl Hours {
    fn iter(self) -> impl Iterator<Item = UtcTime> {
        std::iter::successors(Some(self.first), |hour| Some(hour.after(HOUR)))
            .take_while(move |hour| *hour < self.end)
    }

    /// The last hour.
    fn last(self) -> UtcTime {
        self.end.before(HOUR)
    }
}

/// The hours that are asked for: `usual` long if that is not said, and no longer than `longest`.
fn hours(
    from: Option<Moment>,
    to: Option<Moment>,
    usual: Duration,
    longest: Duration,
) -> Result<Hours, Problem> {
    // A post's clock may be ahead of ours.
    let last = UtcTime::now().after(2 * HOUR);
    let (from, asked_to) =
        (from.map(|from| from.get("from")).transpose()?, to.map(|to| to.get("to")).transpose()?);
    let to = asked_to.unwrap_or(last);
    let end = to.before(Duration::from_millis(1)).start_of_hour().after(HOUR);
    let first = from.map_or_else(|| end.before(usual), UtcTime::start_of_hour);
    if let Some(from) = from
        && to <= from
    {
        return Err(match asked_to {
            Some(_) => Problem::unusable("to", format!("to must be after from: {to} is not after {from}")),
            None => Problem::unusable("from", format!("from lies ahead: no post is from {from} or later")),
        });
    }
    if end.since(first) > longest {
        let days = longest.as_secs() / DAY.as_secs();
        let detail = match asked_to {
            Some(_) => format!("from and to may lie at most {days} days apart, these lie further"),
            None => format!("from may lie at most {days} days back, unless to is given"),
        };
        return Err(Problem::unusable("from", detail));
    }
    Ok(Hours { first, end })
}

/// What the table has of these hours.
async fn counted(
    api: &ReadApi,
    keyword: Option<&Keyword>,
    hours: Hours,
) -> Result<Vec<HourCount>, TableError> {
    if let Some(keyword) = keyword {
        return api.statistics.between(keyword, hours.first, hours.last()).await;
    }
    let hours = stream::iter(hours.iter()).map(|hour| api.statistics.of_all_in_hour(hour));
    let counts: Vec<Vec<HourCount>> = hours.buffer_unordered(HOURS_AT_ONCE).try_collect().await?;
    Ok(counts.into_iter().flatten().collect())
}

fn from_table(by: By, counts: &[HourCount]) -> Vec<Row> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for count in counts {
        let sum = sums.entry(by.name(count)).or_default();
        sum.0 += count.collected;
        sum.1 += count.removed;
    }
    let rows = sums.into_iter().map(|(name, (collected, removed))| Row {
        tweets: Some(collected.saturating_sub(removed)),
        collected,
        removed: Some(removed),
        ..by.row(name)
    });
    rows.collect()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// From the hour of this moment,
    #[schema(value_type = UtcTime)]
    from: Moment,
    /// up to that of this one.
    #[schema(value_type = UtcTime)]
    to: Moment,
}

/// Tell CloudWatch again
///
/// What the table has, for every hour of a range of up to 31 days. It happens by itself every minute for what was counted
/// of late; this is for what CloudWatch missed while it was away for hours. CloudWatch takes no hours older than two
/// weeks: the answer names them.
#[utoipa::path(
    post,
    path = "/tweetsStatistics/restate",
    operation_id = "restateStatistics",
    tag = "statistics",
    request_body(content = Range, example = json!({ "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z" })),
    responses(
        (status = 200, description = "What CloudWatch was told", body = Published),
        (status = 422, description = "A range that ends before it begins, lies before 1970 or is too long",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn restate(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
    Body(Range { from, to }): Body<Range>,
) -> Result<Json<Published>, Problem> {
    let hours = hours(Some(from), Some(to), LONGEST_OF_ALL, LONGEST_OF_ALL)?;
    Ok(Json(api.publisher.restate_range(hours.first, hours.last(), UtcTime::now()).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Option<Moment> {
        Some(text.to_owned().try_into().unwrap())
    }

    #[test]
    fn ranges_are_whole_hours_and_bounded() {
        let asked = |from: &str, to: &str| hours(moment(from), moment(to), DAY, LONGEST_OF_ALL);
        let day = asked("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z").unwrap();
        assert_eq!(day.iter().count(), 24);
        let touched = asked("2026-11-23T10:59:00Z", "2026-11-23T11:00:00.001Z").unwrap();
        assert_eq!(
            (touched.first.hour(), touched.last().hour()),
            ("2026-11-23T10".into(), "2026-11-23T11".into())
        );
        assert!(asked("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z").is_err());
        assert!(asked("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z").is_ok());
        assert!(asked("2026-10-01T00:00:00Z", "2026-11-01T00:00:01Z").is_err());
        // What is wrong is said of what was given.
        let ahead = serde_json::to_value(hours(moment("9999-12-31T00:00:00Z"), None, DAY, DAY).unwrap_err());
        assert_eq!(ahead.unwrap()["field"], "from");
        let back = serde_json::to_value(
            hours(moment("2020-01-01T00:00:00Z"), None, DAY, LONGEST_OF_ALL).unwrap_err(),
        );
        assert_eq!(back.unwrap()["detail"], "from may lie at most 31 days back, unless to is given");
        let usual = hours(None, moment("2026-11-24T00:00:00Z"), DAY, LONGEST_OF_ALL).unwrap();
        assert_eq!(usual, day);
    }
}
