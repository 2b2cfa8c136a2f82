//! A parameter that is true or false.

use serde::Deserialize;

use super::malformed::{InvalidValue, quoted};

/// A parameter that is true or false. Parameters are texts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Flag(pub(crate) bool);

impl TryFrom<String> for Flag {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        match text.as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err(InvalidValue::new(format!("must be true or false; got {}", quoted(&text)))),
        }
    }
}
