//! Plans and writes that a person asked for. They go on whatever screen is looked at; what becomes of them is said.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::found::read;
use super::perform::perform;
use super::told::{Answers, Told, Undone, locked};
use crate::action::{Audit, Consent, Control, Draft, Guard, Memory, Order, Plan, Proposal, Who, may_change};
use crate::domain::time::after;
use crate::domain::{AppKey, Clock};
use crate::runtime::access::Access;
use crate::runtime::scope::Scope;
use crate::store::Apps;
use crate::view::desk::{News, Reach};

/// Writes under way at once; what is beyond waits for nobody and is refused.
const MOST: usize = 8;
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
    pub(super) rules: Rules,
    pub(super) clock: Arc<dyn Clock>,
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
    pub fn plan(&mut self, proposal: Proposal, apps: &Apps, access: &mut Access) {
        if let Some(before) = self.planning.take() {
            before.abort();
        }
        let found = self.find(&proposal.apps, apps, access);
        let (sender, clock, guard) = (self.sender.clone(), Arc::clone(&self.clock), self.rules.guard.clone());
        self.planning = Some(self.scope.spawn("plan", async move {
            let items = read(found, &proposal).await;
            let draft = Draft::new(proposal, items, &guard, clock.now());
            // nobody listens any more: the program is ending
            _ = sender.send(News::Planned(Box::new(draft))).await;
        }));
    }

    /// Carries out what was planned and confirmed.
    pub fn act(&mut self, mut order: Order, apps: &Apps, access: &mut Access) -> News {
        self.count += 1;
        let number = self.count;
        order.plans.retain(|plans| !plans.is_empty());
        let keys: Vec<AppKey> =
            order.plans.iter().filter_map(|plans| Some(plans.first()?.target.key.clone())).collect();
        let audit = match self.begin(number, &order.what) {
            Ok(audit) => audit,
            Err(said) => return said,
        };
        let found = self.find(&keys, apps, access);
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
    pub fn at_once(&mut self, proposal: Proposal, apps: &Apps, access: &mut Access) -> News {
        self.count += 1;
        let number = self.count;
        let what = proposal.verb.word();
        let audit = match self.begin(number, what) {
            Ok(audit) => audit,
            Err(said) => return said,
        };
        let found = self.find(&proposal.apps, apps, access);
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

    /// The log a write goes into, or why there is none of it.
    fn begin(&self, number: u64, what: &str) -> Result<Audit, News> {
        let why = match self.audit() {
            Ok(audit) if self.scope.running() < MOST => return Ok(audit),
            Ok(_) => format!("{MOST} writes are under way"),
            Err(why) => why,
        };
        Err(News::Over { number, said: format!("{what} was not begun: {why}"), well: false })
    }

    fn audit(&self) -> Result<Audit, String> {
        self.rules.folder.clone().map(|folder| Audit::new(folder, self.rules.who.clone()))
    }

    pub(super) fn memory(&self) -> Result<Memory, String> {
        self.rules.folder.as_ref().map(|folder| Memory::new(folder)).map_err(Clone::clone)
    }
}
