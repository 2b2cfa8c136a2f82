//! Tests of the store.

use super::messages::DEDUPLICATION_MS;
use super::*;

const FIFO: &Queue = &QUEUES[0];
const DEAD: &Queue = &QUEUES[1];
const STANDARD: &Queue = &QUEUES[2];

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store"), Health::default()).unwrap();
    (folder, store)
}

async fn send(store: &Store, group: &str, body: &str, now: i64) {
    let message = NewMessage {
        body: body.to_owned(),
        group: Some(group.to_owned()),
        deduplication: Some(body.to_owned()),
        attributes: Some("{}".to_owned()),
        trace_header: Some("Root=1".to_owned()),
    };
    store.send(FIFO, vec![message], now).await.unwrap();
}

async fn receive(store: &Store, queue: &'static Queue, most: usize, now: i64) -> Vec<Received> {
    store.receive(queue, most, queue.visibility, Duration::ZERO, || now).await.unwrap()
}

async fn delete(store: &Store, handle: &str) {
    store.delete(FIFO, vec![handle.to_owned()]).await.unwrap();
}

fn bodies(messages: &[Received]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test]
async fn a_group_keeps_its_order_and_waits_for_messages_in_flight() {
    let (_folder, store) = store();
    for (group, body) in [("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")] {
        send(&store, group, body, 0).await;
    }
    let first = receive(&store, FIFO, 2, 0).await;
    assert_eq!(bodies(&first), ["1", "2"]);
    assert_eq!(bodies(&receive(&store, FIFO, 10, 0).await), ["3"], "group a has messages in flight");
    delete(&store, &first[0].handle).await;
    assert!(store.hide(FIFO, &first[1].handle, 0).await);
    assert_eq!(bodies(&receive(&store, FIFO, 10, 0).await), ["2", "4"]);
}

#[tokio::test]
async fn a_message_is_sent_once_within_five_minutes() {
    let (_folder, store) = store();
    send(&store, "a", "1", 0).await;
    send(&store, "a", "1", DEDUPLICATION_MS - 1).await;
    assert_eq!(store.depth(FIFO, 0).await, (1, 0));
    send(&store, "a", "1", DEDUPLICATION_MS).await;
    assert_eq!(store.depth(FIFO, 0).await, (2, 0));
    let file = store.file.lock().await;
    let remembered = "SELECT count(*) FROM deduplications";
    let remembered: u32 = file.connection.query_row(remembered, [], |row| row.get(0)).unwrap();
    assert_eq!(remembered, 1, "the first deduplication id has been deleted");
}

#[tokio::test]
async fn a_message_that_is_received_too_often_becomes_a_dead_letter() {
    let (_folder, store) = store();
    send(&store, "a", "1", 0).await;
    let (most, _) = FIFO.redrive.unwrap();
    let mut now = 0;
    for receives in 1..=most {
        assert_eq!(receive(&store, FIFO, 1, now).await[0].receives, receives);
        now += 30_000;
    }
    assert!(receive(&store, FIFO, 1, now).await.is_empty());
    let dead = receive(&store, DEAD, 1, now).await;
    assert_eq!((bodies(&dead), dead[0].attributes.as_deref()), (vec!["1"], Some("{}")));
    assert_eq!(dead[0].trace_header.as_deref(), Some("Root=1"));
    assert_eq!(store.move_all(DEAD, FIFO, now).await.unwrap(), 0, "it is in flight");
    assert_eq!(store.move_all(DEAD, FIFO, now + 30_000).await.unwrap(), 1);
    let again = receive(&store, FIFO, 1, now + 30_000).await.remove(0);
    assert_eq!(again.receives, 1, "receives are counted from the start again");
    assert_eq!((again.attributes.as_deref(), again.trace_header.as_deref()), (Some("{}"), Some("Root=1")));
}

#[tokio::test]
async fn a_handle_that_is_too_old_deletes_nothing() {
    let (_folder, store) = store();
    send(&store, "a", "1", 0).await;
    let old = receive(&store, FIFO, 1, 0).await.remove(0);
    receive(&store, FIFO, 1, 30_000).await;
    delete(&store, &old.handle).await;
    assert_eq!(store.depth(FIFO, 30_000).await, (0, 1));
}

#[tokio::test]
async fn messages_are_still_there_when_the_file_is_opened_again() {
    let (folder, store) = store();
    send(&store, "a", "1", 0).await;
    let standard = NewMessage {
        body: "2".to_owned(),
        group: None,
        deduplication: None,
        attributes: None,
        trace_header: None,
    };
    store.send(STANDARD, vec![standard], 0).await.unwrap();
    receive(&store, FIFO, 1, 0).await;
    let again = Store::open(&folder.path().join("store"), Health::default()).unwrap();
    let received = receive(&again, FIFO, 1, 1).await;
    assert_eq!((bodies(&received), received[0].receives), (vec!["1"], 2));
    assert_eq!(bodies(&receive(&again, STANDARD, 10, 1).await), ["2"]);
}

/// A store that was made by these statements, by an earlier version.
fn updated(made_by: &str) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    Connection::open(&path).unwrap().execute_batch(made_by).unwrap();
    let store = Store::open(&path, Health::default()).unwrap();
    (folder, store)
}

#[tokio::test]
async fn messages_in_the_first_layout_are_still_there_after_an_update() {
    let (_folder, store) = updated(
        "CREATE TABLE messages (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
                body TEXT NOT NULL, grouped TEXT, deduplication TEXT, sent_at INTEGER NOT NULL,
                visible_at INTEGER NOT NULL, receives INTEGER NOT NULL, handle TEXT, attributes TEXT);
             CREATE INDEX messages_by_queue ON messages (queue, grouped, sequence);
             CREATE UNIQUE INDEX messages_by_handle ON messages (handle);
             INSERT INTO messages VALUES
                (7, 'TweetsFifoQueue.fifo', 'i', 'b', 'g', 'd', 3, 0, 2, 'h', NULL);",
    );
    let received = receive(&store, FIFO, 1, 0).await.remove(0);
    assert_eq!((received.sequence, received.receives, received.group.as_deref()), (7, 3, Some("g")));
    assert_eq!((received.id.as_str(), received.body.as_str(), received.sent_at), ("i", "b", 3));
}

#[tokio::test]
async fn messages_in_the_second_layout_are_still_there_after_an_update() {
    let (_folder, store) = updated(
        "CREATE TABLE messages (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, grouped TEXT, id TEXT NOT NULL,
                deduplication TEXT, sent_at INTEGER NOT NULL, attributes TEXT, body TEXT NOT NULL);
             INSERT INTO messages VALUES (7, 'TweetsFifoQueue.fifo', 'g', 'i', 'd', 3, NULL, 'b');
             PRAGMA user_version = 1;",
    );
    send(&store, "another", "2", 0).await;
    let received = receive(&store, FIFO, 2, 0).await;
    assert_eq!(bodies(&received), ["b", "2"]);
    let headers: Vec<_> = received.iter().map(|message| message.trace_header.as_deref()).collect();
    assert_eq!(headers, [None, Some("Root=1")]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_with_a_message_or_with_its_time() {
    let (_folder, store) = store();
    let poll = |wait| store.receive(FIFO, 1, FIFO.visibility, Duration::from_secs(wait), || 0);
    assert!(poll(20).await.unwrap().is_empty());
    let (received, ()) = tokio::join!(poll(20), send(&store, "a", "1", 0));
    assert_eq!(bodies(&received.unwrap()), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_when_a_hidden_message_becomes_visible() {
    let (_folder, store) = store();
    send(&store, "a", "1", 0).await;
    let start = tokio::time::Instant::now();
    let now = move || millis(start.elapsed());
    receive(&store, FIFO, 1, 0).await;
    let received = store.receive(FIFO, 1, FIFO.visibility, Duration::from_secs(60), now).await.unwrap();
    assert_eq!((bodies(&received), start.elapsed().as_secs()), (vec!["1"], 30));
}

#[tokio::test]
async fn on_a_full_disk_sending_fails_and_stored_messages_remain() {
    let (_folder, store) = store();
    send(&store, "a", "1", 0).await;
    {
        let file = store.file.lock().await;
        let pages: i64 = file.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        file.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }
    let message = NewMessage {
        body: "x".repeat(100_000),
        group: Some("a".to_owned()),
        deduplication: Some("2".to_owned()),
        attributes: None,
        trace_header: None,
    };
    let refusal = store.send(FIFO, vec![message], 0).await.unwrap_err();
    assert_eq!(refusal.status, axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(store.health.failure().as_deref(), Some("the disk is full"));
    assert_eq!(store.depth(FIFO, 0).await, (1, 0));
    assert_eq!(bodies(&receive(&store, FIFO, 10, 0).await), ["1"]);
}
