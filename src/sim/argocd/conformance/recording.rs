//! Sequences of facts: distilled from the recordings, and taken from the world.

use crate::sim::manifest::meta::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Facts of different tracks may change places if they were recorded less than so many seconds apart: two watch
/// streams and two workers of the controller race there. A recording says so where it is more.
const RACE: f64 = 0.1;

/// One fact: seconds, track, words.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub at: f64,
    pub track: String,
    pub words: String,
}

/// What was recorded.
#[derive(Debug)]
pub struct Recording {
    /// The facts of each Application.
    pub facts: BTreeMap<String, Vec<Fact>>,
    /// What is less than so many seconds apart may change places.
    pub race: f64,
}

/// Reads a distilled recording.
pub fn read(text: &str) -> Recording {
    let mut all: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    let mut facts = None;
    let race = text.lines().find_map(|line| line.strip_prefix("# race ")?.split(' ').next()?.parse().ok());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(app) = line.strip_prefix('@') {
            facts = Some(all.entry(app.to_owned()).or_default());
            continue;
        }
        let mut parts = line.trim_start().splitn(2, ' ');
        let at = parts.next().unwrap().parse().unwrap();
        let rest = parts.next().unwrap().trim_start();
        let (track, words) = rest.split_once(' ').unwrap();
        let fact = Fact { at, track: track_of(track, words).to_owned(), words: words.trim().to_owned() };
        facts.as_mut().expect("facts belong to an Application").push(fact);
    }
    Recording { facts: all, race: race.unwrap_or(RACE) }
}

/// Events of the two workers are two tracks: who announces an operation's end races with who announces its effects.
fn track_of<'a>(track: &'a str, words: &str) -> &'a str {
    if track == "event" && words.contains("OperationCompleted") { "completed" } else { track }
}

/// Names commits in the order in which they appear, and hides times.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    pub fn hide(&mut self, words: &str) -> String {
        let commit = regex::Regex::new(r"\b[0-9a-f]{40}\b").unwrap();
        let time = regex::Regex::new(r" at \d{1,2}:\d\d[AP]M\.").unwrap();
        let hidden = commit.replace_all(words, |found: &regex::Captures<'_>| {
            let next = format!("r{}", self.0.len());
            self.0.entry(found[0].to_owned()).or_insert(next).clone()
        });
        time.replace_all(&hidden, " at TIME.").into_owned()
    }
}

/// What is told of an Application.
#[derive(Debug, Clone, Default)]
struct Told {
    operation: String,
    phase: String,
    message: String,
    retry: String,
    finished: String,
    results: Vec<String>,
    history: Vec<String>,
    compared: [String; 6],
    hooks: String,
    refresh: String,
    deleting: String,
}

const COMPARED: [&str; 6] = ["sync", "revision", "health", "cause", "conditions", "differ"];

fn or_dash(words: String) -> String {
    if words.is_empty() { "-".to_owned() } else { words }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn named(row: &Value) -> String {
    format!("{}/{}", text(row, "/kind"), text(row, "/name"))
}

fn told(app: &Value) -> Told {
    let at = |pointer: &str| or_dash(text(app, pointer).to_owned());
    let join = |words: Vec<String>, by: &str| or_dash(words.join(by));
    let state = &app["status"]["operationState"];
    let rows = &app["status"]["resources"];
    let result = |row: &Value| {
        let word = |field: &str| or_dash(text(row, &format!("/{field}")).to_owned());
        format!(
            "{} {} {} {} {}",
            word("syncPhase"),
            named(row),
            word("status"),
            word("hookPhase"),
            text(row, "/message")
        )
    };
    let mark = |row: &Value| format!("{}{}", named(row), if row["requiresPruning"] == true { "(prune)" } else { "" });
    let conditions = list(&app["status"]["conditions"]);
    Told {
        operation: operation(&app["operation"]),
        phase: at("/status/operationState/phase"),
        message: at("/status/operationState/message"),
        retry: state["retryCount"].as_u64().unwrap_or(0).to_string(),
        finished: if state["finishedAt"].is_string() { "yes" } else { "no" }.to_owned(),
        results: list(&state["syncResult"]["resources"]).map(result).collect(),
        history: list(&app["status"]["history"])
            .map(|row| format!("{} {}", row["id"], text(row, "/revision")))
            .collect(),
        compared: [
            at("/status/sync/status"),
            at("/status/sync/revision"),
            at("/status/health/status"),
            at("/status/health/message"),
            join(conditions.map(|one| format!("{}: {}", text(one, "/type"), text(one, "/message"))).collect(), " | "),
            join(list(rows).filter(|row| row["status"] == "OutOfSync").map(mark).collect(), " "),
        ],
        hooks: join(list(rows).filter(|row| row["hook"] == true).map(named).collect(), " "),
        refresh: or_dash(
            app["metadata"]["annotations"]["argocd.argoproj.io/refresh"].as_str().unwrap_or_default().to_owned(),
        ),
        deleting: if app["metadata"]["deletionTimestamp"].is_string() { "yes" } else { "no" }.to_owned(),
    }
}

fn operation(operation: &Value) -> String {
    if !operation.is_object() {
        return "-".to_owned();
    }
    let sync = &operation["sync"];
    let mut words = vec![
        if operation["initiatedBy"]["automated"] == true { "automated" } else { "manual" }.to_owned(),
        sync["revision"].as_str().filter(|revision| !revision.is_empty()).unwrap_or("unnamed").to_owned(),
    ];
    words.extend(["prune", "dryRun"].into_iter().filter(|flag| sync[*flag] == true).map(str::to_owned));
    if sync["syncStrategy"]["apply"].is_object() {
        words.push("apply".to_owned());
    }
    if let Some(heals) = sync["autoHealAttemptsCount"].as_u64().filter(|heals| *heals > 0) {
        words.push(format!("heal {heals}"));
    }
    if sync["resources"].as_array().is_some_and(|list| !list.is_empty()) {
        words.push(format!("only {}", list(&sync["resources"]).map(named).collect::<Vec<_>>().join("+")));
    }
    words.join(" ")
}

/// What is told of an `ApplicationSet`: conditions, health, rows about its Applications.
fn told_of_set(set: &Value) -> Vec<String> {
    let word = |object: &Value, pointer: &str| or_dash(text(object, pointer).to_owned());
    let condition = |one: &Value| {
        format!(
            "condition {} {} {} {}",
            text(one, "/type"),
            text(one, "/status"),
            text(one, "/reason"),
            text(one, "/message")
        )
    };
    let row =
        |one: &Value| format!("row {} {} {}", text(one, "/name"), word(one, "/status"), word(one, "/health/status"));
    let health = format!("health {} {}", word(set, "/status/health/status"), word(set, "/status/health/message"));
    let conditions = list(&set["status"]["conditions"]).map(condition);
    conditions.chain([health]).chain(list(&set["status"]["resources"]).map(row)).collect()
}

/// The facts of one Application or set, as its writes and Events come.
#[derive(Debug, Default)]
pub struct Teller {
    names: Names,
    last: Option<Told>,
    last_of_set: Option<Vec<String>>,
    pub facts: Vec<Fact>,
}

impl Teller {
    fn tell(&mut self, at: f64, track: &str, words: &str) {
        let words = self.names.hide(words.trim());
        self.facts.push(Fact { at, track: track_of(track, &words).to_owned(), words });
    }

    pub fn event(&mut self, at: f64, event: &Value) {
        let words = format!("{} {} {}", text(event, "/type"), text(event, "/reason"), text(event, "/message"));
        self.tell(at, "event", &words);
    }

    pub fn gone(&mut self, at: f64) {
        self.tell(at, "sync", "gone");
    }

    /// An Event of a set, which is counted when it is said again.
    pub fn set_event(&mut self, at: f64, event: &Value) {
        let words = format!(
            "{} {} {} x{}",
            text(event, "/type"),
            text(event, "/reason"),
            text(event, "/message"),
            event["count"]
        );
        self.tell(at, "event", &words);
    }

    /// A write to a set.
    pub fn set_written(&mut self, at: f64, set: &Value) {
        let new = told_of_set(set);
        match self.last_of_set.replace(new.clone()) {
            None => self.tell(at, "start", &new.join("; ")),
            Some(old) => {
                let words: Vec<String> = new.into_iter().filter(|part| !old.contains(part)).collect();
                if !words.is_empty() {
                    self.tell(at, "set", &words.join("; "));
                }
            }
        }
    }

    pub fn written(&mut self, at: f64, app: &Value) {
        let new = told(app);
        let Some(old) = self.last.replace(new.clone()) else {
            if new.compared[1] != "-" {
                self.names.hide(&new.compared[1]);
            }
            let operation = if new.operation == "-" { "-" } else { "there" };
            let words = format!(
                "sync {}; health {}; operation {operation}; phase {}; refresh {}",
                new.compared[0], new.compared[2], new.phase, new.refresh
            );
            return self.tell(at, "start", &words);
        };
        let mut words = Vec::new();
        let mut changed = |name: &str, old: &String, new: &String| {
            if old != new {
                words.push(format!("{name} {new}"));
            }
        };
        changed("operation", &old.operation, &new.operation);
        changed("phase", &old.phase, &new.phase);
        if new.phase != "-" {
            changed("message", &old.message, &new.message);
            changed("retry", &old.retry, &new.retry);
            changed("finished", &old.finished, &new.finished);
            let fresh: Vec<&String> = new.results.iter().filter(|row| !old.results.contains(row)).collect();
            if fresh.is_empty() && new.results != old.results {
                words.push("results -".to_owned());
            }
            words.extend(fresh.into_iter().map(|row| format!("result {row}")));
        }
        for row in new.history.iter().filter(|row| !old.history.contains(row)) {
            words.push(format!("history {}", row.split_once(' ').unwrap().1));
        }
        if !words.is_empty() {
            self.tell(at, "operation", &words.join("; "));
        }
        let pairs = COMPARED.iter().zip(old.compared.iter().zip(&new.compared));
        let words: Vec<String> =
            pairs.filter(|(_, (old, new))| old != new).map(|(name, (_, new))| format!("{name} {new}")).collect();
        if !words.is_empty() {
            self.tell(at, "compare", &words.join("; "));
        }
        if old.hooks != new.hooks {
            self.tell(at, "hooks", &new.hooks);
        }
        if old.refresh != new.refresh {
            self.tell(at, "refresh", &new.refresh);
        }
        if old.deleting != new.deleting {
            self.tell(at, "compare", &format!("deleting {}", new.deleting));
        }
    }
}

/// Compares what a world did with a recording: each track fact by fact, and tracks with each other where they were
/// recorded apart. What was only seen because others were slow (`~`) is there as a whole, or not at all.
///
/// # Errors
/// The difference, to be read by a person.
pub fn compare(app: &str, recorded: &[Fact], world: &[Fact], race: f64) -> Result<(), String> {
    let seen = one_way(app, &with_glimpses(recorded, true), world, race);
    if seen.is_ok() || !recorded.iter().any(|fact| parts(&fact.words).any(is_glimpse)) {
        return seen;
    }
    one_way(app, &with_glimpses(recorded, false), world, race).or(seen)
}

fn parts(words: &str) -> impl Iterator<Item = &str> {
    words.split("; ")
}

/// Whether a part of a fact is what somebody saw of another's work between two of its steps.
fn is_glimpse(part: &str) -> bool {
    part.starts_with('~')
}

/// The facts with all glimpses, or without any.
fn with_glimpses(facts: &[Fact], seen: bool) -> Vec<Fact> {
    let told = |fact: &Fact| {
        let left = parts(&fact.words).filter(|part| seen || !is_glimpse(part));
        let words: Vec<&str> = left.map(|part| part.trim_start_matches('~')).collect();
        (!words.is_empty()).then(|| Fact { words: words.join("; "), ..fact.clone() })
    };
    facts.iter().filter_map(told).collect()
}

fn one_way(app: &str, recorded: &[Fact], world: &[Fact], race: f64) -> Result<(), String> {
    assert!(!recorded.is_empty(), "nothing is recorded of {app}");
    let mut tracks: Vec<&str> = recorded.iter().chain(world).map(|fact| &*fact.track).collect();
    tracks.sort_unstable();
    tracks.dedup();
    let mut said = String::new();
    // where each recorded fact is in the world's order
    let mut places: Vec<(f64, &str, usize, &Fact)> = Vec::new();
    for track in tracks {
        let of = |facts: &[Fact]| -> Vec<(usize, Fact)> {
            facts.iter().cloned().enumerate().filter(|(_, fact)| fact.track == track).collect()
        };
        let (was, is) = (of(recorded), of(world));
        for index in 0..was.len().max(is.len()) {
            let (a, b) = (was.get(index), is.get(index));
            if let (Some((from, a)), Some((place, b))) = (a, b)
                && is_same(&a.words, &b.words)
            {
                places.push((a.at, track, *place, &recorded[*from]));
                continue;
            }
            let _ = writeln!(said, "{app}, {track}, from fact {}:", index + 1);
            for (name, facts) in [("recorded", &was), ("world", &is)] {
                for (_, fact) in facts.iter().skip(index).take(5) {
                    let _ = writeln!(said, "  {name:>8} {:7.2} {}", fact.at, fact.words);
                }
            }
            break;
        }
    }
    for (at, track, place, fact) in &places {
        for (other_at, other_track, other_place, other) in &places {
            if track != other_track && other_at - at > race && other_place < place {
                let _ =
                    writeln!(said, "{app}: in the world this comes too late:\n  {track} {:.2} {}", fact.at, fact.words);
                let _ = writeln!(said, "  after {other_track} {:.2} {}", other.at, other.words);
            }
        }
    }
    if said.is_empty() { Ok(()) } else { Err(said) }
}

/// Whether the world says what was recorded; `?` stands for what a race decided.
fn is_same(recorded: &str, world: &str) -> bool {
    let (recorded, world) = (sorted(recorded), sorted(world));
    let fits = |(a, b): (&&str, &&str)| a.strip_suffix('?').map_or(a == b, |begin| b.starts_with(begin));
    recorded.len() == world.len() && recorded.iter().zip(&world).all(fits)
}

/// The parts of a fact in an order of their own: a write is one moment.
fn sorted(words: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = parts(words).collect();
    parts.sort_unstable();
    parts
}

#[test]
fn the_comparison_notices_what_differs() {
    let recorded =
        read("@a\n 0.1 start x\n 1.0 operation phase Running\n 2.0 event Normal A b\n 3.0 compare sync Synced\n");
    let facts = &recorded.facts["a"];
    assert!(compare("a", facts, facts, RACE).is_ok());
    assert!(compare("a", facts, &[], RACE).is_err(), "an empty world");
    assert!(compare("a", facts, &facts[..3], RACE).is_err(), "a fact is missing");
    let mut other = facts.clone();
    other.swap(1, 3);
    assert!(compare("a", facts, &other, RACE).is_err(), "another order");
    let mut other = facts.clone();
    other[2].words = "Normal A c".to_owned();
    assert!(compare("a", facts, &other, RACE).unwrap_err().contains("Normal A c"), "other words");
    let text = "@a\n 0.1 start x\n 1.0 event ~Normal A b\n 1.1 compare sync Synced; ~health Progressing\n";
    let facts = &read(&format!("{text} 1.2 compare ~health Healthy\n")).facts["a"];
    for (seen, count) in [(true, 4), (false, 2)] {
        let world = with_glimpses(facts, seen);
        assert_eq!(world.len(), count);
        assert!(compare("a", facts, &world, RACE).is_ok(), "{world:?}");
        assert!(compare("a", facts, &world[..count - 1], RACE).is_err(), "a glimpse is whole");
    }
}
