//! The fields and expansions that requests may name.

use super::Kind::{Integer, Time, Word, Words};
use super::Parameter;

/// What the stream may be asked for, and what search could be asked for before July 2026.
pub(super) const TWEETS: &[Parameter] = &[
    Parameter::query("tweet.fields", Words(TWEET_FIELDS)),
    Parameter::query("expansions", Words(TWEET_EXPANSIONS)),
    Parameter::query("user.fields", Words(TWEET_USER_FIELDS)),
    Parameter::query("media.fields", Words(MEDIA_FIELDS)),
    Parameter::query("poll.fields", Words(POLL_FIELDS)),
    Parameter::query("place.fields", Words(PLACE_FIELDS)),
];

/// What search and look-ups may be asked for.
pub(super) const POSTS: &[Parameter] = &[
    Parameter::query("post.fields", Words(POST_FIELDS)),
    Parameter::query("expansions", Words(POST_EXPANSIONS)),
    Parameter::query("user.fields", Words(POST_USER_FIELDS)),
    Parameter::query("media.fields", Words(MEDIA_FIELDS)),
    Parameter::query("poll.fields", Words(POLL_FIELDS)),
    Parameter::query("place.fields", Words(PLACE_FIELDS)),
];

/// The parameters of a period, and how to turn pages.
pub(super) const PERIOD: &[Parameter] = &[
    Parameter::query("start_time", Time),
    Parameter::query("end_time", Time),
    Parameter::query("since_id", super::Kind::Id),
    Parameter::query("until_id", super::Kind::Id),
    Parameter::query("next_token", super::Kind::Text(1, usize::MAX)),
    Parameter::query("pagination_token", super::Kind::Text(1, usize::MAX)),
];

/// What is searched for or counted.
pub(super) const QUERY: &[Parameter] = &[Parameter::query("query", super::Kind::Text(1, 4096)).required()];

/// How search sorts.
pub(super) const SORT_ORDER: &[Parameter] =
    &[Parameter::query("sort_order", Word(&["recency", "relevancy"]))];

/// The buckets of counts.
pub(super) const GRANULARITY: &[Parameter] = &[
    Parameter::query("granularity", Word(&["minute", "hour", "day"])),
    Parameter::query("search_count.fields", super::Kind::Text(0, usize::MAX)),
];

/// How many posts a page of recent search has.
pub(super) const RECENT_PAGE: &[Parameter] = &[Parameter::query("max_results", Integer(10, 100))];

/// How many posts a page of full-archive search has.
pub(super) const ARCHIVE_PAGE: &[Parameter] = &[Parameter::query("max_results", Integer(10, 500))];

const TWEET_FIELDS: &[&str] = &[
    "article",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "non_public_metrics",
    "note_request_suggestions",
    "note_tweet",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
];

const TWEET_EXPANSIONS: &[&str] = &[
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "entities.note.mentions.username",
    "referenced_tweets.id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_tweets.id.author_id",
];

const TWEET_USER_FIELDS: &[&str] = &[
    "affiliation",
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];

const POST_FIELDS: &[&str] = &[
    "article",
    "article_title",
    "attachments",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "entities",
    "geo",
    "id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "non_public_metrics",
    "note_post",
    "note_request_suggestions",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
];

const POST_EXPANSIONS: &[&str] = &[
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_post_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_posts",
    "username",
];

const POST_USER_FIELDS: &[&str] = &[
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "name",
    "parody",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];

const MEDIA_FIELDS: &[&str] = &[
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
];

const POLL_FIELDS: &[&str] = &["duration_minutes", "end_datetime", "id", "options", "voting_status"];

const PLACE_FIELDS: &[&str] =
    &["contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"];
