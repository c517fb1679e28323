//! A debugger put into a running pod: a container of its own beside the process, which attaches to that process and
//! listens. Where the runtime lets one container see another's processes, and the image has debugpy.

use serde_json::{Value, json};

use super::plan::{Facts, Plan, Request, Right};
use super::refusal::Refusal;
use super::verb::Verb;
use super::workload::{destination, object_path};
use crate::domain::{ObjectName, Protection};

/// What is put into a pod, and beside what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// The pod.
    pub pod: ObjectName,
    /// The container whose process is debugged.
    pub container: String,
    /// Its image: it is the one that has the same Python, and mostly debugpy too.
    pub image: String,
    /// Where the debugger is to listen.
    pub port: u16,
}

impl Injection {
    /// What the new container is called. A name is taken for as long as the pod lives, so it follows from the port.
    #[must_use]
    pub fn name(&self) -> String {
        format!("pilothouse-debugpy-{}", self.port)
    }

    fn container(&self) -> Value {
        json!({
            "name": self.name(),
            "image": self.image,
            "targetContainerName": self.container,
            "command": ["python", "-m", "debugpy", "--listen", format!("127.0.0.1:{}", self.port), "--pid", "1"],
            // to attach to a process is to trace it
            "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}},
        })
    }
}

pub(super) fn plan(facts: &Facts, injection: &Injection) -> Result<Plan, Refusal> {
    let environment = &facts.environment;
    if environment.protection > Protection::Confirm {
        return Err(Refusal::impossible(
            format!("{} is protected: no debugger is put into its pods", environment.name),
            "debug in an open environment, or give this one another protection in your settings",
        ));
    }
    let Injection { pod, container, port, .. } = injection;
    let title = format!("Put debugpy into pod {}, attached to {container}, listening on {port}", pod.name);
    let mut plan = Plan::new(facts, Verb::Inject(Box::new(injection.clone())), title);
    plan.requests.push(Request {
        place: destination(facts)?,
        method: "PATCH",
        path: format!("{}/ephemeralcontainers", object_path(facts)?),
        content_type: "application/strategic-merge-patch+json",
        body: json!({"spec": {"ephemeralContainers": [injection.container()]}}),
        guarded: false,
        right: Right { kind: "Pod/ephemeralcontainers".to_owned(), ..Right::on("patch", pod) },
    });
    plan.caution(format!(
        "the image {} has to have debugpy, and the runtime to let it see {container}",
        injection.image
    ));
    plan.caution(
        "a container that was put into a pod stays until the pod is replaced; a rollout or a restart takes it away",
    );
    let auto = facts.app.auto_sync();
    if auto.enabled && auto.self_heal {
        plan.caution("self-heal reverts live edits of what Git has; what is put into a pod is none, so it stays");
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Application, Marks, Past, Restorer, Windows};
    use crate::domain::{AppKey, Environment, GuardPolicy, Route};

    fn facts(protection: Protection) -> Facts {
        let app = json!({"metadata": {"name": "backend-dev", "namespace": "argocd"},
            "spec": {"project": "p", "syncPolicy": {"automated": {"selfHeal": true}}}});
        Facts {
            key: AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-dev".into() },
            environment: Environment {
                name: "dev".into(),
                order: 1,
                protection,
                color: None,
                guard: GuardPolicy::Auto,
            },
            app: Application::new(app),
            marks: Marks::default(),
            past: Past::default(),
            route: Route::Through { context: "cloud".into(), also: Vec::new() },
            path: Ok("/api/v1/namespaces/dev/pods/backend-1".to_owned()),
            windows: Ok(Windows::default()),
            knows_enabled: Some(true),
            auto_sync_before: None,
            restorer: Restorer::Nobody,
            served: false,
            user: "ann".into(),
            now: "2026-11-23T12:00:00Z".parse().unwrap(),
        }
    }

    fn injection() -> Injection {
        let pod = ObjectName {
            group: "".into(),
            version: "v1".into(),
            kind: "Pod".into(),
            namespace: "dev".into(),
            name: "backend-1".into(),
        };
        Injection { pod, container: "api".to_owned(), image: "backend:1".to_owned(), port: 5678 }
    }

    #[test]
    fn a_debugger_is_put_beside_the_process_and_never_where_it_is_protected() {
        let made = plan(&facts(Protection::Open), &injection()).unwrap();
        let [request] = &made.requests[..] else { panic!("{made:?}") };
        assert_eq!(request.path, "/api/v1/namespaces/dev/pods/backend-1/ephemeralcontainers");
        assert_eq!(request.right.kind, "Pod/ephemeralcontainers");
        let container = &request.body["spec"]["ephemeralContainers"][0];
        assert_eq!((&container["targetContainerName"], &container["image"]), (&json!("api"), &json!("backend:1")));
        assert_eq!(
            container["command"],
            json!(["python", "-m", "debugpy", "--listen", "127.0.0.1:5678", "--pid", "1"])
        );
        assert!(made.cautions.iter().any(|caution| caution.words.contains("self-heal reverts live edits")));
        for protection in [Protection::Typed, Protection::ReadOnly] {
            let refused = plan(&facts(protection), &injection()).unwrap_err();
            assert!(refused.why.contains("dev is protected"), "{}", refused.why);
        }
    }
}
