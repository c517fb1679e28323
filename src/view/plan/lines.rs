//! What a plan says, in lines.

use super::options::switches;
use crate::action::{Draft, Item, Plan, Request, Step, StepKind, Verb, counts, forecast};
use crate::config::theme::Role;
use crate::domain::{Comparison, ObjectName, Timestamp};
use crate::view::compared::differences;
use crate::view::detail::{self, Run};
use crate::view::empty::wrap;
use crate::view::{Seen, forecast as told, status};

/// Everything there is to read before saying yes.
pub(super) fn lines(
    seen: &Seen<'_>,
    draft: &Draft,
    comparison: Option<&Comparison>,
    object: Option<&ObjectName>,
    wave: usize,
    width: u16,
) -> Vec<Vec<Run>> {
    let mut page = Page { lines: Vec::new(), room: usize::from(width.saturating_sub(14)).max(10), width };
    if let Err(refusal) = &draft.required {
        page.block("", &refusal.why, Role::Bad);
        page.hint(refusal.hint.as_deref());
    }
    match &draft.items[..] {
        [item] => single(seen, &mut page, item, comparison),
        items => several(seen, &mut page, draft, items, wave),
    }
    let told: Vec<String> = switches(&draft.proposal, object)
        .into_iter()
        .map(|(word, on)| format!("[{}] {word}", if on { "x" } else { " " }))
        .collect();
    page.chunks("options", &told);
    page.lines
}

struct Page {
    lines: Vec<Vec<Run>>,
    room: usize,
    width: u16,
}

impl Page {
    fn block(&mut self, label: &str, text: &str, role: Role) {
        for (n, part) in wrap(text, self.room).into_iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            self.lines.push(vec![(format!("  {label:<11}"), Role::Dim), (part, role)]);
        }
    }

    fn hint(&mut self, hint: Option<&str>) {
        if let Some(hint) = hint {
            self.block("try", hint, Role::Dim);
        }
    }

    /// Parts that are not broken in themselves.
    fn chunks(&mut self, label: &str, parts: &[String]) {
        let mut line = String::new();
        let mut label = label;
        for part in parts {
            if !line.is_empty() && line.len() + 2 + part.len() > self.room {
                self.lines.push(vec![(format!("  {label:<11}"), Role::Dim), (std::mem::take(&mut line), Role::Text)]);
                label = "";
            }
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(part);
        }
        if !line.is_empty() {
            self.lines.push(vec![(format!("  {label:<11}"), Role::Dim), (line, Role::Text)]);
        }
    }
}

fn single(seen: &Seen<'_>, page: &mut Page, item: &Item, comparison: Option<&Comparison>) {
    if let Some((why, hint)) = item.obstacle(seen.now) {
        page.block("", &format!("{} {why}", seen.glyphs.trouble), Role::Bad);
        page.hint(hint.as_deref());
    }
    let plans = item.plans.as_deref().unwrap_or_default();
    if plans.len() > 1 {
        for (n, plan) in plans.iter().enumerate() {
            page.block(&format!("step {}", n + 1), &plan.title, Role::Text);
        }
    }
    let cautions = || plans.iter().flat_map(|plan| &plan.cautions);
    for caution in cautions().filter(|caution| caution.grave) {
        page.block("", &caution.words, Role::Bad);
    }
    for plan in plans {
        if !plan.compared.is_empty() {
            page.lines.extend(differences(seen, &plan.compared, page.width));
        }
        if !is_forecast(plan) {
            steps(page, &plan.steps);
            if !plan.steps.is_empty() && !plan.known_from.is_empty() {
                page.block("known", plan.known_from, Role::Dim);
            }
            continue;
        }
        let better = item.app.as_ref().and_then(|app| forecast(plan, app, comparison?));
        let (words, role) = told::source(comparison, seen);
        if let Some(better) = better {
            steps(page, &better);
            page.block("known", &words, role);
            let grave = |steps: &[Step]| {
                steps.iter().filter(|step| matches!(step.kind, StepKind::Prune | StepKind::Replace)).count()
            };
            if matches!(plan.verb, Verb::Sync(_)) && grave(&better) > grave(&plan.steps) {
                let words = "more is deleted or replaced than this plan was made with: plan anew before you say yes";
                page.block("", words, Role::Bad);
            }
            for note in comparison.iter().flat_map(|comparison| &comparison.notes) {
                page.block("", note, Role::Warn);
            }
        } else {
            steps(page, &plan.steps);
            // what is not known in detail now may be in a moment
            let from = plan.known_from.split(';').next().unwrap_or_default();
            let words = if plan.steps.is_empty() { words } else { format!("{from}; {words}") };
            page.block("known", &words, role);
        }
    }
    for caution in cautions().filter(|caution| !caution.grave) {
        page.block("", &caution.words, Role::Warn);
    }
    if let Some(plan) = plans.iter().find(|plan| plan.verb.is_operation()) {
        window(seen, page, plan);
    }
    if !plans.is_empty() && item.denied.is_empty() {
        let words = plans.last().map_or("do it", |plan| plan.verb.word());
        // a right that names an object or an action only argocd-server can look up, and it does so when it is asked
        let is_open = |request: &Request| request.method != "GET" && request.right.verb == "get";
        let words = if plans.iter().flat_map(|plan| &plan.requests).any(is_open) {
            format!("argocd-server says whether you may {words} when it is asked")
        } else {
            format!("you may {words}")
        };
        page.block("rights", &words, Role::Text);
    }
    for (n, missing) in item.denied.iter().enumerate() {
        page.block(if n == 0 { "rights" } else { "" }, missing, Role::Warn);
    }
    if let Some(app) = &item.app {
        page.block("auto-sync", &detail::auto_sync(app.auto_sync()), Role::Text);
    }
    for request in plans.iter().flat_map(|plan| &plan.requests) {
        page.block("sends", &format!("{request:?}"), Role::Faint);
    }
}

fn window(seen: &Seen<'_>, page: &mut Page, plan: &Plan) {
    use crate::action::Verdict;
    let at = |at: Timestamp| format!("{} ({})", status::until(seen, at), at.strftime("%a %H:%M UTC"));
    let (words, role) = match plan.windows.as_ref().map(|windows| windows.verdict(seen.now)) {
        Ok(Verdict::Open { until: None }) => ("open".to_owned(), Role::Text),
        Ok(Verdict::Open { until: Some(closes) }) => (format!("open, closes in {}", at(closes)), Role::Text),
        Ok(Verdict::Closed { opens: Some(opens), .. }) => (format!("closed, opens in {}", at(opens)), Role::Warn),
        Ok(Verdict::Closed { opens: None, .. }) => ("closed".to_owned(), Role::Warn),
        Err(why) => (format!("not known: {why}"), Role::Warn),
    };
    page.block("window", &words, role);
}

/// The looks of what becomes of a resource; its sign and its word say the same.
fn role(kind: StepKind) -> Role {
    match kind {
        StepKind::Create => Role::Ok,
        StepKind::Update => Role::Busy,
        StepKind::Prune | StepKind::Replace => Role::Bad,
        StepKind::Keep => Role::Warn,
        StepKind::Hook => Role::Text,
        StepKind::Same => Role::Dim,
        StepKind::Skip => Role::Faint,
    }
}

/// Whether what Git wants in detail is read beside a plan.
fn is_forecast(plan: &Plan) -> bool {
    matches!(plan.verb, Verb::Sync(_) | Verb::Rollback { .. })
}

/// In the order they are made in, by phase and wave.
fn steps(page: &mut Page, steps: &[Step]) {
    if steps.is_empty() {
        return;
    }
    page.block("resources", &counts(steps), Role::Text);
    let mut group = None;
    for step in steps {
        let here = (step.phase.as_str(), step.wave);
        if group != Some(here) {
            group = Some(here);
            let wave = if step.wave == 0 { String::new() } else { format!(" wave {}", step.wave) };
            page.lines.push(vec![(format!("   {}{wave}", step.phase), Role::Heading)]);
        }
        page.lines.push(step_runs(step));
    }
}

fn step_runs(step: &Step) -> Vec<Run> {
    let quiet = matches!(step.kind, StepKind::Same | StepKind::Skip);
    let mut runs = vec![
        (format!("   {} {:<8}", step.kind.sign(), step.kind.word()), role(step.kind)),
        (step.resource.clone(), if quiet { Role::Dim } else { Role::Text }),
    ];
    if !step.note.is_empty() {
        runs.push((format!("  {}", step.note), Role::Dim));
    }
    runs
}

fn several(seen: &Seen<'_>, page: &mut Page, draft: &Draft, items: &[Item], wave: usize) {
    let ready = draft.ready(seen.now).count();
    let waves = if wave >= ready { "all at once".to_owned() } else { format!("{wave} at a time") };
    let words = format!("{ready} of {} can be done, {waves}; the rest is not begun when one fails", items.len());
    page.block("together", &words, Role::Text);
    for item in items {
        let obstacle = item.obstacle(seen.now);
        let (sign, role) = if obstacle.is_some() { ("!", Role::Warn) } else { ("~", Role::Busy) };
        let words = match (&obstacle, &item.plans) {
            (Some((why, _)), _) => why.clone(),
            (None, Ok(plans)) => plans.last().map(summary).unwrap_or_default(),
            (None, Err(refusal)) => refusal.why.clone(),
        };
        let environment = seen.environment_name(&item.environment);
        let looks = if item.environment.is_protected() { Role::Production } else { Role::Environment };
        page.lines.push(vec![
            (format!("   {sign} "), role),
            (format!("{:<24} ", item.key.name), Role::Text),
            (format!("{environment:<10} "), looks),
            (format!("{:<16} ", item.key.source), Role::Dim),
            (words, if obstacle.is_some() { Role::Warn } else { Role::Dim }),
        ]);
    }
}

fn summary(plan: &Plan) -> String {
    let grave: Vec<&str> = plan.cautions.iter().filter(|c| c.grave).map(|c| c.words.as_str()).collect();
    let counts = counts(&plan.steps);
    if grave.is_empty() { counts } else { format!("{counts}; {}", grave.join("; ")) }
}

/// What the button says it does.
pub(super) fn deed(verb: &Verb) -> String {
    match verb {
        Verb::Sync(options) if options.dry_run => "try to sync".to_owned(),
        Verb::Sync(options) if options.guard.is_some() => "sync, guarded,".to_owned(),
        Verb::Sync(_) => "sync".to_owned(),
        Verb::Refresh { .. } => "refresh".to_owned(),
        Verb::Terminate => "terminate the operation of".to_owned(),
        Verb::Rollback { .. } => "roll back".to_owned(),
        Verb::AutoSync { on: true } => "switch on auto-sync of".to_owned(),
        Verb::AutoSync { on: false } => "switch off auto-sync of".to_owned(),
        Verb::Restart(object) => format!("restart {} of", object.name),
        Verb::Scale { object, replicas } => format!("scale {} to {replicas} of", object.name),
        Verb::Pause(object) => format!("pause {} of", object.name),
        Verb::Resume(object) => format!("resume {} of", object.name),
        Verb::Run { object, action } => format!("run {action} on {} of", object.name),
        Verb::Inject(injection) => format!("put a debugger into {} of", injection.pod.name),
        Verb::DeleteResource { object, .. } => format!("delete {} {} of", object.kind, object.name),
        Verb::Delete { .. } => "delete".to_owned(),
    }
}
