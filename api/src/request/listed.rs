//! Parameters that are lists.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::malformed::InvalidValue;

/// The most values of a list.
const MOST: usize = 20;

/// Up to twenty values with commas between them.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T>(pub(crate) Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: TryFrom<String, Error = InvalidValue>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let values = text.split(',').map(|value| T::try_from(value.trim().to_owned()));
        let values = values.collect::<Result<Vec<T>, _>>().map_err(D::Error::custom)?;
        if values.len() > MOST {
            let got = values.len();
            return Err(D::Error::custom(format!("must have at most {MOST} values; got {got}")));
        }
        Ok(Self(values))
    }
}
