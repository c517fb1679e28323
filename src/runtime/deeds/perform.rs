//! An order that is carried out: wave by wave, each Application by its own way.

use std::time::Duration;

use futures::future::join_all;

use super::found::Found;
use super::guards;
use super::told::Told;
use crate::action::{Audit, Consent, End, Order, Outcome, Plan, RefusalKind, carry_out, follow};
use crate::domain::time::after;

/// Operations of a wave of several Applications are waited for this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Carries an order out, in waves where it is about several Applications: a wave begins when the operations of the one
/// before have ended well.
pub(super) async fn perform(order: Order, found: Vec<Found>, audit: &Audit, told: &Told) -> (String, bool) {
    let Order { what, plans, consent, wave, follow } = order;
    let total = plans.len();
    // an operation only begins with the write
    let asks = !follow && plans.iter().flatten().any(|plan| plan.verb.is_operation());
    let mut done = 0;
    let mut bad: Vec<String> = Vec::new();
    let mut rest: Vec<(Vec<Plan>, Found)> = plans.into_iter().zip(found).collect();
    while !rest.is_empty() {
        let next = rest.split_off(wave.clamp(1, rest.len()));
        let now = std::mem::replace(&mut rest, next);
        let ended = join_all(now.into_iter().map(|(plans, way)| one(plans, way, audit, &consent, follow, told))).await;
        for end in ended {
            match end {
                Ok(()) => done += 1,
                Err(why) => bad.push(why),
            }
        }
        if total > 1 {
            told.goes(format!("{what}: {done} of {total} done")).await;
        }
        if !bad.is_empty() {
            break;
        }
    }
    if bad.is_empty() {
        let how = if asks { "asked for" } else { "done" };
        let said = if total > 1 { format!("{what}: all {total} done") } else { format!("{what}: {how}") };
        return (said, true);
    }
    let left = rest.len();
    let left = if left > 0 { format!("; {left} were not begun") } else { String::new() };
    let count = if total > 1 { format!("{done} of {total} done, ") } else { String::new() };
    (format!("{what}: {count}{}{left}", bad.join("; ")), false)
}

async fn one(
    plans: Vec<Plan>,
    way: Found,
    audit: &Audit,
    consent: &Consent,
    watch: bool,
    told: &Told,
) -> Result<(), String> {
    let (asked, road) = way.map_err(|none| none.2.why)?;
    let audit = audit.as_known_to(&road.control).await;
    let count = plans.len();
    let mut last = plans.last().cloned();
    let name = &asked.key.name;
    let (mut done, mut outcome) = carry_out(plans, &road, &audit, consent).await;
    if let (Outcome::Refused(refusal), Some(plan)) = (&outcome, &last)
        && refusal.kind == RefusalKind::Busy
        && plan.harbour.is_some()
        && let Some(adopted) = guards::adopt(&road, &asked, plan).await
    {
        // somebody was quicker to begin it: what they began is guarded, and less is written than was said yes to
        (done, outcome) = carry_out(vec![adopted.clone()], &road, &audit, consent).await;
        last = Some(adopted);
    }
    let some = if done > 0 { format!(" ({done} of {count} steps were made)") } else { String::new() };
    match outcome {
        Outcome::Done { .. } => {}
        Outcome::Refused(refusal) => {
            let hint = refusal.hint.map_or_else(String::new, |hint| format!("; {hint}"));
            return Err(format!("{name}: {}{hint}{some}", refusal.why));
        }
        Outcome::Failed { why, after_some } => {
            let part = if after_some { ", a part of it was written" } else { "" };
            return Err(format!("{name}: failed: {why}{part}{some}"));
        }
        Outcome::Reverted { why } => return Err(format!("{name}: {why}{some}")),
        Outcome::Unknown { why } => return Err(format!("{name}: nobody knows: {why}{some}")),
    }
    if let Some(plan) = last.as_ref().filter(|plan| plan.harbour.is_some()) {
        return Box::pin(guards::guard(&road, &audit, &asked, plan, told)).await;
    }
    let Some(plan) = last.filter(|_| watch) else { return Ok(()) };
    let deadline = after(road.clock.now(), PATIENCE);
    match follow(&road, &plan, deadline, |_| {}).await {
        End::Well(_) => Ok(()),
        End::Badly { phase, message, .. } => Err(format!("{name}: {phase}: {message}")),
        End::Open { message } => Err(format!("{name}: not over yet: {message}")),
    }
}
