//! Addresses of views: a path and its parameters, of which one can be set or taken off.

use std::fmt;

/// A view's address. The order of its parameters is kept, so that one view has one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    path: &'static str,
    parameters: Vec<(String, String)>,
}

impl Address {
    /// A path without parameters.
    #[must_use]
    pub fn of(path: &'static str) -> Self {
        Self { path, parameters: Vec::new() }
    }

    /// A path with the parameters of a query string, without empty ones.
    #[must_use]
    pub fn parse(path: &'static str, query: &str) -> Self {
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self { path, parameters: parameters.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The same address with another value of a parameter.
    #[must_use]
    pub fn with(&self, name: &str, value: impl fmt::Display) -> Self {
        let mut changed = self.clone();
        let value = value.to_string();
        match changed.parameters.iter_mut().find(|(other, _)| other == name) {
            Some((_, present)) => *present = value,
            None => changed.parameters.push((name.to_owned(), value)),
        }
        changed
    }

    /// The same address with one more value of a parameter that may be there several times.
    #[must_use]
    pub fn and(&self, name: &str, value: impl fmt::Display) -> Self {
        let mut changed = self.clone();
        changed.parameters.push((name.to_owned(), value.to_string()));
        changed
    }

    /// The values of a parameter that may be there several times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The same address, for this source; as it is if none is named.
    #[must_use]
    pub fn of_source(self, source: Option<&str>) -> Self {
        match source {
            Some(source) => self.with("source", source),
            None => self,
        }
    }

    /// The same address without a parameter.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.parameters.retain(|(other, _)| other != name);
        changed
    }

    /// Another path with the same parameters, of these names only.
    #[must_use]
    pub fn at(&self, path: &'static str, names: &[&str]) -> Self {
        let kept = self.parameters.iter().filter(|(name, _)| names.contains(&name.as_str()));
        Self { path, parameters: kept.cloned().collect() }
    }

    /// Another path with all parameters.
    #[must_use]
    pub fn moved(&self, path: &'static str) -> Self {
        Self { path, parameters: self.parameters.clone() }
    }

    /// The parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// The query string, without `?`.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        query.finish()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)?;
        if self.parameters.is_empty() { Ok(()) } else { write!(f, "?{}", self.query()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_set_and_taken_off() {
        let address = Address::parse("/browse", "keyword=%22a+b%22&country=&text=%26");
        assert_eq!((address.get("keyword"), address.get("country")), (Some("\"a b\""), None));
        assert_eq!(address.with("text", "x").to_string(), "/browse?keyword=%22a+b%22&text=x");
        assert_eq!(address.without("keyword").with("lang", 7).to_string(), "/browse?text=%26&lang=7");
        assert_eq!(address.at("/charts", &["keyword"]).to_string(), "/charts?keyword=%22a+b%22");
        assert_eq!(address.moved("/tweets").to_string(), "/tweets?keyword=%22a+b%22&text=%26");
        assert_eq!(Address::of("/").to_string(), "/");
    }
}
