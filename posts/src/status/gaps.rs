//! Gaps: the times in which posts may have been missed, and what became of them.

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{Added, Item, StreamStatusTable, put_condition_failed};
use crate::{Keyword, TableError, UtcTime};

const PREFIX: &str = "gap#";

/// How long the record of a gap is kept.
const KEEP: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A time in which posts of a keyword may have been missed.
///
/// A stream has one for each interruption and keyword. Two may begin at the same moment (when the
/// keyword was started), but each ends when reading went on: `to` and `keyword` tell it from all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The keyword.
    pub keyword: Keyword,
    /// Posts made from then on may be missing,
    pub from: UtcTime,
    /// up to then.
    pub to: UtcTime,
    /// Why reading was interrupted.
    pub cause: String,
    /// What became of it.
    pub state: GapState,
    /// How it was healed, or is being healed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed_by: Option<HealedBy>,
    /// Posts that healing put on the queue and that had not been read before.
    #[serde(default)]
    pub posts: u64,
    /// Why it is not healed, or not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum GapState {
    /// It waits to be healed, or is being healed.
    Healing,
    /// What could be had has been put on the queue.
    Closed,
    /// It cannot be healed: posts are missing.
    Open,
}

/// How a gap was healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum HealedBy {
    /// X delivered it again, on the stream.
    Backfill,
    /// Recent search. It knows less than the stream: a quote post is found by its own text only. So
    /// posts may be missing all the same.
    Search,
    /// A timeline of the server.
    Timeline,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    #[serde(flatten)]
    gap: &'a Gap,
    expires_at: i64,
}

impl StreamStatusTable {
    /// The gaps of this stream, in the order of their ends.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn gaps(&self) -> Result<Vec<Gap>, TableError> {
        self.items(PREFIX, "read the gaps").await
    }

    /// The gaps that ended last, the latest first, at most `limit`.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn latest_gaps(&self, limit: i32) -> Result<Vec<Gap>, TableError> {
        let query = self.query(PREFIX).scan_index_forward(false).limit(limit);
        let answer = query.send().await.map_err(TableError::during("read the gaps"))?;
        serde_dynamo::from_items(answer.items.unwrap_or_default()).map_err(|error| self.broken(&error))
    }

    /// Notes a gap. One that ends at the same moment and is another is left alone; the same one is noted
    /// again, for the first answer may have been lost.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn add_gap(&self, gap: &Gap) -> Result<Added, TableError> {
        let answer = self
            .put_gap(gap)?
            .condition_expression(
                "attribute_not_exists(#stream) OR (#from = :from AND #cause = :cause AND #state = :state)",
            )
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .expression_attribute_names("#from", "from")
            .expression_attribute_values(":from", AttributeValue::S(gap.from.to_string()))
            .expression_attribute_names("#cause", "cause")
            .expression_attribute_values(":cause", AttributeValue::S(gap.cause.clone()))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(
                ":state",
                serde_dynamo::to_attribute_value(gap.state).map_err(|error| self.broken(&error))?,
            )
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Added::Added),
            Err(error) if put_condition_failed(&error) => Ok(Added::AlreadyThere),
            Err(error) => Err(TableError::during("note a gap")(error)),
        }
    }

    /// Notes what became of a gap.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_gap(&self, gap: &Gap) -> Result<(), TableError> {
        self.put_gap(gap)?.send().await.map_err(TableError::during("note a gap"))?;
        Ok(())
    }

    fn put_gap(&self, gap: &Gap) -> Result<PutItemFluentBuilder, TableError> {
        let kept = Kept { gap, expires_at: gap.to.after(KEEP).as_millis() / 1000 };
        let item: Item = serde_dynamo::to_item(kept).map_err(|error| self.broken(&error))?;
        let key = self.key(&format!("{PREFIX}{}#{}", gap.to, gap.keyword));
        let put = self.client.put_item().table_name(&self.name);
        Ok(put.set_item(Some(item.into_iter().chain(key).collect())))
    }
}
