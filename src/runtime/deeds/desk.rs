//! Plans and writes that a person asked for. They go on whatever screen is looked at; what becomes of them is said.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::guards;
use crate::action::{
    Asked, Audit, Consent, Control, Draft, End, Guard, Item, Memory, Order, Outcome, Plan, Proposal, Refusal,
    RefusalKind, Road, Who, carry_out, follow, may_change,
};
use crate::domain::time::after;
use crate::domain::{AppKey, Clock, Environment};
use crate::runtime::interests::Interests;
use crate::runtime::scope::Scope;
use crate::store::Apps;
use crate::view::desk::{News, Reach};

/// Writes under way at once; what is beyond waits for nobody and is refused.
const MOST: usize = 8;
/// Operations of a wave of several Applications are waited for this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// The audit log is shown this far back.
const BACK: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// Writes under way when the program ends may end themselves for this long.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Where this tool keeps what it wrote, and the rules of this run.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The folder of the audit log and of notes; the error says why there is none.
    pub folder: Result<PathBuf, String>,
    /// Who acts.
    pub who: Who,
    /// What may be written at all.
    pub guard: Guard,
}

/// The plan that is being made and the writes that are under way.
pub struct Deeds {
    rules: Rules,
    clock: Arc<dyn Clock>,
    scope: Scope,
    planning: Option<AbortHandle>,
    /// Asking for rights.
    asking: Option<AbortHandle>,
    /// Guarded syncs that ask whether to go back, by their number.
    answers: Answers,
    /// What stays undone if the program ended now, by number.
    undone: Undone,
    closing: CancellationToken,
    count: u64,
    sender: mpsc::Sender<News>,
    receiver: mpsc::Receiver<News>,
}

pub(super) type Answers = Arc<Mutex<HashMap<u64, oneshot::Sender<bool>>>>;
pub(super) type Undone = Arc<Mutex<BTreeMap<u64, String>>>;

/// The way to an Application and what is known of it, or why there is none.
type Found = Result<(Asked, Road), Box<(AppKey, Environment, Refusal)>>;

impl Deeds {
    /// Nothing is under way. It will run on `io`.
    #[must_use]
    pub fn new(rules: Rules, clock: Arc<dyn Clock>, io: Handle) -> Self {
        let (sender, receiver) = mpsc::channel(64);
        let broken = sender.clone();
        let scope = Scope::new(io, move |panic| {
            let number = panic.task.parse().unwrap_or_default();
            let said = format!("what carries it out broke: {}; see the audit log for what was begun", panic.message);
            // full: the person is being told of other things, and the audit log has the intent
            _ = broken.try_send(News::Over { number, said, well: false });
        });
        Self {
            rules,
            clock,
            scope,
            planning: None,
            asking: None,
            answers: Arc::default(),
            undone: Arc::default(),
            closing: CancellationToken::new(),
            count: 0,
            sender,
            receiver,
        }
    }

    /// What may be written at all.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.rules.guard
    }

    /// Writes nothing from now on, because of `origin`; what is under way goes on.
    pub fn forbid(&mut self, origin: String) {
        self.rules.guard.readonly = Some(origin);
    }

    /// Waits for the next news; for ever where nothing was asked.
    pub async fn next(&mut self) -> Option<News> {
        self.receiver.recv().await
    }

    /// Lets writes that are under way end, but not for long; guards that only look end at once. Says what stays undone.
    pub async fn close(&self) -> Vec<String> {
        self.closing.cancel();
        let deadline = after(self.clock.now(), LAST_MOMENTS);
        while self.scope.running() > 0 && self.clock.now() < deadline {
            self.clock.sleep_until(after(self.clock.now(), Duration::from_millis(20))).await;
        }
        locked(&self.undone).values().map(|undone| format!("left undone: {undone}")).collect()
    }

    /// Hands an answer to the guarded sync that asked.
    pub fn answer(&mut self, number: u64, back: bool) {
        let asked = locked(&self.answers).remove(&number);
        // who does not listen any more has ended
        _ = asked.map(|asked| asked.send(back));
    }

    /// Asks whether the Applications of a reach may be changed. A newer question ends the one before.
    pub fn ask_rights(&mut self, reach: Reach, project: &str, control: Option<Control>) {
        let Some(control) = control else { return };
        if let Some(before) = self.asking.take() {
            before.abort();
        }
        let (sender, project) = (self.sender.clone(), project.to_owned());
        self.asking = Some(self.scope.spawn("rights", async move {
            let (namespace, name) = match &reach {
                Reach::All(_, namespace) => (namespace.clone(), None),
                Reach::App(key) => (key.namespace.clone(), Some(key.name.clone())),
            };
            let missing = may_change(&control, &namespace, name.as_deref(), &project).await;
            // nobody listens any more: the program is ending
            _ = sender.send(News::Rights(reach, missing)).await;
        }));
    }

    /// Notes that a person knows of writes nobody knows the end of, and reads the log again.
    pub fn acknowledge(&mut self, ids: Vec<String>) {
        let (audit, sender, clock) = (self.audit(), self.sender.clone(), Arc::clone(&self.clock));
        self.count += 1;
        let number = self.count;
        let since = self.clock.now().checked_sub(BACK).unwrap_or_default();
        self.scope.spawn_to_end("acknowledge", async move {
            let noted = audit.and_then(|audit| {
                let open = audit.unfinished(since).map_err(|error| error.to_string())?;
                for intent in open.iter().filter(|intent| ids.contains(&intent.id)) {
                    audit.acknowledge(intent, clock.now()).map_err(|error| error.to_string())?;
                }
                audit.read(since).map(|(records, _)| records).map_err(|error| error.to_string())
            });
            let (said, well) = match &noted {
                Ok(_) => ("noted: they are not told again".to_owned(), true),
                Err(why) => (format!("not noted: {why}"), false),
            };
            if noted.is_ok() {
                // nobody listens any more: the program is ending
                _ = sender.send(News::Records(noted)).await;
            }
            _ = sender.send(News::Over { number, said, well }).await;
        });
    }

    /// Plans a proposal. A newer one ends the making of the one before: nobody waits for two.
    pub fn plan(&mut self, proposal: Proposal, apps: &Apps, ways: &mut Interests) {
        if let Some(before) = self.planning.take() {
            before.abort();
        }
        let found = self.find(&proposal.apps, apps, ways);
        let (sender, clock, guard) = (self.sender.clone(), Arc::clone(&self.clock), self.rules.guard.clone());
        self.planning = Some(self.scope.spawn("plan", async move {
            let items = read(found, &proposal).await;
            let draft = Draft::new(proposal, items, &guard, clock.now());
            // nobody listens any more: the program is ending
            _ = sender.send(News::Planned(Box::new(draft))).await;
        }));
    }

    /// Carries out what was planned and confirmed.
    pub fn act(&mut self, mut order: Order, apps: &Apps, ways: &mut Interests) -> News {
        self.count += 1;
        let number = self.count;
        order.plans.retain(|plans| !plans.is_empty());
        let keys: Vec<AppKey> =
            order.plans.iter().filter_map(|plans| Some(plans.first()?.target.key.clone())).collect();
        let audit = match self.audit() {
            Ok(audit) if self.scope.running() < MOST => audit,
            Ok(_) => return over(number, format!("{} was not begun: {MOST} writes are under way", order.what)),
            Err(why) => return over(number, format!("{} was not begun: {why}", order.what)),
        };
        let found = self.find(&keys, apps, ways);
        let what = order.what.clone();
        let memory = self.memory();
        let told = self.told(number, &what);
        self.scope.spawn_to_end(number.to_string(), async move {
            let (said, well) = perform(order, found, &audit, &told).await;
            told.rest(memory, said, well).await;
        });
        News::Goes { number, said: what }
    }

    /// Plans and carries out at once what needs no confirmation; the guard holds everything else.
    pub fn at_once(&mut self, proposal: Proposal, apps: &Apps, ways: &mut Interests) -> News {
        self.count += 1;
        let number = self.count;
        let what = proposal.verb.word();
        let audit = match self.audit() {
            Ok(audit) if self.scope.running() < MOST => audit,
            Ok(_) => return over(number, format!("{what} was not begun: {MOST} writes are under way")),
            Err(why) => return over(number, format!("{what} was not begun: {why}")),
        };
        let found = self.find(&proposal.apps, apps, ways);
        let (guard, clock) = (self.rules.guard.clone(), Arc::clone(&self.clock));
        let memory = self.memory();
        let told = self.told(number, what);
        self.scope.spawn_to_end(number.to_string(), async move {
            let roads = found.clone();
            let draft = Draft::new(proposal.clone(), read(found, &proposal).await, &guard, clock.now());
            let now = clock.now();
            let obstacles: Vec<String> = draft.items.iter().filter_map(|item| Some(item.obstacle(now)?.0)).collect();
            let plans: Vec<Vec<Plan>> = draft.ready(now).map(<[Plan]>::to_vec).collect();
            if plans.is_empty() {
                return told.rest(memory, format!("{what}: {}", obstacles.join("; ")), false).await;
            }
            let what = plans[0].first().map_or_else(String::new, |plan| plan.title.clone());
            let order = Order { what, plans, consent: Consent::Nothing, wave: usize::MAX, follow: false };
            let (said, well) = perform(order, roads, &audit, &told).await;
            told.rest(memory, said, well).await;
        });
        News::Goes { number, said: what.to_owned() }
    }

    /// Reads the audit log, and what auto-sync was where it was switched off.
    pub fn recall(&self) {
        let (audit, sender, memory) = (self.audit(), self.sender.clone(), self.memory());
        let since = self.clock.now().checked_sub(BACK).unwrap_or_default();
        self.scope.spawn("recall", async move {
            let records = audit.and_then(|audit| audit.read(since).map_err(|error| error.to_string()));
            // nobody listens any more: the program is ending
            _ = sender.send(News::Records(records.map(|(records, _)| records))).await;
            if let Ok(memory) = memory {
                _ = sender.send(News::Notes(memory.notes())).await;
            }
        });
    }

    fn told(&self, number: u64, what: &str) -> Told {
        locked(&self.undone).insert(number, format!("{what}: nobody waited for its end"));
        Told {
            number,
            sender: self.sender.clone(),
            answers: Arc::clone(&self.answers),
            undone: Arc::clone(&self.undone),
            closing: self.closing.clone(),
        }
    }

    fn audit(&self) -> Result<Audit, String> {
        self.rules.folder.clone().map(|folder| Audit::new(folder, self.rules.who.clone()))
    }

    fn memory(&self) -> Result<Memory, String> {
        self.rules.folder.as_ref().map(|folder| Memory::new(folder)).map_err(Clone::clone)
    }

    /// The ways to Applications, each bound to the source of its row.
    fn find(&self, keys: &[AppKey], apps: &Apps, ways: &mut Interests) -> Vec<Found> {
        let memory = self.memory();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let row = apps.find(key).and_then(|id| Some((id, apps.get(id)?)));
            let name = row.and_then(|(_, row)| row.environment.clone()).unwrap_or_default();
            let environment = apps.describe(&name);
            let refused = |why: String| Err(Box::new((key.clone(), environment.clone(), Refusal::no_way(why))));
            let way = match (row, &memory, ways.control(&key.source)) {
                (None, ..) => refused(format!("{} is gone", key.name)),
                (_, Err(why), _) => refused(why.clone()),
                (_, _, None) => refused(format!("no way to source {}", key.source)),
                (Some((id, _)), Ok(memory), Some(control)) => match apps.route(id) {
                    None => refused(format!("{} is gone", key.name)),
                    Some(route) => {
                        let destination = route.context().and_then(|context| ways.cluster(context));
                        let server = ways.server(&key.source);
                        let user = self.rules.who.user.clone();
                        let asked = Asked { key: key.clone(), environment: environment.clone(), route, user };
                        let (guard, memory) = (self.rules.guard.clone(), memory.clone());
                        Ok((
                            asked,
                            Road { control, server, destination, guard, memory, clock: Arc::clone(&self.clock) },
                        ))
                    }
                },
            };
            found.push(way);
        }
        found
    }
}

fn over(number: u64, said: String) -> News {
    News::Over { number, said, well: false }
}

async fn read(found: Vec<Found>, proposal: &Proposal) -> Vec<Item> {
    let verb = &proposal.verb;
    let items = found.into_iter().map(|way| async move {
        match way {
            Ok((asked, road)) => Item::read(&road, &asked, verb).await,
            Err(none) => {
                let (key, environment, why) = *none;
                Item::refused(key, environment, why)
            }
        }
    });
    join_all(items).await
}

pub(super) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says how a write goes.
pub(super) struct Told {
    pub(super) number: u64,
    pub(super) sender: mpsc::Sender<News>,
    pub(super) answers: Answers,
    pub(super) undone: Undone,
    pub(super) closing: CancellationToken,
}

impl Told {
    async fn goes(&self, said: String) {
        // nobody listens any more: the program is ending
        _ = self.sender.send(News::Goes { number: self.number, said }).await;
    }

    async fn rest(&self, memory: Result<Memory, String>, said: String, well: bool) {
        // a guard that the program's end has stopped leaves something undone
        if !self.closing.is_cancelled() || well {
            locked(&self.undone).remove(&self.number);
        }
        if let Ok(memory) = memory {
            _ = self.sender.send(News::Notes(memory.notes())).await;
        }
        _ = self.sender.send(News::Over { number: self.number, said, well }).await;
    }
}

/// Carries an order out, in waves where it is about several Applications: a wave begins when the operations of the one
/// before have ended well.
async fn perform(order: Order, found: Vec<Found>, audit: &Audit, told: &Told) -> (String, bool) {
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
