//! Checks the store against a simple model of SQS's FIFO queues: their documented behaviour, on a list that is searched
//! from start to end.

use std::time::Duration;

use proptest::prelude::*;

use super::{NewMessage, Received, Store};
use crate::aws::health::Health;
use crate::aws::resources::{QUEUES, Queue};

const FIFO: &Queue = &QUEUES[0];
const DEAD: &Queue = &QUEUES[1];

#[derive(Clone, Debug)]
enum Step {
    /// Sends messages with these groups and deduplication ids in one request.
    Send(Vec<(u8, u8)>),
    Receive {
        dead: bool,
        most: usize,
        visibility: u32,
    },
    /// Deletes by these handles, counted back from the latest; some may be outdated.
    Delete(Vec<usize>),
    Hide(usize, u32),
    /// Waits this many seconds.
    Wait(u32),
    MoveAll,
    OpenAgain,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec((0..4_u8, 0..20_u8), 1..5).prop_map(Step::Send),
        6 => (any::<bool>(), 1..11_usize, 0..60_u32)
            .prop_map(|(dead, most, visibility)| Step::Receive { dead: dead && most > 5, most, visibility }),
        4 => prop::collection::vec(0..30_usize, 1..5).prop_map(Step::Delete),
        2 => (0..30_usize, 0..90_u32).prop_map(|(handle, seconds)| Step::Hide(handle, seconds)),
        3 => (0..200_u32).prop_map(Step::Wait),
        1 => Just(Step::MoveAll),
        1 => Just(Step::OpenAgain),
    ]
}

/// A message in the model.
#[derive(Clone, Debug)]
struct Known {
    queue: &'static str,
    group: String,
    body: String,
    visible_at: i64,
    receives: u32,
    handle: Option<String>,
}

#[derive(Default)]
struct Model {
    /// All messages, in the order in which they were sent or moved.
    messages: Vec<Known>,
    /// Deduplication ids, and when each was sent.
    sent: Vec<(String, i64)>,
}

impl Model {
    fn send(&mut self, group: u8, deduplication: u8, body: &str, now: i64) {
        let deduplication = deduplication.to_string();
        self.sent.retain(|(_, at)| now - at < 300_000);
        if !self.sent.iter().any(|(known, _)| *known == deduplication) {
            self.sent.push((deduplication, now));
            let (group, body) = (group.to_string(), body.to_owned());
            self.messages.push(Known {
                queue: FIFO.name,
                group,
                body,
                visible_at: 0,
                receives: 0,
                handle: None,
            });
        }
    }

    /// Receives messages; returns their bodies and receive counts.
    fn receive(&mut self, queue: &Queue, most: usize, visible_at: i64, now: i64) -> Vec<(String, u32)> {
        let handled: Vec<String> = self
            .messages
            .iter()
            .filter(|message| message.queue == queue.name && message.visible_at > now)
            .map(|message| message.group.clone())
            .collect();
        let (mut received, mut index) = (Vec::new(), 0);
        let end = self.messages.len();
        let mut dead = Vec::new();
        while index < end && received.len() < most {
            let message = &mut self.messages[index];
            index += 1;
            if message.queue != queue.name || handled.contains(&message.group) {
                continue;
            }
            message.receives += 1;
            match queue.redrive.filter(|(most, _)| message.receives > *most) {
                Some((_, letters)) => {
                    let message =
                        Known { queue: letters, visible_at: 0, receives: 0, handle: None, ..message.clone() };
                    dead.push((index - 1, message));
                }
                None => {
                    message.visible_at = visible_at;
                    received.push((message.body.clone(), message.receives));
                }
            }
        }
        for (index, _) in dead.iter().rev() {
            self.messages.remove(*index);
        }
        self.messages.extend(dead.into_iter().map(|(_, message)| message));
        received
    }

    /// Records the handles of the messages that were received.
    fn note(&mut self, queue: &Queue, received: &[Received]) {
        for received in received {
            let message = self
                .messages
                .iter_mut()
                .find(|message| message.queue == queue.name && message.body == received.body)
                .unwrap();
            message.handle = Some(received.handle.clone());
        }
    }

    fn move_all(&mut self, now: i64) -> usize {
        let (moved, kept): (Vec<Known>, Vec<Known>) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|message| message.queue == DEAD.name && message.visible_at <= now);
        let count = moved.len();
        self.messages = kept;
        let moved = moved.into_iter();
        self.messages.extend(moved.map(|message| Known {
            queue: FIFO.name,
            receives: 0,
            handle: None,
            ..message
        }));
        count
    }

    fn depth(&self, queue: &Queue, now: i64) -> (u64, u64) {
        let count = |visible: bool| {
            self.messages
                .iter()
                .filter(|message| message.queue == queue.name && (message.visible_at <= now) == visible)
                .count() as u64
        };
        (count(true), count(false))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_store_behaves_like_sqs(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow(steps))?;
    }
}

async fn follow(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let folder = folder();
    let path = folder.path().join("store");
    let mut store = Store::open(&path, Health::default()).unwrap();
    let mut model = Model::default();
    let (mut now, mut bodies) = (1_000_000_000_i64, 0);
    let mut handles: Vec<String> = Vec::new();
    for step in steps {
        match step {
            Step::Send(messages) => {
                let mut request = Vec::new();
                for (group, deduplication) in messages {
                    bodies += 1;
                    let body = bodies.to_string();
                    model.send(group, deduplication, &body, now);
                    request.push(NewMessage {
                        body,
                        group: Some(group.to_string()),
                        deduplication: Some(deduplication.to_string()),
                        attributes: None,
                        trace_header: None,
                    });
                }
                store.send(FIFO, request, now).await.unwrap();
            }
            Step::Receive { dead, most, visibility } => {
                let queue = if dead { DEAD } else { FIFO };
                let expected = model.receive(queue, most, now + i64::from(visibility) * 1000, now);
                let visibility = Duration::from_secs(visibility.into());
                let received = store.receive(queue, most, visibility, Duration::ZERO, || now).await.unwrap();
                let seen: Vec<(String, u32)> =
                    received.iter().map(|message| (message.body.clone(), message.receives)).collect();
                prop_assert_eq!(seen, expected);
                model.note(queue, &received);
                handles.extend(received.into_iter().map(|message| message.handle));
            }
            Step::Delete(indexes) => {
                let chosen: Vec<String> =
                    indexes.iter().filter_map(|index| handles.iter().rev().nth(*index).cloned()).collect();
                model.messages.retain(|message| {
                    message.queue != FIFO.name
                        || message.handle.as_ref().is_none_or(|handle| !chosen.contains(handle))
                });
                store.delete(FIFO, chosen).await.unwrap();
            }
            Step::Hide(index, seconds) => {
                let Some(handle) = handles.iter().rev().nth(index) else { continue };
                let visible_at = now + i64::from(seconds) * 1000;
                let known = model
                    .messages
                    .iter_mut()
                    .find(|message| message.queue == FIFO.name && message.handle.as_ref() == Some(handle));
                prop_assert_eq!(store.hide(FIFO, handle, visible_at).await, known.is_some());
                if let Some(known) = known {
                    known.visible_at = visible_at;
                }
            }
            Step::Wait(seconds) => now += i64::from(seconds) * 1000,
            Step::MoveAll => {
                prop_assert_eq!(store.move_all(DEAD, FIFO, now).await.unwrap(), model.move_all(now));
            }
            Step::OpenAgain => {
                store = Store::open(&path, Health::default()).unwrap();
                for message in &mut model.messages {
                    (message.visible_at, message.handle) = (0, None);
                }
            }
        }
        for queue in [FIFO, DEAD] {
            prop_assert_eq!(store.depth(queue, now).await, model.depth(queue, now));
        }
    }
    Ok(())
}

/// A temporary folder, in memory if possible, since the disk is not under test.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
