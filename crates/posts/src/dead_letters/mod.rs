//! TweetsDeadLetterQueue: messages that could not be stored, and why.
//!
//! They are listed, redriven (sent to TweetsFifoQueue again), dropped, and forgotten with their keyword.

mod drop;
mod forget;
mod letter;
mod list;
mod queue;
mod redrive;
mod settle;

pub use letter::DeadLetter;
pub use list::DeadLetters;
pub use queue::DeadLetterQueue;
pub use redrive::Redriven;
pub use settle::Settled;
