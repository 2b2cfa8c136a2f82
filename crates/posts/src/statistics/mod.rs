//! StatisticsTable: how many posts were collected and removed, by keyword, hour and country, and by keyword and minute.

mod count;
mod forget;
mod hour_count;
mod known_by;
mod minutes;
mod read;
mod table;

pub(crate) use count::Countable;
pub use hour_count::HourCount;
pub(crate) use hour_count::{country_name, sort_keys};
pub use known_by::KnownBy;
pub use minutes::MinuteCount;
pub use table::StatisticsTable;
