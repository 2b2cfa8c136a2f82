//! The named values of a request, a query's parameters or a body's fields, read into a type. What does not fit is
//! told in our own words, which name the value that is wrong, what was given, and what may be.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::Problem;

/// How many characters of what was given an error repeats.
const SHOWN: usize = 40;

/// A value as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// A text: every parameter is one.
    Text(String),
    /// Something else that JSON knows.
    Other(serde_json::Value),
}

/// Reads these values, each with its name, as a `T`.
pub(crate) fn read<T: DeserializeOwned>(fields: Vec<(String, Given)>) -> Result<T, Problem> {
    let fields = Fields { rest: fields.into_iter(), next: None };
    T::deserialize(MapAccessDeserializer::new(fields)).map_err(Misfit::into_problem)
}

/// The values that have not been read yet.
struct Fields {
    rest: std::vec::IntoIter<(String, Given)>,
    /// One whose name has been read.
    next: Option<Field>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, given)) = self.rest.next() else { return Ok(None) };
        let key: StringDeserializer<Misfit> = name.clone().into_deserializer();
        self.next = Some(Field { name, given });
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some(field) = self.next.take() else { return Err(de::Error::custom("a value has no name")) };
        let name = field.name.clone();
        named(&name, seed.deserialize(field))
    }
}

/// A value and its name.
struct Field {
    name: String,
    given: Given,
}

/// Why a request does not fit.
#[derive(Debug)]
struct Misfit {
    /// The value that does not fit.
    field: Option<String>,
    detail: String,
}

impl Misfit {
    fn of(field: &str, detail: String) -> Self {
        Self { field: Some(field.to_owned()), detail }
    }

    fn into_problem(self) -> Problem {
        match self.field {
            Some(field) => Problem::malformed(field, self.detail),
            None => Problem::new(axum::http::StatusCode::BAD_REQUEST, self.detail),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Misfit {}

/// What serde finds wrong. The name of a value that is there is put before this by [`named`].
impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { field: None, detail: message.to_string() }
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {expected}"))
    }

    fn unknown_variant(given: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("must be {}, not {}", listed(expected, "or"), shown(given)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = match expected {
            [] => "no parameter is taken here".to_owned(),
            _ => format!("what may be given is {}", listed(expected, "and")),
        };
        Self::of(field, format!("{} is not known: {known}", shown(field)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(field, format!("{field} is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of(field, format!("{field} is given more than once"))
    }
}

/// As in `a`, `b` or `c`.
fn listed(names: &[&str], conjunction: &str) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} {conjunction} {last}", names.join(", ")),
    }
}

/// What was given, in quotes, and in short.
pub(crate) fn shown(given: &str) -> String {
    let short: String = given.chars().take(SHOWN).collect();
    if short.len() < given.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

/// What JSON calls a value.
fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

impl Field {
    /// The text, which every value must be.
    fn text(self) -> Result<String, Misfit> {
        match self.given {
            Given::Text(text) => Ok(text),
            Given::Other(value) => {
                Err(de::Error::custom(format_args!("must be a text in quotes, not {}", kind(&value))))
            }
        }
    }
}

/// Names the value in what is wrong with it.
fn named<T>(name: &str, read: Result<T, Misfit>) -> Result<T, Misfit> {
    read.map_err(|misfit| match misfit.field {
        Some(_) => misfit,
        // Our own types name it where their sentence needs it.
        None if misfit.detail.starts_with(name) => Misfit::of(name, misfit.detail),
        None if misfit.detail.starts_with("must ") => Misfit::of(name, format!("{name} {}", misfit.detail)),
        None => Misfit::of(name, format!("{name}: {}", misfit.detail)),
    })
}

impl<'de> Deserializer<'de> for Field {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let variant: StringDeserializer<Misfit> = self.text()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 char str string unit unit_struct seq tuple
        tuple_struct map struct identifier bytes byte_buf
    }
}
