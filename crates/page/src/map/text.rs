//! Numbers as the picture shows them.

use crate::words::grouped;

/// A number of posts: `1,234 posts`.
pub(super) fn posts(count: u64) -> String {
    match count {
        0 => "no posts".to_owned(),
        1 => "1 post".to_owned(),
        _ => format!("{} posts", grouped(count)),
    }
}

/// A part of a whole that is not zero, rounded to a hundredth. Only nothing is 0 %, and only all is 100 %.
pub(super) fn percent(part: u128, whole: u128) -> String {
    match (part * 200 + whole) / (2 * whole) {
        0 if part > 0 => "less than 1 %".to_owned(),
        100 if part < whole => "more than 99 %".to_owned(),
        rounded => format!("{rounded} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [0_u64, 12, 999, 1_000, 1_234_567, u64::MAX].map(grouped),
            ["0", "12", "999", "1,000", "1,234,567", "18,446,744,073,709,551,615"],
        );
        assert_eq!([0, 1, 2_000].map(posts), ["no posts", "1 post", "2,000 posts"]);
    }

    #[test]
    fn percentages_are_rounded_but_never_to_nothing_or_to_all() {
        let cases = [(0, 7), (1, 1_000), (3, 8), (1, 2), (995, 1_000), (999, 1_000), (7, 7)];
        assert_eq!(
            cases.map(|(part, whole)| percent(part, whole)),
            ["0 %", "less than 1 %", "38 %", "50 %", "more than 99 %", "more than 99 %", "100 %"],
        );
    }
}
