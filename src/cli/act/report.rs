//! Plans and outcomes, for people and for programs.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use crate::action::{Plan, Refusal, counts};
use crate::domain::mask::masked;

/// How a write ended, as scripts read it (CLI.md).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The Application.
    pub app: String,
    /// What was planned; null where no plan could be made.
    pub plan: Option<PlanJson>,
    /// `planned`, `done`, `refused`, `failed`, `unknown`, `timedOut`, `nothingToDo`.
    pub outcome: &'static str,
    /// Phase of the operation, where it is about one.
    pub phase: Option<String>,
    /// Why, or what the controller says.
    pub message: Option<String>,
    /// The revision the operation applied, or a look at Git compared with.
    pub revision: Option<String>,
}

/// A plan, as scripts read it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanJson {
    verb: &'static str,
    title: String,
    hash: String,
    risk: &'static str,
    environment: String,
    context: String,
    requests: Vec<RequestJson>,
    steps: Vec<StepJson>,
    compared: Vec<ComparedJson>,
    cautions: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestJson {
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: Value,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ComparedJson {
    what: String,
    now: String,
    then: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepJson {
    change: &'static str,
    resource: String,
    phase: String,
    wave: i64,
    note: String,
}

impl PlanJson {
    /// Of plans that are carried out one after the other, named after the last; credentials in bodies are masked.
    pub fn of(plans: &[Plan]) -> Self {
        let requests = plans.iter().flat_map(|plan| &plan.requests).map(|request| RequestJson {
            method: request.method,
            path: request.path.clone(),
            content_type: request.content_type,
            body: masked(request.body.clone()),
        });
        let steps = plans.iter().flat_map(|plan| &plan.steps).map(|step| StepJson {
            change: step.kind.word(),
            resource: step.resource.clone(),
            phase: step.phase.clone(),
            wave: step.wave,
            note: step.note.clone(),
        });
        let compared = plans.iter().flat_map(|plan| &plan.compared).map(|row| ComparedJson {
            what: row.what.clone(),
            now: row.now.clone(),
            then: row.then.clone(),
        });
        let last = |told: fn(&Plan) -> String| plans.last().map(told).unwrap_or_default();
        let first = plans.split_last().map_or(&[][..], |(_, first)| first);
        let steps_before = first.iter().map(|plan| format!("first: {}", plan.title));
        let told = plans.iter().flat_map(|plan| &plan.cautions).map(|caution| caution.words.clone());
        Self {
            verb: plans.last().map_or("", |plan| plan.verb.word()),
            title: last(|plan| plan.title.clone()),
            hash: last(Plan::hash),
            risk: plans.last().map_or("", |plan| plan.risk.word()),
            environment: last(|plan| plan.target.environment.name.to_string()),
            context: last(|plan| plan.target.context.to_string()),
            compared: compared.collect(),
            requests: requests.collect(),
            steps: steps.collect(),
            cautions: steps_before.chain(told).collect(),
        }
    }

    /// Whether what it sets going is an operation, or ends one: otherwise the last operation is none of its business.
    pub fn is_of_operation(&self) -> bool {
        matches!(self.verb, "sync" | "rollback" | "terminate")
    }

    /// Whether it has Argo CD look.
    pub fn is_refresh(&self) -> bool {
        self.verb == "refresh"
    }

    /// The requests, each in a line.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.requests.iter().map(|request| format!("{} {} {}", request.method, request.path, request.body))
    }
}

/// Writes a plan for people.
pub fn tell(plan: &Plan, out: &mut impl Write) -> std::io::Result<()> {
    let target = &plan.target;
    writeln!(out, "{}", plan.title)?;
    writeln!(
        out,
        "  in {} ({}), through context {}",
        target.environment.name,
        target.environment.protection.word(),
        target.context
    )?;
    if !plan.steps.is_empty() {
        writeln!(out, "  {}", counts(&plan.steps))?;
    }
    for step in &plan.steps {
        let note = if step.note.is_empty() { String::new() } else { format!("  ({})", step.note) };
        let place = if step.phase == "Sync" { format!("wave {}", step.wave) } else { step.phase.clone() };
        writeln!(out, "  {} {:<40} {place}{note}", step.kind.sign(), step.resource)?;
    }
    if !plan.steps.is_empty() {
        writeln!(out, "  ({})", plan.known_from)?;
    }
    for row in plan.compared.iter().filter(|row| row.differs() || row.then.is_none()) {
        writeln!(out, "  {:<20} now   {}", row.what, row.now)?;
        writeln!(out, "  {:<20} then  {}", "", row.told())?;
    }
    for caution in &plan.cautions {
        writeln!(out, "  {} {}", if caution.grave { "!" } else { "-" }, caution.words)?;
    }
    Ok(())
}

/// A refusal for people.
pub fn refused(refusal: &Refusal) -> String {
    let hint = refusal.hint.as_ref().map(|hint| format!("\n  try: {hint}")).unwrap_or_default();
    format!("refused: {}{hint}", refusal.why)
}
