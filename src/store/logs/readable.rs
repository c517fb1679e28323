//! A JSON line as a person reads it: the message, then the rest as `key=value`. Made for the lines on screen only.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// More than a screen holds: longer lines are shown as they came.
const LONGEST: usize = 32 << 10;
const MESSAGE: [&str; 5] = ["message", "msg", "event", "log", "text"];
/// What stands in columns of its own.
const SHOWN_ELSEWHERE: [&str; 10] =
    ["time", "ts", "timestamp", "@timestamp", "asctime", "level", "severity", "log.level", "levelname", "lvl"];

/// The readable rendering of a JSON object; nothing for every other line.
#[must_use]
pub fn readable(text: &str) -> Option<String> {
    if !text.starts_with('{') || text.len() > LONGEST {
        return None;
    }
    let fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    let message = MESSAGE.iter().find(|key| fields.get(**key).is_some_and(Value::is_string));
    let mut out = message.and_then(|key| fields.get(*key)?.as_str()).unwrap_or_default().to_owned();
    for (key, value) in &fields {
        if Some(&key.as_str()) == message || SHOWN_ELSEWHERE.contains(&key.as_str()) {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        _ = match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => write!(out, "{key}={text}"),
            value => write!(out, "{key}={value}"),
        };
    }
    // What was escaped in JSON is a control character now.
    Some(crate::domain::text::clean(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_comes_first_and_the_rest_as_pairs() {
        let line =
            r#"{"level":"info","ts":1,"msg":"served \u001b[31mred\u001b[0m","path":"/health","took":0.5,"who":"a b"}"#;
        assert_eq!(readable(line).as_deref(), Some("served red path=/health took=0.5 who=\"a b\""));
        assert_eq!(readable("{\"a\":1}").as_deref(), Some("a=1"));
        assert_eq!(readable("{not json}"), None);
        assert_eq!(readable("plain"), None);
    }
}
