//! API keys, of which only hashes are stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utc_time::UtcTime;

/// How every key begins, so that a leaked key can be recognized.
const PREFIX: &str = "aviary_";

/// The random bytes of a key: too many to guess, so the hash needs no salt and need not be slow.
const RANDOM_BYTES: usize = 32;

/// The longest value of an SSM parameter of the standard tier.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
const PARAMETER_BYTES: usize = 4096;

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reading what was collected, and the stream's state.
    Read,
    /// Reading, and starting, stopping, removing and redriving.
    Control,
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The name that its owner chose.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was created.
    pub created: UtcTime,
    /// The SHA-256 of the whole key, in base64url.
    sha256: String,
}

/// The valid keys: what the parameter holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The keys, oldest first.
    pub keys: Vec<Key>,
}

/// Why keys could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The parameter does not hold keys.
    #[error("failed to read the API keys: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Another key has this name.
    #[error("there is a key {0:?} already; revoke it first, or choose another name")]
    NameTaken(String),
    /// The name has other characters, or too many.
    #[error("a key's name must be 1 to 40 letters, digits or any of . _ -; got {0:?}")]
    InvalidName(String),
    /// No key has this name.
    #[error("there is no key {0:?}")]
    NoSuchKey(String),
    /// The parameter is full.
    #[error("no more keys fit into {PARAMETER_BYTES} bytes; revoke one first")]
    TooMany,
    /// The system offers no randomness.
    #[error("failed to create a key: {0}")]
    Random(#[from] getrandom::Error),
}

impl Keys {
    /// Parses what [`Keys::to_json`] wrote.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`].
    pub fn from_json(json: &str) -> Result<Self, KeysError> {
        Ok(serde_json::from_str(json)?)
    }

    /// What to store. No key can be recovered from it.
    ///
    /// # Errors
    /// [`KeysError::TooMany`].
    pub fn to_json(&self) -> Result<String, KeysError> {
        let json = serde_json::to_string(self)?;
        if json.len() > PARAMETER_BYTES { Err(KeysError::TooMany) } else { Ok(json) }
    }

    /// Creates a key. The returned key must be shown to its owner now: it is stored nowhere.
    ///
    /// # Errors
    /// [`KeysError::InvalidName`], [`KeysError::NameTaken`], [`KeysError::TooMany`], [`KeysError::Random`].
    pub fn add(&mut self, name: &str, scope: Scope, now: UtcTime) -> Result<String, KeysError> {
        let is_valid = (1..=40).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !is_valid {
            return Err(KeysError::InvalidName(name.to_owned()));
        }
        if self.keys.iter().any(|key| key.name == name) {
            return Err(KeysError::NameTaken(name.to_owned()));
        }
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)?;
        let presented = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        self.keys.push(Key { name: name.to_owned(), scope, created: now, sha256: hash(&presented) });
        self.to_json()?;
        Ok(presented)
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// [`KeysError::NoSuchKey`].
    pub fn revoke(&mut self, name: &str) -> Result<(), KeysError> {
        let before = self.keys.len();
        self.keys.retain(|key| key.name != name);
        if self.keys.len() == before { Err(KeysError::NoSuchKey(name.to_owned())) } else { Ok(()) }
    }

    /// The presented key, if it is valid. The time that this takes reveals nothing about the stored keys: every one is
    /// compared to its end.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<&Key> {
        let presented = hash(presented);
        let mut found = None;
        for key in &self.keys {
            if bool::from(key.sha256.as_bytes().ct_eq(presented.as_bytes())) {
                found = Some(key);
            }
        }
        found
    }
}

fn hash(presented: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(presented))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_valid_until_it_is_revoked_and_cannot_be_recovered_from_what_is_stored() {
        let now = UtcTime::from_millis(0).unwrap();
        let mut keys = Keys::default();
        let reader = keys.add("phone", Scope::Read, now).unwrap();
        let owner = keys.add("laptop", Scope::Control, now).unwrap();
        let json = keys.to_json().unwrap();
        assert!(!json.contains(&reader[PREFIX.len()..]) && !json.contains(&owner[PREFIX.len()..]));
        let mut keys = Keys::from_json(&json).unwrap();
        assert_eq!(keys.find(&reader).unwrap().scope, Scope::Read);
        assert_eq!(keys.find(&owner).unwrap().scope, Scope::Control);
        for wrong in ["", "aviary_", &reader[1..], &reader.to_uppercase(), &keys.keys[0].sha256] {
            assert_eq!(keys.find(wrong), None, "{wrong}");
        }
        keys.revoke("phone").unwrap();
        assert_eq!(keys.find(&reader), None);
        assert!(keys.find(&owner).is_some());
    }

    #[test]
    fn a_key_that_cannot_be_created_or_revoked_has_a_reason() {
        let now = UtcTime::from_millis(0).unwrap();
        let mut keys = Keys::default();
        keys.add("a", Scope::Read, now).unwrap();
        assert!(matches!(keys.add("a", Scope::Read, now), Err(KeysError::NameTaken(_))));
        assert!(matches!(keys.add("a b", Scope::Read, now), Err(KeysError::InvalidName(_))));
        assert!(matches!(keys.revoke("b"), Err(KeysError::NoSuchKey(_))));
        let outcome =
            (0..100).try_for_each(|number| keys.add(&format!("k{number}"), Scope::Read, now).map(drop));
        assert!(matches!(outcome, Err(KeysError::TooMany)));
    }
}
