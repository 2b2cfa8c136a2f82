//! Tests of the list of gaps.

use stream::gaps::Period;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::cursor::Cursor;
use crate::gaps::Then;

const HOUR: i64 = 3600;

/// Posts can be fetched for three hours, of which one is left for fetching.
const TWO_HOURS: Option<Duration> = Some(Duration::from_secs(3 * 3600));

/// Posts can be fetched after 40 s.
const LATER: Duration = Duration::from_secs(40);

fn at(second: i64) -> UtcTime {
    UtcTime::from_millis(second * 1000).unwrap()
}

/// An interruption of a keyword that ends now, at ten hours.
fn interruption(from: i64, to: i64, heal: bool) -> Interruption {
    let (keyword, from) = ("a".parse().unwrap(), at(from));
    let missing =
        Missing { keyword, since: at(0), from, reposts: true, is_outdated: false, was_collected: true };
    Interruption {
        cause: "cause".to_owned(),
        missing: vec![missing],
        to: at(to),
        heal,
        recoverable: true,
        backfill: None,
        untold: None,
        then: Then::Nothing,
    }
}

/// The state, beginning and end of each record.
fn told(records: &[Record]) -> Vec<(GapState, UtcTime, UtcTime)> {
    let gaps = records.iter().map(|record| match record {
        Record::New(gap) | Record::Grown { after: gap, .. } => gap,
    });
    gaps.map(|gap| (gap.state, gap.from, gap.to)).collect()
}

#[test]
fn what_is_too_old_to_be_fetched_is_open_and_the_rest_waits() {
    let mut list = Worklist::new([], Duration::ZERO);
    let records = list.add(&interruption(7 * HOUR, 10 * HOUR, true), TWO_HOURS, at(10 * HOUR));
    let expected =
        [(GapState::Open, at(7 * HOUR), at(8 * HOUR)), (GapState::Healing, at(8 * HOUR), at(10 * HOUR))];
    assert_eq!(told(&records), expected);
    assert_eq!(list.next(at(10 * HOUR)).unwrap().gap.from, at(8 * HOUR));
    assert!(list.next(at(10 * HOUR)).is_none());
}

#[test]
fn what_is_not_to_be_healed_is_open_for_its_own_reason() {
    let mut list = Worklist::new([], LATER);
    let records = list.add(&interruption(7 * HOUR, 10 * HOUR, false), None, at(10 * HOUR));
    let Record::New(gap) = &records[0] else { panic!("{records:?}") };
    assert_eq!((gap.state, gap.reason.as_deref()), (GapState::Open, Some("cause")));
    assert_eq!(list.next_due(), None);
}

#[test]
fn gaps_that_overlap_become_one() {
    let mut list = Worklist::new([], LATER);
    let first = list.add(&interruption(7 * HOUR, 8 * HOUR, true), None, at(10 * HOUR));
    let second = list.add(&interruption(8 * HOUR, 8 * HOUR + 60, true), None, at(10 * HOUR));
    let Record::New(before) = &first[0] else { panic!("{first:?}") };
    let Record::Grown { before: grown, after } = &second[0] else { panic!("{second:?}") };
    assert_eq!((grown, after.from, after.to), (before, at(7 * HOUR), at(8 * HOUR + 60)));
    assert_eq!(list.next_due(), Some(at(8 * HOUR + 100)));
    assert!(list.next(at(8 * HOUR + 99)).is_none(), "search would not find all of it yet");
    assert_eq!(list.next(at(8 * HOUR + 100)).unwrap().gap, *after);
    assert_eq!(list.next_due(), None);
}

#[test]
fn what_overlaps_a_gap_that_is_being_fetched_begins_at_its_end() {
    let mut list = Worklist::new([], LATER);
    list.add(&interruption(7 * HOUR, 8 * HOUR, true), None, at(8 * HOUR));
    let fetching = list.next(at(9 * HOUR)).unwrap();
    let overlapping = interruption(8 * HOUR - 30, 9 * HOUR, true);
    let records = list.add(&overlapping, None, at(9 * HOUR));
    let end = at(8 * HOUR).after(Duration::from_millis(1));
    assert_eq!(told(&records), [(GapState::Healing, end, at(9 * HOUR))]);
    // Also when it waits to go on.
    let left = Some(Period { from: at(7 * HOUR), to: at(7 * HOUR + 60) });
    let due = at(10 * HOUR);
    let gap = Gap { left, ..fetching.gap };
    list.healed(Healed::Later(Box::new(Work::new(gap, due))));
    let records = list.add(&interruption(7 * HOUR + 30, 8 * HOUR, true), None, at(9 * HOUR));
    assert_eq!(records, []);
    assert_eq!(list.next(at(9 * HOUR + 40)).unwrap().gap.from, end);
    assert_eq!(list.next_due(), Some(due));
}

#[test]
fn no_more_wait_than_may_and_then_one_covers_the_time_between() {
    let mut list = Worklist::new([], LATER);
    let mut records = Vec::new();
    for number in 0..=WAITING as i64 {
        // They do not touch.
        records = list.add(&interruption(2 * number, 2 * number + 1, true), None, at(100_000));
    }
    assert_eq!(list.waiting.len(), WAITING);
    let Record::Grown { before, after } = &records[0] else { panic!("{records:?}") };
    assert_eq!((before.to, after.to), (at(2 * WAITING as i64 - 1), at(2 * WAITING as i64 + 1)));
    let mut another = interruption(0, 1, true);
    another.missing[0].keyword = "b".parse().unwrap();
    assert_eq!(told(&list.add(&another, None, at(100_000)))[0].0, GapState::Open);
}

#[test]
fn a_stream_that_keeps_breaking_does_not_put_healing_off_for_ever() {
    let mut list = Worklist::new([], LATER);
    let mut healed = Vec::new();
    for second in (0..900).step_by(25) {
        list.add(&interruption((second - 30).max(0), second.max(1), true), None, at(second));
        while let Some(work) = list.next(at(second)) {
            healed.push((work.gap.from, work.gap.to));
            list.healed(Healed::Finished);
        }
    }
    assert!(healed.len() >= 2, "{healed:?}");
    assert!(healed.windows(2).all(|two| two[0].1 < two[1].0), "nothing is fetched twice: {healed:?}");
}

#[test]
fn while_the_source_rejects_requests_one_gap_finds_out_when_it_does_not() {
    let mut list = Worklist::new([], LATER);
    list.add(&interruption(100, 200, true), None, at(200));
    let mut other = interruption(100, 200, true);
    other.missing[0].keyword = "b".parse().unwrap();
    list.add(&other, None, at(200));
    let first = list.next(at(300)).unwrap();
    list.healed(Healed::Refused(Box::new(Work::new(first.gap.clone(), at(4000)))));
    assert!(list.next(at(3999)).is_none());
    assert_eq!(list.next_due(), Some(at(4000)));
    assert_eq!(list.next(at(4000)).unwrap().gap.keyword.as_str(), "b", "another one is tried");
    list.healed(Healed::Finished);
    assert_eq!(list.next(at(4000)).unwrap().gap, first.gap);
}

/// An interruption that ends with a connection, on which the source delivers again what was written since `from`.
fn backfilled(from: i64, to: i64) -> (Interruption, CancellationToken) {
    let connection = CancellationToken::new();
    let cursor = Cursor::new(at(to));
    let backfill = Backfill { from: at(from), connected: at(to), connection: connection.clone(), cursor };
    (Interruption { backfill: Some(backfill), ..interruption(from, to, true) }, connection)
}

#[test]
fn what_the_source_delivers_by_itself_is_due_a_minute_after_the_connection_began() {
    let mut list = Worklist::new([], LATER);
    let (mut interruption, _connection) = backfilled(100, 200);
    for keyword in ["a", "b", "c"] {
        interruption.missing[0].keyword = keyword.parse().unwrap();
        list.add(&interruption, None, at(200));
    }
    list.add(&self::interruption(50, 90, true), None, at(200));
    assert_eq!(list.next(at(259)).unwrap().gap.from, at(50), "others are healed meanwhile");
    assert!(list.next(at(259)).is_none());
    let due = std::iter::from_fn(|| list.next(at(260)));
    assert_eq!(due.filter(|work| work.backfilled.is_some()).count(), 3);
}

#[test]
fn what_a_short_connection_did_not_deliver_again_the_next_one_does() {
    let mut list = Worklist::new([], LATER);
    let (first, connection) = backfilled(100, 200);
    list.add(&first, None, at(200));
    connection.cancel();
    let (mut second, connection) = backfilled(180, 230);
    second.backfill.iter_mut().for_each(|backfill| backfill.from = at(90));
    list.add(&second, None, at(230));
    assert!(list.waiting.iter().all(|work| work.due == at(290) && work.backfilled.is_some()));
    // One that covers nothing of it: then all of it is fetched at once.
    connection.cancel();
    let third = list.add(&interruption(215, 240, true), None, at(240));
    assert!(matches!(&third[..], [Record::Grown { .. }]), "{third:?}");
    assert!(list.waiting.iter().all(|work| work.backfilled.is_none()));
}

#[test]
fn what_the_source_refuses_to_a_history_delays_no_other_gap() {
    let mut list = Worklist::new([], LATER);
    let history =
        |until| History { since: at(0), until: at(until), max_posts: None, order: Default::default() };
    for until in [100, 101] {
        list.add_history(&"a".parse().unwrap(), history(until), true);
    }
    let work = list.next(at(300)).unwrap();
    list.healed(Healed::Refused(Box::new(Work::new(work.gap, at(4000)))));
    assert!(list.next(at(3999)).is_none(), "one history finds out for all");
    list.add(&interruption(100, 200, true), None, at(300));
    assert_eq!(list.next_due(), Some(at(240)));
    assert!(list.next(at(300)).unwrap().gap.history.is_none());
    list.healed(Healed::Finished);
    assert_eq!(list.next_due(), Some(at(4000)), "that said nothing about histories");
}
