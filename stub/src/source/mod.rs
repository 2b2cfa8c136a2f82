//! Where the stub's posts come from: made up, or recorded.

mod draft;
mod earlier;
mod edits;
mod generator;
mod links;
mod media;
mod people;
mod places;
mod playing;
pub mod recording;
#[cfg(test)]
mod tests;
mod text;
mod topics;
mod wish;
mod words;

pub use generator::Generator;
pub(crate) use playing::play;
