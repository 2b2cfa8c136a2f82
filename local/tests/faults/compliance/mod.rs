//! What is taken back at X is taken back here, whatever fails on the way.

mod crash;
mod following;
mod world;
