//! `get`: what is there, for people and for programs. One file a kind.

mod apps;
mod events;
mod gaps;
mod listing;
mod pods;
mod table;
mod why;

pub(super) use table::columns;

use std::io::Write;

use listing::Listing;

use super::arguments::{Everywhere, GetWhat};
use super::exit::{Exit, Failure};
use super::read::Read;
use crate::domain::AppKey;
use crate::store::Interest;

/// Reads what is asked for and prints it.
pub fn run(everywhere: &Everywhere, what: &GetWhat, out: &mut impl Write) -> Result<Exit, Failure> {
    let shown = match what {
        GetWhat::Apps(shown) | GetWhat::Pods(shown) | GetWhat::Events(shown) | GetWhat::Why { shown, .. } => shown,
    };
    let environment = shown.environment.as_deref();
    let mut read = Read::start(everywhere, environment, shown.timeout)?;
    match what {
        GetWhat::Apps(_) => {
            read.look_for_verdicts();
            apps::print(Listing::of(&read, shown), out)?;
            read.end(out)
        }
        GetWhat::Pods(_) => {
            read.look(|key| vec![Interest::Pods(key)]);
            pods::print(Listing::of(&read, shown), out)?;
            end(&read, &Listing::of(&read, shown).keys(), out)
        }
        GetWhat::Events(_) => {
            read.look(|key| vec![Interest::Events(key.clone()), Interest::Pods(key)]);
            events::print(Listing::of(&read, shown), out)?;
            end(&read, &Listing::of(&read, shown).keys(), out)
        }
        GetWhat::Why { app, .. } => {
            let key = super::find::find(&read.setup.apps, app, environment)?;
            let wanted = [Interest::Pods, Interest::Events, Interest::LastWords].map(|of| of(key.clone()));
            read.setup.look(&wanted, read.deadline, &read.io);
            why::print(&read.setup.apps, &key, shown.output, read.now(), out)?;
            end(&read, &[key], out)
        }
    }
}

/// Says of every source, and of every namespace of these Applications, that it could not be read.
fn end(read: &Read, keys: &[AppKey], out: &mut impl Write) -> Result<Exit, Failure> {
    let exit = read.end(out)?;
    let gaps = gaps::tell(&read.setup.apps, keys);
    Ok(if exit == Exit::Ok { gaps } else { exit })
}

/// Prints rows as JSON, one array.
pub(super) fn json(rows: &impl serde::Serialize, out: &mut impl Write) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, rows).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}
