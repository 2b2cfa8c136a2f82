//! Reading and writing the fields of CBOR maps.

use ciborium::Value;

use crate::aws::refusal::Refusal;

pub(super) fn field<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

pub(super) fn list<'a>(map: &'a Value, name: &str) -> &'a [Value] {
    field(map, name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn required_text<'a>(map: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    let text = field(map, name).and_then(Value::as_text).filter(|text| !text.is_empty());
    text.ok_or_else(|| invalid(&format!("The parameter {name} is required.")))
}

pub(super) fn float(value: &Value) -> Option<f64> {
    let integer =
        || value.as_integer().and_then(|number| i64::try_from(number).ok()).map(|number| number as f64);
    value.as_float().or_else(integer)
}

pub(super) fn timestamp(millis: i64) -> Value {
    Value::Tag(1, Box::new(Value::Float(millis as f64 / 1000.0)))
}

/// A timestamp in milliseconds since 1970. It is sent in seconds; in CBOR, with tag 1.
pub(super) fn millis(value: &Value) -> Option<i64> {
    let seconds = value.as_tag().map_or(value, |(_, seconds)| seconds);
    Some((float(seconds)? * 1000.0).round() as i64)
}

pub(super) fn invalid(message: &str) -> Refusal {
    Refusal::new("InvalidParameterValueException", message)
}

pub(super) fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (Value::Text(name.to_owned()), value)).collect())
}
