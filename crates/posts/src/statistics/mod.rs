//! StatisticsTable: how many posts were collected and removed, by keyword and hour; of each hour, by country and by minute.

mod attributes;
mod count;
mod counted_hour;
mod forget;
mod hour_count;
mod known_by;
mod minutes;
mod read;
mod room;
mod table;
mod update;

pub(crate) use count::Countable;
pub use counted_hour::CountedHour;
pub use hour_count::HourCount;
pub(crate) use hour_count::country_name;
pub use known_by::KnownBy;
pub use minutes::MinuteCount;
pub(crate) use room::Counting;
pub use table::StatisticsTable;
