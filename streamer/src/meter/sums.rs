//! Sums by day and month.

use std::collections::BTreeMap;

use utc_time::UtcTime;

/// How many days are remembered: a clock that is set back finds what that day has used.
pub(super) const DAYS: usize = 3;

/// How many months are remembered.
const MONTHS: usize = 2;

/// What was counted, by day and by month (UTC).
#[derive(Debug)]
pub(super) struct Sums {
    /// By each day's first moment.
    by_day: BTreeMap<UtcTime, u64>,
    /// By month, as in `2026-11`.
    by_month: BTreeMap<String, u64>,
    /// The latest day to which something was added, and its month.
    latest: Option<(UtcTime, String)>,
}

impl Sums {
    /// Goes on from these sums, by day (as in `2026-11-23`) and by month (as in `2026-11`).
    pub(super) fn new(by_day: BTreeMap<String, u64>, mut by_month: BTreeMap<String, u64>) -> Self {
        // An earlier version counted days alone.
        if by_month.is_empty() {
            for (day, sum) in &by_day {
                let month = day.get(.."2026-11".len()).unwrap_or(day);
                *by_month.entry(month.to_owned()).or_default() += sum;
            }
        }
        let start = |day: &str| format!("{day}T00:00:00Z").parse::<UtcTime>().ok();
        let by_day = by_day.into_iter().filter_map(|(day, sum)| Some((start(&day)?, sum))).collect();
        Self { by_day, by_month, latest: None }
    }

    pub(super) fn add(&mut self, count: u64, now: UtcTime) {
        let today = now.start_of_day();
        *self.by_day.entry(today).or_default() += count;
        while self.by_day.len() > DAYS {
            let oldest = self.by_day.keys().find(|day| **day != today).copied();
            oldest.and_then(|day| self.by_day.remove(&day));
        }
        // Writing a date takes longer than counting, and is done once a day.
        let latest = self.latest.take().filter(|(day, _)| *day == today);
        let (_, month) = self.latest.insert(latest.unwrap_or_else(|| (today, now.month())));
        if let Some(sum) = self.by_month.get_mut(month.as_str()) {
            *sum += count;
            return;
        }
        self.by_month.insert(month.clone(), count);
        while self.by_month.len() > MONTHS {
            let oldest = self.by_month.keys().find(|other| *other != month).cloned();
            oldest.and_then(|oldest| self.by_month.remove(&oldest));
        }
    }

    /// The sum of the day of `now`.
    pub(super) fn today(&self, now: UtcTime) -> u64 {
        self.by_day.get(&now.start_of_day()).copied().unwrap_or_default()
    }

    /// The sum of the month of `now`.
    pub(super) fn this_month(&self, now: UtcTime) -> u64 {
        self.by_month.get(&now.month()).copied().unwrap_or_default()
    }

    /// The sums as [`Sums::new`] takes them.
    pub(super) fn saved(&self) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
        let by_day = self.by_day.iter().map(|(day, sum)| (day.day(), *sum)).collect();
        (by_day, self.by_month.clone())
    }
}
