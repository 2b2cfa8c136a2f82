//! `/tweets`: the posts.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use place::{Country, InvalidCountry};
use posts::PostId;
use posts::post::InvalidPostId;
use posts::tweets::{Correction, CountryFilter, Order, PostFilter, PostQuery, StoredPost, TweetsTable};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utc_time::UtcTime;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::cursor::Cursor;
use crate::export::{self, Format};
use crate::request::{AskedKeyword, Limit, Moment, NoParameters, Path, Query, shown};
use crate::{ControlApi, Problem, ReadApi};

/// Posts on a page if nothing else is asked for.
const USUALLY: usize = 20;

/// How long what stands in the way of removing a post is waited out.
const REMOVE_TIME: Duration = Duration::from_secs(5);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword that the posts were collected for.
    #[param(inline)]
    keyword: AskedKeyword,
    /// Posts made at this moment or later.
    #[param(inline)]
    from: Option<Moment>,
    /// Posts made before this moment.
    #[param(inline)]
    to: Option<Moment>,
    /// Posts of this country: its code, or `unknown`.
    #[param(inline)]
    country: Option<AskedCountry>,
    /// Posts in this language, as the source names it.
    #[param(inline)]
    language: Option<Language>,
    /// Posts whose text contains this, whatever the case of its letters.
    #[param(inline)]
    text: Option<Text>,
    /// Posts on a page; 20 if absent. Not with `format` `jsonl` or `csv`.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// In which order; `newest` first if absent.
    #[param(inline)]
    order: Option<AskedOrder>,
    /// Where to go on: the `nextCursor` of the page before, which was asked for with the same parameters.
    #[param(max_length = 1000)]
    cursor: Option<String>,
    /// `json` gives a page; `jsonl` and `csv` give all that is asked for. `json` if absent.
    #[param(inline)]
    format: Option<AskedFormat>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AskedOrder {
    Newest,
    Oldest,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AskedFormat {
    Json,
    Jsonl,
    Csv,
}

/// A country's code, or `unknown`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AskedCountry(Option<Country>);

impl TryFrom<String> for AskedCountry {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "unknown" {
            return Ok(Self(None));
        }
        let country = text.parse().map_err(|_: InvalidCountry| {
            let given = shown(&text);
            format!(
                "must be a country's ISO 3166-1 alpha-2 code in capitals, as in LT, or unknown, not {given}"
            )
        })?;
        Ok(Self(Some(country)))
    }
}

impl PartialSchema for AskedCountry {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .enum_values(Some(Country::all().map(|country| country.as_str()).chain(["unknown"])))
            .into()
    }
}

impl ToSchema for AskedCountry {}

/// A language's code.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9-]{1,35}$")]
pub(crate) struct Language(String);

impl TryFrom<String> for Language {
    type Error = String;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        let fits = (1..=35).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits {
            return Ok(Self(code));
        }
        Err(format!("must be a language's code, 1 to 35 letters, digits or -, not {}", shown(&code)))
    }
}

/// A part of a text.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 200)]
pub(crate) struct Text(String);

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let characters = text.chars().count();
        if (1..=200).contains(&characters) {
            return Ok(Self(text));
        }
        Err(format!("must have 1 to 200 characters, not {characters}"))
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tweets {
    /// The posts.
    tweets: Vec<StoredPost>,
    /// The `cursor` of the next page; none if there are no more.
    next_cursor: Option<String>,
    /// How many posts were read to find these: what the table charges for.
    read: usize,
}

/// The posts of a keyword
///
/// In the order of time, a page at a time, or all of a range as one export.
///
/// An index leads to the keyword and the time. `country`, `language` and `text` are found by looking: at most
/// 5,000 posts are read for a page, so that it may hold fewer than `limit`, even none, and yet have a
/// `nextCursor`; `read` tells how many were. A walk by cursor finds each post once that was there when it
/// began, also while others arrive. A post can be found about a second after it was stored.
///
/// An export (`format`) sends lines of JSON, or a table with a head. In AWS an answer ends after about four megabytes;
/// then its header `Link` (`rel="next"`) says where the rest is: another answer, whose table has a head too. A text stands in a table as it was
/// posted: let no spreadsheet take one for a formula.
#[utoipa::path(
    get,
    path = "/tweets",
    operation_id = "listTweets",
    tag = "tweets",
    params(Parameters),
    responses(
        (status = 200, description = "The posts",
            headers(("Link" = Option<String>, description = "The rest of an export, if it ended before the range")),
            content((Tweets = "application/json"), (String = "application/x-ndjson"), (String = "text/csv")),
            links(
                ("tweet" = (operation_id = "showTweet",
                    parameters(("tweetId" = "$response.body#/tweets/0/tweetId")))),
                ("remove" = (operation_id = "removeTweet",
                    parameters(("tweetId" = "$response.body#/tweets/1/tweetId")))),
                ("nextPage" = (operation_id = "listTweets",
                    parameters(("cursor" = "$response.body#/nextCursor"),
                        ("keyword" = "$request.query.keyword")))),
            )),
        (status = 422, description = "A range that ends before it begins or lies before 1970, a cursor of another request, `limit` with an export, \
            or a keyword of too many bytes or with characters that are not displayed",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(api): State<ReadApi>,
    Query(asked): Query<Parameters>,
) -> Result<Response, Problem> {
    let wanted = PostQuery {
        keyword: asked.keyword.get()?,
        from: asked.from.map(|from| from.get("from")).transpose()?,
        before: asked.to.map(|to| to.get("to")).transpose()?,
        filter: PostFilter {
            country: asked
                .country
                .map(|AskedCountry(country)| country.map_or(CountryFilter::Unknown, CountryFilter::Is)),
            language: asked.language.map(|Language(code)| code),
            text: asked.text.map(|Text(text)| text),
        },
        order: match asked.order.unwrap_or(AskedOrder::Newest) {
            AskedOrder::Newest => Order::NewestFirst,
            AskedOrder::Oldest => Order::OldestFirst,
        },
    };
    if let (Some(from), Some(before)) = (wanted.from, wanted.before)
        && before <= from
    {
        return Err(Problem::unusable("to", format!("to must be after from: {before} is not after {from}")));
    }
    let after = asked.cursor.map(|text| Cursor::read(&text, &wanted)).transpose()?;
    let format = match asked.format.unwrap_or(AskedFormat::Json) {
        AskedFormat::Json => {
            let limit = asked.limit.map_or(USUALLY, Limit::get);
            let page = api.tweets.page(&wanted, limit, after).await?;
            let next_cursor = page.next.map(|at| Cursor::write(at, &wanted)).transpose()?;
            return Ok(Json(Tweets { tweets: page.posts, next_cursor, read: page.read }).into_response());
        }
        AskedFormat::Jsonl => Format::Jsonl,
        AskedFormat::Csv => Format::Csv,
    };
    if asked.limit.is_some() {
        return Err(Problem::unusable("limit", "limit is for pages: an export gives the whole range"));
    }
    export::answer(api, wanted, format, after).await
}

/// One post, under each keyword that it was collected for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tweet {
    tweets: Vec<StoredPost>,
}

/// One post
///
/// Under each keyword that it was collected for.
#[utoipa::path(
    get,
    path = "/tweets/{tweetId}",
    operation_id = "showTweet",
    tag = "tweets",
    params(("tweetId" = inline(PostId), Path, description = "The id that the source gave the post")),
    responses(
        (status = 200, description = "The post", body = Tweet),
        (status = 404, description = "There is no such post", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(api): State<ReadApi>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<Tweet>, Problem> {
    Ok(Json(Tweet { tweets: found(&api.tweets, &tweet_id(&id)?).await? }))
}

/// Take a post back
///
/// Under all keywords: it is counted as removed, and not stored again, under whatever keyword it comes.
#[utoipa::path(
    delete,
    path = "/tweets/{tweetId}",
    operation_id = "removeTweet",
    tag = "tweets",
    params(("tweetId" = inline(PostId), Path, description = "The id that the source gave the post")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such post", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(api): State<ControlApi>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, Problem> {
    let id = tweet_id(&id)?;
    let deadline = Instant::now() + REMOVE_TIME;
    match api.tweets.remove_everywhere(&id, UtcTime::now(), deadline).await? {
        Correction::Made => Ok(StatusCode::NO_CONTENT),
        Correction::NotNeeded => Err(not_found(&id)),
    }
}

async fn found(table: &TweetsTable, id: &PostId) -> Result<Vec<StoredPost>, Problem> {
    let tweets = table.under_all_keywords(id).await?;
    if tweets.is_empty() {
        return Err(not_found(id));
    }
    Ok(tweets)
}

fn not_found(id: &PostId) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is no post {:?}", id.as_str()))
}

fn tweet_id(text: &str) -> Result<PostId, Problem> {
    text.parse().map_err(|error: InvalidPostId| Problem::malformed("tweetId", format!("tweetId: {error}")))
}
