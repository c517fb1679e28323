//! Amounts of cores, bytes and things, as Kubernetes writes them.

use serde_json::Value;

/// One, in thousandths.
pub const ONE: u128 = 1_000;

/// Letters behind a number, and what they stand for in thousandths.
const UNITS: [(&str, u128); 13] = [
    ("Ki", ONE << 10),
    ("Mi", ONE << 20),
    ("Gi", ONE << 30),
    ("Ti", ONE << 40),
    ("Pi", ONE << 50),
    ("m", 1),
    ("", ONE),
    ("k", 1_000 * ONE),
    ("M", 1_000_000 * ONE),
    ("G", 1_000_000_000 * ONE),
    ("T", 1_000_000_000_000 * ONE),
    // what is less than a thousandth is none
    ("u", 0),
    ("n", 0),
];

/// A quantity such as `250m`, `16Mi`, `1.5` or the number 2 in thousandths; none when it cannot be read.
#[must_use]
pub fn thousandths(quantity: &Value) -> Option<u128> {
    let number;
    let text = match quantity {
        Value::String(text) => text,
        Value::Number(given) => {
            number = given.to_string();
            &number
        }
        _ => return None,
    };
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits);
    let (_, unit) = UNITS.iter().find(|(word, _)| *word == unit)?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: u128 = whole.parse().ok()?;
    let part: String = format!("{part:0<3}").chars().take(3).collect();
    whole.checked_mul(*unit)?.checked_add(part.parse::<u128>().ok()?.checked_mul(*unit)? / ONE)
}

/// An amount in the unit that servers would write it in.
#[must_use]
pub fn written(thousandths: u128) -> String {
    const UNITS: [(&str, u128); 3] = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    if !thousandths.is_multiple_of(ONE) {
        return format!("{thousandths}m");
    }
    let whole = thousandths / ONE;
    let unit = UNITS.iter().find(|(_, size)| whole >= *size && whole.is_multiple_of(*size));
    unit.map_or_else(|| whole.to_string(), |(unit, size)| format!("{}{unit}", whole / size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_read_in_thousandths() {
        for (text, amount) in [
            ("10m", 10),
            ("2", 2_000),
            ("16Mi", 16_777_216_000),
            ("1.5", 1_500),
            ("1.5Gi", 1_610_612_736_000),
            ("0.1", 100),
            ("100u", 0),
            ("2G", 2_000_000_000_000),
        ] {
            assert_eq!(thousandths(&json!(text)), Some(amount), "{text}");
        }
        assert_eq!(thousandths(&json!(3)), Some(3_000));
        for none in [json!(null), json!("odd"), json!(""), json!("5Xi")] {
            assert_eq!(thousandths(&none), None, "{none}");
        }
    }

    #[test]
    fn amounts_are_written_in_the_largest_unit_that_fits() {
        let amounts = [(0, "0"), (250, "250m"), (3_000, "3"), (100 * ONE, "100"), (32 * (ONE << 20), "32Mi")];
        for (amount, text) in amounts {
            assert_eq!(written(amount), text);
        }
    }
}
