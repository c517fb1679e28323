//! Limit ranges: what the containers of a namespace get that say nothing, and how much each may have.

use serde_json::{Value, json};

use super::super::quantity::thousandths;
use super::super::status::Failure;
use super::super::store::Store;

/// Where the server notes what it filled in.
const NOTE: &str = "kubernetes.io/limit-ranger";

/// Fills in what a new pod's containers leave out, and refuses those that have too much or too little.
///
/// # Errors
/// When a container is beyond the bounds of its namespace.
pub fn admit(store: &Store, pod: &mut Value) -> Result<(), Failure> {
    if store.len("LimitRange") == 0 {
        return Ok(());
    }
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    for range in store.list("LimitRange", Some(&namespace)) {
        let items = range["spec"]["limits"].as_array().into_iter().flatten();
        for item in items.filter(|item| item["type"] == "Container") {
            complete(pod, item);
            for list in ["initContainers", "containers"] {
                for container in pod["spec"][list].as_array().into_iter().flatten() {
                    wrong.extend(beyond(container, item));
                }
            }
        }
    }
    let sentence = match wrong.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Err(Failure::forbidden("", "pods", pod["metadata"]["name"].as_str().unwrap_or_default(), &sentence))
}

/// Writes the defaults of a range into the containers that leave them out, and says so in a note.
fn complete(pod: &mut Value, item: &Value) {
    let mut notes = Vec::new();
    for (list, called) in [("containers", "container"), ("initContainers", "init container")] {
        for container in pod.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut).into_iter().flatten() {
            for (part, default, word) in [("requests", "defaultRequest", "request"), ("limits", "default", "limit")] {
                let mut set = Vec::new();
                for (what, amount) in item[default].as_object().into_iter().flatten() {
                    if container["resources"][part][what].is_null() {
                        container["resources"][part][what] = amount.clone();
                        set.push(what.as_str());
                    }
                }
                set.sort_unstable();
                if !set.is_empty() {
                    let name = container["name"].as_str().unwrap_or_default();
                    notes.push(format!("{} {word} for {called} {name}", set.join(", ")));
                }
            }
        }
    }
    if !notes.is_empty() {
        pod["metadata"]["annotations"][NOTE] = json!(format!("LimitRanger plugin set: {}", notes.join("; ")));
    }
}

/// What a container has more or less of than a range allows, in the server's words.
fn beyond(container: &Value, item: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let of = |part: &str, what: &str| {
        let given = &container["resources"][part][what];
        Some((given.as_str()?.to_owned(), thousandths(given)?))
    };
    for (bound, word, first, second) in
        [("min", "minimum", "requests", "limits"), ("max", "maximum", "limits", "requests")]
    {
        for (what, amount) in item[bound].as_object().into_iter().flatten() {
            let Some(allowed) = thousandths(amount) else { continue };
            let rule = format!("{word} {what} usage per Container is {}", amount.as_str().unwrap_or_default());
            if of(first, what).is_none() {
                wrong.push(format!("{rule}.  No {} is specified", first.trim_end_matches('s')));
                continue;
            }
            let outside = |amount: u128| if bound == "min" { amount < allowed } else { amount > allowed };
            let found = [first, second].into_iter().find_map(|part| {
                let (given, _) = of(part, what).filter(|(_, amount)| outside(*amount))?;
                Some(format!("{rule}, but {} is {given}", part.trim_end_matches('s')))
            });
            wrong.extend(found);
        }
    }
    wrong
}
