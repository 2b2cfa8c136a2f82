//! Failures of DynamoDB's tables.

/// A failure of a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB refused the request, or could not be reached.
    #[error("failed to {action}: {}", aws_sdk_dynamodb::error::DisplayErrorContext(&**source))]
    DynamoDb {
        /// What was to be done, to complete "failed to".
        action: &'static str,
        /// DynamoDB's own answer.
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    /// DynamoDB left a part of the request undone until time ran out.
    #[error("failed to {action}: DynamoDB accepts no more requests for now")]
    Throttled {
        /// What was to be done, to complete "failed to".
        action: &'static str,
    },
    /// An item of a table cannot be read by this version.
    #[error("failed to read an item of {table}: {reason}")]
    Item {
        /// The table's name.
        table: String,
        /// What is wrong with the item.
        reason: String,
    },
}

impl TableError {
    /// For `map_err`: names what was to be done when DynamoDB failed.
    pub fn during<E: Into<aws_sdk_dynamodb::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::DynamoDb { action, source: Box::new(error.into()) }
    }
}
