//! Why DynamoDB cancelled a transaction.

use std::collections::HashSet;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

/// Why a transaction that puts posts did not take place.
pub(super) enum Cancellation {
    /// The conditions of these puts failed, by their index; nothing else prevented it.
    ConditionFailed(HashSet<usize>),
    /// Another transaction or throttling prevented it: retrying may help.
    Transient,
    /// Anything else.
    Other,
}

/// The errors of a whole transaction after which retrying may help.
const TRANSIENT: [&str; 6] = [
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

impl Cancellation {
    /// Reads the error of a transaction whose first `puts` writes put posts under a condition.
    pub(super) fn of(error: &SdkError<TransactWriteItemsError>, puts: usize) -> Self {
        let cancelled = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled,
            Some(error) if error.code().is_some_and(|code| TRANSIENT.contains(&code)) => {
                return Self::Transient;
            }
            _ => return Self::Other,
        };
        let mut condition_failed = HashSet::new();
        let mut transient = false;
        for (index, reason) in cancelled.cancellation_reasons().iter().enumerate() {
            match reason.code().unwrap_or("None") {
                "None" => {}
                "ConditionalCheckFailed" if index < puts => {
                    condition_failed.insert(index);
                }
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                    transient = true;
                }
                _ => return Self::Other,
            }
        }
        if !condition_failed.is_empty() {
            Self::ConditionFailed(condition_failed)
        } else if transient {
            Self::Transient
        } else {
            Self::Other
        }
    }
}
