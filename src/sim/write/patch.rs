//! JSON patches (RFC 6902) and merge patches (RFC 7386).

use serde_json::Value;

use super::super::status::Failure;
use super::strategic;

/// A patch as a client sends it.
#[derive(Debug, Clone)]
pub enum Patch {
    /// A list of operations.
    Json(Vec<Value>),
    /// An object laid over the other.
    Merge(Value),
    /// An object laid over the other by the rules of its type; not for custom resources.
    Strategic(Value),
}

impl Patch {
    /// Lays the patch over an object.
    ///
    /// # Errors
    /// When an operation of a JSON patch cannot be done; the object is then half patched.
    pub fn onto(&self, object: &mut Value) -> Result<(), Failure> {
        match self {
            Self::Json(operations) => json(object, operations).map_err(|_| Failure::unprocessable())?,
            Self::Merge(patch) => merge(object, patch),
            Self::Strategic(patch) => strategic::merge(object, patch),
        }
        Ok(())
    }
}

/// Why a JSON patch cannot be applied; servers do not tell their clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonPatchError {
    /// A path leads nowhere.
    #[error("a path of the patch leads nowhere")]
    Missing,
    /// A value is not what `test` says.
    #[error("a test of the patch failed")]
    TestFailed,
    /// Not an operation.
    #[error("an operation of the patch is none")]
    Unknown,
}

/// Lays a merge patch over an object.
pub fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        patch.clone_into(target);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// Does the operations of a JSON patch in order.
///
/// # Errors
/// When an operation cannot be done; the object is then half patched.
pub fn json(target: &mut Value, operations: &[Value]) -> Result<(), JsonPatchError> {
    for operation in operations {
        let text = |field: &str| operation[field].as_str().ok_or(JsonPatchError::Unknown);
        let path = pointer(text("path")?)?;
        match text("op")? {
            "add" => add(target, &path, operation["value"].clone())?,
            "remove" => drop(remove(target, &path)?),
            "replace" => *find(target, &path)? = operation["value"].clone(),
            "test" => {
                // a field that is absent is as good as null
                let there = find(target, &path).map_or(Value::Null, |v| v.clone());
                if there != operation["value"] {
                    return Err(JsonPatchError::TestFailed);
                }
            }
            "move" => {
                let value = remove(target, &pointer(text("from")?)?)?;
                add(target, &path, value)?;
            }
            "copy" => {
                let value = find(target, &pointer(text("from")?)?)?.clone();
                add(target, &path, value)?;
            }
            _ => return Err(JsonPatchError::Unknown),
        }
    }
    Ok(())
}

fn pointer(text: &str) -> Result<Vec<String>, JsonPatchError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let rest = text.strip_prefix('/').ok_or(JsonPatchError::Missing)?;
    Ok(rest.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
}

fn find<'a>(target: &'a mut Value, path: &[String]) -> Result<&'a mut Value, JsonPatchError> {
    path.iter().try_fold(target, |at, segment| match at {
        Value::Object(map) => map.get_mut(segment).ok_or(JsonPatchError::Missing),
        Value::Array(items) => {
            let index: usize = segment.parse().map_err(|_| JsonPatchError::Missing)?;
            items.get_mut(index).ok_or(JsonPatchError::Missing)
        }
        _ => Err(JsonPatchError::Missing),
    })
}

fn add(target: &mut Value, path: &[String], value: Value) -> Result<(), JsonPatchError> {
    let Some((last, parents)) = path.split_last() else {
        *target = value;
        return Ok(());
    };
    match find(target, parents)? {
        Value::Object(map) => drop(map.insert(last.clone(), value)),
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let index: usize = last.parse().map_err(|_| JsonPatchError::Missing)?;
            if index > items.len() {
                return Err(JsonPatchError::Missing);
            }
            items.insert(index, value);
        }
        _ => return Err(JsonPatchError::Missing),
    }
    Ok(())
}

fn remove(target: &mut Value, path: &[String]) -> Result<Value, JsonPatchError> {
    let (last, parents) = path.split_last().ok_or(JsonPatchError::Missing)?;
    match find(target, parents)? {
        Value::Object(map) => map.remove(last).ok_or(JsonPatchError::Missing),
        Value::Array(items) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => Ok(items.remove(index)),
            _ => Err(JsonPatchError::Missing),
        },
        _ => Err(JsonPatchError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json as j;

    use super::*;

    fn done(start: Value, operations: &Value) -> Result<Value, JsonPatchError> {
        let mut value = start;
        json(&mut value, operations.as_array().unwrap())?;
        Ok(value)
    }

    #[test]
    fn operations_do_what_the_standard_says() {
        let start = j!({"a": {"b/c": 1, "list": [1, 2]}});
        let all = j!([
            {"op": "test", "path": "/a/b~1c", "value": 1},
            {"op": "test", "path": "/operation", "value": null},
            {"op": "add", "path": "/a/list/1", "value": 9},
            {"op": "add", "path": "/a/list/-", "value": 3},
            {"op": "move", "from": "/a/b~1c", "path": "/d"},
            {"op": "copy", "from": "/d", "path": "/e"},
            {"op": "replace", "path": "/d", "value": {}},
            {"op": "remove", "path": "/a/list/0"},
        ]);
        assert_eq!(done(start, &all).unwrap(), j!({"a": {"list": [9, 2, 3]}, "d": {}, "e": 1}));
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (operation, error) in [
            (j!({"op": "test", "path": "/a", "value": 2}), JsonPatchError::TestFailed),
            (j!({"op": "remove", "path": "/b"}), JsonPatchError::Missing),
            (j!({"op": "replace", "path": "/b", "value": 1}), JsonPatchError::Missing),
            (j!({"op": "add", "path": "/b/c", "value": 1}), JsonPatchError::Missing),
            (j!({"op": "frobnicate", "path": "/a"}), JsonPatchError::Unknown),
        ] {
            assert_eq!(done(j!({"a": 1}), &j!([operation])), Err(error));
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3_i64).prop_map(Value::from)];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_merge_patch_done_twice_is_done_once(start in value(), patch in value()) {
            let mut once = start;
            merge(&mut once, &patch);
            let mut twice = once.clone();
            merge(&mut twice, &patch);
            prop_assert_eq!(once, twice);
        }
    }
}
