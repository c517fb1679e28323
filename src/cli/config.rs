//! `config`: make, check and explain the files of settings.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::arguments::{ConfigAct, Everywhere, Rows};
use super::exit::{Exit, Failure};
use super::{get, preferences, sources};
use crate::config::field;
use crate::config::palette::Depth;
use crate::config::settings::Places;
use crate::source::kube::{KubeconfigPlace, contexts};

/// Does what was asked with the settings.
pub fn run(everywhere: &Everywhere, act: ConfigAct, out: &mut impl Write) -> Result<Exit, Failure> {
    match act {
        ConfigAct::Init => init(everywhere, out)?,
        ConfigAct::Show { output } => show(everywhere, output, out)?,
        ConfigAct::Check => return check(everywhere, out),
        ConfigAct::Path => {
            writeln!(out, "{}", users(everywhere)?.display())?;
            if let Some(project) = Places::here(None).project {
                writeln!(out, "{}", project.display())?;
            }
        }
        ConfigAct::Schema => get::json(&field::schema(), out)?,
    }
    out.flush()?;
    Ok(Exit::Ok)
}

/// The user's file, or the one that was asked for in its place; existing or not.
fn users(everywhere: &Everywhere) -> Result<PathBuf, Failure> {
    let Places { asked, user, .. } = Places::here(everywhere.config.as_deref());
    asked.or(user).ok_or_else(|| {
        Failure::new(Exit::Usage, "this system names no folder for settings").hint("set HOME, or give --config FILE")
    })
}

/// Writes the sample. A file that is there is left as it is.
fn init(everywhere: &Everywhere, out: &mut impl Write) -> Result<(), Failure> {
    let path = users(everywhere)?;
    let failure = |error: std::io::Error| {
        let failure = Failure::new(Exit::Usage, format!("{} was not written: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => failure.hint("edit it; `pilothouse config check` says what is wrong"),
            _ => failure.hint("give --config a file in a folder you may write to"),
        }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failure)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failure)?;
    file.write_all(field::sample().as_bytes()).map_err(failure)?;
    Ok(writeln!(out, "{}", path.display())?)
}

fn show(everywhere: &Everywhere, output: Rows, out: &mut impl Write) -> Result<(), Failure> {
    let (settings, errors) = preferences::settings(everywhere)?;
    for error in &errors {
        super::complain(&error.to_string());
    }
    let rows = settings.rows();
    match output {
        Rows::Json => {
            let row = |r: &crate::config::settings::SettingRow| json!({ "field": r.field, "value": r.value, "origin": r.origin });
            get::json(&rows.iter().map(row).collect::<Vec<_>>(), out)
        }
        Rows::Table => {
            let mut lines = vec![["FIELD", "VALUE", "ORIGIN"].map(str::to_owned).to_vec()];
            lines.extend(rows.into_iter().map(|r| vec![r.field.to_owned(), r.value, r.origin]));
            Ok(get::columns(&lines, out)?)
        }
    }
}

/// Reads everything the cockpit would, and says what is wrong.
fn check(everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let (settings, mut errors) = preferences::settings(everywhere)?;
    errors.extend(preferences::keymap(&settings).1);
    errors.extend(preferences::theme(&settings, Depth::TrueColor).1);
    // without a kubeconfig there is nothing to hold contexts against
    if let Ok(contexts) = contexts(&KubeconfigPlace::Environment) {
        let names: Vec<String> = contexts.into_iter().map(|context| context.name).collect();
        errors.extend(sources::misled(&settings, &names));
    }
    if errors.is_empty() {
        let read = settings.file.as_ref().map_or("the defaults", |file| file.path.as_str());
        writeln!(out, "{read}: nothing is wrong")?;
        out.flush()?;
        return Ok(Exit::Ok);
    }
    for error in &errors {
        super::complain(&error.to_string());
    }
    Ok(Exit::Usage)
}
