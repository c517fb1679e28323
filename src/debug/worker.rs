//! Celery's workers: which processes run the tasks, and what that means for who attaches.

use serde_json::Value;

use super::port::words;

/// Where a worker runs its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What celery calls it: `prefork`, `solo`, `threads`, `gevent`.
    pub name: String,
    /// How many tasks at once; none for as many as there are processors.
    pub concurrency: Option<String>,
}

impl Pool {
    /// The pool of the worker a container runs; none when it runs none.
    #[must_use]
    pub fn of(container: &Value) -> Option<Self> {
        let words = words(container);
        let is_celery = words.iter().any(|word| word.ends_with("celery")) && words.iter().any(|word| word == "worker");
        if !is_celery {
            return None;
        }
        // what stands before belongs to the shell and to celery itself
        let words: Vec<String> = words.into_iter().skip_while(|word| word != "worker").collect();
        let value = |long: &str, short: &str| {
            let at =
                words.iter().position(|word| word == long || word == short || word.starts_with(&format!("{long}=")))?;
            words[at].split_once('=').map(|(_, value)| value.to_owned()).or_else(|| words.get(at + 1).cloned())
        };
        let name = value("--pool", "-P").unwrap_or_else(|| "prefork".to_owned());
        Some(Self { name, concurrency: value("--concurrency", "-c") })
    }

    /// Whether tasks run in other processes than the one that listens.
    #[must_use]
    pub fn forks(&self) -> bool {
        self.name == "prefork" || self.name == "processes"
    }

    /// How many child processes, in a word.
    #[must_use]
    pub fn children(&self) -> &str {
        self.concurrency.as_deref().unwrap_or("its")
    }
}

/// A Celery worker of an Application: one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its workload, as `deployment/celery`.
    pub target: String,
    /// The pod.
    pub pod: String,
    /// What the pod is doing.
    pub state: String,
    /// Where its debugger listens; none where nothing speaks of one.
    pub port: Option<u16>,
    /// Where it runs its tasks.
    pub pool: Pool,
}

impl Worker {
    /// What to know of it, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        let port = self.port.map_or_else(|| "no debugger".to_owned(), |port| format!("port {port}"));
        let tasks = if self.pool.forks() {
            format!("tasks in {} children of the process that listens", self.pool.children())
        } else {
            format!("tasks in the process that listens ({})", self.pool.name)
        };
        format!("worker {} of {} {}: {port}, {tasks}", self.pod, self.target, self.state)
    }
}

/// What forking means for who attaches.
#[must_use]
pub fn meaning(workers: &[Worker]) -> Option<String> {
    let forks = workers.iter().any(|worker| worker.pool.forks() && worker.port.is_some());
    let words = "prefork: attaching reaches the parent, which runs no task. Each child forked while debugpy listens is a \
                 session of its own, which the editor opens over the same port (subProcess, on by default); a child from \
                 before stops at no breakpoint. One pod takes the tasks of all: a task may run in another worker.";
    forks.then(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_worker_says_where_its_tasks_run() {
        let pool = |command: &str| Pool::of(&json!({"command": ["sh", "-c", command]}));
        let of = |command: &str, port| Worker {
            target: "deployment/celery".to_owned(),
            pod: "celery-1".to_owned(),
            state: "ready".to_owned(),
            port,
            pool: pool(command).unwrap(),
        };
        let forking = of("celery -A app worker -c 4", Some(5678));
        assert_eq!(
            forking.words(),
            "worker celery-1 of deployment/celery ready: port 5678, tasks in 4 children of the process that listens"
        );
        let solo = of("celery -A app worker --pool=solo", None);
        assert_eq!(
            solo.words(),
            "worker celery-1 of deployment/celery ready: no debugger, tasks in the process that listens (solo)"
        );
        assert!(meaning(std::slice::from_ref(&solo)).is_none());
        assert!(meaning(&[solo, forking]).unwrap().contains("over the same port"));
        assert_eq!(pool("celery -A app beat"), None);
    }
}
