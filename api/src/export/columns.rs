//! The cells of a CSV export.

use std::borrow::Cow;

/// What begins a formula in a spreadsheet, also as full-width characters, or hides that something does.
/// <https://owasp.org/www-community/attacks/CSV_Injection>
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// What becomes of cells that a spreadsheet would run as formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formulas {
    /// An apostrophe is put before them.
    Escape,
    /// They stay as they are.
    Keep,
}

impl Formulas {
    /// The value of the parameter `formulas`.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Escape => "escape",
            Self::Keep => "keep",
        }
    }

    /// A cell as it is written.
    pub(super) fn cell(self, text: String) -> Cow<'static, str> {
        if self == Self::Escape && text.starts_with(FORMULA) {
            format!("'{text}").into()
        } else {
            text.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_escaped_unless_it_is_to_be_kept() {
        for (text, escaped) in
            [("=1+1", "'=1+1"), ("＠x", "'＠x"), ("\tx", "'\tx"), ("a=1", "a=1"), ("", ""), (" =1", " =1")]
        {
            assert_eq!(Formulas::Escape.cell(text.to_owned()), escaped);
            assert_eq!(Formulas::Keep.cell(text.to_owned()), text);
        }
    }
}
