//! The ways in which a location tells its country, one file each.

pub(crate) mod coordinates;
pub(crate) mod flag;
pub(crate) mod named;
