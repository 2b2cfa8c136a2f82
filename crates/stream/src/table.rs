//! StreamStatusTable itself: how its items are read and written.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use service::tables::TableError;

/// One stream's part of StreamStatusTable.
///
/// The requested keywords *are* the requested state: the stream should run while there are any. Two programs never write
/// the same attribute of an item, except for the lease, which is only written under conditions, and the launch, of which each write is a version.
#[derive(Clone, Debug)]
pub struct StreamStatusTable {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) stream_id: String,
}

/// The right to read the stream, held by one task at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub owner: String,
    /// How often it has changed hands; only the latest holder's writes pass.
    pub epoch: u64,
}

/// The outcome of a write that only the latest holder of the lease may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fenced {
    /// It is written.
    Written,
    /// A later holder of the lease has written already; nothing has changed.
    LeaseLost,
}

/// The outcome of adding something that may be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was not there before.
    Added,
    /// It was there already; nothing has changed.
    AlreadyThere,
}

/// The outcome of a write that must not undo another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is written.
    Saved,
    /// The item was written by another program since it was read; nothing has changed.
    Outdated,
}

/// An item that several programs write, each the version after the one that it has read.
pub(crate) trait Versioned: Clone + Serialize {
    /// How often it has been written, in the attribute `version`; 0 if it is not in the table.
    fn version(&mut self) -> &mut u64;
}

/// The attribute that says under which lease an item was written.
const EPOCH: &str = "epoch";

/// The attribute that counts the writes of an item.
pub(crate) const VERSION: &str = "version";

pub(crate) type Item = HashMap<String, AttributeValue>;

impl StreamStatusTable {
    /// The partition key: the stream.
    pub const PARTITION_KEY: &str = "streamId";
    /// The sort key: `keyword#rust`, `launch`, `lease`, `report`, `reading`, `restated`, `storing`, `compliance`, `standby#…`,
    /// `forgetting#…`, `brought#…`, `asked#…` or `gap#…`.
    pub const SORT_KEY: &str = "item";
    /// The id of X's stream, and of the part of the table that holds what concerns all streams: what is forgotten, what was published, and when
    /// posts were last stored. On one machine, it is the id of the only stream.
    pub const FIRST_STREAM: &str = "x";
    /// The attribute by which DynamoDB expires items.
    pub const TIME_TO_LIVE: &str = "expiresAt";

    /// The part of `stream_id` in the table called `name`.
    #[must_use]
    pub fn new(client: Client, name: String, stream_id: String) -> Self {
        Self { client, name, stream_id }
    }

    /// What concerns all streams, in the table called `name`.
    #[must_use]
    pub fn of_all_streams(client: Client, name: String) -> Self {
        Self::new(client, name, Self::FIRST_STREAM.to_owned())
    }

    /// What concerns all streams, in the same table.
    #[must_use]
    pub fn of_all(&self) -> Self {
        Self { stream_id: Self::FIRST_STREAM.to_owned(), ..self.clone() }
    }

    /// The stream's id.
    #[must_use]
    pub fn stream_id(&self) -> &str {
        &self.stream_id
    }

    pub(crate) fn query(&self, prefix: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#stream = :stream AND begins_with(#item, :prefix)")
            .expression_attribute_names("#stream", Self::PARTITION_KEY)
            .expression_attribute_names("#item", Self::SORT_KEY)
            .expression_attribute_values(":stream", AttributeValue::S(self.stream_id.clone()))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
    }

    /// The items whose sort key begins with `prefix`, in its order.
    pub(crate) async fn items(&self, prefix: &str, action: &'static str) -> Result<Vec<Item>, TableError> {
        let mut items = self.query(prefix).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.map_err(TableError::during(action))?);
        }
        Ok(found)
    }

    pub(crate) async fn item(&self, name: &str, action: &'static str) -> Result<Option<Item>, TableError> {
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

    /// Writes an item unconditionally.
    pub(crate) async fn save(
        &self,
        name: &str,
        item: &impl Serialize,
        action: &'static str,
    ) -> Result<(), TableError> {
        let item: Item = serde_dynamo::to_item(item).map_err(|error| self.invalid_item(&error))?;
        let item = item.into_iter().chain(self.key(name)).collect();
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map_err(TableError::during(action))?;
        Ok(())
    }

    /// Writes an item, unless the holder of a later lease than `lease` has written it already.
    pub(crate) async fn save_fenced(
        &self,
        name: &str,
        item: &impl Serialize,
        lease: &Lease,
        action: &'static str,
    ) -> Result<Fenced, TableError> {
        let item: Item = serde_dynamo::to_item(item).map_err(|error| self.invalid_item(&error))?;
        let epoch = (EPOCH.to_owned(), number(lease.epoch));
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.into_iter().chain(self.key(name)).chain([epoch]).collect()))
            .condition_expression("attribute_not_exists(#epoch) OR #epoch <= :epoch")
            .expression_attribute_names("#epoch", EPOCH)
            .expression_attribute_values(":epoch", number(lease.epoch))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Fenced::Written),
            Err(error) if put_condition_failed(&error) => Ok(Fenced::LeaseLost),
            Err(error) => Err(TableError::during(action)(error)),
        }
    }

    /// Writes an item as the next version of what was read, unless another program has written one or deleted it.
    pub(crate) async fn save_next(
        &self,
        name: &str,
        item: &mut impl Versioned,
        action: &'static str,
    ) -> Result<Saved, TableError> {
        let mut next = item.clone();
        let read = *item.version();
        *next.version() += 1;
        let attributes: Item = serde_dynamo::to_item(&next).map_err(|error| self.invalid_item(&error))?;
        let mut put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(attributes.into_iter().chain(self.key(name)).collect()))
            .expression_attribute_names("#version", VERSION);
        put = match read {
            0 => put.condition_expression("attribute_not_exists(#version)"),
            read => put
                .condition_expression("#version = :version")
                .expression_attribute_values(":version", number(read)),
        };
        match put.send().await {
            Ok(_) => {
                *item = next;
                Ok(Saved::Saved)
            }
            Err(error) if put_condition_failed(&error) => Ok(Saved::Outdated),
            Err(error) => Err(TableError::during(action)(error)),
        }
    }

    pub(crate) fn key(&self, item: &str) -> Item {
        BTreeMap::from([(Self::PARTITION_KEY, self.stream_id.as_str()), (Self::SORT_KEY, item)])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
            .collect()
    }

    pub(crate) fn invalid_item(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn condition_failed<R>(error: &aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

pub(crate) fn put_condition_failed<R>(error: &aws_sdk_dynamodb::error::SdkError<PutItemError, R>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}
