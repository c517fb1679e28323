//! The verbs that act, and those that look at what acting leads to. All go the road of [`crate::action`].

pub mod arguments;
pub(super) mod confirm;
mod guarded;
mod history;
mod report;
mod run;
mod wait;

use std::io::Write;

use self::arguments::{Act, Switch};
use self::run::perform;
use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use crate::action::{Injection, SyncOptions, Verb, Watch};
use crate::domain::{GuardPolicy, ObjectName, Symbol};

/// Does what is asked for and says how it ended.
pub fn run(act: &Act, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    match act {
        Act::Sync(sync) => {
            let options = SyncOptions {
                revision: sync.revision.clone(),
                prune: sync.prune,
                dry_run: sync.dry_run,
                force: sync.force,
                replace: sync.replace,
                server_side: sync.server_side,
                out_of_sync_only: sync.out_of_sync_only,
                resources: sync.resource.clone(),
                // nobody is there to be asked
                guard: sync.guard.map(|hold| Watch { hold, policy: Some(GuardPolicy::Auto) }),
                ..SyncOptions::default()
            };
            perform(&sync.on, everywhere, out, |_| Ok(Verb::Sync(options.clone())))
        }
        Act::Rollback { to, prune, on } => {
            perform(on, everywhere, out, |_| Ok(Verb::Rollback { id: *to, prune: *prune }))
        }
        Act::Refresh { hard, on } => perform(on, everywhere, out, |_| Ok(Verb::Refresh { hard: *hard })),
        Act::Terminate { on } => perform(on, everywhere, out, |_| Ok(Verb::Terminate)),
        Act::Autosync { switch, on } => {
            perform(on, everywhere, out, |_| Ok(Verb::AutoSync { on: *switch == Switch::On }))
        }
        Act::Restart { resource, on } => perform(on, everywhere, out, |app| {
            Ok(Verb::Restart(run::workload(app, resource.as_ref(), &["Deployment", "StatefulSet", "DaemonSet"])?))
        }),
        Act::Scale { replicas, resource, on } => perform(on, everywhere, out, |app| {
            let object = run::workload(app, resource.as_ref(), &["Deployment", "StatefulSet"])?;
            Ok(Verb::Scale { object, replicas: *replicas })
        }),
        Act::Pause { resource, on } => {
            perform(on, everywhere, out, |app| Ok(Verb::Pause(run::workload(app, resource.as_ref(), &["Deployment"])?)))
        }
        Act::InjectDebugger { pod, container, image, port, on } => perform(on, everywhere, out, |app| {
            let pod = ObjectName {
                group: Symbol::default(),
                version: "v1".into(),
                kind: "Pod".into(),
                namespace: app.destination().2.into(),
                name: pod.as_str().into(),
            };
            let (container, image) = (container.clone(), image.clone());
            Ok(Verb::Inject(Box::new(Injection { pod, container, image, port: *port })))
        }),
        Act::Resume { resource, on } => perform(on, everywhere, out, |app| {
            Ok(Verb::Resume(run::workload(app, resource.as_ref(), &["Deployment"])?))
        }),
        Act::Delete { resource: Some(object), cascade, on } => perform(on, everywhere, out, |app| {
            let object = run::managed(app, object)?;
            Ok(Verb::DeleteResource { object, propagation: (*cascade).into() })
        }),
        Act::Delete { resource: None, cascade, on } => perform(on, everywhere, out, |_| {
            let cascade = Some(*cascade).filter(|cascade| *cascade != arguments::Cascade::Orphan);
            Ok(Verb::Delete { cascade: cascade.map(Into::into) })
        }),
        Act::Wait { health, sync, operation, on } => {
            wait::run(on, everywhere, &wait::Awaited::read(health.as_deref(), sync.as_deref(), *operation)?, out)
        }
        Act::History { on } => history::run(on, everywhere, out),
    }
}
