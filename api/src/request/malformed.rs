//! Why a request cannot be read: it does not have the form that the API's description documents.

use std::fmt;

/// How many characters of a refused value an error repeats.
const QUOTED: usize = 40;

/// Why a request cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// The operation has no parameter or field of this name.
    #[error("{} is unknown; {}", quoted(name), expected(known))]
    UnknownName {
        name: String,
        /// The names that it has.
        known: &'static [&'static str],
    },
    /// A parameter or field that must be there is not.
    #[error("`{0}` is required")]
    Missing(&'static str),
    /// A parameter or field is there twice.
    #[error("`{0}` appears more than once")]
    Repeated(&'static str),
    /// A value does not have the documented form.
    #[error("`{name}` {reason}")]
    Value { name: String, reason: InvalidValue },
    /// A parameter's name is not UTF-8.
    #[error("the parameter name {} is not UTF-8", quoted(.0))]
    NameNotUtf8(String),
    /// The path does not fit the route.
    #[error("the path cannot be read")]
    Path,
    /// There is no body.
    #[error("the body is empty; it must be a JSON object")]
    EmptyBody,
    /// The body is JSON, but no object.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// The body is the beginning of JSON.
    #[error("the body is not valid JSON: it ends too early")]
    EndsEarly,
    /// The body is not JSON.
    #[error("the body is not valid JSON: error at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    /// The connection ended in the middle of the body.
    #[error("the body was cut off before its end")]
    CutOff,
    /// Another error of serde's, which structs of named fields do not cause.
    #[error("the request cannot be read: {0}")]
    Serde(String),
}

impl Malformed {
    /// The parameter or field that is wrong, if it is one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::UnknownName { name, .. } | Self::Value { name, .. } | Self::NameNotUtf8(name) => Some(name),
            Self::Missing(name) | Self::Repeated(name) => Some(name),
            Self::Path
            | Self::EmptyBody
            | Self::NotAnObject
            | Self::EndsEarly
            | Self::NotJson { .. }
            | Self::CutOff
            | Self::Serde(_) => None,
        }
    }
}

/// Errors of a whole request; those of a single value are [`InvalidValue`].
impl serde::de::Error for Malformed {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Serde(message.to_string())
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownName { name: name.to_owned(), known }
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Repeated(name)
    }
}

/// What a value must be and is not: the rest of a sentence that begins with the field's name, such as "must not be
/// empty".
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidValue(String);

impl InvalidValue {
    /// `requirement` completes a sentence that begins with the field's name.
    pub(crate) fn new(requirement: impl Into<String>) -> Self {
        Self(requirement.into())
    }
}

impl serde::de::Error for InvalidValue {
    /// Takes over the error of the type that the value is read into, which is an `InvalidValue` too.
    fn custom<T: fmt::Display>(requirement: T) -> Self {
        Self(requirement.to_string())
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self(format!("must be {}; got {}", alternatives(known), quoted(variant)))
    }
}

/// A value from a request in quotes, shortened to forty characters.
pub(crate) fn quoted(value: &str) -> String {
    let short: String = value.chars().take(QUOTED).collect();
    if short.len() < value.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

fn expected(known: &[&str]) -> String {
    match known {
        [] => "no parameters are accepted here".to_owned(),
        _ => format!("expected {}", alternatives(known)),
    }
}

/// As in `a, b or c`.
fn alternatives(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_short() {
        assert_eq!(quoted("a\"b"), "\"a\\\"b\"");
        assert_eq!(quoted(&"é".repeat(41)), format!("\"{}\"…", "é".repeat(40)));
    }
}
