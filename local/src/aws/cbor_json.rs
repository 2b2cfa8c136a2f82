//! Converts between CBOR and JSON: the SDK sends requests to CloudWatch in CBOR, the AWS CLI in JSON. In JSON, a
//! timestamp is a number without a tag. <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>

use ciborium::Value as Cbor;
use serde_json::{Map, Value as Json};

/// A JSON value in CBOR.
pub(super) fn from_json(value: Json) -> Cbor {
    match value {
        Json::Null => Cbor::Null,
        Json::Bool(yes) => Cbor::Bool(yes),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Cbor::Integer(integer.into()),
            None => Cbor::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Cbor::Text(text),
        Json::Array(list) => Cbor::Array(list.into_iter().map(from_json).collect()),
        Json::Object(map) => {
            Cbor::Map(map.into_iter().map(|(name, value)| (Cbor::Text(name), from_json(value))).collect())
        }
    }
}

/// A CBOR value in JSON. Kinds that CloudWatch's answers do not contain become `null`.
pub(super) fn to_json(value: Cbor) -> Json {
    match value {
        Cbor::Bool(yes) => yes.into(),
        Cbor::Integer(integer) => i64::try_from(integer).map_or(Json::Null, Json::from),
        Cbor::Float(number) => number.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Tag(_, value) => to_json(*value),
        Cbor::Array(list) => list.into_iter().map(to_json).collect(),
        Cbor::Map(map) => {
            let fields =
                map.into_iter().filter_map(|(name, value)| Some((name.into_text().ok()?, to_json(value))));
            Json::Object(fields.collect::<Map<String, Json>>())
        }
        _ => Json::Null,
    }
}
