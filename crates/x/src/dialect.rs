//! The two dialects of X's search.
//!
//! X's description speaks of posts since July 2026 (version 2.167) where it spoke of tweets before (2.159), in parameters and in
//! answers. Which of the two X's servers take on a given day cannot be known from here. So a client asks in one, and in the
//! other once X refuses a word of the first; it reads both. The stream takes `tweet.fields` in either description.

use json_api::Refusal;
use reqwest::StatusCode;
use serde_json::Value;

/// The words in which search is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// The words of X's description up to version 2.159.
    Tweets,
    /// The words of X's present description.
    #[default]
    Posts,
}

/// What either dialect asks for of users, media and places.
const USER_FIELDS: (&str, &str) =
    ("user.fields", "location,name,profile_image_url,public_metrics,username,verified_type");
const MEDIA_FIELDS: (&str, &str) =
    ("media.fields", "alt_text,duration_ms,height,preview_image_url,type,url,variants,width");
const PLACE_FIELDS: (&str, &str) = ("place.fields", "country_code,full_name");

impl Dialect {
    /// Its name, by which [`Dialect::from_name`] finds it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tweets => "tweets",
            Self::Posts => "posts",
        }
    }

    /// The dialect with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Tweets, Self::Posts].into_iter().find(|dialect| dialect.name() == name)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Tweets => Self::Posts,
            Self::Posts => Self::Tweets,
        }
    }

    /// The parameters that ask for what [`crate::wire`] reads of a post.
    pub(crate) fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Tweets => &[
                (
                    "tweet.fields",
                    "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,geo,lang,note_tweet,\
                     possibly_sensitive,public_metrics,referenced_tweets,reply_settings,withheld",
                ),
                (
                    "expansions",
                    "attachments.media_keys,author_id,geo.place_id,referenced_tweets.id,\
                     referenced_tweets.id.attachments.media_keys",
                ),
                USER_FIELDS,
                MEDIA_FIELDS,
                PLACE_FIELDS,
            ],
            // Who wrote a post, what it refers to and its versions are no fields here: the expansions add them.
            Self::Posts => &[
                (
                    "post.fields",
                    "attachments,conversation_id,created_at,entities,geo,lang,note_post,possibly_sensitive,public_metrics,\
                     reply_settings,withheld",
                ),
                (
                    "expansions",
                    "attachments.media_keys,author_id,edit_history_post_ids,geo.place_id,referenced_posts",
                ),
                USER_FIELDS,
                MEDIA_FIELDS,
                PLACE_FIELDS,
            ],
        }
    }

    /// Whether X's refusal names a parameter or a value that only this dialect has.
    #[must_use]
    pub fn is_refused(self, refusal: &Refusal) -> bool {
        if refusal.status != StatusCode::BAD_REQUEST {
            return false;
        }
        let mut named: Vec<&str> = Vec::new();
        let errors = refusal.explanation["errors"].as_array().into_iter().flatten();
        for problem in errors.chain([&refusal.explanation]) {
            for (parameter, values) in problem["parameters"].as_object().into_iter().flatten() {
                named.push(parameter);
                named.extend(values.as_array().into_iter().flatten().filter_map(Value::as_str));
            }
            let text = |field: &str| problem[field].as_str();
            named.extend(["parameter", "value"].into_iter().filter_map(text));
            // What X does take may follow what it does not.
            let sentences = ["message", "detail"].into_iter().filter_map(text);
            named.extend(sentences.filter_map(|sentence| sentence.split("one of").next()));
        }
        named.into_iter().any(|text| self.own_words().iter().any(|word| text.contains(word)))
    }

    /// What the other dialect lacks.
    fn own_words(self) -> &'static [&'static str] {
        match self {
            Self::Tweets => &["tweet.fields", "edit_history_tweet_ids", "note_tweet", "referenced_tweets"],
            Self::Posts => &["post.fields", "edit_history_post_ids", "note_post", "referenced_posts"],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, explanation: Value) -> Refusal {
        Refusal { status: StatusCode::from_u16(status).unwrap(), reason: String::new(), explanation }
    }

    #[test]
    fn a_refusal_of_its_words_is_known_in_each_shape_that_x_gives_it() {
        let older = json!({ "errors": [{
            "parameters": { "expansions": ["referenced_tweets.id"] },
            "message": "The `expansions` query parameter value [referenced_tweets.id] is not one of [referenced_posts]",
        }] });
        let described =
            json!({ "parameter": "tweet.fields", "title": "Invalid Request", "detail": "no such parameter" });
        let in_words =
            json!({ "detail": "invalid value 'referenced_tweets.id': must be one of [author_id]" });
        let by_parameter =
            json!({ "parameter": "expansions", "detail": "invalid value 'referenced_tweets.id'" });
        for explanation in [older, described, in_words, by_parameter] {
            assert!(Dialect::Tweets.is_refused(&refusal(400, explanation.clone())), "{explanation}");
            assert!(!Dialect::Posts.is_refused(&refusal(400, explanation.clone())), "{explanation}");
            assert!(!Dialect::Tweets.is_refused(&refusal(403, explanation)));
        }
    }

    #[test]
    fn a_refusal_of_something_else_is_not_the_dialects_fault() {
        let other = json!({ "errors": [{
            "parameters": { "max_results": ["5"] },
            "message": "The `max_results` query parameter value [5] is not one of [tweet.fields,post.fields]",
        }] });
        for dialect in [Dialect::Tweets, Dialect::Posts] {
            assert!(!dialect.is_refused(&refusal(400, other.clone())));
            assert!(!dialect.is_refused(&refusal(400, Value::Null)));
            assert_eq!(Dialect::from_name(dialect.name()), Some(dialect));
            assert_eq!(dialect.other().other(), dialect);
        }
    }
}
