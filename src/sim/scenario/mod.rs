//! Scenarios: what a world is made of, told in TOML.
//!
//! The bundled ones stand in `assets/scenarios/`; a file of your own is read the same way. Unknown fields are errors,
//! and every error names file, line and what was probably meant. Editors may check files against `schema.json` here. Ages and waits are `90s`, `5m`, `3h`, `41d`.
//!
//! ```toml
//! extends = "predator12"              # takes over name, repository, sources, environments, services and users of a
//!                                     # bundled scenario where this one says nothing; not what goes on there
//! unmanaged = ["/spec/syncPolicy"]    # what the ApplicationSet leaves alone; default: nothing
//! generate = { apps = 10000, changes_per_second = 50 }   # made-up Applications in the first source
//! name = "predator12"                 # also the AppProject, the ApplicationSet and the prefix of namespaces
//! repository = "https://..."          # the GitOps repository's address, as Applications have it
//! gitops = "predator12"               # what lies there: the bundled repository of this name, or a folder (from the
//!                                     # working folder on) with a history.toml, in which a service's chart is
//!                                     # helm/charts/CHART, its values helm/overlays/ENVIRONMENT/SERVICE.yaml; when absent
//!                                     # plain manifests of the services as they are told here
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
//! replicas = 1                        # default; not with charts
//! auto_sync = { prune = true, self_heal = true }   # off when absent
//!
//! [[service]]                         # an Application in every environment that has a release of it
//! name = "backend"
//! team = "core"
//! chart = "backend"                   # default: the name; below helm/charts
//! image = "predator-backend"          # default: the name
//! pre_sync = "backend-migrate"        # a Job before the waves; not with charts
//! post_sync = "backend-smoke"         # a Job after them; not with charts
//! config = { LOG_LEVEL = "info" }     # not with charts
//! [[service.workload]]                # with charts only name, container and listen count
//! kind = "Deployment"                 # or StatefulSet
//! name = "backend"                    # default: the service's
//! container = "api"
//! component = "api"                   # default: the container's name
//! ports = { http = 8000 }
//! command = "..."                     # default: waits for ever
//! progress_deadline = "10m"           # default; a Deployment that gets no further for so long has failed
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
//! object = "Deployment/frontend"      # default: the first workload
//! set = { "/spec/paused" = true }     # other values, by JSON pointer
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
//! [sso]                               # people can log in to argocd-server through its Dex; they cannot when absent
//! name = "Predator12 directory"       # what people know their directory by
//! token_life = "24h"                  # default; of an id_token
//! policies = ["g, platform, role:admin"]   # lines for argocd-rbac-cm; nothing when absent
//! [[sso.person]]
//! name = "olena"
//! email = "olena@predator12.example"
//! groups = ["platform"]               # none when absent
//! password = "..."                    # default: a random one; the ready line has it
//!
//! [[commit]]                          # waits in Git until it is pushed
//! name = "bad"                        # `sim ctl commit bad` pushes it
//! branch = "release/staging"
//! author = "backend"                  # of the history's people
//! message = "backend 1.5.0"
//! edit = [{ file = "helm/overlays/staging/backend.yaml", path = "image.tag", value = "1.5.0" }]
//! push = "2m"                         # from the start of the world; only by hand when absent
//! every = "6m"                        # pushed again and again; once when absent
//! then = ["1.5.1"]                    # values of the first edit at later pushes, in turn
//!
//! [[window]]                          # a sync window of the project
//! kind = "deny"                       # or allow
//! schedule = "* * * * *"
//! duration = "24h"
//! applications = ["*-prod"]           # default: all
//! manual_sync = false                 # default
//! time_zone = "UTC"                   # default
//! description = "..."
//!
//! [[image]]                           # what containers of an image do
//! image = "predator-backend:1.5.0"    # `*` stands for anything
//! pods = "predator12-dev/backend-*"   # default: all
//! behaviour = "crash 1"
//!
//! [[outage]]                          # a source that dies and returns
//! source = "predator-cloud"
//! after = "45s"
//! lasts = "30s"                       # for ever when absent
//! every = "3m"                        # once when absent
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
mod history;

use error::Wrong;

pub use error::ScenarioError;
pub use format::{
    AutoSync, Crash, Deploy, Drift, Environment, Fault, Generate, Image, Listen, Notice, Outage, Person, Release,
    Scenario, Service, Source, Sso, Syncing, User, Window, WindowKind, Work,
};
pub use history::{Author, Edit, History, Past, Waiting};

use std::path::Path;

/// Name and text of every bundled scenario; the first is the default.
pub const BUNDLED: &[(&str, &str)] = &[
    ("predator12", include_str!("../../../assets/scenarios/predator12.toml")),
    ("quiet", include_str!("../../../assets/scenarios/quiet.toml")),
    ("bad-deploy", include_str!("../../../assets/scenarios/bad-deploy.toml")),
    ("stuck-sync", include_str!("../../../assets/scenarios/stuck-sync.toml")),
    ("drift", include_str!("../../../assets/scenarios/drift.toml")),
    ("window", include_str!("../../../assets/scenarios/window.toml")),
    ("rbac", include_str!("../../../assets/scenarios/rbac.toml")),
    ("sso", include_str!("../../../assets/scenarios/sso.toml")),
    ("outage", include_str!("../../../assets/scenarios/outage.toml")),
    ("fleet", include_str!("../../../assets/scenarios/fleet.toml")),
    ("storm", include_str!("../../../assets/scenarios/storm.toml")),
];

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
            let line = 1 + memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
            Err(ScenarioError::NotText { file: name.to_owned(), line })
        }
    }
}

/// Reads a scenario's text; `file` is what errors call it.
pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let mut scenario: Scenario = toml::from_str(text).map_err(|error| ScenarioError::syntax(file, text, &error))?;
    if let Some(base) = scenario.extends.clone() {
        let found = BUNDLED.iter().find(|(name, _)| name == base.get_ref());
        let names = BUNDLED.iter().map(|(name, _)| *name);
        let (name, base) =
            found.ok_or_else(|| Wrong::unknown(base.span(), "scenario", base.get_ref(), names).at(file, text))?;
        scenario.over(toml::from_str(base).map_err(|error| ScenarioError::syntax(name, base, &error))?);
    }
    if scenario.users.is_empty() {
        scenario.users = format::people();
    }
    check::check(&scenario).map_err(|wrong| wrong.at(file, text))?;
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn schema() -> Value {
        serde_json::from_str(include_str!("schema.json")).unwrap()
    }

    /// The fields that serde names when it meets one it does not know.
    fn fields(text: &str) -> BTreeSet<String> {
        let error = toml::from_str::<Scenario>(text).unwrap_err().message().to_owned();
        assert!(error.starts_with("unknown field `no_such_field`"), "{text}: {error}");
        error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_schema_has_the_fields_that_are_read() {
        let schema = schema();
        let names = |table: &Value| table["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(fields("no_such_field = 1"), names(&schema));
        for (name, table) in schema["properties"].as_object().unwrap() {
            if table["items"]["properties"].is_object() {
                assert_eq!(fields(&format!("[[{name}]]\nno_such_field = 1")), names(&table["items"]), "{name}");
            }
        }
        let sso = &schema["properties"]["sso"]["properties"];
        assert_eq!(fields("[sso]\nno_such_field = 1"), names(&schema["properties"]["sso"]));
        assert_eq!(fields("[sso]\nname = \"x\"\n[[sso.person]]\nno_such_field = 1"), names(&sso["person"]["items"]));
        let service = &schema["properties"]["service"]["items"]["properties"];
        for inner in ["workload", "release"] {
            let text = format!("[[service]]\n[[service.{inner}]]\nno_such_field = 1");
            assert_eq!(fields(&text), names(&service[inner]["items"]), "{inner}");
        }
    }

    #[test]
    fn every_bundled_scenario_is_read() {
        for (name, _) in BUNDLED {
            load(name).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_scenario_takes_over_who_there_is_and_not_what_goes_on() {
        let quiet = parse("mine.toml", "extends = \"predator12\"\n").unwrap();
        assert_eq!((quiet.services.len(), quiet.environments.len(), quiet.users.len()), (7, 3, 3));
        assert!(quiet.crashes.is_empty() && quiet.drifts.is_empty() && quiet.deploys.is_empty());
        let wrong = |text: &str| parse("mine.toml", text).unwrap_err().to_string();
        assert_eq!(
            wrong("# mine\nextends = \"predator\"\n"),
            "mine.toml:2: there is no scenario `predator`; did you mean `predator12`?"
        );
        assert_eq!(
            wrong("repository = \"r\"\n"),
            "mine.toml:1: missing field `name`; give it, or extends = \"predator12\""
        );
        let outage = "extends = \"predator12\"\n[[outage]]\nsource = \"minicube\"\nafter = \"1s\"\n";
        assert_eq!(wrong(outage), "mine.toml:3: there is no source `minicube`; did you mean `minikube`?");
        let window =
            |fields: &str| wrong(&format!("extends = \"predator12\"\n[[window]]\nkind = \"deny\"\n{fields}\n"));
        assert_eq!(
            window("schedule = \"0 0 * *\"\nduration = \"1h\""),
            "mine.toml:4: `0 0 * *` is no schedule; write minute, hour, day, month and weekday, such as \"0 22 * * 1-5\""
        );
        assert_eq!(
            window("schedule = \"0 0 * * *\"\nduration = \"soon\""),
            "mine.toml:5: `soon` is no duration; write 90m or 8h"
        );
        let zone = window("schedule = \"0 0 * * *\"\nduration = \"1h\"\ntime_zone = \"Mars\"");
        assert!(zone.starts_with("mine.toml:6: `Mars` is no time zone; "), "{zone}");
    }
}
