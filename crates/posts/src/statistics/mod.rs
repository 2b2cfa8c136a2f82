//! StatisticsTable: how many posts were collected and removed, by keyword, hour and country.

mod count;
mod hour_count;
mod read;
mod table;

pub use hour_count::HourCount;
pub(crate) use hour_count::{country_name, sort_key, sort_key_of};
pub use table::StatisticsTable;
