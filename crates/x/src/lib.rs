//! X's API v2, as its published description and its documentation have it. No AWS, no tables.

pub mod prices;
