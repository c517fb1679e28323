//! What differs between what an Application's objects are wanted to be and what they are, ready to be shown.

use std::sync::Arc;

use serde_json::Value;

use super::{FieldPath, Lack, ObjectName, Rung, Step, Symbol, Timestamp};

/// What a sync would make of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// It is not there yet.
    Create,
    /// It would change.
    Update,
    /// It left Git.
    Prune,
    /// Nothing.
    Same,
}

impl Change {
    /// One word, as scripts read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Prune => "prune",
            Self::Same => "same",
        }
    }

    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Prune => "-",
            Self::Same => " ",
        }
    }
}

/// Whose hand a manager of fields is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hand {
    /// A person with a tool.
    Person,
    /// Something that runs in the cluster.
    Controller,
    /// Argo CD.
    ArgoCd,
}

/// Who set a field: an entry of managedFields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// `kubectl-edit`, `kube-controller-manager`, ...
    pub manager: Symbol,
    /// `Update` or `Apply`.
    pub operation: Symbol,
    /// `scale`, `status`, or empty.
    pub subresource: Symbol,
    /// When it last changed anything of its fields; not every entry says.
    pub time: Option<Timestamp>,
}

impl Owner {
    /// Whose hand it is, by its name.
    #[must_use]
    pub fn hand(&self) -> Hand {
        let name = self.manager.to_ascii_lowercase();
        // who edits in Argo CD's own pages is a person; what applies is the controller
        if ["argocd-controller", "argocd-application-controller"].contains(&name.as_str()) {
            return Hand::ArgoCd;
        }
        let runs = ["controller", "operator", "kube-", "kubelet", "autoscaler", "scheduler", "webhook", "injector"];
        if !name.starts_with("kubectl") && (runs.iter().any(|word| name.contains(word)) || name == "vpa-updater") {
            return Hand::Controller;
        }
        Hand::Person
    }

    /// Its name, and for whom it works where that shows.
    #[must_use]
    pub fn said(&self) -> String {
        let is_hpa = &*self.manager == "kube-controller-manager" && &*self.subresource == "scale";
        format!("{}{}", self.manager, if is_hpa { " for the HPA" } else { "" })
    }
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Which.
    pub path: FieldPath,
    /// As it is wanted; nothing where it should not be there.
    pub desired: Option<Value>,
    /// As it is; nothing where it is not there.
    pub live: Option<Value>,
    /// Who set it as it is.
    pub owner: Option<Owner>,
    /// Only that it changed may be told.
    pub hidden: bool,
}

impl Field {
    /// Whether something in the cluster keeps the field as it is: then a rule that ignores it is worth having.
    #[must_use]
    pub fn is_controlled(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.hand() == Hand::Controller)
    }
}

/// A field that somebody added by hand and Argo CD does not see.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadow {
    /// Which.
    pub path: FieldPath,
    /// What it is.
    pub live: Value,
    /// Who set it.
    pub owner: Owner,
}

/// A line on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sides {
    /// The same.
    Same(Box<str>),
    /// As it is wanted, and as it is.
    Changed(Box<str>, Box<str>),
    /// Wanted, and not there.
    Desired(Box<str>),
    /// There, and not wanted.
    Live(Box<str>),
}

/// One line of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its text.
    pub sides: Sides,
    /// Its place in [`Rows::places`].
    pub place: u32,
    /// The field it belongs to, by its number, where it differs.
    pub field: Option<u32>,
}

/// The lines of an object, and where in it each is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rows {
    /// The lines.
    pub rows: Vec<Row>,
    /// Steps with the place they begin at: a path is a chain of them. The first is the root.
    pub places: Vec<(u32, Option<Step>)>,
}

impl Rows {
    /// Where a line is.
    #[must_use]
    pub fn path(&self, row: usize) -> FieldPath {
        let mut steps = Vec::new();
        let mut at = self.rows.get(row).map_or(0, |row| row.place as usize);
        while let Some((before, Some(step))) = self.places.get(at) {
            steps.push(step.clone());
            at = *before as usize;
        }
        steps.reverse();
        FieldPath(steps)
    }

    /// How many lines would come and how many would go: as in a unified diff.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        self.rows.iter().fold((0, 0), |(plus, minus), row| match row.sides {
            Sides::Same(_) => (plus, minus),
            Sides::Changed(..) => (plus + 1, minus + 1),
            Sides::Desired(_) => (plus + 1, minus),
            Sides::Live(_) => (plus, minus + 1),
        })
    }
}

/// A difference that environments have as a rule, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Usual {
    /// `namespace`, `host`, `replicas` or `image tag`.
    pub what: &'static str,
    /// On the side of the wanted.
    pub desired: Box<str>,
    /// On the other.
    pub live: Box<str>,
    /// The objects and fields.
    pub fields: Vec<(ObjectName, FieldPath)>,
}

/// A hook that a sync runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Which.
    pub object: ObjectName,
    /// `PreSync`, `Sync`, `PostSync`, ...
    pub phase: Symbol,
    /// Its wave in that.
    pub wave: i64,
}

/// One object, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Which.
    pub object: ObjectName,
    /// What a sync would make of it.
    pub change: Change,
    /// Its sync wave.
    pub wave: i64,
    /// The fields that differ; none for an object that comes or goes whole.
    pub fields: Vec<Field>,
    /// Fields that differ and are ignored by a rule of Argo CD's.
    pub ignored: Vec<Field>,
    /// What people added and nobody reports.
    pub shadows: Vec<Shadow>,
    /// Its lines, and how many come and go.
    pub rows: Arc<Rows>,
    /// How many lines would come and how many would go.
    pub counts: (usize, usize),
    /// Why nothing is known of it.
    pub unread: Option<Box<str>>,
    /// What it asks of a sync for itself: `Replace=true`, `Prune=false`, ...
    pub options: Vec<Box<str>>,
}

/// An Application, compared.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Comparison {
    /// Where the desired state came from; nothing when there is none.
    pub rung: Option<Rung>,
    /// The better rungs that could not be used.
    pub lacks: Vec<Lack>,
    /// Every object but hooks; what differs comes first.
    pub resources: Vec<Compared>,
    /// When it was read.
    pub at: Option<Timestamp>,
    /// Why it could not be read, or not anew: then the rest is older.
    pub failed: Option<Box<str>>,
    /// That is because there is no such thing.
    pub missing: bool,
    /// What the two sides are called.
    pub names: [Box<str>; 2],
    /// What is to be known beside it, a line each.
    pub notes: Vec<Box<str>>,
    /// What differs between environments as a rule: it is in no resource.
    pub usual: Vec<Usual>,
    /// The hooks of what is wanted, by phase and wave, where they are known.
    pub hooks: Option<Vec<Hook>>,
}

impl Comparison {
    /// Whether the sides differ in anything, what environments have as a rule included.
    #[must_use]
    pub fn differs(&self) -> bool {
        !self.usual.is_empty() || self.resources.iter().any(|resource| resource.change != Change::Same)
    }

    /// Whether another reading says nothing else: when it was read does not count.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.rung, &self.lacks, &self.failed) == (other.rung, &other.lacks, &other.failed)
            && (&self.names, &self.notes, &self.hooks) == (&other.names, &other.notes, &other.hooks)
            && (&self.usual, &self.resources) == (&other.usual, &other.resources)
    }

    /// How many objects a sync would create, update and prune.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let of = |change| self.resources.iter().filter(|resource| resource.change == change).count();
        (of(Change::Create), of(Change::Update), of(Change::Prune))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_are_told_by_their_names() {
        let hand = |manager: &str| {
            let (operation, subresource) = ("Update".into(), "".into());
            Owner { manager: manager.into(), operation, subresource, time: None }.hand()
        };
        for person in ["kubectl-edit", "kubectl-client-side-apply", "kubectl-scale", "argocd-server", "k9s", "helm"] {
            assert_eq!(hand(person), Hand::Person, "{person}");
        }
        for controller in ["kube-controller-manager", "kubelet", "cluster-autoscaler", "cert-manager-controller"] {
            assert_eq!(hand(controller), Hand::Controller, "{controller}");
        }
        assert_eq!(hand("argocd-controller"), Hand::ArgoCd);
    }
}
