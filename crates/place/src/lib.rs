//! The country that a post belongs to, and how it is known. Pure: no network, no tables.

mod country;
mod country_how;
mod country_source;
mod location;
mod names;
mod placed;

pub use country::{Country, InvalidCountry};
pub use country_how::{CountryHow, InvalidCountryHow};
pub use country_source::CountrySource;
pub use location::{country_in, place};
pub use placed::{Certainty, Placed};
