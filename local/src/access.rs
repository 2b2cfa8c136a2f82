//! Who may use the API.

use std::fmt;
use std::net::SocketAddr;

use crate::data::{API_KEYS, Data};
use crate::options::Options;

/// Who may use the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Every program on this machine, except browsers on behalf of other sites.
    ThisMachine,
    /// Anyone with an API key.
    WithKey,
}

impl Access {
    /// The access that the options request.
    ///
    /// # Errors
    /// [`NoApiKey`] if a key is required and none has been created.
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

/// The API requires a key, and none has been created.
#[derive(Debug)]
pub struct NoApiKey(SocketAddr);

impl fmt::Display for NoApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refusing to listen on {} without an API key", self.0)
    }
}

impl std::error::Error for NoApiKey {}
