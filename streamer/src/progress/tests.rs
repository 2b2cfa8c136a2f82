//! What is reported, and when.

use super::*;
use crate::meter::Budgets;

fn at(second: i64) -> UtcTime {
    UtcTime::from_millis(second * 1000).unwrap()
}

fn progress(budget: Option<u64>) -> Progress {
    let budgets = Budgets { a_day: budget, a_month: None };
    let meter = Meter::new(stream::reading::Metered::default(), budgets, at(0));
    Progress::new(meter, Prices::default(), OptedOut::default(), at(0))
}

#[test]
fn rates_are_those_since_the_last_report() {
    let progress = progress(Some(9));
    let rust: Keyword = "rust".parse().unwrap();
    let first = progress.report(None, None, at(0));
    for _ in 0..30 {
        progress.post_read(at(5));
    }
    progress.sent(&rust, 20, Some(at(5)), at(7));
    let second = progress.report(Some(&first), None, at(10));
    assert_eq!((second.posts_per_second, second.posts_read), (3.0, 30));
    let traffic = second.keywords[&rust];
    assert_eq!((traffic.posts, traffic.posts_per_second, traffic.queue_lag_ms), (20, 2.0, Some(2000)));
    assert_eq!(progress.report(Some(&second), None, at(20)).posts_per_second, 0.0);
}

#[test]
fn lag_is_until_a_post_can_be_found() {
    let progress = progress(None);
    let rust: Keyword = "rust".parse().unwrap();
    let lag = |storing: Option<(i64, u64)>, now| {
        let storing = storing.map(|(stored, queue_ms)| Storing { at: at(stored), queue_ms });
        progress.report(None, storing.as_ref(), at(now)).lag_ms
    };
    assert_eq!(lag(None, 0), None);
    progress.sent(&rust, 1, Some(at(8)), at(10));
    assert_eq!(lag(None, 11), Some(2000), "it is on its way");
    assert_eq!(lag(Some((11, 500)), 12), Some(2500), "it was stored, after half a second on the queue");
    // Posts that healing fetches are old by nature, and say nothing about the stream.
    progress.sent(&rust, 1, None, at(100));
    assert_eq!(lag(Some((11, 500)), 160), Some(62_000), "it waits, and nobody stores anything");
    assert_eq!(lag(Some((170, 70_000)), 171), Some(72_000), "it has been stored at last");
    progress.sent(&rust, 1, Some(at(200)), at(200));
    assert_eq!(lag(Some((201, 100)), 300), Some(100), "nothing waits");
    progress.sent(&rust, 1, Some(at(400)), at(400));
    assert_eq!(
        lag(Some((390, 100)), 500),
        Some(100),
        "it may be stored: the consumer does not say so again so soon"
    );
    progress.sent(&rust, 1, Some(at(451)), at(451));
    assert_eq!(lag(Some((390, 100)), 500), Some(100_000), "it waits, and perhaps the one before it too");
}

#[test]
fn it_says_that_posts_are_missing_until_a_gap_does() {
    let progress = progress(None);
    let missing = || {
        let report = progress.report(None, None, at(9));
        let interruption = report.interruption.map(|Interruption { from, cause }| (from, cause));
        assert_eq!(report.missing_from, interruption.as_ref().map(|(from, _)| *from));
        interruption
    };
    assert_eq!(missing(), None);
    let (later, earlier) = (progress.missing(at(5), "dropped"), progress.missing(at(3), "silent"));
    assert_eq!(missing(), Some((at(3), "silent".to_owned())));
    drop(earlier);
    assert_eq!(missing(), Some((at(5), "dropped".to_owned())));
    drop(later);
    assert_eq!(missing(), None);
}

#[test]
fn no_more_keywords_are_told_of_than_fit_and_the_busiest_stay() {
    let progress = progress(None);
    let keyword = |number: usize| format!("k{number}").parse::<Keyword>().unwrap();
    progress.sent(&keyword(0), 2, Some(at(0)), at(0));
    for number in 1..=StreamReport::KEYWORDS {
        progress.sent(&keyword(number), 1, Some(at(0)), at(0));
    }
    let keywords = progress.report(None, None, at(0)).keywords;
    assert_eq!(keywords.len(), StreamReport::KEYWORDS);
    assert!(keywords.contains_key(&keyword(0)) && keywords.contains_key(&keyword(StreamReport::KEYWORDS)));
}
