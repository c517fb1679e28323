//! Any two states of an Application, object by object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::desired::{Unmasked, Ways, desired};
use super::kube::ReadError;
use super::rendered::{hooks, named, phases, rendered};
use crate::domain::{AppKey, Desired, Lack, ObjectName, Pair, Rung, State, Symbol, Versus};

/// Kinds without a namespace that Applications often have.
const CLUSTER_WIDE: [&str; 11] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "PersistentVolume",
    "StorageClass",
    "PriorityClass",
    "IngressClass",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
];
/// Marks Argo CD puts on objects, which say whose they are.
const MARKS: [(&str, &str); 3] = [
    ("annotations", "argocd.argoproj.io/tracking-id"),
    ("annotations", "deployment.kubernetes.io/revision"),
    ("labels", "app.kubernetes.io/instance"),
];
/// What a cluster gives an object of its own, below `spec`.
const GIVEN: [&str; 4] = ["clusterIP", "clusterIPs", "volumeName", "healthCheckNodePort"];
/// What Argo CD shows for the value of a Secret.
const HIDDEN: &str = "++++++++";
const UNTOLD: &str =
    "what Secrets hold was masked by Argo CD, on each side for itself: whether it changed cannot be told";

/// Reads both sides of a comparison; `other` is the way to the other Application, where one of them is one.
///
/// # Errors
/// When a side cannot be read, or nobody renders it; [`ReadError::Missing`] when there is no such thing.
pub async fn compared(ways: &Ways, other: Option<&Ways>, versus: &Versus) -> Result<Unmasked, ReadError> {
    let Versus { wanted, base } = versus;
    let told = match (wanted, base) {
        (State::Git, State::Live) => desired(ways).await,
        (State::Sync(revision), State::Live) if revision.is_empty() => with_hooks(ways, wanted).await,
        (State::Sync(_) | State::Deployment(_) | State::Revision(_), State::Live) => on_live(ways, wanted).await,
        (State::App(app), State::Git | State::Live) => twins(find(ways, other, app)?, ways, base).await,
        _ => two(ways, other, versus).await,
    };
    told.map(Unmasked)
}

fn find<'w>(ways: &'w Ways, other: Option<&'w Ways>, app: &AppKey) -> Result<&'w Ways, ReadError> {
    let found = [Some(ways), other].into_iter().flatten().find(|ways| ways.app == *app);
    found.ok_or_else(|| ReadError::Missing(format!("{} is gone", app.name)))
}

async fn with_hooks(ways: &Ways, wanted: &State) -> Result<Desired, ReadError> {
    let mut told = desired(ways).await?;
    if ways.server.is_none() {
        told.notes.push("hooks are those of the last operation: only argocd-server tells which ones Git has".into());
        return Ok(told);
    }
    match rendered(ways, wanted).await {
        Ok(rendered) => told.hooks = Some(hooks(&rendered.manifests)),
        Err(error) => told.notes.push(format!("hooks are not known: {error}").into()),
    }
    Ok(told)
}

/// What runs, and what it would be.
async fn on_live(ways: &Ways, wanted: &State) -> Result<Desired, ReadError> {
    let rendered = rendered(ways, wanted).await?;
    let now = desired(ways).await?;
    let mut rest: Vec<Option<Pair>> = now.pairs.into_iter().filter(|pair| !pair.hook).map(Some).collect();
    let mut pairs = Vec::with_capacity(rest.len());
    let mut untold = false;
    for mut manifest in rendered.manifests.iter().filter(|one| phases(one).is_empty()).cloned() {
        plain(&mut manifest);
        let object = placed(&mut manifest, &ways.namespace);
        let known = rest.iter_mut().find(|pair| pair.as_ref().is_some_and(|pair| is_same(&pair.object, &object)));
        let mut pair = known.and_then(Option::take).unwrap_or_else(|| Pair { object, ..Pair::default() });
        if let Some(live) = &mut pair.live {
            plain(live);
            untold |= settle(&mut manifest, live);
        }
        pair.desired = pair.live.is_none().then(|| manifest.clone());
        pair.target = Some(manifest);
        pairs.push(pair);
    }
    // what is there and not wanted goes; what is neither is not told of
    let gone = rest.into_iter().flatten().filter(|pair| pair.live.is_some() || pair.unread.is_some());
    pairs.extend(gone.map(|pair| Pair { target: None, desired: None, ..pair }));
    let mut told = Desired::new(Rung::Server, Vec::new(), pairs, now.at);
    told.names[0] = rendered.name;
    told.notes = rendered.notes;
    told.notes.extend(untold.then(|| UNTOLD.into()));
    told.hooks = matches!(wanted, State::Sync(_)).then(|| hooks(&rendered.manifests));
    Ok(told)
}

/// The objects of one side.
struct Objects {
    rung: Rung,
    lacks: Vec<Lack>,
    notes: Vec<Box<str>>,
    name: Box<str>,
    namespace: Symbol,
    list: Vec<Value>,
}

impl Objects {
    fn of(told: Desired, ways: &Ways, live: bool, name: &str) -> Self {
        let unread = told.pairs.iter().filter(|pair| pair.unread.is_some()).count();
        let state = |pair: Pair| if live { pair.live } else { pair.target.or(pair.desired) };
        let list: Vec<Value> = told.pairs.into_iter().filter(|pair| !pair.hook).filter_map(state).collect();
        let note = format!("{unread} objects of {} could not be read", ways.app.name);
        let notes = if unread > 0 { vec![note.into()] } else { Vec::new() };
        Self { rung: told.rung, lacks: told.lacks, notes, name: name.into(), namespace: ways.namespace.clone(), list }
    }
}

/// The same service in two environments: what Git wants in both where both tell that, else what runs in both.
async fn twins(wanted: &Ways, base: &Ways, state: &State) -> Result<Desired, ReadError> {
    let (a, b) = (desired(wanted).await?, desired(base).await?);
    let live = *state == State::Live || a.rung == Rung::Drift || b.rung == Rung::Drift;
    let name =
        |ways: &Ways| if live { format!("{} runs", ways.called) } else { format!("Git wants in {}", ways.called) };
    let (a, b) = (Objects::of(a, wanted, live, &name(wanted)), Objects::of(b, base, live, &name(base)));
    let mut told = paired(a, b, [&wanted.called, &base.called]);
    if live && *state != State::Live {
        told.notes.push("what Git wants is not known on both sides: what runs is compared".into());
    }
    told.namespaces = Some([wanted.namespace.clone(), base.namespace.clone()]);
    Ok(told)
}

async fn two(ways: &Ways, other: Option<&Ways>, versus: &Versus) -> Result<Desired, ReadError> {
    let side = async |state: &State| {
        let ways = match state {
            State::App(app) => find(ways, other, app)?,
            _ => ways,
        };
        match state {
            State::Git | State::App(_) => {
                let told = desired(ways).await?;
                let name = if told.rung == Rung::Drift { told.rung.desired() } else { Rung::Server.desired() };
                let name =
                    if matches!(state, State::App(_)) { format!("{name} in {}", ways.called) } else { name.to_owned() };
                Ok::<_, ReadError>(Objects::of(told, ways, false, &name))
            }
            State::Live => Ok(Objects::of(desired(ways).await?, ways, true, "runs")),
            State::Sync(_) | State::Deployment(_) | State::Revision(_) => {
                let told = rendered(ways, state).await?;
                let list = told.manifests.into_iter().filter(|one| phases(one).is_empty()).collect();
                let (namespace, name) = (ways.namespace.clone(), told.name);
                Ok(Objects { rung: Rung::Server, lacks: Vec::new(), notes: told.notes, name, namespace, list })
            }
        }
    };
    let (a, b) = (side(&versus.wanted).await?, side(&versus.base).await?);
    let namespaces = versus.others().next().map(|_| [a.namespace.clone(), b.namespace.clone()]);
    let called = |state: &State| match state {
        State::App(app) => find(ways, other, app).map_or(ways.called.clone(), |ways| ways.called.clone()),
        _ => ways.called.clone(),
    };
    let mut told = paired(a, b, [&called(&versus.wanted), &called(&versus.base)]);
    told.namespaces = namespaces;
    Ok(told)
}

/// Pairs the objects of two sides by kind and name; what names the environments in them does not count.
fn paired(a: Objects, b: Objects, called: [&Symbol; 2]) -> Desired {
    let bare = |object: &ObjectName, called: &str| {
        let name: Vec<&str> = object.name.split('-').filter(|part| *part != called).collect();
        (object.group.clone(), object.kind.clone(), name.join("-"))
    };
    let ready = |objects: Vec<Value>, namespace: &Symbol| -> Vec<(ObjectName, Value)> {
        let ready = |mut object: Value| {
            plain(&mut object);
            unmarked(&mut object);
            (placed(&mut object, namespace), object)
        };
        objects.into_iter().map(ready).collect()
    };
    let mut pairs = Vec::new();
    let mut untold = false;
    let mut rest: Vec<Option<(ObjectName, Value)>> = ready(b.list, &b.namespace).into_iter().map(Some).collect();
    for (object, mut wanted) in ready(a.list, &a.namespace) {
        let key = bare(&object, called[0]);
        let is_it =
            |one: &&mut Option<(ObjectName, Value)>| one.as_ref().is_some_and(|(name, _)| bare(name, called[1]) == key);
        let known = rest.iter_mut().find(is_it).and_then(Option::take);
        let (object, live) = match known {
            Some((name, mut live)) => {
                untold |= settle(&mut wanted, &mut live);
                (name, Some(live))
            }
            None => (object, None),
        };
        pairs.push(Pair { object, desired: Some(wanted), live, ..Pair::default() });
    }
    let gone = rest.into_iter().flatten();
    pairs.extend(gone.map(|(object, live)| Pair { object, live: Some(live), ..Pair::default() }));
    let mut lacks = a.lacks;
    lacks.extend(b.lacks.into_iter().filter(|lack| lack.rung < a.rung.max(b.rung)));
    lacks.dedup();
    let mut told = Desired::new(a.rung.max(b.rung), lacks, pairs, None);
    told.names = [a.name, b.name];
    told.notes = a.notes;
    told.notes.extend(b.notes);
    told.notes.extend(untold.then(|| UNTOLD.into()));
    told
}

fn is_same(a: &ObjectName, b: &ObjectName) -> bool {
    let namespaces = a.namespace == b.namespace || a.namespace.is_empty() || b.namespace.is_empty();
    (&a.group, &a.kind, &a.name) == (&b.group, &b.kind, &b.name) && namespaces
}

/// Which object it is; where it names no namespace it goes to that of its Application.
fn placed(object: &mut Value, namespace: &Symbol) -> ObjectName {
    let mut name = named(object);
    if name.namespace.is_empty() && !namespace.is_empty() && !CLUSTER_WIDE.contains(&&*name.kind) {
        name.namespace = namespace.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), Value::from(&**namespace));
        }
    }
    name
}

/// What a Secret's `stringData` says is in its `data`, once it is applied.
fn plain(object: &mut Value) {
    if object["kind"] != "Secret" {
        return;
    }
    let Some(Value::Object(texts)) = object.as_object_mut().and_then(|fields| fields.remove("stringData")) else {
        return;
    };
    if !object["data"].is_object() {
        object["data"] = Value::Object(serde_json::Map::new());
    }
    for (name, text) in texts {
        let text = text.as_str().map_or_else(|| text.to_string(), ToOwned::to_owned);
        let is_hidden = is_hidden(&text);
        object["data"][name] = Value::String(if is_hidden { text } else { STANDARD.encode(text) });
    }
}

fn is_hidden(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'+')
}

/// Where Argo CD has masked a value of a Secret on either side, its masks say nothing beyond their own answer: the values
/// are taken for equal. Whether there was one.
fn settle(a: &mut Value, b: &mut Value) -> bool {
    if a["kind"] != "Secret" {
        return false;
    }
    let [a, b] = [a, b].map(|object| object.get_mut("data").and_then(Value::as_object_mut));
    let (Some(a), Some(b)) = (a, b) else { return false };
    let mut untold = false;
    for (name, value) in a {
        let Some(other) = b.get_mut(name) else { continue };
        if [&*value, &*other].into_iter().any(|value| value.as_str().is_some_and(is_hidden)) {
            (*value, *other) = (HIDDEN.into(), HIDDEN.into());
            untold = true;
        }
    }
    untold
}

/// Takes out what says whose an object is, and what its cluster gave it.
fn unmarked(object: &mut Value) {
    for (map, name) in MARKS {
        if let Some(Value::Object(metadata)) = object.get_mut("metadata")
            && let Some(Value::Object(marks)) = metadata.get_mut(map)
        {
            marks.remove(name);
            if marks.is_empty() {
                metadata.remove(map);
            }
        }
    }
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        for name in GIVEN {
            spec.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn objects(list: Vec<Value>, namespace: &str) -> Objects {
        let (namespace, name) = (namespace.into(), namespace.into());
        Objects { rung: Rung::Server, lacks: Vec::new(), notes: Vec::new(), name, namespace, list }
    }

    fn object(kind: &str, name: &str) -> Value {
        json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name,
            "annotations": { "argocd.argoproj.io/tracking-id": name } } })
    }

    #[test]
    fn twins_are_paired_by_kind_and_name_whatever_names_their_environment() {
        let a = objects(vec![object("Service", "api-dev"), object("ConfigMap", "new")], "dev");
        let b =
            objects(vec![object("Service", "api-prod"), object("Service", "old"), object("Namespace", "x")], "prod");
        let told = paired(a, b, [&"dev".into(), &"prod".into()]);
        let said: Vec<String> = told
            .pairs
            .iter()
            .map(|pair| {
                let sides = [pair.desired.is_some(), pair.live.is_some()];
                format!("{} {}/{} {sides:?}", pair.object.kind, pair.object.namespace, pair.object.name)
            })
            .collect();
        assert_eq!(
            said,
            [
                "Service prod/api-prod [true, true]",
                "ConfigMap dev/new [true, false]",
                "Service prod/old [false, true]",
                "Namespace /x [false, true]"
            ]
        );
        assert!(!format!("{:?}", told.pairs).contains("tracking-id"));
    }

    #[test]
    fn what_the_cache_holds_in_clear_is_masked_and_a_change_of_it_is_seen() {
        let secret = |value: &str, url: &str| {
            json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" },
                "stringData": { "KEY": value, "SAME": "hunter4" }, "data": { "URL": url } })
        };
        let config = |value: &str| {
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" },
                "data": { "API_TOKEN": value, "URL": format!("http://u:{value}@h/") } })
        };
        let a = objects(vec![secret("hunter2", "aHVudGVyNQ=="), config("hunter2")], "n");
        let b = objects(vec![secret("hunter3", "aHVudGVyNQ=="), config("hunter3")], "n");
        let told = Unmasked(paired(a, b, [&"dev".into(), &"dev".into()])).masked();
        let said = format!("{told:?}");
        let encoded = ["aHVudGVyMg", "aHVudGVyMw", "aHVudGVyNA", "aHVudGVyNQ"];
        assert!(!said.contains("hunter") && !encoded.iter().any(|text| said.contains(text)), "{said}");
        let data =
            |pair: &Pair| (pair.desired.clone().unwrap()["data"].clone(), pair.live.clone().unwrap()["data"].clone());
        let (wanted, live) = data(&told.pairs[0]);
        assert_ne!(wanted["KEY"], live["KEY"]);
        assert_eq!((&wanted["SAME"], &wanted["URL"]), (&live["SAME"], &live["URL"]));
        let (wanted, live) = data(&told.pairs[1]);
        assert!(wanted["API_TOKEN"] != live["API_TOKEN"] && wanted["URL"] != live["URL"], "{wanted} {live}");
    }

    #[test]
    fn masks_of_two_answers_are_not_compared_and_clear_values_are() {
        let secret = |value: &str| json!({ "kind": "Secret", "data": { "k": value, "other": "YQ==" } });
        let (mut a, mut b) = (secret("++++++++++++"), secret("c2VjcmV0"));
        assert!(settle(&mut a, &mut b));
        assert_eq!(a, b);
        let (mut a, mut b) = (secret("b25l"), secret("dHdv"));
        assert!(!settle(&mut a, &mut b));
        assert_ne!(a, b);
        let mut text = json!({ "kind": "Secret", "stringData": { "k": "one" } });
        plain(&mut text);
        assert_eq!(text, json!({ "kind": "Secret", "data": { "k": "b25l" } }));
    }
}
