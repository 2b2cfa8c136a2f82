//! The posts that were charged for lately, so that the next reader does not count them again.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Posts that were charged for on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charged {
    /// The day (UTC, as in `2026-11-23`).
    pub day: String,
    /// The posts.
    pub ids: Ids,
}

/// Ids, saved as bytes: in ascending order, each as its distance from the one before in LEB128. An id of X takes five bytes at a post a second,
/// and four at 250.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(pub BTreeSet<u64>);

/// The bits of a number that a byte holds; the highest bit says whether more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

impl Ids {
    fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 5);
        let mut before = 0;
        for id in &self.0 {
            let mut distance = id - before;
            while distance >= u64::from(MORE) {
                bytes.push(distance as u8 | MORE);
                distance >>= BITS;
            }
            bytes.push(distance as u8);
            before = *id;
        }
        bytes
    }

    /// `None` if these bytes are none of ours.
    fn decoded(bytes: &[u8]) -> Option<Self> {
        let (mut ids, mut before) = (BTreeSet::new(), 0_u64);
        let (mut distance, mut shift) = (0_u64, 0);
        for byte in bytes {
            let bits = u64::from(byte & !MORE);
            let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
            distance |= shifted;
            shift += BITS;
            if byte & MORE == 0 {
                before = before.checked_add(distance)?;
                ids.insert(before);
                (distance, shift) = (0, 0);
            }
        }
        (shift == 0).then_some(Self(ids))
    }
}

impl Serialize for Ids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Ids;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the distances between ids, as bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Ids, E> {
                Ids::decoded(bytes).ok_or_else(|| E::custom("bytes that are no distances between ids"))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Ids, E> {
                self.visit_bytes(&bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::Item;

    proptest! {
        #[test]
        fn what_is_saved_is_read_again(ids in prop::collection::btree_set(any::<u64>(), 0..50)) {
            let charged = Charged { day: "2026-11-23".to_owned(), ids: Ids(ids) };
            let item: Item = serde_dynamo::to_item(&charged).unwrap();
            prop_assert_eq!(serde_dynamo::from_item::<_, Charged>(item).unwrap(), charged);
        }

        #[test]
        fn any_bytes_are_ids_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(ids) = Ids::decoded(&bytes) {
                prop_assert_eq!(Ids::decoded(&ids.encoded()), Some(ids));
            }
        }
    }

    #[test]
    fn ids_of_x_take_few_bytes() {
        // X's ids are milliseconds and 22 more bits.
        let bytes = |posts: u64, every_ms: u64| {
            let first = 1_992_000_000_000_000_000_u64;
            let ids =
                (0..posts).map(|number| first + ((number * every_ms) << 22) + number * 7919 % (1 << 22));
            Ids(ids.collect()).encoded().len()
        };
        assert!(bytes(120, 1_000) <= 120 * 5 + 4, "two minutes at a post a second");
        assert!(bytes(20_000, 4) <= 20_000 * 4 + 5);
    }

    #[test]
    fn bytes_that_are_cut_or_too_large_are_refused() {
        assert_eq!(Ids::decoded(&[0x80]), None);
        assert_eq!(Ids::decoded(&[0xff; 11]), None);
        let mut largest = Ids([u64::MAX].into()).encoded();
        assert!(Ids::decoded(&largest).is_some());
        largest.push(1);
        assert_eq!(Ids::decoded(&largest), None);
    }
}
