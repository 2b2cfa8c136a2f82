//! Telling people things.

use std::io::{self, ErrorKind, Write};

/// Writes a text to the standard output. That nobody reads it any more, as after `aviary | head -1`, is no failure.
///
/// # Errors
/// What else keeps it from being written.
pub fn tell(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
