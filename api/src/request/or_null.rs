//! A field that can be null, which is not the same as absent.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A field's value; `None` if it is null. Of other fields, null is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrNull<T>(pub(crate) Option<T>);

impl<T> OrNull<T> {
    /// The name under which this type asks a deserializer whether a value is null.
    pub(super) const NAME: &str = "OrNull";
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrNull<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Nullable<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Nullable<T> {
            type Value = OrNull<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            fn visit_unit<E>(self) -> Result<OrNull<T>, E> {
                Ok(OrNull(None))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<OrNull<T>, D::Error> {
                T::deserialize(value).map(|value| OrNull(Some(value)))
            }
        }

        deserializer.deserialize_newtype_struct(Self::NAME, Nullable(PhantomData))
    }
}
