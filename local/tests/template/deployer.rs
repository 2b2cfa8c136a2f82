//! Whoever has the two policies of `docs/` may run the scripts, and CloudFormation may do for them what the template
//! needs; and they allow nothing else.

mod needs;

use std::collections::BTreeSet;

use needs::{BESIDES, COMMANDS, TYPES};
use serde_json::Value;

use crate::template::Template;

/// A policy's statements.
struct Policy(Vec<Value>);

impl Policy {
    fn read(name: &str) -> Self {
        let path = format!("{}/../docs/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        assert!(text.chars().filter(|c| !c.is_whitespace()).count() <= 6144, "{name} is too long for IAM");
        let policy: Value = serde_json::from_str(&text).unwrap();
        let statements = policy["Statement"].as_array().unwrap().clone();
        assert!(statements.iter().all(|statement| statement["Effect"] == "Allow"), "{name}");
        Self(statements)
    }

    fn allows(&self, action: &str, on: &str) -> bool {
        self.0.iter().any(|statement| {
            strings(&statement["Action"]).contains(&action)
                && strings(&statement["Resource"]).iter().any(|pattern| matches(pattern, on))
        })
    }

    fn actions(&self) -> BTreeSet<&str> {
        self.0.iter().flat_map(|statement| strings(&statement["Action"])).collect()
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap()).collect(),
        value => vec![value.as_str().unwrap()],
    }
}

/// Whether a pattern with `*` matches a whole text, as IAM compares ARNs.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|skipped| matches(rest, &text[skipped..]))),
    }
}

/// The commands of the AWS CLI in the scripts, each with its service.
fn commands() -> BTreeSet<String> {
    let mut commands = BTreeSet::new();
    for script in ["deploy", "remove", "restore", "stack.sh", "token"] {
        let path = format!("{}/../{script}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut words = line.split([' ', '(', ';']);
            while words.any(|word| word == "aws") {
                let (service, operation) = (words.next().unwrap_or_default(), words.next());
                // Or it is the program itself that is asked for.
                if service.starts_with(|first: char| first.is_ascii_lowercase()) {
                    commands.extend(operation.map(|operation| format!("{service} {operation}")));
                }
            }
        }
    }
    commands
}

#[test]
fn a_deployer_may_do_what_the_scripts_and_cloudformation_do_and_nothing_else() {
    let own = Policy::read("deployer-policy");
    let by_cloudformation = Policy::read("deployer-policy-cloudformation");
    for statement in &by_cloudformation.0 {
        let through = &statement["Condition"]["ForAnyValue:StringEquals"]["aws:CalledVia"];
        assert_eq!(through, "cloudformation.amazonaws.com", "{}", statement["Sid"]);
    }
    let mut used = BTreeSet::new();
    for (command, on, actions) in COMMANDS.iter().chain(BESIDES) {
        for action in actions.split_whitespace() {
            assert!(own.allows(action, on), "{command} needs {action} on {on}");
            used.insert(action);
        }
    }
    assert_eq!(own.actions(), used);
    let mut used_by_cloudformation = BTreeSet::new();
    for (kind, on, actions) in TYPES {
        for action in actions.split_whitespace() {
            let allowed = by_cloudformation.allows(action, on) || own.allows(action, on);
            assert!(allowed, "{kind} needs {action} on {on}");
            used_by_cloudformation.insert(action);
        }
    }
    let idle: Vec<_> = by_cloudformation.actions().difference(&used_by_cloudformation).copied().collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn what_every_command_and_type_needs_is_known() {
    let known = COMMANDS.iter().map(|(command, ..)| (*command).to_owned()).collect();
    assert_eq!(commands(), known);
    let known = TYPES.iter().map(|(kind, ..)| (*kind).to_owned()).collect();
    assert_eq!(Template::read().types(), known);
}
