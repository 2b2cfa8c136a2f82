//! A checksum of ids that anybody can compute who has them.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The sum of the SHA-256 of each id, modulo 2^256, as 64 hexadecimal digits. The order of the ids makes no difference.
///
/// In Python: `'%064x' % (sum(int(hashlib.sha256(id.encode()).hexdigest(), 16) for id in ids) % 2**256)`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9a-f]{64}$", description = "The sum of the SHA-256 of each id, modulo 2^256, as 64 hexadecimal digits. The order of the ids makes no difference."))]
#[serde(into = "String", try_from = "String")]
pub struct IdSum([u8; 32]);

/// The text is not such a sum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sum of ids has 64 hexadecimal digits")]
pub struct InvalidIdSum;

impl IdSum {
    /// Adds an id.
    pub fn add(&mut self, id: &str) {
        let hash = Sha256::digest(id.as_bytes());
        let mut carry = 0_u16;
        for (own, other) in self.0.iter_mut().zip(hash.iter()).rev() {
            let [high, low] = (u16::from(*own) + u16::from(*other) + carry).to_be_bytes();
            (*own, carry) = (low, high.into());
        }
    }
}

impl fmt::Display for IdSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for IdSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdSum({self})")
    }
}

impl From<IdSum> for String {
    fn from(sum: IdSum) -> Self {
        sum.to_string()
    }
}

impl TryFrom<String> for IdSum {
    type Error = InvalidIdSum;

    fn try_from(text: String) -> Result<Self, InvalidIdSum> {
        let mut sum = Self::default();
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidIdSum);
        }
        for (index, byte) in sum.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| InvalidIdSum)?;
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(ids: &[&str]) -> String {
        let mut sum = IdSum::default();
        ids.iter().for_each(|id| sum.add(id));
        sum.to_string()
    }

    #[test]
    fn it_is_what_anybody_computes_in_whatever_order() {
        // By Python, as above.
        let expected = "4892bd671a0bd8079d9eb8329a2c46ec8163b8b19366510d05a29d2943de4fc1";
        assert_eq!(sum(&["1440716895355764743", "2", "mastodon.example:116"]), expected);
        assert_eq!(sum(&["2", "mastodon.example:116", "1440716895355764743"]), expected);
        assert_eq!(sum(&[]), "0".repeat(64));
        let read: IdSum = serde_json::from_value(expected.into()).unwrap();
        assert_eq!(read.to_string(), expected);
        for wrong in ["", "0", &"g".repeat(64), &"é".repeat(32)] {
            assert!(serde_json::from_value::<IdSum>(wrong.into()).is_err(), "{wrong}");
        }
    }
}
