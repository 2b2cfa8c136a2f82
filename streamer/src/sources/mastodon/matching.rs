//! Which keywords a status belongs to.

use std::collections::BTreeSet;

use posts::Keyword;
use posts::sources::mastodon::Status;

/// The hashtag of a keyword that is one, in lower case.
pub(crate) fn hashtag(keyword: &Keyword) -> Option<String> {
    let tag = keyword.as_str().strip_prefix('#')?;
    let is_tag = !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_tag.then(|| tag.to_lowercase())
}

/// Whether a status belongs to a keyword: it has that hashtag, or all of its words.
pub(crate) fn matches(keyword: &Keyword, status: &Status) -> bool {
    if let Some(tag) = hashtag(keyword) {
        return status.tags.contains(&tag);
    }
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let wanted = words(keyword.as_str());
    !wanted.is_empty() && wanted.is_subset(&words(&status.post.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str, tags: &[&str]) -> Status {
        let post = serde_json::json!({ "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": text });
        Status {
            post: serde_json::from_value(post).unwrap(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            opted_out: false,
        }
    }

    #[test]
    fn a_status_belongs_to_its_hashtags_and_to_what_its_words_say() {
        let belongs = |keyword: &str, status: &Status| matches(&keyword.parse().unwrap(), status);
        let status = status("Ferris the Crab, again", &["rust"]);
        for keyword in ["#Rust", "crab", "CRAB ferris", "\"the crab\""] {
            assert!(belongs(keyword, &status), "{keyword}");
        }
        for keyword in ["rust", "#crab", "crabs", "crab rust", "#", "\"\""] {
            assert!(!belongs(keyword, &status), "{keyword}");
        }
    }
}
