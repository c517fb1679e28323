//! What the repository has of an Application: the commits of its releases, and their manifests.

use crate::sim::argocd::{Part, Repository as _, Source, SourceError, parts};
use crate::sim::git::{Repo, RepoServer};
use crate::sim::manifest::app::{App, Hook, Release, ResourceRef};
use crate::sim::manifest::meta::text;
use jiff::Timestamp;

/// A repository and who renders what lies there.
#[derive(Debug, Clone)]
pub struct Git {
    /// The repository.
    pub repo: Repo,
    /// Renders it.
    pub server: RepoServer,
}

/// An Application together with what its releases put into the cluster.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The Application.
    pub app: App,
    /// The manifests of each of its releases; none of those that cannot be rendered any more.
    pub releases: Vec<Option<Vec<Part>>>,
}

impl Deployed {
    /// Looks up an Application in its repository.
    ///
    /// # Errors
    /// When what runs cannot be rendered.
    pub fn find(mut app: App, git: &Git) -> Result<Self, SourceError> {
        for release in &mut app.releases {
            // a release may have been dated to before its commit, where a crash wants to have gone on for long
            let found =
                [release.at, Timestamp::MAX].map(|until| git.repo.find(&app.target_revision, &release.message, until));
            if let Some(commit) = found.into_iter().flatten().next() {
                release.revision = commit;
            }
        }
        app.head = git.repo.resolve(&app.target_revision).unwrap_or_default();
        let source = app.source();
        let render = |release: &Release| {
            let asked = Source { source: &source, app: &app.name, namespace: &app.namespace };
            let manifests = git.server.manifests(asked, &release.revision)?;
            Ok(parts(&manifests.objects, &app.name, &app.namespace))
        };
        let rendered: Vec<Result<Vec<Part>, SourceError>> = app.releases.iter().map(render).collect();
        let last = rendered.last().cloned().unwrap_or_else(|| Ok(Vec::new()))?;
        for part in last {
            let resource = resource(&part);
            match part.hook {
                Some(phase) => app.hooks.push(Hook { job: resource, phase, stays: part.stays }),
                None => app.resources.push(resource),
            }
        }
        Ok(Self { app, releases: rendered.into_iter().map(Result::ok).collect() })
    }
}

fn resource(part: &Part) -> ResourceRef {
    let api = text(&part.object, "/apiVersion");
    ResourceRef {
        group: api.split_once('/').map_or("", |(group, _)| group).to_owned(),
        version: part.version.clone(),
        kind: text(&part.object, "/kind").to_owned(),
        name: text(&part.object, "/metadata/name").to_owned(),
        wave: part.wave,
        images: part.images.clone(),
    }
}
