//! Reading the fields of a request.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::aws::refusal::Refusal;

/// The largest number of entries in a batch.
const ENTRIES: usize = 10;

impl Refusal {
    /// This refusal as an entry of the answer to a batch.
    pub(super) fn entry(&self, entry: &Value) -> Value {
        let code = self.code.trim_start_matches("com.amazonaws.sqs#");
        let ours = self.status.is_server_error();
        json!({ "Id": entry["Id"], "Code": code, "Message": self.message, "SenderFault": !ours })
    }
}

/// The entries of a batch, mutable.
pub(super) fn entries_mut(request: &mut Value) -> Result<&mut Vec<Value>, Refusal> {
    entries(request)?;
    request["Entries"].as_array_mut().ok_or_else(|| invalid("Entries"))
}

/// The entries of a batch, at most as many as SQS accepts, each with a distinct id.
pub(super) fn entries(request: &Value) -> Result<&Vec<Value>, Refusal> {
    let entries = request["Entries"].as_array().filter(|entries| !entries.is_empty()).ok_or_else(|| {
        Refusal::new(
            "com.amazonaws.sqs#EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )
    })?;
    if entries.len() > ENTRIES {
        return Err(Refusal::new(
            "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are {ENTRIES}. You have sent {}.", entries.len()),
        ));
    }
    let mut ids = HashSet::new();
    for entry in entries {
        let id = text(entry, "Id")?;
        let fits = (1..=80).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !fits {
            return Err(Refusal::new("com.amazonaws.sqs#InvalidBatchEntryId", id));
        }
        if !ids.insert(id) {
            return Err(Refusal::new(
                "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            ));
        }
    }
    Ok(entries)
}

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("com.amazonaws.sqs#InvalidParameterValue", message)
}

pub(super) fn text<'a>(request: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    request[field].as_str().ok_or_else(|| {
        Refusal::new(
            "com.amazonaws.sqs#MissingParameter",
            format!("The request must contain the parameter {field}."),
        )
    })
}

pub(super) fn number(
    request: &Value,
    field: &str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, Refusal> {
    match &request[field] {
        Value::Null => Ok(None),
        value => match value.as_u64().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(invalid(format!(
                "Value {value} for parameter {field} is invalid. Reason: Must be between {} and {}, if provided.",
                range.start(),
                range.end()
            ))),
        },
    }
}
