//! Posts from before a keyword was started: which of them are requested, and how fetching them is going.

use aws_sdk_dynamodb::types::AttributeValue;
use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::gaps::{Gap, GapState, MayLack, Period};
use crate::table::StreamStatusTable;

/// Posts from before a keyword was started that are requested too. They are fetched like those of a gap, and are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Posts written at this time or later are requested.
    pub since: UtcTime,
    /// Posts written at this time or earlier are requested; later ones are collected as they are posted.
    pub until: UtcTime,
    /// How many posts are fetched at most; absent without a limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_posts: Option<u64>,
    /// Which posts are fetched first.
    pub order: HistoryOrder,
}

/// Which posts of a history are fetched first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum HistoryOrder {
    /// The newest.
    #[default]
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// A history that was requested of a keyword, and how fetching it is going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeywordHistory {
    /// What was requested.
    #[serde(flatten)]
    pub requested: History,
    /// How fetching it is going.
    #[serde(default, flatten)]
    pub progress: HistoryProgress,
}

/// How fetching a history is going.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryProgress {
    /// The state of its gap; absent until the streamer has taken it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<GapState>,
    /// Since when posts can be fetched at all, if that is later than requested: an open gap has the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UtcTime>,
    /// Posts that have been queued.
    #[serde(default)]
    pub posts: u64,
    /// The part that has not been fetched, once some of it has been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Period>,
    /// Why it is not fetched yet, or not whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it may lack although it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_lack: Option<MayLack>,
}

impl HistoryProgress {
    /// The progress of the history whose gap this is.
    fn of(gap: &Gap, history: History) -> Self {
        Self {
            state: Some(gap.state),
            from: (gap.from > history.since).then_some(gap.from),
            posts: gap.posts,
            left: gap.left,
            reason: gap.reason.clone(),
            may_lack: gap.may_lack.clone(),
        }
    }
}

impl History {
    /// Its gap, of which nothing has been fetched yet. `reposts` says whether reposts are requested of the keyword.
    #[must_use]
    pub fn gap(self, keyword: Keyword, reposts: bool) -> Gap {
        Gap {
            keyword,
            from: self.since,
            to: self.until,
            cause: "posts from before the keyword was started were requested".to_owned(),
            state: GapState::Healing,
            healed_by: None,
            posts: 0,
            reason: None,
            left: None,
            reposts,
            may_lack: None,
            history: Some(self),
        }
    }
}

impl StreamStatusTable {
    /// Notes on its keyword how fetching a history is going. Does nothing for a gap that is no history, or whose history is no longer
    /// requested.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn note_history(&self, gap: &Gap) -> Result<(), TableError> {
        let Some(history) = gap.history else { return Ok(()) };
        let noted = KeywordHistory { requested: history, progress: HistoryProgress::of(gap, history) };
        let noted = serde_dynamo::to_attribute_value(noted).map_err(|error| self.invalid_item(&error))?;
        let names = [("#history", "history"), ("#until", "until")];
        let values = [(":noted", noted), (":until", AttributeValue::S(history.until.to_string()))];
        let action = "note how fetching a keyword's history is going";
        let (update, condition) = ("SET #history = :noted", "#history.#until = :until");
        self.update_keyword(action, &gap.keyword, update, condition, &names, values).await
    }
}
