//! Where CloudWatch keeps the metrics of one deployment.

use crate::variables::Variables;

/// The namespace of a deployment's metrics: `Aviary`, or `Aviary/` and the name of its stack, so that two stacks of an account are told apart.
/// The pipeline's own metrics have one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// The namespace with this name, in characters that CloudWatch accepts
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>).
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// `METRIC_NAMESPACE`, or `Aviary` if absent.
    pub fn from_variables<F: Fn(&str) -> Option<String>>(variables: &Variables<F>) -> Self {
        variables.optional("METRIC_NAMESPACE").map_or_else(Self::default, Self)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The namespace of the pipeline's own metrics.
    #[must_use]
    pub fn pipeline(&self) -> Self {
        Self(format!("{}/Pipeline", self.0))
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self::new("Aviary")
    }
}
