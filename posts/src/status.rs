//! StreamStatusTable: what is desired of a stream, who reads it, how far it came and how it fares.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::{Deserialize, Serialize};

use crate::{Keyword, PostId, TableError, UtcTime};

/// One stream's part of StreamStatusTable.
///
/// The keywords that stand in it *are* the desired state: the stream should run while there are any.
/// Clients of one stream never write the same attribute of an item, but for the lease, which is
/// written only under conditions.
#[derive(Clone, Debug)]
pub struct StreamStatusTable {
    client: Client,
    name: String,
    stream_id: String,
}

/// A keyword that is desired, and how far its collection came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeywordStatus {
    /// The keyword.
    pub keyword: Keyword,
    /// Since when it is desired.
    pub started_at: UtcTime,
    /// Every post up to this one that the stream delivered, the queue has accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<PostId>,
    /// Why nothing is collected for it, if the source refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What became of [`StreamStatusTable::add_keyword`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is desired from now on.
    Added,
    /// It was desired already.
    AlreadyThere,
}

/// What became of [`StreamStatusTable::remove_keyword`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is not desired any more.
    Removed,
    /// It was not desired before.
    NotThere,
}

/// The right to read the stream, held by one task at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub owner: String,
    /// How often it has changed hands; only the latest holder's writes pass.
    pub epoch: u64,
}

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The lease.
    pub lease: Lease,
    /// Until when, unless it is renewed.
    pub until: UtcTime,
}

/// What became of [`StreamStatusTable::acquire_lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It is ours.
    Acquired(Lease),
    /// Somebody else holds it.
    HeldByAnother,
}

/// How the reader of a stream fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StreamState {
    /// It has not reached the source yet.
    Starting,
    /// The source delivers.
    Running,
    /// The connection is lost; it tries to get it back.
    Reconnecting,
    /// It ended as it was asked to.
    Stopped,
    /// It ended because it could not go on.
    Failed,
}

/// What the reader of a stream last said of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// How it fares.
    pub state: StreamState,
    /// Why, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it said so.
    pub heartbeat_at: UtcTime,
    /// Posts that it read from the source since it started; a post under two keywords is one.
    pub posts_read: u64,
    /// When the latest post that it read was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<UtcTime>,
}

const KEYWORD_PREFIX: &str = "keyword#";
const LEASE: &str = "lease";
const REPORT: &str = "report";

type Item = HashMap<String, AttributeValue>;

impl StreamStatusTable {
    /// The partition key: the stream.
    pub const PARTITION_KEY: &str = "streamId";
    /// The sort key: `keyword#rust`, `lease` or `report`.
    pub const SORT_KEY: &str = "item";

    /// The part of `stream_id` in the table called `name`.
    #[must_use]
    pub fn new(client: Client, name: String, stream_id: String) -> Self {
        Self { client, name, stream_id }
    }

    /// The keywords that are desired, in alphabetical order. The stream should run while there are any.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn keywords(&self) -> Result<Vec<KeywordStatus>, TableError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#stream = :stream AND begins_with(#item, :prefix)")
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .expression_attribute_names("#item", Self::SORT_KEY)
            .expression_attribute_values(":stream", AttributeValue::S(self.stream_id.clone()))
            .expression_attribute_values(":prefix", AttributeValue::S(KEYWORD_PREFIX.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut keywords = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(TableError::during("read the desired keywords"))?;
            keywords.push(serde_dynamo::from_item(item).map_err(|error| self.broken(&error))?);
        }
        Ok(keywords)
    }

    /// Desires `keyword` from now on.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn add_keyword(&self, keyword: &Keyword, now: UtcTime) -> Result<Added, TableError> {
        let status = KeywordStatus { keyword: keyword.clone(), started_at: now, cursor: None, error: None };
        let item: Item = serde_dynamo::to_item(status).map_err(|error| self.broken(&error))?;
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.into_iter().chain(self.key(&keyword_item(keyword))).collect()))
            .condition_expression("attribute_not_exists(#stream)")
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Added::Added),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(Added::AlreadyThere)
            }
            Err(error) => Err(TableError::during("add a keyword")(error)),
        }
    }

    /// Desires `keyword` no longer. Its cursor goes with it: what is posted while nobody wants it is
    /// not a gap.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn remove_keyword(&self, keyword: &Keyword) -> Result<Removed, TableError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&keyword_item(keyword))))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(TableError::during("remove a keyword"))?;
        Ok(if answer.attributes().is_some() { Removed::Removed } else { Removed::NotThere })
    }

    /// Notes that every delivered post of `keyword` up to `cursor` is on the queue. A keyword that is
    /// not desired any more is left alone.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_cursor(&self, keyword: &Keyword, cursor: &PostId) -> Result<(), TableError> {
        self.set_on_keyword(keyword, "SET #value = :value", "cursor", Some(cursor.as_str())).await
    }

    /// Notes why nothing is collected for `keyword`, or that the reason is gone.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn set_keyword_error(&self, keyword: &Keyword, error: Option<&str>) -> Result<(), TableError> {
        let update = if error.is_some() { "SET #value = :value" } else { "REMOVE #value" };
        self.set_on_keyword(keyword, update, "error", error).await
    }

    async fn set_on_keyword(
        &self,
        keyword: &Keyword,
        update: &str,
        attribute: &str,
        value: Option<&str>,
    ) -> Result<(), TableError> {
        let values =
            value.map(|value| HashMap::from([(":value".to_owned(), AttributeValue::S(value.to_owned()))]));
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&keyword_item(keyword))))
            .update_expression(update)
            .condition_expression("attribute_exists(#stream)")
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .expression_attribute_names("#value", attribute)
            .set_expression_attribute_values(values)
            .send()
            .await;
        match answer {
            Err(error) if !condition_failed(&error) => {
                Err(TableError::during("note a keyword's progress")(error))
            }
            _ => Ok(()),
        }
    }

    /// Takes the lease for `owner` until `now + time`, if nobody else holds it.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn acquire_lease(
        &self,
        owner: &str,
        now: UtcTime,
        time: Duration,
    ) -> Result<Acquired, TableError> {
        let answer = self
            .lease_update("SET #owner = :owner, #until = :until ADD #epoch :one")
            .condition_expression("attribute_not_exists(#owner) OR #until < :now OR #owner = :owner")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#epoch", "epoch")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .expression_attribute_values(":until", until(now, time))
            .expression_attribute_values(":now", number(now.as_millis()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let holder = self.holder(answer.attributes.as_ref())?;
                holder
                    .map(|holder| Acquired::Acquired(holder.lease))
                    .ok_or_else(|| self.broken(&"a lease without an owner"))
            }
            Err(error) if condition_failed(&error) => Ok(Acquired::HeldByAnother),
            Err(error) => Err(TableError::during("acquire the lease")(error)),
        }
    }

    /// Holds `lease` until `now + time`; false if it was lost, and its holder must stop.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn renew_lease(&self, lease: &Lease, now: UtcTime, time: Duration) -> Result<bool, TableError> {
        let answer = self
            .lease_update("SET #until = :until")
            .condition_expression("#owner = :owner AND #epoch = :epoch")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#epoch", "epoch")
            .expression_attribute_values(":owner", AttributeValue::S(lease.owner.clone()))
            .expression_attribute_values(":epoch", number(lease.epoch))
            .expression_attribute_values(":until", until(now, time))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(TableError::during("renew the lease")(error)),
        }
    }

    /// Gives `lease` back, so that the next reader need not wait for its end. Another's is left alone.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), TableError> {
        let answer = self
            .lease_update("REMOVE #owner, #until")
            .condition_expression("#owner = :owner AND #epoch = :epoch")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#epoch", "epoch")
            .expression_attribute_values(":owner", AttributeValue::S(lease.owner.clone()))
            .expression_attribute_values(":epoch", number(lease.epoch))
            .send()
            .await;
        match answer {
            Err(error) if !condition_failed(&error) => Err(TableError::during("release the lease")(error)),
            _ => Ok(()),
        }
    }

    fn lease_update(
        &self,
        update: &str,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(LEASE)))
            .update_expression(update)
            .expression_attribute_names("#owner", "owner")
    }

    /// Who holds the lease, be it still valid or not.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn lease_holder(&self) -> Result<Option<LeaseHolder>, TableError> {
        self.holder(self.item(LEASE, "read the lease").await?.as_ref())
    }

    /// Notes how the reader fares.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_report(&self, report: &StreamReport) -> Result<(), TableError> {
        let item: Item = serde_dynamo::to_item(report).map_err(|error| self.broken(&error))?;
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.into_iter().chain(self.key(REPORT)).collect()))
            .send()
            .await
            .map_err(TableError::during("note the stream's state"))?;
        Ok(())
    }

    /// What the reader last said of itself; none if there never was one.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn report(&self) -> Result<Option<StreamReport>, TableError> {
        let item = self.item(REPORT, "read the stream's state").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.broken(&error))
    }

    async fn item(&self, name: &str, action: &'static str) -> Result<Option<Item>, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.key(name)))
            .consistent_read(true)
            .send()
            .await
            .map_err(TableError::during(action))?;
        Ok(answer.item)
    }

    fn holder(&self, item: Option<&Item>) -> Result<Option<LeaseHolder>, TableError> {
        #[derive(Deserialize)]
        struct Held {
            owner: Option<String>,
            until: Option<i64>,
            epoch: u64,
        }
        let Some(item) = item else { return Ok(None) };
        let held: Held = serde_dynamo::from_item(item.clone()).map_err(|error| self.broken(&error))?;
        let (Some(owner), Some(until)) = (held.owner, held.until) else { return Ok(None) };
        let until = UtcTime::from_millis(until).map_err(|error| self.broken(&error))?;
        Ok(Some(LeaseHolder { lease: Lease { owner, epoch: held.epoch }, until }))
    }

    fn key(&self, item: &str) -> Item {
        BTreeMap::from([(Self::PARTITION_KEY, self.stream_id.as_str()), (Self::SORT_KEY, item)])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
            .collect()
    }

    fn broken(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}

fn keyword_item(keyword: &Keyword) -> String {
    format!("{KEYWORD_PREFIX}{keyword}")
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn until(now: UtcTime, time: Duration) -> AttributeValue {
    number(now.as_millis().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
}

fn condition_failed<R>(error: &aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
