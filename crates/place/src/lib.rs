//! The country that a post belongs to, and how it is known. Pure: no network, no tables.
//!
//! `docs/COUNTRY.md` says how a country is found, how well, and where the names come from.

mod address;
mod country;
mod country_how;
mod country_source;
mod data;
mod fold;
mod hash;
mod language;
mod layers;
mod mention;
mod placed;
mod text;

pub use country::{Country, InvalidCountry};
pub use country_how::{CountryHow, InvalidCountryHow};
pub use country_source::CountrySource;
pub use placed::{Certainty, Placed, place};
