//! `sim`: the simulated world alone, and acting on a running one.

use std::io::Write;

use super::arguments::{Sim, SimAct};
use super::exit::{Exit, Failure};
use tokio::signal::unix::{SignalKind, signal};

use crate::sim::control;
use crate::sim::world::{SimOptions, World};

/// Runs a world until interrupted, or acts on a running one.
pub fn run(sim: &Sim, out: &mut impl Write) -> Result<Exit, Failure> {
    if let Some(SimAct::Ctl { control, action }) = &sim.act {
        return act(control.as_deref(), action, out);
    }
    let options = SimOptions {
        scenario: sim.scenario.clone(),
        apps: sim.apps,
        changes_per_second: sim.changes_per_second,
        seed: sim.seed,
        port: sim.port,
        kubeconfig: sim.kubeconfig.clone(),
        speed: sim.speed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let world = World::start(options).map_err(failure)?;
        world.remember().map_err(|error| Failure::new(Exit::Usage, error))?;
        writeln!(out, "{}", world.ready_line())?;
        out.flush()?;
        let (mut terminated, mut hung_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        tokio::select! {
            _ = terminated.recv() => {}
            _ = hung_up.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        drop(world);
        Ok(Exit::Ok)
    })
}

fn act(control: Option<&str>, action: &[String], out: &mut impl Write) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let missing = |error| Failure::new(Exit::NotFound, error);
    let control = match control {
        Some(control) => control.to_owned(),
        None => control::remembered().map_err(missing)?,
    };
    let answer = runtime.block_on(control::send(&control, action)).map_err(missing)?;
    writeln!(out, "{answer}")?;
    Ok(Exit::Ok)
}

/// What keeps a world from starting is what was asked of it.
pub fn failure(error: crate::sim::world::WorldError) -> Failure {
    Failure::new(Exit::Usage, error)
}
