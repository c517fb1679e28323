//! `demo`: a world and the cockpit on it, in one process.

use super::arguments::{Demo, Everywhere};
use super::exit::{Exit, Failure};
use super::{cockpit, sim};
use crate::runtime::remember::Remembered;
use crate::sim::world::{SimOptions, World};
use crate::source::kube::KubeconfigPlace;

/// Runs the world in a temporary folder, on loopback only, and opens the cockpit with every source on.
pub fn run(demo: &Demo, everywhere: &Everywhere) -> Result<Exit, Failure> {
    let runtime = super::io_runtime()?;
    let options = SimOptions { scenario: demo.scenario.clone(), speed: demo.speed, ..SimOptions::default() };
    let world = runtime.block_on(async { World::start(options) }).map_err(sim::failure)?;
    if let Err(error) = world.remember() {
        // the cockpit does not need it, `sim ctl` is then told by --control
        tracing::warn!(%error, "`sim ctl` will not find this world by itself");
    }
    let everywhere = Everywhere { all_contexts: true, context: Vec::new(), argocd_server: None, ..everywhere.clone() };
    let place = KubeconfigPlace::Files(vec![world.kubeconfig().to_owned()]);
    // nothing of a demonstration outlives it
    let folder = tempfile::tempdir()?;
    let remembered = Remembered::in_folder(folder.path().to_owned());
    let ended = cockpit::open(&everywhere, &place, remembered);
    drop(world);
    runtime.shutdown_background();
    ended
}
