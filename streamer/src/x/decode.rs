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

    fn item(rules: &Rules, line: &Line<'_>, position: u64) -> Option<Item> {
        let line = match line {
            Line::KeepAlive => return Some(Item::Alive),
            Line::TooLong(bytes) => {
                tracing::warn!(bytes, position, "skipped a line that is too long");
                return None;
            }
            Line::Whole(line) => line,
        };
        match read_message(line) {
            Message::Post(post, matched) => Some(Item::Post(post, rules.keywords(&matched))),
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
        let mut items = Vec::new();
        self.lines.push(chunk, |line| items.extend(Self::item(&self.rules, &line, self.position)));
        self.position += chunk.len() as u64;
        items
    }
}
