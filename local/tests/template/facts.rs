//! The template's tables, queues, variables, routes and alarms match the code.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use api::{AuthorizerConfig, ControlConfig, Page, ReadConfig, description};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ALLOW, HOST, ORIGIN};
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use service::namespace::Namespace;
use service::own_metrics::Gauge;
use stream::StreamStatusTable;
use streamer::SourceConfig;
use tower::ServiceExt as _;
use yaml_serde::Value;

use crate::template::{Template, plain};

fn keys(schema: &Value) -> Vec<(String, String)> {
    let keys = schema["KeySchema"].as_sequence().unwrap().iter();
    keys.map(|key| (plain(&key["KeyType"]), plain(&key["AttributeName"]))).collect()
}

fn key(partition: &str, sort: &str) -> Vec<(String, String)> {
    vec![("HASH".to_owned(), partition.to_owned()), ("RANGE".to_owned(), sort.to_owned())]
}

#[test]
fn tables_have_the_keys_that_the_code_uses_and_outlive_the_stack() {
    let template = Template::read();
    type Tweets = TweetsTable;
    type Statistics = StatisticsTable;
    type Status = StreamStatusTable;
    let expected = [
        (
            "TweetsTable",
            key(Tweets::PARTITION_KEY, Tweets::SORT_KEY),
            vec![(Tweets::INDEX, key(Tweets::INDEX_PARTITION_KEY, Tweets::INDEX_SORT_KEY), "ALL")],
            Some(Tweets::TIME_TO_LIVE),
        ),
        (
            "StatisticsTable",
            key(Statistics::PARTITION_KEY, Statistics::SORT_KEY),
            vec![
                (Statistics::BY_HOUR, key(Statistics::SORT_KEY, Statistics::PARTITION_KEY), "KEYS_ONLY"),
                (Statistics::BY_TOUCH, key(Statistics::TOUCHED, Statistics::SORT_KEY), "KEYS_ONLY"),
            ],
            None,
        ),
        (
            "StreamStatusTable",
            key(Status::PARTITION_KEY, Status::SORT_KEY),
            vec![],
            Some(Status::TIME_TO_LIVE),
        ),
    ];
    assert_eq!(template.of_type("AWS::DynamoDB::Table").len(), expected.len());
    for (name, table_keys, indexes, time_to_live) in expected {
        let table = template.properties(name);
        assert_eq!(keys(table), table_keys, "{name}");
        let empty = Vec::new();
        let actual = table["GlobalSecondaryIndexes"].as_sequence().unwrap_or(&empty).iter();
        let actual: Vec<_> = actual
            .map(|index| {
                (plain(&index["IndexName"]), keys(index), plain(&index["Projection"]["ProjectionType"]))
            })
            .collect();
        let indexes: Vec<_> = indexes
            .into_iter()
            .map(|(name, keys, projection)| (name.to_owned(), keys, projection.to_owned()))
            .collect();
        assert_eq!(actual, indexes, "{name}");
        assert_eq!(table["TimeToLiveSpecification"]["AttributeName"].as_str(), time_to_live, "{name}");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
        // A first deployment that fails leaves no table behind.
        assert_eq!(template.resource(name)["DeletionPolicy"], *"RetainExceptOnCreate", "{name}");
        assert_eq!(template.resource(name)["UpdateReplacePolicy"], *"Retain", "{name}");
        // Or a first deployment that fails could not take it back. `./deploy` protects it afterwards.
        assert_eq!(table["DeletionProtectionEnabled"], Value::Null, "{name}");
    }
}

#[test]
fn queues_are_encrypted_keep_order_and_redrive_as_the_code_expects() {
    let template = Template::read();
    for (name, queue) in template.of_type("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name}");
    }
    for fifo in ["TweetsFifoQueue", "TweetsDeadLetterQueue"] {
        assert_eq!(template.properties(fifo)["FifoQueue"], true);
    }
    let tweets = template.properties("TweetsFifoQueue");
    assert_eq!(plain(&tweets["RedrivePolicy"]["deadLetterTargetArn"]), "TweetsDeadLetterQueue");
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    let timeout = template.properties("ConsumerFunction")["Timeout"].as_u64().unwrap();
    assert!(tweets["VisibilityTimeout"].as_u64().unwrap() >= 6 * timeout);
    let mapping = template.properties("ConsumerMapping");
    assert_eq!(mapping["FunctionResponseTypes"][0], *"ReportBatchItemFailures");
    assert_eq!(plain(&mapping["EventSourceArn"]), "TweetsFifoQueue");
}

/// `variable`, where `name` has this value.
fn with<'a>(
    variable: &'a dyn Fn(&str) -> Option<String>,
    name: &'a str,
    value: &'a str,
) -> impl Fn(&str) -> Option<String> {
    move |asked| variable(asked).map(|given| if asked == name { value.to_owned() } else { given })
}

/// Asserts that the code reads exactly the variables in `given`, except for those in `not_deployed`, which a deployment
/// does not need, and accepts their values.
fn assert_variables<T>(
    given: &[(String, String)],
    not_deployed: &[&str],
    read: impl Fn(&dyn Fn(&str) -> Option<String>) -> Result<T, service::variables::WrongVariables>,
) {
    let names = RefCell::new(BTreeSet::new());
    let variable = |name: &str| {
        names.borrow_mut().insert(name.to_owned());
        given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    };
    if let Err(error) = read(&variable) {
        panic!("{error}");
    }
    let given: BTreeSet<String> = given.iter().map(|(name, _)| name.clone()).collect();
    let names: BTreeSet<String> =
        names.into_inner().into_iter().filter(|name| !not_deployed.contains(&name.as_str())).collect();
    assert_eq!(given, names);
}

/// The variables of a streamer's task, as it gets them.
fn variables_of_the_task(template: &Template, definition: &str) -> Vec<(String, String)> {
    let container = &template.properties(definition)["ContainerDefinitions"][0];
    let variables = container["Environment"].as_sequence().unwrap().iter();
    variables.map(|variable| (plain(&variable["Name"]), template.given(&variable["Value"]))).collect()
}

#[test]
fn each_source_has_a_streamer_that_reads_it() {
    let template = Template::read_if(&["HasMastodonToken"]);
    let streamer = |definition: &str| {
        let variables = variables_of_the_task(&template, definition);
        let value = |name: &str| match name {
            "MASTODON_URL" => Some("https://mastodon.example".to_owned()),
            "MASTODON_TOKEN_PARAMETER" => Some("token".to_owned()),
            _ => variables.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone()),
        };
        streamer::Config::from_variables(value, String::new()).unwrap()
    };
    let (x, mastodon) = (streamer("StreamerTaskDefinition"), streamer("MastodonTaskDefinition"));
    assert!(matches!(x.source, SourceConfig::X { .. }), "{x:?}");
    assert_eq!((x.daily_post_budget, x.monthly_post_budget), (Some(10_000), Some(3_000_000)));
    assert_eq!((x.stream_id.as_str(), x.close_queue_url.as_str()), ("x", "StreamCloseQueue"));
    assert_eq!(
        mastodon.source,
        SourceConfig::Mastodon {
            url: "https://mastodon.example".to_owned(),
            token_parameter: Some("token".to_owned()),
            honour_opt_out: true,
        }
    );
    assert_eq!((mastodon.daily_post_budget, mastodon.monthly_post_budget), (Some(100_000), None));
    assert_eq!(
        (mastodon.stream_id.as_str(), mastodon.close_queue_url.as_str()),
        ("mastodon", "MastodonCloseQueue")
    );
    let may_read = template.allowed("StreamerRole");
    assert!(may_read.contains(&("ssm:GetParameter".to_owned(), "parameter/MastodonToken".to_owned())));
}

#[test]
fn functions_and_the_task_get_exactly_the_variables_that_they_read() {
    let template = Template::read();
    let read = |environment: &Value| -> Vec<(String, String)> {
        let variables = environment["Variables"].as_mapping().unwrap();
        variables.iter().map(|(name, value)| (plain(name), template.given(value))).collect()
    };
    let of_all = read(template.of_all_functions("Environment"));
    let own = |function: &str| read(&template.properties(function)["Environment"]);
    let variables = |function: &str| [of_all.clone(), own(function)].concat();
    assert_variables(&variables("ReadFunction"), &["ANSWER_BYTES"], |variable| {
        AuthorizerConfig::from_variables(variable).and_then(|_| ReadConfig::from_variables(variable))
    });
    assert_variables(&variables("ControlFunction"), &[], |variable| {
        AuthorizerConfig::from_variables(variable).and_then(|_| ControlConfig::from_variables(variable))
    });
    assert_variables(&variables("MinuteFunction"), &[], |variable| ControlConfig::from_variables(variable));
    assert_variables(&variables("ConsumerFunction"), &[], |variable| {
        consumer::Config::from_variables(variable)
    });
    // It reads none of what all functions get.
    assert_eq!(own("AuthorizerFunction"), [("API_KEYS_PARAMETER".to_owned(), "AviaryApiKeys".to_owned())]);
    assert_variables(&own("AuthorizerFunction"), &[], |variable| AuthorizerConfig::from_variables(variable));

    let not_deployed = ["STREAM_ID", "KEYWORD", "SINCE", "MASTODON_HONOUR_OPT_OUT"];
    for function in ["ControlFunction", "MinuteFunction"] {
        let variables = &template.properties(function)["Environment"]["Variables"];
        assert_eq!(plain(&variables["STREAM_CLOSE_QUEUE_URL"]), "StreamCloseQueue");
        assert_eq!(plain(&variables["MASTODON_CLOSE_QUEUE_URL"]), "MastodonCloseQueue");
    }
    for (variable, definition) in [
        ("TASK_DEFINITION", "StreamerTaskDefinition"),
        ("MASTODON_TASK_DEFINITION", "MastodonTaskDefinition"),
    ] {
        // Each gets the variables of both sources, and reads those of its own.
        assert_variables(&variables_of_the_task(&template, definition), &not_deployed, |variable| {
            for (source, url) in [("x", "https://api.x.com"), ("mastodon", "https://mastodon.example")] {
                let of_source = with(variable, "SOURCE", source);
                streamer::Config::from_variables(with(&of_source, "MASTODON_URL", url), String::new())?;
            }
            streamer::Config::from_variables(
                with(variable, "MASTODON_URL", "https://mastodon.example"),
                String::new(),
            )
        });
        let container = &template.properties(definition)["ContainerDefinitions"][0];
        // A streamer ends within 25 s of SIGTERM.
        assert!(container["StopTimeout"].as_u64().unwrap() > 25);
        assert_eq!(container["ReadonlyRootFilesystem"], true);
        assert!(!container["User"].as_str().unwrap().starts_with('0'));
        // The reconciler knows the deployed revision, and the one before it can still be started.
        for function in ["ControlFunction", "MinuteFunction"] {
            let revision = &template.properties(function)["Environment"]["Variables"][variable];
            assert_eq!(plain(revision), definition);
        }
        assert_eq!(template.resource(definition)["UpdateReplacePolicy"], *"Retain");
    }
}

#[test]
fn routes_are_those_of_the_description_and_lead_to_the_right_function() {
    let template = Template::read();
    let mut routes = BTreeSet::new();
    for (id, route) in template.of_type("AWS::ApiGatewayV2::Route") {
        let properties = &route["Properties"];
        let key = plain(&properties["RouteKey"]);
        let custom = properties["AuthorizationType"].as_str() == Some("CUSTOM");
        let path = key.split_once(' ').unwrap().1;
        assert_eq!(custom, !api::open_paths().contains(&path), "{id}: the functions and the gateway differ");
        assert_eq!(custom, properties["AuthorizerId"] != Value::Null, "{id}");
        if is_of_the_page(&key) {
            assert!(!custom, "{id}");
        } else if !key.starts_with("GET /docs") {
            let target = plain(&properties["Target"]).replace("integrations/", "");
            assert!(routes.insert((key, custom, target)));
        } else {
            assert!(!custom && plain(&properties["Target"]).ends_with("ReadIntegration"));
        }
    }
    let description = serde_json::to_value(description()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // It costs money.
            let reads = method == "get" && path != "/stream/estimate";
            let target = if reads { "ReadIntegration" } else { "ControlIntegration" };
            let key = format!("{} {path}", method.to_uppercase());
            described.insert((key, operation.get("security").is_some(), target.to_owned()));
        }
    }
    assert_eq!(routes, described);
    let authorizer = template.properties("ApiAuthorizer");
    // Otherwise a cached decision on a key with the scope `read` would apply to control routes too.
    let sources: Vec<String> =
        authorizer["IdentitySource"].as_sequence().unwrap().iter().map(plain).collect();
    assert_eq!(sources, ["$request.header.Authorization", "$context.routeKey"]);
    let limits = &template.properties("ApiStage")["DefaultRouteSettings"];
    let (rate, burst) = (plain(&limits["ThrottlingRateLimit"]), plain(&limits["ThrottlingBurstLimit"]));
    let limits = format!("{rate} requests a second, in bursts of up to {burst}");
    assert!(description["info"]["description"].as_str().unwrap().contains(&limits), "{limits}");
}

/// Whether a route is the page's.
fn is_of_the_page(key: &str) -> bool {
    let (method, path) = key.split_once(' ').unwrap();
    // `DELETE` and the like are the API's.
    ["GET", "POST"].contains(&method) && [Page::view_paths(), Page::form_paths()].concat().contains(&path)
}

/// The routes of a router, as the template has them.
async fn routes_of(router: axum::Router, paths: Vec<&str>, target: &str) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for path in paths {
        // A method that nothing has is answered with those that there are.
        let request = Request::patch(path.replace("{name}", "x").replace("{file}", "x"))
            .header(HOST, "a")
            .header(ORIGIN, "https://a");
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let methods = answer.headers()[ALLOW].to_str().unwrap().split(',').filter(|method| *method != "HEAD");
        routes.extend(methods.map(|method| (format!("{method} {path}"), target.to_owned())));
    }
    routes
}

#[tokio::test]
async fn routes_of_the_page_are_those_that_it_has_and_lead_to_the_right_function() {
    let template = Template::read();
    let routes = template.of_type("AWS::ApiGatewayV2::Route").into_values().map(|route| {
        let properties = &route["Properties"];
        (plain(&properties["RouteKey"]), plain(&properties["Target"]).replace("integrations/", ""))
    });
    let routes: BTreeSet<_> = routes.filter(|(key, _)| is_of_the_page(key)).collect();
    let page =
        || Page { api: axum::Router::new(), authorizer: None, made_up: false, look_every: Duration::ZERO };
    let views = routes_of(page().views(), Page::view_paths(), "ReadIntegration").await;
    let forms = routes_of(page().forms(), Page::form_paths(), "ControlIntegration").await;
    assert_eq!(routes, &views | &forms);
}

#[test]
fn alarms_watch_metrics_that_are_published() {
    let gauges = [
        Gauge::DEAD_LETTERS,
        Gauge::CONSUMER_LAG,
        Gauge::UNREAD,
        Gauge::GAPS_OPEN,
        Gauge::BUDGET_USED,
        Gauge::OUT_OF_CREDITS,
        Gauge::REQUESTS_REFUSED,
        Gauge::COMPLIANCE_AGE,
    ];
    let template = Template::read();
    let own = template.given(&template.of_all_functions("Environment")["Variables"]["METRIC_NAMESPACE"]);
    let own = Namespace::new(own).pipeline();
    let made_of_logs: BTreeSet<String> = template
        .of_type("AWS::Logs::MetricFilter")
        .values()
        .map(|filter| &filter["Properties"]["MetricTransformations"][0])
        .map(|metric| {
            assert_eq!(plain(&metric["MetricNamespace"]), own.as_str());
            plain(&metric["MetricName"])
        })
        .collect();
    let mut watched = BTreeSet::new();
    let mut watched_functions = BTreeSet::new();
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        let (namespace, metric) = (plain(&properties["Namespace"]), plain(&properties["MetricName"]));
        assert!(!plain(&properties["AlarmDescription"]).is_empty(), "{id}");
        match namespace.as_str() {
            "AWS/Lambda" => {
                assert!(watched_functions.insert((plain(&properties["Dimensions"][0]["Value"]), metric)));
            }
            "AWS/SQS" | "AWS/ApiGateway" => {}
            _ => {
                assert_eq!(namespace, own.as_str(), "{id}");
                watched.insert(metric);
            }
        }
    }
    let published: BTreeSet<String> = gauges.iter().map(|gauge| gauge.name().to_owned()).collect();
    assert_eq!(watched, &published | &made_of_logs);
    let functions = template.of_type("AWS::Serverless::Function");
    let of_each = |metric: &str| {
        functions.keys().map(|function| (function.clone(), metric.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(watched_functions, [of_each("Errors"), of_each("Throttles")].concat().into_iter().collect());
}

#[test]
fn functions_are_traced_only_where_the_parameter_says_so() {
    let template = Template::read();
    let tracing = template.of_all_functions("Tracing");
    assert_eq!(plain(tracing), "Tracing");
    assert_eq!(template.given(tracing), "PassThrough");
    let Value::Tagged(condition) = template.condition("IsTraced") else { panic!("IsTraced is no function") };
    assert_eq!(
        (condition.tag.to_string().as_str(), plain(&condition.value)),
        ("!Equals", "Tracing,Active".to_owned())
    );
}

/// The log line `fields` as the deployed programs write it.
fn logged(fields: &serde_json::Value) -> String {
    serde_json::json!({ "level": "INFO", "fields": fields, "target": "consumer::store" }).to_string()
}

#[test]
fn the_saved_query_finds_the_lines_about_a_post_in_both_logs() {
    let template = Template::read();
    let queries = template.of_type("AWS::Logs::QueryDefinition");
    let [query] = &queries.into_values().collect::<Vec<_>>()[..] else { panic!("there is one") };
    let query = &query["Properties"];
    // The name is shared in an account.
    let Value::Tagged(name) = &query["Name"] else { panic!("{query:?}") };
    assert_eq!(name.value, *"${AWS::StackName}/the way of a post");
    assert_eq!(plain(&query["LogGroupNames"]), "StreamerLog,ConsumerLog");
    let lines: Vec<&str> = query["QueryString"].as_str().unwrap().lines().collect();
    // What is to be replaced occurs in each line about a message, so that the query finds something as it is.
    let (filtered, rest) = lines[1].strip_prefix("filter @message like \"").unwrap().split_once('"').unwrap();
    assert_eq!((filtered, rest), ("trace_id", ""));
    assert!(lines[0].starts_with("# ") && lines[0].ends_with(" in the place of trace_id."));
    let fields = serde_json::json!({ "message": "stored posts", "trace_id": "1-2-3", "post_ids": "1 2" });
    let line = logged(&fields);
    assert!(line.contains(filtered));
    for (parsed, field) in
        lines.iter().filter_map(|line| line.strip_prefix("| parse @message '")).zip(["message", "trace_id"])
    {
        let (pattern, _) = parsed.split_once('\'').unwrap();
        let (before, after) = pattern.split_once('*').unwrap();
        let value = line.split_once(before).unwrap().1.split_once(after).unwrap().0;
        assert_eq!(value, fields[field].as_str().unwrap());
    }
}

/// Another stack in the account must not be told apart by luck.
#[test]
fn every_name_that_is_shared_in_an_account_has_the_stacks_name_in_it() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let named = ["Aviary/", " Family: ", "DashboardName: ", "repository/"];
    let lines = template.lines().filter(|line| named.iter().any(|name| line.contains(name)));
    let shared: Vec<&str> = lines.filter(|line| !line.contains("AWS::StackName")).collect();
    assert!(shared.is_empty(), "{shared:?}");
    // The tables' names begin with a parameter, which ./deploy sets to the stack's name.
    for line in template.lines().filter(|line| line.contains("TableName:")) {
        assert!(line.contains("${Tables}-"), "{line}");
    }
    // These names AWS makes of the stack's, unless the template gives one.
    for name in ["RoleName:", "AlarmName:", "TopicName:"] {
        assert!(!template.contains(name), "{name}");
    }
}
