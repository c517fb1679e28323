//! Changes of a YAML file that leave everything else in it as people wrote it: comments, order, quotes.

use crate::sim::scenario::Edit;

/// A change could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is not there.
    #[error("there is no file `{0}` to change")]
    NoFile(String),
    /// The file is no text.
    #[error("`{0}` is not a text file")]
    NoText(String),
    /// Nothing says what the change is.
    #[error("the edit of `{0}` says nothing; give path and value, or text, or remove = true")]
    Nothing(String),
    /// The path leads into something that is no block mapping.
    #[error("`{path}` of `{file}` cannot be set: `{key}` is not a mapping with one key a line")]
    NoMapping {
        /// The file.
        file: String,
        /// What was to be set.
        path: String,
        /// Where it ends.
        key: String,
    },
}

/// What a file holds after a change; none when it is gone.
///
/// # Errors
/// When the change cannot be made.
pub fn apply(edit: &Edit, old: Option<&[u8]>) -> Result<Option<Vec<u8>>, EditError> {
    if edit.remove {
        return old.map(|_| None).ok_or_else(|| EditError::NoFile(edit.file.clone()));
    }
    if let Some(text) = &edit.text {
        return Ok(Some(text.clone().into_bytes()));
    }
    let (Some(path), Some(value)) = (&edit.path, &edit.value) else {
        return Err(EditError::Nothing(edit.file.clone()));
    };
    let old = old.ok_or_else(|| EditError::NoFile(edit.file.clone()))?;
    let old = std::str::from_utf8(old).map_err(|_| EditError::NoText(edit.file.clone()))?;
    let keys: Vec<&str> = path.split('.').collect();
    let new = set(old, &keys, &scalar(value)).map_err(|key| EditError::NoMapping {
        file: edit.file.clone(),
        path: path.clone(),
        key,
    })?;
    Ok(Some(new.into_bytes()))
}

/// Sets a scalar; the error is the key that leads nowhere.
fn set(text: &str, keys: &[&str], value: &str) -> Result<String, String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut from = 0;
    let mut to = lines.len();
    let mut indent = 0;
    for (depth, key) in keys.iter().enumerate() {
        let last = depth + 1 == keys.len();
        let found = (from..to)
            .find(|at| lines.get(*at).is_some_and(|line| indent_of(line) == Some(indent) && key_of(line) == Some(key)));
        let Some(at) = found else {
            let mut new = Vec::new();
            for (more, key) in keys.iter().enumerate().skip(depth) {
                let pad = " ".repeat(indent + 2 * (more - depth));
                new.push(if more + 1 == keys.len() { format!("{pad}{key}: {value}") } else { format!("{pad}{key}:") });
            }
            lines.splice(to..to, new);
            break;
        };
        let line = lines.get(at).cloned().unwrap_or_default();
        let (head, rest) = line.split_once(':').unwrap_or((&line, ""));
        if last {
            let comment = rest.find(" #").map_or("", |start| &rest[start..]);
            let new = format!("{head}: {value}{comment}");
            if let Some(line) = lines.get_mut(at) {
                *line = new;
            }
            break;
        }
        if !rest.trim().is_empty() && !rest.trim().starts_with('#') {
            return Err((*key).to_owned());
        }
        from = at + 1;
        let inside = |line: &String| indent_of(line).is_none_or(|depth| depth > indent);
        to = from + lines.get(from..to).unwrap_or_default().iter().take_while(|line| inside(line)).count();
        let deeper = lines.get(from..to).unwrap_or_default().iter().find_map(|line| indent_of(line));
        indent = deeper.unwrap_or(indent + 2);
    }
    let mut text = lines.join("\n");
    text.push('\n');
    Ok(text)
}

/// Spaces before a line's text; none for an empty line or a comment.
fn indent_of(line: &str) -> Option<usize> {
    let text = line.trim_start();
    (!text.is_empty() && !text.starts_with('#')).then(|| line.len() - text.len())
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    Some(key.trim().trim_matches('"'))
}

/// A value as YAML; strings that would read as something else are quoted.
fn scalar(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => {
            let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
                && text.parse::<f64>().is_err()
                && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
            if plain { text.clone() } else { serde_json::Value::from(text.as_str()).to_string() }
        }
        toml::Value::Array(all) => format!("[{}]", all.iter().map(scalar).collect::<Vec<_>>().join(", ")),
        toml::Value::Table(all) => {
            let fields = all.iter().map(|(key, value)| format!("{key}: {}", scalar(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, path: &str, value: impl Into<toml::Value>) -> String {
        let edit = Edit {
            file: "f".to_owned(),
            path: Some(path.to_owned()),
            value: Some(value.into()),
            text: None,
            remove: false,
        };
        String::from_utf8(apply(&edit, Some(text.as_bytes())).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn only_the_value_changes() {
        let text = "# why\nimage:\n  repository: a\n  tag: 1.4.1 # pinned\nreplicas: 2\n";
        assert_eq!(after(text, "image.tag", "1.4.2"), text.replace("1.4.1", "1.4.2"));
        assert_eq!(after(text, "replicas", 3), text.replace(": 2", ": 3"));
        assert_eq!(after(text, "image.tag", "2.13"), text.replace("1.4.1", "\"2.13\""));
    }

    #[test]
    fn what_is_missing_is_added_where_it_belongs() {
        let text = "image:\n  tag: a\nreplicas: 2\n";
        assert_eq!(after(text, "image.pull", true), "image:\n  tag: a\n  pull: true\nreplicas: 2\n");
        assert_eq!(after(text, "a.b.c", "x"), "image:\n  tag: a\nreplicas: 2\na:\n  b:\n    c: x\n");
    }

    #[test]
    fn a_flow_mapping_is_refused_by_its_key() {
        let edit = Edit {
            file: "f".to_owned(),
            path: Some("image.tag".to_owned()),
            value: Some("x".into()),
            text: None,
            remove: false,
        };
        let error = apply(&edit, Some(b"image: {tag: a}\n")).unwrap_err();
        assert_eq!(error.to_string(), "`image.tag` of `f` cannot be set: `image` is not a mapping with one key a line");
    }
}
