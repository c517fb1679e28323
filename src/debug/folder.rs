//! Which folder of a workspace is which folder of the pods, as far as somebody said.

use std::collections::{BTreeMap, BTreeSet};

use super::card::Card;
use super::launch::Mapped;
use crate::domain::Symbol;

/// A folder of a workspace that is a folder of a service's pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The service.
    pub service: Symbol,
    /// Only in this environment.
    pub environment: Option<Symbol>,
    /// Which folders.
    pub mapped: Mapped,
}

/// What is known of folders: what the settings say, and what a person answered when they were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// As the settings have them.
    pub set: Vec<Folder>,
    /// The folders of the pods that are a whole workspace, by service.
    pub told: BTreeMap<String, String>,
    /// The folders in the workspace we are in: one named after a service is its own.
    pub own: BTreeSet<String>,
}

impl Folders {
    /// What the settings say for a service; those of its environment before those of all.
    #[must_use]
    pub fn set_for(&self, card: &Card) -> Vec<Mapped> {
        let of = |own: bool| {
            let meant = self.set.iter().filter(move |folder| {
                let here = folder.environment.as_ref() == Some(&card.environment);
                folder.service == card.service && if own { here } else { folder.environment.is_none() }
            });
            meant.map(|folder| folder.mapped.clone()).collect::<Vec<_>>()
        };
        let own = of(true);
        if own.is_empty() { of(false) } else { own }
    }

    /// Where the process of a pod works: as the pod says, else as a person said.
    #[must_use]
    pub fn workdir(&self, card: &Card) -> Option<String> {
        card.workdir.clone().or_else(|| self.told.get(card.service.as_str()).cloned())
    }

    /// Whether nobody knows which folders are which, so that a person is to be asked.
    #[must_use]
    pub fn is_unknown(&self, card: &Card) -> bool {
        self.set_for(card).is_empty() && self.workdir(card).is_none()
    }
}
