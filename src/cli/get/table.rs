//! Columns for people: as wide as their widest cell.

use std::io::{self, Write};

use crate::widget::pen::width;

/// Prints lines of as many cells each; the first is the heading.
pub fn columns(lines: &[Vec<String>], out: &mut impl Write) -> io::Result<()> {
    let count = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..count).map(|n| lines.iter().map(|line| width(&line[n])).max().unwrap_or_default()).collect();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, w)| format!("{cell}{}", " ".repeat(w - width(cell))));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
