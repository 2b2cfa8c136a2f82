//! The fields of posts that an answer has.

use posts::Post;
use posts::post::{PostField, Storage};
use posts::tweets::{Detail, StoredPost};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::request::{InvalidValue, quoted};

/// Stands for all fields.
const ALL: &str = "all";

/// The fields of a stored post that are none of the post's own.
const KEYWORD: &str = "keyword";
const SUPERSEDED_BY: &str = "supersededBy";
const EXPIRES_AT: &str = "expiresAt";

/// What every post of an answer has, so that it can be told from others.
const ALWAYS: [&str; 3] = ["tweetId", "createDate", KEYWORD];

/// The names of fields, separated by commas, or `all`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Fields(Vec<&'static str>);

/// The names of all fields, in the order in which they are written.
fn names() -> impl Iterator<Item = &'static str> {
    let (key, rest) = Post::FIELDS.split_at(2);
    let name = |field: &PostField| field.name;
    key.iter().map(name).chain([KEYWORD]).chain(rest.iter().map(name)).chain([SUPERSEDED_BY, EXPIRES_AT])
}

fn field(name: &str) -> Option<&'static PostField> {
    Post::FIELDS.iter().find(|field| field.name == name)
}

fn is_packed(name: &str) -> bool {
    field(name).is_some_and(|field| field.storage == Storage::Packed)
}

impl Fields {
    /// The fields that an answer has if none are requested.
    pub(crate) fn usual() -> Self {
        Self(names().filter(|name| !is_packed(name)).collect())
    }

    /// The columns that a CSV has if none are requested: [`Fields::usual`] without the time at which the post expires.
    pub(crate) fn usual_columns() -> Self {
        Self(names().filter(|name| !is_packed(name) && *name != EXPIRES_AT).collect())
    }

    /// How much of a post must be read for them.
    pub(crate) fn detail(&self) -> Detail {
        if self.0.iter().any(|name| is_packed(name)) { Detail::Whole } else { Detail::Attributes }
    }

    /// Their names, in the order in which they were requested.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.0
    }

    /// Their cells in CSV, in the order in which they were requested.
    pub(crate) fn row<'a>(&'a self, stored: &'a StoredPost) -> impl Iterator<Item = String> + 'a {
        self.0.iter().map(|name| match *name {
            KEYWORD => stored.keyword.to_string(),
            SUPERSEDED_BY => stored.superseded_by.as_ref().map(ToString::to_string).unwrap_or_default(),
            EXPIRES_AT => stored.expires_at.to_string(),
            name => field(name).map(|field| (field.cell)(&stored.post)).unwrap_or_default(),
        })
    }

    /// A post with these fields, and those that every post has.
    pub(crate) fn of<'a>(&'a self, stored: &'a StoredPost) -> Chosen<'a> {
        Chosen { stored, fields: self }
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(&name) || ALWAYS.contains(&name)
    }
}

/// A post with chosen fields.
pub(crate) struct Chosen<'a> {
    stored: &'a StoredPost,
    fields: &'a Fields,
}

impl Serialize for Chosen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { stored, fields } = self;
        let mut map = serializer.serialize_map(None)?;
        for field in Post::FIELDS.iter().filter(|field| fields.has(field.name)) {
            if let Some(json) = (field.json)(&stored.post) {
                map.serialize_entry(field.name, &json)?;
            }
        }
        map.serialize_entry(KEYWORD, &stored.keyword)?;
        if let Some(by) = stored.superseded_by.as_ref().filter(|_| fields.has(SUPERSEDED_BY)) {
            map.serialize_entry(SUPERSEDED_BY, by)?;
        }
        if fields.has(EXPIRES_AT) {
            map.serialize_entry(EXPIRES_AT, &stored.expires_at)?;
        }
        map.end()
    }
}

impl TryFrom<String> for Fields {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let mut chosen = Vec::new();
        for part in text.split(',').map(str::trim) {
            if part == ALL {
                chosen.extend(names());
                continue;
            }
            let Some(name) = names().find(|name| *name == part) else {
                let names = names().collect::<Vec<_>>().join(", ");
                return Err(InvalidValue::new(format!(
                    "must be {ALL}, or names of fields with commas between them; got {}, and the fields are {names}",
                    quoted(part)
                )));
            };
            chosen.push(name);
        }
        let mut fields = Self(Vec::new());
        for name in chosen {
            if !fields.0.contains(&name) {
                fields.0.push(name);
            }
        }
        Ok(fields)
    }
}

impl PartialSchema for Fields {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .enum_values(Some(names().chain([ALL])));
        ArrayBuilder::new().items(name).min_items(Some(1)).into()
    }
}

impl ToSchema for Fields {}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> (serde_json::Value, StoredPost) {
        let json = serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00.000Z", "text": "a text",
            "authorId": "2", "authorName": "Ada", "authorUsername": "ada", "country": "LT",
            "countrySource": "profile", "countryHow": "city", "language": "lt", "conversationId": "3",
            "references": [{ "kind": "quoted", "tweetId": "5" }, { "kind": "repliedTo", "tweetId": "6" }], "editOf": "4",
            "firstVersion": "3", "supersededBy": "9", "editedAt": "2026-11-23T11:00:00.000Z", "url": "https://x.example/1", "authorPicture": "https://p.example/a",
            "authorVerified": "blue", "authorFollowers": 7, "authorLocation": "Vilnius", "placeName": "Vilnius, Lithuania",
            "links": [
                { "url": "https://t.example/1", "expandedUrl": "https://a.example", "displayUrl": "a.example", "title": "A", "start": 0, "end": 1 },
                { "url": "https://t.example/2" },
            ],
            "hashtags": [{ "tag": "one", "start": 0, "end": 4 }, { "tag": "two" }], "cashtags": [{ "tag": "XYZ" }],
            "mentions": [{ "username": "bob", "id": "9" }],
            "media": [{ "kind": "photo", "url": "https://m.example/1", "altText": "alt", "width": 3, "height": 2 }],
            "likes": 1, "reposts": 2, "replies": 3, "quotes": 4, "bookmarks": 5, "impressions": 6,
            "readAt": "2026-11-23T10:00:05.000Z", "possiblySensitive": false, "withheldIn": ["DE", "FR"],
            "replySettings": "everyone", "leftOut": 1, "raw": { "data": 1 }, "keyword": "rust", "expiresAt": 1_800_000_000,
        });
        (json.clone(), serde_json::from_value(json).unwrap())
    }

    fn fields(text: &str) -> Fields {
        Fields::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn every_field_can_be_requested_and_has_its_name_in_json() {
        let (json, stored) = stored();
        let all = fields("all");
        assert_eq!(serde_json::to_value(all.of(&stored)).unwrap(), json);
        let names: std::collections::BTreeSet<_> =
            all.names().iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names, json.as_object().unwrap().keys().cloned().collect());
        let chosen = serde_json::to_value(fields("likes, likes,text").of(&stored)).unwrap();
        let expected = serde_json::json!({
            "tweetId": "1", "createDate": json["createDate"], "text": "a text", "likes": 1, "keyword": "rust",
        });
        assert_eq!(chosen, expected);
    }

    #[test]
    fn every_cell_is_under_the_name_that_its_field_has_in_json() {
        let (json, stored) = stored();
        let all = fields("all");
        for (name, cell) in all.names().iter().zip(all.row(&stored)) {
            let expected = match *name {
                "references" => "quoted:5 repliedTo:6".to_owned(),
                "links" => "https://a.example https://t.example/2".to_owned(),
                "hashtags" => "one two".to_owned(),
                "cashtags" => "XYZ".to_owned(),
                "mentions" => "bob".to_owned(),
                "media" => "https://m.example/1".to_owned(),
                "withheldIn" => "DE FR".to_owned(),
                name => json[name].as_str().map_or_else(|| json[name].to_string(), str::to_owned),
            };
            assert_eq!(cell, expected, "{name}");
        }
    }

    #[test]
    fn only_what_is_packed_takes_reading_the_whole_post() {
        assert_eq!(Fields::usual().detail(), Detail::Attributes);
        assert_eq!(fields("text,country").detail(), Detail::Attributes);
        assert_eq!(fields("raw").detail(), Detail::Whole);
    }

    #[test]
    fn an_unknown_name_is_named() {
        let error = Fields::try_from("text,nose".to_owned()).unwrap_err().to_string();
        assert!(
            error.contains("got \"nose\", and the fields are tweetId, createDate, keyword, text,"),
            "{error}"
        );
        assert!(Fields::try_from(String::new()).is_err());
    }
}
