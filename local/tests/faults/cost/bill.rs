//! What calls to AWS cost, by the rules of its price lists.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use local::{Call, Machine};
use serde_json::Value;

use super::prices::{
    BATCH_SECONDS, CALL, CHUNK, FIFO_REQUEST, FUNCTION_GB, GB_SECOND, METRIC_REQUEST, QUEUE_REQUEST, READ,
    READ_UNIT, WRITE_UNIT, WRITTEN,
};

/// A line of the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// Messages sent, received and deleted.
    Queue,
    /// Posts, and notes on them, written.
    Posts,
    /// Counts written.
    Counts,
    /// What the consumer reads: which posts were removed or forgotten, and counts to publish.
    Reading,
    /// The consumer's calls, which are estimated.
    Consumer,
    /// Counts that the consumer publishes.
    Publishing,
    /// How late the consumer is.
    Delay,
    /// How far reading has come.
    Cursors,
    /// The lease, the report, what keywords bring, and what else the streamer writes and reads.
    Streamer,
    /// What the minute's function reads, writes and publishes.
    Minute,
}

impl Line {
    /// Whether it is there only because of posts; the others go on as long as the streamer runs.
    pub(super) fn is_of_posts(self) -> bool {
        self <= Self::Delay
    }
}

/// How much of what is paid for a line has used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) requests: u64,
    pub(super) write_units: f64,
    pub(super) read_units: f64,
    pub(super) dollars: f64,
}

/// A table's name, and the values of an item's partition and sort keys.
type ItemKey = (String, String, String);

/// Calls, as they are made.
#[derive(Debug, Default)]
pub(super) struct Calls {
    used: BTreeMap<Line, Used>,
    /// Writes of items whose sizes after it are known; and whether they are part of a transaction.
    puts: Vec<(Line, ItemKey, usize, bool)>,
    /// Other writes, which are charged by the size that the item has in the end.
    writes: Vec<(Line, ItemKey, bool)>,
    /// Reads of single items, and whether they are strongly consistent.
    reads: Vec<(Line, ItemKey, bool)>,
    /// The items of StatisticsTable as they are after each write.
    counts: HashMap<ItemKey, HashMap<String, AttributeValue>>,
    /// How often the reconciler has read each thing.
    reconciled: HashMap<String, u64>,
    /// The size of each message.
    pub(super) messages: Vec<usize>,
}

impl Calls {
    /// The calls from now on.
    pub(super) async fn from_now_on(machine: &Machine) -> Self {
        let counts = items(machine, "StatisticsTable").await.into_iter().collect();
        Self { counts, ..Self::default() }
    }

    /// Whether a call is one of those that are made on one machine alone: there the reconciler runs twelve times a minute more than in AWS.
    fn is_of_one_machine(&mut self, Call { operation, caller, request, .. }: &Call) -> bool {
        const ROUNDS: u64 = 13;
        let item = &request["Key"]["item"]["S"];
        let prefix = &request["ExpressionAttributeValues"][":prefix"]["S"];
        let what = item.as_str().or(prefix.as_str()).unwrap_or_default();
        let is_of_reconciler = ["lease", "launch", "standby", "keyword#"].contains(&what);
        if caller != "minute" || !is_of_reconciler || !["GetItem", "Query"].contains(&operation.as_str()) {
            return false;
        }
        let round = self.reconciled.entry(format!("{operation} {what}")).or_default();
        *round += 1;
        *round % ROUNDS != 1
    }

    /// The size of a count after it was added to.
    fn counted(&mut self, key: &ItemKey, update: &Value) -> usize {
        let item = self.counts.entry(key.clone()).or_default();
        for (placeholder, name) in update["ExpressionAttributeNames"].as_object().unwrap() {
            let value = &update["ExpressionAttributeValues"][placeholder.replace('#', ":")];
            let (name, value) = (name.as_str().unwrap().to_owned(), attribute_value(value));
            let is_set_once = name.ends_with('f');
            let number =
                |value: &AttributeValue| value.as_n().ok().and_then(|digits| digits.parse::<i64>().ok());
            let value = match (item.get(&name), number(&value)) {
                (Some(before), _) if is_set_once => before.clone(),
                (Some(before), Some(added)) => {
                    AttributeValue::N((number(before).unwrap_or_default() + added).to_string())
                }
                _ => value,
            };
            item.insert(name, value);
        }
        key.1.len() + key.2.len() + "keywordhour".len() + size_of_item(item)
    }

    pub(super) fn note(&mut self, call: &Call) {
        let Call { operation, resource, caller, request } = call;
        if self.is_of_one_machine(call) {
            return;
        }
        match (operation.as_str(), resource.as_deref()) {
            ("SendMessageBatch", Some("TweetsFifoQueue.fifo")) => {
                let bodies = request["Entries"].as_array().unwrap().iter();
                let sizes: Vec<usize> =
                    bodies.map(|entry| entry["MessageBody"].as_str().unwrap().len()).collect();
                // What is sent is received.
                let chunks = sizes.iter().sum::<usize>().div_ceil(CHUNK);
                self.pay(Line::Queue, 2, 2.0 * chunks as f64 * FIFO_REQUEST);
                self.messages.extend(sizes);
            }
            // Lambda asks for messages by itself; docs/COST.md has what that costs.
            ("ReceiveMessage", Some("TweetsFifoQueue.fifo")) => {}
            ("DeleteMessageBatch", Some("TweetsFifoQueue.fifo")) => {
                self.pay(Line::Queue, 1, FIFO_REQUEST);
                // One call of the consumer for each.
                self.pay(Line::Consumer, 1, CALL + BATCH_SECONDS * FUNCTION_GB * GB_SECOND);
            }
            ("PutMetricData", _) => {
                let line = if caller == "minute" { Line::Minute } else { Line::Publishing };
                self.pay(line, 1, METRIC_REQUEST);
            }
            ("TransactWriteItems", _) => self.note_transaction(caller, request),
            ("PutItem" | "UpdateItem" | "DeleteItem", Some(table)) => {
                let item = if operation == "PutItem" { &request["Item"] } else { &request["Key"] };
                let key = key(table, item);
                let line = line(caller, &key, false);
                self.pay(line, 1, 0.0);
                if operation == "PutItem" {
                    self.puts.push((line, key, item_size(item), false));
                } else {
                    self.writes.push((line, key, false));
                }
            }
            ("GetItem", Some(table)) => {
                let key = key(table, &request["Key"]);
                let line = line(caller, &key, true);
                self.pay(line, 1, 0.0);
                self.reads.push((line, key, request["ConsistentRead"] == true));
            }
            ("BatchGetItem", _) => {
                for (table, asked) in request["RequestItems"].as_object().unwrap() {
                    let keys: Vec<ItemKey> =
                        asked["Keys"].as_array().unwrap().iter().map(|item| key(table, item)).collect();
                    let line = line(caller, &keys[0], true);
                    self.pay(line, 1, 0.0);
                    let is_consistent = asked["ConsistentRead"] == true;
                    self.reads.extend(keys.into_iter().map(|key| (line, key, is_consistent)));
                }
            }
            ("Query" | "Scan", Some(table)) => {
                let line = line(caller, &(table.to_owned(), String::new(), String::new()), true);
                // Those that are made all the time find less than 4 KB.
                let units = if request["ConsistentRead"] == true { 1.0 } else { 0.5 };
                self.pay(line, 1, units * READ_UNIT);
                self.used.entry(line).or_default().read_units += units;
            }
            (_, Some("StreamCloseQueue")) => self.pay(Line::Streamer, 1, QUEUE_REQUEST),
            ("GetQueueAttributes", _) => self.pay(Line::Minute, 1, FIFO_REQUEST),
            // ECS and SSM charge for no request of these.
            ("ListTasks" | "DescribeTasks" | "GetParameter" | "RunTask", _) => {}
            other => panic!("nothing is known of the price of {other:?} by {caller}"),
        }
    }

    fn note_transaction(&mut self, caller: &str, request: &Value) {
        for (number, write) in request["TransactItems"].as_array().unwrap().iter().enumerate() {
            let (kind, write) = write.as_object().unwrap().iter().next().unwrap();
            let table = write["TableName"].as_str().unwrap();
            let item = if kind == "Put" { &write["Item"] } else { &write["Key"] };
            let key = key(table, item);
            let line = line(caller, &key, false);
            self.pay(line, u64::from(number == 0), 0.0);
            match kind.as_str() {
                "Put" => self.puts.push((line, key, item_size(item), true)),
                _ if table == "StatisticsTable" => {
                    let size = self.counted(&key, write);
                    self.puts.push((line, key, size, true));
                }
                _ => self.writes.push((line, key, true)),
            }
        }
    }

    fn pay(&mut self, line: Line, requests: u64, dollars: f64) {
        let used = self.used.entry(line).or_default();
        used.requests += requests;
        used.dollars += dollars;
    }

    /// The bill, by the sizes that items have now.
    pub(super) async fn bill(self, machine: &Machine) -> BTreeMap<Line, Used> {
        let sizes = item_sizes(machine).await;
        let Self { mut used, puts, writes, reads, .. } = self;
        let size_of = |key: &ItemKey| sizes.get(key).copied().unwrap_or(0);
        let puts = puts.into_iter();
        let updates = writes.into_iter().map(|(line, key, in_transaction)| {
            let size = size_of(&key);
            (line, key, size, in_transaction)
        });
        let mut counted_in = HashSet::new();
        for (line, key, size, in_transaction) in puts.chain(updates) {
            let units = size.div_ceil(WRITTEN).max(1) as f64;
            let in_table = if in_transaction { 2.0 * units } else { units };
            let in_indexes = match key.0.as_str() {
                // All attributes of posts, and nothing of notes, whose sort keys begin with a space.
                "TweetsTable" if !key.2.starts_with(' ') => units,
                // The keys, when the item is made and when another hour begins to touch it: it leaves `byTouch` and enters it again.
                "StatisticsTable" if counted_in.insert(key.clone()) => 3.0,
                _ => 0.0,
            };
            let used = used.entry(line).or_default();
            used.write_units += in_table + in_indexes;
            used.dollars += (in_table + in_indexes) * WRITE_UNIT;
        }
        for (line, key, is_consistent) in reads {
            let units = size_of(&key).div_ceil(READ).max(1) as f64 * if is_consistent { 1.0 } else { 0.5 };
            let used = used.entry(line).or_default();
            used.read_units += units;
            used.dollars += units * READ_UNIT;
        }
        used
    }
}

fn line(caller: &str, (table, partition, sort): &ItemKey, reads: bool) -> Line {
    match (caller, table.as_str(), sort.as_str()) {
        ("consumer", "StreamStatusTable", "storing") => Line::Delay,
        ("consumer", _, _) if reads => Line::Reading,
        ("consumer", "TweetsTable", _) => Line::Posts,
        ("consumer", "StatisticsTable", _) => Line::Counts,
        ("streamer", _, "reading") => Line::Cursors,
        ("streamer", _, _) => Line::Streamer,
        ("minute", _, _) => Line::Minute,
        _ => panic!("{caller} uses {partition} {sort} of {table}"),
    }
}

/// The key of an item, or a key.
fn key(table: &str, item: &Value) -> ItemKey {
    let (partition, sort) = key_names(table);
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (table.to_owned(), text(partition), text(sort))
}

fn key_names(table: &str) -> (&'static str, &'static str) {
    match table {
        "TweetsTable" => ("tweetId", "keyword"),
        "StatisticsTable" => ("keyword", "hour"),
        "StreamStatusTable" => ("streamId", "item"),
        other => panic!("there is no table {other}"),
    }
}

/// The sizes of all items.
pub(super) async fn item_sizes(machine: &Machine) -> HashMap<ItemKey, usize> {
    let mut sizes = HashMap::new();
    for table in ["TweetsTable", "StatisticsTable", "StreamStatusTable"] {
        sizes.extend(items(machine, table).await.into_iter().map(|(key, item)| (key, size_of_item(&item))));
    }
    sizes
}

/// All items of a table.
async fn items(machine: &Machine, table: &str) -> Vec<(ItemKey, HashMap<String, AttributeValue>)> {
    let client = aws_sdk_dynamodb::Client::new(machine.aws.sdk());
    let (partition, sort) = key_names(table);
    let mut found = Vec::new();
    let mut items = client.scan().table_name(table).into_paginator().items().send();
    while let Some(item) = items.next().await {
        let item = item.unwrap();
        let text = |name: &str| item[name].as_s().unwrap().clone();
        found.push(((table.to_owned(), text(partition), text(sort)), item));
    }
    found
}

fn size_of_item(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

/// The size of an item in a request.
fn item_size(item: &Value) -> usize {
    item.as_object().unwrap().iter().map(|(name, value)| name.len() + size(&attribute_value(value))).sum()
}

fn attribute_value(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let texts = || value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    match kind.as_str() {
        "S" => AttributeValue::S(value.as_str().unwrap().to_owned()),
        "N" => AttributeValue::N(value.as_str().unwrap().to_owned()),
        "B" => AttributeValue::B(Blob::new(
            base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap(),
        )),
        "SS" => AttributeValue::Ss(texts()),
        "NS" => AttributeValue::Ns(texts()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute_value).collect()),
        "M" => {
            let values = value.as_object().unwrap().iter();
            AttributeValue::M(values.map(|(name, value)| (name.clone(), attribute_value(value))).collect())
        }
        _ => AttributeValue::Null(true),
    }
}

/// The size of a value, as DynamoDB counts it.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn size(value: &AttributeValue) -> usize {
    let of_number = |number: &String| number.len().div_ceil(2) + 1;
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => of_number(number),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(of_number).sum(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(values) => {
            3 + values.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
        }
        _ => 1,
    }
}
