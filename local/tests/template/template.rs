//! Reads the template.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::value::TaggedValue;
use yaml_serde::{Mapping, Value};

/// The template.
pub(crate) struct Template(Value);

/// An action and its resource: a logical id, possibly with `/index/…`; `parameter/…`; `task`; `task-definition/…`; or
/// `*`.
pub(crate) type Allowed = (String, String);

impl Template {
    /// The template as it is deployed by default, with its loops written out.
    pub(crate) fn read() -> Self {
        Self::read_if(&[])
    }

    /// The template with its loops written out, as it is if these of the [`DECIDED`] conditions hold.
    pub(crate) fn read_if(conditions: &[&str]) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
        let mut template: Value = yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut resources = Mapping::new();
        for (id, resource) in template["Resources"].as_mapping().unwrap() {
            if !id.as_str().unwrap().starts_with("Fn::ForEach::") {
                resources.insert(id.clone(), resource.clone());
                continue;
            }
            let variable = plain(&resource[0]);
            for name in list(&resource[1]) {
                let written_out = |value: &Value| written_out(value, &variable, &name, &template["Mappings"]);
                let body = resource[2].as_mapping().unwrap().iter();
                resources.extend(body.map(|(id, resource)| (written_out(id), written_out(resource))));
            }
        }
        template["Resources"] = decided(&resources.into(), conditions).unwrap();
        Self(template)
    }

    /// The resources of a type, by their logical ids.
    pub(crate) fn of_type(&self, name: &str) -> BTreeMap<String, &Value> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let found = resources.filter(|(_, resource)| resource["Type"] == *name);
        found.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
    }

    /// Every type of resource that there is.
    pub(crate) fn types(&self) -> BTreeSet<String> {
        let resources = self.0["Resources"].as_mapping().unwrap().values();
        resources.map(|resource| plain(&resource["Type"])).collect()
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

    /// A property that all functions have.
    pub(crate) fn of_all_functions(&self, name: &str) -> &Value {
        &self.0["Globals"]["Function"][name]
    }

    /// A condition of the template.
    pub(crate) fn condition(&self, name: &str) -> &Value {
        &self.0["Conditions"][name]
    }

    /// What a role's policies allow, its own and those that it shares with others.
    pub(crate) fn allowed(&self, role: &str) -> BTreeSet<Allowed> {
        let properties = self.properties(role);
        let own = properties["Policies"].as_sequence().unwrap().iter();
        let shared = properties["ManagedPolicyArns"].as_sequence().into_iter().flatten();
        let policies = own.chain(shared.map(|policy| self.properties(&plain(policy))));
        let mut allowed = BTreeSet::new();
        for statement in
            policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().unwrap())
        {
            assert_eq!(statement["Effect"], *"Allow");
            for action in list(&statement["Action"]) {
                for resource in list(&statement["Resource"]) {
                    assert!(!action.contains('*'), "{role}: {action}");
                    assert!(allowed.insert((action.clone(), resource.clone())), "{role}: {action} twice");
                }
            }
        }
        allowed
    }
}

/// The conditions that are decided when the template is read; what depends on others stays as it is.
const DECIDED: [&str; 2] = ["HasMastodonToken", "IsTraced"];

/// A value in which what depends on [`DECIDED`] conditions is decided, by those that hold; `None` if there is none then.
fn decided(value: &Value, holding: &[&str]) -> Option<Value> {
    Some(match value {
        Value::Tagged(tagged)
            if tagged.tag == "If" && DECIDED.contains(&plain(&tagged.value[0]).as_str()) =>
        {
            let branch = if holding.contains(&plain(&tagged.value[0]).as_str()) { 1 } else { 2 };
            let chosen = &tagged.value[branch];
            if matches!(chosen, Value::Tagged(_)) && plain(chosen) == "AWS::NoValue" {
                return None;
            }
            decided(chosen, holding)?
        }
        Value::Tagged(tagged) => {
            let value = decided(&tagged.value, holding)?;
            Value::Tagged(Box::new(TaggedValue { tag: tagged.tag.clone(), value }))
        }
        Value::Sequence(values) => {
            values.iter().filter_map(|value| decided(value, holding)).collect::<Vec<_>>().into()
        }
        Value::Mapping(parts) => {
            let parts = parts.iter().filter_map(|(key, value)| Some((key.clone(), decided(value, holding)?)));
            parts.collect::<Mapping>().into()
        }
        other => other.clone(),
    })
}

/// A part of a loop's body for one name of its collection.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html>
fn written_out(value: &Value, variable: &str, name: &str, mappings: &Value) -> Value {
    let inside = |value: &Value| written_out(value, variable, name, mappings);
    match value {
        Value::String(text) => text.replace(&format!("${{{variable}}}"), name).into(),
        Value::Sequence(values) => values.iter().map(inside).collect::<Vec<_>>().into(),
        // A reference whose name is put together.
        Value::Mapping(parts) if parts.len() == 1 && parts.contains_key("Ref") => {
            plain(&inside(&parts["Ref"])).into()
        }
        Value::Mapping(parts) => {
            parts.iter().map(|(key, value)| (inside(key), inside(value))).collect::<Mapping>().into()
        }
        Value::Tagged(tagged) => match (tagged.tag.to_string().as_str(), inside(&tagged.value)) {
            ("!Ref", Value::String(of)) if of == variable => name.into(),
            ("!FindInMap", path) => {
                list(&path).iter().fold(mappings.clone(), |value, key| value[key.as_str()].clone())
            }
            (_, value) => Value::Tagged(Box::new(TaggedValue { tag: tagged.tag.clone(), value })),
        },
        other => other.clone(),
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
        kind @ "task" => kind.to_owned(),
        "table" => name.replace("table/${Tables}-", ""),
        _ => name.replace("${", "").replace('}', ""),
    }
}
