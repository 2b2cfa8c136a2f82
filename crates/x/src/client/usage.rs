//! What X itself has counted.

use json_api::Answer;
use reqwest::Method;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Client;

const USAGE: &str = "/2/usage/tweets";

/// The posts that a project has read, as X counts them. Any of it may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Posts read by day (UTC, as in `2026-11-23`), by all apps of the project. X leaves out a day without posts.
    pub days: Option<Vec<(String, u64)>>,
    /// Posts read in the current cycle.
    pub this_cycle: Option<u64>,
    /// The posts that may be read in a cycle.
    pub cap: Option<u64>,
    /// The day of the month on which a cycle begins.
    pub cap_reset_day: Option<u64>,
}

impl Usage {
    /// Posts read on a day (UTC, as in `2026-11-23`), if X counts by day.
    #[must_use]
    pub fn on(&self, day: &str) -> Option<u64> {
        let days = self.days.as_ref()?;
        Some(days.iter().find(|(other, _)| other == day).map_or(0, |(_, posts)| *posts))
    }
}

impl Client {
    /// What X has counted in the last `days` days, 1 to 90, and in the current cycle. Asking is free.
    pub async fn usage(&self, days: u32) -> Answer<Usage> {
        let request = self
            .0
            .request(Method::GET, USAGE)
            .query(&[("days", days.to_string()), ("usage.fields", FIELDS.to_owned())]);
        self.0.json::<Described>(request).await.map(Usage::from)
    }
}

const FIELDS: &str = "cap_reset_day,daily_project_usage,project_cap,project_usage";

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    daily_project_usage: Option<Daily>,
    #[serde(default, deserialize_with = "number")]
    project_usage: Option<u64>,
    #[serde(default, deserialize_with = "number")]
    project_cap: Option<u64>,
    #[serde(default, deserialize_with = "number")]
    cap_reset_day: Option<u64>,
}

#[derive(Deserialize)]
struct Daily {
    #[serde(default)]
    usage: Option<Vec<Day>>,
}

#[derive(Deserialize)]
struct Day {
    date: String,
    #[serde(default, deserialize_with = "number")]
    usage: Option<u64>,
}

/// A number, which X describes as a text and has sent as either.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

impl From<Described> for Usage {
    fn from(Described { data }: Described) -> Self {
        let day = |day: Day| {
            // An ISO 8601 date, with or without a time.
            Some((day.date.get(.."2026-11-23".len())?.to_owned(), day.usage.unwrap_or_default()))
        };
        let days = data.daily_project_usage.and_then(|daily| daily.usage);
        Self {
            days: days.map(|days| days.into_iter().filter_map(day).collect()),
            this_cycle: data.project_usage,
            cap: data.project_cap,
            cap_reset_day: data.cap_reset_day,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn usage(data: Value) -> Usage {
        serde_json::from_value::<Described>(json!({ "data": data })).unwrap().into()
    }

    #[test]
    fn numbers_are_read_as_texts_and_as_numbers_and_a_day_without_posts_is_zero() {
        let usage = usage(json!({
            "cap_reset_day": 1, "project_cap": "3000000", "project_usage": 12, "project_id": "7",
            "daily_project_usage": { "project_id": "7", "usage": [{ "date": "2026-11-23T00:00:00.000Z", "usage": "9" }] },
        }));
        assert_eq!((usage.this_cycle, usage.cap, usage.cap_reset_day), (Some(12), Some(3_000_000), Some(1)));
        assert_eq!((usage.on("2026-11-23"), usage.on("2026-11-24")), (Some(9), Some(0)));
    }

    #[test]
    fn what_x_leaves_out_is_unknown() {
        assert_eq!(usage(json!({})), Usage::default());
        assert_eq!(usage(json!({ "daily_project_usage": { "usage": null } })).on("2026-11-23"), None);
    }
}
