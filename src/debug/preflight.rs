//! What is good and bad about attaching, before anybody does.

use std::net::IpAddr;

use serde_json::Value;

use super::port::{DebugPort, Kind};
use super::sockets::Sockets;
use super::worker::Pool;
use crate::domain::Protection;

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// As it should be.
    Good,
    /// To know.
    Note,
    /// It will hurt somebody or be in the way.
    Warn,
    /// Attaching will not work.
    Bad,
}

impl Mark {
    /// Its word, for scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Warn => "warning",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is to be taken.
    pub mark: Mark,
    /// What it is about, in a word.
    pub about: &'static str,
    /// What is so.
    pub said: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// Whether something listens on the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    /// The pod's own tables say so.
    Seen(Sockets),
    /// They could not be read.
    Unknown(String),
    /// It answered the debug protocol, which is all that was asked of it.
    Answers,
    /// It takes connections and does not speak the debug protocol.
    Mute,
    /// There is no pod to ask.
    NoPod(String),
}

/// What is known before anybody attaches.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where the debugger should listen.
    pub port: DebugPort,
    /// The environment.
    pub environment: String,
    /// How it is protected.
    pub protection: Protection,
    /// Whether something listens.
    pub listening: Listening,
    /// Connections of our own through this port.
    pub ours: usize,
    /// The container, as its spec has it.
    pub container: Value,
    /// Pods that are ready.
    pub ready: usize,
    /// Auto-sync undoes live edits; none when nobody knows.
    pub self_heal: Option<bool>,
}

/// What to say of them, in the order of the way: the port first, then what pausing does.
#[must_use]
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    listening(facts, &mut found);
    for (probe, kills) in [("livenessProbe", true), ("readinessProbe", false)] {
        found.extend(probed(&facts.container[probe], kills));
    }
    found.push(replicas(facts.ready));
    found.extend(prefork(&facts.container));
    if facts.self_heal == Some(true) {
        found.push(Finding {
            mark: Mark::Note,
            about: "self-heal",
            said: "self-heal is on: live edits are undone".to_owned(),
            remedy: Some("change what Git wants instead".to_owned()),
        });
    }
    if facts.protection > Protection::Confirm {
        found.push(Finding {
            mark: Mark::Warn,
            about: "environment",
            said: format!("{} is protected: a breakpoint holds real requests", facts.environment),
            remedy: Some("use logpoints, or debug in an open environment".to_owned()),
        });
    }
    found
}

fn listening(facts: &Facts, found: &mut Vec<Finding>) {
    let DebugPort { port, kind, .. } = facts.port;
    let finding = |mark, said: String, remedy: Option<String>| Finding { mark, about: "port", said, remedy };
    match &facts.listening {
        Listening::NoPod(why) => found.push(finding(Mark::Bad, why.clone(), Some("wait for a ready pod".to_owned()))),
        Listening::Unknown(why) => found.push(finding(
            Mark::Note,
            format!("whether something listens on {port} is not known: {why}"),
            Some("the right to create pods/exec lets it be read from the pod".to_owned()),
        )),
        Listening::Answers => {
            found.push(finding(Mark::Good, format!("a debugger answers on {port}"), None));
            found.push(Finding {
                mark: Mark::Note,
                about: "attached",
                said: "whether somebody is attached is not known".to_owned(),
                remedy: Some("the right to create pods/exec lets it be read from the pod".to_owned()),
            });
        }
        Listening::Mute => found.push(finding(
            Mark::Bad,
            format!("what listens on {port} does not answer as a debugger"),
            Some("restart the pod: debugpy that was only looked at may answer nobody any more".to_owned()),
        )),
        Listening::Seen(sockets) if sockets.listens.is_empty() => {
            let remedy = match kind {
                Kind::Python => format!("switch it on in Git (debug: true), or start with -m debugpy --listen {port}"),
                Kind::Node => format!("start node with --inspect=127.0.0.1:{port}"),
            };
            found.push(finding(Mark::Bad, format!("nothing listens on {port}"), Some(remedy)));
        }
        Listening::Seen(sockets) => {
            let shown: Vec<String> = sockets.listens.iter().map(|address| shown(*address, port)).collect();
            let only = sockets.listens.iter().all(IpAddr::is_loopback);
            let reach = if only { ", which a forward reaches" } else { "" };
            found.push(finding(Mark::Good, format!("listens on {}{reach}", shown.join(" and ")), None));
            let others = sockets.connected.saturating_sub(facts.ours);
            found.push(match others {
                0 => Finding { mark: Mark::Good, about: "attached", said: "nobody attached".to_owned(), remedy: None },
                count => Finding {
                    mark: Mark::Warn,
                    about: "attached",
                    said: format!("{count} connected already: a second debugger is refused"),
                    remedy: Some("ask who it is to disconnect".to_owned()),
                },
            });
        }
    }
}

fn shown(address: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

/// What a probe does to a process that is paused.
fn probed(probe: &Value, kills: bool) -> Option<Finding> {
    let probe = probe.as_object()?;
    let number = |field: &str, default: u64| probe.get(field).and_then(Value::as_u64).unwrap_or(default);
    // the defaults of the API
    let seconds = number("periodSeconds", 10) * number("failureThreshold", 3);
    let remedy = |what: &str| Some(format!("raise its failureThreshold, or leave it out, {what} of the environment"));
    if probe.contains_key("httpGet") || probe.contains_key("grpc") {
        return Some(if kills {
            Finding {
                mark: Mark::Warn,
                about: "liveness",
                said: format!("liveness probe kills a paused process after {seconds} s"),
                remedy: remedy("in the values"),
            }
        } else {
            Finding {
                mark: Mark::Note,
                about: "readiness",
                said: format!("readiness probe takes a paused pod out of its service after {seconds} s"),
                remedy: None,
            }
        });
    }
    if probe.contains_key("exec") && kills {
        return Some(Finding {
            mark: Mark::Note,
            about: "liveness",
            said: format!(
                "liveness runs a command: if that asks the process, it is killed {seconds} s after it paused"
            ),
            remedy: remedy("in the values"),
        });
    }
    // the kernel answers for a paused process: a probe that only connects is content
    None
}

fn replicas(ready: usize) -> Finding {
    let about = "replicas";
    match ready {
        0 => Finding { mark: Mark::Bad, about, said: "no replica is ready".to_owned(), remedy: None },
        1 => Finding { mark: Mark::Good, about, said: "one replica".to_owned(), remedy: None },
        count => Finding {
            mark: Mark::Warn,
            about,
            said: format!("{count} replicas share the traffic: a request may not meet your breakpoint"),
            remedy: Some("send it to this pod by a forward of its own, or scale to one in Git".to_owned()),
        },
    }
}

/// Celery's workers fork: breakpoints are in the children, the port is the parent's.
fn prefork(container: &Value) -> Option<Finding> {
    let pool = Pool::of(container)?;
    if !pool.forks() {
        return Some(Finding {
            mark: Mark::Good,
            about: "celery",
            said: format!("celery runs its tasks in this process ({})", pool.name),
            remedy: None,
        });
    }
    Some(Finding {
        mark: Mark::Warn,
        about: "celery",
        said: format!("celery forks: tasks run in {} child processes, the port belongs to the parent", pool.children()),
        remedy: Some("run this worker with --pool=solo while you debug".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::net::Ipv4Addr;

    fn facts(listening: Listening, container: Value) -> Facts {
        Facts {
            port: DebugPort {
                container: "api".to_owned(),
                port: 5678,
                kind: Kind::Python,
                how: String::new(),
                guessed: false,
            },
            environment: "dev".to_owned(),
            protection: Protection::Open,
            listening,
            ours: 0,
            container,
            ready: 1,
            self_heal: Some(true),
        }
    }

    fn said(facts: &Facts) -> Vec<String> {
        findings(facts).iter().map(|finding| format!("{} {}", finding.mark.word(), finding.said)).collect()
    }

    fn seen(listens: &[IpAddr], connected: usize) -> Listening {
        Listening::Seen(Sockets { listens: listens.to_vec(), connected })
    }

    #[test]
    fn all_is_well_and_what_a_pause_does_is_said() {
        let container = json!({
            "livenessProbe": {"httpGet": {"path": "/health", "port": 8000}, "periodSeconds": 10, "failureThreshold": 3},
            "readinessProbe": {"httpGet": {"port": 8000}, "periodSeconds": 5, "failureThreshold": 2}});
        let facts = facts(seen(&[Ipv4Addr::UNSPECIFIED.into()], 0), container);
        assert_eq!(
            said(&facts),
            [
                "ok listens on 0.0.0.0:5678",
                "ok nobody attached",
                "warning liveness probe kills a paused process after 30 s",
                "note readiness probe takes a paused pod out of its service after 10 s",
                "ok one replica",
                "note self-heal is on: live edits are undone",
            ]
        );
    }

    #[test]
    fn what_stands_in_the_way_is_bad_and_has_a_remedy() {
        let plain = json!({"livenessProbe": {"tcpSocket": {"port": 8000}}});
        let silent = facts(seen(&[], 0), plain.clone());
        assert_eq!(said(&silent)[0], "bad nothing listens on 5678");
        assert!(findings(&silent)[0].remedy.as_ref().unwrap().contains("debug: true"));
        assert!(!said(&silent).iter().any(|line| line.contains("liveness")), "the kernel answers such a probe");
        let mut taken = facts(seen(&[Ipv4Addr::LOCALHOST.into()], 2), plain.clone());
        taken.ours = 1;
        taken.ready = 3;
        taken.protection = Protection::Typed;
        let lines = said(&taken);
        assert_eq!(lines[0], "ok listens on 127.0.0.1:5678, which a forward reaches");
        assert_eq!(lines[1], "warning 1 connected already: a second debugger is refused");
        assert!(lines.iter().any(|line| line.starts_with("warning 3 replicas share the traffic")));
        assert!(lines.iter().any(|line| line.starts_with("warning dev is protected")));
        let denied = facts(Listening::Unknown("pods/exec is forbidden".to_owned()), plain);
        assert_eq!(said(&denied)[0], "note whether something listens on 5678 is not known: pods/exec is forbidden");
    }

    #[test]
    fn celery_says_how_it_runs_tasks() {
        let worker = |command: &str| {
            let container = json!({"command": ["sh", "-c", command]});
            let facts = facts(seen(&[Ipv4Addr::LOCALHOST.into()], 0), container);
            said(&facts).into_iter().find(|line| line.contains("celery"))
        };
        assert_eq!(
            worker("celery -A app worker -c 4").as_deref(),
            Some("warning celery forks: tasks run in 4 child processes, the port belongs to the parent")
        );
        assert!(worker("celery -A app worker --pool=solo").unwrap().starts_with("ok celery runs its tasks"));
        assert_eq!(worker("celery -A app beat"), None);
    }
}
