//! Named values, a query's parameters or a body's fields, read into a type that derives `Deserialize`.
//!
//! The two levels have an error each: a value's is [`InvalidValue`], which says what the value must be; it becomes a
//! [`Malformed`] by the name under which the value was sent.

use serde::de::value::{MapAccessDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::malformed::{InvalidValue, Malformed};
use super::or_null::OrNull;

/// A value as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A string: every parameter is one.
    String(String),
    /// JSON of another type.
    Other(serde_json::Value),
}

/// Reads these names and values as a `T`.
pub(super) fn read<T: DeserializeOwned>(fields: Vec<(String, Value)>) -> Result<T, Malformed> {
    T::deserialize(MapAccessDeserializer::new(Fields { rest: fields.into_iter(), next: None }))
}

/// Reads the value called `name` as a `T`.
pub(super) fn read_value<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, Malformed> {
    T::deserialize(value).map_err(|reason| Malformed::Value { name: name.to_owned(), reason })
}

/// The fields that have not been read yet.
struct Fields {
    rest: std::vec::IntoIter<(String, Value)>,
    /// The field whose name has been read.
    next: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        let key: StringDeserializer<Malformed> = name.clone().into_deserializer();
        self.next = Some((name, value));
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        let Some((name, value)) = self.next.take() else { return Err(Malformed::custom("no name was read")) };
        seed.deserialize(value).map_err(|reason| Malformed::Value { name, reason })
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::String(text) => Self::String(text),
            other => Self::Other(other),
        }
    }
}

impl IntoDeserializer<'_, InvalidValue> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Value {
    /// The string, which every value must be.
    fn string(self) -> Result<String, InvalidValue> {
        match self {
            Self::String(text) => Ok(text),
            Self::Other(value) => {
                Err(InvalidValue::new(format!("must be a string; got {}", type_name(&value))))
            }
        }
    }
}

/// A number as a whole number of 0 or more, if it is one: in JSON, `7.0` is.
fn whole(number: &serde_json::Number) -> Option<u64> {
    /// Up to here, every whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = |float: &f64| float.fract() == 0.0 && (0.0..=EXACT).contains(float);
    number.as_u64().or_else(|| number.as_f64().filter(is_whole).map(|float| float as u64))
}

/// What JSON calls the type of a value, with its article.
fn type_name(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = InvalidValue;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidValue> {
        visitor.visit_string(self.string()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidValue> {
        match self {
            Self::Other(serde_json::Value::Bool(value)) => visitor.visit_bool(value),
            Self::Other(value) => {
                Err(InvalidValue::new(format!("must be true or false; got {}", type_name(&value))))
            }
            Self::String(_) => Err(InvalidValue::new("must be true or false; got a string".to_owned())),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidValue> {
        let got = match self {
            Self::Other(serde_json::Value::Number(number)) => match whole(&number) {
                Some(number) => return visitor.visit_u64(number),
                None => number.to_string(),
            },
            Self::Other(value) => type_name(&value).to_owned(),
            Self::String(_) => "a string".to_owned(),
        };
        Err(InvalidValue::new(format!("must be a whole number, 0 or more; got {got}")))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidValue> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, InvalidValue> {
        match self {
            Self::Other(serde_json::Value::Null) if name == OrNull::<()>::NAME => visitor.visit_unit(),
            value => visitor.visit_newtype_struct(value),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InvalidValue> {
        let variant: StringDeserializer<InvalidValue> = self.string()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidValue> {
        let got = match self {
            Self::Other(serde_json::Value::Array(values)) => {
                return visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(Self::from)));
            }
            Self::Other(value) => type_name(&value),
            Self::String(_) => "a string",
        };
        Err(InvalidValue::new(format!("must be an array; got {got}")))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidValue> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        u8 u16 u32 u128 i8 i16 i32 i64 i128 f32 f64 char str string unit unit_struct tuple
        tuple_struct map struct identifier bytes byte_buf
    }
}
