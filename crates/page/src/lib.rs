//! What a page for people shows, as HTML and SVG. Pure: no network, no tables.

pub mod map;
