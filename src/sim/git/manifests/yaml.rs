//! Files of several YAML documents.

use serde_json::Value;

/// The objects of a text; those of a `List` one by one, empty documents none.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn objects(text: &str) -> Result<Vec<Value>, String> {
    let mut objects = Vec::new();
    for document in serde_saphyr::from_multiple::<Value>(text).map_err(|error| error.to_string())? {
        let is_list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match document {
            Value::Null => {}
            Value::Object(mut list) if is_list && list.get("items").is_some_and(Value::is_array) => {
                if let Some(Value::Array(items)) = list.remove("items") {
                    objects.extend(items);
                }
            }
            object => objects.push(object),
        }
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_become_objects() {
        let text = "---\n# Source: a\nkind: A\n---\n---\nkind: List\nitems: [{kind: B}, {kind: C}]\n---\n# nothing\n";
        let kinds: Vec<Value> = objects(text).unwrap().iter().map(|object| object["kind"].clone()).collect();
        assert_eq!(kinds, ["A", "B", "C"]);
        assert!(objects("a: [").is_err());
    }
}
