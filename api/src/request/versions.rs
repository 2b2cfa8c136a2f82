//! The parameter `versions`.

use posts::tweets::Versions;
use serde::Deserialize;
use utoipa::ToSchema;

/// Which versions of an edited post, where an edit is a new post.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VersionsParameter {
    #[default]
    Newest,
    All,
}

impl From<VersionsParameter> for Versions {
    fn from(parameter: VersionsParameter) -> Self {
        match parameter {
            VersionsParameter::Newest => Self::Newest,
            VersionsParameter::All => Self::All,
        }
    }
}
