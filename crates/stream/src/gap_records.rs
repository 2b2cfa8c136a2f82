//! The records of gaps.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, Select, TransactWriteItem};
use posts::Keyword;
use serde::Serialize;
use service::tables::TableError;
use utc_time::UtcTime;

use crate::gaps::{Gap, GapPage, GapPosition, GapState};
use crate::table::{Item, StreamStatusTable, put_condition_failed};

/// How long the record of a gap is kept.
const KEEP: Duration = Duration::from_secs(90 * 24 * 60 * 60);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    #[serde(flatten)]
    gap: &'a Gap,
    expires_at: i64,
}

impl StreamStatusTable {
    /// A page of at most `limit` gaps of one state, ordered by their ends, earliest first. `after` is the `next` of the
    /// previous page.
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

    /// A page of at most `limit` gaps of one state, ordered by their ends, latest first. `before` is the `next` of the
    /// previous page.
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

    /// As [`Self::latest_gaps`], of one keyword alone. All gaps of the state are looked at until there are enough.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn latest_gaps_of(
        &self,
        keyword: &Keyword,
        state: GapState,
        limit: usize,
        before: Option<GapPosition>,
    ) -> Result<GapPage, TableError> {
        let mut page = GapPage { gaps: Vec::new(), next: before };
        loop {
            let query = self
                .query(state.prefix())
                .scan_index_forward(false)
                .filter_expression("#keyword = :keyword")
                .expression_attribute_names("#keyword", "keyword")
                .expression_attribute_values(":keyword", AttributeValue::S(keyword.as_str().to_owned()));
            let GapPage { gaps, next } = self.gap_page(query, page.next).await?;
            page.gaps.extend(gaps);
            page.next = next;
            if page.gaps.len() > limit {
                page.gaps.truncate(limit);
                page.next = page.gaps.last().map(|gap| GapPosition(gap.item_name()));
            }
            if page.next.is_none() || page.gaps.len() == limit {
                return Ok(page);
            }
        }
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
        let gaps: Result<Vec<Gap>, _> = serde_dynamo::from_items(answer.items.unwrap_or_default());
        Ok(GapPage { gaps: gaps.map_err(|error| self.invalid_item(&error))?, next: last.map(GapPosition) })
    }

    /// How many gaps of one state there are, or have ended since `since`; at most [`Self::GAPS_COUNTED`] are counted.
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

    /// How many gaps are counted; a count this high means "at least".
    pub const GAPS_COUNTED: usize = 1000;

    /// Records a gap. Recording it again changes nothing.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn add_gap(&self, gap: &Gap) -> Result<(), TableError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(self.gap_item(gap)?));
        put.send().await.map_err(TableError::during("record a gap"))?;
        Ok(())
    }

    /// Replaces the gap `before` with `after`, which may have another period, state, or both, in one transaction. Does nothing if
    /// `before` is not there any more, because another program has changed it.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn change_gap(&self, before: &Gap, after: &Gap) -> Result<(), TableError> {
        const ACTION: &str = "change a gap";
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
            .map_err(|error| self.invalid_item(&error))?;
        let put = put.build().map_err(|error| self.invalid_item(&error))?;
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

    /// Deletes the record of a gap.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn delete_gap(&self, gap: &Gap) -> Result<(), TableError> {
        let delete =
            self.client.delete_item().table_name(&self.name).set_key(Some(self.key(&gap.item_name())));
        delete.send().await.map_err(TableError::during("delete a gap"))?;
        Ok(())
    }

    fn gap_item(&self, gap: &Gap) -> Result<Item, TableError> {
        let kept = Kept { gap, expires_at: gap.to.after(KEEP).as_millis() / 1000 };
        let item: Item = serde_dynamo::to_item(kept).map_err(|error| self.invalid_item(&error))?;
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
