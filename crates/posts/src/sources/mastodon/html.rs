//! The text of HTML.

use std::collections::BTreeMap;

use html5gum::{EndTag, HtmlString, Spanned, StartTag, Token, Tokenizer};

/// The text of HTML, with a blank line between paragraphs and a line for each line break, and the anchors in it. No tree is built of the
/// tags, so HTML that is nested to slow its reader down does not.
#[derive(Debug, Default)]
pub(super) struct Html {
    pub(super) text: String,
    pub(super) anchors: Vec<Anchor>,
}

/// A part of the text that leads somewhere.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) address: String,
    pub(super) kind: AnchorKind,
    /// The part of its text that is to be shown.
    pub(super) shown: String,
    /// Its text.
    pub(super) written: String,
    /// Where it begins and ends in the text, in code points.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What an anchor stands for, by its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnchorKind {
    Hashtag,
    Mention,
    Link,
}

/// An anchor that has not ended, and where it begins in bytes.
struct Open {
    anchor: Anchor,
    from: usize,
    /// What surrounds its text: servers hide the beginning and the end of long addresses.
    is_hidden: bool,
    is_shortened: bool,
}

type Attributes = BTreeMap<HtmlString, Spanned<HtmlString, ()>>;

fn attribute(attributes: &Attributes, name: &[u8]) -> String {
    attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

impl Html {
    /// Reads HTML.
    pub(super) fn read(html: &str) -> Self {
        let mut read = Self { text: String::with_capacity(html.len()), anchors: Vec::new() };
        let mut open: Option<Open> = None;
        // Reading from memory cannot fail.
        for Ok(token) in Tokenizer::new(html) {
            match token {
                Token::String(piece) => {
                    let piece = String::from_utf8_lossy(&piece);
                    read.text.push_str(&piece);
                    if let Some(open) = open.as_mut().filter(|open| !open.is_hidden) {
                        open.anchor.shown.push_str(&piece);
                    }
                }
                Token::StartTag(StartTag { name, attributes, .. }) => {
                    match (name.as_slice(), open.as_mut()) {
                        (b"a", _) => {
                            read.end_anchor(open.take());
                            open = Some(Open::new(&attributes, read.text.len()));
                        }
                        (b"span", Some(open)) => {
                            let class = attribute(&attributes, b"class");
                            open.is_hidden = class == "invisible";
                            open.is_shortened |= class == "ellipsis";
                        }
                        (name, _) => read.end_line(name),
                    }
                }
                Token::EndTag(EndTag { name, .. }) => match (name.as_slice(), open.as_mut()) {
                    (b"a", _) => read.end_anchor(open.take()),
                    (b"span", Some(open)) => open.is_hidden = false,
                    (name, _) => read.end_line(name),
                },
                _ => {}
            }
        }
        read.end_anchor(open);
        read.trim();
        read
    }

    /// Puts a text before this one.
    pub(super) fn put_before(&mut self, text: &str) {
        self.text.insert_str(0, text);
        let by = text.chars().count();
        for anchor in &mut self.anchors {
            anchor.start += by;
            anchor.end += by;
        }
    }

    /// Ends the line before or after a tag that stands for a block.
    fn end_line(&mut self, name: &[u8]) {
        let ends = match name {
            b"br" => {
                self.text.push('\n');
                return;
            }
            b"li" | b"tr" => "\n",
            b"p" | b"blockquote" | b"pre" | b"ul" | b"ol" | b"table" => "\n\n",
            _ => return,
        };
        while !self.text.is_empty() && !self.text.ends_with(ends) {
            self.text.push('\n');
        }
    }

    /// Takes in an anchor that ends here.
    fn end_anchor(&mut self, open: Option<Open>) {
        let Some(Open { mut anchor, from, is_shortened, .. }) = open else { return };
        anchor.written = self.text.get(from..).unwrap_or_default().to_owned();
        if is_shortened {
            anchor.shown.push('…');
        }
        anchor.start = self.text.get(..from).unwrap_or_default().chars().count();
        anchor.end = anchor.start + anchor.written.chars().count();
        if !anchor.written.trim().is_empty() && !anchor.address.is_empty() {
            self.anchors.push(anchor);
        }
    }

    /// Takes off the white space around the text.
    fn trim(&mut self) {
        let before = self.text.chars().take_while(|c| c.is_whitespace()).count();
        self.text = self.text.trim().to_owned();
        let length = self.text.chars().count();
        for anchor in &mut self.anchors {
            anchor.start = anchor.start.saturating_sub(before);
            anchor.end = anchor.end.saturating_sub(before).min(length);
        }
    }
}

impl Open {
    fn new(attributes: &Attributes, from: usize) -> Self {
        let class = attribute(attributes, b"class");
        let has = |word: &str| class.split_ascii_whitespace().any(|part| part == word);
        let kind = if has("hashtag") {
            AnchorKind::Hashtag
        } else if has("mention") {
            AnchorKind::Mention
        } else {
            AnchorKind::Link
        };
        let address = attribute(attributes, b"href");
        let anchor = Anchor { address, kind, shown: String::new(), written: String::new(), start: 0, end: 0 };
        Self { anchor, from, is_hidden: false, is_shortened: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_text() {
        for (html, text) in [
            ("<p>one<br>two</p><p>three &amp; <em>four</em></p>", "one\ntwo\n\nthree & four"),
            (
                r#"<p><a href="https://m.example/tags/rust" class="mention hashtag" rel="tag">#<span>rust</span></a> 🦀</p>"#,
                "#rust 🦀",
            ),
            ("", ""),
            ("<p>a</p><ul><li>b</li><li>c &lt;br&gt;</li></ul>d<br/><br>e", "a\n\nb\nc <br>\n\nd\n\ne"),
            ("<p>never ended <a href=\"x", "never ended"),
        ] {
            assert_eq!(Html::read(html).text, text);
        }
        let long = "word ".repeat(2000);
        assert_eq!(Html::read(&format!("<p>{long}</p>")).text, long.trim());
        let deep = "<b>".repeat(100_000);
        assert_eq!(Html::read(&format!("{deep}x")).text, "x");
        let deep = "<div>".repeat(100_000);
        assert_eq!(Html::read(&format!("{deep}x")).text, "x");
    }

    #[test]
    fn anchors_are_found_where_they_stand() {
        let html = r#"<p> é <a href="https://m.example/tags/Rust" class="mention hashtag" rel="tag">#<span>Rust</span></a>
            <span class="h-card"><a href="https://m.example/@ada" class="u-url mention">@<span>ada</span></a></span></p><p>
            <a href="https://pages.example/a/long/one" rel="nofollow"><span class="invisible">https://</span><span class="ellipsis">pages.example/a</span><span class="invisible">/long/one</span></a>
            <a href="x"> </a><a>nowhere</a> <a href="https://open.example">open"#;
        let read = Html::read(html);
        let found = |anchor: &Anchor| -> String {
            read.text.chars().skip(anchor.start).take(anchor.end - anchor.start).collect()
        };
        let anchors: Vec<_> =
            read.anchors.iter().map(|anchor| (anchor.kind, found(anchor), anchor.shown.as_str())).collect();
        let expected = [
            (AnchorKind::Hashtag, "#Rust", "#Rust"),
            (AnchorKind::Mention, "@ada", "@ada"),
            (AnchorKind::Link, "https://pages.example/a/long/one", "pages.example/a…"),
            (AnchorKind::Link, "open", "open"),
        ];
        assert_eq!(anchors, expected.map(|(kind, text, shown)| (kind, text.to_owned(), shown)));
    }
}
