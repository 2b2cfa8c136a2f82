//! The stub's only project, and its only app.

pub(crate) const PROJECT: &str = "1";
pub(crate) const APP: &str = "1";
