//! The meter and its budgets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn at(second: i64) -> UtcTime {
    UtcTime::from_millis(second * 1000).unwrap()
}

/// A meter on which `posts` were read at `now`.
fn meter(budget: Option<u64>, posts: u64, now: UtcTime) -> Meter {
    of_days(BTreeMap::from([(now.day(), posts)]), budget)
}

/// A meter with a daily budget, on which these posts were read.
fn of_days(posts_by_day: BTreeMap<String, u64>, budget: Option<u64>) -> Meter {
    let metered = Metered { posts_by_day, ..Metered::default() };
    Meter::new(metered, Budgets { a_day: budget, a_month: None }, at(0))
}

/// A post that was not read before.
fn new() -> Head {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000);
    by(NEXT.fetch_add(1, Ordering::Relaxed), None)
}

fn by(id: u64, author: Option<&str>) -> Head {
    let post = serde_json::json!({
        "tweetId": id.to_string(), "createDate": "2026-11-23T10:00:00Z", "text": "", "authorId": author,
    });
    Head::from(&serde_json::from_value::<posts::Post>(post).unwrap())
}

#[test]
fn the_budget_is_a_days_and_survives_the_reader() {
    let noon = at(12 * 3600);
    let first = meter(Some(3), 2, noon);
    assert!(!first.is_used_up(noon));
    let budgets = |a_day| Budgets { a_day, a_month: None };
    let next = Meter::new(first.metered(noon), budgets(Some(3)), noon);
    next.count(&new(), noon);
    assert!(next.is_used_up(noon));
    assert!(!next.is_used_up(noon.start_of_next_day()));
    assert!(!Meter::new(next.metered(noon), budgets(None), noon).is_used_up(noon));
}

#[test]
fn what_is_asked_for_counts_until_it_has_come() {
    let noon = at(12 * 3600);
    let meter = meter(Some(300), 250, noon);
    let mut page = meter.allow(10, 100, noon).unwrap();
    assert_eq!(page.posts(), 20, "a tenth of the budget is the stream's");
    assert!(!meter.is_used_up(noon), "which goes on meanwhile");
    for _ in 0..30 {
        meter.count(&new(), noon);
    }
    assert!(meter.is_used_up(noon), "but does not read what has been asked for");
    assert!(meter.allow(1, 1, noon).is_none());
    page.spend(&new(), noon);
    assert!(meter.is_used_up(noon), "nor what has come of it");
    drop(page);
    assert_eq!((meter.today(noon), meter.is_used_up(noon)), (281, false));
}

#[test]
fn a_page_is_asked_for_if_the_budget_has_enough_for_one() {
    let noon = at(12 * 3600);
    let nearly_used_up = meter(Some(300), 265, noon);
    assert!(nearly_used_up.allow(10, 100, noon).is_none(), "X gives no page of five");
    assert_eq!(nearly_used_up.allow(5, 100, noon).unwrap().posts(), 5);
    assert_eq!(meter(None, 0, noon).allow(10, 100, noon).unwrap().posts(), 100);
    let too_small = |budget| meter(Some(budget), 0, noon).too_small_for(10);
    assert_eq!((too_small(10), too_small(11)), (Some(10), None));
}

#[test]
fn more_than_was_asked_for_is_counted_too() {
    let noon = at(12 * 3600);
    let meter = meter(None, 0, noon);
    let mut page = meter.allow(1, 1, noon).unwrap();
    page.spend(&new(), noon);
    page.spend(&new(), noon);
    drop(page);
    assert_eq!(meter.today(noon), 2);
}

#[test]
fn a_clock_that_goes_wrong_neither_frees_nor_uses_up_a_days_budget() {
    let (today, tomorrow) = (at(12 * 3600), at(36 * 3600));
    let meter = of_days(BTreeMap::from([(today.day(), 2), (tomorrow.day(), 3)]), Some(3));
    assert!(meter.is_used_up(tomorrow));
    assert!(!meter.is_used_up(today), "set back, the clock finds its day as it was left");
    meter.count(&new(), today);
    assert!(meter.is_used_up(today));
    for year in 1..9 {
        meter.count(&new(), at(year * 365 * 24 * 3600));
    }
    meter.count(&new(), today);
    assert!(meter.metered(today).posts_by_day.len() <= sums::DAYS);
}

#[test]
fn a_post_counts_once_a_day_however_it_comes() {
    let noon = at(12 * 3600);
    let meter = meter(None, 0, noon);
    let id = new();
    meter.count(&id, noon);
    meter.count(&id, noon);
    let mut page = meter.allow(1, 10, noon).unwrap();
    page.spend(&id, noon);
    assert_eq!((meter.today(noon), meter.this_month(noon)), (1, 1));
    let tomorrow = noon.start_of_next_day();
    page.spend(&id, tomorrow);
    assert_eq!((meter.today(tomorrow), meter.this_month(tomorrow)), (1, 2));
}

#[test]
fn what_the_next_reader_reads_again_is_not_counted_again() {
    let noon = at(12 * 3600);
    let first = meter(None, 0, noon);
    let (earlier, latest) = (new(), new());
    first.count(&earlier, noon);
    first.count(&latest, noon.after(Duration::from_secs(1)));
    let later = noon.after(Duration::from_secs(2));
    let next = Meter::new(first.metered(noon.after(Duration::from_secs(1))), Budgets::default(), later);
    let mut page = next.allow(1, 10, later).unwrap();
    page.spend(&latest, later);
    assert_eq!(next.today(later), 2);
    page.spend(&earlier, later);
    assert_eq!(next.today(later), 3, "nobody reads again what is so old");
}

#[test]
fn a_user_counts_once_a_day_however_many_posts_of_theirs_are_read() {
    let noon = at(12 * 3600);
    let first = meter(None, 0, noon);
    for (post, author) in [(1, Some("7")), (2, Some("7")), (3, Some("8")), (4, None), (5, Some("host:9"))] {
        first.count(&by(post, author), noon);
    }
    assert_eq!((first.today(noon), first.users(noon)), (5, (2, 2)));
    let tomorrow = noon.start_of_next_day();
    let next = Meter::new(first.metered(noon), Budgets::default(), tomorrow);
    next.count(&by(6, Some("7")), tomorrow);
    assert_eq!(next.users(tomorrow), (1, 3));
}

#[test]
fn the_months_budget_ends_reading_until_the_next_month() {
    let noon: UtcTime = "2026-11-29T12:00:00Z".parse().unwrap();
    let budgets = Budgets { a_day: Some(2), a_month: Some(3) };
    let read = Metered { posts_by_month: BTreeMap::from([("2026-11".to_owned(), 1)]), ..Metered::default() };
    let meter = Meter::new(read, budgets, noon);
    meter.count(&new(), noon);
    assert_eq!(meter.used_up(noon), None);
    meter.count(&new(), noon);
    let used_up = meter.used_up(noon).unwrap();
    assert_eq!((used_up, used_up.until(noon).day().as_str()), (UsedUp::Month, "2026-12-01"));
    let next = Meter::new(meter.metered(noon), budgets, noon);
    assert_eq!(
        next.used_up(noon.start_of_next_day()),
        Some(UsedUp::Month),
        "the next day is of the same month"
    );
    assert_eq!(next.used_up(used_up.until(noon)), None);
    let read = Metered { posts_by_day: BTreeMap::from([(noon.day(), 2)]), ..Metered::default() };
    let of_day = Meter::new(read, budgets, noon);
    assert_eq!(of_day.used_up(noon), Some(UsedUp::Day));
}

#[test]
fn what_is_left_beside_the_stream_is_left_of_the_month_too() {
    // 1970-01-02: thirty days of January are left.
    let morning = at(24 * 3600);
    let of = |a_day, a_month| {
        let meter = Meter::new(Metered::default(), Budgets { a_day, a_month }, morning);
        // A post every hour.
        meter.left_beside(|end| end.since(morning).as_secs() / 3600, morning)
    };
    assert_eq!(of(Some(100), Some(1_000)), (76, UsedUp::Day));
    assert_eq!(of(Some(1_000), Some(730)), (10, UsedUp::Month));
    assert_eq!(of(None, Some(700)), (0, UsedUp::Month), "a history must not end the month for the stream");
    assert_eq!(of(None, None).0, u64::MAX - 30 * 24);
}
