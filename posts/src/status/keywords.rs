//! The keywords that are desired.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::{Deserialize, Serialize};

use super::{Added, Item, StreamStatusTable, condition_failed, put_condition_failed};
use crate::{Keyword, TableError, UtcTime};

const PREFIX: &str = "keyword#";

/// A keyword that is desired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeywordStatus {
    /// The keyword.
    pub keyword: Keyword,
    /// Since when it is desired.
    pub started_at: UtcTime,
    /// Why nothing is collected for it, if the source refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Posts made from then on may be missing, and no gap says so yet; none while they are collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<UtcTime>,
}

/// What became of [`StreamStatusTable::remove_keyword`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is not desired any more.
    Removed,
    /// It was not desired before.
    NotThere,
}

impl StreamStatusTable {
    /// The keywords that are desired, in alphabetical order. The stream should run while there are any.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn keywords(&self) -> Result<Vec<KeywordStatus>, TableError> {
        self.items(PREFIX, "read the desired keywords").await
    }

    /// Desires `keyword` from now on.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn add_keyword(&self, keyword: &Keyword, now: UtcTime) -> Result<Added, TableError> {
        let status =
            KeywordStatus { keyword: keyword.clone(), started_at: now, error: None, missing_from: Some(now) };
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
            Err(error) if put_condition_failed(&error) => Ok(Added::AlreadyThere),
            Err(error) => Err(TableError::during("add a keyword")(error)),
        }
    }

    /// Desires `keyword` no longer. What is posted while nobody wants it is not a gap: if it is desired
    /// again, its collection begins then.
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

    /// Notes why nothing is collected for `keyword`, and that its posts are missing from `from` on,
    /// unless they were missing before. A keyword that is not desired any more is left alone.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_is_refused(
        &self,
        keyword: &Keyword,
        error: &str,
        from: UtcTime,
    ) -> Result<(), TableError> {
        let values = [(":error", error.to_owned()), (":from", from.to_string())];
        self.update_keyword(
            keyword,
            "SET #error = :error, #missing = if_not_exists(#missing, :from)",
            "attribute_exists(#stream)",
            &values,
            &[("#stream", Self::PARTITION_KEY)],
        )
        .await
    }

    /// Notes that the posts of `keyword`, desired since `started_at`, are collected, and that a gap says
    /// which of them are missing. A keyword that is not desired any more, or again, is left alone.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_is_collected(
        &self,
        keyword: &Keyword,
        started_at: UtcTime,
    ) -> Result<(), TableError> {
        let values = [(":started", started_at.to_string())];
        self.update_keyword(
            keyword,
            "REMOVE #error, #missing",
            "#started = :started",
            &values,
            &[("#started", "startedAt")],
        )
        .await
    }

    async fn update_keyword(
        &self,
        keyword: &Keyword,
        update: &str,
        condition: &str,
        values: &[(&str, String)],
        names: &[(&str, &str)],
    ) -> Result<(), TableError> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&keyword_item(keyword))))
            .update_expression(update)
            .condition_expression(condition)
            .expression_attribute_names("#error", "error")
            .expression_attribute_names("#missing", "missingFrom");
        for (name, attribute) in names {
            request = request.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in values {
            request = request.expression_attribute_values(*name, AttributeValue::S(value.clone()));
        }
        match request.send().await {
            Err(error) if !condition_failed(&error) => {
                Err(TableError::during("note how a keyword fares")(error))
            }
            _ => Ok(()),
        }
    }
}

fn keyword_item(keyword: &Keyword) -> String {
    format!("{PREFIX}{keyword}")
}
