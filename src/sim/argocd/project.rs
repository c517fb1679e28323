//! What an `AppProject` lets an Application do.

use super::cluster::{self, Cluster};
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use serde_json::Value;

/// The project of an Application; `default` when it names none.
#[must_use]
pub fn of_app(store: &Store, namespace: &str, app: &Value) -> Option<Value> {
    let name = text(app, "/spec/project");
    store.get("AppProject", namespace, if name.is_empty() { "default" } else { name })
}

/// What is wrong with the spec, in the words of `InvalidSpecError`; nothing when it is allowed.
#[must_use]
pub fn check(store: &Store, namespace: &str, clusters: &[Cluster], app: &Value) -> Vec<String> {
    let Some(project) = of_app(store, namespace, app) else {
        let name = text(app, "/spec/project");
        return vec![format!("Application referencing project {name} which does not exist")];
    };
    let name = text(&project, "/metadata/name");
    let mut wrong = Vec::new();
    for source in sources(app) {
        let repository = text(source, "/repoURL");
        let allowed = project["spec"]["sourceRepos"].as_array().cloned().unwrap_or_default();
        if !allowed.iter().filter_map(Value::as_str).any(|pattern| glob(pattern, repository)) {
            wrong.push(format!("application repo {repository} is not permitted in project '{name}'"));
        }
    }
    match cluster::of_app(clusters, app) {
        Err(words) => wrong.push(words),
        Ok(cluster) => {
            let target = text(app, "/spec/destination/namespace");
            let allowed = project["spec"]["destinations"].as_array().cloned().unwrap_or_default();
            let fits = |one: &Value| {
                let server = text(one, "/server");
                let place = if server.is_empty() {
                    glob(text(one, "/name"), &cluster.name)
                } else {
                    glob(server, &cluster.server)
                };
                place && glob(text(one, "/namespace"), target)
            };
            if !allowed.iter().any(fits) {
                wrong.push(format!(
                    "application destination server '{}' and namespace '{target}' do not match any of the allowed \
                     destinations in project '{name}'",
                    cluster.server
                ));
            }
        }
    }
    wrong
}

/// The sources of an Application: `sources` wins over `source`.
#[must_use]
pub fn sources(app: &Value) -> Vec<&Value> {
    match app["spec"]["sources"].as_array() {
        Some(sources) if !sources.is_empty() => sources.iter().collect(),
        _ => vec![&app["spec"]["source"]],
    }
}

/// Whether text fits a pattern in which `*` stands for anything, slashes too, and `?` for one letter.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_cross_slashes() {
        assert!(glob("*", "") && glob("http://git.*/x", "http://git.a/b/x") && glob("shop-*", "shop-dev"));
        assert!(!glob("shop-?", "shop-dev") && !glob("", "x") && !glob("a*b", "ac"));
    }
}
