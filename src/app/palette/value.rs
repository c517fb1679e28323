//! What commands take, as lines of the palette.

use super::entry::{Action, Entry, Value};
use super::offer::{Gathered, Offer};
use crate::command::argument::NARROWINGS;
use crate::command::{Argument, CommandId};
use crate::domain::{AppRow, Environment};
use crate::store::FIELDS;

/// The word that takes a restriction away.
pub const ALL: &str = "all";

/// The lines for what `id` takes; `typed` is what stands there so far.
pub(super) fn gather(offer: &Offer<'_>, id: CommandId, typed: &str, gathered: &mut Gathered) {
    let mut words = |words: Vec<(String, String)>| {
        for (word, help) in words {
            gathered.add([word.as_str()], || line(offer, id, &word, &help), &help);
        }
    };
    match id.spec().takes {
        None => {}
        Some(Argument::App) => apps(offer, id, gathered),
        Some(Argument::Environment) => {
            words(vec![(ALL.to_owned(), "every environment".to_owned())]);
            let known = offer.apps.environments();
            let census = offer.apps.census();
            let apps = |e: &Environment| census.of(&e.name).map_or(0, |count| count.apps);
            let told = |e: &Environment| format!("{} apps, protection {}", apps(e), e.protection.word());
            words(known.iter().map(|e| (e.name.to_string(), told(e))).collect());
        }
        Some(Argument::Narrowing) => words(
            NARROWINGS.iter().map(|(word, filter)| ((*word).to_owned(), narrowing(word, filter).to_owned())).collect(),
        ),
        Some(Argument::Namespace) => {
            let mut names: Vec<&str> = offer.apps.all().map(|row| row.key.namespace.as_str()).collect();
            names.extend(offer.apps.all().map(|row| row.destination.namespace.as_str()));
            words(each_once(names));
        }
        Some(Argument::Project) => words(each_once(offer.apps.all().map(|row| row.project.as_str()).collect())),
        Some(Argument::Source) => {
            let told = |(name, source): (&crate::domain::Symbol, &crate::store::SourceState)| {
                (name.to_string(), format!("{}  {} apps", source.link.word(), source.apps))
            };
            words(offer.apps.sources().iter().map(told).collect());
        }
        Some(Argument::Server) => {
            let sources = offer.apps.sources().iter();
            let served = sources.filter_map(|(name, source)| Some((name, source.link.word(), source.server.as_ref()?)));
            words(served.map(|(name, link, server)| (name.to_string(), format!("{link}  {}", server.place))).collect());
        }
        Some(Argument::Column) => words(FIELDS.iter().map(|f| (f.word().to_owned(), String::new())).collect()),
        Some(Argument::Theme) => words(offer.memory.themes.iter().map(|n| (n.clone(), String::new())).collect()),
        Some(Argument::Keymap) => words(offer.memory.keymaps.iter().map(|n| (n.clone(), String::new())).collect()),
        Some(Argument::Filter) => {
            let all = id == CommandId::FilterUse;
            let known = offer.memory.filters().filter(|(.., saved)| all || *saved);
            words(known.map(|(name, text, _)| (name.to_owned(), text.to_owned())).collect());
        }
        Some(Argument::NewName) if typed.is_empty() => {}
        Some(Argument::NewName) => {
            let mut entry = line(offer, id, typed, &format!("saves {}", offer.lens.text.trim()));
            entry.reason = entry.reason.or_else(|| offer.memory.refuses(typed));
            gathered.add([typed], || entry, "");
        }
    }
}

fn each_once(mut names: Vec<&str>) -> Vec<(String, String)> {
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(|n| !n.is_empty()).map(|n| (n.to_owned(), String::new())).collect()
}

/// What a word of `:only` shows.
fn narrowing(word: &str, filter: &'static str) -> &'static str {
    match word {
        "problems" => "what somebody should look at",
        "marked" => "what is marked",
        ALL => "everything, whatever narrows the lists now",
        _ => filter,
    }
}

fn line(offer: &Offer<'_>, id: CommandId, word: &str, help: &str) -> Entry {
    let nothing_marked = word == "marked" && offer.situation.marked == 0;
    let reason = (id == CommandId::FilterOnly && nothing_marked).then(|| "nothing is marked".to_owned());
    Entry {
        action: Action::With(id, Value::Word(word.to_owned())),
        label: word.to_owned(),
        takes: "",
        help: help.to_owned(),
        keys: String::new(),
        reason: reason.or_else(|| id.spec().reason(&offer.situation)),
        spelled: format!("{} {word}", id.spec().called()),
        matched: Vec::new(),
    }
}

/// The Applications: those of the environment that is looked at first.
pub(super) fn apps(offer: &Offer<'_>, id: CommandId, gathered: &mut Gathered) {
    let selected = offer.lens.selected.as_ref().and_then(|key| offer.apps.get(offer.apps.find(key)?));
    let environment = offer.lens.query.environment.clone().or_else(|| selected?.environment.clone());
    let near = |row: &AppRow| environment.is_some() && row.environment == environment;
    let mut rows: Vec<&AppRow> = offer.apps.all().collect();
    rows.sort_by(|a, b| (!near(a), &a.key.name, &a.key).cmp(&(!near(b), &b.key.name, &b.key)));
    for row in rows {
        let entry = || Entry {
            action: Action::With(id, Value::App(row.key.clone())),
            label: row.key.name.to_string(),
            takes: "",
            help: format!("{}  {}", row.environment.as_deref().unwrap_or_default(), row.key.source),
            keys: String::new(),
            reason: None,
            spelled: format!("{} {}", id.spec().called(), row.key.name),
            matched: Vec::new(),
        };
        gathered.add([row.key.name.as_str()], entry, "");
    }
}

/// The environments, by their bare names.
pub(super) fn environments(offer: &Offer<'_>, gathered: &mut Gathered) {
    for environment in offer.apps.environments() {
        let entry = || line(offer, CommandId::EnvironmentOnly, &environment.name, "show only this environment");
        gathered.add([environment.name.as_str()], entry, "");
    }
}

/// The resources of the selected Application, as far as they are known.
pub(super) fn resources(offer: &Offer<'_>, gathered: &mut Gathered) {
    let Some(key) = &offer.lens.selected else { return };
    for resource in offer.apps.detail(key).iter().flat_map(|detail| &detail.resources) {
        let label = format!("{} {}", resource.kind, resource.name);
        let entry = || Entry {
            action: Action::Resource(key.clone(), resource.kind.to_string(), resource.name.to_string()),
            label: label.clone(),
            takes: "",
            help: format!("in {}", key.name),
            keys: String::new(),
            reason: None,
            spelled: label.clone(),
            matched: Vec::new(),
        };
        gathered.add([label.as_str()], entry, "");
    }
}
