//! One forward: it listens until it is stopped, and every connection finds its own way to the pod that answers then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, select_all};
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::kubectl::Children;
use super::listen::{Listener, Stream};
use super::resolver::{Miss, Resolver};
use crate::domain::Clock;
use crate::domain::time::after;
use crate::forward::{Event, Remote, Session};
use crate::source::kube::{Carried, ChannelError, Upstream, dial};

/// A connection whose pod is not there yet is held for this long.
const HOLD: Duration = Duration::from_secs(30);
/// A pod that is ready and does not listen is given this long to begin.
const DEAF: Duration = Duration::from_secs(3);
/// A client that says nothing is waited for this long before the pod is dialled: whoever only looks whether a port is
/// open has gone by then.
const FIRST_WORD: Duration = Duration::from_millis(300);
/// What a client says before its way stands is kept, in bytes.
const MOST_KEPT: usize = 64 << 10;
/// Bytes are told of at most this often.
const TOLD: Duration = Duration::from_secs(1);

/// How long to wait before attempt `count` of a connection that somebody waits for: a new pod answers within a second
/// of its readiness.
fn pause(count: u32) -> Duration {
    Duration::from_millis((100 << count.min(3)).min(500))
}

/// The same where nobody waits.
fn idle_pause(count: u32) -> Duration {
    Duration::from_millis((200 << count.min(5)).min(5_000))
}

/// What the connections of a forward share.
pub(super) struct Shared {
    pub session: Mutex<Session>,
    pub resolver: Resolver,
    pub clock: Arc<dyn Clock>,
    /// Told whenever the session reads differently.
    pub told: Arc<dyn Fn() + Send + Sync>,
    /// The client speaks first: nothing is dialled before it has.
    pub client_first: bool,
    /// kubectl carries it.
    pub by_kubectl: AtomicBool,
    pub children: Children,
    /// Look again which pod answers.
    pub look: Notify,
}

/// Where a connection leads.
enum Way {
    Own(Box<Upstream>),
    Kubectl(TcpStream),
}

impl Shared {
    pub fn session(&self) -> MutexGuard<'_, Session> {
        // a panic leaves a session that can still be read
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tell(&self, event: Event) {
        let differs = self.session().take(event, self.clock.now());
        if differs {
            (self.told)();
        }
    }

    /// Looks which pod answers, and says so.
    async fn resolve(&self, remote: &Remote) -> Result<(String, u16), Miss> {
        let found = match self.resolver.resolve().await {
            Ok(answers) => answers.port(remote).map(|(port, container)| (answers.pod.name, port, container)),
            Err(miss) => Err(miss),
        };
        match found {
            Ok((pod, port, container)) => {
                self.tell(Event::Found { pod: pod.clone(), container });
                Ok((pod, port))
            }
            Err(miss) => {
                self.tell(match &miss {
                    Miss::Nobody(why) => Event::NotFound(why.clone()),
                    Miss::Denied(what) => Event::Denied(what.clone()),
                    Miss::Failed(why) => Event::Failed(why.clone()),
                });
                Err(miss)
            }
        }
    }

    /// Makes the way to the pod that answers; tries again while that may help. `None`: it does not.
    async fn reach(&self, remote: &Remote) -> Option<Way> {
        let until = after(self.clock.now(), HOLD);
        let (mut count, mut deaf) = (0, None);
        loop {
            let dialled = match self.resolve(remote).await {
                Ok((pod, port)) => Some(self.dial(&pod, port).await),
                Err(Miss::Denied(_)) => return None,
                // said already
                Err(Miss::Nobody(_) | Miss::Failed(_)) => None,
            };
            match dialled {
                Some(Ok(way)) => return Some(way),
                Some(Err(ChannelError::Denied(what))) => {
                    self.tell(Event::Barred(what));
                    return None;
                }
                Some(Err(ChannelError::NoWebSockets(why))) => {
                    self.tell(Event::Failed(format!("{why}; kubectl carries it from now on")));
                    self.by_kubectl.store(true, Ordering::Relaxed);
                    self.session().kubectl = true;
                }
                Some(Err(ChannelError::Refused(why))) => {
                    self.tell(Event::Failed(why));
                    if self.clock.now() > *deaf.get_or_insert_with(|| after(self.clock.now(), DEAF)) {
                        return None;
                    }
                }
                Some(Err(ChannelError::Gone(why) | ChannelError::Failed(why))) => self.tell(Event::Failed(why)),
                None => {}
            }
            if self.clock.now() > until {
                return None;
            }
            self.clock.sleep(pause(count)).await;
            count += 1;
        }
    }

    async fn dial(&self, pod: &str, port: u16) -> Result<Way, ChannelError> {
        let Resolver { cluster, namespace, .. } = &self.resolver;
        if self.by_kubectl.load(Ordering::Relaxed) {
            let dialled = self.children.dial(cluster, namespace, pod, port).await;
            return dialled.map(Way::Kubectl).map_err(ChannelError::Failed);
        }
        dial(cluster, namespace, pod, port).await.map(|upstream| Way::Own(Box::new(upstream)))
    }

    /// A connection from its beginning to its end.
    async fn connection(&self, number: u64, mut client: Box<dyn Stream>, remote: Remote) {
        self.tell(Event::Accepted(number));
        self.serve(number, &mut client, &remote).await;
        self.tell(Event::Closed(number));
    }

    async fn serve(&self, number: u64, client: &mut Box<dyn Stream>, remote: &Remote) {
        let mut first = Vec::with_capacity(1024);
        let spoke = tokio::select! {
            read = client.read_buf(&mut first) => matches!(read, Ok(1..)),
            () = self.clock.sleep(FIRST_WORD), if !self.client_first => true,
        };
        if !spoke {
            // it only looked whether somebody is there: nothing was dialled
            return;
        }
        let way = {
            let listens_on = read_on(client, &mut first);
            tokio::select! {
                way = self.reach(remote) => way,
                () = listens_on => None,
            }
        };
        let Some(way) = way else {
            self.look.notify_one();
            return;
        };
        self.tell(Event::Open(number));
        let (up, down) = self.session().counters();
        let ended = match way {
            Way::Own(upstream) => upstream.carry(&mut *client, &first, &up, &down).await,
            Way::Kubectl(stream) => pipe(stream, client, &first, &up, &down).await,
        };
        _ = client.shutdown().await;
        match ended {
            Carried::Left => {}
            Carried::Closed => self.look.notify_one(),
            Carried::Broken(why) => {
                self.tell(Event::Closed(number));
                self.tell(Event::Lost(why));
                self.look.notify_one();
            }
        }
    }

    /// Looks which pod answers whenever something broke, until one does: what is said of the forward is true also when
    /// nobody connects.
    async fn keep_looking(&self, remote: &Remote) {
        loop {
            self.look.notified().await;
            let mut count = 0;
            loop {
                self.clock.sleep(idle_pause(count)).await;
                if self.resolve(remote).await.is_ok() {
                    break;
                }
                count += 1;
            }
        }
    }
}

/// Takes in what the client says meanwhile; ends when it leaves without having said anything that waits for an answer.
async fn read_on(client: &mut Box<dyn Stream>, first: &mut Vec<u8>) {
    while first.len() < MOST_KEPT {
        match client.read_buf(first).await {
            Ok(1..) => {}
            // it said all it had to say, and may wait for the answer
            Ok(0) if !first.is_empty() => break,
            Ok(0) | Err(_) => return,
        }
    }
    std::future::pending::<()>().await;
}

/// Carries bytes between a client and kubectl's end.
async fn pipe(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    client: &mut Box<dyn Stream>,
    first: &[u8],
    up: &AtomicU64,
    down: &AtomicU64,
) -> Carried {
    if let Err(error) = stream.write_all(first).await {
        return Carried::Broken(error.to_string());
    }
    up.fetch_add(first.len() as u64, Ordering::Relaxed);
    let (mut sent, mut received) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut sent) => match read {
                Ok(count @ 1..) => {
                    up.fetch_add(count as u64, Ordering::Relaxed);
                    if let Err(error) = stream.write_all(&sent[..count]).await {
                        return Carried::Broken(error.to_string());
                    }
                }
                Ok(0) | Err(_) => return Carried::Left,
            },
            read = stream.read(&mut received) => match read {
                Ok(count @ 1..) => {
                    down.fetch_add(count as u64, Ordering::Relaxed);
                    if client.write_all(&received[..count]).await.is_err() {
                        return Carried::Left;
                    }
                }
                Ok(0) => return Carried::Closed,
                Err(error) => return Carried::Broken(error.to_string()),
            },
        }
    }
}

/// Serves until it is dropped.
pub(super) async fn serve(shared: &Shared, listeners: &[(Listener, Remote)]) {
    let Some((_, first)) = listeners.first() else { return };
    let mut connections: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
    let mut number = 0;
    let mut bytes = shared.session().bytes();
    let watch = shared.keep_looking(first);
    let mut watch = std::pin::pin!(watch);
    loop {
        let accepts =
            listeners.iter().map(|(listener, remote)| Box::pin(async move { (listener.accept().await, remote) }));
        let busy = !connections.is_empty();
        tokio::select! {
            ((accepted, remote), ..) = select_all(accepts) => match accepted {
                Ok(client) => {
                    number += 1;
                    connections.push(Box::pin(shared.connection(number, client, remote.clone())));
                }
                // out of descriptors, or a client that left at once: the listener is as good as before
                Err(error) => {
                    shared.tell(Event::Failed(format!("a connection could not be taken: {error}")));
                    shared.clock.sleep(pause(0)).await;
                }
            },
            () = shared.clock.sleep(TOLD), if busy => {
                let now = shared.session().bytes();
                if std::mem::replace(&mut bytes, now) != now {
                    (shared.told)();
                }
            }
            _ = connections.next(), if busy => {}
            () = &mut watch => {}
        }
    }
}
