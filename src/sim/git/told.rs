//! The repository of a scenario that does not say what lies there: plain manifests of its services, an ApplicationSet,
//! and a commit for every release.

use crate::sim::manifest::argocd;
use crate::sim::manifest::plain::Plain;
use crate::sim::scenario::{Author, Edit, Environment, History, Past, Release, Scenario, Service};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use toml::Spanned;

/// Where the manifests of a service are for an environment, from the root.
#[must_use]
pub fn folder(environment: &str, service: &str) -> String {
    format!("{environment}/{service}")
}

/// The file in it.
#[must_use]
pub fn file(environment: &str, service: &str) -> String {
    format!("{}/manifests.yaml", folder(environment, service))
}

/// What a commit of a release says unless the scenario says it.
#[must_use]
pub fn message(service: &Service, release: &Release) -> String {
    release.commit.clone().unwrap_or_else(|| format!("{} {}", service.name.get_ref(), release.version))
}

/// Objects as one YAML text.
#[must_use]
pub fn text(objects: &[Value]) -> String {
    let one = |object: &Value| serde_saphyr::to_string(object).unwrap_or_else(|_| object.to_string());
    objects.iter().map(one).collect::<Vec<_>>().join("---\n")
}

struct Deployed<'a> {
    service: &'a Service,
    environment: &'a Environment,
    release: &'a Release,
}

impl Deployed<'_> {
    fn file(&self) -> String {
        file(self.environment.name.get_ref(), self.service.name.get_ref())
    }

    fn text(&self) -> String {
        text(&Plain { service: self.service, environment: self.environment }.objects(&self.release.version))
    }
}

/// Every release of the scenario, oldest first.
fn deployed(scenario: &Scenario) -> Vec<Deployed<'_>> {
    let mut all = Vec::new();
    for environment in &scenario.environments {
        for service in &scenario.services {
            let here = service.releases.iter().filter(|one| one.environment.get_ref() == environment.name.get_ref());
            all.extend(here.map(|release| Deployed { service, environment, release }));
        }
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.release.age));
    all
}

/// Files, and what happened to them before the world's start.
#[must_use]
pub fn repository(scenario: &Scenario) -> (BTreeMap<String, Vec<u8>>, History) {
    let all = deployed(scenario);
    let mut files = BTreeMap::from([("README.md".to_owned(), b"What Argo CD deploys.\n".to_vec())]);
    for one in &all {
        files.entry(one.file()).or_insert_with(|| one.text().into_bytes());
    }
    let project = argocd::app_project(scenario.name.get_ref(), &scenario.repository);
    files.insert("argo/project.yaml".to_owned(), text(&[project]).into_bytes());
    for source in &scenario.sources {
        let set = argocd::application_set(scenario, source.name.get_ref());
        let path = format!("argo/clusters/{}/applicationset.yaml", source.name.get_ref());
        files.extend(set.map(|set| (path, text(&[set]).into_bytes())));
    }
    let author = Author::nobody();
    let commit = |branch: &str, age, message: &str, edits| Past {
        branch: branch.to_owned(),
        author: Spanned::new(0..0, author.key.get_ref().clone()),
        age,
        message: message.to_owned(),
        tag: None,
        edits,
    };
    let old = all.first().map(|one| one.release.age).unwrap_or_default() + Duration::from_mins(1);
    let mut commits = vec![commit("main", old, "first", Vec::new())];
    let mut branches = HashSet::from(["main"]);
    for environment in &scenario.environments {
        if branches.insert(&environment.branch) {
            commits.push(commit(&environment.branch, old, "first", Vec::new()));
        }
    }
    let mut made = HashSet::new();
    for one in &all {
        let (branch, message) = (&one.environment.branch, message(one.service, one.release));
        if !made.insert((branch, message.clone())) {
            continue;
        }
        let with = all.iter().filter(|other| {
            other.environment.branch == *branch && self::message(other.service, other.release) == message
        });
        let edits = with.map(|other| Edit::text(&other.file(), &other.text())).collect();
        commits.push(commit(branch, one.release.age, &message, edits));
    }
    (files, History { people: vec![author], commits })
}

/// The version of an image in manifests.
#[must_use]
pub fn version(manifests: &str, image: &str) -> Option<String> {
    let (_, rest) = manifests.split_once(&format!("{image}:"))?;
    let end = rest.find(|letter: char| letter.is_whitespace() || letter == '"' || letter == '\'').unwrap_or(rest.len());
    rest.get(..end).map(str::to_owned)
}

/// Manifests with another version of an image; that of Jobs comes from `hooks` if it is given.
#[must_use]
pub fn with_version(manifests: &[Value], image: &str, version: &str, hooks: Option<&str>) -> String {
    let mut all = manifests.to_vec();
    for object in &mut all {
        let image = if object["kind"] == "Job" { hooks.unwrap_or(image) } else { image };
        let containers = object.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            container["image"] = Value::from(format!("{image}:{version}"));
        }
    }
    text(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::git::Repo;
    use crate::sim::scenario;
    use jiff::Timestamp;

    #[test]
    fn every_release_is_a_commit_with_its_manifests() {
        let told = "name = \"shop\"\nrepository = \"https://git.example.com/shop.git\"\n[[source]]\nname = \"c\"\n\
            [[environment]]\nname = \"dev\"\nsource = \"c\"\nbranch = \"main\"\n\
            [[environment]]\nname = \"prod\"\nsource = \"c\"\nbranch = \"live\"\n\
            [[service]]\nname = \"till\"\nteam = \"t\"\npre_sync = \"till-migrate\"\n\
            release = [{ environment = \"dev\", version = \"1.0\", age = \"2d\" },\
            { environment = \"dev\", version = \"1.1\", age = \"1d\" },\
            { environment = \"prod\", version = \"1.0\", age = \"1h\" }]\n\
            [[service.workload]]\nkind = \"Deployment\"\ncontainer = \"app\"\nports = { http = 80 }\n";
        let scenario = scenario::parse("shop.toml", told).unwrap();
        let (files, history) = repository(&scenario);
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let repo = Repo::create(&files, &history, now).unwrap();
        let at = |branch: &str, message: &str| {
            let commit = repo.find(branch, message, now).unwrap();
            String::from_utf8(repo.read(&commit, &file("dev", "till")).unwrap()).unwrap()
        };
        assert_eq!(version(&at("main", "till 1.0"), "till").as_deref(), Some("1.0"));
        assert_eq!(version(&at("main", "till 1.1"), "till").as_deref(), Some("1.1"));
        assert!(repo.find("live", "till 1.0", now).is_some());
        let objects = crate::sim::git::manifests::objects(&at("main", "till 1.1")).unwrap();
        let kinds: Vec<&str> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
        assert_eq!(kinds, ["ConfigMap", "Service", "Deployment", "Job"]);
        let next = with_version(&objects, "till", "1.2", Some("tools"));
        assert!(next.contains("image: till:1.2") && next.contains("image: tools:1.2"), "{next}");
        let set = String::from_utf8(files["argo/clusters/c/applicationset.yaml"].clone()).unwrap();
        assert!(set.contains("till") && set.contains("live"), "{set}");
    }
}
