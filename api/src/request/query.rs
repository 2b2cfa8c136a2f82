//! A request's query string.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fields::{self, Value};
use super::malformed::{InvalidValue, Malformed};
use crate::error::ApiError;

/// The parameters of a query string.
pub(crate) struct Query<T>(pub(crate) T);

/// No parameters at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let parameters = parameters(parts.uri.query().unwrap_or_default())?;
        Ok(Self(fields::read(parameters)?))
    }
}

/// The parameters of a query string, parsed as <https://url.spec.whatwg.org/#urlencoded-parsing> says, except that
/// what is not UTF-8 is refused.
fn parameters(query: &str) -> Result<Vec<(String, Value)>, Malformed> {
    let decoded = |encoded: &str| {
        let spaced = encoded.replace('+', " ");
        percent_decode(spaced.as_bytes()).decode_utf8().map(|text| text.into_owned())
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).map_err(|_| Malformed::NameNotUtf8(name.to_owned()))?;
            match decoded(value) {
                Ok(value) => Ok((name, Value::String(value))),
                Err(_) => Err(Malformed::Value { name, reason: InvalidValue::new("must be UTF-8") }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::*;
    use crate::request::{KeywordParameter, QueryTime};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what matters is whether it can be read")]
    struct Parameters {
        keyword: KeywordParameter,
        order: Option<Order>,
        from: Option<QueryTime>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Newest,
        Oldest,
    }

    /// The field and the message of the error of a query that cannot be read.
    async fn refused(query: &str) -> (Option<String>, String) {
        let request = Request::builder().uri(format!("/?{query}")).body(Body::empty()).unwrap();
        let (mut parts, _) = request.into_parts();
        match Query::<Parameters>::from_request_parts(&mut parts, &()).await {
            Err(ApiError::Malformed(error)) => (error.field().map(str::to_owned), error.to_string()),
            Err(error) => panic!("{query} was refused otherwise: {error}"),
            Ok(Query(parameters)) => panic!("{query} was read: {parameters:?}"),
        }
    }

    #[tokio::test]
    async fn an_error_names_the_parameter_what_it_must_be_and_what_it_is() {
        for (query, field, message) in [
            ("", "keyword", "`keyword` is required"),
            ("keyword=a&keyword=b", "keyword", "`keyword` appears more than once"),
            ("keyword=a&colour=red", "colour", "\"colour\" is unknown; expected keyword, order or from"),
            ("keyword=a&order=random", "order", "`order` must be newest or oldest; got \"random\""),
            ("keyword=%ff", "keyword", "`keyword` must be UTF-8"),
            ("keyword=a&%ff=b", "%ff", "the parameter name \"%ff\" is not UTF-8"),
            ("keyword=a%07", "keyword", "`keyword` must not contain control characters"),
            (
                "keyword=a&from=yesterday",
                "from",
                "`from` must be a date and time with a zone, such as 2026-11-23T10:00:00Z; got \"yesterday\"",
            ),
            (
                "keyword=a&from=2026-11-23T10:00:00+02:00",
                "from",
                "`from` must have the + of its zone written as %2B, as in 2026-11-23T10:00:00%2B02:00",
            ),
        ] {
            assert_eq!(refused(query).await, (Some(field.to_owned()), message.to_owned()), "{query}");
        }
    }

    #[test]
    fn a_query_is_parsed_as_browsers_write_it() {
        let parsed = parameters("&a=1+2&b&c=%2B%e2%82%ac&d=50%&=").unwrap();
        let parsed: Vec<(&str, &Value)> = parsed.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let string = |text: &str| Value::String(text.to_owned());
        assert_eq!(
            parsed,
            [
                ("a", &string("1 2")),
                ("b", &string("")),
                ("c", &string("+€")),
                ("d", &string("50%")),
                ("", &string(""))
            ]
        );
    }
}
