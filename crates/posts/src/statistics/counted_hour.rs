//! An item of StatisticsTable, read.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{Attribute, Number};
use super::hour_count::HourCount;
use super::known_by::KnownBy;
use super::minutes::MinuteCount;
use super::table::StatisticsTable;
use crate::Keyword;
use crate::keyword::InvalidKeyword;
use place::Country;
use service::tables::TableError;
use utc_time::UtcTime;

pub(super) type Item = HashMap<String, AttributeValue>;

/// The posts of one keyword and hour, counted: an item of StatisticsTable. All its numbers are of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedHour {
    /// By country, in the order of their codes; the unknown country is last.
    pub countries: Vec<HourCount>,
    /// By minute, in order of time; minutes without posts are left out.
    pub minutes: Vec<MinuteCount>,
}

/// The numbers of a country, or of a minute.
#[derive(Debug, Default)]
struct Numbers(BTreeMap<Number, i64>);

impl Numbers {
    /// A number; 0 if there is none, or it is below.
    fn of(&self, number: Number) -> u64 {
        self.0.get(&number).map_or(0, |number| u64::try_from(*number).unwrap_or_default())
    }

    /// How many posts' country is known in each way. Posts that were stored before this was recorded are taken off all the same when they go, so
    /// a number may be below zero.
    fn known(&self) -> BTreeMap<KnownBy, u64> {
        let known = KnownBy::ALL.into_iter().map(|by| (by, self.of(Number::Known(by))));
        known.filter(|(_, number)| *number > 0).collect()
    }
}

impl StatisticsTable {
    pub(super) fn counted_hour(&self, item: &Item) -> Result<CountedHour, TableError> {
        let (keyword, hour) = (self.keyword(item)?, self.hour(item)?);
        let mut countries: BTreeMap<Option<Country>, Numbers> = BTreeMap::new();
        let mut minutes: BTreeMap<u8, Numbers> = BTreeMap::new();
        for (name, value) in item {
            let Some(attribute) = Attribute::named(name) else { continue };
            let value = value.as_n().ok().and_then(|digits| digits.parse().ok());
            let value: i64 = value.ok_or_else(|| self.invalid_item(&format!("{name} is not a number")))?;
            let (numbers, number) = match attribute {
                Attribute::Country(country, number) => (countries.entry(country).or_default(), number),
                Attribute::Minute(minute, number) => (minutes.entry(minute).or_default(), number),
            };
            numbers.0.insert(number, value);
        }
        let unknown = countries.remove(&None).map(|numbers| (None, numbers));
        let country = |(country, numbers): (Option<Country>, Numbers)| {
            let since = numbers.0.get(&Number::FirstAt).copied().unwrap_or_default();
            let first_at = UtcTime::from_millis(hour.as_millis().saturating_add(since));
            Ok(HourCount {
                keyword: keyword.clone(),
                hour,
                country,
                collected: numbers.of(Number::Collected),
                removed: numbers.of(Number::Removed),
                moved: numbers.of(Number::Moved),
                moved_in: numbers.of(Number::MovedIn),
                superseded: numbers.of(Number::Superseded),
                known: numbers.known(),
                first_at: first_at.map_err(|error| self.invalid_item(&error))?,
            })
        };
        let minutes = minutes.into_iter().map(|(minute, numbers)| MinuteCount {
            keyword: keyword.clone(),
            minute: hour.after(Duration::from_secs(60 * u64::from(minute))),
            collected: numbers.of(Number::Collected),
            removed: numbers.of(Number::Removed),
            superseded: numbers.of(Number::Superseded),
        });
        Ok(CountedHour {
            countries: countries
                .into_iter()
                .chain(unknown)
                .map(country)
                .collect::<Result<_, TableError>>()?,
            minutes: minutes.filter(|count| count.collected > 0).collect(),
        })
    }

    /// The keyword of an item.
    pub(super) fn keyword(&self, item: &Item) -> Result<Keyword, TableError> {
        let keyword = self.text(item, Self::PARTITION_KEY)?.to_owned();
        keyword.try_into().map_err(|error: InvalidKeyword| self.invalid_item(&error))
    }

    /// The start of the hour of an item.
    pub(super) fn hour(&self, item: &Item) -> Result<UtcTime, TableError> {
        let hour = self.text(item, Self::SORT_KEY)?;
        let start = format!("{hour}:00:00Z").parse();
        start.map_err(|error| self.invalid_item(&format!("{} {hour:?}: {error}", Self::SORT_KEY)))
    }

    fn text<'a>(&self, item: &'a Item, attribute: &str) -> Result<&'a str, TableError> {
        let value = item.get(attribute).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or_else(|| self.invalid_item(&format!("it has no {attribute}")))
    }
}
