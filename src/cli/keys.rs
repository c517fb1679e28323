//! `keys`: the effective keymap, and where each binding comes from.

use std::io::Write;

use serde_json::json;

use super::arguments::{Everywhere, Rows};
use super::exit::Failure;
use super::{get, preferences};
use crate::command::doc::rows;

/// Prints every binding by scope, in the order of help. What is wrong in the files is said beside it.
pub fn run(everywhere: &Everywhere, output: Rows, out: &mut impl Write) -> Result<(), Failure> {
    let (settings, mut errors) = preferences::settings(everywhere)?;
    let (keymap, more) = preferences::keymap(&settings);
    errors.extend(more);
    for error in &errors {
        super::complain(&error.to_string());
    }
    let rows = rows(&keymap);
    match output {
        Rows::Json => {
            let rows: Vec<_> = rows
                .iter()
                .map(|r| json!({ "scope": r.scope, "chord": r.chord, "id": r.id, "origin": r.origin, "help": r.help }))
                .collect();
            get::json(&rows, out)?;
        }
        Rows::Table => {
            let mut lines = vec![["SCOPE", "CHORD", "ID", "ORIGIN"].map(str::to_owned).to_vec()];
            lines.extend(rows.into_iter().map(|r| vec![r.scope.to_owned(), r.chord, r.id.to_owned(), r.origin]));
            get::columns(&lines, out)?;
        }
    }
    Ok(out.flush()?)
}
