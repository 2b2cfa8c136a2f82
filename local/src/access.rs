//! Who may use the api.

use std::fmt;
use std::net::SocketAddr;

use crate::data::{API_KEYS, Data};
use crate::options::Options;

/// Who may use the api.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything on this machine, but no page of another site.
    ThisMachine,
    /// Whoever has an api key.
    WithKey,
}

impl Access {
    /// What the options ask for.
    ///
    /// # Errors
    /// A key would be required, and there is none yet.
    pub(crate) fn of(options: &Options, data: &Data) -> Result<Self, NoApiKey> {
        if options.listen.ip().is_loopback() && !options.require_key {
            Ok(Self::ThisMachine)
        } else if data.file(API_KEYS).exists() {
            Ok(Self::WithKey)
        } else {
            Err(NoApiKey(options.listen))
        }
    }
}

/// The api would require a key, and there is none yet.
#[derive(Debug)]
pub struct NoApiKey(SocketAddr);

impl fmt::Display for NoApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refusing to listen on {} without an api key", self.0)
    }
}

impl std::error::Error for NoApiKey {}
