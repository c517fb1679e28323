//! The signs, in Unicode and in ASCII. Each has a word wherever there is room; colour only repeats what a sign says.

/// One set of signs.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the words of Argo CD and of the screen parts they stand for")]
pub struct Glyphs {
    pub healthy: &'static str,
    pub progressing: &'static str,
    pub degraded: &'static str,
    pub missing: &'static str,
    pub suspended: &'static str,
    pub unknown: &'static str,
    pub trouble: &'static str,
    pub out_of_sync: &'static str,
    pub running: &'static str,
    pub retry: &'static str,
    pub held: &'static str,
    pub auto_sync_off: &'static str,
    pub cursor: &'static str,
    pub absent: &'static str,
    pub ellipsis: &'static str,
    pub dot: &'static str,
    pub ascending: &'static str,
    pub descending: &'static str,
    pub horizontal: &'static str,
    pub vertical: &'static str,
    pub heavy_horizontal: &'static str,
    pub heavy_vertical: &'static str,
    pub corners: [&'static str; 4],
    pub marked: &'static str,
}

/// For terminals that show Unicode.
pub const UNICODE: Glyphs = Glyphs {
    healthy: "●",
    progressing: "◐",
    degraded: "✖",
    missing: "○",
    suspended: "‖",
    unknown: "?",
    trouble: "▲",
    out_of_sync: "≠",
    running: "↻",
    retry: "↻",
    held: "⊘",
    auto_sync_off: "⏻",
    cursor: "›",
    absent: "·",
    ellipsis: "…",
    dot: "·",
    ascending: "↓",
    descending: "↑",
    horizontal: "─",
    vertical: "│",
    heavy_horizontal: "━",
    heavy_vertical: "┃",
    corners: ["┌", "┐", "└", "┘"],
    marked: "✓",
};

/// For everything else.
pub const ASCII: Glyphs = Glyphs {
    healthy: "*",
    progressing: "o",
    degraded: "x",
    missing: ".",
    suspended: "||",
    unknown: "?",
    trouble: "^",
    out_of_sync: "!=",
    running: ">",
    retry: "~",
    held: "#",
    auto_sync_off: "-A",
    cursor: ">",
    absent: "-",
    ellipsis: "..",
    dot: "-",
    ascending: "v",
    descending: "^",
    horizontal: "-",
    vertical: "|",
    heavy_horizontal: "=",
    heavy_vertical: "#",
    corners: ["+", "+", "+", "+"],
    marked: "+",
};

impl Glyphs {
    /// The set for a locale: Unicode where the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set names UTF-8.
    #[must_use]
    pub fn for_locale<'a>(variables: impl IntoIterator<Item = Option<&'a str>>) -> &'static Self {
        let decides = variables.into_iter().flatten().find(|v| !v.is_empty());
        let utf8 = decides.is_some_and(|v| {
            let v = v.to_ascii_lowercase();
            v.contains("utf-8") || v.contains("utf8")
        });
        if utf8 { &UNICODE } else { &ASCII }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        assert_eq!(Glyphs::for_locale([None, Some(""), Some("en_US.UTF-8")]), &UNICODE);
        assert_eq!(Glyphs::for_locale([Some("C"), None, Some("en_US.UTF-8")]), &ASCII);
        assert_eq!(Glyphs::for_locale([None, None, None]), &ASCII);
    }
}
