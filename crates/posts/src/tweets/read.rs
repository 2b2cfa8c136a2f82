//! Reading posts: a page of a keyword's, or one under all of its keywords.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Detail, StoredPost, from_item};
use super::query::{Found, FoundPage, Order, PostPage, PostPosition, PostQuery};
use super::table::TweetsTable;
use crate::PostId;
use service::tables::TableError;
use utc_time::UtcTime;

/// Most posts that are read for one page. DynamoDB charges for what is read, not for what matches the filter: half a
/// read unit for 4 KB, so this is about 250 read units ($0.00003).
const READ_FOR_A_PAGE: usize = 5000;

/// Posts in one request, where a filter may let few of them through.
const READ_AT_ONCE: i32 = 1000;

/// The texts of a page, and what sources sent of its posts, after which no more is read. A page exceeds it by what one request
/// reads: up to 1 MB, which is about six times as much where it is compressed. A Lambda function answers with up to 6 MB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const TEXT_BYTES: usize = 1_000_000;

impl TweetsTable {
    /// Up to `limit` of the posts that match `query`, from `after` on. Reads are eventually consistent.
    ///
    /// A page may have fewer posts and yet a next page: at most 5,000 items are read for it, and its texts are limited
    /// to about two megabytes. Without a filter about `limit` are read.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn page(
        &self,
        query: &PostQuery,
        limit: usize,
        after: Option<PostPosition>,
        detail: Detail,
    ) -> Result<PostPage, TableError> {
        let matches = query.filter.matcher();
        let is_wanted = |found: &Found| matches!(found, Found::Stored(stored) if matches(stored));
        let FoundPage { found, next, read } = self.find(query, limit, after, detail, is_wanted).await?;
        let posts = found.into_iter().filter_map(|found| match found {
            Found::Stored(stored) => Some(*stored),
            Found::Removed(_) => None,
        });
        Ok(PostPage { posts: posts.collect(), next, read })
    }

    /// The same with what remains of removed posts, unless the query has a filter: nothing tells whether they would match it.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn page_with_removed(
        &self,
        query: &PostQuery,
        limit: usize,
        after: Option<PostPosition>,
        detail: Detail,
    ) -> Result<FoundPage, TableError> {
        let matches = query.filter.matcher();
        let is_wanted = |found: &Found| match found {
            Found::Stored(stored) => matches(stored),
            Found::Removed(_) => query.filter.is_empty(),
        };
        self.find(query, limit, after, detail, is_wanted).await
    }

    async fn find(
        &self,
        query: &PostQuery,
        limit: usize,
        after: Option<PostPosition>,
        detail: Detail,
        is_wanted: impl Fn(&Found) -> bool,
    ) -> Result<FoundPage, TableError> {
        let mut page = FoundPage { found: Vec::new(), next: after, read: 0 };
        if query.is_empty() {
            page.next = None;
            return Ok(page);
        }
        let mut text_bytes = 0;
        loop {
            // Without a filter, as many as are missing.
            let missing = i32::try_from(limit - page.found.len()).unwrap_or(i32::MAX);
            let at_once = if query.filter.is_empty() { missing } else { READ_AT_ONCE };
            let (items, more) = self.read(query, at_once, page.next.as_ref(), detail).await?;
            let last = items.len();
            for (number, found) in items.into_iter().enumerate() {
                page.read += 1;
                page.next = Some(found.position());
                if is_wanted(&found) {
                    text_bytes += text_bytes_of(&found);
                    page.found.push(found);
                    if page.found.len() == limit {
                        // It is the last page only if this was the last of all posts.
                        if number + 1 == last && !more {
                            page.next = None;
                        }
                        return Ok(page);
                    }
                }
            }
            if !more {
                page.next = None;
                return Ok(page);
            }
            if page.read >= READ_FOR_A_PAGE || text_bytes >= TEXT_BYTES {
                return Ok(page);
            }
        }
    }

    /// What is next within the query's time range, whatever its filter, and whether there may be more.
    async fn read(
        &self,
        query: &PostQuery,
        at_once: i32,
        after: Option<&PostPosition>,
        detail: Detail,
    ) -> Result<(Vec<Found>, bool), TableError> {
        let start = after.map(|cursor| {
            let mut start = self.key(&query.keyword, &cursor.tweet_id);
            let date = AttributeValue::S(cursor.create_date.to_string());
            start.insert(Self::INDEX_SORT_KEY.to_owned(), date);
            start
        });
        // Dates sort as their texts do; BETWEEN includes both ends.
        let date = |at: UtcTime| AttributeValue::S(at.to_string());
        let from = query.from.map(date);
        let to = query.before.map(|before| date(before.before(Duration::from_millis(1))));
        let dates = match (&from, &to) {
            (None, None) => "",
            (Some(_), None) => " AND #date >= :from",
            (None, Some(_)) => " AND #date <= :to",
            (Some(_), Some(_)) => " AND #date BETWEEN :from AND :to",
        };
        let mut request = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(Self::INDEX)
            .key_condition_expression(format!("#keyword = :keyword{dates}"))
            .expression_attribute_names("#keyword", Self::INDEX_PARTITION_KEY)
            .expression_attribute_values(":keyword", AttributeValue::S(query.keyword.to_string()))
            .scan_index_forward(query.order == Order::OldestFirst)
            .limit(at_once)
            .set_exclusive_start_key(start);
        if !dates.is_empty() {
            request = request.expression_attribute_names("#date", Self::INDEX_SORT_KEY);
        }
        for (name, value) in [(":from", from), (":to", to)] {
            if let Some(value) = value {
                request = request.expression_attribute_values(name, value);
            }
        }
        let answer = request.send().await.map_err(TableError::during("read posts"))?;
        let more = answer.last_evaluated_key().is_some();
        let items = answer.items.unwrap_or_default().into_iter();
        let found = items.map(|item| {
            if item.contains_key(Self::TEXT) {
                let stored = from_item(item, detail).map_err(|error| self.invalid_item(&error))?;
                return Ok(Found::Stored(Box::new(stored)));
            }
            serde_dynamo::from_item(item).map(Found::Removed).map_err(|error| self.invalid_item(&error))
        });
        Ok((found.collect::<Result<_, TableError>>()?, more))
    }

    /// A post under each keyword for which it was collected; none if it is not stored, or was removed.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn under_all_keywords(
        &self,
        id: &PostId,
        detail: Detail,
    ) -> Result<Vec<StoredPost>, TableError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#id = :id")
            .filter_expression("attribute_exists(#text)")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
            .into_paginator()
            .items()
            .send();
        let mut posts = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(TableError::during("read a post"))?;
            posts.push(from_item(item, detail).map_err(|error| self.invalid_item(&error))?);
        }
        Ok(posts)
    }
}

fn text_bytes_of(found: &Found) -> usize {
    let Found::Stored(stored) = found else { return 0 };
    stored.post.text.len() + stored.post.raw.as_ref().map_or(0, |raw| raw.as_str().len())
}
