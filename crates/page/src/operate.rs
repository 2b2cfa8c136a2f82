//! What an operator looks at: dead letters, checks, receipts, keys, and what runs.

use askama::Template;
use serde::Deserialize;
use utc_time::UtcTime;

use crate::frame::{Frame, Rendered, Tab, framed};
use crate::stream::Compliance;
use crate::words;

/// The API's answer to `GET /deadLetters`.
#[derive(Clone, Debug, Deserialize)]
pub struct DeadLetters {
    /// About how many there are.
    pub count: u64,
    /// Those that are visible now.
    pub letters: Vec<Letter>,
}

/// A message that could not be stored.
#[derive(Clone, Debug, Deserialize)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// The keyword of its posts.
    pub keyword: Option<String>,
    /// The ids of its posts.
    pub posts: Vec<String>,
    /// Why it could not be stored.
    pub reason: Option<String>,
    /// Since when it is there.
    pub since: UtcTime,
    /// Its size.
    pub bytes: u64,
}

/// The API's answer to `GET /forgotten`.
#[derive(Clone, Debug, Deserialize)]
pub struct Forgotten {
    /// What is forgotten, or was.
    pub receipts: Vec<Receipt>,
}

/// A receipt.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Its id.
    pub id: String,
    /// The keyword; everything if absent.
    pub keyword: Option<String>,
    /// `underWay` or `done`.
    pub state: String,
    /// When it began.
    pub begun_at: UtcTime,
    /// What was deleted.
    pub deleted: Deleted,
}

/// What was deleted.
#[derive(Clone, Debug, Deserialize)]
pub struct Deleted {
    /// Posts.
    pub posts: u64,
}

/// An API key, of which only the name is known.
#[derive(Clone, Debug)]
pub struct KeyName {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scope: &'static str,
    /// When it was made.
    pub created: UtcTime,
}

/// The API keys, as far as the reader may know of them.
#[derive(Clone, Debug)]
pub enum KeyNames {
    /// None is required.
    NotRequired,
    /// The reader's own only reads, so it does not see the others.
    Hidden,
    /// All.
    Shown(Vec<KeyName>),
}

/// What the view shows.
#[derive(Debug)]
pub struct Operate<'a> {
    /// Messages that could not be stored.
    pub dead_letters: &'a DeadLetters,
    /// What was forgotten.
    pub forgotten: &'a Forgotten,
    /// Checking what was taken back.
    pub compliance: Option<&'a Compliance>,
    /// The keys.
    pub keys: &'a KeyNames,
    /// The version of the program.
    pub version: &'a str,
    /// The time.
    pub now: UtcTime,
}

#[derive(Template)]
#[template(path = "operate.html")]
struct View<'a> {
    frame: &'a Frame,
    operate: &'a Operate<'a>,
}

impl Operate<'_> {
    /// The page.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn page(&self, frame: &Frame) -> Rendered {
        framed(frame, "Operate", Tab::Operate, &View { frame, operate: self })
    }
}
