//! Keymap files laid over one another; every line that is wrong is named and skipped.

use std::path::Path;

use super::map::{Binding, Command, Keymap, Scope, Word, spell, touch};
use crate::config::chord::Chord;
use crate::config::document::{Document, Entry};
use crate::config::error::{ConfigError, nearest};
use crate::config::misplaced::{self, Stray};
use crate::config::place;

/// The keymaps that come with the program: name and text. All but the first are patches over it.
pub const BUNDLED: &[(&str, &str)] = &[
    ("default", include_str!("../../../keymaps/default.toml")),
    ("vim", include_str!("../../../keymaps/vim.toml")),
    ("k9s", include_str!("../../../keymaps/k9s.toml")),
    ("argonaut", include_str!("../../../keymaps/argonaut.toml")),
];

/// A file on its way into the keymap.
struct Layer<'a> {
    file: &'a str,
    text: &'a str,
    /// Bindings of a bundled keymap say its name, all others file and line.
    bundled: bool,
    /// Whether the file may hold more than keys, which somebody else checks.
    shared: bool,
}

/// A line that was understood; without a command it takes a binding away.
struct Line<'d, 't, C: Command> {
    entry: Entry<'d, 't>,
    scope: C::Scope,
    keys: Vec<Chord>,
    command: Option<C>,
}

impl<C: Command> Keymap<C> {
    /// The default keymap alone.
    #[must_use]
    pub fn bundled() -> Self {
        let mut keymap = Self { bindings: Vec::new(), counts: false };
        if let Some((name, text)) = BUNDLED.first() {
            keymap.lay(&Layer { file: name, text, bundled: true, shared: false });
        }
        keymap
    }

    /// The keymap called `name`: `name.toml` in `folder`, else a bundled one. What is wrong is said and left out; an
    /// unknown name leaves the default.
    #[must_use]
    pub fn load(name: &str, folder: Option<&Path>) -> (Self, Vec<ConfigError>) {
        let mut keymap = Self::bundled();
        let errors = match place::find(name, folder, BUNDLED) {
            Ok(found) => {
                let (file, text) = (found.name(), found.text());
                let already = found.is_bundled() && BUNDLED.first().is_some_and(|(default, _)| *default == name);
                let layer = Layer { file, text, bundled: found.is_bundled(), shared: false };
                if already { Vec::new() } else { keymap.lay(&layer) }
            }
            Err(error) => vec![error.into_config_error("keymap")],
        };
        (keymap, errors)
    }

    /// The names of the keymaps there are: the bundled ones, then those in `folder`.
    #[must_use]
    pub fn names(folder: Option<&Path>) -> Vec<String> {
        place::all_names(BUNDLED, folder)
    }

    /// Lays a file of keys over the keymap. What is wrong in it is said and left out.
    pub fn patch(&mut self, file: &str, text: &str) -> Vec<ConfigError> {
        self.lay(&Layer { file, text, bundled: false, shared: false })
    }

    /// Lays the `[keys]` of a settings file over the keymap; what else stands in the file is not looked at.
    pub fn patch_from_settings(&mut self, file: &str, text: &str) -> Vec<ConfigError> {
        self.lay(&Layer { file, text, bundled: false, shared: true })
    }

    fn lay(&mut self, layer: &Layer<'_>) -> Vec<ConfigError> {
        let (document, mut errors) = Document::parse(layer.file, layer.text);
        let before: Vec<(C::Scope, Vec<Chord>)> = self.bindings.iter().map(|b| (b.scope, b.keys.clone())).collect();
        let torn = document.is_torn();
        let (lines, mut lost) = read::<C>(&document, layer, &mut errors);
        if let Some(entry) = document.entries().into_iter().find(|entry| entry.key == "counts" && !layer.shared) {
            match entry.flag() {
                Ok(counts) => self.counts = counts,
                Err(error) => errors.push(error),
            }
        }
        // first what is taken away, so that one file can free a key and use it, in whatever order
        for line in lines.iter().filter(|l| l.command.is_none()) {
            if let Err(error) = self.take_away(line) {
                errors.push(error);
                lost.push(line.scope);
            }
        }
        for line in lines {
            let Some(command) = line.command else { continue };
            let others = self.overlapping(&line);
            if let Some(first) = others.first() {
                // a line that is wrong may have been there to take them away: it is said, and not what follows from it
                if !torn && !others.iter().all(|other| lost.contains(&other.scope)) {
                    errors.push(shadowed(&line, command, first, &others));
                }
                continue;
            }
            let Line { entry, scope, keys, .. } = line;
            self.bindings.retain(|b| b.scope != scope || b.keys != keys);
            let origin = if layer.bundled { layer.file.to_owned() } else { format!("{}:{}", layer.file, entry.line()) };
            self.bindings.push(Binding { scope, keys, command, origin });
        }
        misplaced::fold(layer.text, &mut errors, |stray| homes::<C>(stray, &before));
        ConfigError::one_a_cause(layer.text, &mut errors);
        if layer.shared {
            // whoever reads the settings says what is no TOML
            errors.retain(|error| !error.is_syntax());
        }
        errors.sort_by_key(|e| (e.line, e.column));
        errors
    }

    /// Has lines that are wrong now give what they gave in `before`, where nothing else has their keys.
    pub fn keep(&mut self, before: &Self, errors: &[ConfigError]) {
        for binding in &before.bindings {
            let is_of = |e: &ConfigError| match e.until > e.line {
                // a heading that is missing moves the lines below it
                true => binding.origin.rsplit_once(':').is_some_and(|(file, _)| file == e.file),
                false => binding.origin == format!("{}:{}", e.file, e.line),
            };
            let is_wrong = errors.iter().any(is_of);
            let is_same = |other: &Binding<C>| other.scope == binding.scope && other.keys == binding.keys;
            let is_bundled = |other: &Binding<C>| BUNDLED.iter().any(|(name, _)| *name == other.origin);
            let in_the_way = |other: &&Binding<C>| {
                let meet = other.scope.chain().contains(&binding.scope) || binding.scope.chain().contains(&other.scope);
                if is_same(other) {
                    !is_bundled(other)
                } else {
                    other.keys != binding.keys && meet && touch(&other.keys, &binding.keys)
                }
            };
            if is_wrong && !self.bindings.iter().any(|other| in_the_way(&other)) {
                self.bindings.retain(|other| !is_same(other));
                self.bindings.push(binding.clone());
            }
        }
    }

    fn take_away(&mut self, line: &Line<'_, '_, C>) -> Result<(), ConfigError> {
        let before = self.bindings.len();
        self.bindings.retain(|b| b.scope != line.scope || b.keys != line.keys);
        if self.bindings.len() < before {
            return Ok(());
        }
        let elsewhere = self.bindings.iter().find(|b| b.keys == line.keys);
        let hint = elsewhere.map(|b| format!("it is bound in [keys.{}], to {}", b.scope.word(), b.command.word()));
        let hint = hint.unwrap_or_else(|| "take the line away".to_owned());
        let message = format!("`{}` is not bound in [keys.{}]", spell(&line.keys), line.scope.word());
        Err(line.entry.wrong_key(&message, hint))
    }

    /// The bindings of other sequences that would keep this line from being given, or be kept from it. The same sequence
    /// in an inner scope is no mistake: it goes before the outer one.
    fn overlapping(&self, line: &Line<'_, '_, C>) -> Vec<&Binding<C>> {
        let meet = |other: C::Scope| other.chain().contains(&line.scope) || line.scope.chain().contains(&other);
        self.bindings.iter().filter(|b| b.keys != line.keys && meet(b.scope) && touch(&b.keys, &line.keys)).collect()
    }
}

/// What is wrong with a line that begins like `others`, of which `first` is named.
fn shadowed<C: Command>(line: &Line<'_, '_, C>, command: C, first: &Binding<C>, others: &[&Binding<C>]) -> ConfigError {
    let (new, old) = (spell(&line.keys), first.spelled());
    let (command, owner) = (command.word(), first.command.word());
    let more = if others.len() > 1 { format!(", and {} more", others.len() - 1) } else { String::new() };
    let message = format!(
        "`{new}` ({command}) and `{old}` ({owner} from {}) begin alike{more}: one of them could never be given",
        first.origin
    );
    let freed: Vec<String> =
        others.iter().map(|b| format!("\"{}\" = \"\" under [keys.{}]", b.spelled(), b.scope.word())).collect();
    let ending = if others.len() > 1 { "take the others away" } else { "takes the other away" };
    line.entry.wrong_key(&message, format!("{} {ending}", freed.join(", ")))
}

/// The headings under which a line that means nothing where it stands would mean something.
fn homes<C: Command>(stray: &Stray<'_>, before: &[(C::Scope, Vec<Chord>)]) -> Vec<String> {
    let Ok(keys) = Chord::sequence(stray.key) else { return Vec::new() };
    let heading = |scope: C::Scope| format!("[keys.{}]", scope.word());
    let mut scopes: Vec<C::Scope> = match stray.value.as_str() {
        Some(name) if !name.is_empty() => {
            let Some(command) = C::parse(name) else { return Vec::new() };
            let mut all: Vec<_> = C::Scope::all().filter(|scope| command.works_in(*scope)).collect();
            if all.iter().any(|scope| heading(*scope) == stray.under) {
                return Vec::new();
            }
            all.sort_by_key(|scope| *scope != command.scope());
            all
        }
        None if stray.value.as_bool() != Some(false) => Vec::new(),
        _ => before.iter().filter(|(_, bound)| *bound == keys).map(|(scope, _)| *scope).collect(),
    };
    scopes.retain(|scope| heading(*scope) != stray.under);
    scopes.into_iter().map(heading).collect()
}

/// The lines that are understood, and the scopes in which some are not.
fn read<'d, 't, C: Command>(
    document: &'d Document<'t>,
    layer: &Layer<'_>,
    errors: &mut Vec<ConfigError>,
) -> (Vec<Line<'d, 't, C>>, Vec<C::Scope>) {
    let mut lines: Vec<Line<'d, 't, C>> = Vec::new();
    let mut lost = Vec::new();
    for section in document.entries() {
        if section.key != "keys" {
            if !layer.shared && section.key != "counts" {
                errors.push(section.unknown("section", ["keys", "counts"]));
            }
            continue;
        }
        let scopes = match section.table() {
            Ok(scopes) => scopes,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for part in scopes {
            let Some(scope) = C::Scope::parse(part.key) else {
                errors.push(part.unknown("scope", C::Scope::all().map(Word::word)));
                continue;
            };
            match part.table() {
                Ok(entries) => {
                    for entry in entries {
                        match line(scope, entry, &lines) {
                            Ok(line) => lines.push(line),
                            Err(error) => {
                                errors.push(error);
                                lost.push(scope);
                            }
                        }
                    }
                }
                Err(error) => errors.push(error),
            }
        }
    }
    (lines, lost)
}

/// One line of a keymap, beside those that came before it in the file.
fn line<'d, 't, C: Command>(
    scope: C::Scope,
    entry: Entry<'d, 't>,
    before: &[Line<'d, 't, C>],
) -> Result<Line<'d, 't, C>, ConfigError> {
    let keys = Chord::sequence(entry.key).map_err(|why| {
        // most reasons name what was meant
        let spelling = "keys are written j, G, ctrl-d, enter, f5, and one after another \"g g\"";
        let (why, hint) = why.split_once("; ").unwrap_or((&why, spelling));
        entry.wrong_key(why, hint)
    })?;
    let spelled = spell(&keys);
    let command = command::<C>(scope, &entry)?;
    if let Some(first) = before.iter().find(|l| l.scope == scope && l.keys == keys) {
        let name = |command: Option<C>| command.map_or("nothing", Word::word);
        let message = format!(
            "`{spelled}` is bound twice in [keys.{}]: to {} in line {} and to {} here",
            scope.word(),
            name(first.command),
            first.entry.line(),
            name(command)
        );
        return Err(entry.wrong_key(&message, "keep one of the two; the first applies"));
    }
    Ok(Line { entry, scope, keys, command })
}

/// The command of a line; none where `""` or `false` takes the keys away.
fn command<C: Command>(scope: C::Scope, entry: &Entry<'_, '_>) -> Result<Option<C>, ConfigError> {
    if entry.is_false() {
        return Ok(None);
    }
    let name = entry.text()?;
    if name.is_empty() {
        return Ok(None);
    }
    let Some(command) = C::parse(name) else {
        let near = nearest(name, C::all().map(Word::word));
        let hint = near.map_or_else(|| "`pilothouse keys` lists the commands".to_owned(), str::to_owned);
        return Err(entry.wrong(&format!("there is no command `{name}`"), hint));
    };
    if command.works_in(scope) {
        return Ok(Some(command));
    }
    let (owner, scope) = (command.scope().word(), scope.word());
    let message = format!("`{name}` belongs to [keys.{owner}] and does nothing in [keys.{scope}]");
    Err(entry.wrong(&message, format!("move the line to [keys.{owner}]")))
}
