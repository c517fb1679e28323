//! `audit`: what this tool wrote.

use std::io::Write;

use super::arguments::{Audit as Arguments, Output};
use super::exit::{Exit, Failure};
use super::get::columns;
use crate::action::{Audit, Half, Record};
use crate::domain::Clock as _;
use crate::runtime::clock::SystemClock;

/// Prints the log, oldest first: as the lines it has, or as a table with one row a write.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Exit, Failure> {
    let audit = Audit::new(super::state::folder()?, super::state::who());
    let since = SystemClock.now().checked_sub(arguments.since).unwrap_or_default();
    let (records, broken) = audit.read(since).map_err(|error| Failure::new(Exit::Usage, error))?;
    if arguments.output == Output::Json {
        for record in &records {
            serde_json::to_writer(&mut *out, record).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    } else {
        table(&records, out)?;
    }
    if broken > 0 {
        super::complain(&format!("warning: {broken} lines of the audit log cannot be read"));
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn table(records: &[Record], out: &mut impl Write) -> std::io::Result<()> {
    if records.is_empty() {
        super::complain("nothing was written by this tool in that time");
        return Ok(());
    }
    let mut lines =
        vec![["AT", "USER", "VERB", "APPLICATION", "ENVIRONMENT", "OUTCOME", "WHAT"].map(str::to_owned).to_vec()];
    for intent in records.iter().filter(|record| record.event == Half::Intent) {
        let end = records.iter().find(|record| record.event == Half::Outcome && record.id == intent.id);
        let outcome = end.and_then(|end| end.outcome.clone()).unwrap_or_else(|| "no outcome".to_owned());
        let message = end.and_then(|end| end.message.clone()).map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(vec![
            intent.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            intent.who.user.clone(),
            intent.verb.clone(),
            format!("{}/{}/{}", intent.source, intent.namespace, intent.name),
            intent.environment.clone(),
            outcome,
            format!("{}{message}", intent.title),
        ]);
    }
    columns(&lines, out)
}
