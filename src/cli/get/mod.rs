//! `get`: what is there, for people and for programs. One file a kind.

mod apps;
mod events;
mod gaps;
mod pods;
mod table;
mod why;

pub(super) use table::columns;

use std::io::Write;

use super::arguments::{Everywhere, GetWhat};
use super::exit::{Exit, Failure};
use super::read::Read;
use crate::domain::AppKey;
use crate::store::{Apps, Interest};

/// Reads what is asked for and prints it.
pub fn run(everywhere: &Everywhere, what: &GetWhat, out: &mut impl Write) -> Result<Exit, Failure> {
    match what {
        GetWhat::Apps { environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            read.look(|key| vec![Interest::Pods(key)]);
            apps::print(&read.setup.apps, environment.as_deref(), *output, read.now(), out)?;
            read.end(out)
        }
        GetWhat::Pods { environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            read.look(|key| vec![Interest::Pods(key)]);
            pods::print(&read.setup.apps, environment.as_deref(), *output, read.now(), out)?;
            end(&read, &within(&read.setup.apps, environment.as_deref()), out)
        }
        GetWhat::Events { environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            read.look(|key| vec![Interest::Events(key.clone()), Interest::Pods(key)]);
            events::print(&read.setup.apps, environment.as_deref(), *output, read.now(), out)?;
            end(&read, &within(&read.setup.apps, environment.as_deref()), out)
        }
        GetWhat::Why { app, environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            let key = super::find::find(&read.setup.apps, app, environment.as_deref())?;
            let wanted = [Interest::Pods, Interest::Events, Interest::LastWords].map(|of| of(key.clone()));
            read.setup.look(&wanted, read.deadline, &read.io);
            why::print(&read.setup.apps, &key, *output, read.now(), out)?;
            end(&read, &[key], out)
        }
    }
}

/// The Applications of an environment, or all.
fn within(apps: &Apps, environment: Option<&str>) -> Vec<AppKey> {
    let rows = apps.all().filter(|row| environment.is_none() || row.environment.as_deref() == environment);
    rows.map(|row| row.key.clone()).collect()
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
