//! All that is known of images in one cluster.

use super::{Behaviour, Exit, script};
use crate::sim::manifest::meta::text;
use serde_json::Value;
use std::time::Duration;

/// What is said of some images in some pods.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `namespace/name` of pods; `*` stands for anything.
    pub pods: String,
    /// Images; `*` stands for anything.
    pub image: String,
    /// The words.
    pub words: String,
    /// What the container prints when it starts.
    pub lines: Vec<String>,
}

/// Rules in the order in which they were made; later ones win.
#[derive(Debug, Default)]
pub struct Book(Vec<Rule>);

/// The annotation by which a pod says it itself.
const ANNOTATION: &str = "/metadata/annotations/sim.pilothouse.dev~1behaviour";

impl Book {
    /// Adds a rule; one for the same pods and images is replaced.
    pub fn add(&mut self, rule: Rule) {
        self.0.retain(|old| old.pods != rule.pods || old.image != rule.image);
        self.0.push(rule);
    }

    /// What a container of a pod does. `short` when it is expected to end: of an init container or a Job.
    #[must_use]
    pub fn of(&self, pod: &Value, container: &Value, short: bool) -> Behaviour {
        let mut behaviour = Behaviour::default();
        let words = |field: &str| container[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        let command: Vec<&str> = words("command").chain(words("args")).collect();
        let read = match command.as_slice() {
            [shell, "-c", script] if shell.ends_with("sh") => script::read(script, &mut behaviour),
            ["sleep" | "echo", ..] => script::read(&command.join(" "), &mut behaviour),
            _ => None,
        };
        if read.is_none() && short {
            let exit = Exit { after: Duration::from_millis(2_500), code: 0, oom: false, times: None };
            behaviour.exit = Some(exit);
        }
        let key = format!("{}/{}", text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
        let image = text(container, "/image");
        for rule in self.0.iter().filter(|rule| matches(&rule.pods, &key) && matches(&rule.image, image)) {
            apply(&mut behaviour, &rule.words);
            if !rule.lines.is_empty() {
                behaviour.lines.clone_from(&rule.lines);
            }
        }
        apply(&mut behaviour, text(pod, ANNOTATION));
        behaviour
    }
}

fn apply(behaviour: &mut Behaviour, words: &str) {
    if let Err(error) = behaviour.read(words) {
        // scenarios were checked when they were read; a pod's annotation is anybody's
        tracing::warn!(%error, "the words about an image are not all understood");
    }
}

/// Whether `text` is like `pattern`, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_pod_itself_has_the_last_word() {
        let mut book = Book::default();
        let rule = |pods: &str, words: &str| Rule {
            pods: pods.to_owned(),
            image: "api:2.*".to_owned(),
            words: words.to_owned(),
            lines: Vec::new(),
        };
        book.add(rule("shop/*", "exit=1"));
        book.add(rule("shop/api-*", "exit=2"));
        let mut pod = json!({"metadata": {"namespace": "shop", "name": "api-x"}});
        let code = |pod: &Value, image: &str| book.of(pod, &json!({"image": image}), false).exit.map(|exit| exit.code);
        assert_eq!(code(&pod, "api:2.1"), Some(2));
        assert_eq!(code(&pod, "api:1.9"), None);
        pod["metadata"]["annotations"] = json!({"sim.pilothouse.dev/behaviour": "exit=3"});
        assert_eq!(code(&pod, "api:2.1"), Some(3));
    }
}
