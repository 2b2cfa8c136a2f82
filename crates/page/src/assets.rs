//! The page's style and script, compiled in. Their addresses hold a hash of their content, so browsers keep them for good.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

/// A file that a page loads.
#[derive(Debug)]
pub struct Asset {
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub content: &'static str,
    path: LazyLock<String, fn() -> String>,
}

impl Asset {
    /// The path under which it is served.
    #[must_use]
    pub fn path(&'static self) -> &'static str {
        &self.path
    }
}

const STYLE_TEXT: &str = include_str!("../assets/page.css");
const SCRIPT_TEXT: &str = include_str!("../assets/page.js");

/// The style of all pages.
pub static STYLE: Asset = Asset {
    media_type: "text/css; charset=utf-8",
    content: STYLE_TEXT,
    path: LazyLock::new(|| format!("/assets/page-{}.css", fingerprint(STYLE_TEXT))),
};

/// The script of all pages, without which everything works too.
pub static SCRIPT: Asset = Asset {
    media_type: "text/javascript; charset=utf-8",
    content: SCRIPT_TEXT,
    path: LazyLock::new(|| format!("/assets/page-{}.js", fingerprint(SCRIPT_TEXT))),
};

/// The icon: a bird on a wire.
pub const ICON: &str = include_str!("../assets/icon.svg");

/// The asset at this path.
#[must_use]
pub fn at(path: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT].into_iter().find(|asset| asset.path() == path)
}

/// Sixteen hexadecimal digits that change with the content.
fn fingerprint(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_stays_small() {
        assert!(SCRIPT_TEXT.len() < 12 * 1024, "{} bytes", SCRIPT_TEXT.len());
    }
}
