//! Refresh: an annotation that the controller takes away once it has looked (semantics 2.2).

use serde_json::json;

use super::plan::{Facts, Plan};
use super::verb::Verb;

pub(super) fn plan(facts: &Facts, hard: bool) -> Plan {
    let (kind, how) = if hard { ("hard", " anew, with fresh manifests") } else { ("normal", "") };
    let mut plan = Plan::new(facts, Verb::Refresh { hard }, format!("Compare {} with Git{how}", facts.app.name()));
    // last write wins on purpose: two people who refresh want the same
    plan.patch_app(json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": kind}}}), false);
    plan
}
