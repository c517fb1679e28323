//! The effective keymap and how a press is looked up in it.

use std::fmt::Debug;

use super::Chord;

/// A closed set of words that keymaps use: the commands, or the scopes.
pub trait Word: Copy + Ord + Debug + 'static {
    /// Every word.
    fn all() -> impl Iterator<Item = Self> + Clone;
    /// As it is written in a file.
    fn word(self) -> &'static str;

    /// The word that is written so.
    #[must_use]
    fn parse(text: &str) -> Option<Self> {
        Self::all().find(|w| w.word() == text)
    }
}

/// A part of the screen that keys are bound in.
pub trait Scope: Word {
    /// Where a press is looked up while this scope has the focus: itself first, then those around it.
    fn chain(self) -> &'static [Self];
}

/// A command that keys can be bound to.
pub trait Command: Word {
    /// The parts of the screen.
    type Scope: Scope;
    /// The part it belongs to.
    fn scope(self) -> Self::Scope;

    /// Whether a key of `scope` may give it: in its own scope and in those that lie inside of it.
    fn works_in(self, scope: Self::Scope) -> bool {
        scope.chain().contains(&self.scope())
    }
}

/// A key sequence bound to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding<C: Command> {
    /// Where it holds.
    pub scope: C::Scope,
    /// The keys in their order; never empty.
    pub keys: Vec<Chord>,
    /// What it gives.
    pub command: C,
    /// Where it comes from: the name of a bundled keymap, or file and line.
    pub origin: String,
}

impl<C: Command> Binding<C> {
    /// The keys as they are written.
    #[must_use]
    pub fn spelled(&self) -> String {
        spell(&self.keys)
    }
}

/// What a sequence of keys means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<C> {
    /// Nothing.
    None,
    /// The beginning of something.
    Prefix,
    /// A command.
    Command(C),
}

/// The effective keymap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap<C: Command> {
    pub(super) bindings: Vec<Binding<C>>,
    /// Digits that are bound to nothing count how often a motion is done.
    pub(super) counts: bool,
}

impl<C: Command> Keymap<C> {
    /// What `pressed` means where `scopes` are looked up in their order. The first scope that knows the keys, be it as
    /// the beginning of a sequence, decides.
    #[must_use]
    pub fn lookup(&self, scopes: &[C::Scope], pressed: &[Chord]) -> Lookup<C> {
        for scope in scopes {
            let mut here = self.bindings.iter().filter(|b| b.scope == *scope && b.keys.starts_with(pressed));
            if let Some(binding) = here.next() {
                return if binding.keys.len() == pressed.len() {
                    Lookup::Command(binding.command)
                } else {
                    Lookup::Prefix
                };
            }
        }
        Lookup::None
    }

    /// Whether digits that are bound to nothing count how often a motion is done.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.counts
    }

    /// What may follow `pressed` where `scopes` are looked up in their order: the keys that are left, and what they give.
    #[must_use]
    pub fn follow(&self, scopes: &[C::Scope], pressed: &[Chord]) -> Vec<(String, C)> {
        let effective = self.effective(scopes).into_iter();
        let following = effective.filter(|b| b.keys.len() > pressed.len() && b.keys.starts_with(pressed));
        following.map(|b| (spell(&b.keys[pressed.len()..]), b.command)).collect()
    }

    /// The keys of a command in a scope, as they are written, in the order of the files.
    #[must_use]
    pub fn keys_of(&self, scope: C::Scope, command: C) -> Vec<String> {
        self.bindings.iter().filter(|b| b.scope == scope && b.command == command).map(Binding::spelled).collect()
    }

    /// Every binding.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding<C>> {
        self.bindings.iter()
    }

    /// The bindings that do something where `scopes` are looked up in their order: without what an inner scope hides.
    #[must_use]
    pub fn effective(&self, scopes: &[C::Scope]) -> Vec<&Binding<C>> {
        let mut found = Vec::new();
        for (n, scope) in scopes.iter().enumerate() {
            let inner = |b: &&Binding<C>| scopes[..n].contains(&b.scope);
            let hidden = |keys: &[Chord]| self.bindings.iter().filter(inner).any(|b| touch(&b.keys, keys));
            found.extend(self.bindings.iter().filter(|b| b.scope == *scope && !hidden(&b.keys)));
        }
        found
    }
}

/// Whether one of two sequences is the other or its beginning, so that only one of them can be given.
pub(super) fn touch(a: &[Chord], b: &[Chord]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// A sequence as it is written.
pub(super) fn spell(keys: &[Chord]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
