//! Output of helm that is in the program: what the bundled scenarios deploy, by the key of the call.

use crate::sim::git::asset;

/// What helm made of the call with this key, when the program was made.
#[must_use]
pub fn kept(key: &str) -> Option<&'static str> {
    asset::embedded(&format!("rendered/{key}.yaml")).and_then(|bytes| std::str::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::super::helm::Checkout;
    use super::super::{Call, Helm};
    use super::*;
    use crate::sim::argocd::Source;
    use crate::sim::git::{NewCommit, Repo, bundled};
    use crate::sim::live::deploy::{RING, following};
    use crate::sim::live::releases::Releases;
    use crate::sim::populate;
    use crate::sim::scenario::{self, Author, History, Scenario};
    use jiff::Timestamp;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Every call that the bundled scenarios can bring about, with what it takes to make it.
    fn calls(scenario: &Scenario, at: Timestamp, all: &mut BTreeMap<String, (Call, Repo, String)>) {
        let asset = bundled("predator12").unwrap();
        let repo = Repo::create(&asset.files, &History::parse("history.toml", &asset.history).unwrap(), at).unwrap();
        for commit in &scenario.commits {
            let nobody = Author::nobody();
            for edits in commit.rounds() {
                let message = &commit.message;
                repo.commit(NewCommit { branch: &commit.branch, author: &nobody, at, message, edits: &edits }).unwrap();
            }
        }
        let releases = Releases::new(repo.clone());
        for app in scenario.sources.iter().flat_map(|source| populate::apps_of(scenario, source, at)) {
            let push = |version: &str, fails| drop(releases.push(&app, version, version, fails, at).unwrap());
            for one in scenario.syncing.iter().filter(|one| *one.app.get_ref() == app.name) {
                push(&one.version, false);
            }
            for deploy in scenario.deploys.iter().filter(|deploy| *deploy.app.get_ref() == app.name) {
                for turn in 0..2 * RING {
                    let version = following(&app, &releases.version(&app), turn);
                    push(&version, deploy.hooks_fail_for.is_some());
                    push(&version, false);
                }
            }
        }
        for source in &scenario.sources {
            for app in populate::apps_of(scenario, source, at) {
                let mut commit = repo.resolve(&app.target_revision);
                let spec = app.source();
                while let Some(one) = commit {
                    let path = spec["path"].as_str().unwrap();
                    let source = Source { source: &spec, app: &app.name, namespace: &app.namespace };
                    let call = Call::new(&repo, source, path, &one, "1.33.4").unwrap();
                    commit = repo.parent(&one);
                    all.entry(call.key.clone()).or_insert((call, repo.clone(), one));
                }
            }
        }
    }

    #[test]
    fn rendered_manifests_are_what_helm_says() {
        let at: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let mut all = BTreeMap::new();
        for (name, _) in scenario::BUNDLED {
            let scenario = scenario::load(name).unwrap();
            if scenario.gitops.is_some() {
                calls(&scenario, at, &mut all);
            }
        }
        let helm = Helm::find();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/predator12/rendered");
        let update = std::env::var_os("PILOTHOUSE_UPDATE").is_some();
        if update {
            assert!(helm.is_some(), "put helm into the path or name it with PILOTHOUSE_HELM");
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
        }
        for (key, (call, repo, commit)) in &all {
            let said = helm.as_ref().map(|helm| helm.template(call, &Checkout::new(repo, commit).unwrap()).unwrap());
            if update {
                std::fs::write(folder.join(format!("{key}.yaml")), said.unwrap()).unwrap();
                continue;
            }
            let kept =
                kept(key).unwrap_or_else(|| panic!("{call:?} is not kept; PILOTHOUSE_UPDATE=1 cargo test rendered"));
            if let Some(said) = said {
                assert_eq!(said, kept, "{key}: PILOTHOUSE_UPDATE=1 cargo test rendered");
            }
        }
    }
}
