//! Durations as people write them.

use crate::sim::time::read_duration;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

pub(in crate::sim::scenario) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    read_duration(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a duration; write 90s, 5m, 3h or 41d")))
}

pub(in crate::sim::scenario) fn optional_duration<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}
