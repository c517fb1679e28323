//! `themes`: the bundled ones and the user's, with what is wrong in them.

use std::io::Write;

use serde_json::json;

use super::arguments::{Everywhere, Rows};
use super::exit::Failure;
use super::{get, preferences};
use crate::config::theme::{Theme, ThemeRow};

/// Prints every theme; the one in use has a star.
pub fn run(everywhere: &Everywhere, output: Rows, out: &mut impl Write) -> Result<(), Failure> {
    let (settings, errors) = preferences::settings(everywhere)?;
    for error in &errors {
        super::complain(&error.to_string());
    }
    let themes = Theme::all(settings.folder("themes").as_deref());
    // a file of one's own goes before the bundled theme of its name
    let used = themes.iter().rposition(|row| row.name == settings.theme);
    match output {
        Rows::Json => {
            let row = |(n, row): (usize, &ThemeRow)| json!({ "name": row.name, "origin": row.origin, "used": used == Some(n), "wrong": wrong(row) });
            get::json(&themes.iter().enumerate().map(row).collect::<Vec<_>>(), out)?;
        }
        Rows::Table => {
            let mut lines = vec![["", "THEME", "ORIGIN", "WRONG"].map(str::to_owned).to_vec()];
            for (n, row) in themes.iter().enumerate() {
                let mut wrong = wrong(row).into_iter();
                let star = if used == Some(n) { "*" } else { "" };
                let first = wrong.next().unwrap_or_else(|| "-".to_owned());
                lines.push(vec![star.to_owned(), row.name.clone(), row.origin.clone(), first]);
                lines.extend(wrong.map(|w| vec![String::new(), String::new(), String::new(), w]));
            }
            get::columns(&lines, out)?;
        }
    }
    Ok(out.flush()?)
}

/// One line each.
fn wrong(row: &ThemeRow) -> Vec<String> {
    let errors = row.errors.iter().map(|error| error.to_string().replace("\n  try: ", "; try "));
    errors.chain(row.unreadable.iter().cloned()).collect()
}
