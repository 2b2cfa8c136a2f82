//! `GET /2/usage/tweets`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::ok;
use super::description::Asked;
use super::project::{APP, PROJECT};
use crate::clock::now;
use crate::stub::Stub;
use crate::world::billing::CAP_RESET_DAY;
use crate::world::meter::start_of;

/// How many days are reported if no number is requested.
const DAYS: i64 = 7;

/// The posts that were read. As at X, the sums come in any case and the days when their fields are named; a day
/// without posts is left out, and the oldest comes first (as X's own Playground has it).
/// <https://developer.x.com/en/docs/x-api/usage/tweets/api-reference/get-usage-tweets>
pub(crate) async fn usage(State(stub): State<Stub>, Extension(asked): Extension<Asked>) -> Response {
    let world = stub.world();
    let now = now();
    let days = asked.number("days").and_then(|days| i64::try_from(days).ok()).unwrap_or(DAYS);
    let days = world.billing.meter.last(days, now).filter(|day| day.posts > 0);
    let usage: Vec<Value> = days
        .map(|day| json!({ "date": format!("{:.3}", start_of(day.number)), "usage": day.posts.to_string() }))
        .collect();
    let mut data = json!({
        "cap_reset_day": CAP_RESET_DAY,
        "project_cap": world.billing.monthly_cap.to_string(),
        "project_id": PROJECT,
        "project_usage": world.billing.cycle(now).posts.to_string(),
    });
    for field in asked.words("usage.fields") {
        match field {
            "daily_project_usage" => data[field] = json!({ "project_id": PROJECT, "usage": usage }),
            "daily_client_app_usage" => {
                let count = usage.len();
                data[field] = json!([{ "client_app_id": APP, "usage": usage, "usage_result_count": count }]);
            }
            _ => {}
        }
    }
    ok(json!({ "data": data }))
}
