//! What counts as equal: nulls, what is empty, and spellings of quantities make no difference.

use serde_json::Value;

use crate::domain::Step;

/// Fields whose presence says something even when they are empty.
const TELLING: [&str; 5] = ["emptyDir", "podSelector", "namespaceSelector", "ingress", "egress"];
/// Maps of quantities.
const QUANTITIES: [&str; 9] =
    ["limits", "requests", "capacity", "hard", "default", "defaultRequest", "max", "min", "allocatable"];
/// Quantities that stand alone.
const ALONE: [&str; 3] = ["sizeLimit", "divisor", "averageValue"];

/// Whether an API server would keep nothing of a field's value.
pub(super) fn is_nothing(name: Option<&str>, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty() && !name.is_some_and(|name| TELLING.contains(&name)),
        Value::Object(fields) => {
            !name.is_some_and(|name| TELLING.contains(&name))
                && fields.iter().all(|(name, value)| is_nothing(Some(name), value))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether two values without fields and items are equal, standing at the end of this path.
pub(super) fn is_same(path: &[Step], a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    if let (Value::Number(a), Value::Number(b)) = (a, b) {
        return a.as_f64() == b.as_f64();
    }
    is_quantity(path) && quantity(a).is_some_and(|a| Some(a) == quantity(b))
}

fn is_quantity(path: &[Step]) -> bool {
    let name = |step: Option<&Step>| match step {
        Some(Step::Key(name)) => Some(name.clone()),
        _ => None,
    };
    let last = name(path.last());
    let before = path.len().checked_sub(2).and_then(|at| name(path.get(at)));
    last.is_some_and(|last| ALONE.contains(&&*last)) || before.is_some_and(|before| QUANTITIES.contains(&&*before))
}

/// A quantity as a whole number of billionths, spelled as Kubernetes spells them.
fn quantity(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (scale, down): (i128, i128) = match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        exponent => {
            let power: u32 = exponent.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| *power <= 18)?;
            (10_i128.checked_pow(power)?, 1)
        }
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > 9 {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let is_negative = whole.starts_with('-');
    let part: i128 = format!("{part:0<9}").parse().ok()?;
    let whole = whole.parse::<i128>().ok()?.checked_mul(1_000_000_000)?;
    let billionths = if is_negative { whole.checked_sub(part)? } else { whole.checked_add(part)? };
    let scaled = billionths.checked_mul(scale)?;
    (scaled % down == 0).then_some(scaled / down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_equal_whatever_their_spelling() {
        let cpu = [Step::key("limits"), Step::key("cpu")];
        let pairs = [
            (json!("1"), json!(1)),
            (json!("1000m"), json!("1")),
            (json!("0.5"), json!("500m")),
            (json!("64Mi"), json!("65536Ki")),
            (json!("1e3"), json!("1k")),
            (json!(1.0), json!(1)),
        ];
        for (a, b) in pairs {
            assert!(is_same(&cpu, &a, &b), "{a} {b}");
        }
        for (a, b) in [(json!("64Mi"), json!("64M")), (json!("1"), json!("1m")), (json!("x"), json!("y"))] {
            assert!(!is_same(&cpu, &a, &b), "{a} {b}");
        }
        assert!(!is_same(&[Step::key("data"), Step::key("A")], &json!("1000m"), &json!("1")));
    }

    #[test]
    fn an_empty_map_is_nothing_unless_it_says_something() {
        assert!(is_nothing(Some("resources"), &json!({ "limits": null, "requests": {} })));
        assert!(!is_nothing(Some("emptyDir"), &json!({})));
        assert!(!is_nothing(Some("x"), &json!("")));
    }
}
