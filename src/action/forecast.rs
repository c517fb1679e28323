//! What a plan would make of each resource, by what Git wants in detail. It is read beside the plan and shown with it: the
//! plan, what is confirmed and what the guard decides rest on what the plan itself was made of.

use super::application::Application;
use super::plan::{Plan, Step, StepKind, in_order};
use super::sync_options::{Strategy, SyncOptions};
use super::verb::Verb;
use crate::domain::{Change, Compared, Comparison, Field, Hand};

/// The longest value that is told within a line, in characters.
const LONGEST: usize = 24;

/// The steps of a sync or a rollback by a comparison of what it applies with what runs, in the order they are made in;
/// nothing for other verbs, and for a comparison that says nothing of Git.
#[must_use]
pub fn forecast(plan: &Plan, app: &Application, comparison: &Comparison) -> Option<Vec<Step>> {
    let options = match &plan.verb {
        Verb::Sync(options) => options.clone(),
        Verb::Rollback { prune, .. } => {
            SyncOptions { prune: *prune, strategy: Strategy::Apply, ..SyncOptions::default() }
        }
        _ => return None,
    };
    comparison.rung.filter(|rung| *rung != crate::domain::Rung::Drift)?;
    let all = options.options(app.sync_options());
    let mut steps: Vec<Step> = comparison.resources.iter().map(|resource| step(resource, &options, &all)).collect();
    for step in &mut steps {
        // the comparison knows what Git asks for, the plan what stands on what runs
        let known = plan.steps.iter().find(|known| known.phase == step.phase && known.resource == step.resource);
        if let Some(own) = known.and_then(Step::own_options) {
            let gap = if step.note.is_empty() { "" } else { "; " };
            step.note.push_str(&format!("{gap}{own}"));
        }
    }
    match &comparison.hooks {
        Some(hooks) => steps.extend(hooks.iter().map(|hook| {
            let runs = options.runs_hooks();
            let (kind, note) = if runs { (StepKind::Hook, "") } else { (StepKind::Skip, "hooks do not run") };
            let resource = format!("{} {}", hook.object.kind, hook.object.name);
            Step { kind, resource, phase: hook.phase.to_string(), wave: hook.wave, note: note.to_owned() }
        })),
        // nobody has said which there are: those of the last operation are the best guess
        None => {
            steps.extend(plan.steps.iter().filter(|step| step.phase != "Sync" || step.kind == StepKind::Hook).cloned());
        }
    }
    in_order(&mut steps);
    Some(steps)
}

fn step(resource: &Compared, options: &SyncOptions, all: &[String]) -> Step {
    let object = &resource.object;
    let value = |name: &str| {
        let of = |option: &str| option.strip_prefix(name)?.strip_prefix('=').map(ToOwned::to_owned);
        let own = resource.options.iter().find_map(|option| of(option));
        own.or_else(|| all.iter().rev().find_map(|option| of(option)))
    };
    let is = |name: &str| value(name).as_deref() == Some("true");
    let only_differing = all.iter().any(|option| option == "ApplyOutOfSyncOnly=true");
    let is_named = |named: &crate::domain::ObjectName| {
        (&named.group, &named.kind, &named.name) == (&object.group, &object.kind, &object.name)
            && (named.namespace.is_empty() || named.namespace == object.namespace)
    };
    let is_left_out = !options.resources.is_empty() && !options.resources.iter().any(is_named);
    let (kind, note) = match resource.change {
        _ if is_left_out => (StepKind::Skip, "not selected".to_owned()),
        _ if resource.unread.is_some() => (StepKind::Same, "what runs could not be read".to_owned()),
        Change::Prune if !options.prune => (StepKind::Keep, "not wanted; prune is off".to_owned()),
        Change::Prune => match value("Prune").as_deref() {
            Some("false") => (StepKind::Keep, "not wanted, and never pruned".to_owned()),
            Some("confirm") => (StepKind::Prune, "waits until its deletion is approved".to_owned()),
            _ => (StepKind::Prune, String::new()),
        },
        Change::Create => (StepKind::Create, String::new()),
        Change::Update if options.force || is("Replace") || is("Force") => (StepKind::Replace, fields(resource)),
        Change::Update => (StepKind::Update, fields(resource)),
        Change::Same if only_differing => (StepKind::Skip, "in sync".to_owned()),
        Change::Same => (StepKind::Same, String::new()),
    };
    let resource_name = format!("{} {}", object.kind, object.name);
    Step { kind, resource: resource_name, phase: "Sync".to_owned(), wave: resource.wave, note }
}

/// The first field that changes, and how many more.
fn fields(resource: &Compared) -> String {
    let Some(first) = resource.fields.first() else { return String::new() };
    let more = resource.fields.len() - 1;
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", field(first))
}

/// `spec.replicas 3 -> 2 (kubectl-scale)`
fn field(field: &Field) -> String {
    let said = |value: &Option<serde_json::Value>| match value {
        None => "nothing".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let (live, desired) = (said(&field.live), said(&field.desired));
    let is_short = |text: &str| text.chars().count() <= LONGEST && !text.contains('\n');
    // Argo CD itself is who everybody expects
    let owner = field.owner.as_ref().filter(|owner| owner.hand() != Hand::ArgoCd);
    let who = owner.map_or_else(String::new, |owner| format!(" ({})", owner.said()));
    if field.hidden || !is_short(&live) || !is_short(&desired) {
        format!("{}{who}", field.path)
    } else {
        format!("{} {live} -> {desired}{who}", field.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FieldPath, ObjectName, Owner};
    use serde_json::json;

    fn resource(kind: &str, change: Change, options: &[&str]) -> Compared {
        let object = ObjectName { kind: kind.into(), name: "api".into(), ..ObjectName::default() };
        let owner = Owner {
            manager: "kubectl-scale".into(),
            operation: "Update".into(),
            subresource: "scale".into(),
            time: None,
        };
        let path = FieldPath(vec![crate::domain::Step::key("spec"), crate::domain::Step::key("replicas")]);
        let field = Field { path, desired: Some(json!(2)), live: Some(json!(3)), owner: Some(owner), hidden: false };
        Compared {
            object,
            change,
            wave: 0,
            fields: if change == Change::Update { vec![field] } else { Vec::new() },
            ignored: Vec::new(),
            shadows: Vec::new(),
            rows: std::sync::Arc::default(),
            counts: (0, 0),
            unread: None,
            options: options.iter().map(|option| (*option).into()).collect(),
        }
    }

    fn told(options: &SyncOptions) -> Vec<String> {
        let resources = [
            resource("Deployment", Change::Update, &[]),
            resource("Job", Change::Update, &["Replace=true"]),
            resource("Service", Change::Create, &[]),
            resource("ConfigMap", Change::Prune, &[]),
            resource("Secret", Change::Prune, &["Prune=false"]),
            resource("Ingress", Change::Same, &[]),
        ];
        let all = options.options(Vec::new());
        let steps = resources.iter().map(|resource| step(resource, options, &all));
        steps.map(|step| format!("{:?} {} {}", step.kind, step.resource, step.note).trim_end().to_owned()).collect()
    }

    #[test]
    fn what_becomes_of_a_resource_is_told_by_what_git_wants_and_by_the_options() {
        let wanted = [
            "Update Deployment api spec.replicas 3 -> 2 (kubectl-scale)",
            "Replace Job api spec.replicas 3 -> 2 (kubectl-scale)",
            "Create Service api",
            "Keep ConfigMap api not wanted; prune is off",
            "Keep Secret api not wanted; prune is off",
            "Same Ingress api",
        ];
        assert_eq!(told(&SyncOptions::default()), wanted);
        let options = SyncOptions { prune: true, out_of_sync_only: true, force: true, ..SyncOptions::default() };
        let told = told(&options);
        assert!(told[0].starts_with("Replace Deployment"), "{told:?}");
        assert_eq!(
            &told[3..],
            ["Prune ConfigMap api", "Keep Secret api not wanted, and never pruned", "Skip Ingress api in sync"]
        );
    }

    #[test]
    fn what_is_not_selected_is_left_out() {
        let one = ObjectName { kind: "Deployment".into(), name: "other".into(), ..ObjectName::default() };
        let options = SyncOptions { resources: vec![one], ..SyncOptions::default() };
        assert!(told(&options).iter().all(|line| line.starts_with("Skip")), "{:?}", told(&options));
    }
}
