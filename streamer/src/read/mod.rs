//! Reading: what a source delivers on its connections goes through the intake, for as long as it may.

mod connection;
mod connections;
mod context;
mod end;
mod missed;
mod pause;
mod reader;
mod selection;

pub(crate) use connections::Connections;
