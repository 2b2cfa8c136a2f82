//! Local stand-ins for AWS: one loopback endpoint that speaks the protocols of the services that the programs call.

mod cbor_json;
mod cloudwatch;
mod dynamodb;
mod ecs;
mod faults;
mod health;
mod refusal;
pub(crate) mod resources;
mod router;
mod services;
mod sqs;
mod ssm;
mod store;
mod streamer_task;

pub(crate) use dynamodb::Tables;
pub(crate) use ecs::Tasks;
pub use faults::{Call, Fate, Faults};
pub(crate) use health::Health;
pub(crate) use router::router;
pub(crate) use services::Services;
pub(crate) use ssm::Parameters;
pub(crate) use store::Store;
pub(crate) use streamer_task::StreamerTask;
