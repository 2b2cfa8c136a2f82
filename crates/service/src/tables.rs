//! What can go wrong with a table of DynamoDB.

/// What can go wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB refused the request, or could not be reached.
    #[error("failed to {action}: {source}")]
    DynamoDb {
        /// What was asked for, to complete "failed to".
        action: &'static str,
        /// DynamoDB's own answer.
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    /// DynamoDB left a part of the request undone until there was no more time.
    #[error("failed to {action}: DynamoDB takes no more requests for now")]
    Throttled {
        /// What was asked for, to complete "failed to".
        action: &'static str,
    },
    /// An item in a table is not what this version writes.
    #[error("failed to read an item of {table}: {reason}")]
    Item {
        /// The table's name.
        table: String,
        /// What is wrong with the item.
        reason: String,
    },
}

impl TableError {
    /// For `map_err`: names what was being done when DynamoDB failed.
    pub fn during<E: Into<aws_sdk_dynamodb::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::DynamoDb { action, source: Box::new(error.into()) }
    }
}
