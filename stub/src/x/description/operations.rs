//! The endpoints that the stub has.

use axum::http::Method;

use super::Kind::{Boolean, Id, Ids, Integer, List, Object, Text, Time, Word, Words};
use super::account::{CONNECTION_FIELDS, JOB_FIELDS, JOB_TYPES, STREAMS, USAGE_FIELDS};
use super::fields::{ARCHIVE_PAGE, GRANULARITY, PERIOD, POSTS, QUERY, RECENT_PAGE, SORT_ORDER, TWEETS};
use super::{Parameter, Spelling};

/// An endpoint, with one method.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Its path; a segment in braces is a parameter.
    pub(crate) path: &'static str,
    /// How many requests it takes in 15 minutes, on X's pay-per-use plan.
    /// <https://docs.x.com/x-api/fundamentals/rate-limits>
    pub(crate) limit: u32,
    pub(crate) price: Price,
    /// Groups of parameters.
    pub(crate) parameters: &'static [&'static [Parameter]],
    /// The groups in the words of version 2.159, where they differ.
    pub(crate) in_tweets: Option<&'static [&'static [Parameter]]>,
    /// The fields of its body, if it takes one.
    pub(crate) body: Option<&'static [Parameter]>,
}

/// What a request costs.
/// <https://docs.x.com/x-api/getting-started/pricing>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    Free,
    /// What the posts and users in the answer cost.
    Resources,
    /// So many micro-dollars, whatever the answer.
    Request(u64),
}

impl Operation {
    /// Its parameters, outside a body, in this spelling.
    pub(crate) fn parameters(&self, spelling: Spelling) -> impl Iterator<Item = &'static Parameter> {
        let groups = match spelling {
            Spelling::Tweets => self.in_tweets.unwrap_or(self.parameters),
            Spelling::Posts => self.parameters,
        };
        groups.iter().copied().flatten()
    }

    /// Whether requests to it may be spelled in two ways.
    pub(crate) fn has_dialects(&self) -> bool {
        self.in_tweets.is_some()
    }

    /// The values of the parameters in a path, if it is one of this operation's.
    pub(crate) fn path_values<'a>(&self, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let (mut own, mut given) = (self.path.split('/'), path.split('/'));
        let mut values = Vec::new();
        loop {
            match (own.next(), given.next()) {
                (None, None) => return Some(values),
                (Some(own), Some(given)) if own == given => {}
                (Some(own), Some(given)) => {
                    values.push((own.strip_prefix('{')?.strip_suffix('}')?, given));
                }
                _ => return None,
            }
        }
    }
}

/// The operation with this method and path. `/2/connections/all` precedes the endpoint whose parameter would match
/// `all`.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.method == method && operation.path_values(path).is_some())
}

/// Each operation.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/2/tweets/search/stream",
        limit: 50,
        price: Price::Resources,
        parameters: &[
            &[
                Parameter::query("backfill_minutes", Integer(0, 5)),
                Parameter::query("start_time", Time),
                Parameter::query("end_time", Time),
            ],
            TWEETS,
        ],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets/search/stream/rules",
        limit: 450,
        price: Price::Free,
        parameters: &[&[
            Parameter::query("ids", Ids(1000)),
            Parameter::query("max_results", Integer(1, 1000)),
            Parameter::query("pagination_token", Text(16, 16)),
        ]],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::POST,
        path: "/2/tweets/search/stream/rules",
        limit: 100,
        price: Price::Free,
        parameters: &[&[Parameter::query("dry_run", Boolean), Parameter::query("delete_all", Boolean)]],
        in_tweets: None,
        body: Some(&[
            Parameter::field(
                "add",
                List(
                    0,
                    usize::MAX,
                    &Object(&[
                        Parameter::field("value", Text(0, usize::MAX)).required(),
                        Parameter::field("tag", Text(0, usize::MAX)),
                    ]),
                ),
            ),
            Parameter::field(
                "delete",
                Object(&[
                    Parameter::field("ids", List(0, usize::MAX, &Id)),
                    Parameter::field("values", List(0, usize::MAX, &Text(0, usize::MAX))),
                ]),
            ),
        ]),
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets/search/stream/rules/counts",
        limit: 450,
        price: Price::Free,
        parameters: &[&[Parameter::query("rules_count.fields", Text(0, usize::MAX))]],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets/search/recent",
        limit: 450,
        price: Price::Resources,
        parameters: &[QUERY, PERIOD, RECENT_PAGE, SORT_ORDER, POSTS],
        in_tweets: Some(&[QUERY, PERIOD, RECENT_PAGE, SORT_ORDER, TWEETS]),
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets/search/all",
        limit: 300,
        price: Price::Resources,
        parameters: &[QUERY, PERIOD, ARCHIVE_PAGE, SORT_ORDER, POSTS],
        in_tweets: Some(&[QUERY, PERIOD, ARCHIVE_PAGE, SORT_ORDER, TWEETS]),
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets/counts/recent",
        limit: 300,
        price: Price::Request(5_000),
        parameters: &[QUERY, PERIOD, GRANULARITY],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets/counts/all",
        limit: 300,
        price: Price::Request(10_000),
        parameters: &[QUERY, PERIOD, GRANULARITY],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/tweets",
        limit: 3500,
        price: Price::Resources,
        parameters: &[&[Parameter::query("ids", Ids(100)).required()], POSTS],
        in_tweets: Some(&[&[Parameter::query("ids", Ids(100)).required()], TWEETS]),
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/usage/tweets",
        limit: 50,
        price: Price::Free,
        parameters: &[&[Parameter::query("days", Integer(1, 90)), USAGE_FIELDS]],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/connections",
        limit: 25,
        price: Price::Free,
        parameters: &[&[
            Parameter::query("status", Word(&["active", "inactive", "all"])),
            Parameter::query("endpoints", Words(STREAMS)),
            Parameter::query("max_results", Integer(1, 100)),
            Parameter::query("pagination_token", Text(0, usize::MAX)),
            CONNECTION_FIELDS,
        ]],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::DELETE,
        path: "/2/connections",
        limit: 25,
        price: Price::Free,
        parameters: &[],
        in_tweets: None,
        body: Some(&[Parameter::field("uuids", List(1, 100, &Text(0, usize::MAX))).required()]),
    },
    Operation {
        method: Method::DELETE,
        path: "/2/connections/all",
        limit: 25,
        price: Price::Free,
        parameters: &[],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::DELETE,
        path: "/2/connections/{endpoint_id}",
        limit: 25,
        price: Price::Free,
        parameters: &[&[Parameter::path("endpoint_id", Word(STREAMS))]],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::GET,
        path: "/2/compliance/jobs",
        limit: 150,
        price: Price::Free,
        parameters: &[
            &[
                Parameter::query("type", Word(JOB_TYPES)).required(),
                Parameter::query("status", Word(&["created", "in_progress", "failed", "complete"])),
            ],
            JOB_FIELDS,
        ],
        in_tweets: None,
        body: None,
    },
    Operation {
        method: Method::POST,
        path: "/2/compliance/jobs",
        limit: 150,
        price: Price::Free,
        parameters: &[JOB_FIELDS],
        in_tweets: None,
        body: Some(&[
            Parameter::field("type", Word(JOB_TYPES)).required(),
            Parameter::field("name", Text(0, 64)),
            Parameter::field("resumable", Boolean),
        ]),
    },
    Operation {
        method: Method::GET,
        path: "/2/compliance/jobs/{id}",
        limit: 150,
        price: Price::Free,
        parameters: &[&[Parameter::path("id", Id)], JOB_FIELDS],
        in_tweets: None,
        body: None,
    },
];
