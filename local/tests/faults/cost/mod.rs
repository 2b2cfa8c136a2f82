//! What a post costs at AWS, by the calls that are made in virtual time and AWS's price lists. docs/COST.md is made of what these tests print.
#![expect(clippy::print_stdout, reason = "`cargo test` shows it where a test fails, or with `--nocapture`")]

mod bill;
mod month;
mod prices;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local::{Fate, Machine};
use posts::statistics::StatisticsTable;
use utc_time::UtcTime;

use self::bill::{Calls, Line, Used, item_sizes};
use self::prices::CHUNK;
use crate::hours::virtually_for_hours;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// Six in ten of the posts that the stub makes up match the rules. Three in a hundred are edits, within a second of what they edit: sooner than
/// at X, which takes a second transaction for most messages at 50 posts a second.
const MATCHING: f64 = 0.6;

const KEYWORD: &str = "zebra";

/// What was collected in a while, and what it cost.
struct Measured {
    posts: u64,
    bill: BTreeMap<Line, Used>,
}

/// A world in which a keyword is collected, at about so many posts a second.
async fn collecting(data: &std::path::Path, a_second: f64, keep_raw: bool) -> World {
    let settings = Settings { rate: a_second / MATCHING, keep_raw, ..Settings::seed(1) };
    let mut world = World::empty(data, settings).await;
    world.begin(KEYWORD).await;
    world.until("reading has begun", async |world| world.delivered().await > 0).await;
    // By then, the posts written before the start have been fetched.
    world.settled().await;
    world
}

/// Collects for this long, and prints what it took.
async fn measure(world: &World, time: Duration) -> Measured {
    let machine = world.machine.as_ref().unwrap();
    let calls = Arc::new(Mutex::new(Calls::from_now_on(machine).await));
    let noted = Arc::clone(&calls);
    let before = world.delivered().await;
    machine.faults.judge(move |call| {
        noted.lock().unwrap().note(call);
        Fate::Answered
    });
    tokio::time::sleep(time).await;
    machine.faults.end();
    let posts = (world.delivered().await - before) as u64;
    let calls = std::mem::take(&mut *calls.lock().unwrap());
    let messages = &calls.messages;
    let bytes = messages.iter().sum::<usize>();
    println!(
        "{posts} posts in {} messages of {} bytes on average, {} times 64 KiB",
        messages.len(),
        bytes / messages.len(),
        messages.iter().map(|size| size.div_ceil(CHUNK)).sum::<usize>(),
    );
    let bill = calls.bill(machine).await;
    for (line, Used { requests, write_units, read_units, dollars }) in &bill {
        println!(
            "  {line:?}: {requests} requests, {write_units:.0} write units, {read_units:.0} read units: \
             ${:.3} a million posts",
            dollars * 1e6 / posts as f64
        );
    }
    let measured = Measured { posts, bill };
    println!(
        "  all: ${:.2} a million posts, of which ${:.2} for posts",
        measured.a_million(|_| true),
        measured.a_million(Line::is_of_posts)
    );
    measured
}

impl Measured {
    /// What some lines cost for a million posts.
    fn a_million(&self, which: impl Fn(Line) -> bool) -> f64 {
        let lines = self.bill.iter().filter(|(line, _)| which(**line));
        lines.map(|(_, used)| used.dollars).sum::<f64>() * 1e6 / self.posts as f64
    }

    /// What carries a million posts, without publishing their counts.
    fn carrying(&self) -> f64 {
        self.a_million(|line| line.is_of_posts() && line != Line::Publishing)
    }

    /// The requests that carry posts, from the streamer's first to the consumer's last.
    fn requests(&self) -> u64 {
        let carry = |line: Line| line.is_of_posts() && line != Line::Consumer;
        self.bill.iter().filter(|(line, _)| carry(**line)).map(|(_, used)| used.requests).sum()
    }
}

/// Makes this hour's count and the next one's as large as they are in the last minute of an hour.
async fn fill_minutes(machine: &Machine) {
    let client = aws_sdk_dynamodb::Client::new(machine.aws.sdk());
    for hour in [UtcTime::now(), UtcTime::now().after(Duration::from_secs(3600))] {
        let mut update = client
            .update_item()
            .table_name("StatisticsTable")
            .key(StatisticsTable::PARTITION_KEY, AttributeValue::S(KEYWORD.to_owned()))
            .key(StatisticsTable::SORT_KEY, AttributeValue::S(hour.hour()))
            .expression_attribute_values(":c", AttributeValue::N("3000".to_owned()))
            .expression_attribute_values(":s", AttributeValue::N("90".to_owned()));
        let mut additions = Vec::new();
        for (minute, letter) in (0..60).flat_map(|minute| ["c", "s"].map(|letter| (minute, letter))) {
            additions.push(format!("#{letter}{minute} :{letter}"));
            update = update
                .expression_attribute_names(format!("#{letter}{minute}"), format!("{minute:02}{letter}"));
        }
        update.update_expression(format!("ADD {}", additions.join(","))).send().await.unwrap();
    }
}

/// Prints how large posts are in the table, and asserts that most take one write unit; what remains of removed ones is small.
async fn assert_posts_are_small(machine: &Machine) {
    let sizes = item_sizes(machine).await;
    let posts = sizes.iter().filter(|((table, _, sort), _)| table == "TweetsTable" && !sort.starts_with(' '));
    let sizes: Vec<usize> = posts.map(|(_, size)| *size).collect();
    let bytes = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
    let units = sizes.iter().map(|size| size.div_ceil(1024)).sum::<usize>() as f64 / sizes.len() as f64;
    println!("a post is an item of {bytes:.0} bytes and {units:.2} write units on average");
    assert!(bytes < 1000.0 && units < 1.2, "{bytes} bytes, {units} write units");
}

#[test]
fn a_million_posts_cost_less_than_three_dollars_at_50_posts_a_second() {
    for keep_raw in [true, false] {
        virtually(async move {
            println!("50 posts a second, keep_raw {keep_raw}");
            let data = folder();
            let world = collecting(data.path(), 50.4, keep_raw).await;
            let machine = world.machine.as_ref().unwrap();
            fill_minutes(machine).await;
            let measured = measure(&world, Duration::from_secs(60)).await;
            assert_posts_are_small(machine).await;
            let Measured { posts, .. } = measured;
            assert!((2_850..3_300).contains(&posts), "{posts} in a minute");
            let (requests, dollars) = (measured.requests(), measured.a_million(|_| true));
            assert!(requests * 1000 <= 190 * posts, "{requests} requests for {posts} posts");
            assert!(dollars < 3.0, "${dollars:.2}");
            if keep_raw {
                month::assert_assumed(50.0, measured.carrying());
            }
        });
    }
}

#[test]
fn a_million_posts_cost_less_than_six_dollars_beside_what_time_costs_at_the_default_budget() {
    virtually_for_hours(async {
        println!("0.12 posts a second, for an hour");
        let data = folder();
        let world = collecting(data.path(), 0.12, true).await;
        let measured = measure(&world, Duration::from_secs(3600)).await;
        let (of_posts, all) = (measured.a_million(Line::is_of_posts), measured.a_million(|_| true));
        // A message for each post: SQS's three requests, $1.50; a post, its index and its notes, $2.25; its count, of 1 KB on average and in a
        // transaction, $1.26; the consumer's call, $0.53; reading what is known of it, $0.32; publishing and noting the delay, $0.11. What goes on
        // without posts too, such as the lease and the cursors, is divided by few of them.
        assert!(of_posts < 6.0 && all < 10.5, "${of_posts:.2} for posts, ${all:.2} in all");
        month::assert_assumed(0.12, measured.carrying());
    });
}
