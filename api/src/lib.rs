//! The REST API: starts and stops collecting, and serves what was collected.
//!
//! [`read`] and [`control`] are its two routers; `control` changes which keywords are *requested*, and [`reconcile`] makes
//! the running task match. [`authorize`] checks API keys, [`every_minute`] does what must be done regularly, [`check_compliance`] follows
//! what authors take back at X, and [`forget()`] deletes what is to be forgotten. [`Page`] shows people what the API answers.

mod auth;
mod compliance;
mod config;
mod docs_page;
mod ecs_task;
mod error;
mod export;
mod forget;
mod gateway;
mod minute;
mod openapi;
mod page;
mod plan;
mod problem;
mod reconcile;
mod request;
mod resources;
mod router;
mod routes;
mod spending;
mod state;
mod streams;
mod x_api;

pub use self::page::{Page, page_beside};
pub use auth::{Authorizer, AuthorizerError, Key, Keys, KeysError, Scope, Verdict, authorize};
pub use compliance::{ComplianceError, check_compliance};
pub use config::{
    AuthorizerConfig, ControlConfig, ControlledStreamConfig, ReadConfig, StreamConfig, TaskDefinition,
};
pub use forget::{ForgetError, forget};
pub use gateway::{behind_gateway, open_paths};
pub use minute::{MinuteError, every_minute};
pub use openapi::description;
pub use reconcile::{ReconcileError, Reconciled, reconcile};
pub use router::{control, open, read, whole};
pub use state::{ControlApi, ReadApi};
