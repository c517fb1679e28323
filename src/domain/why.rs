//! Why an Application is in trouble, with the evidence.

use super::app::short_revision;
use super::{AppKey, Deployment, Event, Health, ObjectRef, Symbol, Timestamp, Trouble};

/// A run of a container that has ended, or that goes on without doing its work: what it wrote last tells why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Run {
    /// The kube context its pod is read through.
    pub context: Symbol,
    /// The pod's namespace.
    pub namespace: Symbol,
    /// The pod.
    pub pod: Symbol,
    /// Tells the pod from an earlier one of the same name.
    pub uid: Symbol,
    /// The container.
    pub container: Symbol,
    /// When it ended; none while it goes on.
    pub ended: Option<Timestamp>,
}

/// What a run wrote last.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LastWords {
    /// The lines, oldest first, without colours.
    pub lines: Vec<Box<str>>,
    /// Why there are none, where they could not be read.
    pub unread: Option<Box<str>>,
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Whose trouble it is.
    pub app: AppKey,
    /// Its environment.
    pub environment: Option<Symbol>,
    /// The verdict.
    pub trouble: Trouble,
    /// From the workload down to the pod, as far as there is one.
    pub chain: Vec<ObjectRef>,
    /// The container that fails.
    pub container: Option<Symbol>,
    /// Why it ended or does not start, in one word: `Error`, `OOMKilled`, `ErrImagePull`, ...
    pub reason: Option<Symbol>,
    /// What it or its node says of that.
    pub message: Option<Box<str>>,
    /// How it ended most recently.
    pub exit_code: Option<i32>,
    /// Restarts of that container.
    pub restarts: u32,
    /// The run whose last lines matter.
    pub run: Option<Run>,
    /// What it wrote last; `None` until that has been read.
    pub log: Option<LastWords>,
    /// When the container is started again, as far as its node's back-off tells.
    pub next_start: Option<Timestamp>,
    /// The last that was told before the container ended: what may have led to it.
    pub before: Option<Event>,
    /// The last Warning about the pod, else about the Application.
    pub event: Option<Event>,
    /// What the operation says.
    pub operation: Option<Box<str>>,
    /// What Argo CD says.
    pub argocd: (Health, Option<Box<str>>),
    /// What was deployed last.
    pub deployed: Option<Deployment>,
    /// The versions before and after that, where the cockpit saw both.
    pub versions: Option<(Symbol, Symbol)>,
    /// Since when, as far as known.
    pub since: Option<Timestamp>,
}

impl Why {
    /// The deployment the trouble began with: the last one, if both happened at about the same time.
    #[must_use]
    pub fn began_with(&self) -> Option<&Deployment> {
        let (deployed, since) = (self.deployed.as_ref()?, self.since?);
        // a sync is written into the history once it is through, and pods fail before that
        is_about(since, deployed.at).then_some(deployed)
    }

    /// The verdict in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        format!("{}: {}", self.trouble.kind.short(), self.trouble.reason)
    }

    /// What it or its node says, where the verdict does not say it already.
    #[must_use]
    pub fn more(&self) -> Option<&str> {
        self.message.as_deref().filter(|said| !self.trouble.reason.contains(said))
    }

    /// From the workload down to the container, in words.
    #[must_use]
    pub fn place(&self) -> String {
        let chain = self.chain.iter().map(|object| format!("{} {}", object.kind, object.name));
        let container = self.container.iter().map(|name| format!("container {name}"));
        chain.chain(container).collect::<Vec<_>>().join(" > ")
    }

    /// All of it as plain text for a ticket, one fact a line; times are in UTC.
    #[must_use]
    pub fn text(&self) -> String {
        let environment = self.environment.as_ref().map_or_else(String::new, |e| format!("{e}, "));
        let AppKey { source, namespace, name } = &self.app;
        let mut text = format!("{name} ({environment}{source}/{namespace}): {}\n", self.headline());
        let mut tell = |label: &str, told: &str| text.push_str(&format!("  {label:<10} {told}\n"));
        let place = self.place();
        if !place.is_empty() {
            tell("where", &place);
        }
        if let Some(reason) = &self.reason {
            let code = self.exit_code.map_or_else(String::new, |code| format!("exit {code} "));
            let at = self.run.as_ref().and_then(|run| run.ended).map_or_else(String::new, |at| format!(" at {at:.0}"));
            let message = self.more().map_or_else(String::new, |m| format!(": {m}"));
            let label = if self.exit_code.is_some() { "ended" } else { "waits" };
            tell(label, &format!("{code}({reason}){at}, {} restarts{message}", self.restarts));
        }
        if let Some(at) = self.next_start {
            tell("next start", &format!("about {at:.0}"));
        }
        for line in self.log.iter().flat_map(|log| &log.lines) {
            tell("log", line);
        }
        if let Some(why) = self.log.as_ref().and_then(|log| log.unread.as_ref()) {
            tell("log", &format!("not read: {why}"));
        }
        for (label, event) in [("before it", &self.before), ("event", &self.event)] {
            let Some(event) = event else { continue };
            let at = event.last.map_or_else(String::new, |at| format!(" (last at {at:.0})"));
            tell(label, &format!("{}{at}: {}", event.brief(), event.message));
        }
        if let Some(operation) = self.operation.as_deref().filter(|said| *said != self.trouble.reason) {
            tell("operation", operation);
        }
        let (health, message) = &self.argocd;
        let message = message.as_deref().filter(|said| *said != self.trouble.reason);
        tell("Argo CD", &format!("{}{}", health.word(), message.map_or_else(String::new, |m| format!(": {m}"))));
        if let Some(since) = self.since {
            tell("since", &format!("{since:.0}"));
        }
        if let Some(deployed) = &self.deployed {
            let by = deployed.by.as_ref().map_or("auto-sync", Symbol::as_str);
            let versions = self.versions.as_ref().map_or_else(String::new, |(from, to)| format!("{from} -> {to}, "));
            let revision = short_revision(&deployed.revision);
            tell("deployed", &format!("{versions}{revision} by {by} at {:.0}", deployed.at));
        }
        text
    }
}

/// Whether both moments belong to the same deployment.
#[must_use]
pub fn is_about(a: Timestamp, b: Timestamp) -> bool {
    (-AFTERMATH..=AFTERMATH).contains(&a.duration_since(b).as_secs())
}

/// Seconds between a deployment and the first failure it brings, either way round.
const AFTERMATH: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TroubleKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_712_000 + second).unwrap()
    }

    fn why() -> Why {
        let object =
            |kind: &str, name: &str| ObjectRef { kind: kind.into(), namespace: "dev".into(), name: name.into() };
        Why {
            app: AppKey { source: "minikube".into(), namespace: "argocd".into(), name: "celery-dev".into() },
            environment: Some("dev".into()),
            trouble: Trouble {
                kind: TroubleKind::CrashLoop,
                reason: "container worker crashes".into(),
                since: Some(at(0)),
            },
            chain: vec![object("Deployment", "celery"), object("Pod", "celery-x")],
            container: Some("worker".into()),
            reason: Some("Error".into()),
            message: None,
            exit_code: Some(1),
            restarts: 6,
            run: Some(Run { ended: Some(at(200)), ..Run::default() }),
            next_start: Some(at(360)),
            before: Some(Event { reason: "Killing".into(), message: "Stopping".into(), ..Event::default() }),
            versions: Some(("1.4".into(), "1.5".into())),
            log: Some(LastWords { lines: vec!["ModuleNotFoundError: No module named 'x'".into()], unread: None }),
            event: Some(Event { reason: "BackOff".into(), message: "Back-off".into(), count: 14, ..Event::default() }),
            operation: Some("container worker crashes".into()),
            argocd: (Health::Progressing, None),
            deployed: Some(Deployment { id: 3, revision: "abc".into(), at: at(30), by: None }),
            since: Some(at(0)),
        }
    }

    #[test]
    fn a_ticket_holds_every_fact_once() {
        assert_eq!(
            why().text(),
            "celery-dev (dev, minikube/argocd): crash loop: container worker crashes\n\
             \x20 where      Deployment celery > Pod celery-x > container worker\n\
             \x20 ended      exit 1 (Error) at 2026-03-05T12:03:20Z, 6 restarts\n\
             \x20 next start about 2026-03-05T12:06:00Z\n\
             \x20 log        ModuleNotFoundError: No module named 'x'\n\
             \x20 before it  Killing: Stopping\n\
             \x20 event      BackOff x14: Back-off\n\
             \x20 Argo CD    Progressing\n\
             \x20 since      2026-03-05T12:00:00Z\n\
             \x20 deployed   1.4 -> 1.5, abc by auto-sync at 2026-03-05T12:00:30Z\n"
        );
    }

    #[test]
    fn a_container_that_never_ran_waits_and_what_the_verdict_says_is_not_said_again() {
        let mut why = why();
        why.trouble.reason = "container api has no image a:1 (ErrImagePull: a:1: not found)".into();
        why.message = Some("a:1: not found".into());
        (why.reason, why.exit_code, why.run, why.restarts) = (Some("ErrImagePull".into()), None, None, 0);
        assert!(why.text().contains("\n  waits      (ErrImagePull), 0 restarts\n"), "{}", why.text());
    }

    #[test]
    fn trouble_that_was_there_long_before_did_not_begin_with_the_deployment() {
        let mut why = why();
        assert!(why.began_with().is_some());
        why.deployed.as_mut().unwrap().at = at(3_600);
        assert!(why.began_with().is_none());
        why.deployed.as_mut().unwrap().at = at(-3_600);
        assert!(why.began_with().is_none(), "nor did trouble that came long after");
    }
}
