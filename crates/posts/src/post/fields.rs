//! The fields of a post: the one place that names them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use place::{Country, CountryHow, CountrySource};
use utc_time::UtcTime;

use super::cell::Cell;
use super::entities::{Link, Mention, Tag};
use super::id::PostId;
use super::kind::PostKind;
use super::media::Media;
use super::raw::Raw;
use super::reference::Reference;

/// A field of a post.
#[derive(Clone, Copy, Debug)]
pub struct PostField {
    /// Its name in JSON, in the table and in CSV.
    pub name: &'static str,
    /// How TweetsTable holds it.
    pub storage: Storage,
    /// Its cell in CSV.
    pub cell: fn(&Post) -> String,
    /// Its JSON; `None` if it is absent.
    pub json: fn(&Post) -> Option<Box<RawValue>>,
}

/// How TweetsTable holds a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As an attribute of its own, which conditions and filters can use. An answer has it unless other fields are requested.
    Attribute,
    /// With the others of this kind in one compressed attribute. An answer has it on request.
    Packed,
}

macro_rules! field {
    ($field:ident, $name:tt, $storage:expr) => {
        PostField {
            name: $name,
            storage: $storage,
            cell: |post| post.$field.cell(),
            json: |post| {
                let is_present = !post.$field.is_absent();
                is_present.then(|| serde_json::value::to_raw_value(&post.$field).ok()).flatten()
            },
        }
    };
}

/// Defines [`Post`]. A field is one line: `name: type = "nameInJson"`, under how TweetsTable holds it. What is not `required` may be absent.
macro_rules! post {
    (
        $(#[$about:meta])*
        required { $($(#[$required_meta:meta])* $required:ident: $required_type:ty = $required_name:tt,)* }
        attributes { $($(#[$attribute_meta:meta])* $attribute:ident: $attribute_type:ty = $attribute_name:tt,)* }
        packed { $($(#[$packed_meta:meta])* $packed:ident: $packed_type:ty = $packed_name:tt,)* }
    ) => {
        $(#[$about])*
        pub struct Post {
            $($(#[$required_meta])* #[serde(rename = $required_name)] pub $required: $required_type,)*
            $($(#[$attribute_meta])*
                #[serde(rename = $attribute_name, default, skip_serializing_if = "Cell::is_absent")]
                pub $attribute: $attribute_type,)*
            $($(#[$packed_meta])*
                #[serde(rename = $packed_name, default, skip_serializing_if = "Cell::is_absent")]
                pub $packed: $packed_type,)*
        }

        impl Post {
            /// All fields, in the order in which they are written.
            pub const FIELDS: &[PostField] = &[
                $(field!($required, $required_name, Storage::Attribute),)*
                $(field!($attribute, $attribute_name, Storage::Attribute),)*
                $(field!($packed, $packed_name, Storage::Packed),)*
            ];

            /// A post of which nothing else is known.
            #[must_use]
            pub fn new($($required: $required_type,)*) -> Self {
                Self {
                    $($required,)*
                    $($attribute: Default::default(),)*
                    $($packed: Default::default(),)*
                }
            }
        }
    };
}

post! {
    /// A post, in TweetsTable and in the API's answers.
    #[derive(Clone, PartialEq, Serialize, Deserialize)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(description = "A post."))]
    required {
        /// The id that the source gave it.
        tweet_id: PostId = "tweetId",
        /// When it was posted.
        create_date: UtcTime = "createDate",
        /// The whole text, even where the source truncates it (long posts, reposts).
        #[cfg_attr(feature = "openapi", schema(required = false))]
        text: String = "text",
    }
    attributes {
        /// The author's id.
        author_id: Option<String> = "authorId",
        /// The author's display name.
        author_name: Option<String> = "authorName",
        /// The author's handle, without `@`.
        author_username: Option<String> = "authorUsername",
        /// The country, if it is known.
        country: Option<Country> = "country",
        /// How the country is known.
        country_source: Option<CountrySource> = "countrySource",
        /// What in the location of the author's profile told the country.
        country_how: Option<CountryHow> = "countryHow",
        /// The language that the source detected: a BCP 47 code, or one of the source's own (`und`, `zxx`, `qme`, …).
        language: Option<String> = "language",
        /// The post that started the conversation.
        conversation_id: Option<PostId> = "conversationId",
        /// The posts that it reposts, quotes or replies to.
        references: Vec<Reference> = "references",
        /// The post that it replaces, where an edit is a new post (X).
        edit_of: Option<PostId> = "editOf",
        /// The first of its versions, where an edit is a new post (X) and this is a later one.
        first_version: Option<PostId> = "firstVersion",
        /// When its text was last edited, where an edit keeps the post's id (Mastodon).
        edited_at: Option<UtcTime> = "editedAt",
    }
    packed {
        /// The post's page at the source.
        url: Option<String> = "url",
        /// The address of the author's picture.
        author_picture: Option<String> = "authorPicture",
        /// The kind of the author's verification, in X's words: `blue`, `business`, `government` or `none`.
        author_verified: Option<String> = "authorVerified",
        /// How many users followed the author when the post was read.
        author_followers: Option<u64> = "authorFollowers",
        /// Where the author says they are, in their own words.
        author_location: Option<String> = "authorLocation",
        /// The place with which the author tagged the post, as the source names it.
        place_name: Option<String> = "placeName",
        /// The links in the text.
        links: Vec<Link> = "links",
        /// The hashtags in the text.
        hashtags: Vec<Tag> = "hashtags",
        /// The cashtags in the text (X).
        cashtags: Vec<Tag> = "cashtags",
        /// The users who are mentioned in the text.
        mentions: Vec<Mention> = "mentions",
        /// Photos, videos and sounds; of a repost, those of the original.
        media: Vec<Media> = "media",
        /// Likes at `readAt`.
        likes: Option<u64> = "likes",
        /// Reposts at `readAt`.
        reposts: Option<u64> = "reposts",
        /// Replies at `readAt`.
        replies: Option<u64> = "replies",
        /// Quotes at `readAt`.
        quotes: Option<u64> = "quotes",
        /// Bookmarks at `readAt` (X).
        bookmarks: Option<u64> = "bookmarks",
        /// How often it had been shown at `readAt` (X).
        impressions: Option<u64> = "impressions",
        /// When it was read. A stream delivers a post within seconds, so its counts are near zero then.
        read_at: Option<UtcTime> = "readAt",
        /// Whether the source says that its media may be sensitive.
        possibly_sensitive: Option<bool> = "possiblySensitive",
        /// The countries in which X withholds it, by their codes; `XX` and `XY` stand for all.
        withheld_in: Vec<String> = "withheldIn",
        /// Who may reply, in the source's words.
        reply_settings: Option<String> = "replySettings",
        /// How many of its parts were left out because they cannot be right: links, tags and mentions whose positions lie outside the text,
        /// media without an address.
        left_out: Option<u64> = "leftOut",
        /// What the source sent, as it sent it; without the posts that it quotes or replies to, which their authors may take back.
        raw: Option<Raw> = "raw",
    }
}

impl Post {
    /// Whether it reposts another post.
    #[must_use]
    pub fn is_repost(&self) -> bool {
        self.kind() == PostKind::Repost
    }
}

impl fmt::Debug for Post {
    /// Leaves out everything that a person wrote, so that it is not logged by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("tweet_id", &self.tweet_id.as_str())
            .field("create_date", &self.create_date.to_string())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_a_person_wrote() {
        let post: Post = serde_json::from_value(serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": "secret", "authorName": "secret",
            "raw": { "text": "secret" },
        }))
        .unwrap();
        assert!(!format!("{post:?} {:?}", post.raw).contains("secret"));
    }
}
