//! Edits of made-up posts: an edit is a post with an id of its own, which names all earlier versions.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::draft::EDITS;

/// For how long a post can be edited. <https://docs.x.com/x-api/fundamentals/edit-posts>
const WINDOW: SignedDuration = SignedDuration::from_mins(30);

/// The next version of a post, without id and time. It includes the versions before.
pub(super) fn edit(original: &Value) -> Value {
    let mut post = original.clone();
    let data = &mut post["data"];
    let left = data["edit_controls"]["edits_remaining"].as_u64().unwrap_or(EDITS).saturating_sub(1);
    data["edit_controls"]["edits_remaining"] = left.into();
    let version = EDITS - left.min(EDITS);
    let text = if data["note_tweet"].is_null() { &mut data["text"] } else { &mut data["note_tweet"]["text"] };
    let before = text.as_str().unwrap_or_default();
    let before = before.strip_suffix(&mark(version - 1)).unwrap_or(before);
    *text = format!("{before}{}", mark(version)).into();
    let original_id = data["id"].clone();
    if let Some(fields) = data.as_object_mut() {
        for own in ["id", "created_at"] {
            fields.remove(own);
        }
        fields.entry("edit_history_tweet_ids").or_insert_with(|| json!([original_id]));
    }
    let versions = &mut post["includes"]["tweets"];
    match versions.as_array_mut() {
        Some(versions) => versions.push(original["data"].clone()),
        None => *versions = json!([original["data"]]),
    }
    post
}

/// What an edit adds to the text: which one it is.
fn mark(version: u64) -> String {
    format!(" (edit {version})")
}

/// Says until when a post that is made now can be edited; an edit keeps its first version's time.
pub(super) fn open_from(now: Timestamp, post: &mut Value) {
    let controls = &mut post["data"]["edit_controls"];
    if controls.is_object() && controls["editable_until"].is_null() {
        let until = now.as_second() + WINDOW.as_secs();
        controls["editable_until"] =
            Timestamp::from_second(until).map(|until| format!("{until:.3}")).unwrap_or_default().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_can_be_edited_five_times_and_each_version_names_all_before() {
        let mut post = json!({
            "data": { "id": "0", "text": "t", "edit_controls": { "is_edit_eligible": true, "edits_remaining": 5 } },
            "includes": {},
        });
        open_from("2026-11-26T10:00:00.5Z".parse().unwrap(), &mut post);
        assert_eq!(post["data"]["edit_controls"]["editable_until"], "2026-11-26T10:30:00.000Z");
        for version in 1..=5 {
            let mut next = edit(&post);
            open_from("2026-11-26T10:20:00Z".parse().unwrap(), &mut next);
            assert!(next["data"]["id"].is_null());
            next["data"]["id"] = version.to_string().into();
            next["data"]["edit_history_tweet_ids"].as_array_mut().unwrap().push(version.to_string().into());
            post = next;
        }
        assert_eq!(post["data"]["text"], "t (edit 5)");
        assert_eq!(post["data"]["edit_history_tweet_ids"], json!(["0", "1", "2", "3", "4", "5"]));
        let controls = &post["data"]["edit_controls"];
        assert_eq!(
            (&controls["edits_remaining"], &controls["editable_until"]),
            (&json!(0), &json!("2026-11-26T10:30:00.000Z"))
        );
        let included = post["includes"]["tweets"].as_array().unwrap();
        assert_eq!(included.iter().map(|post| &post["id"]).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
    }
}
