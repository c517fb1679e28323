//! What a real cluster and a real Argo CD went through, distilled to the objects verdicts rest on, against what Argo CD
//! said at the same time.
//!
//! `tests/fixtures/replays/*.jsonl`: first when it began; then a line a change, `at` in seconds: `object` (a workload),
//! `pod`, `gone`, or what the Application said (`app`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::domain::time::after;
use crate::domain::{AppRow, Health, Operation, Phase, Timestamp, TroubleKind, health, trouble};

/// Argo CD hears of a change a moment after it was made.
const LAG: f64 = 3.0;

struct Replay {
    began: Timestamp,
    lines: Vec<Value>,
}

fn replay(text: &str) -> Replay {
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let began = lines.next().unwrap()["began"].as_str().unwrap().parse().unwrap();
    Replay { began, lines: lines.collect() }
}

/// What is there at a moment of a replay.
#[derive(Default)]
struct Scene {
    workloads: BTreeMap<String, Health>,
    pods: BTreeMap<String, Pod>,
    row: AppRow,
}

impl Scene {
    fn take(&mut self, line: &Value, now: Timestamp) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(object) = line.get("object") {
            // a hook's health is not the Application's
            if line.get("hook").is_none() {
                let name = format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
                self.workloads.insert(name, health::of(object).unwrap().0);
            }
        } else if let Some(pod) = line.get("pod") {
            let mut kind = PodKind { context: "real".into(), texts: Texts::default() };
            let pod = kind.item(pod.to_string().as_bytes()).unwrap();
            self.pods.insert(format!("Pod/{}", pod.name), pod);
        } else if let Some(gone) = line.get("gone") {
            self.workloads.remove(gone.as_str().unwrap());
            self.pods.remove(gone.as_str().unwrap());
        } else {
            let app = &line["app"];
            let operation = Operation {
                requested: app["requested"] == true,
                phase: Phase::parse(&text(&app["phase"])),
                message: app["message"].as_str().map(Into::into),
                started: Some(now),
                finished: (app["finished"] == true).then_some(now),
                retries: app["retries"].as_u64().unwrap() as u32,
                ..Operation::default()
            };
            self.row.health = Health::parse(&text(&app["health"]));
            self.row.operation = Some(Box::new(operation));
        }
    }

    /// The worst of its workloads.
    fn health(&self) -> Health {
        self.workloads.values().copied().max().unwrap_or(Health::Healthy)
    }

    /// The verdict on it, with the word Argo CD itself has left aside: it is what we compare with.
    fn trouble(&self, now: Timestamp) -> Option<TroubleKind> {
        let row = AppRow { health: Health::Healthy, ..self.row.clone() };
        let pods = self.pods.values().filter_map(|pod| trouble::of_pod(pod, None, now).0);
        pods.chain(trouble::of_row(&row, now)).map(|verdict| verdict.kind).min()
    }
}

/// Argo CD's healths that ours never were at that time, and the verdicts in their order, repeats left out.
fn play(text: &str) -> (Vec<String>, Vec<&'static str>) {
    let Replay { began, lines } = replay(text);
    let (mut scene, mut wrong) = (Scene::default(), Vec::new());
    let mut healths = vec![(0.0, Health::Healthy)];
    let mut verdicts = Vec::new();
    for line in lines {
        let at = line["at"].as_f64().unwrap();
        let now = after(began, Duration::from_secs_f64(at));
        scene.take(&line, now);
        healths.push((at, scene.health()));
        let verdict = scene.trouble(now).map_or("-", TroubleKind::word);
        if verdicts.last() != Some(&verdict) {
            verdicts.push(verdict);
        }
        let said = scene.row.health;
        if line.get("app").is_some() {
            let before = healths.iter().rposition(|(then, _)| *then < at - LAG).unwrap_or_default();
            if !healths[before..].iter().any(|(_, ours)| *ours == said) {
                wrong.push(format!("{at}: Argo CD says {}, we {}", said.word(), scene.health().word()));
            }
        }
    }
    if scene.health() != scene.row.health {
        wrong.push(format!("at the end Argo CD says {}, we {}", scene.row.health.word(), scene.health().word()));
    }
    (wrong, verdicts)
}

macro_rules! replays {
    ($($test:ident $file:literal $verdicts:expr;)*) => {
        $(#[test]
        fn $test() {
            let (wrong, verdicts) = play(include_str!(concat!("../../../tests/fixtures/replays/", $file, ".jsonl")));
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert_eq!(verdicts, $verdicts);
        })*
    };
}

replays! {
    a_crash_loop_is_told_from_its_second_end_until_the_fix "crash" ["-", "crashLoop", "-"];
    an_image_that_is_not_there_is_told_until_the_fix_is_synced "bad-image" ["-", "imagePull", "-"];
    a_failing_hook_is_told_from_its_first_failure_to_the_next_sync "hook-fails"
        ["-", "operationRetrying", "operationFailed", "-"];
    a_restart_by_hand_is_no_trouble "rollout" ["-"];
    a_deployment_that_goes_well_is_no_trouble "deploy" ["-"];
}
