//! Label selectors as objects write them.

use serde_json::Value;

/// Whether a selector (`matchLabels`, `matchExpressions`) fits what `label` tells of each name; an empty one fits all.
#[must_use]
pub fn selects(selector: &Value, label: impl Fn(&str) -> Option<String>) -> bool {
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    let mut rules = selector["matchExpressions"].as_array().into_iter().flatten();
    wanted.into_iter().all(|(name, wanted)| label(name).as_deref() == wanted.as_str())
        && rules.all(|rule| {
            let there = label(rule["key"].as_str().unwrap_or_default());
            let is_in = there
                .as_deref()
                .is_some_and(|there| rule["values"].as_array().into_iter().flatten().any(|one| one == there));
            match rule["operator"].as_str().unwrap_or_default() {
                "In" => is_in,
                "NotIn" => !is_in,
                "Exists" => there.is_some(),
                "DoesNotExist" => there.is_none(),
                _ => false,
            }
        })
}
