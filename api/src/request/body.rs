//! A request's body: a JSON object.

use std::fmt;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::fields::{self, Value};
use super::malformed::Malformed;
use crate::error::ApiError;

/// The largest body: those that the API needs are a hundred times smaller.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// A JSON object as a body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let content_type = request.headers().get(header::CONTENT_TYPE);
            let content_type =
                content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            return Err(ApiError::UnsupportedMediaType { content_type });
        }
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        let Fields(fields) = serde_json::from_slice(&body).map_err(|error| not_an_object(&body, &error))?;
        Ok(Self(fields::read(fields)?))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || media_type.starts_with("application/") && media_type.ends_with("+json")
}

fn unreadable(error: BytesRejection) -> ApiError {
    match error {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::BodyTooLarge { limit: BODY_BYTES }
        }
        _ => Malformed::CutOff.into(),
    }
}

fn not_an_object(body: &[u8], error: &serde_json::Error) -> Malformed {
    if body.is_empty() {
        Malformed::EmptyBody
    } else if error.is_data() {
        Malformed::NotAnObject
    } else if error.is_eof() {
        Malformed::EndsEarly
    } else {
        Malformed::NotJson { line: error.line(), column: error.column().max(1) }
    }
}

/// A JSON object's fields in their order, including those that appear twice.
struct Fields(Vec<(String, Value)>);

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
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    fields.push((name, value.into()));
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

    use super::*;
    use crate::request::{KeywordParameter, OrNull};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what matters is whether it can be read")]
    struct Example {
        keyword: KeywordParameter,
        order: Option<Order>,
        count: Option<u64>,
        most: Option<OrNull<u64>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Newest,
        Oldest,
    }

    async fn refused(content_type: Option<&str>, body: impl Into<Body>) -> ApiError {
        let mut request = Request::builder().method("POST").uri("/");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        match JsonBody::<Example>::from_request(request.body(body.into()).unwrap(), &()).await {
            Ok(JsonBody(body)) => panic!("read: {body:?}"),
            Err(error) => error,
        }
    }

    #[tokio::test]
    async fn an_error_names_the_field_what_it_must_be_and_what_it_is() {
        for (body, field, message) in [
            ("", None, "the body is empty; it must be a JSON object"),
            ("[\"rust\"]", None, "the body must be a JSON object"),
            ("\"rust\"", None, "the body must be a JSON object"),
            ("not json", None, "the body is not valid JSON: error at line 1, column 2"),
            ("{\"keyword\":", None, "the body is not valid JSON: it ends too early"),
            ("{}", Some("keyword"), "`keyword` is required"),
            ("{\"keyword\":7}", Some("keyword"), "`keyword` must be a string; got a number"),
            ("{\"keyword\":null}", Some("keyword"), "`keyword` must be a string; got null"),
            ("{\"keyword\":\"a\",\"keyword\":\"b\"}", Some("keyword"), "`keyword` appears more than once"),
            (
                "{\"keyword\":\"a\",\"order\":\"xml\"}",
                Some("order"),
                "`order` must be newest or oldest; got \"xml\"",
            ),
            (
                "{\"keyword\":\"a\",\"count\":null}",
                Some("count"),
                "`count` must be a whole number, 0 or more; got null",
            ),
            (
                "{\"keyword\":\"a\",\"most\":\"7\"}",
                Some("most"),
                "`most` must be a whole number, 0 or more; got a string",
            ),
            (
                "{\"keyword\":\"a\",\"count\":1.5}",
                Some("count"),
                "`count` must be a whole number, 0 or more; got 1.5",
            ),
            (
                "{\"keyword\":\"a\",\"count\":\"7\"}",
                Some("count"),
                "`count` must be a whole number, 0 or more; got a string",
            ),
        ] {
            let error = refused(Some("application/json"), body).await;
            assert!(matches!(&error, ApiError::Malformed(error) if error.field() == field), "{error:?}");
            assert_eq!(error.to_string(), message, "{body}");
        }
    }

    #[tokio::test]
    async fn null_is_a_value_only_where_it_means_something() {
        for (body, expected) in [
            ("{\"keyword\":\"a\"}", None),
            ("{\"keyword\":\"a\",\"most\":null}", Some(OrNull(None))),
            ("{\"keyword\":\"a\",\"most\":7}", Some(OrNull(Some(7)))),
            ("{\"keyword\":\"a\",\"most\":7.0}", Some(OrNull(Some(7)))),
        ] {
            let request =
                Request::builder().method("POST").uri("/").header("content-type", "application/json");
            let request = request.body(Body::from(body)).unwrap();
            let JsonBody(read) = JsonBody::<Example>::from_request(request, &()).await.unwrap();
            assert_eq!(read.most, expected, "{body}");
        }
    }

    #[tokio::test]
    async fn a_body_of_another_type_or_size_is_refused() {
        let json = Some("application/json");
        assert_eq!(
            refused(None, "{}").await.to_string(),
            "the body must have the content type application/json; none was sent"
        );
        assert_eq!(
            refused(Some("text/plain"), "{}").await.to_string(),
            "the body must have the content type application/json; got \"text/plain\""
        );
        let broken = futures::stream::iter([Ok("{"), Err(std::io::Error::other("broken"))]);
        let error = refused(json, Body::from_stream(broken)).await;
        assert!(matches!(error, ApiError::Malformed(Malformed::CutOff)), "{error:?}");
        let large = format!("{{\"keyword\":\"{}\"}}", "a".repeat(3 << 20));
        let error = refused(json, large).await;
        assert!(matches!(error, ApiError::BodyTooLarge { .. }), "{error:?}");
    }
}
