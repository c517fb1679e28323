//! The `[[environment]]` tables of the settings.

use super::document::Entry;
use super::error::{ConfigError, nearest};
use super::field::{self, ENVIRONMENT};
use super::palette;
use crate::domain::{Classifier, Environment, EnvironmentRule, GuardPolicy, Protection, Rule, Symbol};

/// Reads an environment; `place` is its place among the others. Without a name it is none.
pub(super) fn environment(
    item: &Entry<'_, '_>,
    place: usize,
    errors: &mut Vec<ConfigError>,
) -> Result<Option<EnvironmentRule>, ConfigError> {
    let (mut name, mut color, mut protected, mut guard) = (None, None, None, None);
    let mut order = u16::try_from((place + 1) * 10).unwrap_or(u16::MAX);
    let mut rules = Vec::new();
    let before = errors.len();
    for part in item.table()? {
        let mut read = || -> Result<(), ConfigError> {
            match part.key {
                "name" => name = Some(Symbol::from(part.text()?)),
                "order" => order = part.number(0..=u64::from(u16::MAX))? as u16,
                "color" => color = Some(written_color(&part)?),
                "protection" => protected = Some(protection(&part)?),
                "guard" => guard = Some(policy(&part)?),
                "labels" => {
                    for label in part.table()? {
                        rules.push(Rule::Label { key: label.key.to_owned(), value: label.text()?.to_owned() });
                    }
                }
                "namespaces" => rules.extend(patterns(&part, Rule::Namespace)?),
                "clusters" => rules.extend(patterns(&part, Rule::Cluster)?),
                "names" => rules.extend(patterns(&part, Rule::Name)?),
                _ => return Err(part.unknown("part of an environment", field::names(ENVIRONMENT))),
            }
            Ok(())
        };
        errors.extend(read().err());
    }
    let Some(name) = name else {
        return item.incomplete(errors.len() > before, "an environment has no name", "name = \"prod\"");
    };
    // What nobody gave a protection gets the one its name speaks for.
    let protection = protected.unwrap_or_else(|| Classifier::default().describe(&name).protection);
    let guard = guard.unwrap_or_else(|| GuardPolicy::conventional(protection));
    Ok(Some(EnvironmentRule { environment: Environment { name, order, protection, color, guard }, rules }))
}

fn written_color(entry: &Entry<'_, '_>) -> Result<String, ConfigError> {
    let text = entry.text()?;
    match palette::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(entry.wrong(&format!("`{text}` is no colour"), "#rrggbb or a name like magenta")),
    }
}

/// Reads the word of a protection.
pub(super) fn protection(entry: &Entry<'_, '_>) -> Result<Protection, ConfigError> {
    let text = entry.text()?;
    Protection::parse(text).ok_or_else(|| {
        let words = Protection::ALL.map(Protection::word);
        let hint = nearest(text, words).map_or_else(|| words.join(", "), str::to_owned);
        entry.wrong(&format!("there is no protection `{text}`"), hint)
    })
}

fn policy(entry: &Entry<'_, '_>) -> Result<GuardPolicy, ConfigError> {
    let text = entry.text()?;
    GuardPolicy::parse(text).ok_or_else(|| {
        let words = GuardPolicy::ALL.map(GuardPolicy::word);
        let hint = nearest(text, words).map_or_else(|| words.join(", "), str::to_owned);
        entry.wrong(&format!("there is no policy `{text}` of a guarded sync"), hint)
    })
}

fn patterns(entry: &Entry<'_, '_>, rule: fn(String) -> Rule) -> Result<Vec<Rule>, ConfigError> {
    entry.list()?.map(|pattern| pattern.text().map(|text| rule(text.to_owned()))).collect()
}
