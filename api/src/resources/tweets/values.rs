//! The values of the filters of `GET /tweets`.

use place::Country;
use posts::post::PostKind;
use posts::tweets::CountryFilter;
use serde::Deserialize;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::request::{InvalidValue, quoted};

/// A country's code, or `unknown`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct CountryParameter(pub(super) CountryFilter);

impl TryFrom<String> for CountryParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        if text == CountryFilter::Unknown.as_str() {
            return Ok(Self(CountryFilter::Unknown));
        }
        match text.parse() {
            Ok(country) => Ok(Self(CountryFilter::Is(country))),
            Err(_) => {
                let got = quoted(&text);
                Err(InvalidValue::new(format!(
                    "must be an ISO 3166-1 alpha-2 country code in capitals, such as LT, or unknown; got {got}"
                )))
            }
        }
    }
}

impl PartialSchema for CountryParameter {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .enum_values(Some(Country::all().map(|country| country.as_str()).chain(["unknown"])))
            .into()
    }
}

impl ToSchema for CountryParameter {}

/// A language's code.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9-]{1,35}$")]
pub(crate) struct LanguageParameter(pub(super) String);

impl TryFrom<String> for LanguageParameter {
    type Error = InvalidValue;

    fn try_from(code: String) -> Result<Self, InvalidValue> {
        let is_code = (1..=35).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_code {
            return Ok(Self(code));
        }
        let got = quoted(&code);
        Err(InvalidValue::new(format!(
            "must be a language code of 1 to 35 letters, digits or hyphens; got {got}"
        )))
    }
}

/// What kind of post it is.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct KindParameter(pub(super) PostKind);

impl TryFrom<String> for KindParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Ok(Self(match text.as_str() {
            "repost" => PostKind::Repost,
            "quote" => PostKind::Quote,
            "reply" => PostKind::Reply,
            "original" => PostKind::Original,
            _ => {
                let got = quoted(&text);
                return Err(InvalidValue::new(format!(
                    "must be repost, quote, reply or original; got {got}"
                )));
            }
        }))
    }
}

impl PartialSchema for KindParameter {
    fn schema() -> RefOr<Schema> {
        PostKind::schema()
    }
}

impl ToSchema for KindParameter {}

/// An author's handle or id.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^@?[^\\s\\x00-\\x1f\\x7f-\\x9f,@][^\\s\\x00-\\x1f\\x7f-\\x9f,]{0,99}$")]
pub(crate) struct AuthorParameter(pub(super) String);

impl TryFrom<String> for AuthorParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let handle = text.strip_prefix('@').unwrap_or(&text);
        let is_one = (1..=100).contains(&handle.chars().count())
            && !handle
                .contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == ',');
        if is_one {
            return Ok(Self(handle.to_owned()));
        }
        let got = quoted(&text);
        Err(InvalidValue::new(format!(
            "must be a handle or an id, which have 1 to 100 characters and neither spaces nor commas; got {got}"
        )))
    }
}

/// A part of a post's text.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 200)]
pub(crate) struct TextParameter(pub(super) String);

impl TryFrom<String> for TextParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let characters = text.chars().count();
        if (1..=200).contains(&characters) {
            return Ok(Self(text));
        }
        Err(InvalidValue::new(format!("must have 1 to 200 characters; got {characters}")))
    }
}
