//! The parameters of `GET /tweets`, and the query they make.

use place::{Country, CountryHow};
use posts::post::PostKind;
use posts::tweets::{CountryFilter, Order, PostFilter, PostQuery, Without};
use serde::Deserialize;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::fields::Fields;
use crate::error::ApiError;
use crate::export::Formulas;
use crate::request::{
    InvalidValue, KeywordParameter, Listed, PageLimit, QueryTime, TimeRange, VersionsParameter, quoted,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword for which the posts were collected.
    #[param(inline)]
    keyword: KeywordParameter,
    /// Posts written at this time or later.
    #[param(inline)]
    from: Option<QueryTime>,
    /// Posts written before this time.
    #[param(inline)]
    to: Option<QueryTime>,
    /// Posts of this country: its code, or `unknown`.
    #[param(inline)]
    country: Option<CountryParameter>,
    /// Posts whose country was told by this in the location of the author's profile.
    #[param(inline)]
    country_how: Option<CountryHow>,
    /// Posts in this language, in the source's own codes.
    #[param(inline)]
    language: Option<LanguageParameter>,
    /// Posts whose text contains this; upper and lower case are the same.
    #[param(inline)]
    text: Option<TextParameter>,
    /// Posts of this kind.
    #[param(inline)]
    kind: Option<KindParameter>,
    /// Posts by this author: the handle without `@`, in any case, or the id.
    #[param(inline)]
    author: Option<AuthorParameter>,
    /// No posts of these countries; codes, or `unknown`, with commas between them.
    #[serde(default)]
    #[param(inline, value_type = Vec<CountryParameter>, style = Form, explode = false, min_items = 1, max_items = 20)]
    not_country: Listed<CountryParameter>,
    /// No posts in these languages.
    #[serde(default)]
    #[param(inline, value_type = Vec<LanguageParameter>, style = Form, explode = false, min_items = 1, max_items = 20)]
    not_language: Listed<LanguageParameter>,
    /// No posts of these kinds.
    #[serde(default)]
    #[param(inline, value_type = Vec<KindParameter>, style = Form, explode = false, min_items = 1, max_items = 20)]
    not_kind: Listed<KindParameter>,
    /// No posts by these authors.
    #[serde(default)]
    #[param(inline, value_type = Vec<AuthorParameter>, style = Form, explode = false, min_items = 1, max_items = 20)]
    not_author: Listed<AuthorParameter>,
    /// No posts whose text contains this.
    #[param(inline)]
    not_text: Option<TextParameter>,
    /// Posts on a page; 20 if absent. Not allowed with the other formats than `json`.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    pub(super) limit: Option<PageLimit>,
    /// Which versions of an edited post; the `newest` that is stored if absent.
    #[param(inline)]
    versions: Option<VersionsParameter>,
    /// The order of the posts by time; `newest` first if absent.
    #[param(inline)]
    order: Option<OrderParameter>,
    /// Where the page begins: the `nextCursor` of the previous page, which had the same parameters.
    #[param(max_length = 1000)]
    pub(super) cursor: Option<String>,
    /// `json` returns a page; `jsonl`, `csv` and `ids` export all posts. `json` if absent.
    #[param(inline)]
    pub(super) format: Option<FormatParameter>,
    /// The fields of a post, with commas between them, or `all`; `tweetId`, `createDate` and `keyword` are always there. If absent, those with
    /// which posts can be filtered and told apart. With the formats `json` and `jsonl` only.
    #[param(inline, style = Form, explode = false)]
    pub(super) fields: Option<Fields>,
    /// The columns of a CSV in their order, with commas between them, or `all`. With the format `csv` only.
    #[param(inline, style = Form, explode = false)]
    pub(super) columns: Option<Fields>,
    /// What becomes of a CSV's cells that a spreadsheet would run as formulas (they begin with `=`, `+`, `-` or `@`): `escape` puts an apostrophe
    /// before them, `keep` keeps them as they are. `escape` if absent.
    #[param(inline)]
    pub(super) formulas: Option<FormulasParameter>,
}

impl Parameters {
    /// What they say of fields, columns and formulas: the fields, and what becomes of formulas.
    ///
    /// # Errors
    /// A parameter belongs to another format.
    pub(super) fn shape(&mut self) -> Result<(Fields, Formulas), ApiError> {
        let format = self.format.unwrap_or(FormatParameter::Json);
        let (is_csv, is_ids) =
            (matches!(format, FormatParameter::Csv), matches!(format, FormatParameter::Ids));
        let misplaced =
            |field: &'static str, reason: &str| ApiError::Unusable { field, reason: reason.to_owned() };
        if is_ids && (self.fields.is_some() || self.columns.is_some()) {
            let field = if self.fields.is_some() { "fields" } else { "columns" };
            return Err(misplaced(
                field,
                "does not apply to ids; the formats jsonl and csv export more of a post",
            ));
        }
        if is_csv && self.fields.is_some() {
            return Err(misplaced("fields", "applies to JSON only; the parameter for CSV is columns"));
        }
        if !is_csv && self.columns.is_some() {
            return Err(misplaced("columns", "applies to CSV only; the parameter for JSON is fields"));
        }
        if !is_csv && self.formulas.is_some() {
            return Err(misplaced("formulas", "applies to CSV only"));
        }
        let fields = match is_csv {
            true => self.columns.take().unwrap_or_else(Fields::usual_columns),
            false => self.fields.take().unwrap_or_else(Fields::usual),
        };
        let formulas = match self.formulas {
            Some(FormulasParameter::Keep) => Formulas::Keep,
            Some(FormulasParameter::Escape) | None => Formulas::Escape,
        };
        Ok((fields, formulas))
    }

    /// The query of these parameters.
    ///
    /// # Errors
    /// The keyword or the range cannot be used.
    pub(super) fn query(&self) -> Result<PostQuery, ApiError> {
        let keyword = self.keyword.clone().keyword()?;
        let range = TimeRange::new(self.from, self.to)?;
        Ok(PostQuery {
            keyword,
            from: range.from,
            before: range.to,
            filter: PostFilter {
                country: self.country.as_ref().map(|CountryParameter(country)| *country),
                country_how: self.country_how,
                language: self.language.as_ref().map(|LanguageParameter(code)| code.clone()),
                text: self.text.as_ref().map(|TextParameter(text)| text.clone()),
                kind: self.kind.map(|KindParameter(kind)| kind),
                author: self.author.as_ref().map(|AuthorParameter(author)| author.clone()),
                without: self.without(),
                versions: self.versions.unwrap_or_default().into(),
            },
            order: match self.order {
                Some(OrderParameter::Newest) | None => Order::NewestFirst,
                Some(OrderParameter::Oldest) => Order::OldestFirst,
            },
        })
    }
}

impl Parameters {
    fn without(&self) -> Without {
        Without {
            countries: self.not_country.0.iter().map(|CountryParameter(country)| *country).collect(),
            languages: self.not_language.0.iter().map(|LanguageParameter(code)| code.clone()).collect(),
            kinds: self.not_kind.0.iter().map(|KindParameter(kind)| *kind).collect(),
            authors: self.not_author.0.iter().map(|AuthorParameter(author)| author.clone()).collect(),
            text: self.not_text.as_ref().map(|TextParameter(text)| text.clone()),
        }
    }
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderParameter {
    Newest,
    Oldest,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormatParameter {
    Json,
    Jsonl,
    Csv,
    Ids,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormulasParameter {
    Escape,
    Keep,
}

/// A country's code, or `unknown`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct CountryParameter(CountryFilter);

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
pub(crate) struct LanguageParameter(String);

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
pub(crate) struct KindParameter(PostKind);

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
#[schema(value_type = String, pattern = "^@?[^\\s,@][^\\s,]{0,99}$")]
pub(crate) struct AuthorParameter(String);

impl TryFrom<String> for AuthorParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let handle = text.strip_prefix('@').unwrap_or(&text);
        let is_one = (1..=100).contains(&handle.chars().count())
            && !handle.contains(|letter: char| letter.is_whitespace() || letter == ',');
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
pub(crate) struct TextParameter(String);

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
