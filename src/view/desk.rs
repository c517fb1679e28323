//! What is being planned and done: what the runtime says of it, for the screens to show.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::{Draft, Half, Note, Proposal, Record};
use crate::debug::Card;
use crate::domain::{AppKey, Risk, Symbol};
use crate::forward::{Sessions, SshHost};

/// Plans, writes that are under way, and what was written before.
#[derive(Debug, Default)]
pub struct Desk {
    /// The last plan that was made.
    pub draft: Option<Box<Draft>>,
    /// Writes under way, by their number.
    pub under_way: BTreeMap<u64, String>,
    /// What auto-sync was where this tool switched it off.
    pub notes: BTreeMap<AppKey, Note>,
    /// What was written before, oldest first; nothing before it was asked for.
    pub records: Option<Result<Vec<Record>, String>>,
    /// Nothing is written anywhere.
    pub readonly: bool,
    /// Sources and namespaces whose Applications we may not change, as far as that was asked.
    pub denied: BTreeSet<(Symbol, Symbol)>,
    /// The person was told that leaving now leaves writes undone, or ends sessions.
    pub warned: bool,
    /// Port-forwards, those that were stopped left out.
    pub sessions: Sessions,
    /// What was found out about debugging an Application, or why nothing was; nothing while it is looked at.
    pub card: Option<(AppKey, Result<Box<Card>, String>)>,
    /// How launch.json would change, and where that is; it is written when a person says so again.
    pub launch: Option<(String, Vec<String>)>,
    /// Where a laptop reaches this machine.
    pub ssh: Option<SshHost>,
}

impl Desk {
    /// The plan of a proposal, once it is made.
    #[must_use]
    pub fn draft_of(&self, proposal: &Proposal) -> Option<&Draft> {
        self.draft.as_deref().filter(|draft| draft.proposal == *proposal)
    }
}

/// What the runtime says of plans and writes.
#[derive(Debug)]
pub enum News {
    /// A plan was made.
    Planned(Box<Draft>),
    /// A write goes on.
    Goes {
        /// Its number.
        number: u64,
        /// How far it has come.
        said: String,
    },
    /// A write is over.
    Over {
        /// Its number.
        number: u64,
        /// How it ended.
        said: String,
        /// Well.
        well: bool,
    },
    /// What auto-sync was where it was switched off.
    Notes(BTreeMap<AppKey, Note>),
    /// The audit log was read.
    Records(Result<Vec<Record>, String>),
    /// How port-forwards are doing.
    Sessions(Sessions),
    /// What was found out about debugging an Application.
    Card(AppKey, Result<Box<Card>, String>),
    /// How launch.json would change.
    Launch(String, Vec<String>),
    /// Something to say, and whether it is nothing to worry about.
    Said(String, bool),
}

impl Desk {
    /// Takes news in; what is to be said of them, and whether it is nothing to worry about.
    pub fn take(&mut self, news: News) -> Option<(String, bool)> {
        match news {
            News::Planned(draft) => {
                self.learn(&draft);
                self.draft = Some(draft);
            }
            News::Goes { number, said } => drop(self.under_way.insert(number, said)),
            News::Over { number, said, well } => {
                self.under_way.remove(&number);
                self.warned = false;
                return Some((said, well));
            }
            News::Notes(notes) => self.notes = notes,
            News::Records(records) => {
                let first = self.records.is_none();
                self.records = Some(records);
                return if first { self.unfinished().map(|said| (said, false)) } else { None };
            }
            News::Sessions(sessions) => {
                if sessions.len() > self.sessions.len() {
                    self.warned = false;
                }
                self.sessions = sessions;
            }
            News::Card(app, card) => self.card = Some((app, card)),
            News::Launch(file, change) => self.launch = Some((file, change)),
            News::Said(said, well) => {
                self.launch = None;
                return Some((said, well));
            }
        }
        None
    }

    /// Where Applications may not be changed, as the rights that were asked for a plan say.
    fn learn(&mut self, draft: &Draft) {
        for item in &draft.items {
            let place = (item.key.source.clone(), item.key.namespace.clone());
            if item.denied.iter().any(|right| right.starts_with("needs patch applications")) {
                self.denied.insert(place);
            } else if item.plans.is_ok() {
                self.denied.remove(&place);
            }
        }
    }

    /// Writes of earlier runs nobody knows the end of.
    fn unfinished(&self) -> Option<String> {
        let records = self.records.as_ref()?.as_deref().ok()?;
        let ended: BTreeSet<&str> =
            records.iter().filter(|r| r.event == Half::Outcome).map(|r| r.id.as_str()).collect();
        // a session of another cockpit is open as long as that is
        let is_write = |r: &&Record| r.event == Half::Intent && r.risk != Risk::Session.word();
        let mut open = records.iter().filter(is_write).filter(|r| !ended.contains(r.id.as_str()));
        let first = open.next()?;
        let more = match open.count() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let at = first.at.strftime("%Y-%m-%d %H:%M UTC");
        Some(format!("nobody knows how this ended: {} ({at}){more}; @ shows what was written", first.title))
    }
}
