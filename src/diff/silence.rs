//! The rule that would make Argo CD ignore a field.

use crate::domain::{FieldPath, ObjectName};

/// An entry of an Application's `spec.ignoreDifferences` for one field, as YAML.
#[must_use]
pub fn ignore_entry(object: &ObjectName, path: &FieldPath) -> String {
    let mut out = String::from("ignoreDifferences:\n- ");
    if !object.group.is_empty() {
        out.push_str(&format!("group: {}\n  ", object.group));
    }
    out.push_str(&format!("kind: {}\n  name: {}\n", object.kind, object.name));
    if !object.namespace.is_empty() {
        out.push_str(&format!("  namespace: {}\n", object.namespace));
    }
    match path.pointer() {
        Some(pointer) => out.push_str(&format!("  jsonPointers:\n  - {}\n", quoted(&pointer))),
        None => out.push_str(&format!("  jqPathExpressions:\n  - {}\n", quoted(&path.jq()))),
    }
    out
}

fn quoted(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.~".contains(c)) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Step;

    #[test]
    fn the_entry_names_object_and_field() {
        let object = ObjectName {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            namespace: "prod".into(),
            name: "api".into(),
        };
        let replicas = FieldPath(vec![Step::key("spec"), Step::key("replicas")]);
        let wanted = "ignoreDifferences:\n- group: apps\n  kind: Deployment\n  name: api\n  namespace: prod\n  \
                      jsonPointers:\n  - /spec/replicas\n";
        assert_eq!(ignore_entry(&object, &replicas), wanted);
        let name = Step::Item(vec![("name".into(), "api".into())]);
        let image = FieldPath(vec![Step::key("spec"), Step::key("containers"), name, Step::key("image")]);
        let entry = ignore_entry(&object, &image);
        assert!(entry.ends_with("- '.spec.containers[] | select(.name == \"api\") | .image'\n"), "{entry}");
    }
}
