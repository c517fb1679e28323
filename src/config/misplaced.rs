//! Lines under the wrong heading: where one is missing, every line below it is wrong for one reason, which is said once.

use toml::de::{DeTable, DeValue};

use super::error::ConfigError;

/// A line of a file, as it stands alone.
pub(super) struct Stray<'l> {
    /// The heading it stands under, as it is written; empty before the first.
    pub under: &'l str,
    /// Its key.
    pub key: &'l str,
    /// Its value.
    pub value: &'l DeValue<'l>,
}

/// Lines that would all be right under the same headings.
struct Group {
    /// Places of their errors.
    errors: Vec<usize>,
    homes: Vec<String>,
    key: String,
}

/// Makes one error of those about two or more lines of a section that would all be right under one other heading;
/// `homes` names the headings a line would be right under, the likeliest first.
pub(super) fn fold(text: &str, errors: &mut Vec<ConfigError>, homes: impl Fn(&Stray<'_>) -> Vec<String>) {
    errors.sort_by_key(|error| error.line);
    let mut under = "";
    let mut groups: Vec<(&str, Group)> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('[') {
            under = line.split('#').next().unwrap_or_default().trim();
            continue;
        }
        let Some(place) = errors.iter().position(|error| error.line == n + 1 && error.until == error.line) else {
            continue;
        };
        let Ok(table) = DeTable::parse(line) else { continue };
        let Some((key, value)) = table.get_ref().iter().next() else { continue };
        let key = key.get_ref().as_ref();
        let homes = homes(&Stray { under, key, value: value.get_ref() });
        match groups.last_mut().filter(|(section, _)| *section == under) {
            Some((_, group)) if group.homes.iter().any(|home| homes.contains(home)) => {
                group.homes.retain(|home| homes.contains(home));
                group.errors.push(place);
            }
            _ if homes.is_empty() => {}
            _ => groups.push((under, Group { errors: vec![place], homes, key: key.to_owned() })),
        }
    }
    for (under, Group { errors: places, homes, key }) in groups {
        let (Some([first, .., last]), Some(home)) = (places.get(..).filter(|all| all.len() > 1), homes.first()) else {
            continue;
        };
        let until = errors[*last].line;
        let more = places.len() - 1;
        let stand = if under.is_empty() { "before the first heading" } else { under };
        let under = if under.is_empty() { "" } else { "under " };
        let error = &mut errors[*first];
        error.message = format!("`{key}` and {more} more below it stand {under}{stand} and mean nothing there");
        error.hint = format!("put {home} above line {}", error.line);
        error.until = until;
    }
}
