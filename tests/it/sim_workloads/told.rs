//! Writes in the words of the fixtures: one line a state, names and uids left out.

use serde_json::Value;
use std::collections::BTreeMap;

/// The section that has the states of all objects in the order in which they were written: the seconds (of a recording)
/// and the object.
const ORDER: &str = "order";
/// The section that names the pairs of states which the world writes in the other order. Several programs wrote at once in
/// the recording, and which of two was a few milliseconds earlier was chance there; here nothing is.
const SWAPPED: &str = "swapped";

/// Lines by section: `states Pod/x` and `events Pod/x` have what was written about an object.
pub type Told = BTreeMap<String, Vec<String>>;

/// Reads a fixture.
pub fn fixture(text: &str) -> Told {
    let mut told = Told::new();
    let mut section = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("== ") {
            Some(name) => name.clone_into(&mut section),
            None => told.entry(section.clone()).or_default().push(line.to_owned()),
        }
    }
    told
}

/// Says where `told` is not what was recorded.
pub fn differences(recorded: &Told, told: &Told) -> String {
    let mut out = String::new();
    let swapped = recorded.get(SWAPPED).cloned().unwrap_or_default();
    for section in recorded.keys().chain(told.keys().filter(|section| !recorded.contains_key(*section))) {
        let of = |told: &'_ Told| told.get(section).cloned().unwrap_or_default();
        let (recorded, mine) = (of(recorded), of(told));
        if section == SWAPPED {
            continue;
        }
        if section == ORDER {
            let found = disorder(&recorded, &mine);
            for (sign, lines, other) in [('-', &swapped, &found), ('+', &found, &swapped)] {
                for line in lines.iter().filter(|line| !other.contains(line)) {
                    out += &format!("== {SWAPPED}: {sign} {line}\n");
                }
            }
            continue;
        }
        let same = recorded.iter().zip(&mine).take_while(|(a, b)| a == b).count();
        if recorded != mine {
            out += &format!("== {section}: {same} of {} lines are as recorded, then\n", recorded.len());
            for (sign, lines) in [("-", &recorded), ("+", &mine)] {
                for line in lines.iter().skip(same).take(4) {
                    out += &format!("   {sign} {line}\n");
                }
            }
        }
    }
    out
}

/// Which states were written in another order than the recorded ones.
fn disorder(recorded: &[String], mine: &[String]) -> Vec<String> {
    let recorded = numbered(recorded.iter().map(|line| line.split_once(' ').expect("a moment and an object").1));
    let mine = numbered(mine.iter().map(String::as_str));
    let place = |about: &str| mine.iter().position(|mine| mine == about);
    let mut out = Vec::new();
    for (index, about) in recorded.iter().enumerate() {
        let Some(mine) = place(about) else { continue };
        for after in &recorded[index + 1..] {
            if place(after).is_some_and(|after| after < mine) {
                out.push(format!("{about} comes after {after}"));
            }
        }
    }
    out
}

/// `Pod/x 3` for the third state of an object.
fn numbered<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut number = |about: &'a str| {
        let count = counts.entry(about).or_default();
        *count += 1;
        format!("{about} {count}")
    };
    lines.map(&mut number).collect()
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[derive(Default)]
struct Names {
    alias: BTreeMap<String, String>,
    sets: BTreeMap<String, u8>,
    pods: BTreeMap<String, u32>,
    bases: BTreeMap<String, i64>,
    counts: BTreeMap<String, i64>,
}

/// Tells what a sequence of writes did.
pub fn tell(namespace: &str, writes: impl Iterator<Item = (Value, bool, Option<f64>)>) -> Told {
    let mut names = Names::default();
    let mut raw: Vec<(String, String, String, String, String)> = Vec::new();
    for (object, deleted, t) in writes {
        let t = t.map(|t| format!("{t} ")).unwrap_or_default();
        let kind = text(&object, "/kind").to_owned();
        let name = text(&object, "/metadata/name").to_owned();
        if kind == "Event" {
            let about = &object["involvedObject"];
            raw.push((
                "events".into(),
                text(about, "/kind").into(),
                text(about, "/name").into(),
                names.event(&object),
                t,
            ));
            continue;
        }
        match kind.as_str() {
            "ReplicaSet" => {
                names.set(&name);
            }
            "Pod" => names.pod(&object),
            _ => {}
        }
        let line = if deleted { "gone".to_owned() } else { names.state(&kind, &object) };
        raw.push(("states".into(), kind, name, line, t));
    }
    let mut told = Told::new();
    for (what, kind, name, line, t) in raw {
        let about = format!("{kind}/{}", names.words(namespace, &name));
        let lines: &mut Vec<String> = told.entry(format!("{what} {about}")).or_default();
        let line = names.words(namespace, &line);
        if what == "events" || lines.last() != Some(&line) {
            lines.push(line);
            if what == "states" {
                told.entry(ORDER.to_owned()).or_default().push(format!("{t}{about}"));
            }
        }
    }
    told
}

impl Names {
    fn set(&mut self, name: &str) -> String {
        if let Some(known) = self.alias.get(name) {
            return known.clone();
        }
        let deployment = name.rsplit_once('-').map_or(name, |(head, _)| head);
        let letter = self.sets.entry(deployment.to_owned()).or_insert(b'A');
        let alias = format!("{deployment}-{}", char::from(*letter));
        *letter += 1;
        self.alias.insert(name.to_owned(), alias.clone());
        alias
    }

    fn pod(&mut self, pod: &Value) {
        let name = text(pod, "/metadata/name");
        if self.alias.contains_key(name) {
            return;
        }
        let owner = &pod["metadata"]["ownerReferences"][0];
        let of = text(owner, "/name");
        let of = if owner["kind"] == "ReplicaSet" { self.set(of) } else { of.to_owned() };
        let number = self.pods.entry(of.clone()).or_default();
        *number += 1;
        self.alias.insert(name.to_owned(), format!("{of}-{number}"));
    }

    /// Short names for generated ones; uids, addresses and the namespace left out.
    fn words(&self, namespace: &str, line: &str) -> String {
        let mut line = line.to_owned();
        let mut names: Vec<(&String, &String)> = self.alias.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, alias) in names {
            line = line.replace(name, alias);
        }
        let is_uid = |part: &str| {
            part.len() == 36 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && part.contains('-')
        };
        let parts: Vec<&str> = line.split(['(', ')']).filter(|part| is_uid(part)).collect();
        let mut out = line.clone();
        for uid in parts {
            out = out.replace(uid, "UID");
        }
        out.replace("on 10.96.0.10:53", "on DNS:53").replace(namespace, "NAMESPACE")
    }

    fn event(&mut self, event: &Value) -> String {
        let count = event["count"].as_i64().map_or_else(
            || "-".to_owned(),
            |count| {
                let base = *self.counts.entry(text(event, "/metadata/name").to_owned()).or_insert(count);
                (count - base + 1).to_string()
            },
        );
        let path = text(event, "/involvedObject/fieldPath");
        let path = if path.is_empty() { String::new() } else { format!(" {path}") };
        format!(
            "{} {} x{count} {}{path}: {}",
            text(event, "/type"),
            text(event, "/reason"),
            text(event, "/reportingComponent"),
            text(event, "/message")
        )
    }

    fn state(&mut self, kind: &str, object: &Value) -> String {
        let (meta, status) = (&object["metadata"], &object["status"]);
        let generation = meta["generation"].as_i64().unwrap_or_default();
        let base = *self.bases.entry(format!("{kind}/{}", text(meta, "/name"))).or_insert(generation);
        let seen = status["observedGeneration"].as_i64().filter(|_| kind != "Job");
        let seen = seen.map_or_else(|| "-".to_owned(), |seen| (generation - seen).to_string());
        let mut out = format!("generation +{} seen {seen}", generation - base);
        match kind {
            "Pod" => pod(&mut out, meta, status),
            "Job" => job(&mut out, meta, status),
            _ => set(&mut out, meta, object),
        }
        out
    }
}

fn going(meta: &Value) -> String {
    let grace = meta["deletionTimestamp"].is_string().then(|| format!(" going {}", meta["deletionGracePeriodSeconds"]));
    grace.unwrap_or_default()
}

fn held(meta: &Value) -> String {
    let held: Vec<&str> = meta["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if held.is_empty() { String::new() } else { format!(" held by {}", held.join(",")) }
}

fn conditions(status: &Value) -> String {
    let all = status["conditions"].as_array().into_iter().flatten();
    let part =
        |condition: &Value, field: &str| condition[field].as_str().map(|value| format!(" {value}")).unwrap_or_default();
    all.fold(String::new(), |out, condition| {
        let (kind, value) = (text(condition, "/type"), text(condition, "/status"));
        out + &format!(" | {kind} {value}{}{}", part(condition, "reason"), part(condition, "message"))
    })
}

fn counts(out: &mut String, status: &Value, fields: &[&str]) {
    for field in fields.iter().filter(|field| status[**field].is_number()) {
        *out += &format!(" {field} {}", status[*field]);
    }
}

fn set(out: &mut String, meta: &Value, object: &Value) {
    let revision = meta["annotations"]["deployment.kubernetes.io/revision"].as_str().unwrap_or("-");
    *out += &format!(" revision {revision} wants {}", object["spec"]["replicas"]);
    if meta["deletionTimestamp"].is_string() {
        *out += " going";
    }
    let fields = [
        "replicas",
        "fullyLabeledReplicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
    ];
    counts(out, &object["status"], &fields);
    *out += &conditions(&object["status"]);
}

fn job(out: &mut String, meta: &Value, status: &Value) {
    *out += &going(meta);
    *out += &held(meta);
    counts(out, status, &["active", "ready", "succeeded", "failed", "terminating"]);
    for what in ["succeeded", "failed"] {
        let uncounted = status["uncountedTerminatedPods"][what].as_array().map_or(0, Vec::len);
        if uncounted > 0 {
            *out += &format!(" uncounted {what} {uncounted}");
        }
    }
    for time in ["startTime", "completionTime"].iter().filter(|time| status[**time].is_string()) {
        *out += &format!(" {time}");
    }
    *out += &conditions(status);
}

fn pod(out: &mut String, meta: &Value, status: &Value) {
    *out += &format!(" {}{}{}", text(status, "/phase"), going(meta), held(meta));
    if status["podIP"].is_string() {
        *out += " addressed";
    }
    *out += &conditions(status);
    for container in status["containerStatuses"].as_array().into_iter().flatten() {
        *out += &format!(
            " | {}: {}; before {}; ready {} started {} restarts {}",
            text(container, "/name"),
            state(&container["state"]),
            state(&container["lastState"]),
            container["ready"],
            container["started"],
            container["restartCount"]
        );
    }
}

fn state(state: &Value) -> String {
    let Some((word, facts)) = state.as_object().and_then(|state| state.iter().next()) else { return "-".to_owned() };
    let mut out = word.clone();
    for field in ["reason", "exitCode", "message"] {
        match &facts[field] {
            Value::Null => {}
            Value::String(text) => out += &format!(" {text}"),
            other => out += &format!(" {other}"),
        }
    }
    out
}

/// Only what was written at once may come in another order than it did: controllers and kubelets do not wait for each other.
#[test]
fn only_what_was_written_at_once_is_swapped() {
    const AT_ONCE: f64 = 0.0301;
    for name in ["rollout", "crash", "bad-image", "job-fails", "job-succeeds"] {
        let path = format!("{}/tests/fixtures/kubernetes/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let told = fixture(&std::fs::read_to_string(path).unwrap());
        let split =
            |line: &String| line.split_once(' ').map(|(at, about)| (at.parse::<f64>().unwrap(), about.to_owned()));
        let order: Vec<(f64, String)> = told[ORDER].iter().filter_map(split).collect();
        let numbers = numbered(order.iter().map(|(_, about)| about.as_str()));
        let when = |about: &str| order[numbers.iter().position(|one| one == about).expect(about)].0;
        for pair in told.get(SWAPPED).into_iter().flatten() {
            let (a, b) = pair.split_once(" comes after ").unwrap();
            assert!((when(a) - when(b)).abs() < AT_ONCE, "{name}: {pair}");
        }
    }
}

#[test]
fn what_differs_is_told() {
    let text = "== order\n1.0 Pod/a\n1.01 Pod/b\n2.0 Pod/a\n\n== states Pod/a\none\ntwo\n";
    let recorded = fixture(text);
    let told = |order: &str, states: &str| fixture(&format!("== order\n{order}\n== states Pod/a\n{states}"));
    assert_eq!(differences(&recorded, &told("Pod/a\nPod/b\nPod/a", "one\ntwo")), "");
    let other = told("Pod/b\nPod/a\nPod/a", "one\ntwo");
    assert_eq!(differences(&recorded, &other), "== swapped: + Pod/a 1 comes after Pod/b 1\n");
    let known = fixture(&format!("{text}\n== swapped\nPod/a 1 comes after Pod/b 1\n"));
    assert_eq!(differences(&known, &other), "", "that one is known");
    let same = differences(&known, &told("Pod/a\nPod/b\nPod/a", "one\ntwo"));
    assert_eq!(same, "== swapped: - Pod/a 1 comes after Pod/b 1\n", "what is no longer so has to go");
    for states in ["one", "two\none", "one\ntwo\nthree"] {
        assert!(differences(&recorded, &told("Pod/a\nPod/b\nPod/a", states)).contains("== states Pod/a"), "{states}");
    }
}
