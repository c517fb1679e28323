//! Who may write what, where and when. Nobody else makes an [`Approved`].

use serde_json::Value;

use super::application::Application;
use super::plan::Plan;
use super::refusal::{Refusal, RefusalKind};
use super::saw::Saw;
use crate::domain::window::{Verdict, until};
use crate::domain::{Protection, Risk, Timestamp};

/// What a write takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Required {
    /// Nothing.
    Nothing,
    /// One confirmation.
    Confirmation {
        /// In red.
        red: bool,
    },
    /// The environment's name, typed.
    Phrase,
}

/// The matrix of risk and protection (DESIGN section 7). `None`: refused.
#[must_use]
pub fn required(risk: Risk, protection: Protection) -> Option<Required> {
    use Protection::{Confirm, Open, ReadOnly, Typed};
    Some(match (risk, protection) {
        (Risk::Look, _) => Required::Nothing,
        (_, ReadOnly) => return None,
        (Risk::Nudge, _) | (Risk::Session, Open | Confirm) => Required::Nothing,
        (Risk::Session, Typed) | (Risk::Change, Open | Confirm) => Required::Confirmation { red: false },
        (Risk::Danger, Open | Confirm) => Required::Confirmation { red: true },
        (Risk::Change | Risk::Danger, Typed) => Required::Phrase,
    })
}

/// What a person gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// Nothing yet.
    Nothing,
    /// A yes.
    Yes,
    /// Words they typed: the phrase is a yes too.
    Phrase(&'a str),
}

/// The rules of this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Why nothing is written at all, where that is so: `--readonly`, or file and line.
    pub readonly: Option<String>,
}

/// What was looked at just before the write.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The Application.
    pub app: Application,
    /// What the server says we may not.
    pub denied: Vec<String>,
    /// Now.
    pub now: Timestamp,
}

/// A plan that may be carried out. Only [`guard`] makes one.
#[derive(Debug)]
pub struct Approved {
    plan: Plan,
    version: String,
}

impl Approved {
    /// What may be carried out.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn into_plan(self) -> Plan {
        self.plan
    }

    /// The resource version the write carries.
    pub(super) fn version(&self) -> &str {
        &self.version
    }
}

/// What to type for a plan: the environment's name, and with it how many Applications of it are confirmed together where
/// they are several.
#[must_use]
pub fn phrase(plan: &Plan) -> String {
    let name = &plan.target.environment.name;
    if plan.among > 1 { format!("{name} {}", plan.among) } else { name.to_string() }
}

impl Guard {
    /// Whether anything of this risk may be written there at all: what keys are shown as off by.
    ///
    /// # Errors
    /// When nothing is written at all, or not there.
    pub fn allows(&self, risk: Risk, environment: &str, protection: Protection) -> Result<Required, Refusal> {
        if risk == Risk::Look {
            return Ok(Required::Nothing);
        }
        if let Some(why) = &self.readonly {
            return Err(Refusal::new(
                RefusalKind::ReadOnly,
                format!("nothing is written: read-only by {why}"),
                Some("start without it".to_owned()),
            ));
        }
        required(risk, protection).ok_or_else(|| {
            Refusal::new(
                RefusalKind::Protected,
                format!("nothing is written in {environment}: its protection is readonly"),
                Some("change the protection of the environment in the settings".to_owned()),
            )
        })
    }
}

/// Lets a plan through, or says what stands in its way: read-only, protection, freshness, sync windows, rights,
/// confirmation, in this order.
///
/// # Errors
/// The first thing that stands in the way.
pub fn guard(plan: Plan, rules: &Guard, evidence: &Evidence, given: Given<'_>) -> Result<Approved, Refusal> {
    let environment = &plan.target.environment;
    let required = rules.allows(plan.risk, &environment.name, environment.protection)?;
    let changes = plan.saw.changes(&Saw::of(&evidence.app));
    // looking again hurts nobody, however much has changed, nor does what writes nothing
    if !changes.is_empty() && plan.risk > Risk::Nudge && !plan.requests.is_empty() {
        return Err(if plan.verb.is_operation() && evidence.app.has_operation() {
            let by = evidence.app.operation_by();
            let since = evidence.app.operation_started().map(|at| format!(" at {at}")).unwrap_or_default();
            Refusal::busy(format!("{by} was first: an operation was started{since}"))
        } else {
            Refusal::stale(&changes)
        });
    }
    window(&plan, evidence)?;
    if let Some(first) = evidence.denied.first() {
        return Err(Refusal::denied(first.clone()));
    }
    confirmed(&plan, &required, given)?;
    let version = evidence.app.version().to_owned();
    Ok(Approved { plan, version })
}

fn window(plan: &Plan, evidence: &Evidence) -> Result<(), Refusal> {
    if !plan.verb.is_operation() && !plan.leads_on {
        return Ok(());
    }
    // windows nobody can read are left to the controller, which holds the operation; the plan says so
    let Ok(windows) = &plan.windows else { return Ok(()) };
    match windows.verdict(evidence.now) {
        Verdict::Open { .. } => Ok(()),
        Verdict::Closed { why, opens } => {
            let hint = match opens {
                Some(at) => format!("it opens in {}, at {at}", until(at, evidence.now)),
                None => "nobody can say when it opens: look at the AppProject".to_owned(),
            };
            Err(Refusal::new(RefusalKind::Window, format!("blocked by sync window: {why}"), Some(hint)))
        }
    }
}

fn confirmed(plan: &Plan, required: &Required, given: Given<'_>) -> Result<(), Refusal> {
    let phrase = phrase(plan);
    let refused = |why: String, hint: String| Err(Refusal::new(RefusalKind::Unconfirmed, why, Some(hint)));
    match (required, given) {
        (Required::Nothing, _) | (Required::Confirmation { .. }, Given::Yes) => Ok(()),
        (_, Given::Phrase(words)) if words == phrase => Ok(()),
        (_, Given::Phrase(_)) => refused(format!("the phrase for {} is another", plan.title), format!("type {phrase}")),
        (Required::Phrase, _) => refused(format!("`{}` needs its phrase", plan.title), format!("--confirm {phrase}")),
        (Required::Confirmation { .. }, Given::Nothing) => {
            refused(format!("`{}` needs a confirmation", plan.title), format!("--confirm {phrase}"))
        }
    }
}

/// The reason a review of rights gives, for people.
pub(super) fn missing_right(verb: &str, resource: &str, namespace: &str, review: &Value) -> String {
    let reason = review.pointer("/status/reason").and_then(Value::as_str).unwrap_or_default();
    let reason = crate::domain::text::clean(reason);
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    format!("needs {verb} {resource} in {namespace}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::plan::Facts;
    use crate::action::planner::plan;
    use crate::action::sync_options::SyncOptions;
    use crate::action::{Marks, Past, Restorer, Verb};
    use crate::domain::GuardPolicy;
    use crate::domain::window::Windows;
    use crate::domain::{AppKey, Environment, Route};
    use serde_json::json;

    fn app(change: &Value) -> Application {
        let mut app = json!({
            "kind": "Application",
            "metadata": {"uid": "u", "name": "backend-prod", "namespace": "argocd", "resourceVersion": "7"},
            "spec": {"source": {"repoURL": "r", "targetRevision": "main"}, "destination": {"namespace": "prod"}},
            "status": {"sync": {"status": "OutOfSync", "revision": "abc"}, "operationState": {"phase": "Succeeded"}},
        });
        merge(&mut app, change);
        Application::new(app)
    }

    fn merge(into: &mut Value, change: &Value) {
        match (into, change) {
            (Value::Object(into), Value::Object(change)) => {
                for (name, value) in change {
                    merge(into.entry(name).or_insert(Value::Null), value);
                }
            }
            (into, change) => *into = change.clone(),
        }
    }

    fn facts(protection: Protection, windows: Windows) -> Facts {
        Facts {
            key: AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-prod".into() },
            environment: Environment {
                name: "prod".into(),
                order: 40,
                protection,
                color: None,
                guard: GuardPolicy::Auto,
            },
            app: app(&json!({})),
            route: Route::None { server: "nowhere".into() },
            path: Err("nowhere".into()),
            windows: Ok(windows),
            knows_enabled: Some(true),
            auto_sync_before: None,
            restorer: Restorer::Nobody,
            marks: Marks::default(),
            past: Past::default(),
            user: "ann".into(),
            now: "2026-11-23T12:00:00Z".parse().unwrap(),
        }
    }

    fn sync(prune: bool) -> Verb {
        Verb::Sync(SyncOptions { prune, ..SyncOptions::default() })
    }

    fn ask(
        verb: &Verb,
        facts: &Facts,
        rules: &Guard,
        evidence: &Evidence,
        given: Given<'_>,
    ) -> Result<(), RefusalKind> {
        guard(plan(verb, facts).unwrap(), rules, evidence, given).map(|_| ()).map_err(|refusal| refusal.kind)
    }

    fn evidence(change: &Value) -> Evidence {
        Evidence { app: app(change), denied: Vec::new(), now: "2026-11-23T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn guard_matrix() {
        use Protection::{Confirm, Open, ReadOnly, Typed};
        let (none, yes) = (Some(Required::Nothing), Some(Required::Confirmation { red: false }));
        let (red, typed) = (Some(Required::Confirmation { red: true }), Some(Required::Phrase));
        let table = [
            (Risk::Look, [&none, &none, &none, &none]),
            (Risk::Nudge, [&none, &none, &none, &None]),
            (Risk::Session, [&none, &none, &yes, &None]),
            (Risk::Change, [&yes, &yes, &typed, &None]),
            (Risk::Danger, [&red, &red, &typed, &None]),
        ];
        assert_eq!(table.len(), Risk::ALL.len());
        for (risk, row) in table {
            for (protection, wanted) in [Open, Confirm, Typed, ReadOnly].into_iter().zip(row) {
                assert_eq!(&required(risk, protection), wanted, "{risk:?} {protection:?}");
                let frozen = Guard { readonly: Some("--readonly".into()) };
                let refused = frozen.allows(risk, "e", protection).is_err();
                assert_eq!(refused, risk != Risk::Look, "{risk:?} {protection:?} when nothing is written");
            }
        }
    }

    /// Every risk in every protection, with nothing, a yes, other words and the words: `o`kay, `u`nconfirmed, `p`rotected.
    #[test]
    fn guard_whole_matrix() {
        use Protection::{Confirm, Open, ReadOnly, Typed};
        let table = [
            (Verb::Refresh { hard: false }, ["oooo", "oooo", "oooo", "pppp"]),
            (Verb::Refresh { hard: true }, ["oooo", "oooo", "oooo", "pppp"]),
            (sync(false), ["uouo", "uouo", "uuuo", "pppp"]),
            (Verb::AutoSync { on: true }, ["uouo", "uouo", "uuuo", "pppp"]),
            (sync(true), ["uouo", "uouo", "uuuo", "pppp"]),
            (Verb::Delete { cascade: None }, ["uouo", "uouo", "uuuo", "pppp"]),
        ];
        for (verb, row) in table {
            for (protection, wanted) in [Open, Confirm, Typed, ReadOnly].into_iter().zip(row) {
                let facts = facts(protection, Windows::default());
                let found = evidence(&json!({}));
                let all = [Given::Nothing, Given::Yes, Given::Phrase("dev"), Given::Phrase("prod")];
                let said = |rules: &Guard| -> String {
                    let answers = all.iter().map(|given| match ask(&verb, &facts, rules, &found, *given) {
                        Ok(()) => 'o',
                        Err(RefusalKind::Unconfirmed) => 'u',
                        Err(RefusalKind::Protected) => 'p',
                        Err(RefusalKind::ReadOnly) => 'r',
                        Err(_) => '?',
                    });
                    answers.collect()
                };
                assert_eq!(said(&Guard::default()), wanted, "{verb:?} {protection:?}");
                let frozen = Guard { readonly: Some("--readonly".into()) };
                assert_eq!(said(&frozen), "rrrr", "{verb:?} {protection:?} when nothing is written");
            }
        }
    }

    #[test]
    fn guard_confirmation() {
        use Protection::{Confirm, Open, ReadOnly, Typed};
        let refresh = Verb::Refresh { hard: false };
        for (verb, protection, given, wanted) in [
            (refresh.clone(), Typed, Given::Nothing, Ok(())),
            (refresh, ReadOnly, Given::Nothing, Err(RefusalKind::Protected)),
            (sync(false), Open, Given::Nothing, Err(RefusalKind::Unconfirmed)),
            (sync(false), Open, Given::Yes, Ok(())),
            (sync(true), Confirm, Given::Yes, Ok(())),
            (sync(true), Confirm, Given::Phrase("prod"), Ok(())),
            (sync(false), Typed, Given::Yes, Err(RefusalKind::Unconfirmed)),
            (sync(false), Typed, Given::Phrase("Prod"), Err(RefusalKind::Unconfirmed)),
            (sync(false), Typed, Given::Phrase("prod"), Ok(())),
            (sync(true), Typed, Given::Phrase(""), Err(RefusalKind::Unconfirmed)),
            (sync(false), ReadOnly, Given::Phrase("prod"), Err(RefusalKind::Protected)),
        ] {
            let facts = facts(protection, Windows::default());
            let said = ask(&verb, &facts, &Guard::default(), &evidence(&json!({})), given);
            assert_eq!(said, wanted, "{verb:?} {protection:?} {given:?}");
        }
    }

    #[test]
    fn guard_order() {
        use RefusalKind::{Denied, Protected, ReadOnly, Stale, Unconfirmed, Window};
        let never = json!({"spec": {"syncWindows": [
            {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}]}});
        let mut facts = facts(Protection::ReadOnly, Windows::of(&never, app(&json!({})).subject()));
        let moved = json!({"status": {"sync": {"revision": "def"}}});
        let frozen = Guard { readonly: Some("--readonly".into()) };
        let mut found = evidence(&moved);
        found.denied = vec!["needs patch applications in argocd".into()];
        let mut steps = vec![ask(&sync(false), &facts, &frozen, &found, Given::Nothing)];
        steps.push(ask(&sync(false), &facts, &Guard::default(), &found, Given::Nothing));
        facts.environment.protection = Protection::Typed;
        steps.push(ask(&sync(false), &facts, &Guard::default(), &found, Given::Nothing));
        found.app = app(&json!({}));
        steps.push(ask(&sync(false), &facts, &Guard::default(), &found, Given::Nothing));
        facts.windows = Ok(Windows::default());
        steps.push(ask(&sync(false), &facts, &Guard::default(), &found, Given::Nothing));
        found.denied.clear();
        steps.push(ask(&sync(false), &facts, &Guard::default(), &found, Given::Nothing));
        steps.push(ask(&sync(false), &facts, &Guard::default(), &found, Given::Phrase("prod")));
        let wanted = [Err(ReadOnly), Err(Protected), Err(Stale), Err(Window), Err(Denied), Err(Unconfirmed), Ok(())];
        assert_eq!(steps, wanted);
    }

    #[test]
    fn guard_freshness() {
        let facts = facts(Protection::Open, Windows::default());
        let heartbeat =
            json!({"metadata": {"resourceVersion": "9", "generation": 8}, "status": {"reconciledAt": "now"}});
        assert_eq!(ask(&sync(false), &facts, &Guard::default(), &evidence(&heartbeat), Given::Yes), Ok(()));
        let other = json!({"operation": {"initiatedBy": {"username": "bob"}}, "status": {"operationState": {
            "phase": "Running", "startedAt": "2026-11-23T11:59:58Z"}}});
        let refusal = guard(plan(&sync(false), &facts).unwrap(), &Guard::default(), &evidence(&other), Given::Yes);
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Busy);
        assert_eq!(refusal.why, "bob was first: an operation was started at 2026-11-23T11:59:58Z");
    }
}
