//! What a rule of the filtered stream says.

/// The value of the rule that delivers the posts that `expression` matches: all of them, or all that are no reposts. It is the only
/// form in which rules are added, so a rule that was checked is the rule that is added.
#[must_use]
pub fn rule_value(expression: &str, reposts: bool) -> String {
    // Without the parentheses, what is excluded would belong to the last alternative of an `OR` alone.
    if reposts { expression.to_owned() } else { format!("({expression}) -is:retweet") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reposts_are_excluded_from_every_alternative() {
        assert_eq!(rule_value("a OR b", true), "a OR b");
        assert_eq!(rule_value("a OR b", false), "(a OR b) -is:retweet");
    }
}
