//! Recorded facts, and how an answer differs from them.

use serde_json::Value;

/// The facts of one recording.
pub fn facts(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/argocd-server/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

/// Fails with every difference, a line each.
pub fn hold(expected: &Value, found: &Value, what: &str) {
    let mut differences = Vec::new();
    compare(expected, found, "", &mut differences);
    assert!(differences.is_empty(), "{what} differs from the recording:\n  {}\n", differences.join("\n  "));
}

fn compare(expected: &Value, found: &Value, place: &str, out: &mut Vec<String>) {
    let mut say = |words: String| out.push(format!("{}: {words}", if place.is_empty() { "." } else { place }));
    match (expected, found) {
        (Value::String(class), found) if class.starts_with('<') && class.ends_with('>') => {
            if !is_of(class, found) {
                say(format!("{found} is no {class}"));
            }
        }
        (Value::String(words), Value::String(found)) if words.contains("<time>") => {
            let (before, after) = words.split_once("<time>").unwrap();
            if !found.starts_with(before) || !found.ends_with(after) {
                say(format!("{found:?} instead of {words:?}"));
            }
        }
        (Value::Array(list), found) if list.first().is_some_and(|first| first == "<each>") => {
            let items = found.as_array().cloned().unwrap_or_default();
            if items.is_empty() {
                say(format!("{found} instead of a list of some"));
            }
            for (index, item) in items.iter().enumerate() {
                compare(&list[1], item, &format!("{place}[{index}]"), out);
            }
        }
        (Value::Object(fields), Value::Object(there)) => {
            for (name, expected) in fields {
                let (name, optional) = name.strip_suffix('?').map_or((name.as_str(), false), |name| (name, true));
                match there.get(name) {
                    Some(found) => compare(expected, found, &format!("{place}.{name}"), out),
                    None if optional => {}
                    None => out.push(format!("{place}.{name}: is missing")),
                }
            }
            for (name, value) in there {
                if !fields.contains_key(name) && !fields.contains_key(&format!("{name}?")) {
                    let value = value.to_string();
                    let shown: String = value.chars().take(60).collect();
                    out.push(format!("{place}.{name}: is not in the recording ({shown})"));
                }
            }
        }
        (Value::Array(list), Value::Array(there)) => {
            if list.len() != there.len() {
                return say(format!("{} items instead of {}", there.len(), list.len()));
            }
            for (index, (expected, found)) in list.iter().zip(there).enumerate() {
                compare(expected, found, &format!("{place}[{index}]"), out);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => say(format!("{found} instead of {expected}")),
    }
}

fn is_of(class: &str, found: &Value) -> bool {
    let text = found.as_str();
    let is = |test: &dyn Fn(&str) -> bool| text.is_some_and(test);
    match class {
        "<any>" => true,
        "<text>" => text.is_some(),
        "<number>" => found.is_number(),
        "<bool>" => found.is_boolean(),
        "<map>" => found.is_object(),
        "<digits>" => is(&|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())),
        "<time>" => is(&|text| text.len() == 20 && text.parse::<jiff::Timestamp>().is_ok()),
        "<moment>" => is(&|text| text.parse::<jiff::Timestamp>().is_ok()),
        "<commit>" => is(&|text| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "<uid>" => is(&|text| text.len() == 36 && text.split('-').count() == 5),
        "<json>" => is(&|text| serde_json::from_str::<Value>(text).is_ok()),
        other => panic!("nobody knows what {other} is"),
    }
}

#[test]
fn differences_are_found_and_named() {
    let expected = serde_json::json!({"a": "<time>", "b?": 1, "list": ["<each>", {"x": "<text>"}], "c": "by <time>."});
    let mut out = Vec::new();
    compare(&expected, &serde_json::json!({"a": "x", "list": [{"x": 1}], "d": 1, "c": "by 2026."}), "", &mut out);
    assert_eq!(out, [".a: \"x\" is no <time>", ".list[0].x: 1 is no <text>", ".d: is not in the recording (1)"]);
    out.clear();
    compare(&expected, &serde_json::json!({"a": "2026-11-23T06:17:57Z", "list": []}), "", &mut out);
    assert_eq!(out, [".c: is missing", ".list: [] instead of a list of some"]);
}
