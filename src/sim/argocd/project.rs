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
        let rules = project["spec"]["sourceRepos"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if !is_source(&rules.collect::<Vec<_>>(), repository) {
            wrong.push(format!("application repo {repository} is not permitted in project '{name}'"));
        }
    }
    match cluster::of_app(clusters, app) {
        Err(words) => wrong.push(words),
        Ok(cluster) => {
            let target = text(app, "/spec/destination/namespace");
            if !is_destination(&project, cluster, target) {
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

/// Whether a repository fits rules, of which those with a `!` forbid and win.
fn is_source(rules: &[&str], repository: &str) -> bool {
    let plain = |url: &str| url.trim_end_matches('/').trim_end_matches(".git").to_lowercase();
    let fits = |rule: &str| rule == "*" || path_glob(&plain(rule), &plain(repository));
    let forbidden = rules.iter().filter_map(|rule| rule.strip_prefix('!')).any(fits);
    !forbidden && rules.iter().filter(|rule| !rule.starts_with('!')).any(|rule| fits(rule))
}

/// Whether text fits a pattern in which `*` does not reach over slashes and `**` does.
fn path_glob(pattern: &str, text: &str) -> bool {
    if pattern.contains("**") {
        return glob(&pattern.replace("**", "*"), text);
    }
    pattern.split('/').count() == text.split('/').count()
        && pattern.split('/').zip(text.split('/')).all(|(pattern, step)| glob(pattern, step))
}

/// Whether a project lets objects into a namespace of a cluster; rules with a `!` forbid and win.
#[must_use]
pub fn is_destination(project: &Value, cluster: &Cluster, namespace: &str) -> bool {
    let rules: Vec<&Value> = project["spec"]["destinations"].as_array().into_iter().flatten().collect();
    let fits =
        |rule: &str, value: &str| rule.strip_prefix('!').map_or_else(|| glob(rule, value), |rule| glob(rule, value));
    let matches = |one: &Value| {
        let (server, name) = (text(one, "/server"), text(one, "/name"));
        let place = if server.is_empty() { fits(name, &cluster.name) } else { fits(server, &cluster.server) };
        place && fits(text(one, "/namespace"), namespace)
    };
    let forbids = |one: &Value| {
        ["server", "name", "namespace"]
            .iter()
            .any(|field| one[*field].as_str().is_some_and(|rule| rule.starts_with('!')))
    };
    !rules.iter().any(|one| forbids(one) && matches(one)) && rules.iter().any(|one| !forbids(one) && matches(one))
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
    use super::super::cluster::Link;
    use super::*;
    use serde_json::json;

    #[test]
    fn repositories_and_places_are_allowed_or_forbidden() {
        let cases: [(&[&str], bool); 6] = [
            (&["*"], true),
            (&["https://git.a/*/gitops.git"], true),
            (&["https://git.a/*"], false),
            (&["https://git.a/**"], true),
            (&["*", "!https://git.a/shop/*"], false),
            (&[], false),
        ];
        for (rules, allowed) in cases {
            assert_eq!(is_source(rules, "https://git.a/shop/gitops"), allowed, "{rules:?}");
        }
        let cluster =
            Cluster { name: "in-cluster".to_owned(), server: "https://k".to_owned(), link: Link::Down(String::new()) };
        let project = json!({"spec": {"destinations": [{"name": "in-*", "namespace": "shop-*"},
            {"server": "https://k", "namespace": "!shop-secret"}]}});
        let may = ["shop-dev", "shop-secret", "other"].map(|namespace| is_destination(&project, &cluster, namespace));
        assert_eq!(may, [true, false, false]);
    }

    #[test]
    fn patterns_cross_slashes() {
        assert!(glob("*", "") && glob("http://git.*/x", "http://git.a/b/x") && glob("shop-*", "shop-dev"));
        assert!(!glob("shop-?", "shop-dev") && !glob("", "x") && !glob("a*b", "ac"));
    }
}
