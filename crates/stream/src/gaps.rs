//! Gaps: the times in which posts may have been missed, and what became of them.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, Select, TransactWriteItem};
use serde::{Deserialize, Serialize};

use crate::table::{Item, StreamStatusTable, put_condition_failed};
use posts::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

/// How long the record of a gap is kept.
const KEEP: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A time in which posts of a keyword may have been missed.
///
/// A stream has one for each interruption and keyword, until those that overlap are made one.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum GapState {
    /// It waits to be healed, or is being healed.
    Healing,
    /// What could be had has been put on the queue.
    Closed,
    /// It cannot be healed: posts are missing.
    Open,
    /// Its keyword was stopped before it was healed: posts are missing, and nobody asks for them any more.
    Abandoned,
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

impl Gap {
    /// Its item's name. Gaps of one state stand together, in the order of their ends, so that what is read
    /// does not depend on how many there are of another.
    fn item_name(&self) -> String {
        format!("{}{}#{}#{}", self.state.prefix(), self.to, self.from, self.keyword)
    }
}

impl Gap {
    /// One gap that covers this one and another of the same keyword and state, and what lies between them.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        /// A cause is a phrase, two are a sentence: more say nothing.
        const CAUSE_BYTES: usize = 160;
        let known = self.cause.contains(&other.cause) || self.cause.len() + other.cause.len() > CAUSE_BYTES;
        Self {
            keyword: self.keyword.clone(),
            from: self.from.min(other.from),
            to: self.to.max(other.to),
            cause: if known { self.cause.clone() } else { format!("{}; {}", self.cause, other.cause) },
            state: self.state,
            // What search healed may lack posts.
            healed_by: match (self.healed_by, other.healed_by) {
                (Some(HealedBy::Search), _) | (_, Some(HealedBy::Search)) => Some(HealedBy::Search),
                (one, other) => one.or(other),
            },
            posts: self.posts + other.posts,
            reason: other.reason.clone().or_else(|| self.reason.clone()),
        }
    }

    /// This gap, now that nobody asks for its posts any more.
    #[must_use]
    pub fn abandoned(&self) -> Self {
        let reason = Some("the keyword was stopped before it was healed".to_owned());
        Self { state: GapState::Abandoned, reason, ..self.clone() }
    }
}

impl GapState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Healing, Self::Abandoned, Self::Closed];

    /// How the names of its items begin.
    fn prefix(self) -> &'static str {
        match self {
            Self::Healing => "gap#healing#",
            Self::Closed => "gap#closed#",
            Self::Open => "gap#open#",
            Self::Abandoned => "gap#abandoned#",
        }
    }
}

/// Gaps of one state, and where to go on.
#[derive(Clone, Debug)]
pub struct GapPage {
    /// The gaps.
    pub gaps: Vec<Gap>,
    /// Where the next page begins; none if there is none.
    pub next: Option<GapPosition>,
}

/// A place among the gaps of one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapPosition(String);

impl GapPosition {
    /// The place that `text` names among the gaps of `state`, if it names one.
    #[must_use]
    pub fn among(state: GapState, text: String) -> Option<Self> {
        text.starts_with(state.prefix()).then_some(Self(text))
    }

    /// The place as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StreamStatusTable {
    /// Gaps of one state in the order of their ends, the earliest first, at most `limit` of them. `after` is
    /// the `next` of the page before.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn gaps(
        &self,
        state: GapState,
        limit: i32,
        after: Option<GapPosition>,
    ) -> Result<GapPage, TableError> {
        self.gap_page(self.query(state.prefix()).limit(limit), after).await
    }

    /// The gaps of one state that ended last, the latest first, at most `limit` of them. `before` is the
    /// `next` of the page before.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn latest_gaps(
        &self,
        state: GapState,
        limit: i32,
        before: Option<GapPosition>,
    ) -> Result<GapPage, TableError> {
        self.gap_page(self.query(state.prefix()).scan_index_forward(false).limit(limit), before).await
    }

    async fn gap_page(
        &self,
        query: QueryFluentBuilder,
        start: Option<GapPosition>,
    ) -> Result<GapPage, TableError> {
        let start = start.map(|GapPosition(name)| self.key(&name));
        let answer =
            query.set_exclusive_start_key(start).send().await.map_err(TableError::during("read the gaps"))?;
        let last = answer.last_evaluated_key().and_then(|key| key.get(Self::SORT_KEY)?.as_s().ok()).cloned();
        let gaps = serde_dynamo::from_items(answer.items.unwrap_or_default());
        Ok(GapPage { gaps: gaps.map_err(|error| self.broken(&error))?, next: last.map(GapPosition) })
    }

    /// How many gaps of one state there are, or of those that ended at `since` or later; beyond
    /// [`Self::GAPS_COUNTED`] none are counted.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn count_gaps(&self, state: GapState, since: Option<UtcTime>) -> Result<usize, TableError> {
        let since = since.map_or_else(String::new, |since| since.to_string());
        let (from, to) = (format!("{}{since}", state.prefix()), format!("{}~", state.prefix()));
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .select(Select::Count)
            .key_condition_expression("#stream = :stream AND #item BETWEEN :from AND :to")
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .expression_attribute_names("#item", Self::SORT_KEY)
            .expression_attribute_values(":stream", AttributeValue::S(self.stream_id.clone()))
            .expression_attribute_values(":from", AttributeValue::S(from))
            .expression_attribute_values(":to", AttributeValue::S(to))
            .limit(i32::try_from(Self::GAPS_COUNTED).unwrap_or(i32::MAX))
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            let page = page.map_err(TableError::during("count the gaps"))?;
            count += usize::try_from(page.count).unwrap_or_default();
            if count >= Self::GAPS_COUNTED {
                break;
            }
        }
        Ok(count.min(Self::GAPS_COUNTED))
    }

    /// Gaps that are counted; who finds so many must say "at least".
    pub const GAPS_COUNTED: usize = 1000;

    /// Notes a gap. Noting it again changes nothing.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn add_gap(&self, gap: &Gap) -> Result<(), TableError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(self.gap_item(gap)?));
        put.send().await.map_err(TableError::during("note a gap"))?;
        Ok(())
    }

    /// Makes `after` of the gap `before`, which may be another time, state, or both; both or neither is
    /// seen. Somebody else may have done so, or something else, before: then nothing changes.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn change_gap(&self, before: &Gap, after: &Gap) -> Result<(), TableError> {
        const ACTION: &str = "note what became of a gap";
        let (old, new) = (before.item_name(), after.item_name());
        let put = Put::builder().table_name(&self.name).set_item(Some(self.gap_item(after)?));
        let there = "attribute_exists(#item)";
        if old == new {
            let answer = self
                .client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(self.gap_item(after)?))
                .condition_expression(there)
                .expression_attribute_names("#item", Self::SORT_KEY)
                .send()
                .await;
            return match answer {
                Err(error) if !put_condition_failed(&error) => Err(TableError::during(ACTION)(error)),
                _ => Ok(()),
            };
        }
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(self.key(&old)))
            .condition_expression(there)
            .expression_attribute_names("#item", Self::SORT_KEY)
            .build()
            .map_err(|error| self.broken(&error))?;
        let put = put.build().map_err(|error| self.broken(&error))?;
        let writes = [
            TransactWriteItem::builder().delete(delete).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        let answer = self.client.transact_write_items().set_transact_items(Some(writes.into())).send().await;
        match answer {
            Err(error) if !is_changed_already(&error) => Err(TableError::during(ACTION)(error)),
            _ => Ok(()),
        }
    }

    /// Forgets a gap.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn delete_gap(&self, gap: &Gap) -> Result<(), TableError> {
        let delete =
            self.client.delete_item().table_name(&self.name).set_key(Some(self.key(&gap.item_name())));
        delete.send().await.map_err(TableError::during("forget a gap"))?;
        Ok(())
    }

    fn gap_item(&self, gap: &Gap) -> Result<Item, TableError> {
        let kept = Kept { gap, expires_at: gap.to.after(KEEP).as_millis() / 1000 };
        let item: Item = serde_dynamo::to_item(kept).map_err(|error| self.broken(&error))?;
        Ok(item.into_iter().chain(self.key(&gap.item_name())).collect())
    }
}

/// Whether a transaction failed because the item that it deletes is gone.
fn is_changed_already(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return false;
    };
    cancelled.cancellation_reasons().first().and_then(|reason| reason.code())
        == Some("ConditionalCheckFailed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(from: &str, to: &str, cause: &str) -> Gap {
        let json = serde_json::json!({
            "keyword": "rust", "from": format!("2026-11-25T{from}Z"), "to": format!("2026-11-25T{to}Z"),
            "cause": cause, "state": "healing", "posts": 1,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn one_gap_stands_for_two_and_says_no_less() {
        let (one, other) = (gap("10:00:00", "10:01:00", "a"), gap("09:59:00", "10:00:30", "b"));
        let both = one.merged(&other);
        assert_eq!((both.from, both.to, both.posts), (other.from, one.to, 2));
        assert_eq!(both.cause, "a; b");
        assert_eq!(both.merged(&other).cause, "a; b");
        let long = Gap { cause: "c".repeat(160), ..other };
        assert_eq!(both.merged(&long).cause, "a; b");
        let healed = |by| Gap { healed_by: Some(by), ..one.clone() };
        assert_eq!(
            healed(HealedBy::Backfill).merged(&healed(HealedBy::Search)).healed_by,
            Some(HealedBy::Search)
        );
    }

    #[test]
    fn gaps_of_a_state_stand_together_in_the_order_of_their_ends() {
        let (earlier, later) = (gap("10:00:00", "10:01:00", "a"), gap("09:00:00", "10:02:00", "a"));
        assert!(earlier.item_name() < later.item_name());
        assert!(earlier.abandoned().item_name() < earlier.item_name());
        for state in GapState::ALL {
            assert!(Gap { state, ..later.clone() }.item_name().starts_with(state.prefix()));
        }
    }
}
