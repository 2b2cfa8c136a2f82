//! What is around every view: its title, the navigation, who is signed in.

use std::time::Duration;

use askama::Template;

use crate::assets;

/// What a view is shown in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Whether keys are required, and so whether one can sign out.
    pub signed_in: bool,
    /// Whether what changes something is offered: the key has the scope `control`, or none is required.
    pub may_control: bool,
    /// How often a view that is followed is looked at again.
    pub look_every: Duration,
}

/// A part of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What runs now.
    Now,
    /// The posts.
    Browse,
    /// The charts.
    Charts,
    /// What an operator looks at.
    Operate,
    /// None of them.
    Other,
}

impl Tab {
    const SHOWN: [(Self, &'static str, &'static str); 4] = [
        (Self::Now, "/", "Now"),
        (Self::Browse, "/browse", "Browse"),
        (Self::Charts, "/charts", "Charts"),
        (Self::Operate, "/operate", "Operate"),
    ];
}

/// A page's HTML.
pub type Rendered = Result<String, askama::Error>;

#[derive(Template)]
#[template(path = "frame.html")]
struct Framed<'a> {
    frame: &'a Frame,
    title: &'a str,
    tab: Tab,
    tabs: [(Tab, &'static str, &'static str); 4],
    style: &'static str,
    script: &'static str,
    content: &'a str,
}

/// A whole page around the HTML of a view.
///
/// # Errors
/// None that a view could cause.
pub fn framed(frame: &Frame, title: &str, tab: Tab, content: &impl Template) -> Rendered {
    let content = content.render()?;
    let [style, script] = [&assets::STYLE, &assets::SCRIPT].map(|asset| asset.path());
    Framed { frame, title, tab, tabs: Tab::SHOWN, style, script, content: &content }.render()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    title: &'a str,
    detail: &'a str,
    back: &'a str,
}

/// A page that says what went wrong, with a link `back`.
///
/// # Errors
/// None that a problem could cause.
pub fn problem(frame: &Frame, title: &str, detail: &str, back: &str) -> Rendered {
    framed(frame, title, Tab::Other, &Problem { title, detail, back })
}
