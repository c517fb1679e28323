//! Folders of plain YAML or JSON files.

use super::yaml;
use crate::sim::argocd::SourceError;
use crate::sim::manifest::meta::text;
use serde_json::Value;
use std::collections::BTreeMap;

/// The objects of a folder's files, as `directory` of the source wants them.
pub(super) fn objects(source: &Value, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Value>, SourceError> {
    let options = &source["directory"];
    let mut objects = Vec::new();
    for (path, content) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let kind = name.rsplit('.').next().unwrap_or_default();
        let wanted = ["yaml", "yml", "json"].contains(&kind)
            && (options["recurse"] == true || !path.contains('/'))
            && (text(options, "/include").is_empty() || matches(text(options, "/include"), path))
            && (text(options, "/exclude").is_empty() || !matches(text(options, "/exclude"), path));
        if wanted {
            let words = |error: String| SourceError::Render(format!("Failed to unmarshal \"{name}\": {error}"));
            objects.extend(yaml::objects(&String::from_utf8_lossy(content)).map_err(words)?);
        }
    }
    Ok(objects)
}

/// `{a,b}` is either, `*` anything but a slash.
fn matches(pattern: &str, path: &str) -> bool {
    if let (Some(open), Some(close)) = (pattern.find('{'), pattern.find('}'))
        && open < close
    {
        let (before, after) = (&pattern[..open], &pattern[close + 1..]);
        return pattern[open + 1..close].split(',').any(|one| matches(&format!("{before}{one}{after}"), path));
    }
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| {
            let end = rest.find('/').unwrap_or(rest.len());
            (0..=end).any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn folders_are_read_as_the_source_wants() {
        let files: BTreeMap<String, Vec<u8>> = [
            ("a.yaml", "kind: A\n---\nkind: B\n"),
            ("deep/c.yml", "kind: C\n"),
            ("d.json", "{\"kind\": \"D\"}"),
            ("README.md", "# no: [manifest"),
        ]
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .collect();
        let kinds = |source: Value| -> String {
            objects(&source, &files).unwrap().iter().map(|object| object["kind"].as_str().unwrap()).collect()
        };
        assert_eq!(kinds(json!({})), "ABD");
        assert_eq!(kinds(json!({"directory": {"recurse": true}})), "ABDC");
        assert_eq!(kinds(json!({"directory": {"recurse": true, "include": "{deep/*,d.json}"}})), "DC");
        assert_eq!(kinds(json!({"directory": {"exclude": "a*"}})), "D");
    }
}
