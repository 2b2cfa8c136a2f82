//! Reading requests before anything is done: a request that does not have the documented form is refused with an error
//! that names the parameter or field.

mod body;
mod fields;
mod flag;
mod keyword;
mod listed;
pub(crate) mod malformed;
mod or_null;
mod page_cursor;
mod page_limit;
mod path;
mod query;
mod size_limits;
mod time;
mod versions;

pub(crate) use body::{BODY_BYTES, JsonBody};
pub(crate) use flag::Flag;
pub(crate) use keyword::KeywordParameter;
pub(crate) use listed::Listed;
pub(crate) use malformed::{InvalidValue, quoted};
pub(crate) use or_null::OrNull;
pub(crate) use page_cursor::PageCursor;
pub(crate) use page_limit::PageLimit;
pub(crate) use path::Path;
pub(crate) use query::{NoParameters, Query};
pub(crate) use size_limits::limit_head;
pub(crate) use time::{QueryTime, TimeRange};
pub(crate) use versions::VersionsParameter;
