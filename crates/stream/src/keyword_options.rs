//! What is to be collected of a keyword.

use aws_sdk_dynamodb::types::AttributeValue;
use posts::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

use crate::keywords::{GENERATION, keyword_item};
use crate::table::{StreamStatusTable, condition_failed};

/// What is to be collected of a keyword. Where it says nothing, what was requested before stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeywordOptions {
    /// Whether reposts are collected; they are if nothing else was ever requested.
    pub reposts: Option<bool>,
}

impl StreamStatusTable {
    /// Changes the options of a keyword, unless it has been stopped meanwhile.
    pub(crate) async fn set_options(
        &self,
        keyword: &Keyword,
        options: KeywordOptions,
        present: AttributeValue,
        now: UtcTime,
    ) -> Result<(), TableError> {
        let Some(reposts) = options.reposts else { return Ok(()) };
        // Reposts are missing from now on until the source delivers them; or they were collected until now.
        let (update, attribute, before) = if reposts {
            (
                "SET #reposts = :reposts, #at = if_not_exists(#at, :now) REMOVE #until",
                "missingFrom",
                "#reposts = :before",
            )
        } else {
            (
                "SET #reposts = :reposts, #at = :now",
                "repostsUntil",
                "(attribute_not_exists(#reposts) OR #reposts = :before)",
            )
        };
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&keyword_item(keyword))))
            .update_expression(update)
            .condition_expression(format!("#generation = :present AND {before}"))
            .expression_attribute_names("#reposts", "reposts")
            .expression_attribute_names("#generation", GENERATION)
            .expression_attribute_names("#at", attribute)
            .expression_attribute_values(":present", present)
            .expression_attribute_values(":reposts", AttributeValue::Bool(reposts))
            .expression_attribute_values(":before", AttributeValue::Bool(!reposts))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
        if reposts {
            request = request.expression_attribute_names("#until", "repostsUntil");
        }
        let answer = request.send().await;
        match answer {
            Err(error) if !condition_failed(&error) => {
                Err(TableError::during("change a keyword's options")(error))
            }
            _ => Ok(()),
        }
    }
}
