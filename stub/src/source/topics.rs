//! What X would say that made-up posts are about.

use serde_json::{Value, json};

/// A topic; the number and name of the domain that X has for it; the number and name of an entity, which is invented.
/// <https://docs.x.com/x-api/fundamentals/post-annotations>
const SUBJECTS: &[(&str, &str, &str, &str, &str)] = &[
    ("rust", "165", "Technology", "7000000000000000001", "Rust (programming language)"),
    ("coffee", "65", "Interests and Hobbies Vertical", "7000000000000000002", "Coffee"),
    ("football", "11", "Sport", "7000000000000000003", "Football"),
    ("サッカー", "11", "Sport", "7000000000000000003", "Football"),
    ("krepšinis", "11", "Sport", "7000000000000000004", "Basketball"),
    ("climate", "65", "Interests and Hobbies Vertical", "7000000000000000005", "Climate"),
    ("music", "65", "Interests and Hobbies Vertical", "7000000000000000006", "Music"),
    ("space", "165", "Technology", "7000000000000000007", "Space exploration"),
    ("AI", "165", "Technology", "7000000000000000008", "Artificial intelligence"),
    ("election", "29", "Events", "7000000000000000009", "An election in an invented town"),
];

/// X's `context_annotations` of a post about `topic`, if there are any.
pub(super) fn annotations(topic: &str) -> Option<Value> {
    let (_, domain, domain_name, entity, entity_name) = SUBJECTS.iter().find(|(name, ..)| *name == topic)?;
    Some(json!([{
        "domain": { "id": domain, "name": domain_name },
        "entity": { "id": entity, "name": entity_name },
    }]))
}
