//! Structural schemas of custom resources: which fields there are, and of which type.

use std::fmt;

use serde_json::{Value, json};

/// One step of a path into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a field.
    Field(String),
    /// Into an item of a list.
    Item(usize),
}

/// The way from the root of an object to a field, shown as in `spec.sources[0].helm`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldPath(pub Vec<Step>);

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FieldPath {
    /// What is there in an object.
    #[must_use]
    pub fn of<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(object, |at, step| match step {
            Step::Field(name) => at.get(name),
            Step::Item(index) => at.get(index),
        })
    }

    /// Removes the field from an object.
    pub fn take(&self, object: &mut Value) {
        let Some((last, parents)) = self.0.split_last() else { return };
        let parent = parents.iter().try_fold(object, |at, step| match step {
            Step::Field(name) => at.get_mut(name),
            Step::Item(index) => at.get_mut(index),
        });
        if let (Some(Value::Object(map)), Step::Field(name)) = (parent, last) {
            map.remove(name);
        }
    }

    /// The same with one step more.
    pub(super) fn with<T>(&mut self, step: Step, f: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(step);
        let out = f(self);
        self.0.pop();
        out
    }
}

/// Fields that a schema does not have.
#[must_use]
pub fn unknown(schema: &Value, object: &Value) -> Vec<FieldPath> {
    let mut out = Vec::new();
    search(schema, object, &mut FieldPath::default(), &mut out);
    out
}

fn search(schema: &Value, value: &Value, at: &mut FieldPath, out: &mut Vec<FieldPath>) {
    match value {
        Value::Object(map) => {
            let properties = schema["properties"].as_object();
            let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
            let open = schema["x-kubernetes-preserve-unknown-fields"] == true
                || schema["additionalProperties"] == true
                || at.0.is_empty() && properties.is_none();
            for (name, value) in map {
                // the server's own, whatever a schema says
                if at.0.is_empty() && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
                    continue;
                }
                at.with(Step::Field(name.clone()), |at| match properties.and_then(|p| p.get(name)).or(rest) {
                    Some(schema) => search(schema, value, at, out),
                    None if open => {}
                    None => out.push(at.clone()),
                });
            }
        }
        Value::Array(items) if schema["items"].is_object() => {
            for (index, item) in items.iter().enumerate() {
                at.with(Step::Item(index), |at| search(&schema["items"], item, at, out));
            }
        }
        _ => {}
    }
}

/// Takes away fields that are null where the schema has another type for them.
pub fn drop_nulls(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
            let of = |name: &str| schema["properties"].get(name).or(rest);
            map.retain(|name, value| !value.is_null() || of(name).is_none_or(|schema| schema["nullable"] == true));
            for (name, value) in map.iter_mut() {
                if let Some(schema) = of(name) {
                    drop_nulls(schema, value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_nulls(&schema["items"], item)),
        _ => {}
    }
}

/// What contradicts a schema: reason, message and field of each, as a `Status` lists its causes.
#[must_use]
pub fn violations(schema: &Value, object: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    check(schema, object, &mut FieldPath::default(), &mut out);
    out
}

fn check(schema: &Value, value: &Value, at: &mut FieldPath, out: &mut Vec<Value>) {
    let int_or_string = schema["x-kubernetes-int-or-string"] == true;
    if let Some(wanted) = schema["type"].as_str().filter(|_| !int_or_string)
        && !is(value, wanted)
    {
        let found = name(value);
        let message = format!("Invalid value: \"{found}\": {at} in body must be of type {wanted}: \"{found}\"");
        out.push(json!({"reason": "FieldValueTypeInvalid", "message": message, "field": at.to_string()}));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
        out.push(json!({"reason": "FieldValueNotSupported", "message": message, "field": at.to_string()}));
    }
    match value {
        Value::Object(map) => {
            for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if map.get(required).is_none_or(Value::is_null) {
                    let field = at.with(Step::Field(required.to_owned()), |at| at.to_string());
                    out.push(json!({"reason": "FieldValueRequired", "message": "Required value", "field": field}));
                }
            }
            for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
                if let Some(schema) = schema["properties"].get(name).or(rest) {
                    at.with(Step::Field(name.clone()), |at| check(schema, value, at, out));
                }
            }
        }
        Value::Array(items) if schema["items"].is_object() => {
            for (index, item) in items.iter().enumerate() {
                at.with(Step::Item(index), |at| check(&schema["items"], item, at, out));
            }
        }
        _ => {}
    }
}

fn is(value: &Value, wanted: &str) -> bool {
    match wanted {
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|f| f.fract() == 0.0),
        "number" => value.is_number(),
        wanted => name(value) == wanted,
    }
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "required": ["spec"], "properties": {"spec": {"type": "object", "required": ["project"],
        "properties": {
            "project": {"type": "string"}, "limit": {"type": "integer"}, "open": {"type": "object",
                "x-kubernetes-preserve-unknown-fields": true},
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        }}}})
    }

    #[test]
    fn unknown_fields_are_found_and_taken() {
        let mut object = json!({"metadata": {"x": 1}, "spec": {"project": "p", "no": 1, "open": {"any": 1},
            "list": [{"a": ""}, {"b": 1}]}});
        let found = unknown(&schema(), &object);
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["spec.list[1].b", "spec.no"]);
        for path in &found {
            path.take(&mut object);
        }
        assert!(unknown(&schema(), &object).is_empty());
        assert_eq!(object["spec"]["open"]["any"], 1);
    }

    #[test]
    fn types_and_required_fields_are_checked() {
        let wrong = violations(&schema(), &json!({"spec": {"limit": "many"}}));
        assert_eq!(wrong[0]["field"], "spec.project");
        assert_eq!(
            wrong[1]["message"],
            "Invalid value: \"string\": spec.limit in body must be of type integer: \"string\""
        );
        assert!(violations(&schema(), &json!({"spec": {"limit": 1.0, "project": "p"}})).is_empty());
    }
}
