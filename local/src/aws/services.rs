//! The services behind the endpoint.

use super::dynamodb::Tables;
use super::ecs::Tasks;
use super::faults::Faults;
use super::ssm::Parameters;
use super::store::Store;

/// The services behind the endpoint: each AWS service that the programs call.
#[derive(Debug)]
pub(crate) struct Services {
    /// SQS and CloudWatch.
    pub(crate) store: Store,
    /// DynamoDB.
    pub(crate) tables: Tables,
    /// ECS.
    pub(crate) tasks: Tasks,
    /// SSM.
    pub(crate) parameters: Parameters,
    pub(crate) faults: Faults,
    /// The endpoint's own base URL, as in queue URLs.
    pub(crate) url: String,
}
