//! A frame as text, as text with colours, or as a picture.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Exactly one line a row, no escapes.
#[must_use]
pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let line: String = row.iter().map(|(_, cell)| cell.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Exactly one line a row, with the terminal's colours.
#[must_use]
pub fn ansi(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let mut last = None;
        for (_, cell) in row {
            let looks = (cell.fg, cell.bg, cell.modifier);
            if last != Some(looks) {
                out.push_str("\u{1b}[0");
                sgr(&mut out, cell);
                out.push('m');
                last = Some(looks);
            }
            out.push_str(cell.symbol());
        }
        out.push_str("\u{1b}[0m\n");
    }
    out
}

fn sgr(out: &mut String, cell: &Cell) {
    let modifiers = [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
        (Modifier::CROSSED_OUT, 9),
    ];
    for (_, code) in modifiers.iter().filter(|(m, _)| cell.modifier.contains(*m)) {
        _ = write!(out, ";{code}");
    }
    for (color, base) in [(cell.fg, 30), (cell.bg, 40)] {
        match color {
            Color::Reset => {}
            Color::Rgb(r, g, b) => _ = write!(out, ";{};2;{r};{g};{b}", base + 8),
            Color::Indexed(n) => _ = write!(out, ";{};5;{n}", base + 8),
            named => {
                if let Some(n) = ansi_number(named) {
                    let code = if n < 8 { base + n } else { base + 52 + n };
                    _ = write!(out, ";{code}");
                }
            }
        }
    }
}

fn ansi_number(color: Color) -> Option<u8> {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    NAMED.iter().position(|c| *c == color).map(|n| n as u8)
}

/// Pixels of one cell of the picture.
const CELL: (usize, usize) = (8, 17);

/// A picture in SVG, one text element a run of equal looks.
#[must_use]
pub fn svg(buf: &Buffer) -> String {
    let (width, height) = (usize::from(buf.area.width) * CELL.0 + 16, usize::from(buf.area.height) * CELL.1 + 16);
    let (paper, ink) = ("#14171c", "#d5d9e0");
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{paper}\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
    );
    for (y, row) in rows(buf).into_iter().enumerate() {
        let mut at = 0;
        while at < row.len() {
            let (x, first) = row[at];
            let alike = |c: &Cell| (c.fg, c.bg, c.modifier) == (first.fg, first.bg, first.modifier);
            let len = row[at..].iter().take_while(|(_, c)| alike(c)).count();
            let run: String = row[at..at + len].iter().map(|(_, c)| c.symbol()).collect();
            let (mut fg, mut bg) = (hex(first.fg), hex(first.bg));
            if first.modifier.contains(Modifier::REVERSED) {
                (fg, bg) = (Some(bg.unwrap_or_else(|| paper.into())), Some(fg.unwrap_or_else(|| ink.into())));
            }
            let (left, top) = (x * CELL.0 + 8, y * CELL.1 + 8);
            let cells = run.width() * CELL.0;
            if let Some(bg) = bg {
                _ = writeln!(
                    out,
                    "<rect x=\"{left}\" y=\"{top}\" width=\"{cells}\" height=\"{}\" fill=\"{bg}\"/>",
                    CELL.1
                );
            }
            if !run.trim().is_empty() {
                let bold = if first.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
                let faint = if first.modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
                let fg = fg.unwrap_or_else(|| ink.into());
                let baseline = top + 13;
                let text = escape(&run);
                _ = writeln!(
                    out,
                    "<text x=\"{left}\" y=\"{baseline}\" textLength=\"{cells}\" fill=\"{fg}\"{bold}{faint}>{text}</text>"
                );
            }
            at += len;
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn hex(color: Color) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#1d2127", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#6b7280", "#ff7b86",
        "#b5e08f", "#ffd58a", "#82c4ff", "#dd9af0", "#7fd5df", "#ffffff",
    ];
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(n) if n < 16 => Some(NAMED[usize::from(n)].to_owned()),
        Color::Indexed(n @ 16..=231) => {
            let level = |v: u8| if v == 0 { 0 } else { 55 + 40 * u16::from(v) };
            let n = n - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6)))
        }
        Color::Indexed(n) => {
            let grey = 8 + 10 * (u16::from(n) - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        named => ansi_number(named).map(|n| NAMED[usize::from(n)].to_owned()),
    }
}

/// The cells of every row with their column; the cell behind a wide character is not there.
fn rows(buf: &Buffer) -> Vec<Vec<(usize, &Cell)>> {
    let width = usize::from(buf.area.width).max(1);
    let visible = |row: &'_ [Cell]| {
        let mut covered = 0;
        let mut kept = Vec::with_capacity(row.len());
        for (x, cell) in row.iter().enumerate() {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = cell.symbol().width().saturating_sub(1);
            kept.push(x);
        }
        kept
    };
    buf.content.chunks(width).map(|row| visible(row).into_iter().map(|x| (x, &row[x])).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn frame() -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
        buf.set_stringn(0, 0, "日本 <ok>", 12, Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
        buf
    }

    #[test]
    fn text_has_a_line_a_row_and_no_escapes() {
        assert_eq!(text(&frame()), "日本 <ok>\n\n");
    }

    #[test]
    fn ansi_shows_the_same_on_a_terminal() {
        let mut terminal = vt100::Parser::new(3.try_into().unwrap(), 12.try_into().unwrap(), 0);
        terminal.process(ansi(&frame()).replace('\n', "\r\n").as_bytes());
        assert!(terminal.screen().contents_between(0, 0, 0, 12).starts_with("日本 <ok>"));
        assert!(terminal.screen().cell(0, 0).unwrap().bold());
    }

    #[test]
    fn svg_escapes_what_it_shows() {
        let svg = svg(&frame());
        assert!(svg.contains("&lt;ok&gt;") && svg.contains("#010203"), "{svg}");
    }
}
