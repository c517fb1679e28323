//! The parts of a line of YAML.

/// Where the name of a field ends and its value begins, in bytes; nothing for a line without a name.
#[must_use]
pub fn key_end(line: &str) -> Option<usize> {
    let key = line.trim_start().trim_start_matches("- ");
    let is_key = |key: &str| !key.is_empty() && (!key.contains([' ', '"', '\'']) || is_quoted(key));
    let begin = line.len() - key.len();
    let ends = key.match_indices(':').map(|(at, _)| at);
    let mut ends = ends.filter(|end| matches!(key.as_bytes().get(end + 1), None | Some(b' ')));
    ends.find(|end| is_key(&key[..*end])).map(|end| begin + end + 1)
}

fn is_quoted(key: &str) -> bool {
    key.len() > 2 && key.starts_with('"') && key.ends_with('"') && !key[1..key.len() - 1].contains('"')
}

/// Whether a value stands for itself and is no text: a number, a yes or no, or nothing.
#[must_use]
pub fn is_plain_value(value: &str) -> bool {
    let value = value.trim();
    matches!(value, "true" | "false" | "null" | "{}" | "[]") || value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_values() {
        let parts = |line: &'static str| key_end(line).map_or((line, ""), |end| line.split_at(end));
        assert_eq!(parts("  replicas: 2"), ("  replicas:", " 2"));
        assert_eq!(parts("  - name: api"), ("  - name:", " api"));
        assert_eq!(parts("spec:"), ("spec:", ""));
        assert_eq!(parts("  - http://a:80"), ("  - http://a:80", ""));
        assert_eq!(parts("    some text: with a colon"), ("    some text: with a colon", ""));
        assert_eq!(parts("  \"true\": a"), ("  \"true\":", " a"));
        assert!(is_plain_value(" 2") && is_plain_value("true") && !is_plain_value("\"2\"") && !is_plain_value("64Mi"));
    }
}
