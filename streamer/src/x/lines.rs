//! Lines out of chunks.

/// The longest line: X's are far shorter, and what is longer is not a post.
pub(crate) const LINE_BYTES: usize = 1024 * 1024;

/// Cuts a stream of bytes into lines, wherever its chunks begin and end.
///
/// It holds at most [`LINE_BYTES`] of an unfinished line; the rest of a longer one is let pass.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    unfinished: Vec<u8>,
    /// How much of the present line was let pass, if it is too long.
    passed: usize,
}

/// A line, or what became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// An empty line: the stream is alive.
    KeepAlive,
    /// A line of this many bytes, too long to be a post.
    TooLong(usize),
}

impl Lines {
    /// Takes the next chunk; returns the lines that it ends.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let (part, ends) = part.strip_suffix(b"\n").map_or((part, false), |part| (part, true));
            let room = LINE_BYTES - self.unfinished.len();
            self.passed += part.len().saturating_sub(room);
            self.unfinished.extend_from_slice(&part[..part.len().min(room)]);
            if ends {
                lines.push(self.finish());
            }
        }
        lines
    }

    fn finish(&mut self) -> Line {
        let mut line = std::mem::take(&mut self.unfinished);
        match std::mem::take(&mut self.passed) {
            0 => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if line.is_empty() { Line::KeepAlive } else { Line::Whole(line) }
            }
            passed => Line::TooLong(line.len() + passed),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_are_cut(
            lines in proptest::collection::vec("[^\r\n]{0,20}", 0..20),
            cuts in proptest::collection::vec(1..9_usize, 1..50),
        ) {
            let text: String = lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect();
            let mut rest = text.as_bytes();
            let mut cuts = cuts.iter().cycle();
            let mut cutter = Lines::default();
            let mut found = Vec::new();
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                found.extend(cutter.push(chunk));
                rest = after;
            }
            let expected: Vec<Line> = lines
                .into_iter()
                .map(|line| if line.is_empty() { Line::KeepAlive } else { Line::Whole(line.into_bytes()) })
                .collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_the_next_is_whole() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for _ in 0..40 {
            found.extend(lines.push(&[b'x'; 64 * 1024]));
            assert!(lines.unfinished.len() <= LINE_BYTES);
        }
        found.extend(lines.push(b"\r\n{}\r\n"));
        assert_eq!(found, [Line::TooLong(40 * 64 * 1024 + 1), Line::Whole(b"{}".to_vec())]);
    }
}
