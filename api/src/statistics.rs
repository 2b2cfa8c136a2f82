//! `/tweetsStatistics`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use posts::{Keyword, Stated, UtcTime};
use serde::{Deserialize, Serialize};

use crate::request::{Json as Body, Query};
use crate::{Api, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    keyword: Keyword,
}

#[derive(Serialize)]
pub(crate) struct Statistics {
    keyword: Keyword,
    statistics: Vec<Row>,
    total: u64,
}

#[derive(Serialize)]
struct Row {
    country: &'static str,
    tweets: u64,
}

/// How many posts of a keyword there are, by country.
pub(crate) async fn by_country(
    State(api): State<Api>,
    Query(Parameters { keyword }): Query<Parameters>,
) -> Result<Json<Statistics>, Problem> {
    let counts = api.statistics.by_country(&keyword).await?;
    let rows: Vec<Row> =
        counts.iter().map(|count| Row { country: count.country_name(), tweets: count.tweets() }).collect();
    let total = rows.iter().map(|row| row.tweets).sum();
    Ok(Json(Statistics { keyword, statistics: rows, total }))
}

/// The longest range that is re-stated at once: CloudWatch takes two weeks.
const LONGEST_RANGE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    from: UtcTime,
    to: UtcTime,
}

/// Tells CloudWatch again what the table has, for every hour of a range.
pub(crate) async fn restate(
    State(api): State<Api>,
    Body(Range { from, to }): Body<Range>,
) -> Result<Json<Stated>, Problem> {
    if to < from {
        return Err(Problem::bad_request(format!("to must not be before from: {to} is before {from}")));
    }
    if to.since(from) > LONGEST_RANGE {
        return Err(Problem::bad_request("from and to may lie 31 days apart, these are further"));
    }
    Ok(Json(api.restater.range(from, to, UtcTime::now()).await?))
}
