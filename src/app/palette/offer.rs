//! What the palette offers for what is typed.

use super::entry::{Action, Entry};
use super::rank::{Rank, Ranker};
use super::value;
use crate::app::memory::Memory;
use crate::command::hint::Shortest;
use crate::command::{CommandId, CommandSpec, Keymap, Scope, Situation, TABLE};
use crate::store::Apps;
use crate::view::Lens;

/// More lines than anyone looks at.
const MOST: usize = 100;

/// Everything the palette draws from.
#[derive(Clone)]
pub struct Offer<'a> {
    /// Applications and environments.
    pub apps: &'a Apps,
    /// What is selected and filtered.
    pub lens: &'a Lens,
    /// What was saved, and the themes and keymaps there are.
    pub memory: &'a Memory,
    /// Which keys do the same.
    pub keys: &'a Keymap,
    /// What can be done now.
    pub situation: Situation,
    /// Where keys are looked up on the visible screen, [`Scope::Global`] included.
    pub scopes: &'a [Scope],
}

/// Lines with how well they answer, on their way to be sorted.
pub(super) struct Gathered {
    pub(super) ranker: Ranker,
    found: Vec<(Rank, bool, Entry)>,
}

impl Gathered {
    /// Takes a line in when one of `names` or its description answers.
    pub(super) fn add<'t>(
        &mut self,
        names: impl IntoIterator<Item = &'t str>,
        entry: impl FnOnce() -> Entry,
        help: &str,
    ) {
        if let Some(rank) = self.ranker.rank(names, help) {
            let entry = entry();
            self.found.push((rank, entry.reason.is_none(), entry));
        }
    }

    /// The best first; what answers alike stays in its order, what can be done before what cannot.
    fn sorted(mut self) -> Vec<Entry> {
        self.found.sort_by_key(|found| std::cmp::Reverse((found.0, found.1)));
        self.found.truncate(MOST);
        let marked = |(_, _, mut entry): (Rank, bool, Entry)| {
            entry.matched = self.ranker.places(&entry.label);
            entry
        };
        self.found.into_iter().map(marked).collect()
    }
}

impl Offer<'_> {
    /// The command whose argument is being typed, and the argument so far.
    #[must_use]
    pub fn head(text: &str) -> Option<(CommandId, &str)> {
        let (word, rest) = text.trim_start().split_once(char::is_whitespace)?;
        let id = CommandId::by_word(word)?;
        id.spec().takes.map(|_| (id, rest.trim_start()))
    }

    /// The lines for what is typed, the best first.
    #[must_use]
    pub fn entries(&self, text: &str) -> Vec<Entry> {
        let (head, sought) = match Self::head(text) {
            Some((id, rest)) => (Some(id), rest),
            None => (None, text),
        };
        let mut gathered = Gathered { ranker: Ranker::new(sought), found: Vec::new() };
        match head {
            Some(id) => value::gather(self, id, sought.trim(), &mut gathered),
            None => self.gather(&mut gathered),
        }
        gathered.sorted()
    }

    fn gather(&self, gathered: &mut Gathered) {
        let shortest = Shortest::new(self.keys, self.scopes);
        let rank_of = |scope: Scope| self.scopes.iter().position(|s| *s == scope);
        let mut offered: Vec<&CommandSpec> = TABLE.iter().filter(|spec| self.offers(spec)).collect();
        // what has a word of its own is what people call by name; of that, what belongs to this screen first
        offered.sort_by_key(|spec| (spec.words.is_empty(), rank_of(spec.scope).unwrap_or(usize::MAX)));
        for spec in offered {
            let names = spec.words.iter().copied().chain([spec.name]);
            gathered.add(names, || self.command(spec, shortest.of(spec.id)), spec.help);
        }
        if !gathered.ranker.is_open() {
            value::environments(self, gathered);
            value::apps(self, CommandId::AppOpen, gathered);
            value::resources(self, gathered);
        }
    }

    /// What takes a name can be done from everywhere: the name says on what.
    fn offers(&self, spec: &CommandSpec) -> bool {
        let typing = spec.scope.is_typing();
        let palette = spec.id == CommandId::PaletteOpen;
        !typing && !palette && (spec.takes.is_some() || self.scopes.contains(&spec.scope))
    }

    fn command(&self, spec: &'static CommandSpec, keys: Option<String>) -> Entry {
        let reason = spec.reason(&self.situation);
        let (action, takes) = match spec.takes {
            Some(argument) if !argument.is_optional() || reason.is_some() => {
                (Action::Complete(spec.id), argument.placeholder())
            }
            Some(argument) => (Action::Run(spec.id), argument.placeholder()),
            None => (Action::Run(spec.id), ""),
        };
        // with its argument it may be possible
        let reason = reason.filter(|_| spec.takes.is_none_or(|argument| !argument.is_optional()));
        Entry {
            action,
            label: spec.called().to_owned(),
            takes,
            help: spec.help.to_owned(),
            keys: keys.unwrap_or_default(),
            reason,
            spelled: format!("{}{}", spec.called(), if takes.is_empty() { "" } else { " " }),
            matched: Vec::new(),
        }
    }
}
