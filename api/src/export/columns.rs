//! The columns of a CSV export. A new field of a post does not compile until it has one here, or is left out on purpose.

use posts::Post;
use posts::tweets::StoredPost;

/// The header row: the names of the fields in JSON.
pub(super) const HEADER: [&str; 14] = [
    "tweetId",
    "createDate",
    "keyword",
    "text",
    "authorId",
    "authorName",
    "authorUsername",
    "country",
    "countrySource",
    "language",
    "conversationId",
    "references",
    "editOf",
    "editedAt",
];

/// The row of a post, in the order of [`HEADER`]. An absent field is an empty cell; a reference is written as
/// `quoted:1440716895355764743`, several with spaces between them.
pub(super) fn row(stored: &StoredPost) -> [String; HEADER.len()] {
    let StoredPost { post, keyword, expires_at: _ } = stored;
    let Post {
        tweet_id,
        create_date,
        text,
        author_id,
        author_name,
        author_username,
        country,
        country_source,
        language,
        conversation_id,
        references,
        edit_of,
        edited_at,
    } = post;
    let references = references.iter().map(|reference| format!("{}:{}", reference.kind, reference.tweet_id));
    [
        tweet_id.to_string(),
        create_date.to_string(),
        keyword.to_string(),
        text.clone(),
        optional(author_id),
        optional(author_name),
        optional(author_username),
        optional(country),
        optional(country_source),
        optional(language),
        optional(conversation_id),
        references.collect::<Vec<_>>().join(" "),
        optional(edit_of),
        optional(edited_at),
    ]
}

fn optional(value: &Option<impl ToString>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_under_the_name_that_its_field_has_in_json() {
        let json = serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00.000Z", "keyword": "rust", "text": "a text",
            "authorId": "2", "authorName": "Ada", "authorUsername": "ada", "country": "LT",
            "countrySource": "profile", "language": "lt", "conversationId": "3", "editOf": "4",
            "editedAt": "2026-11-23T11:00:00.000Z", "expiresAt": 1_800_000_000,
            "references": [
                { "kind": "quoted", "tweetId": "5" },
                { "kind": "repliedTo", "tweetId": "6" },
            ],
        });
        let stored: StoredPost = serde_json::from_value(json.clone()).unwrap();
        for (name, cell) in HEADER.into_iter().zip(row(&stored)) {
            let expected =
                if name == "references" { "quoted:5 repliedTo:6" } else { json[name].as_str().unwrap() };
            assert_eq!(cell, expected, "{name}");
        }
        // All but when it expires.
        assert_eq!(HEADER.len() + 1, serde_json::to_value(&stored).unwrap().as_object().unwrap().len());
    }
}
