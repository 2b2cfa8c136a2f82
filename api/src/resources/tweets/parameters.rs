//! The parameters of `GET /tweets`, and the query they make.

use place::CountryHow;
use posts::tweets::{Order, PostFilter, PostQuery, Without};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::fields::Fields;
use super::values::{AuthorParameter, CountryParameter, KindParameter, LanguageParameter, TextParameter};
use crate::error::ApiError;
use crate::export::Formulas;
use crate::request::{KeywordParameter, Listed, PageLimit, QueryTime, TimeRange, VersionsParameter};

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

    /// What posts must not have.
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
