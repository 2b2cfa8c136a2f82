//! StatisticsTable: how many posts were collected and removed, by keyword, hour and country.

mod count;
mod forget;
mod hour_count;
mod known_by;
mod read;
mod table;

pub(crate) use count::Countable;
pub use hour_count::HourCount;
pub(crate) use hour_count::{country_name, sort_key};
pub use known_by::KnownBy;
pub use table::StatisticsTable;
