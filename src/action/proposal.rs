//! Something to do to one or several Applications, planned and confirmed as one.

use super::application::Application;
use super::audit::Audit;
use super::execute::{Outcome, execute};
use super::gather::Asked;
use super::guard::{Given, Guard, Required, guard, phrase};
use super::past::Past;
use super::plan::Plan;
use super::planner::chain;
use super::refusal::Refusal;
use super::road::Road;
use super::verb::Verb;
use crate::domain::window::Verdict;
use crate::domain::{AppKey, Environment, Protection, Symbol, Timestamp};

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is to be done.
    pub verb: Verb,
    /// To which Applications.
    pub apps: Vec<AppKey>,
}

/// A proposal, planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What was wanted.
    pub proposal: Proposal,
    /// What it comes to, one an Application, in their order.
    pub items: Vec<Item>,
    /// When it was planned.
    pub at: Timestamp,
    /// What it takes, or why nothing is written at all.
    pub required: Result<Required, Refusal>,
}

/// What a proposal comes to for one Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which.
    pub key: AppKey,
    /// Its environment.
    pub environment: Environment,
    /// The Application as it was read; nothing where it could not be.
    pub app: Option<Application>,
    /// The plans, one after the other, or why there are none.
    pub plans: Result<Vec<Plan>, Refusal>,
    /// What earlier deployments ran, where one is to be gone back to.
    pub past: Past,
    /// What we may not.
    pub denied: Vec<String>,
}

impl Item {
    /// Reads what a plan is made of, plans, and asks what we may.
    pub async fn read(road: &Road, asked: &Asked, verb: &Verb) -> Self {
        let app = match road.look(&asked.key).await {
            Ok(app) => app,
            Err(error) => return Self::refused(asked.key.clone(), asked.environment.clone(), Refusal::unread(&error)),
        };
        let facts = road.facts(asked, app, verb).await;
        let plans = chain(verb, &facts);
        let denied = road.denied(plans.iter().flatten().flat_map(|plan| &plan.requests).collect()).await;
        let (key, environment) = (asked.key.clone(), asked.environment.clone());
        Self { key, environment, app: Some(facts.app), plans, past: facts.past, denied }
    }

    /// What cannot be planned.
    #[must_use]
    pub fn refused(key: AppKey, environment: Environment, why: Refusal) -> Self {
        Self { key, environment, app: None, plans: Err(why), past: Past::default(), denied: Vec::new() }
    }

    /// Why it cannot be done now, and what to try; nothing when it can.
    #[must_use]
    pub fn obstacle(&self, now: Timestamp) -> Option<(String, Option<String>)> {
        let plans = match &self.plans {
            Ok(plans) => plans,
            Err(refusal) => return Some((refusal.why.clone(), refusal.hint.clone())),
        };
        if let Some(first) = self.denied.first() {
            return Some((first.clone(), None));
        }
        plans.iter().find_map(|plan| match plan.windows.as_ref().ok()?.verdict(now) {
            Verdict::Open { .. } => None,
            Verdict::Closed { why, opens } => {
                Some((format!("blocked by sync window: {why}"), opens.map(|at| format!("it opens at {at}"))))
            }
        })
    }
}

impl Draft {
    /// Puts the items of a proposal together: how many of an environment are confirmed at once, and what that takes.
    #[must_use]
    pub fn new(proposal: Proposal, mut items: Vec<Item>, rules: &Guard, now: Timestamp) -> Self {
        let names: Vec<_> = items.iter().filter(|item| item.obstacle(now).is_none()).map(environment).collect();
        for item in &mut items {
            let among = names.iter().filter(|name| **name == item.environment.name).count();
            for plan in item.plans.iter_mut().flatten() {
                plan.among = among.max(1);
            }
        }
        let required = required(&items, rules, now);
        Self { proposal, items, at: now, required }
    }

    /// The plans that can be carried out at `now`, those of an Application together.
    pub fn ready(&self, now: Timestamp) -> impl Iterator<Item = &[Plan]> {
        self.items.iter().filter(move |item| item.obstacle(now).is_none()).filter_map(|item| item.plans.as_deref().ok())
    }

    /// What to type, one after the other, where that is what it takes: the words of each environment whose name is typed.
    #[must_use]
    pub fn phrases(&self) -> Vec<String> {
        if !matches!(self.required, Ok(Required::Phrase)) {
            return Vec::new();
        }
        let typed = |plan: &&Plan| plan.target.environment.protection == Protection::Typed;
        let mut phrases: Vec<String> = self.ready(self.at).flatten().filter(typed).map(phrase).collect();
        phrases.sort();
        phrases.dedup();
        phrases
    }
}

fn environment(item: &Item) -> Symbol {
    item.environment.name.clone()
}

/// The strictest of what the plans take.
fn required(items: &[Item], rules: &Guard, now: Timestamp) -> Result<Required, Refusal> {
    let mut strictest = Required::Nothing;
    let ready = items.iter().filter(|item| item.obstacle(now).is_none());
    for plan in ready.filter_map(|item| item.plans.as_deref().ok()).flatten() {
        let environment = &plan.target.environment;
        let takes = rules.allows(plan.risk, &environment.name, environment.protection)?;
        strictest = stricter(strictest, takes);
    }
    Ok(strictest)
}

fn stricter(a: Required, b: Required) -> Required {
    let rank = |required: &Required| match required {
        Required::Nothing => 0,
        Required::Confirmation { red: false } => 1,
        Required::Confirmation { red: true } => 2,
        Required::Phrase => 3,
    };
    if rank(&b) > rank(&a) { b } else { a }
}

/// What a person gave, to keep until the write is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nothing.
    Nothing,
    /// A yes.
    Yes,
    /// Words they typed.
    Phrase(String),
    /// Words they typed for several environments.
    Phrases(Vec<String>),
}

impl Consent {
    /// What of it counts for a plan: words that were typed for one environment are a yes for those that only ask for that.
    fn given<'c>(&'c self, plan: &Plan, rules: &Guard) -> Given<'c> {
        let environment = &plan.target.environment;
        let takes = rules.allows(plan.risk, &environment.name, environment.protection);
        let is_asked = matches!(takes, Ok(Required::Confirmation { .. }));
        match self {
            Self::Phrase(_) | Self::Phrases(_) if is_asked => Given::Yes,
            Self::Phrases(all) => {
                let words = phrase(plan);
                all.iter().find(|given| **given == words).map_or(Given::Nothing, |given| Given::Phrase(given))
            }
            _ => self.as_given(),
        }
    }

    /// As it was given, for one plan alone: words are the phrase or nothing.
    #[must_use]
    pub fn as_given(&self) -> Given<'_> {
        match self {
            // words for several are for no one plan
            Self::Nothing | Self::Phrases(_) => Given::Nothing,
            Self::Yes => Given::Yes,
            Self::Phrase(words) => Given::Phrase(words),
        }
    }
}

/// What was confirmed, to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// In one line.
    pub what: String,
    /// The plans, those of an Application together.
    pub plans: Vec<Vec<Plan>>,
    /// What the person gave.
    pub consent: Consent,
    /// How many Applications are acted on at once.
    pub wave: usize,
    /// It is over when what was set going is.
    pub follow: bool,
}

/// Carries out the plans of one Application, each looked at, guarded and audited by itself; ends at the first that is not
/// done. Says how many were done, and what became of the last.
pub async fn carry_out(plans: Vec<Plan>, road: &Road, audit: &Audit, consent: &Consent) -> (usize, Outcome) {
    let mut done = 0;
    let mut last = Outcome::Done { after: None };
    for plan in plans {
        let evidence = match road.evidence(&plan).await {
            Ok(evidence) => evidence,
            Err(error) => return (done, Outcome::Refused(Refusal::unread(&error))),
        };
        let given = consent.given(&plan, &road.guard);
        last = match guard(plan, &road.guard, &evidence, given) {
            Ok(approved) => execute(approved, road, audit).await,
            Err(refusal) => return (done, Outcome::Refused(refusal)),
        };
        if !matches!(last, Outcome::Done { .. }) {
            return (done, last);
        }
        done += 1;
    }
    (done, last)
}
