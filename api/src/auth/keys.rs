//! Api keys, of which only hashes are kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utc_time::UtcTime;

/// How a key begins, so that who finds one knows what it is.
const PREFIX: &str = "aviary_";

/// The random bytes of a key: so many cannot be guessed, so their hash needs no salt and need not be slow.
const RANDOM_BYTES: usize = 32;

/// The longest value of an SSM parameter of the standard tier.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
const PARAMETER_BYTES: usize = 4096;

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To read what was collected, and how the stream fares.
    Read,
    /// That, and to start, stop, remove and redrive.
    Control,
}

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What its owner calls it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was made.
    pub created: UtcTime,
    /// The SHA-256 of all of it, in base64url.
    sha256: String,
}

/// The keys that are valid: what the parameter holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The keys, in the order in which they were made.
    pub keys: Vec<Key>,
}

/// Why keys could not be changed or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The parameter holds something else.
    #[error("what should hold the api keys does not: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A key needs a name of its own.
    #[error("there is a key {0:?} already; revoke it first, or choose another name")]
    NameTaken(String),
    /// The name cannot be used.
    #[error("a key's name is 1 to 40 letters, digits or any of . _ -, not {0:?}")]
    InvalidName(String),
    /// No key has this name.
    #[error("there is no key {0:?}")]
    NoSuchKey(String),
    /// No more keys fit.
    #[error("no more keys fit into {PARAMETER_BYTES} bytes; revoke one first")]
    TooMany,
    /// The system has no randomness.
    #[error("failed to make a key: {0}")]
    Random(#[from] getrandom::Error),
}

impl Keys {
    /// Reads what [`Keys::to_json`] wrote.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`].
    pub fn from_json(json: &str) -> Result<Self, KeysError> {
        Ok(serde_json::from_str(json)?)
    }

    /// What is to be kept: no key can be made of it.
    ///
    /// # Errors
    /// [`KeysError::TooMany`].
    pub fn to_json(&self) -> Result<String, KeysError> {
        let json = serde_json::to_string(self)?;
        if json.len() > PARAMETER_BYTES { Err(KeysError::TooMany) } else { Ok(json) }
    }

    /// Makes a key; what it returns is shown to its owner, and kept nowhere.
    ///
    /// # Errors
    /// A name that is taken or cannot be used; too many keys.
    pub fn add(&mut self, name: &str, scope: Scope, now: UtcTime) -> Result<String, KeysError> {
        let fits = (1..=40).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !fits {
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

    /// Makes a key invalid.
    ///
    /// # Errors
    /// [`KeysError::NoSuchKey`].
    pub fn revoke(&mut self, name: &str) -> Result<(), KeysError> {
        let before = self.keys.len();
        self.keys.retain(|key| key.name != name);
        if self.keys.len() == before { Err(KeysError::NoSuchKey(name.to_owned())) } else { Ok(()) }
    }

    /// The key that was presented, if it is valid. How long that takes tells nothing of the keys that are
    /// kept: all are compared, and each to its end.
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
    fn a_key_is_known_until_it_is_revoked_and_cannot_be_made_of_what_is_kept() {
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
    fn what_cannot_be_made_is_said_why() {
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
