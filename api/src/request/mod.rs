//! Reading requests, before anything is done: what does not fit becomes a [`Problem`] that names it.

mod asked;
mod fields;
mod head;

use std::fmt;

use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::Problem;

pub(crate) use asked::{AskedKeyword, Limit, Moment};
use fields::Given;
pub(crate) use fields::shown;
pub(crate) use head::bounded as bounded_head;

/// The largest body: those that are asked for take a hundred times less.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// The parameters of a query string.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        fields::read(parameters(parts.uri.query().unwrap_or_default())?).map(Self)
    }
}

/// The parameters of a query string, as <https://url.spec.whatwg.org/#urlencoded-parsing> reads it, but that what
/// is not UTF-8 is refused.
fn parameters(query: &str) -> Result<Vec<(String, Given)>, Problem> {
    let text = |encoded: &str| {
        let spaced = encoded.replace('+', " ");
        percent_decode(spaced.as_bytes()).decode_utf8().map(|text| text.into_owned())
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = text(name).map_err(|_| {
                let detail = format!("the parameter's name {} is not UTF-8", shown(name));
                Problem::malformed(name, detail)
            })?;
            let value = text(value).map_err(|_| Problem::malformed(&name, not_utf8(&name)))?;
            Ok((name, Given::Text(value)))
        })
        .collect()
}

fn not_utf8(name: &str) -> String {
    format!("{name} must be UTF-8; its bytes are not")
}

/// No parameters at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// A parameter that is part of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(parameter)) => Ok(Self(parameter)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.into_kind() {
                ErrorKind::InvalidUtf8InPathParam { key } => Problem::malformed(&key, not_utf8(&key)),
                _ => Problem::new(StatusCode::BAD_REQUEST, "the path does not fit"),
            }),
            // A route without the parameter that its handler reads is our defect.
            Err(error) => Err(Problem::from(error)),
        }
    }
}

/// A JSON object as a body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let given = request.headers().get(header::CONTENT_TYPE);
            let given = given.map_or_else(
                || "and there is none".to_owned(),
                |given| format!("not {}", shown(&String::from_utf8_lossy(given.as_bytes()))),
            );
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("the body's content-type must be application/json, {given}"),
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(unread)?;
        let Fields(fields) = serde_json::from_slice(&body).map_err(|error| not_an_object(&body, &error))?;
        fields::read(fields).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || media_type.starts_with("application/") && media_type.ends_with("+json")
}

/// Why a body could not be read.
fn unread(error: BytesRejection) -> Problem {
    match error {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a body may have at most {BODY_BYTES} bytes, this one has more"),
        ),
        _ => Problem::new(StatusCode::BAD_REQUEST, "the body broke off before its end"),
    }
}

fn not_an_object(body: &[u8], error: &serde_json::Error) -> Problem {
    let detail = if body.is_empty() {
        "the body is empty; it must be a JSON object".to_owned()
    } else if error.is_data() {
        "the body must be a JSON object".to_owned()
    } else if error.is_eof() {
        "the body is not JSON: it ends before its JSON does".to_owned()
    } else {
        let (line, column) = (error.line(), error.column().max(1));
        format!("the body is not JSON: it cannot be read from line {line}, column {column} on")
    };
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

/// A JSON object's fields, in their order, also those that are there twice.
struct Fields(Vec<(String, Given)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    fields.push((
                        name,
                        match value {
                            serde_json::Value::String(text) => Given::Text(text),
                            other => Given::Other(other),
                        },
                    ));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde_json::{Value, json};
    use utc_time::UtcTime;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what matters is whether it can be read")]
    struct Asked {
        keyword: AskedKeyword,
        order: Option<Order>,
        from: Option<Moment>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Newest,
        Oldest,
    }

    /// The status, the field and the detail of a problem.
    fn told(problem: Problem) -> (u16, Value, String) {
        let problem = serde_json::to_value(problem).unwrap();
        let status = problem["status"].as_u64().unwrap().try_into().unwrap();
        (status, problem["field"].clone(), problem["detail"].as_str().unwrap().to_owned())
    }

    async fn query(query: &str) -> (u16, Value, String) {
        let request = Request::builder().uri(format!("/?{query}")).body(Body::empty()).unwrap();
        let (mut parts, _) = request.into_parts();
        match Query::<Asked>::from_request_parts(&mut parts, &()).await {
            Ok(Query(asked)) => panic!("{query} was read: {asked:?}"),
            Err(problem) => told(problem),
        }
    }

    async fn body(media_type: Option<&str>, body: impl Into<Body>) -> (u16, Value, String) {
        let mut request = Request::builder().method("POST").uri("/");
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let request = request.body(body.into()).unwrap();
        match Json::<Asked>::from_request(request, &()).await {
            Ok(Json(asked)) => panic!("read: {asked:?}"),
            Err(problem) => told(problem),
        }
    }

    #[tokio::test]
    async fn a_query_that_does_not_fit_is_told_in_words_of_our_own() {
        for (asked, field, detail) in [
            ("", "keyword", "keyword is missing"),
            ("keyword=a&keyword=b", "keyword", "keyword is given more than once"),
            (
                "keyword=a&colour=red",
                "colour",
                "\"colour\" is not known: what may be given is keyword, order and from",
            ),
            ("keyword=a&order=random", "order", "order must be newest or oldest, not \"random\""),
            ("keyword=%ff", "keyword", "keyword must be UTF-8; its bytes are not"),
            ("keyword=a&%ff=b", "%ff", "the parameter's name \"%ff\" is not UTF-8"),
            ("keyword=a%07", "keyword", "keyword: a keyword must not contain control characters"),
            (
                "keyword=a&from=yesterday",
                "from",
                "from must be a date and time with its zone, as in 2026-11-23T10:00:00Z, not \"yesterday\"",
            ),
            (
                "keyword=a&from=2026-11-23T10:00:00+02:00",
                "from",
                "from must have the + of its zone written as %2B: 2026-11-23T10:00:00%2B02:00",
            ),
        ] {
            assert_eq!(query(asked).await, (400, field.into(), detail.to_owned()), "{asked}");
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_fit_is_told_in_words_of_our_own() {
        let json = Some("application/json");
        for (asked, field, detail) in [
            ("", Value::Null, "the body is empty; it must be a JSON object"),
            ("[\"rust\"]", Value::Null, "the body must be a JSON object"),
            ("\"rust\"", Value::Null, "the body must be a JSON object"),
            ("not json", Value::Null, "the body is not JSON: it cannot be read from line 1, column 2 on"),
            ("{\"keyword\":", Value::Null, "the body is not JSON: it ends before its JSON does"),
            ("{}", json!("keyword"), "keyword is missing"),
            ("{\"keyword\":7}", json!("keyword"), "keyword must be a text in quotes, not a number"),
            ("{\"keyword\":null}", json!("keyword"), "keyword must be a text in quotes, not null"),
            ("{\"keyword\":[\"a\"]}", json!("keyword"), "keyword must be a text in quotes, not a list"),
            ("{\"keyword\":{}}", json!("keyword"), "keyword must be a text in quotes, not an object"),
            (
                "{\"keyword\":\"a\",\"order\":true}",
                json!("order"),
                "order must be a text in quotes, not a boolean",
            ),
            ("{\"keyword\":\"a\",\"keyword\":\"b\"}", json!("keyword"), "keyword is given more than once"),
            (
                "{\"keyword\":\"a\",\"colour\":1}",
                json!("colour"),
                "\"colour\" is not known: what may be given is keyword, order and from",
            ),
            (
                "{\"keyword\":\"a\",\"order\":\"xml\"}",
                json!("order"),
                "order must be newest or oldest, not \"xml\"",
            ),
        ] {
            assert_eq!(body(json, asked).await, (400, field, detail.to_owned()), "{asked}");
        }
        let detail = "the body's content-type must be application/json, and there is none";
        assert_eq!(body(None, "{}").await, (415, Value::Null, detail.to_owned()));
        let detail = "the body's content-type must be application/json, not \"text/plain\"";
        assert_eq!(body(Some("text/plain"), "{}").await, (415, Value::Null, detail.to_owned()));
        let broken = futures::stream::iter([Ok("{"), Err(std::io::Error::other("broken"))]);
        let detail = "the body broke off before its end";
        assert_eq!(body(json, Body::from_stream(broken)).await, (400, Value::Null, detail.to_owned()));
        let large = format!("{{\"keyword\":\"{}\"}}", "a".repeat(3 << 20));
        let detail = "a body may have at most 65536 bytes, this one has more";
        assert_eq!(body(json, large).await, (413, Value::Null, detail.to_owned()));
    }

    #[test]
    fn what_is_repeated_of_a_request_is_short() {
        assert_eq!(shown("a\"b"), "\"a\\\"b\"");
        assert_eq!(shown(&"é".repeat(41)), format!("\"{}\"…", "é".repeat(40)));
    }

    #[test]
    fn a_query_is_read_as_browsers_write_it() {
        let read = parameters("&a=1+2&b&c=%2B%e2%82%ac&d=50%&=").unwrap();
        let read: Vec<(&str, &Given)> = read.iter().map(|(name, given)| (name.as_str(), given)).collect();
        let text = |text: &str| Given::Text(text.to_owned());
        assert_eq!(
            read,
            [("a", &text("1 2")), ("b", &text("")), ("c", &text("+€")), ("d", &text("50%")), ("", &text(""))]
        );
    }

    #[test]
    fn moments_are_of_1970_to_9999() {
        let moment = |text: &str| Moment::try_from(text.to_owned());
        let late: UtcTime = moment("9999-12-31T00:00:00Z").unwrap().get("to").unwrap();
        assert_eq!(late, moment("9999-12-31T23:59:59.999Z").unwrap().get("to").unwrap());
        assert!(late > "9999-12-30T21:00:00Z".parse().unwrap());
        let (status, field, detail) = told(moment("1969-12-31T23:59:59Z").unwrap().get("from").unwrap_err());
        assert_eq!((status, field), (422, "from".into()));
        assert_eq!(detail, "from must not lie before 1970");
        for wrong in ["2026-11-23", "2026-11-23T10:00:00", "10000-01-01T00:00:00Z", "9999-12-32T00:00:00Z"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
