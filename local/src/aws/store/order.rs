//! Which messages of a queue can be received, and in which order. It is kept in memory, beside the file that has the
//! messages, so that neither sending nor receiving has to look at other messages.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// A group of messages that are received in order. A message without a group has a group of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Group {
    Named(Arc<str>),
    Alone(i64),
}

impl Group {
    pub(super) fn of(name: Option<&str>, sequence: i64) -> Self {
        name.map_or(Self::Alone(sequence), |name| Self::Named(name.into()))
    }
}

/// The messages of one queue, by their sequence numbers. Each operation takes logarithmic time in the number of
/// messages.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The groups that have messages.
    groups: HashMap<Group, Messages>,
    /// The first message of each group that can be received now.
    ready: BTreeMap<i64, Group>,
    /// Messages in flight, by the time at which they become visible again.
    hidden: BTreeSet<(i64, i64)>,
    /// Messages that were received and not yet deleted.
    received: HashMap<i64, Received>,
    /// How many messages are not in flight.
    visible: u64,
}

/// The messages of one group.
#[derive(Debug, Default)]
struct Messages {
    /// Those not in flight, the oldest first.
    waiting: VecDeque<i64>,
    /// How many are in flight. While there are any, no other message of the group can be received.
    handled: usize,
    /// The group's key in `Order::ready`.
    ready: Option<i64>,
}

#[derive(Debug)]
struct Received {
    group: Group,
    /// The id of the receive, shared by all of its messages.
    receipt: Arc<str>,
    /// Until when it is hidden; `None` if it is visible again.
    hidden_until: Option<i64>,
}

impl Order {
    /// Adds a message that was sent. Its sequence number is the highest so far.
    pub(super) fn add(&mut self, sequence: i64, group: Group) {
        self.wait(sequence, group);
    }

    /// Makes messages visible whose visibility timeout has passed.
    pub(super) fn release(&mut self, now: i64) {
        while let Some(&(until, sequence)) = self.hidden.first().filter(|(until, _)| *until <= now) {
            self.hidden.remove(&(until, sequence));
            let Some(received) = self.received.get_mut(&sequence) else { continue };
            received.hidden_until = None;
            let group = received.group.clone();
            if let Some(messages) = self.groups.get_mut(&group) {
                messages.handled -= 1;
            }
            self.wait(sequence, group);
        }
    }

    /// Whether a message can be received now.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the next message in flight becomes visible.
    pub(super) fn next_release(&self) -> Option<i64> {
        self.hidden.first().map(|(until, _)| *until)
    }

    /// Takes the first message that can be received. [`Order::hide`] or [`Order::put_back`] must follow, unless the
    /// message is gone; until then, its group is not blocked.
    pub(super) fn take(&mut self) -> Option<(i64, Group)> {
        let (&sequence, group) = self.ready.first_key_value()?;
        let group = group.clone();
        self.stop_waiting(sequence, &group);
        Some((sequence, group))
    }

    /// Puts back a message that was taken and is not received after all.
    pub(super) fn put_back(&mut self, sequence: i64, group: Group) {
        self.wait(sequence, group);
    }

    /// Hides a message that was taken until `until`, for the holder of `receipt`.
    pub(super) fn hide(&mut self, sequence: i64, group: Group, receipt: Arc<str>, until: i64) {
        self.groups.entry(group.clone()).or_default().handled += 1;
        self.hidden.insert((until, sequence));
        self.settle(&group);
        self.received.insert(sequence, Received { group, receipt, hidden_until: Some(until) });
    }

    /// The message whose latest handle this is.
    pub(super) fn find(&self, handle: &str) -> Option<i64> {
        let (receipt, sequence) = handle.rsplit_once('-')?;
        let sequence = sequence.parse().ok()?;
        self.received.get(&sequence).filter(|received| *received.receipt == *receipt).map(|_| sequence)
    }

    /// Removes a message that was received.
    pub(super) fn remove(&mut self, sequence: i64) {
        let Some(received) = self.received.remove(&sequence) else { return };
        self.leave(sequence, &received);
    }

    /// Hides a message that was received until `until`.
    pub(super) fn hide_until(&mut self, sequence: i64, until: i64) {
        if let Some(received) = self.received.remove(&sequence) {
            self.leave(sequence, &received);
            self.hide(sequence, received.group, received.receipt, until);
        }
    }

    /// Removes a message that is not in flight; returns false if it is in flight or gone.
    pub(super) fn remove_waiting(&mut self, sequence: i64, group: &Group) -> bool {
        let there = self.stop_waiting(sequence, group);
        if there {
            self.received.remove(&sequence);
        }
        there
    }

    /// All messages that are not in flight, the oldest first.
    pub(super) fn waiting(&self) -> Vec<(i64, Group)> {
        let mut waiting: Vec<(i64, Group)> = self
            .groups
            .iter()
            .flat_map(|(group, messages)| messages.waiting.iter().map(|sequence| (*sequence, group.clone())))
            .collect();
        waiting.sort_unstable_by_key(|(sequence, _)| *sequence);
        waiting
    }

    /// How many messages are visible, and how many are in flight.
    pub(super) fn depth(&self) -> (u64, u64) {
        (self.visible, self.hidden.len() as u64)
    }

    /// Inserts a message among the waiting ones of its group.
    fn wait(&mut self, sequence: i64, group: Group) {
        let waiting = &mut self.groups.entry(group.clone()).or_default().waiting;
        let place = waiting.partition_point(|other| *other < sequence);
        waiting.insert(place, sequence);
        self.visible += 1;
        self.settle(&group);
    }

    /// Removes a message from the waiting ones of its group; returns false if it was not among them.
    fn stop_waiting(&mut self, sequence: i64, group: &Group) -> bool {
        let Some(messages) = self.groups.get_mut(group) else { return false };
        let Ok(place) = messages.waiting.binary_search(&sequence) else { return false };
        messages.waiting.remove(place);
        self.visible -= 1;
        self.settle(group);
        true
    }

    /// Removes a message that was received from the waiting ones or from those in flight.
    fn leave(&mut self, sequence: i64, received: &Received) {
        match received.hidden_until {
            None => {
                self.stop_waiting(sequence, &received.group);
            }
            Some(until) => {
                self.hidden.remove(&(until, sequence));
                if let Some(messages) = self.groups.get_mut(&received.group) {
                    messages.handled -= 1;
                }
                self.settle(&received.group);
            }
        }
    }

    /// Updates `ready` and `groups` after a change to a group.
    fn settle(&mut self, group: &Group) {
        let Some(messages) = self.groups.get_mut(group) else { return };
        let ready = if messages.handled == 0 { messages.waiting.front().copied() } else { None };
        if ready != messages.ready {
            if let Some(before) = messages.ready {
                self.ready.remove(&before);
            }
            if let Some(first) = ready {
                self.ready.insert(first, group.clone());
            }
            messages.ready = ready;
        }
        if messages.waiting.is_empty() && messages.handled == 0 {
            self.groups.remove(group);
        }
    }
}
