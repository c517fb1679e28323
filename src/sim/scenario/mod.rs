//! Scenarios: what a world is made of, told in TOML.
//!
//! The bundled ones stand in `assets/scenarios/`; a file of your own is read the same way. Unknown fields are errors,
//! and every error names file, line and what was probably meant. Ages and waits are `90s`, `5m`, `3h`, `41d`.
//!
//! ```toml
//! name = "predator12"                 # also the AppProject, the ApplicationSet and the prefix of namespaces
//! repository = "https://..."          # the GitOps repository
//!
//! [[source]]                          # one Argo CD in one cluster; a context of the kubeconfig
//! name = "minikube"
//! argocd_namespace = "argocd"         # default
//! kubernetes = "v1.33.4"              # default; the kubelets' version
//! nodes = ["minikube"]                # default: one node named after the source
//!
//! [[environment]]                     # in their order
//! name = "dev"
//! source = "minikube"
//! branch = "main"
//! replicas = 1                        # default
//! auto_sync = { prune = true, self_heal = true }   # off when absent
//!
//! [[service]]                         # an Application in every environment that has a release of it
//! name = "backend"
//! team = "core"
//! image = "predator-backend"          # default: the name
//! pre_sync = "backend-migrate"        # a Job before the waves
//! post_sync = "backend-smoke"         # a Job after them
//! config = { LOG_LEVEL = "info" }
//! [[service.workload]]
//! kind = "Deployment"                 # or StatefulSet
//! name = "backend"                    # default: the service's
//! container = "api"
//! component = "api"                   # default: the container's name
//! ports = { http = 8000 }
//! command = "..."                     # default: waits for ever
//! wave = 0                            # default
//! [[service.release]]                 # newest last; the last one of an environment runs
//! environment = "dev"
//! version = "1.5.0-rc2"
//! age = "4m"
//! commit = "backend 1.5.0-rc2"        # default: service and version
//! by = "olena"                        # default: auto-sync
//!
//! [[image]]                           # what an image does; the words stand at the top of src/sim/workload/behaviour
//! image = "predator-backend:1.5.*"
//! pods = "predator12-dev/celery-*"    # default: all pods
//! behaviour = "pull=3s exit=1 after=5s"
//! lines = ["Traceback ..."]           # default: what its command suggests
//!
//! [[crash]]                           # the app's first workload exits again and again since its last release
//! app = "celery-dev"
//! restarts = 6
//! next = "25s"                        # from the start of the world to the next try
//!
//! [[drift]]                           # somebody scaled the first workload by hand
//! app = "frontend-staging"
//! replicas = 3
//! manager = "kubectl-scale"
//! age = "12m"                         # before the start of the world
//! after = "40s"                       # or after it
//! every = "5m"                        # once when absent
//!
//! [[syncing]]                         # the last release of the app is still being rolled out
//! app = "qdrant-dev"
//! version = "1.10"                    # what it goes to
//! ready_after = "25s"                 # from the start of the world until its workload is ready
//!
//! [[condition]]
//! app = "redis-prod"
//! type = "OrphanedResourceWarning"
//! message = "..."
//!
//! [[deploy]]                          # new versions that come by themselves
//! app = "frontend-dev"
//! after = "75s"
//! every = "6m"                        # once when absent
//! rollout = "6s"                      # default: from new pods to ready ones
//! hooks_fail_for = "80s"              # its hooks fail until a commit so much later; they do not when absent
//!
//! [[user]]                            # default: admin, developer (writes in *-dev) and viewer; the first is kubeconfig's
//! name = "developer"
//! token = "..."                       # default: a random one
//! reads = ["*"]                       # namespaces; `*` is everywhere, `*-dev` those that end so
//! writes = ["*-dev"]
//!
//! [[fault]]                           # trouble between clients and a cluster
//! source = "minikube"
//! what = "429 5 path /apis times 3"   # as `pilothouse sim ctl --help` teaches
//! after = "30s"                       # default: at once
//! lasts = "2m"                        # default: for ever
//! ```
//!
//! What answers on a workload's ports follows from their names: `http` (health endpoints), `debugpy`, `redis` and
//! `postgres` speak so, others accept and stay silent. `listen` says it port by port instead:
//!
//! ```toml
//! [[service.workload]]
//! listen = [
//!   { port = 8000, speaks = "http" },
//!   { port = 5678, speaks = "debugpy", environments = ["dev"], address = "0.0.0.0", fragile = false },
//!   { port = 9229, to = "127.0.0.1:9229" },        # leads to a real process on this machine
//! ]
//! ```

mod check;
mod error;
mod format;

pub use error::ScenarioError;
pub use format::{
    AutoSync, Crash, Deploy, Drift, Environment, Fault, Image, Listen, Notice, Release, Scenario, Service, Source,
    Syncing, User, Work,
};

use std::path::Path;

/// Name and text of every bundled scenario; the first is the default.
pub const BUNDLED: &[(&str, &str)] = &[("predator12", include_str!("../../../assets/scenarios/predator12.toml"))];

/// Reads a bundled scenario by name, or a file.
pub fn load(name: &str) -> Result<Scenario, ScenarioError> {
    if let Some((name, text)) = BUNDLED.iter().find(|(bundled, _)| *bundled == name) {
        return parse(&format!("{name}.toml"), text);
    }
    let path = Path::new(name);
    let file = path.extension().is_some() || path.components().count() > 1;
    if !file {
        return Err(ScenarioError::unknown_name(name, BUNDLED.iter().map(|(bundled, _)| *bundled)));
    }
    let bytes = std::fs::read(path).map_err(|source| ScenarioError::Unreadable { file: name.to_owned(), source })?;
    match str::from_utf8(&bytes) {
        Ok(text) => parse(name, text),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            Err(ScenarioError::NotText { file: name.to_owned(), line })
        }
    }
}

/// Reads a scenario's text; `file` is what errors call it.
pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let scenario: Scenario = toml::from_str(text).map_err(|error| ScenarioError::syntax(file, text, &error))?;
    check::check(&scenario).map_err(|wrong| wrong.at(file, text))?;
    Ok(scenario)
}
