//! How many items a page may hold.

use serde::Deserialize;

use super::malformed::{InvalidValue, quoted};

/// The largest number of items on a page, 1 to 100.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PageLimit(u8);

impl PageLimit {
    /// The limit of a request that names none.
    pub(crate) const DEFAULT: Self = Self(20);

    const MAX: u8 = 100;

    pub(crate) fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<String> for PageLimit {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        match text.parse() {
            Ok(limit) if (1..=Self::MAX).contains(&limit) => Ok(Self(limit)),
            _ => {
                let (max, got) = (Self::MAX, quoted(&text));
                Err(InvalidValue::new(format!("must be a whole number from 1 to {max}; got {got}")))
            }
        }
    }
}
