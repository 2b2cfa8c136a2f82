//! Reads the template.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value;

/// The template.
pub(crate) struct Template(Value);

/// An action and its resource: a logical id, possibly with `/index/…`; `parameter/…`; `task`; `task-definition`; or
/// `*`.
pub(crate) type Allowed = (String, String);

impl Template {
    pub(crate) fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
        Self(yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// The resources of a type, by their logical ids.
    pub(crate) fn of_type(&self, name: &str) -> BTreeMap<String, &Value> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let found = resources.filter(|(_, resource)| resource["Type"] == *name);
        found.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
    }

    pub(crate) fn resource(&self, id: &str) -> &Value {
        &self.0["Resources"][id]
    }

    pub(crate) fn properties(&self, id: &str) -> &Value {
        &self.0["Resources"][id]["Properties"]
    }

    /// A value as a program gets it: a parameter's default, or the logical id of the resource that it refers to.
    pub(crate) fn given(&self, value: &Value) -> String {
        let text = plain(value);
        match &self.0["Parameters"][text.as_str()]["Default"] {
            Value::Null => text,
            default => plain(default),
        }
    }

    /// What a role's inline policies allow.
    pub(crate) fn allowed(&self, role: &str) -> BTreeSet<Allowed> {
        let mut allowed = BTreeSet::new();
        for policy in self.properties(role)["Policies"].as_sequence().unwrap() {
            for statement in policy["PolicyDocument"]["Statement"].as_sequence().unwrap() {
                assert_eq!(statement["Effect"], *"Allow");
                for action in list(&statement["Action"]) {
                    for resource in list(&statement["Resource"]) {
                        assert!(!action.contains('*'), "{role}: {action}");
                        assert!(allowed.insert((action.clone(), resource.clone())), "{role}: {action} twice");
                    }
                }
            }
        }
        allowed
    }
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(values) => values.iter().map(plain).collect(),
        value => vec![plain(value)],
    }
}

/// A value as text. A reference to a resource becomes its logical id.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => {
            let text = plain(&tagged.value);
            match tagged.tag.to_string().as_str() {
                "!GetAtt" => text.split('.').next().unwrap().to_owned(),
                "!Sub" => substituted(&text),
                _ => text,
            }
        }
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Sequence(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => panic!("{other:?}"),
    }
}

/// The last part of an ARN, with variables replaced by their names.
fn substituted(text: &str) -> String {
    let text = text.replace("${AWS::StackName}", "aviary");
    let name = text.rsplit(':').find(|part| *part != "*").unwrap().replace(".Arn}", "}");
    match name.split('/').next().unwrap() {
        kind @ ("task" | "task-definition") => kind.to_owned(),
        _ => name.replace("${", "").replace('}', ""),
    }
}
