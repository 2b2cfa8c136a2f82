//! Reading: what a source delivers on its connections goes through the intake.

mod connection;
mod connections;
mod context;
mod end;
mod missed;
mod pause;
mod reader;
mod selection;
mod stopped;

pub(crate) use connections::Connections;
