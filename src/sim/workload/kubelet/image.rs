//! An image gets onto a node, or does not; then its container is created.

use super::run::{State, back_off};
use super::start::{RESYNC, missing_config};
use super::{change, life, of, report};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{hex, text};
use crate::sim::time::plus;
use crate::sim::workload::behaviour::Pull;
use crate::sim::workload::cluster::Work;
use serde_json::Value;
use std::time::Duration;

/// What was known when a container was about to be started.
struct Wanted {
    name: String,
    image: String,
    pull: Pull,
}

/// Sees to it that the image is there, and goes on with the container once it is.
pub(super) fn ensure(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize) {
    let Some(pod) = of(work, key, uid) else { return };
    let wanted = change(work, key, uid, |run| {
        let container = run.containers.get_mut(index).filter(|_| !run.stopping)?;
        container.life += 1;
        let (name, image) = (container.name.clone(), container.image.clone());
        Some((Wanted { name, image, pull: container.behaviour.pull }, container.life))
    });
    let Some((wanted, life)) = wanted.flatten() else { return };
    let on_node = format!("{} {}", text(&pod, "/spec/nodeName"), wanted.image);
    let there = work.cluster.kubelet.images.contains(&on_node);
    let always = policy(&pod, &wanted) == "Always";
    let (key, uid) = (key.to_owned(), uid.to_owned());
    let needed = match wanted.pull {
        Pull::Missing | Pull::Unreachable => return refuse(work, key, uid, index, life),
        Pull::Present => None,
        // looking whether a newer one is there does not take long
        Pull::Takes(None) if there => always.then_some(Duration::from_millis(420)),
        Pull::Takes(time) => Some(time.unwrap_or_else(|| guess(&wanted.image))),
    };
    let Some(time) = needed else {
        let image = &wanted.image;
        let words = format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
        work.say_of(&pod, &wanted.name, Said::normal("Pulled", &words));
        return life::create(work, &key, &uid, index, life);
    };
    let words = format!("Pulling image \"{}\"", wanted.image);
    work.say_of(&pod, &wanted.name, Said::normal("Pulling", &words));
    work.later(time, move |work| {
        work.cluster.kubelet.images.insert(on_node);
        let Some(pod) = of(work, &key, &uid) else { return };
        let size = 40_000_000 + u64::from_str_radix(&hex(&wanted.image, 7), 16).unwrap_or_default();
        let took = in_words(time);
        let words = format!(
            "Successfully pulled image \"{}\" in {took} ({took} including waiting). Image size: {size} bytes.",
            wanted.image
        );
        work.say_of(&pod, &wanted.name, Said::normal("Pulled", &words));
        life::create(work, &key, &uid, index, life);
    });
}

/// When an image is pulled: as the container says, else always for `latest`.
fn policy<'a>(pod: &'a Value, wanted: &Wanted) -> &'a str {
    let spec = ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .filter_map(|list| pod["spec"][*list].as_array())
        .flatten()
        .find(|spec| spec["name"] == wanted.name.as_str());
    let said = spec.map(|spec| text(spec, "/imagePullPolicy")).unwrap_or_default();
    let name = wanted.image.rsplit('/').next().unwrap_or_default();
    match said {
        "" if !name.contains(':') || name.ends_with(":latest") => "Always",
        "" => "IfNotPresent",
        said => said,
    }
}

/// Between one and four seconds, the same for the same image.
fn guess(image: &str) -> Duration {
    let bits = u64::from_str_radix(&hex(image, 6), 16).unwrap_or_default();
    Duration::from_millis(1_000 + bits % 3_000)
}

/// As Go writes a duration to the millisecond.
fn in_words(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    let part = format!("{:03}", rest % 1_000);
    let part = part.trim_end_matches('0');
    let seconds = if part.is_empty() { format!("{}s", rest / 1_000) } else { format!("{}.{part}s", rest / 1_000) };
    if minutes == 0 { seconds } else { format!("{minutes}m{seconds}") }
}

/// No registry has the image: the try fails, and the kubelet looks again at once and then every few seconds.
fn refuse(work: &mut Work<'_, '_>, key: String, uid: String, index: usize, life: u64) {
    let Some(pod) = of(work, &key, &uid) else { return };
    let failed = change(work, &key, &uid, |run| {
        let container = run.containers.get_mut(index)?;
        container.pulls += 1;
        let why = no_image(&container.image, container.behaviour.pull);
        container.state = State::Waiting { reason: "ErrImagePull".to_owned(), message: Some(why.clone()) };
        Some((container.name.clone(), container.image.clone(), why, container.pulls))
    });
    let Some((name, image, why, pulls)) = failed.flatten() else { return };
    work.say_of(&pod, &name, Said::normal("Pulling", &format!("Pulling image \"{image}\"")));
    work.say_of(&pod, &name, Said::warning("Failed", &format!("Failed to pull image \"{image}\": {why}")));
    work.say_of(&pod, &name, Said::warning("Failed", "Error: ErrImagePull"));
    let due = plus(work.at(), back_off(pulls - 1));
    change(work, &key, &uid, |run| {
        run.addressed = true;
        if let Some(container) = run.containers.get_mut(index) {
            container.no_pull_before = Some(due);
        }
    });
    let wait = if pulls == 1 { Duration::from_millis(200) } else { RESYNC };
    work.later(wait, move |work| look(work, key, uid, index, life));
}

/// The kubelet looks at a container without an image: it writes how the last look ended, and tries again if it may.
fn look(work: &mut Work<'_, '_>, key: String, uid: String, index: usize, life: u64) {
    let Some(pod) = of(work, &key, &uid) else { return };
    let now = work.at();
    let waits = work.cluster.kubelet.runs.get(&key).and_then(|run| {
        let container = run.containers.get(index).filter(|container| container.life == life && !run.stopping)?;
        Some((container.name.clone(), container.image.clone(), container.no_pull_before.is_some_and(|due| due > now)))
    });
    let Some((name, image, early)) = waits else { return };
    report(work, &key, &uid);
    if !early {
        return refuse(work, key, uid, index, life);
    }
    let words = format!("Back-off pulling image \"{image}\"");
    work.say_of(&pod, &name, Said::normal("BackOff", &words));
    work.say_of(&pod, &name, Said::warning("Failed", "Error: ImagePullBackOff"));
    change(work, &key, &uid, |run| {
        if let Some(container) = run.containers.get_mut(index) {
            let why = format!("{words}: ErrImagePull: {}", no_image(&container.image, container.behaviour.pull));
            container.state = State::Waiting { reason: "ImagePullBackOff".to_owned(), message: Some(why) };
        }
    });
    work.later(RESYNC, move |work| look(work, key, uid, index, life));
}

/// What a registry's client says of an image nobody has, or of a registry nobody reaches.
fn no_image(image: &str, pull: Pull) -> String {
    let whole = if image.contains('/') { image.to_owned() } else { format!("docker.io/library/{image}") };
    let cause = if pull == Pull::Unreachable {
        let (host, rest) = whole.split_once('/').unwrap_or(("docker.io", &whole));
        let (name, tag) = rest.rsplit_once(':').unwrap_or((rest, "latest"));
        let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
        format!(
            "failed to do request: Head \"https://{host}/v2/{name}/manifests/{tag}\": dial tcp: lookup {host} on \
             10.96.0.10:53: no such host"
        )
    } else {
        format!("{whole}: not found")
    };
    format!("failed to pull and unpack image \"{whole}\": failed to resolve reference \"{whole}\": {cause}")
}

/// Whether the container's environment can be made; else it waits and is looked at again.
pub(super) fn configured(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64) -> bool {
    let Some(pod) = of(work, key, uid) else { return false };
    let name = work.cluster.kubelet.runs.get(key).and_then(|run| run.containers.get(index)).map(|it| it.name.clone());
    let Some(name) = name else { return false };
    let Some(missing) = missing_config(work, &pod, &name) else { return true };
    work.say_of(&pod, &name, Said::warning("Failed", &format!("Error: {missing}")));
    change(work, key, uid, |run| {
        run.addressed = true;
        if let Some(container) = run.containers.get_mut(index) {
            let reason = "CreateContainerConfigError".to_owned();
            container.state = State::Waiting { reason, message: Some(missing) };
        }
    });
    report(work, key, uid);
    let (key, uid) = (key.to_owned(), uid.to_owned());
    work.later(RESYNC, move |work| {
        let same = work.cluster.kubelet.runs.get(&key).and_then(|run| run.containers.get(index));
        if same.is_some_and(|container| container.life == life) {
            ensure(work, &key, &uid, index);
        }
    });
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_go_writes_them() {
        for (millis, words) in [(420, "420ms"), (3_000, "3s"), (2_345, "2.345s"), (61_500, "1m1.5s")] {
            assert_eq!(in_words(Duration::from_millis(millis)), words);
        }
    }
}
