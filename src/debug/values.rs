//! The change in Git that has a debugger listen: `debug: true` in the values an environment lays over the chart's.

use serde_json::Value;

use super::difference::difference;
use crate::domain::text::clean;

/// What to change, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The repository.
    pub repository: String,
    /// The branch that is deployed.
    pub revision: String,
    /// The file, from the repository's root.
    pub file: String,
    /// What changes in it, a line each; empty where the file is not here to be read.
    pub change: Vec<String>,
}

impl Values {
    /// The values file of an Application that its environment has for itself: the last of its chart's. None when it has
    /// none, or one that is not in its repository.
    #[must_use]
    pub fn of(app: &Value) -> Option<Self> {
        let source = &app["spec"]["source"];
        let text = |value: &Value| value.as_str().map(|text| clean(text).into_owned());
        let named = source["helm"]["valueFiles"].as_array()?.iter().rev().find_map(text)?;
        let file = joined(&text(&source["path"]).unwrap_or_default(), &named)?;
        let revision = text(&source["targetRevision"]).unwrap_or_else(|| "HEAD".to_owned());
        let values = Self { repository: text(&source["repoURL"])?, revision, file, change: Vec::new() };
        is_plain(&values.revision).then_some(values)
    }

    /// The same with what would change in the file; `before` is its text.
    #[must_use]
    pub fn within(mut self, before: &str) -> Self {
        let after = switched(before);
        self.change =
            difference(before, &after).into_iter().map(|(sign, line)| format!("{sign} {}", clean(line))).collect();
        self
    }

    /// The commands that bring it into Git; nothing here pushes.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let Self { revision, file, .. } = self;
        let edit = if self.change.is_empty() {
            format!("$EDITOR {file}   # debug: true")
        } else {
            format!("sed -i -e '/^debug:/d' -e '$a debug: true' {file}")
        };
        vec![
            format!("git switch {revision} && git pull"),
            edit,
            format!("git commit -m 'Debug in this environment' {file} && git push"),
        ]
    }
}

/// A file as a folder of the repository names it; none when that leads out of the repository or to somewhere else.
fn joined(folder: &str, file: &str) -> Option<String> {
    if file.contains("://") || file.starts_with('$') {
        return None;
    }
    let mut parts: Vec<&str> = if file.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty() && *part != ".");
    let path = parts.join("/");
    is_plain(&path).then_some(path)
}

/// Whether a word means itself in a command line, where it is shown.
fn is_plain(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !word.is_empty() && !word.starts_with('-') && word.bytes().all(is_plain)
}

/// The values with the debugger on; everything else stays as it is.
fn switched(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("debug:")).collect();
    lines.push("debug: true");
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn app(path: &str, files: &[&str]) -> Value {
        json!({"spec": {"source": {"repoURL": "https://git/x.git", "targetRevision": "main", "path": path,
            "helm": {"valueFiles": files}}}})
    }

    #[test]
    fn the_file_of_the_environment_is_found_and_nothing_outside_of_the_repository() {
        let file = |path: &str, files: &[&str]| Values::of(&app(path, files)).map(|values| values.file);
        let overlay = "../../overlays/dev/backend.yaml";
        assert_eq!(
            file("helm/charts/backend", &["values.yaml", overlay]).as_deref(),
            Some("helm/overlays/dev/backend.yaml")
        );
        assert_eq!(file("a", &["/values/dev.yaml"]).as_deref(), Some("values/dev.yaml"));
        for odd in ["../../x.yaml", "$values/dev.yaml", "https://x/y.yaml", "a; rm -rf x"] {
            assert_eq!(file("a", &[odd]), None, "{odd}");
        }
        assert_eq!(file("a", &[]), None);
    }

    #[test]
    fn the_change_is_one_line_and_commands_bring_it_there() {
        let values = Values::of(&app("c", &["dev.yaml"])).unwrap();
        assert_eq!(values.commands()[1], "$EDITOR c/dev.yaml   # debug: true");
        let values = values.within("image:\n  tag: \"1\"\ndebug: false\nreplicas: 1\n");
        assert!(values.change.contains(&"- debug: false".to_owned()), "{:?}", values.change);
        assert!(values.change.contains(&"+ debug: true".to_owned()), "{:?}", values.change);
        assert_eq!(values.change.iter().filter(|line| line.starts_with(['+', '-'])).count(), 2);
        assert!(values.commands()[1].contains("c/dev.yaml"));
    }
}
