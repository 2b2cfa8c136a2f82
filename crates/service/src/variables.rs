//! Reading a program's configuration from environment variables.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Reads variables, and remembers those that are missing or wrong, so that all of them can be reported together.
#[derive(Debug)]
pub struct Variables<F> {
    variable: F,
    wrong: WrongVariables,
}

/// Every variable that is missing, empty or wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WrongVariables {
    missing: Vec<&'static str>,
    unusable: Vec<String>,
}

impl fmt::Display for WrongVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = (!self.missing.is_empty())
            .then(|| format!("missing environment variables: {}", self.missing.join(", ")));
        let parts: Vec<&str> = missing.iter().chain(&self.unusable).map(String::as_str).collect();
        f.write_str(&parts.join("; "))
    }
}

impl std::error::Error for WrongVariables {}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// Variables as `variable` returns them; an empty one counts as missing.
    pub fn new(variable: F) -> Self {
        Self { variable, wrong: WrongVariables::default() }
    }

    /// An optional variable.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// A required variable; if it is missing, [`Variables::complete`] fails.
    pub fn required(&mut self, name: &'static str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.wrong.missing.push(name);
            String::new()
        })
    }

    /// A whole number within `range`; `absent` if the variable is missing.
    pub fn number<N>(&mut self, name: &'static str, range: RangeInclusive<N>, absent: N) -> N
    where
        N: FromStr + PartialOrd + fmt::Display,
    {
        let Some(text) = self.optional(name) else { return absent };
        match text.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (least, most) = (range.start(), range.end());
                self.wrong
                    .unusable
                    .push(format!("{name} must be a whole number from {least} to {most}, not {text:?}"));
                absent
            }
        }
    }

    /// A value of a type that says what is wrong with a text; `None` if the variable is missing or wrong.
    pub fn parsed<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        match self.optional(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong.unusable.push(format!("{name} cannot be used: {error}"));
                None
            }
        }
    }

    /// `true` or `false`; `absent` if the variable is missing.
    pub fn flag(&mut self, name: &'static str, absent: bool) -> bool {
        let Some(text) = self.optional(name) else { return absent };
        text.trim().parse().unwrap_or_else(|_| {
            self.wrong.unusable.push(format!("{name} must be true or false, not {text:?}"));
            absent
        })
    }

    /// Notes that variables do not go together.
    pub fn refuse(&mut self, reason: &str) {
        self.wrong.unusable.push(reason.to_owned());
    }

    /// `config`, which was made from the variables, if none was missing or wrong.
    ///
    /// # Errors
    /// Every variable that was missing or wrong.
    pub fn complete<T>(self, made: T) -> Result<T, WrongVariables> {
        if self.wrong == WrongVariables::default() { Ok(made) } else { Err(self.wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let mut variables = Variables::new(|name| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        });
        let made = [variables.required("SET"), variables.required("EMPTY"), variables.required("ABSENT")];
        assert_eq!((made[0].as_str(), variables.optional("EMPTY")), ("value", None));
        assert_eq!(
            variables.complete(made).unwrap_err().to_string(),
            "missing environment variables: EMPTY, ABSENT"
        );
    }

    #[test]
    fn a_number_that_is_none_is_named_with_what_it_may_be() {
        let mut variables = Variables::new(|name| (name != "ABSENT").then(|| name.to_lowercase()));
        assert_eq!(variables.number("ABSENT", 0..=5_u32, 3), 3);
        assert_eq!(variables.number("MANY", 0..=5_u32, 3), 3);
        assert_eq!(
            variables.complete(()).unwrap_err().to_string(),
            r#"MANY must be a whole number from 0 to 5, not "many""#
        );
        let mut variables = Variables::new(|_| Some("5".to_owned()));
        assert_eq!((variables.number("FIVE", 0..=5_u64, 3), variables.complete(())), (5, Ok(())));
    }

    #[test]
    fn a_flag_is_true_or_false() {
        let mut variables = Variables::new(|name| (name != "ABSENT").then(|| name.to_lowercase()));
        assert!(variables.flag("ABSENT", true) && variables.flag("TRUE", false));
        assert!(!variables.flag("FALSE", true) && variables.flag("YES", true));
        assert_eq!(
            variables.complete(()).unwrap_err().to_string(),
            r#"YES must be true or false, not "yes""#
        );
    }
}
