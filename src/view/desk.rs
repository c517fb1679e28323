//! What is being planned and done: what the runtime says of it, for the screens to show.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::{Draft, Half, Note, Proposal, Record};
use crate::debug::{Card, Folders};
use crate::domain::{AppKey, Risk, Symbol};
use crate::forward::{Profile, Sessions, SshHost};

/// Which Applications a right is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// All of a source and namespace.
    All(Symbol, Symbol),
    /// One.
    App(AppKey),
}

/// Whether Applications may be changed, as the servers say; what was not asked may be, until it turns out.
#[derive(Debug, Default)]
pub struct Rights {
    known: BTreeMap<Reach, Option<String>>,
}

impl Rights {
    fn learn(&mut self, reach: Reach, missing: Option<String>) {
        self.known.insert(reach, missing);
    }

    /// What is missing to change an Application. A right to all of them is one to each; who lacks it may still have the
    /// right to some.
    #[must_use]
    pub fn missing(&self, key: &AppKey) -> Option<&str> {
        let all = self.known.get(&Reach::All(key.source.clone(), key.namespace.clone()));
        match self.known.get(&Reach::App(key.clone())) {
            Some(known) => known.as_deref(),
            None => all.and_then(Option::as_deref),
        }
    }

    /// What is to be asked so that it is known of an Application: nothing when it is.
    #[must_use]
    pub fn unknown(&self, key: &AppKey) -> Option<Reach> {
        let all = Reach::All(key.source.clone(), key.namespace.clone());
        match self.known.get(&all) {
            None => Some(all),
            Some(None) => None,
            Some(Some(_)) => Some(Reach::App(key.clone())).filter(|reach| !self.known.contains_key(reach)),
        }
    }

    /// Forgets what a source said: another connection may be another user's.
    pub fn forget(&mut self, source: &Symbol) {
        self.known.retain(|reach, _| match reach {
            Reach::All(of, _) => of != source,
            Reach::App(key) => key.source != *source,
        });
    }
}

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
    /// What we may not do to Applications, as far as that was asked.
    pub rights: Rights,
    /// Guarded syncs that were begun here, the last of each Application.
    pub guards: BTreeMap<AppKey, Guarding>,
    /// The person was told that leaving now leaves writes undone, or ends sessions.
    pub warned: bool,
    /// Port-forwards, those that were stopped left out.
    pub sessions: Sessions,
    /// Port-forwards the settings keep.
    pub profiles: Vec<Profile>,
    /// Which folders of a workspace are which of the pods.
    pub folders: Folders,
    /// What was found out about debugging an Application, or why nothing was; nothing while it is looked at.
    pub card: Option<(AppKey, Result<Box<Card>, String>)>,
    /// How launch.json would change, and where that is; it is written when a person says so again.
    pub launch: Option<(String, Vec<String>)>,
    /// Where a laptop reaches this machine.
    pub ssh: Option<SshHost>,
}

/// How a guarded sync stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarding {
    /// Its number among what is under way.
    pub number: u64,
    /// What was confirmed, in one line.
    pub title: String,
    /// The deployment that is gone back to, in words.
    pub harbour: String,
    /// What it sees or does, or how it ended.
    pub said: String,
    /// What stays undone if the program ends now.
    pub leaves: String,
    /// What failed in one line, and what was found.
    pub failed: Option<(String, Vec<String>)>,
    /// Somebody is asked whether to go back.
    pub asks: bool,
    /// How it ended: well or not.
    pub ended: Option<bool>,
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
    /// How a guarded sync stands.
    Guards(AppKey, Box<Guarding>),
    /// What auto-sync was where it was switched off.
    Notes(BTreeMap<AppKey, Note>),
    /// What we may not do to the Applications of a source and namespace, or to one of them; nothing where we may.
    Rights(Reach, Option<String>),
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
            News::Guards(key, guarding) => {
                let begins_to_ask = guarding.asks && self.guards.get(&key).is_none_or(|before| !before.asks);
                let said = begins_to_ask.then(|| format!("the guarded sync of {} failed: {}", key.name, guarding.said));
                self.under_way.insert(guarding.number, format!("guarded sync of {}: {}", key.name, guarding.leaves));
                self.guards.insert(key, *guarding);
                return said.map(|said| (said, false));
            }
            News::Over { number, said, well } => {
                self.under_way.remove(&number);
                if let Some(guarding) = self.guards.values_mut().find(|guarding| guarding.number == number) {
                    (guarding.ended, guarding.asks) = (Some(well), false);
                    guarding.said.clone_from(&said);
                }
                self.warned = false;
                return Some((said, well));
            }
            News::Notes(notes) => self.notes = notes,
            News::Rights(reach, missing) => self.rights.learn(reach, missing),
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

    /// What may not be changed, as the rights that were asked for a plan say.
    fn learn(&mut self, draft: &Draft) {
        for item in &draft.items {
            let missing = item.denied.iter().find(|right| right.starts_with("needs patch applications"));
            if missing.is_some() || item.plans.is_ok() {
                self.rights.learn(Reach::App(item.key.clone()), missing.cloned());
            }
        }
    }

    /// The intents nobody knows the end of, oldest first.
    #[must_use]
    pub fn open(&self) -> Vec<&Record> {
        let records = self.records.as_ref().and_then(|read| read.as_deref().ok()).unwrap_or_default();
        let ended: BTreeSet<&str> =
            records.iter().filter(|r| r.event == Half::Outcome).map(|r| r.id.as_str()).collect();
        // a session of another cockpit is open as long as that is
        let is_write = |r: &&Record| r.event == Half::Intent && r.risk != Risk::Session.word();
        records.iter().filter(is_write).filter(|r| !ended.contains(r.id.as_str())).collect()
    }

    /// Writes of earlier runs nobody knows the end of.
    fn unfinished(&self) -> Option<String> {
        let mut open = self.open().into_iter();
        let first = open.next()?;
        let more = match open.count() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let at = first.at.strftime("%Y-%m-%d %H:%M UTC");
        Some(format!("nobody knows how this ended: {} ({at}){more}; @ shows what was written", first.title))
    }
}
