//! What is being missed now: it becomes a gap for each keyword once reading goes on.

use posts::Keyword;
use serde::Serialize;
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::keywords::RequestedKeyword;
use stream::lease::LeaseHolder;
use stream::report::{Interruption, StreamReport};
use utc_time::UtcTime;
use utoipa::ToSchema;

/// A keyword of which posts are being missed now. It becomes a gap once reading goes on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ongoing {
    pub(super) keyword: Keyword,
    /// Posts written at this time or later are missing.
    from: UtcTime,
    /// Why.
    cause: String,
}

/// What interrupts the reading of all requested keywords, if anything does. `report` is the latest, `holder` who reads now, if anybody.
pub(super) async fn interruption(
    status: &StreamStatusTable,
    keywords: &[RequestedKeyword],
    report: Option<&StreamReport>,
    holder: Option<&LeaseHolder>,
) -> Result<Option<Interruption>, TableError> {
    if keywords.is_empty() {
        return Ok(None);
    }
    let reported = report.and_then(|report| report.interruption.clone());
    // A reader that was interrupted and died is the reason as long as no other reads.
    if reported.is_some() || (report.is_some() && holder.is_some()) {
        return Ok(reported);
    }
    // Without a reader, posts are missing from where the last one got to.
    let left_at = status.reading().await?.cursors.into_values().min();
    Ok(left_at.map(|from| Interruption { from, cause: "no streamer is running".to_owned() }))
}

/// What is being missed of each keyword, in the order of `keywords`, given what interrupts reading all of them.
pub(super) fn ongoing(keywords: &[RequestedKeyword], interruption: Option<&Interruption>) -> Vec<Ongoing> {
    let of = |keyword: &RequestedKeyword| {
        let own = keyword.missing_from.map(|from| Interruption { from, cause: own_cause(keyword) });
        let all = interruption.map(|Interruption { from, cause }| Interruption {
            from: (*from).max(keyword.started_at),
            cause: cause.clone(),
        });
        // Its own cause says more.
        let from = [&own, &all].into_iter().flatten().map(|missing| missing.from).min()?;
        let Interruption { cause, .. } = own.or(all)?;
        Some(Ongoing { keyword: keyword.keyword.clone(), from, cause })
    };
    keywords.iter().filter_map(of).collect()
}

/// Why nothing is collected yet of a keyword by itself.
fn own_cause(keyword: &RequestedKeyword) -> String {
    let noted = keyword.error.as_ref().or(keyword.waiting.as_ref());
    noted.cloned().unwrap_or_else(|| "it is not collected yet as it was requested".to_owned())
}

/// What is being missed now of the requested keywords.
pub(super) async fn read(status: &StreamStatusTable, now: UtcTime) -> Result<Vec<Ongoing>, TableError> {
    let (keywords, report, holder) =
        tokio::try_join!(status.keywords(), status.report(), status.lease_holder())?;
    let holder = holder.filter(|holder| holder.until > now);
    let interruption = interruption(status, &keywords, report.as_ref(), holder.as_ref()).await?;
    Ok(ongoing(&keywords, interruption.as_ref()))
}

impl Ongoing {
    /// The keyword.
    pub(super) fn keyword(&self) -> &Keyword {
        &self.keyword
    }

    /// Since when posts are missing.
    pub(super) fn from(&self) -> UtcTime {
        self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn keyword(name: &str, missing_from: Option<i64>, error: Option<&str>) -> RequestedKeyword {
        let requested = serde_json::json!({
            "keyword": name, "startedAt": at(10), "missingFrom": missing_from.map(at), "error": error,
        });
        serde_json::from_value(requested).unwrap()
    }

    fn missing(keywords: &[RequestedKeyword], interrupted: Option<i64>) -> Vec<(String, UtcTime, String)> {
        let interruption =
            interrupted.map(|from| Interruption { from: at(from), cause: "dropped".to_owned() });
        let ongoing = ongoing(keywords, interruption.as_ref());
        ongoing
            .into_iter()
            .map(|Ongoing { keyword, from, cause }| (keyword.to_string(), from, cause))
            .collect()
    }

    #[test]
    fn each_keyword_misses_posts_since_the_first_of_its_reasons() {
        let keywords = [keyword("read", None, None), keyword("refused", Some(30), Some("no such operator"))];
        let named = |name: &str, from, cause: &str| (name.to_owned(), at(from), cause.to_owned());
        assert_eq!(missing(&keywords, None), [named("refused", 30, "no such operator")]);
        assert_eq!(
            missing(&keywords, Some(20)),
            [named("read", 20, "dropped"), named("refused", 20, "no such operator")]
        );
        assert_eq!(missing(&keywords[..1], Some(5)), [named("read", 10, "dropped")], "since it is requested");
    }
}
