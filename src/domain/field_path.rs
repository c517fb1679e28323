//! Where in an object a field is, as people name it: `spec.template.spec.containers[api].image`.

use std::fmt;

use super::Symbol;

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A field of a map.
    Key(Symbol),
    /// The item of a list whose merge keys have these values, in the order of the keys: name and value.
    Item(Vec<(Symbol, Symbol)>),
    /// The item at this place of a list without merge keys.
    Index(usize),
    /// Not a field: the order of a list's items.
    Order,
}

impl Step {
    /// A field of a map.
    #[must_use]
    pub fn key(name: &str) -> Self {
        Self::Key(name.into())
    }
}

/// Steps from the root of an object to a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// Whether this is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// As a JSON pointer, where every step of it is a field of a map.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        let mut out = String::new();
        for step in &self.0 {
            let Step::Key(name) = step else { return None };
            out.push('/');
            out.push_str(&name.replace('~', "~0").replace('/', "~1"));
        }
        Some(out)
    }

    /// As an expression of jq.
    #[must_use]
    pub fn jq(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut out = String::new();
        for step in &self.0 {
            match step {
                Step::Key(name) if is_plain(name) => out.push_str(&format!(".{}", name.as_str())),
                Step::Key(name) if out.is_empty() => out.push_str(&format!(".[{}]", quoted(name))),
                Step::Key(name) => out.push_str(&format!("[{}]", quoted(name))),
                Step::Item(keys) => {
                    let tests = keys.iter().map(|(key, value)| {
                        // ports are numbers in the object and words here
                        let is_number = value.parse::<u64>().is_ok() && key.to_lowercase().contains("port");
                        let value = if is_number { value.to_string() } else { quoted(value) };
                        format!(".{} == {value}", key.as_str())
                    });
                    out.push_str(&format!("[] | select({}) | ", tests.collect::<Vec<_>>().join(" and ")));
                }
                Step::Index(at) => out.push_str(&format!("[{at}]")),
                Step::Order => {}
            }
        }
        out.trim_end_matches(" | ").replace("| [", "| .[")
    }
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if name.contains(['.', '[', ']', ' ', '"']) || name.is_empty() => {
                    write!(f, "[\"{}\"]", name.as_str())?;
                }
                Step::Key(name) => write!(f, "{}{}", if n == 0 { "" } else { "." }, name.as_str())?,
                Step::Item(keys) => {
                    let values: Vec<&str> = keys.iter().map(|(_, value)| value.as_str()).collect();
                    write!(f, "[{}]", values.join("/"))?;
                }
                Step::Index(at) => write!(f, "[{at}]")?,
                Step::Order => f.write_str(".(order)")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_say_it_and_as_tools_take_it() {
        let name = |value: &str| Step::Item(vec![("name".into(), value.into())]);
        let image = FieldPath(vec![Step::key("spec"), Step::key("containers"), name("api"), Step::key("image")]);
        assert_eq!(image.to_string(), "spec.containers[api].image");
        assert_eq!(image.pointer(), None);
        assert_eq!(image.jq(), r#".spec.containers[] | select(.name == "api") | .image"#);
        let note = FieldPath(vec![Step::key("metadata"), Step::key("annotations"), Step::key("a.b/c~d")]);
        assert_eq!(note.to_string(), r#"metadata.annotations["a.b/c~d"]"#);
        assert_eq!(note.pointer().as_deref(), Some("/metadata/annotations/a.b~1c~0d"));
        assert_eq!(note.jq(), r#".metadata.annotations["a.b/c~d"]"#);
        let port = Step::Item(vec![("containerPort".into(), "8000".into()), ("protocol".into(), "TCP".into())]);
        let port = FieldPath(vec![Step::key("ports"), port]);
        assert_eq!(port.to_string(), "ports[8000/TCP]");
        assert_eq!(port.jq(), r#".ports[] | select(.containerPort == 8000 and .protocol == "TCP")"#);
    }
}
