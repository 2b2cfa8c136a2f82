//! The lease: the right to read a stream.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::Deserialize;
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Item, Lease, StreamStatusTable, condition_failed, number};

const LEASE: &str = "lease";

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The lease.
    pub lease: Lease,
    /// When it expires, unless it is renewed.
    pub until: UtcTime,
}

/// The outcome of [`StreamStatusTable::acquire_lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// The caller holds the lease.
    Acquired(Lease),
    /// Another reader holds it.
    HeldByAnother,
}

/// The outcome of [`StreamStatusTable::renew_lease`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The caller still holds it.
    Renewed,
    /// Another reader has taken it, or it was released: the caller must stop.
    Lost,
}

impl StreamStatusTable {
    /// Takes the lease for `owner` until `now + time`, if no other reader holds it.
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
                    .ok_or_else(|| self.invalid_item(&"a lease without an owner"))
            }
            Err(error) if condition_failed(&error) => Ok(Acquired::HeldByAnother),
            Err(error) => Err(TableError::during("acquire the lease")(error)),
        }
    }

    /// Extends `lease` until `now + time`.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn renew_lease(
        &self,
        lease: &Lease,
        now: UtcTime,
        time: Duration,
    ) -> Result<Renewal, TableError> {
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
            Ok(_) => Ok(Renewal::Renewed),
            Err(error) if condition_failed(&error) => Ok(Renewal::Lost),
            Err(error) => Err(TableError::during("renew the lease")(error)),
        }
    }

    /// Gives `lease` back, so that the next reader need not wait until it expires. Another reader's lease is left alone.
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

    fn lease_update(&self, update: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(LEASE)))
            .update_expression(update)
            .expression_attribute_names("#owner", "owner")
    }

    /// Who holds the lease, even if it has expired.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn lease_holder(&self) -> Result<Option<LeaseHolder>, TableError> {
        self.holder(self.item(LEASE, "read the lease").await?.as_ref())
    }

    fn holder(&self, item: Option<&Item>) -> Result<Option<LeaseHolder>, TableError> {
        #[derive(Deserialize)]
        struct Held {
            owner: Option<String>,
            until: Option<i64>,
            epoch: u64,
        }
        let Some(item) = item else { return Ok(None) };
        let held: Held = serde_dynamo::from_item(item.clone()).map_err(|error| self.invalid_item(&error))?;
        let (Some(owner), Some(until)) = (held.owner, held.until) else { return Ok(None) };
        let until = UtcTime::from_millis(until).map_err(|error| self.invalid_item(&error))?;
        Ok(Some(LeaseHolder { lease: Lease { owner, epoch: held.epoch }, until }))
    }
}

fn until(now: UtcTime, time: Duration) -> AttributeValue {
    number(now.after(time).as_millis())
}
