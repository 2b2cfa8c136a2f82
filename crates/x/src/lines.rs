//! Cutting a stream into lines.

/// The longest line, in bytes: X's are far shorter, and a longer one is not a post.
pub const LINE_BYTES: usize = 1024 * 1024;

/// Cuts a stream of bytes into lines, however it is cut into chunks.
///
/// At most [`LINE_BYTES`] of an unfinished line are held; the rest of a longer one is dropped.
#[derive(Debug, Default)]
pub struct Lines {
    unfinished: Vec<u8>,
    /// How many bytes of the current line were dropped because it is too long.
    dropped: usize,
}

/// A line, or what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// An empty line: a keep-alive.
    KeepAlive,
    /// A line that is too long to be a post, and its length in bytes.
    TooLong(usize),
}

impl Lines {
    /// Takes the next chunk, and passes each line that it completes to `each`.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', chunk) {
            let part = &chunk[start..end];
            start = end + 1;
            if self.unfinished.is_empty() {
                each(line(part, 0));
            } else {
                self.keep(part);
                each(line(&self.unfinished, self.dropped));
                // The memory of one long line is not kept.
                self.unfinished = Vec::new();
                self.dropped = 0;
            }
        }
        self.keep(&chunk[start..]);
    }

    /// Holds a part of a line, as far as there is room for it.
    fn keep(&mut self, part: &[u8]) {
        let kept = part.len().min(LINE_BYTES - self.unfinished.len());
        self.unfinished.extend_from_slice(&part[..kept]);
        self.dropped += part.len() - kept;
    }
}

/// The line of these bytes, of which `dropped` more were dropped.
fn line(bytes: &[u8], dropped: usize) -> Line<'_> {
    if bytes.len() + dropped > LINE_BYTES {
        return Line::TooLong(bytes.len() + dropped);
    }
    match bytes.strip_suffix(b"\r").unwrap_or(bytes) {
        [] => Line::KeepAlive,
        line => Line::Whole(line),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(line: &Line<'_>) -> String {
        format!("{line:?}")
    }

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
                cutter.push(chunk, |line| found.push(told(&line)));
                rest = after;
            }
            let expected: Vec<String> = lines.iter().map(|line| told(&super::line(line.as_bytes(), 0))).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_the_next_is_whole() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for _ in 0..40 {
            lines.push(&[b'x'; 64 * 1024], |line| found.push(told(&line)));
            assert!(lines.unfinished.len() <= LINE_BYTES);
        }
        lines.push(b"\r\n{}\r\n", |line| found.push(told(&line)));
        assert_eq!(found, [told(&Line::TooLong(40 * 64 * 1024 + 1)), told(&Line::Whole(b"{}"))]);
        let long = [&[b'x'; LINE_BYTES + 1][..], b"\n\r\n"].concat();
        lines.push(&long, |line| found.push(told(&line)));
        assert_eq!(found[2..], [told(&Line::TooLong(LINE_BYTES + 1)), told(&Line::KeepAlive)]);
    }
}
