//! `/tweetsStatistics`.

use axum::Json;
use axum::extract::State;
use posts::Keyword;
use serde::{Deserialize, Serialize};

use crate::request::Query;
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
