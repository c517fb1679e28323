//! The commands of other programs that show what is on screen. They name context and namespace, so that they say the
//! same wherever they are pasted.

use super::item::resource;
use crate::command::Scope;
use crate::domain::{AppRow, Symbol, served_app};
use crate::store::{RowId, ServedBy, SourceState};
use crate::view::{Lens, Seen};

/// The argocd command for the screen below.
pub(super) fn argocd(lens: &Lens, seen: &Seen<'_>, row: &AppRow) -> String {
    let source = seen.apps.sources().get(&row.key.source);
    let mut words = vec!["argocd".to_owned()];
    match served(source) {
        Some(server) => words.extend(server.flags.iter().map(|flag| if_needed(flag))),
        None => words.extend(through_kubernetes(source, row)),
    }
    words.push("app".to_owned());
    let app = quoted(&format!("{}/{}", row.key.namespace, row.key.name));
    if let Some(object) = resource(lens, seen) {
        words.extend(["get-resource".to_owned(), app]);
        words.extend(["--kind".to_owned(), quoted(&object.kind), "--resource-name".to_owned(), quoted(&object.name)]);
    } else if seen.below.contains(&Scope::Logs) {
        words.extend(["logs".to_owned(), app]);
        words.extend(lens.previous.then(|| "--previous".to_owned()));
    } else {
        words.extend(["get".to_owned(), app]);
    }
    words.join(" ")
}

/// The argocd-server of a source that is read through nothing else.
fn served(source: Option<&SourceState>) -> Option<&ServedBy> {
    source?.server.as_ref().filter(|server| server.rows)
}

/// A flag is a word of ours.
fn if_needed(flag: &str) -> String {
    if flag.starts_with("--") { flag.to_owned() } else { quoted(flag) }
}

/// What leads argocd to argocd-server through the Kubernetes API: there `--kube-context` counts, which `--core` passes
/// over.
fn through_kubernetes(source: Option<&SourceState>, row: &AppRow) -> Vec<String> {
    let mut words = Vec::new();
    let context = source.map_or("", |s| &*s.facts.context);
    if !context.is_empty() {
        words.extend(["--kube-context".to_owned(), quoted(context)]);
    }
    let namespace = source.map_or("", |s| &*s.facts.argocd_namespace);
    let namespace = if namespace.is_empty() { &*row.key.namespace } else { namespace };
    words.extend(["--port-forward --port-forward-namespace".to_owned(), quoted(namespace)]);
    words
}

/// The kubectl command for the screen below; `None` where nobody knows the way to the cluster.
pub(super) fn kubectl(lens: &Lens, seen: &Seen<'_>, id: RowId, row: &AppRow) -> Option<String> {
    let pods = || seen.apps.pods_of(id);
    let is_on = |scope| seen.below.contains(&scope);
    if let Some(object) = resource(lens, seen) {
        let dot = if object.group.is_empty() { "" } else { "." };
        let kind = format!("{}{dot}{}", object.kind.to_lowercase(), object.group);
        let words = format!("get {} {} -o yaml", quoted(&kind), quoted(&object.name));
        return there(seen, id, &object.namespace, &words);
    }
    if is_on(Scope::Logs) {
        let words = match pods().first() {
            Some(pod) => {
                let previous = if lens.previous { " --previous" } else { "" };
                format!("logs {} --all-containers --tail=100{previous}", quoted(&pod.name))
            }
            None => "get pods".to_owned(),
        };
        return there(seen, id, &row.destination.namespace, &words);
    }
    if is_on(Scope::Why) {
        let failing = pods().into_iter().find(|pod| pod.ready.0 < pod.ready.1);
        let words = failing.map_or_else(|| "get pods".to_owned(), |pod| format!("describe pod {}", quoted(&pod.name)));
        return there(seen, id, &row.destination.namespace, &words);
    }
    if is_on(Scope::Events) {
        return there(seen, id, &row.destination.namespace, "get events --sort-by=.lastTimestamp");
    }
    if served(seen.apps.sources().get(&row.key.source)).is_some() {
        return None;
    }
    let words = format!("get applications.argoproj.io {} -o yaml", quoted(&row.key.name));
    Some(command(seen, &row.key.source, &row.key.namespace, &words))
}

/// A command for the cluster the Application deploys to.
fn there(seen: &Seen<'_>, id: RowId, namespace: &str, words: &str) -> Option<String> {
    let route = seen.apps.route(id)?;
    // what is read through argocd-server is in a cluster nobody has named a context of
    let context = route.context().filter(|context| served_app(context).is_none())?;
    Some(command(seen, context, namespace, words))
}

fn command(seen: &Seen<'_>, source: &Symbol, namespace: &str, words: &str) -> String {
    let context = seen.apps.sources().get(source).map_or(&**source, |s| &*s.facts.context);
    let mut out = "kubectl".to_owned();
    for (flag, value) in [("--context", context), ("-n", namespace)] {
        if !value.is_empty() {
            out.push_str(&format!(" {flag} {}", quoted(value)));
        }
    }
    out.push(' ');
    out.push_str(words);
    out
}

/// A word as a shell takes it. Names come from clusters, and what is copied is pasted.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_a_name_as_a_name() {
        let cases = [
            ("backend-dev", "backend-dev"),
            ("arn:aws:eks:eu-1:12:cluster/x", "arn:aws:eks:eu-1:12:cluster/x"),
            ("my cluster", "'my cluster'"),
            ("x; rm -rf ~", "'x; rm -rf ~'"),
            ("it's $HOME", "'it'\\''s $HOME'"),
            ("", "''"),
        ];
        for (word, wanted) in cases {
            assert_eq!(quoted(word), wanted);
        }
    }
}
