//! The update of an item that adds to its numbers.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Update};

use super::attributes::{Attribute, Number};
use super::table::StatisticsTable;
use crate::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

/// The most operators and functions that the expression of an update may have by the rules of [`operators`]: well below the 300 that DynamoDB
/// takes. Then it has at most 3,600 bytes, of the 4,096 that DynamoDB takes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub(super) const OPERATORS: usize = 250;

/// How many operators and functions a number takes in the expression of an update: an addition is one, and so are `=` and `if_not_exists`.
pub(super) fn operators(attribute: Attribute) -> usize {
    match attribute {
        Attribute::Country(_, Number::FirstAt) => 2,
        _ => 1,
    }
}

/// What an update of an item says, and the names and values that stand for placeholders in it. These are numbered, and as short as can be:
/// `ADD #0 :0,#1 :1 SET #2=if_not_exists(#2,:2)`.
#[derive(Debug, Default)]
pub(super) struct Expression {
    add: Vec<String>,
    set: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// What adds to numbers of the item of the hour of `at`, at `now`. If posts are collected, it notes that the item was counted in, and when the
    /// first post of each of their countries was, unless that is noted already.
    pub(super) fn adding(
        added: impl IntoIterator<Item = (Attribute, i64)>,
        at: UtcTime,
        now: UtcTime,
    ) -> Self {
        let since = now.as_millis() - at.start_of_hour().as_millis();
        let mut expression = Self::default();
        let mut collects = false;
        for (attribute, by) in added.into_iter().filter(|(_, by)| *by != 0) {
            expression.add(attribute, by);
            if let Attribute::Country(country, Number::Collected) = attribute {
                let first_at = AttributeValue::N(since.to_string());
                expression.set_once(Attribute::Country(country, Number::FirstAt), first_at);
                collects = true;
            }
        }
        if collects {
            expression.set(StatisticsTable::TOUCHED, AttributeValue::S(now.hour()));
        }
        expression
    }

    /// The placeholders of a name and a value.
    fn placeholders(&mut self, name: String, value: AttributeValue) -> (String, String) {
        let number = base_36(self.names.len());
        let placeholders = (format!("#{number}"), format!(":{number}"));
        self.names.insert(placeholders.0.clone(), name);
        self.values.insert(placeholders.1.clone(), value);
        placeholders
    }

    fn add(&mut self, attribute: Attribute, by: i64) {
        let (name, value) = self.placeholders(attribute.name(), AttributeValue::N(by.to_string()));
        self.add.push(format!("{name} {value}"));
    }

    fn set(&mut self, name: &str, value: AttributeValue) {
        let (name, value) = self.placeholders(name.to_owned(), value);
        self.set.push(format!("{name}={value}"));
    }

    fn set_once(&mut self, attribute: Attribute, value: AttributeValue) {
        let (name, value) = self.placeholders(attribute.name(), value);
        self.set.push(format!("{name}=if_not_exists({name},{value})"));
    }

    pub(super) fn text(&self) -> String {
        let clauses = [("ADD", &self.add), ("SET", &self.set)];
        let clauses = clauses.into_iter().filter(|(_, actions)| !actions.is_empty());
        let clauses: Vec<String> =
            clauses.map(|(clause, actions)| format!("{clause} {}", actions.join(","))).collect();
        clauses.join(" ")
    }
}

impl StatisticsTable {
    /// The update of the item of a keyword and the hour of `at`.
    pub(super) fn update(
        &self,
        keyword: &Keyword,
        at: UtcTime,
        expression: Expression,
    ) -> Result<Update, TableError> {
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(Self::key(keyword, at)))
            .update_expression(expression.text())
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values))
            .build()
            .map_err(|error| self.invalid_item(&error))
    }
}

/// A number in digits and small letters.
fn base_36(mut number: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = String::new();
    loop {
        text.insert(0, DIGITS.get(number % 36).map_or('0', |digit| char::from(*digit)));
        number /= 36;
        if number == 0 {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_short_and_different() {
        let all: std::collections::HashSet<String> = (0..1296).map(base_36).collect();
        assert_eq!((all.len(), base_36(35), base_36(36)), (1296, "z".to_owned(), "10".to_owned()));
        assert!(all.iter().all(|text| text.len() <= 2));
    }
}
