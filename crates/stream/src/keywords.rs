//! The requested keywords.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures::{StreamExt, TryStreamExt, stream};
use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::history::{HistoryProgress, KeywordHistory};
use crate::keyword_options::KeywordOptions;
use crate::table::{Added, Item, StreamStatusTable, number, put_condition_failed};

/// The prefix of a keyword's item name. The item with exactly this name, which no keyword can have and which sorts before
/// all others, is the [`Marker`].
const PREFIX: &str = "keyword#";

/// The attribute that says in which generation a keyword was requested.
pub(crate) const GENERATION: &str = "generation";

/// How many stopped keywords are deleted concurrently.
const DELETED_AT_ONCE: usize = 16;

/// Which keywords count. Stopping all of them begins the next generation, which takes one write however many there are;
/// keywords of earlier generations are deleted afterwards.
#[derive(Clone, Copy, Debug, Default)]
struct Marker {
    /// Only keywords of this generation are requested.
    generation: u64,
    /// Keywords of earlier generations than this one have been deleted.
    swept: u64,
}

/// A keyword that is requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RequestedKeyword {
    /// The keyword.
    pub keyword: Keyword,
    /// Since when it is requested.
    pub started_at: UtcTime,
    /// Whether reposts are collected.
    #[serde(default = "yes")]
    pub reposts: bool,
    /// Until when reposts were collected, if they are not any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reposts_until: Option<UtcTime>,
    /// How many posts it may bring in a day (UTC), if it has a budget of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_posts_a_day: Option<u64>,
    /// Until when it is not read because that budget is used up; absent, or past, if it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<UtcTime>,
    /// The posts from before it was started that are requested too, and how fetching them is going.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<KeywordHistory>,
    /// Why nothing is collected for it, if the source refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why nothing is collected for it yet, if it waits for the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Posts written at this time or later may be missing and are in no gap yet; absent while posts are collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<UtcTime>,
}

fn yes() -> bool {
    true
}

/// The outcome of [`StreamStatusTable::remove_keyword`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is not requested any more.
    Removed,
    /// It was not requested before.
    NotFound,
}

impl StreamStatusTable {
    /// The requested keywords, in alphabetical order. The stream should run while there are any.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn keywords(&self) -> Result<Vec<RequestedKeyword>, TableError> {
        let items = self.items(PREFIX, "read the requested keywords").await?;
        serde_dynamo::from_items(self.requested(items, &mut None)?).map_err(|error| self.invalid_item(&error))
    }

    /// Whether any keyword is requested. Reads a few items, or more where many have just been stopped.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn has_keywords(&self) -> Result<bool, TableError> {
        const PAGE: i32 = 10;
        let mut pages = self.query(PREFIX).limit(PAGE).into_paginator().send();
        let mut present = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(TableError::during("read the requested keywords"))?;
            if !self.requested(page.items.unwrap_or_default(), &mut present)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The requested keywords of a page. The first item of the first page says which generation is the present one.
    fn requested(&self, items: Vec<Item>, present: &mut Option<u64>) -> Result<Vec<Item>, TableError> {
        let mut requested = Vec::with_capacity(items.len());
        for item in items {
            let generation = self.marker(&item)?.generation;
            let present = *present.get_or_insert(if is_marker(&item) { generation } else { 0 });
            if generation == present && !is_marker(&item) {
                requested.push(item);
            }
        }
        Ok(requested)
    }

    /// Requests `keyword` from now on, and its history if `options` has one. If it is requested already, only its options change.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn add_keyword(
        &self,
        keyword: &Keyword,
        options: KeywordOptions,
        now: UtcTime,
    ) -> Result<Added, TableError> {
        let present = number(self.present().await?.generation);
        let status = RequestedKeyword {
            keyword: keyword.clone(),
            started_at: now,
            reposts: options.reposts.unwrap_or(true),
            reposts_until: None,
            max_posts_a_day: options.max_posts_a_day.flatten(),
            paused_until: None,
            history: options
                .history
                .map(|requested| KeywordHistory { requested, progress: HistoryProgress::default() }),
            error: None,
            waiting: None,
            missing_from: Some(now),
        };
        let mut item: Item = serde_dynamo::to_item(status).map_err(|error| self.invalid_item(&error))?;
        item.extend(self.key(&keyword_item(keyword)));
        item.insert(GENERATION.to_owned(), present.clone());
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            // An item without a generation belongs to the first.
            .condition_expression("attribute_not_exists(#stream) OR NOT (#generation >= :present)")
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .expression_attribute_names("#generation", GENERATION)
            .expression_attribute_values(":present", present.clone())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Added::Added),
            Err(error) if put_condition_failed(&error) => {
                self.set_options(keyword, options, present, now).await?;
                Ok(Added::AlreadyThere)
            }
            Err(error) => Err(TableError::during("add a keyword")(error)),
        }
    }

    /// Stops requesting `keyword`. What is posted while it is not requested is no gap: if it is requested again,
    /// collecting begins then.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn remove_keyword(&self, keyword: &Keyword) -> Result<Removed, TableError> {
        let present = self.present().await?.generation;
        let answer = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&keyword_item(keyword))))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(TableError::during("remove a keyword"))?;
        match answer.attributes() {
            Some(item) if self.marker(item)?.generation == present => Ok(Removed::Removed),
            _ => Ok(Removed::NotFound),
        }
    }

    /// Stops requesting every keyword, in one write: all of them or none.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn remove_all_keywords(&self) -> Result<(), TableError> {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(PREFIX)))
            .update_expression("ADD #generation :one")
            .expression_attribute_names("#generation", GENERATION)
            .expression_attribute_values(":one", number(1))
            .send()
            .await
            .map_err(TableError::during("remove all keywords"))?;
        Ok(())
    }

    /// Deletes the keywords that [`StreamStatusTable::remove_all_keywords`] has stopped. If there are none, reads one
    /// small item.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read. The next call deletes the rest.
    pub async fn delete_stopped_keywords(&self) -> Result<(), TableError> {
        let Marker { generation, swept } = self.present().await?;
        if swept == generation {
            return Ok(());
        }
        let items = self.items(PREFIX, "read the stopped keywords").await?;
        let stopped = items.into_iter().filter(|item| !is_marker(item)).map(|mut item| async move {
            let name =
                item.remove(Self::SORT_KEY).ok_or_else(|| self.invalid_item(&"an item without a name"))?;
            self.delete_if_stopped(name, generation).await
        });
        stream::iter(stopped).buffer_unordered(DELETED_AT_ONCE).try_collect::<()>().await?;
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(PREFIX)))
            .update_expression("SET #swept = :generation")
            .expression_attribute_names("#swept", "swept")
            .expression_attribute_values(":generation", number(generation))
            .send()
            .await
            .map_err(TableError::during("note that stopped keywords are deleted"))?;
        Ok(())
    }

    /// Deletes an item unless it has been requested again meanwhile.
    async fn delete_if_stopped(&self, name: AttributeValue, generation: u64) -> Result<(), TableError> {
        let stream = AttributeValue::S(self.stream_id.clone());
        let answer = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key(Self::PARTITION_KEY, stream)
            .key(Self::SORT_KEY, name)
            .condition_expression("attribute_not_exists(#generation) OR #generation < :generation")
            .expression_attribute_names("#generation", GENERATION)
            .expression_attribute_values(":generation", number(generation))
            .send()
            .await;
        match answer {
            Err(error)
                if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Err(TableError::during("delete a stopped keyword")(error))
            }
            _ => Ok(()),
        }
    }

    async fn present(&self) -> Result<Marker, TableError> {
        let item = self.item(PREFIX, "read which keywords are requested").await?;
        item.map_or(Ok(Marker::default()), |item| self.marker(&item))
    }

    /// The generation of an item.
    fn marker(&self, item: &Item) -> Result<Marker, TableError> {
        let of = |name: &str| {
            item.get(name).map_or(Ok(0), |value| {
                let digits = value.as_n().ok().and_then(|digits| digits.parse().ok());
                digits.ok_or_else(|| self.invalid_item(&format!("{name} is not a number")))
            })
        };
        Ok(Marker { generation: of(GENERATION)?, swept: of("swept")? })
    }
}

pub(crate) fn keyword_item(keyword: &Keyword) -> String {
    format!("{PREFIX}{keyword}")
}

fn is_marker(item: &Item) -> bool {
    item.get(StreamStatusTable::SORT_KEY).and_then(|name| name.as_s().ok()).is_some_and(|name| name == PREFIX)
}
