//! What a month costs at every scale: one set of assumptions, most of which are what the tests beside it measure.

use super::prices::{
    ADDRESS_HOUR, ALARM, BATCH_SECONDS, CALL, CHUNK, FIFO_REQUEST, FUNCTION_GB, GB_MONTH, GB_RECOVERABLE,
    GB_SECOND, LOG_GB, METRIC, METRIC_BEYOND, METRIC_REQUEST, METRICS_AT_FULL_PRICE, MINUTE_SECONDS, MONTH,
    MONTH_HOURS, POST_OF_X, READ_UNIT, TASK_HOUR, WRITE_UNIT,
};

/// How much is collected. Each post matches one keyword, and all keywords bring as much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) posts_a_second: f64,
    pub(super) keywords: f64,
}

/// What a month costs, in dollars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Month {
    /// Sending, receiving and deleting messages, and asking for them.
    pub(super) queue: f64,
    /// Writing posts, and reading what is known of them.
    pub(super) posts: f64,
    /// Writing counts.
    pub(super) counts: f64,
    /// The consumer's calls, and noting its delay.
    pub(super) consumer: f64,
    /// Keeping posts for 30 days, with recovery; checking them once a day.
    pub(super) keeping: f64,
    /// `PutMetricData`, by the consumer and by the minute's function.
    pub(super) publishing: f64,
    /// The posts' metrics.
    pub(super) metrics: f64,
    /// The streamer's task and its address; the cursors, the lease and the report.
    pub(super) streamer: f64,
    /// The minute's function, and what it reads.
    pub(super) minute: f64,
    /// Logs, the pipeline's own metrics and alarms.
    pub(super) watching: f64,
}

// Measured at 50 and at 0.12 posts a second.
/// A post's bytes in a message, and in the table.
const MESSAGE_BYTES: f64 = 1_890.0;
const POST_BYTES: f64 = 734.0;
/// Write units of a post and its notes, in the table and its index.
const POST_UNITS: f64 = 3.58;
/// Read units of a post, and of a transaction.
const READ_UNITS: f64 = 1.5;
const READ_UNITS_OF_A_TRANSACTION: f64 = 1.0;
/// How many more transactions a post takes in a message of many, because it is a version of one before it; at most.
const SECOND_TRANSACTIONS: f64 = 0.012;
const MOST_SECOND_TRANSACTIONS: f64 = 0.63;
/// Write units a second of the lease, the report and what else the streamer notes of itself, and read units.
const STREAMER_UNITS: f64 = 0.22;
const STREAMER_READ_UNITS: f64 = 0.15;
/// How often cursors are saved a second, at most, and without posts; and units for them, and for each post a second: the ids of two minutes.
const MOST_CURSORS: f64 = 0.5;
const CURSORS: f64 = 0.06;
const CURSOR_UNITS: f64 = 1.0;
const CURSOR_UNITS_OF_A_RATE: f64 = 0.14;
/// Read units of a turn of the minute's function, without the counts; and how many hours it publishes each time.
const MINUTE_READ_UNITS: f64 = 18.0;
const HOURS_A_MINUTE: f64 = 1.6;

// Known from the code.
/// How often the consumer publishes an hour of a keyword in an hour, and notes its delay in a month.
const PUBLISHED_AN_HOUR: f64 = 1.0;
const DELAYS_A_MONTH: f64 = MONTH / 60.0;
const VALUES_A_REQUEST: f64 = 1000.0;
const DAYS_KEPT: f64 = 30.0;
const OWN_METRICS: f64 = 18.0;
const ALARMS: f64 = 23.0;

// Estimated.
/// The countries in which a keyword has posts, all as many; and how many more ten times as many keywords have.
const COUNTRIES: f64 = 18.0;
const MORE_COUNTRIES: f64 = 12.0;
/// Posts of a keyword and hour up to which its count stays below 1 KB on average; then it has 2 KB.
const SMALL_HOUR: f64 = 1_000.0;
/// Bytes that an item and its copy in an index take beside their attributes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
const ITEM_OVERHEAD: f64 = 200.0;
/// Requests a second by which Lambda asks an empty queue: five pollers, for up to 20 s each.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const IDLE_POLLS: f64 = 0.25;
/// Calls of the consumer a second up to which a call gets one message; with more, it gets up to ten.
const CALLS_OF_ONE: f64 = 10.0;
/// What a call of a function logs, in bytes, and the streamer in a second.
const LOGGED_A_CALL: f64 = 1_200.0;
const LOGGED_A_SECOND: f64 = 60.0;

impl Scale {
    /// Messages a second: a parcel is sent when the first of all open ones is a second old, or when it is full.
    fn messages(self) -> f64 {
        let round = 1.0 + 1.0 / self.posts_a_second;
        let open = self.keywords * (1.0 - (-self.posts_a_second * round / self.keywords).exp());
        (open / round).max(self.posts_a_second * MESSAGE_BYTES / (256.0 * 1024.0)).min(self.posts_a_second)
    }

    /// Calls of the consumer a second.
    fn calls(self) -> f64 {
        let messages = self.messages();
        messages.min(CALLS_OF_ONE).max(messages / 10.0)
    }

    /// The countries in which any keyword has posts.
    fn all_countries(self) -> f64 {
        COUNTRIES + MORE_COUNTRIES * self.keywords.log10()
    }

    fn posts_an_hour(self) -> f64 {
        self.posts_a_second * 3600.0 / self.keywords
    }

    pub(super) fn month(self) -> Month {
        let Self { posts_a_second, keywords } = self;
        let (messages, calls) = (self.messages(), self.calls());
        let chunks = posts_a_second * MESSAGE_BYTES / CHUNK as f64;
        let sends = (messages / 10.0).max(messages.min(1.0)).max(chunks);
        let idle = if calls < 5.0 { IDLE_POLLS } else { 0.0 };
        let second = (SECOND_TRANSACTIONS * (posts_a_second / messages - 1.0)).min(MOST_SECOND_TRANSACTIONS);
        let transactions = messages * (1.0 + second);
        let posts_an_hour = self.posts_an_hour();
        let count_units = 2.0 * if posts_an_hour < SMALL_HOUR { 1.0 } else { 2.0 };
        // Of the hours of a keyword, those with posts; and in these, its countries and minutes.
        let of = |all: f64, posts: f64| all * (1.0 - (-posts / all).exp());
        let (hours, countries, minutes) =
            (of(1.0, posts_an_hour), of(COUNTRIES, posts_an_hour), of(60.0, posts_an_hour));
        let values = HOURS_A_MINUTE * keywords * (hours + countries + minutes)
            + HOURS_A_MINUTE * of(self.all_countries(), posts_an_hour * keywords);
        let published = (values / VALUES_A_REQUEST).ceil() * MONTH / 60.0
            + (PUBLISHED_AN_HOUR * keywords * hours * MONTH_HOURS).min(calls * MONTH);
        let metrics = keywords * (2.0 * hours + countries)
            + of(self.all_countries(), posts_an_hour * keywords)
            + OWN_METRICS;
        let price_of_metrics = |metrics: f64| {
            let full = metrics.min(METRICS_AT_FULL_PRICE);
            full * METRIC + (metrics - full) * METRIC_BEYOND
        };
        let own_metrics = OWN_METRICS * METRIC;
        let kept = posts_a_second * DAYS_KEPT * 86_400.0;
        let gb = |bytes: f64| kept * bytes / 1e9;
        let cursors = (CURSORS + posts_a_second).min(MOST_CURSORS)
            * (CURSOR_UNITS + CURSOR_UNITS_OF_A_RATE * posts_a_second);
        let report = 0.1 * 0.08 * keywords.min(100.0);
        let counts_read = HOURS_A_MINUTE * keywords * hours;
        let minute_seconds = MINUTE_SECONDS + keywords * hours / 200.0;
        Month {
            queue: (sends + calls.max(chunks) + idle + calls) * MONTH * FIFO_REQUEST,
            posts: MONTH
                * (posts_a_second * POST_UNITS * WRITE_UNIT
                    + (posts_a_second * READ_UNITS + transactions * READ_UNITS_OF_A_TRANSACTION) * READ_UNIT),
            counts: transactions * count_units * MONTH * WRITE_UNIT
                + 3.0 * keywords * hours * MONTH_HOURS * WRITE_UNIT,
            consumer: calls * MONTH * (CALL + BATCH_SECONDS * FUNCTION_GB * GB_SECOND)
                + DELAYS_A_MONTH * WRITE_UNIT,
            keeping: gb(2.0 * POST_BYTES + ITEM_OVERHEAD) * GB_MONTH
                + gb(POST_BYTES) * GB_RECOVERABLE
                + DAYS_KEPT * kept * POST_BYTES / 4096.0 / 2.0 * READ_UNIT,
            publishing: published * METRIC_REQUEST,
            metrics: price_of_metrics(metrics) - own_metrics,
            streamer: MONTH_HOURS * (TASK_HOUR + ADDRESS_HOUR)
                + MONTH * (cursors + STREAMER_UNITS + report) * WRITE_UNIT
                + MONTH * STREAMER_READ_UNITS * READ_UNIT,
            minute: MONTH / 60.0
                * (CALL
                    + minute_seconds * FUNCTION_GB * GB_SECOND
                    + (MINUTE_READ_UNITS + counts_read) * READ_UNIT),
            watching: own_metrics
                + ALARMS * ALARM
                + ((calls + 1.0 / 60.0) * LOGGED_A_CALL + LOGGED_A_SECOND) * MONTH / 1e9 * LOG_GB,
        }
    }
}

impl Month {
    fn lines(self) -> [(&'static str, f64); 10] {
        let Self { queue, posts, counts, consumer, keeping, publishing, metrics, streamer, minute, watching } =
            self;
        [
            ("queue", queue),
            ("posts", posts),
            ("counts", counts),
            ("consumer", consumer),
            ("keeping", keeping),
            ("publishing", publishing),
            ("metrics", metrics),
            ("streamer", streamer),
            ("minute", minute),
            ("watching", watching),
        ]
    }

    fn all(self) -> f64 {
        self.lines().iter().map(|(_, dollars)| dollars).sum()
    }

    /// What carries a post, for a million.
    fn carrying_a_million(self, scale: Scale) -> f64 {
        (self.queue + self.posts + self.counts + self.consumer) * 1e6 / (scale.posts_a_second * MONTH)
    }
}

/// Prints the table of docs/COST.md.
#[test]
fn a_month_at_every_scale() {
    let rates = [("10,000 a day", 10_000.0 / 86_400.0), ("10/s", 10.0), ("50/s", 50.0), ("250/s", 250.0)];
    let mut header = String::from("| posts | keywords |");
    for (name, _) in (Scale { posts_a_second: 1.0, keywords: 1.0 }).month().lines() {
        header += &format!(" {name} |");
    }
    println!("{header} **all** | X |\n|{}", "---|".repeat(14));
    for (name, posts_a_second) in rates {
        for keywords in [1.0, 10.0, 1000.0] {
            let month = Scale { posts_a_second, keywords }.month();
            let lines: Vec<String> =
                month.lines().iter().map(|(_, dollars)| format!("{dollars:.2}")).collect();
            let (all, x) = (month.all(), posts_a_second * MONTH * POST_OF_X);
            println!("| {name} | {keywords} | {} | **{all:.0}** | {x:.0} |", lines.join(" | "));
        }
    }
}

/// Asserts that what is assumed of a post is what was measured, in dollars for a million.
pub(super) fn assert_assumed(posts_a_second: f64, measured: f64) {
    let scale = Scale { posts_a_second, keywords: 1.0 };
    let assumed = scale.month().carrying_a_million(scale);
    println!("  assumed for docs/COST.md: ${assumed:.2} a million posts, without publishing");
    assert!((assumed / measured - 1.0).abs() < 0.1, "${assumed:.2}, but ${measured:.2} were measured");
}
