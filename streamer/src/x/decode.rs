//! From bytes to items.

use super::lines::{Line, Lines};
use super::message::{Message, read_message};
use super::rules::Rules;
use crate::source::{Decoder, Item};

/// Decodes one connection's bytes. What is no post is skipped and logged by its size and its place in
/// the stream, never by its text.
#[derive(Debug)]
pub(crate) struct Decode {
    lines: Lines,
    rules: Rules,
    /// Bytes of all chunks before the present one.
    position: u64,
}

impl Decode {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { lines: Lines::default(), rules, position: 0 }
    }

    fn item(&self, line: Line) -> Option<Item> {
        let position = self.position;
        let line = match line {
            Line::KeepAlive => return Some(Item::Alive),
            Line::TooLong(bytes) => {
                tracing::warn!(bytes, position, "skipped a line that is too long");
                return None;
            }
            Line::Whole(line) => line,
        };
        match read_message(&line) {
            Message::Post(post, matched) => Some(Item::Post(post, self.rules.keywords(&matched))),
            Message::Error(title) => Some(Item::Ended(title)),
            Message::Malformed(what) => {
                tracing::warn!(what, bytes = line.len(), position, "skipped a line that is no post");
                None
            }
            Message::Unknown => {
                tracing::info!(bytes = line.len(), position, "skipped a message of an unknown kind");
                None
            }
        }
    }
}

impl Decoder for Decode {
    fn push(&mut self, chunk: &[u8]) -> Vec<Item> {
        let lines = self.lines.push(chunk);
        let items = lines.into_iter().filter_map(|line| self.item(line)).collect();
        self.position += chunk.len() as u64;
        items
    }
}
