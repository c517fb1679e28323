//! Our entry in an editor's `launch.json`, and nothing else of it: comments, order, commas, line ends and the entries of
//! others stay as they are, byte for byte.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstObject, CstRootNode};
use thiserror::Error;

use super::card::Card;
use super::folder::Folders;
use super::port::Kind;

/// A folder of the workspace and the folder of the pod it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// On the laptop.
    pub local: String,
    /// In the pod.
    pub remote: String,
}

/// What an editor attaches by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What it attaches to.
    pub kind: Kind,
    /// The local port.
    pub port: u16,
    /// Which folders are which.
    pub mapped: Vec<Mapped>,
}

/// The folder an editor has open.
const WORKSPACE: &str = "${workspaceFolder}";

/// Why a file is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {why}; the file is left as it is")]
pub struct LaunchError {
    /// Counted from one.
    pub line: usize,
    /// Counted from one.
    pub column: usize,
    /// What is wrong there.
    pub why: String,
}

/// What editors read: comments and a comma behind the last, and nothing else beyond JSON.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

impl Entry {
    /// The entry of a card. Folders are mapped as the settings say, else the service's own folder of the workspace, or all
    /// of it, to where the process works.
    #[must_use]
    pub fn of(card: &Card, port: u16, folders: &Folders) -> Self {
        let (service, environment) = (card.service.to_string(), card.environment.to_string());
        let mut mapped = folders.set_for(card);
        if mapped.is_empty() {
            let has_own = folders.own.contains(&service);
            let local = if has_own { format!("{WORKSPACE}/{service}") } else { WORKSPACE.to_owned() };
            // where images of both kinds put what they run, unless they say another
            let remote = folders.workdir(card).unwrap_or_else(|| "/app".to_owned());
            mapped.push(Mapped { local, remote });
        }
        Self { service, environment, kind: card.port.kind, port, mapped }
    }

    /// How it is called in the editor.
    #[must_use]
    pub fn name(&self) -> String {
        format!("Attach: {} ({})", self.service, self.environment)
    }

    /// How the entry that attaches to all of the environment is called.
    #[must_use]
    pub fn compound(&self) -> String {
        format!("Attach: all ({})", self.environment)
    }

    /// What has to be so each time: the rest of an entry is a person's own once it is there.
    fn settled(&self) -> Vec<(String, CstInputValue)> {
        let text = |text: &str| CstInputValue::String(text.to_owned());
        let port = CstInputValue::Number(self.port.to_string());
        let own = |name: &str, value| (name.to_owned(), value);
        match self.kind {
            Kind::Python => vec![
                own("type", text("debugpy")),
                own("request", text("attach")),
                own("connect", CstInputValue::Object(vec![own("host", text("127.0.0.1")), own("port", port)])),
            ],
            Kind::Node => vec![
                own("type", text("node")),
                own("request", text("attach")),
                own("address", text("127.0.0.1")),
                own("port", port),
            ],
        }
    }

    /// What is proposed where nothing is said.
    fn proposed(&self) -> Vec<(String, CstInputValue)> {
        let text = |text: &str| CstInputValue::String(text.to_owned());
        let own = |name: &str, value| (name.to_owned(), value);
        match self.kind {
            Kind::Python => {
                let mapped = self.mapped.iter().map(|mapped| {
                    CstInputValue::Object(vec![
                        own("localRoot", text(&mapped.local)),
                        own("remoteRoot", text(&mapped.remote)),
                    ])
                });
                vec![
                    own("pathMappings", CstInputValue::Array(mapped.collect())),
                    own("justMyCode", CstInputValue::Bool(false)),
                ]
            }
            Kind::Node => {
                let roots = self
                    .mapped
                    .first()
                    .map(|mapped| [own("localRoot", text(&mapped.local)), own("remoteRoot", text(&mapped.remote))]);
                // it attaches again by itself when the pod was replaced
                roots.into_iter().flatten().chain([own("restart", CstInputValue::Bool(true))]).collect()
            }
        }
    }

    fn whole(&self) -> CstInputValue {
        let name = ("name".to_owned(), CstInputValue::String(self.name()));
        CstInputValue::Object(std::iter::once(name).chain(self.settled()).chain(self.proposed()).collect())
    }

    /// The entry alone, as text.
    #[must_use]
    pub fn text(&self) -> String {
        let merged = merge("", self).unwrap_or_default();
        let Ok(root) = CstRootNode::parse(&merged, &STRICT) else { return merged };
        let configurations = root.object_value().and_then(|root| root.array_value("configurations"));
        let entry = configurations.and_then(|all| all.elements().into_iter().next());
        let text = entry.map(|entry| entry.to_string()).unwrap_or_default();
        // it stood two steps in
        text.replace("\n    ", "\n")
    }
}

/// The text of a launch.json with our entry in it: as it was, where the entry is there and right already. An empty text
/// becomes a whole file. Where an environment has several of our entries, a compound starts them together.
///
/// # Errors
/// When the text is no launch.json, with the place.
pub fn merge(text: &str, entry: &Entry) -> Result<String, LaunchError> {
    let (mark, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let broken = |error: jsonc_parser::errors::ParseError| LaunchError {
        line: error.line_display(),
        column: error.column_display(),
        why: error.kind().to_string().to_lowercase(),
    };
    let root = CstRootNode::parse(body, &STRICT).map_err(broken)?;
    let is_new = root.value().is_none();
    let wrong = |why: &str| LaunchError { line: 1, column: 1, why: why.to_owned() };
    let object = match root.value() {
        None => root.object_value_or_set(),
        Some(value) => value.as_object().ok_or_else(|| wrong("a launch.json is an object"))?,
    };
    if is_new {
        object.append("version", CstInputValue::String("0.2.0".to_owned()));
    }
    let configurations = list(&object, "configurations", body)?;
    match named(&configurations, &entry.name()) {
        Some(there) => settle(&there, entry),
        None => drop(configurations.append(entry.whole())),
    }
    gather(&object, &configurations, entry, body)?;
    let mut merged = format!("{mark}{root}");
    if is_new && !merged.ends_with('\n') {
        merged.push('\n');
    }
    Ok(merged)
}

/// The list of this name, made where it is not there.
fn list(object: &CstObject, name: &str, text: &str) -> Result<CstArray, LaunchError> {
    let place = || {
        let at = text.find(&format!("\"{name}\"")).unwrap_or_default();
        let line = text[..at].matches('\n').count() + 1;
        (line, at - text[..at].rfind('\n').map_or(0, |end| end + 1) + 1)
    };
    let wrong = |why: String| {
        let (line, column) = place();
        LaunchError { line, column, why }
    };
    let all = object.properties();
    let count = all.iter().filter(|property| property.decoded_name().as_deref() == Some(name)).count();
    if count > 1 {
        return Err(wrong(format!("`{name}` is there {count} times")));
    }
    match object.get(name) {
        None => Ok(object.array_value_or_set(name)),
        Some(property) => property.array_value().ok_or_else(|| wrong(format!("`{name}` is no list"))),
    }
}

fn named(list: &CstArray, name: &str) -> Option<CstObject> {
    list.elements()
        .into_iter()
        .filter_map(|element| element.as_object())
        .find(|object| text_of(object, "name").as_deref() == Some(name))
}

fn text_of(object: &CstObject, property: &str) -> Option<String> {
    object.get(property)?.value()?.as_string_lit()?.decoded_value().ok()
}

/// Sets what has to be so, and proposes what nobody has said.
fn settle(there: &CstObject, entry: &Entry) {
    for (name, value) in entry.settled() {
        set(there, &name, value);
    }
    for (name, value) in entry.proposed() {
        if there.get(&name).is_none() {
            there.append(&name, value);
        }
    }
}

fn set(object: &CstObject, name: &str, value: CstInputValue) {
    let Some(property) = object.get(name) else {
        object.append(name, value);
        return;
    };
    match (value, property.object_value()) {
        // within an object only what is ours
        (CstInputValue::Object(parts), Some(inner)) => {
            for (name, value) in parts {
                set(&inner, &name, value);
            }
        }
        (value, _) => {
            if !is(&property, &value) {
                property.set_value(value);
            }
        }
    }
}

fn is(property: &jsonc_parser::cst::CstObjectProp, value: &CstInputValue) -> bool {
    let Some(there) = property.value() else { return false };
    match value {
        CstInputValue::String(text) => {
            there.as_string_lit().and_then(|there| there.decoded_value().ok()).as_deref() == Some(text)
        }
        CstInputValue::Number(number) => there.as_number_lit().is_some_and(|there| there.to_string() == *number),
        _ => false,
    }
}

/// Adds the entry to the compound of its environment, where that is there or there is more than one to start.
fn gather(object: &CstObject, configurations: &CstArray, entry: &Entry, text: &str) -> Result<(), LaunchError> {
    let ending = format!(" ({})", entry.environment);
    let ours: Vec<String> = configurations
        .elements()
        .into_iter()
        .filter_map(|element| text_of(&element.as_object()?, "name"))
        .filter(|name| name.starts_with("Attach: ") && name.ends_with(&ending))
        .collect();
    let there = match object.get("compounds") {
        Some(_) => named(&list(object, "compounds", text)?, &entry.compound()),
        None => None,
    };
    if let Some(compound) = there {
        let members = list(&compound, "configurations", text)?;
        let has = |name: &str| {
            let texts =
                members.elements().into_iter().filter_map(|member| member.as_string_lit()?.decoded_value().ok());
            texts.into_iter().any(|member| member == name)
        };
        if !has(&entry.name()) {
            members.append(CstInputValue::String(entry.name()));
        }
    } else if ours.len() > 1 {
        let text_of = |text: String| CstInputValue::String(text);
        list(object, "compounds", text)?.append(CstInputValue::Object(vec![
            ("name".to_owned(), text_of(entry.compound())),
            ("configurations".to_owned(), CstInputValue::Array(ours.into_iter().map(text_of).collect())),
        ]));
    }
    Ok(())
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
