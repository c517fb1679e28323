//! The number of replicas of a workload, read and written apart from the rest of it: the `scale` subresource.

use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::status::Failure;
use super::admit::cause;
use super::options::Address;
use super::patch::Patch;
use super::writer::{Sent, Writer};

/// The `Scale` (autoscaling/v1) of a workload.
#[must_use]
pub fn of(workload: &Value) -> Value {
    let metadata: serde_json::Map<String, Value> = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), workload["metadata"].get(field)?.clone())))
        .collect();
    let mut spec = json!({});
    let wanted = workload["spec"]["replicas"].as_i64().unwrap_or(1);
    // as Go leaves zeros out
    if wanted != 0 {
        spec["replicas"] = wanted.into();
    }
    let mut status = json!({"replicas": workload["status"]["replicas"].as_i64().unwrap_or_default()});
    let selector = selector(&workload["spec"]["selector"]);
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status})
}

/// A label selector in one line, as clients give it.
fn selector(selector: &Value) -> String {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut all: Vec<String> =
        equal.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    for one in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = one["key"].as_str().unwrap_or_default();
        let values: Vec<&str> = one["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        all.push(match one["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    all.sort_unstable();
    all.join(",")
}

impl Writer {
    /// Replaces the scale of a workload; with `metadata.resourceVersion` only at that version of the workload.
    ///
    /// # Errors
    /// When it is not there, is another version, or so many replicas cannot be.
    pub fn scale(&self, address: &Address, scale: &Value) -> Result<Value, Failure> {
        self.rescale(address, |_| Ok(scale.clone()))
    }

    /// Patches the scale of a workload.
    ///
    /// # Errors
    /// When it is not there, the patch cannot be done, or so many replicas cannot be.
    pub fn patch_scale(&self, address: &Address, patch: &Patch) -> Result<Value, Failure> {
        self.rescale(address, |mut scale| patch.onto(&mut scale).map(|()| scale))
    }

    fn rescale(
        &self,
        address: &Address,
        mut make: impl FnMut(Value) -> Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let written = self.at("scale").revise(address, Sent::Object, |live| {
            let scale = make(of(live))?;
            check(&scale, &address.name)?;
            let mut object = live.clone();
            for field in ["uid", "resourceVersion"] {
                if scale["metadata"][field].as_str().is_some_and(|said| !said.is_empty()) {
                    object["metadata"][field] = scale["metadata"][field].clone();
                }
            }
            object["spec"]["replicas"] = scale["spec"]["replicas"].as_i64().unwrap_or_default().into();
            Ok(object)
        })?;
        Ok(of(&written.object.to_value(written.kind)))
    }
}

/// Whether a scale is of this workload, and of a number that can be.
fn check(scale: &Value, workload: &str) -> Result<(), Failure> {
    let name = scale["metadata"]["name"].as_str().unwrap_or_default();
    if !name.is_empty() && name != workload {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({workload})");
        return Err(Failure::bad_request(message));
    }
    let replicas = &scale["spec"]["replicas"];
    let fits = replicas.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
    if !replicas.is_null() && !fits {
        let message = format!(
            "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {replicas} into Go struct \
             field ScaleSpec.spec.replicas of type int32"
        );
        return Err(Failure::bad_request(message));
    }
    if replicas.as_i64().is_some_and(|number| number < 0) {
        let message = format!("Invalid value: {replicas}: must be greater than or equal to 0");
        return Err(Failure::invalid(&SCALE, workload, &[cause("spec.replicas", "FieldValueInvalid", &message)]));
    }
    Ok(())
}

/// What refusals call it; it is no type that could be listed.
static SCALE: Kind = Kind::part("autoscaling", "v1", "Scale");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_tells_which_pods_are_counted() {
        let workload = json!({"metadata": {"name": "web", "namespace": "a", "labels": {"a": "b"}},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"b": "2", "a": "1"},
                "matchExpressions": [{"key": "c", "operator": "In", "values": ["x", "y"]}]}}});
        let scale = of(&workload);
        assert_eq!(scale["metadata"], json!({"name": "web", "namespace": "a"}));
        assert_eq!(scale["spec"], json!({}));
        assert_eq!(scale["status"], json!({"replicas": 0, "selector": "a=1,b=2,c in (x,y)"}));
    }
}
