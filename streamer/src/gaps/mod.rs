//! Gaps: what was missed is recorded, and fetched while the stream goes on.

mod book;
mod heal;
mod healer;
mod interruption;
mod limits;
mod outcome;
mod pages;
mod recorded;
mod recovery;
mod worklist;

pub(crate) use book::GapBook;
pub(crate) use healer::{Healer, INTERRUPTIONS};
pub(crate) use interruption::{Backfill, Interruption, Missing, Then};
