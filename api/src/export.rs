//! Exports: all posts of a range as lines of JSON or as a table.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use posts::{Position, StoredPost, Wanted};
use tokio::time::Instant;

use crate::cursor::Cursor;
use crate::{Problem, ReadApi};

/// Posts that are read at once.
const AT_ONCE: usize = 1000;

/// How long an export of a function goes on: an HTTP API waits for 30 s.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// How posts are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values as in RFC 4180, with a head.
    Csv,
}

/// Why a part of an export could not be had.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Table(#[from] posts::TableError),
    #[error("failed to write a post: {0}")]
    Json(#[from] serde_json::Error),
    #[error("failed to write a post: {0}")]
    Csv(#[from] csv::Error),
}

/// The posts that are wanted, from `after` on, as they are read. Where answers are bounded, they are
/// gathered first, so that a header can say where the rest is.
pub(crate) async fn answer(
    api: ReadApi,
    wanted: Wanted,
    format: Format,
    after: Option<Position>,
) -> Result<Response, Problem> {
    let media_type = match format {
        Format::Jsonl => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let headers = [(header::CONTENT_TYPE, media_type)];
    let head = after.is_none();
    let mut part = part(&api, &wanted, format, after, head).await?;
    let Some(most) = api.answer_bytes else {
        // What fails later breaks the answer off, which its reader sees.
        let (first, next) = part;
        let rest = stream::try_unfold(next, move |next| {
            let (api, wanted) = (api.clone(), wanted.clone());
            async move {
                let Some(at) = next else { return Ok(None) };
                self::part(&api, &wanted, format, Some(at), false).await.map(Some)
            }
        });
        let all = futures::StreamExt::chain(stream::iter([Ok::<_, ExportError>(first)]), rest);
        return Ok((headers, Body::from_stream(all)).into_response());
    };
    let end = Instant::now() + ANSWER_TIME;
    let mut body = Vec::new();
    loop {
        body.extend_from_slice(&part.0);
        let Some(at) = part.1 else { return Ok((headers, body).into_response()) };
        if body.len() >= most || Instant::now() >= end {
            let next = link(&wanted, format, &Cursor::write(at, &wanted)?);
            return Ok((headers, [(HeaderName::from_static("link"), next)], body).into_response());
        }
        part = self::part(&api, &wanted, format, Some(at), false).await?;
    }
}

/// The next posts, written, and where to go on.
async fn part(
    api: &ReadApi,
    wanted: &Wanted,
    format: Format,
    after: Option<Position>,
    head: bool,
) -> Result<(Bytes, Option<Position>), ExportError> {
    let page = api.tweets.page(wanted, AT_ONCE, after).await?;
    let mut written = Vec::new();
    match format {
        Format::Jsonl => {
            for post in &page.posts {
                serde_json::to_writer(&mut written, post)?;
                written.push(b'\n');
            }
        }
        Format::Csv => {
            let mut table =
                csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut written);
            if head {
                table.write_record(COLUMNS.map(|(name, _)| name))?;
            }
            for post in &page.posts {
                table.write_record(COLUMNS.map(|(_, cell)| cell(post)))?;
            }
            table.flush().map_err(csv::Error::from)?;
        }
    }
    Ok((written.into(), page.next))
}

/// A column's name, and what stands in it.
type Column = (&'static str, fn(&StoredPost) -> String);

/// The columns of a table: their names are those of the fields in JSON.
const COLUMNS: [Column; 14] = [
    ("tweetId", |stored| stored.post.tweet_id.to_string()),
    ("createDate", |stored| stored.post.create_date.to_string()),
    ("keyword", |stored| stored.keyword.to_string()),
    ("text", |stored| stored.post.text.clone()),
    ("authorId", |stored| text(&stored.post.author_id)),
    ("authorName", |stored| text(&stored.post.author_name)),
    ("authorUsername", |stored| text(&stored.post.author_username)),
    ("country", |stored| text(&stored.post.country)),
    ("countrySource", |stored| text(&stored.post.country_source)),
    ("language", |stored| text(&stored.post.language)),
    ("conversationId", |stored| text(&stored.post.conversation_id)),
    ("references", |stored| {
        let references = stored.post.references.iter();
        let written = references.map(|reference| format!("{}:{}", reference.kind, reference.tweet_id));
        written.collect::<Vec<_>>().join(" ")
    }),
    ("editOf", |stored| text(&stored.post.edit_of)),
    ("editedAt", |stored| text(&stored.post.edited_at)),
];

fn text(value: &Option<impl ToString>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// The rest of an export, as RFC 8288 writes it: relative to the request, wherever the api is.
fn link(wanted: &Wanted, format: Format, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("keyword", wanted.keyword.as_str());
    let country = wanted.filter.country.map(|country| country.map_or("unknown", |country| country.as_str()));
    for (name, value) in [
        ("from", wanted.from.map(|at| at.to_string())),
        ("to", wanted.before.map(|at| at.to_string())),
        ("country", country.map(str::to_owned)),
        ("language", wanted.filter.language.clone()),
        ("text", wanted.filter.text.clone()),
    ] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.append_pair(
        "order",
        match wanted.order {
            posts::Order::NewestFirst => "newest",
            posts::Order::OldestFirst => "oldest",
        },
    );
    query.append_pair(
        "format",
        match format {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        },
    );
    query.append_pair("cursor", cursor);
    format!("<?{}>; rel=\"next\"", query.finish())
}
