//! Tasks with an owner: each has a name, is cancelled and joined with its scope, and is heard of when it panics.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// A task that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// The name it was spawned with.
    pub task: String,
    /// What the panic said, with its place in the code when [`note_panic`] was asked.
    pub message: String,
}

type OnPanic = Arc<dyn Fn(Panicked) + Send + Sync>;

/// Owns tasks. Whatever of the cockpit wants one spawns it here.
///
/// Dropping a scope aborts its tasks; [`Scope::close`] lets them end first.
pub struct Scope {
    handle: Handle,
    token: CancellationToken,
    tasks: Arc<Mutex<JoinSet<()>>>,
    on_panic: OnPanic,
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("cancelled", &self.token.is_cancelled()).finish_non_exhaustive()
    }
}

impl Scope {
    /// A scope whose tasks run on `handle`. `on_panic` hears of every task that panics, on that task's thread.
    pub fn new(handle: Handle, on_panic: impl Fn(Panicked) + Send + Sync + 'static) -> Self {
        Self { handle, token: CancellationToken::new(), tasks: Arc::default(), on_panic: Arc::new(on_panic) }
    }

    /// A scope inside this one: it is cancelled with this one, and can be closed alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            token: self.token.child_token(),
            tasks: Arc::default(),
            on_panic: Arc::clone(&self.on_panic),
        }
    }

    /// Cancelled when the scope ends: for tasks that have something to finish.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Runs `future` until it ends or the scope is cancelled, whichever comes first.
    pub fn spawn(&self, name: impl Into<String>, future: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let token = self.token.clone();
        self.spawn_to_end(name, async move {
            token.run_until_cancelled_owned(future).await;
        })
    }

    /// Runs `future` to its own end: it is told of the scope's end by [`Scope::token`] only, and aborted when
    /// [`Scope::close`] has waited long enough.
    pub fn spawn_to_end(
        &self,
        name: impl Into<String>,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        let (name, on_panic) = (name.into(), Arc::clone(&self.on_panic));
        let watched = async move {
            if let Err(payload) = AssertUnwindSafe(inside_task(future)).catch_unwind().await {
                on_panic(Panicked { task: name, message: message(&*payload) });
            }
        };
        let mut tasks = self.lock();
        // what has ended is forgotten here, so that a scope does not grow with the tasks it had
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(watched, &self.handle)
    }

    /// How many tasks have not ended yet.
    #[must_use]
    pub fn running(&self) -> usize {
        let mut tasks = self.lock();
        while tasks.try_join_next().is_some() {}
        tasks.len()
    }

    /// Tells every task to end. Does not wait.
    pub fn cancel(&self) {
        self.token.cancel();
    }

    /// Cancels, waits at the most `patience` for the tasks to end, and aborts those that have not: how many that were.
    pub async fn close(&self, patience: Duration) -> usize {
        self.cancel();
        let mut tasks = std::mem::take(&mut *self.lock());
        let all = async { while tasks.join_next().await.is_some() {} };
        // a real timer: this waits for tasks, not for a moment of the cockpit's day
        if tokio::time::timeout(patience, all).await.is_ok() {
            return 0;
        }
        let left = tasks.len();
        tasks.abort_all();
        left
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static NOTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// For the panic hook: whether this panic is a task's. Then its message and place are kept for the scope's callback,
/// and nobody needs to print it over the screen.
#[must_use]
pub fn note_panic(info: &PanicHookInfo<'_>) -> bool {
    let inside = INSIDE.get();
    if inside {
        let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        NOTED.set(Some(format!("{}{place}", message_of(info.payload()))));
    }
    inside
}

/// Polls `future` with a mark on the thread, so that the panic hook knows a task's panic.
async fn inside_task(future: impl Future<Output = ()>) {
    struct Mark;
    impl Drop for Mark {
        fn drop(&mut self) {
            INSIDE.set(false);
        }
    }
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        INSIDE.set(true);
        let _mark = Mark;
        let poll: Poll<()> = future.as_mut().poll(context);
        poll
    })
    .await;
}

fn message(payload: &(dyn Any + Send)) -> String {
    NOTED.take().unwrap_or_else(|| message_of(payload))
}

fn message_of(payload: &dyn Any) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn scope() -> (Scope, mpsc::Receiver<Panicked>) {
        let (sender, receiver) = mpsc::channel(8);
        (Scope::new(Handle::current(), move |panicked| sender.try_send(panicked).unwrap()), receiver)
    }

    #[tokio::test]
    async fn a_panicking_task_is_heard_of_and_the_others_go_on() {
        let (scope, mut panics) = scope();
        let (sender, mut receiver) = mpsc::channel(1);
        scope.spawn("good", async move {
            tokio::task::yield_now().await;
            sender.send(()).await.unwrap();
            std::future::pending::<()>().await;
        });
        scope.spawn("bad", async { panic!("no {}", "way") });
        let heard = panics.recv().await.unwrap();
        assert_eq!(heard.task, "bad");
        assert!(heard.message.starts_with("no way"), "{}", heard.message);
        assert_eq!(receiver.recv().await, Some(()));
        assert_eq!(scope.running(), 1);
        assert_eq!(scope.close(Duration::from_secs(10)).await, 0);
        assert_eq!(scope.running(), 0);
    }

    #[tokio::test]
    async fn closing_a_child_leaves_its_parent_and_closing_the_parent_ends_both() {
        let (parent, _panics) = scope();
        let (one, two) = (parent.child(), parent.child());
        for scope in [&parent, &one, &two] {
            scope.spawn("waits", std::future::pending());
        }
        assert_eq!(one.close(Duration::from_secs(10)).await, 0);
        assert_eq!((parent.running(), two.running()), (1, 1));
        parent.cancel();
        assert_eq!(two.close(Duration::from_secs(10)).await, 0);
        assert_eq!(parent.close(Duration::from_secs(10)).await, 0);
    }

    #[tokio::test]
    async fn a_task_that_has_something_to_finish_may_and_one_that_never_ends_is_aborted() {
        let (scope, _panics) = scope();
        let (sender, mut finished) = mpsc::channel(1);
        let token = scope.token();
        scope.spawn_to_end("writes its outcome", async move {
            token.cancelled().await;
            sender.send("outcome").await.unwrap();
        });
        scope.spawn_to_end("never ends", std::future::pending());
        assert_eq!(scope.close(Duration::from_millis(50)).await, 1);
        assert_eq!(finished.recv().await, Some("outcome"));
    }
}
