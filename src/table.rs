//! Tables for spreadsheets: comma-separated, and nothing in them that a spreadsheet would run (R28).

/// What a spreadsheet takes for the beginning of a formula.
const FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A text as it stands in a table: in quotes where it has to, and never a formula.
pub fn cell(text: &str) -> String {
    let defused = if text.starts_with(FORMULAS) { format!("'{text}") } else { text.to_owned() };
    if defused.contains([',', '"', '\r', '\n', ';']) || defused != text {
        format!("\"{}\"", defused.replace('"', "\"\""))
    } else {
        defused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        for text in ["=HYPERLINK(\"http://x\")", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1"] {
            let cell = cell(text);
            assert!(cell.starts_with("\"'") && cell.ends_with('"'), "{cell}");
        }
        assert_eq!(cell("Ann"), "Ann");
        assert_eq!(cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        assert_eq!(cell("1=2"), "1=2");
    }
}
