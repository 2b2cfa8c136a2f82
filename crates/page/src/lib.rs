//! The web page, rendered where the data is: what the API answers goes in, HTML and SVG come out.
//!
//! Nothing here reads a clock, a table or the network. Each view is a struct whose fields are read from the API's JSON, and a template. The URL is
//! the only state: every filter and step is a link or a form, and everything works without JavaScript.

pub mod address;
pub mod assets;
pub mod browse;
pub mod charts;
pub mod filter;
pub mod frame;
pub mod histogram;
pub mod map;
pub mod now;
pub mod operate;
pub mod post;
pub mod session;
pub mod stream;
pub mod svg;
pub mod text;
pub mod unit;
pub mod words;

pub use frame::{Frame, Rendered};
