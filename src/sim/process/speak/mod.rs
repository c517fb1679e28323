//! What answers on a pod's ports.

mod debugpy;
mod http;
mod postgres;
mod redis;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;

use super::super::network::{Line, Listener, Speaks, Via};
use super::super::store::Store;
use super::life::ended;

/// A connection to a pod.
pub struct Dialled {
    /// The end of who dialled.
    pub stream: DuplexStream,
    /// What happens at the pod's end; to be driven until it ends, or dropped to cut the connection.
    pub served: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Dials a port of a pod; none when nothing listens there.
pub async fn dial(store: &Store, pod: &Value, port: u16, via: Via) -> Option<Dialled> {
    let listener = store.network().listeners(pod).into_iter().find(|listener| listener.port == port)?;
    if via == Via::Proxy && !listener.is_reachable() {
        return None;
    }
    let real = match listener.speaks {
        Speaks::To(address) => Some(TcpStream::connect(address).await.ok()?),
        _ => None,
    };
    let (stream, line) = store.network().open(pod, port, via);
    let (store, pod) = (store.clone(), pod.clone());
    let served = async move {
        let gone = ended(store.clone(), pod.clone(), Some(listener.container.clone()));
        tokio::select! {
            () = answer(&listener, real, line, &pod) => {}
            () = gone => {}
        }
    };
    Some(Dialled { stream, served: Box::pin(served) })
}

async fn answer(listener: &Listener, real: Option<TcpStream>, mut line: Line, pod: &Value) {
    let talked = match listener.speaks {
        Speaks::Http => http::serve(line, pod).await,
        Speaks::Debugpy { fragile } => debugpy::serve(line, fragile).await,
        Speaks::Redis => redis::serve(line).await,
        Speaks::Postgres => postgres::serve(line).await,
        Speaks::Silent => drain(&mut line).await,
        Speaks::To(_) => match real {
            Some(mut real) => tokio::io::copy_bidirectional(&mut line, &mut real).await.map(drop),
            None => Ok(()),
        },
    };
    if let Err(error) = talked {
        tracing::debug!(port = listener.port, %error, "a conversation with a pod broke off");
    }
}

/// Reads until the other side has nothing more to say.
async fn drain(line: &mut Line) -> std::io::Result<()> {
    let mut rest = [0; 4096];
    while line.read(&mut rest).await? > 0 {}
    Ok(())
}
