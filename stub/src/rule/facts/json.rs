//! Reading JSON that may lack anything.

use serde_json::Value;

/// The items of a list; none of anything else.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text in lower case.
pub(super) fn lower(value: &Value) -> Option<String> {
    value.as_str().map(str::to_lowercase)
}
