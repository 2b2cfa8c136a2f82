//! Cutting a stream into server-sent events.

use eventsource_stream::{Event, Eventsource};
use futures::{FutureExt, StreamExt};

/// The largest event: Mastodon's are far smaller.
pub(crate) const EVENT_BYTES: usize = 1024 * 1024;

/// Cuts a stream of bytes into events, however it is cut into chunks.
///
/// `eventsource-stream` reads the events. It gets one whole event at a time, in valid UTF-8 and without a byte order mark,
/// because it panics on the mark, gives up on broken characters, and reads an unfinished event again with every chunk. At
/// most [`EVENT_BYTES`] of an unfinished event are held; the rest of a longer one is dropped.
#[derive(Debug, Default)]
pub(crate) struct Events {
    unfinished: Vec<u8>,
    /// How many bytes of the current event were dropped because it is too long.
    dropped: usize,
    /// Whether the current line is empty so far.
    line_is_empty: bool,
    /// Whether the last byte was a carriage return; a line feed after it belongs to the same end of line.
    after_return: bool,
}

/// An event, or what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its data.
        data: String,
    },
    /// Comments only: a keep-alive.
    Comment,
    /// An event of this many bytes, too long to be read.
    TooLong(usize),
}

impl Events {
    /// Takes the next chunk; returns the events that it completes.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for byte in chunk {
            // A line ends with a line feed, a carriage return, or both.
            let ends_line = match byte {
                b'\n' if self.after_return => {
                    self.after_return = false;
                    continue;
                }
                b'\n' | b'\r' => true,
                _ => false,
            };
            self.after_return = *byte == b'\r';
            if self.unfinished.len() < EVENT_BYTES {
                self.unfinished.push(if ends_line { b'\n' } else { *byte });
            } else {
                self.dropped += 1;
            }
            if ends_line && self.line_is_empty {
                frames.extend(self.finish());
            }
            self.line_is_empty = ends_line;
        }
        frames
    }

    fn finish(&mut self) -> Option<Frame> {
        let bytes = std::mem::take(&mut self.unfinished);
        match std::mem::take(&mut self.dropped) {
            0 => read_event(&bytes),
            dropped => Some(Frame::TooLong(bytes.len() + dropped)),
        }
    }
}

/// Reads one whole event; `None` if it is empty.
fn read_event(bytes: &[u8]) -> Option<Frame> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let has_comment = text.lines().any(|line| line.starts_with(':'));
    let whole = futures::stream::iter([Ok::<_, std::convert::Infallible>(text.as_bytes())]);
    let event = whole.eventsource().next().now_or_never().flatten();
    match event {
        Some(Ok(Event { event, data, .. })) => Some(Frame::Event { name: event, data }),
        _ if has_comment => Some(Frame::Comment),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(name: &str, data: &str) -> Frame {
        Frame::Event { name: name.to_owned(), data: data.to_owned() }
    }

    fn push_in_pieces(bytes: &[u8], sizes: &[usize]) -> Vec<Frame> {
        let mut events = Events::default();
        let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
        let mut frames = Vec::new();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            frames.extend(events.push(chunk));
            rest = after;
        }
        frames
    }

    #[test]
    fn a_byte_order_mark_does_no_harm() {
        let bytes = "\u{feff}event: update\ndata: 🦀\n\n".as_bytes();
        for size in 1..bytes.len() {
            assert_eq!(push_in_pieces(bytes, &[size]), [event("update", "🦀")]);
        }
    }

    #[test]
    fn an_event_that_is_too_long_is_told_and_the_next_is_whole() {
        let mut events = Events::default();
        let mut frames = events.push(b"data: ");
        for _ in 0..40 {
            frames.extend(events.push(&[b'x'; 64 * 1024]));
            assert!(events.unfinished.len() <= EVENT_BYTES);
        }
        frames.extend(events.push(b"\n\ndata: y\n\n"));
        assert_eq!(frames, [Frame::TooLong(6 + 40 * 64 * 1024 + 2), event("message", "y")]);
    }

    #[test]
    fn characters_that_are_broken_break_nothing_else() {
        let frames = push_in_pieces(b"data: \xff\n\ndata: whole\n\n", &[5]);
        assert_eq!(frames, [event("message", "\u{fffd}"), event("message", "whole")]);
    }

    proptest! {
        #[test]
        fn events_are_the_same_however_they_are_cut_and_their_lines_end(
            parts in proptest::collection::vec(("[a-z]{1,8}", "[^\r\n\u{feff} ]{1,20}", any::<bool>()), 0..20),
            ending in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
            sizes in proptest::collection::vec(1..9_usize, 1..50),
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            for (name, data, comment) in parts {
                if comment {
                    text.push_str(&format!(":thump{ending}{ending}"));
                    expected.push(Frame::Comment);
                }
                text.push_str(&format!("event: {name}{ending}data: {data}{ending}{ending}"));
                expected.push(event(&name, &data));
            }
            prop_assert_eq!(push_in_pieces(text.as_bytes(), &sizes), expected);
        }
    }
}
