//! Amounts as trees show them: thousandths of cores and of bytes.

use serde_json::Value;

/// A quantity such as `250m`, `16Mi` or `2` in thousandths; 0 for none and for what cannot be read.
pub(super) fn thousandths(quantity: &Value) -> i64 {
    let text = match quantity {
        Value::String(text) => text.as_str(),
        Value::Number(number) => return number.as_i64().unwrap_or_default().saturating_mul(1_000),
        _ => return 0,
    };
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "m" => 1.0,
        "" => 1e3,
        "k" => 1e6,
        "M" => 1e9,
        "G" => 1e12,
        "Ki" => 1_024e3,
        "Mi" => 1_048_576e3,
        "Gi" => 1_073_741_824e3,
        _ => return 0,
    };
    number.parse::<f64>().map_or(0, |number| (number * factor) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_thousandths() {
        for (text, amount) in [("10m", 10), ("2", 2_000), ("16Mi", 16_777_216_000), ("1.5", 1_500), ("odd", 0)] {
            assert_eq!(thousandths(&json!(text)), amount, "{text}");
        }
        assert_eq!(thousandths(&json!(null)), 0);
    }
}
