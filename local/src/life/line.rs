//! The line as a text: what the API answers goes in.

use std::fmt::Write as _;

use page::now;
use page::stream::Stream;
use page::words;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::screen::Look;

/// What stands for the rest of a text that is cut. Not `…`, which some terminals show two columns wide.
const CUT: &str = "...";

/// What `GET /stream` answers, or why it does not, as one line. It is at most as wide as `look` says: figures that do not
/// fit whole are left out, the last ones first; a reason is cut.
pub(super) fn line(stream: Result<&Stream, &String>, made_up: bool, look: Look) -> String {
    let (colour, word, reason, figures) = match stream {
        Ok(stream) => {
            let state = now::state(stream);
            (colour(state.look), state.word, stream.reason.as_deref(), figures(stream, made_up))
        }
        Err(reason) => (RED, "The stream's state cannot be read", Some(reason.as_str()), Vec::new()),
    };
    let mut text = match reason {
        Some(reason) => cut(&format!("{word} ({})", printable(reason)), look.columns),
        None => cut(word, look.columns),
    };
    for (index, figure) in figures.iter().enumerate() {
        let figure = format!("{}{figure}", if index == 0 { ": " } else { ", " });
        if width(&text) + width(&figure) > look.columns {
            break;
        }
        text.push_str(&figure);
    }
    match text.strip_prefix(word) {
        Some(rest) if look.in_colour => format!("{colour}{word}{PLAIN}{rest}"),
        _ => text,
    }
}

/// How the state is shown. <https://www.ecma-international.org/publications-and-standards/standards/ecma-48/>
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

fn colour(look: &str) -> &'static str {
    match look {
        "good" => GREEN,
        "busy" => YELLOW,
        "bad" => RED,
        _ => PLAIN,
    }
}

/// The figures, the most important first. Rate and lag are left out unless posts arrive: they would be those of before.
fn figures(stream: &Stream, made_up: bool) -> Vec<String> {
    let mut figures = Vec::new();
    if !stream.keywords.is_empty() {
        figures.push(words::count(stream.keywords.len() as u64, "keyword"));
    }
    if let Some(report) = &stream.report
        && stream.state == "running"
        && !stream.keywords.is_empty()
    {
        figures.push(format!("{} posts/s", words::rate(report.posts_per_second)));
        if let Some(lag) = report.lag_ms {
            figures.push(format!("lag {} s", words::rate(lag as f64 / 1000.0)));
        }
    }
    figures.push(match (stream.missing_gaps("open") as u64, stream.missing_gaps("healing") as u64) {
        (0, 0) => "no gaps".to_owned(),
        (0, healing) => format!("{} healing", words::count(healing, "gap")),
        (open, 0) => words::count(open, "open gap"),
        (open, healing) => format!("{}, {} healing", words::count(open, "open gap"), words::number(healing)),
    });
    let dollars = words::dollars(stream.today.dollars);
    figures.push(if made_up { format!("{dollars} at X's prices") } else { format!("{dollars} today") });
    figures
}

/// A text of others on one line, with nothing that a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The text if it fits, otherwise as much of it as fits with [`CUT`].
fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let rest: String = CUT.chars().take(columns).collect();
    let mut kept = text.to_owned();
    while width(&kept) + rest.len() > columns && kept.pop().is_some() {}
    // Writing to a String cannot fail.
    let _ = write!(kept, "{rest}");
    kept
}

/// How many columns a text takes at most: some terminals draw an emoji of several characters as one, others each.
fn width(text: &str) -> usize {
    let of_each: usize = text.chars().filter_map(char::width).sum();
    text.width().max(of_each)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A stream that runs, with `changes` to what the API answers.
    fn stream(changes: Value) -> Stream {
        let keyword = |name: &str| json!({ "keyword": name, "startedAt": "2026-11-27T10:00:00Z", "reposts": true, "today": { "posts": 1, "dollars": 0.01 } });
        let spending = json!({ "posts": 246, "dollars": 1.23 });
        let mut answer = json!({
            "source": "x", "sources": [{ "source": "x", "state": "running" }], "state": "running", "keywords": [keyword("rust"), keyword("crab")], "today": spending, "thisMonth": spending,
            "report": { "postsPerSecond": 20.06, "lagMs": 420 }, "ongoing": [], "gaps": [],
        });
        answer.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(answer).unwrap()
    }

    fn gaps(states: &[&str]) -> Value {
        let gap = |state: &&str| json!({ "keyword": "rust", "from": "2026-11-27T10:00:00Z", "to": "2026-11-27T10:01:00Z", "cause": "the connection was lost", "state": state });
        json!({ "gaps": states.iter().map(gap).collect::<Vec<_>>() })
    }

    fn paused(waiting_for: &str, reason: &str) -> Stream {
        stream(json!({ "state": "paused", "reason": reason, "report": { "waitingFor": waiting_for } }))
    }

    fn shown(stream: &Stream, columns: usize) -> String {
        line(Ok(stream), false, Look { columns, in_colour: false })
    }

    #[test]
    fn each_state_is_told() {
        let budget = "budget: 10000 posts were read today (UTC); reading goes on at 2026-11-28T00:00:00.000Z";
        for (stream, expected) in [
            (stream(json!({})), "Running: 2 keywords, 20.1 posts/s, lag 0.4 s, no gaps, $1.23 today"),
            (stream(json!({ "report": null })), "Running: 2 keywords, no gaps, $1.23 today"),
            (stream(json!({ "state": "starting" })), "Starting: 2 keywords, no gaps, $1.23 today"),
            (
                stream(json!({ "state": "reconnecting", "reason": "the connection was lost" })),
                "Reconnecting (the connection was lost): 2 keywords, no gaps, $1.23 today",
            ),
            (
                stream(gaps(&["healing", "closed"])),
                "Running: 2 keywords, 20.1 posts/s, lag 0.4 s, 1 gap healing, $1.23 today",
            ),
            (
                stream(gaps(&["open", "healing", "open", "abandoned"])),
                "Running: 2 keywords, 20.1 posts/s, lag 0.4 s, 2 open gaps, 1 healing, $1.23 today",
            ),
            (
                paused("budget", budget),
                "Paused at the budget (budget: 10000 posts were read today (UTC); reading goes on at 2026-11-28T00:00:00.000Z): 2 keywords, no gaps, $1.23 today",
            ),
            (
                stream(json!({ "state": "failed", "reason": "no token" })),
                "Failed (no token): 2 keywords, no gaps, $1.23 today",
            ),
            (
                stream(json!({ "state": "stopped", "keywords": [], "report": null })),
                "Nothing is collected: no gaps, $1.23 today",
            ),
        ] {
            assert_eq!(shown(&stream, 200), expected);
        }
        let failed = line(Err(&"no table".to_owned()), false, Look { columns: 200, in_colour: false });
        assert_eq!(failed, "The stream's state cannot be read (no table)");
    }

    #[test]
    fn what_does_not_fit_is_left_out_or_cut() {
        let (running, paused) =
            (stream(json!({})), paused("credits", "X asks to be paid: no credits are left"));
        let failed = stream(json!({ "state": "failed", "reason": "日本語の理由" }));
        for (columns, stream, expected) in [
            (20, &running, "Running: 2 keywords"),
            (40, &running, "Running: 2 keywords, 20.1 posts/s"),
            (66, &running, "Running: 2 keywords, 20.1 posts/s, lag 0.4 s, no gaps, $1.23 today"),
            (65, &running, "Running: 2 keywords, 20.1 posts/s, lag 0.4 s, no gaps"),
            (20, &paused, "Out of credits (X..."),
            (40, &paused, "Out of credits (X asks to be paid: no..."),
            (80, &paused, "Out of credits (X asks to be paid: no credits are left): 2 keywords, no gaps"),
            // Each of these characters takes two columns.
            (20, &failed, "Failed (日本語の..."),
            (21, &failed, "Failed (日本語の理由)"),
            (0, &failed, ""),
            (2, &failed, ".."),
        ] {
            assert_eq!(shown(stream, columns), expected, "{columns}");
        }
    }

    #[test]
    fn made_up_posts_cost_nothing_here() {
        let look = Look { columns: 79, in_colour: false };
        let made_up = line(Ok(&stream(json!({}))), true, look);
        assert_eq!(made_up, "Running: 2 keywords, 20.1 posts/s, lag 0.4 s, no gaps, $1.23 at X's prices");
    }

    #[test]
    fn only_the_state_has_a_colour_and_a_reason_none() {
        let failed = stream(json!({ "state": "failed", "reason": "\u{1b}[2Jno\ntoken" }));
        let look = Look { columns: 34, in_colour: true };
        assert_eq!(line(Ok(&failed), false, look), "\u{1b}[31mFailed\u{1b}[0m ( [2Jno token): 2 keywords");
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(reason in ".{0,60}", columns in 0_usize..100) {
            let stream = stream(json!({ "state": "failed", "reason": reason }));
            let shown = shown(&stream, columns);
            proptest::prop_assert!(width(&shown) <= columns, "{shown:?}");
            proptest::prop_assert!(!shown.contains(char::is_control), "{shown:?}");
        }
    }
}
