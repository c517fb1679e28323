//! How values are written in the lines that are shown: YAML that a parser reads back.

use serde_json::Value;

/// A value without fields and items, on one line.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if is_plain(text) => text.clone(),
        Value::String(text) => Value::from(text.as_str()).to_string(),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// A name of a field.
pub(super) fn key(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { Value::from(name).to_string() }
}

/// A text of several lines: what stands behind its name, and its lines. Nothing for one that has to be quoted.
pub(super) fn block(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let whole = text.strip_suffix('\n');
    let (sign, body) = whole.map_or(("|-", text), |body| ("|", body));
    let is_odd = body.is_empty()
        || !text.contains('\n')
        || body.ends_with('\n')
        || body.starts_with([' ', '\n'])
        || body.chars().any(|c| c.is_control() && c != '\n');
    (!is_odd).then(|| (sign, body.split('\n').collect()))
}

/// Whether a text reads back as itself without quotes.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts = first.is_alphabetic() || "/_.".contains(first) || first == '•';
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", ".inf", ".nan"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    // a version or an address is no number; what begins with a digit is quoted only when it could be one
    let is_number = text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o");
    let starts =
        starts || (first.is_ascii_digit() && text.chars().any(char::is_alphabetic) && !text.contains([':', '_']));
    starts
        && !is_word
        && !is_number
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back() {
        for text in [
            "a", "1.2", "64Mi", "true", "", " a", "a: b", "a #b", "25%", "1e3", "no", "-", "a:80", "::", "12:30",
            "x\ny",
        ] {
            let written = scalar(&json!(text));
            let back: Value = serde_saphyr::from_str(&format!("v: {written}\n")).unwrap();
            assert_eq!(back["v"], json!(text), "{written}");
        }
        assert_eq!(scalar(&json!("64Mi")), "64Mi");
        assert_eq!(scalar(&json!("2")), "\"2\"");
        assert_eq!(block("a\nb\n"), Some(("|", vec!["a", "b"])));
        assert_eq!(block("a\nb"), Some(("|-", vec!["a", "b"])));
        assert_eq!((block("a"), block(" a\nb"), block("a\n\n")), (None, None, None));
    }
}
