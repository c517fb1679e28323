//! One frame of a screen.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration::duration;

/// `snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// Which screen
    #[arg(long, value_name = "VIEW", default_value = "board", value_parser = screen_words())]
    pub view: String,
    /// Which Application, for screens of one: name, namespace/name or context/namespace/name
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Columns and lines
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// How to write the frame
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// How long to wait for the first full load
    #[arg(long, value_name = "D", default_value = "10s", value_parser = duration)]
    pub wait: Duration,
}

/// How to write a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Plain text, no escapes
    Text,
    /// With the terminal's colours
    Ansi,
    /// A picture
    Svg,
}

fn screen_words() -> clap::builder::PossibleValuesParser {
    crate::view::REGISTRY.iter().map(|s| s.word).collect::<Vec<_>>().into()
}

/// A size as `120x40`.
fn size(text: &str) -> Result<(u16, u16), String> {
    let hint = || format!("`{text}` is no size; write columns x lines, like 120x40");
    let (columns, lines) = text.split_once('x').ok_or_else(hint)?;
    let part = |t: &str| t.parse::<u16>().ok().filter(|n| (1..=1_000).contains(n)).ok_or_else(hint);
    Ok((part(columns)?, part(lines)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_or_explained() {
        assert_eq!(size("80x24"), Ok((80, 24)));
        assert!(size("0x24").is_err() && size("80").is_err());
    }
}
