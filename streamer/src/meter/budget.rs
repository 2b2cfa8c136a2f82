//! How many posts may be read.

use std::fmt;

use utc_time::UtcTime;

/// How many posts may be read; `None` without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budgets {
    /// In a day (UTC).
    pub(crate) a_day: Option<u64>,
    /// In a month (UTC).
    pub(crate) a_month: Option<u64>,
}

impl Budgets {
    /// The lowest of them.
    pub(crate) fn least(self) -> Option<u64> {
        [self.a_day, self.a_month].into_iter().flatten().min()
    }
}

/// A budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsedUp {
    Day,
    Month,
}

impl UsedUp {
    /// When it begins anew.
    pub(crate) fn until(self, now: UtcTime) -> UtcTime {
        match self {
            Self::Day => now.start_of_next_day(),
            Self::Month => now.start_of_next_month(),
        }
    }
}

impl fmt::Display for UsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Day => "day",
            Self::Month => "month",
        })
    }
}
