//! Lengths of time.

use std::time::Duration;

/// A duration as `90s`, `5m`, `2h` or `2d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let hint = || format!("`{text}` is no duration; write it like 90s, 5m, 2h or 2d");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(hint)?;
    let count: u64 = text[..at].parse().map_err(|_| hint())?;
    let unit = match &text[at..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "ms" => return Ok(Duration::from_millis(count)),
        _ => return Err(hint()),
    };
    count.checked_mul(unit).map(Duration::from_secs).ok_or_else(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_or_explained() {
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
        assert!(duration("5").unwrap_err().contains("90s"));
    }
}
