//! Where we listen: a port of this machine, or a Unix socket nobody else can open.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::forward::{Local, Remote};

/// How many ports above a busy one are tried.
const FURTHER: u16 = 200;

/// A connection somebody made to us.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Somewhere we listen.
#[derive(Debug)]
pub(super) enum Listener {
    Port(TcpListener),
    Socket(UnixListener, Place),
}

/// A socket's file: gone when we are.
#[derive(Debug)]
pub(super) struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // somebody else removed it: so be it
        _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Port(listener) => {
                let (stream, _) = listener.accept().await?;
                // keys and breakpoints are small and wait for their answers
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Self::Socket(listener, _) => Box::new(listener.accept().await?.0),
        })
    }

    /// Where that is.
    pub fn local(&self) -> io::Result<Local> {
        Ok(match self {
            Self::Port(listener) => Local::Port(listener.local_addr()?),
            Self::Socket(_, place) => Local::Socket(place.0.clone()),
        })
    }
}

/// The local port for a remote one nobody gave a local port: the same, and one that needs no rights for one that does.
pub(super) fn like(remote: u16) -> u16 {
    if remote < 1024 { 8000 + remote } else { remote }
}

/// The local port that is wanted for a mapping, and whether somebody asked for it.
pub(super) fn wanted(local: Option<u16>, remote: &Remote, known: Option<u16>) -> u16 {
    match (local, remote) {
        (Some(local), _) => local,
        (None, Remote::Number(number)) => like(*number),
        (None, Remote::Name(_)) => known.map_or(0, like),
    }
}

/// Listens on a port, or on the next one above it that is free: then also says which was busy. Port 0 is any free one.
pub(super) async fn port(address: IpAddr, wanted: u16) -> io::Result<(Listener, Option<u16>)> {
    let mut busy = None;
    let last = wanted.saturating_add(if wanted == 0 { 0 } else { FURTHER });
    for port in wanted..=last {
        match TcpListener::bind(SocketAddr::new(address, port)).await {
            Ok(listener) => return Ok((Listener::Port(listener), busy)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => busy = Some(wanted),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, format!("ports {wanted} to {last} are all busy")))
}

/// Listens on a Unix socket that only this user can open. One that is left over from somebody who is gone is replaced.
pub(super) async fn socket(path: &Path) -> io::Result<Listener> {
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of that name"));
        }
        if UnixStream::connect(path).await.is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens there"));
        }
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // made where nobody else can look, and moved when its rights are right: at no moment can another user connect
    let private = tempfile::Builder::new().prefix(".pilothouse-").tempdir_in(folder)?;
    let hidden = private.path().join("s");
    let listener = UnixListener::bind(&hidden)?;
    std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&hidden, path)?;
    Ok(Listener::Socket(listener, Place(path.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[tokio::test]
    async fn a_busy_port_gives_way_to_the_next_free_one() {
        let home = IpAddr::from(Ipv4Addr::LOCALHOST);
        let (first, none) = port(home, 0).await.unwrap();
        assert_eq!(none, None);
        let taken = first.local().unwrap().port().unwrap();
        let (second, busy) = port(home, taken).await.unwrap();
        assert_eq!(busy, Some(taken));
        assert!(second.local().unwrap().port().unwrap() > taken);
    }

    #[tokio::test]
    async fn a_socket_is_its_users_alone_and_goes_with_us() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("debug.sock");
        let listener = socket(&path).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(UnixStream::connect(&path).await.is_ok());
        assert_eq!(socket(&path).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let Listener::Socket(inner, place) = listener else { panic!("a socket") };
        drop(inner);
        std::mem::forget(place);
        let again = socket(&path).await.unwrap();
        drop(again);
        assert!(!path.exists());
        std::fs::write(&path, "mine").unwrap();
        assert!(socket(&path).await.is_err());
    }

    #[test]
    fn local_ports_follow_the_remote_ones() {
        assert_eq!(wanted(None, &Remote::Number(5678), None), 5678);
        assert_eq!(wanted(None, &Remote::Number(80), None), 8080);
        assert_eq!(wanted(Some(9), &Remote::Number(80), None), 9);
        assert_eq!(wanted(None, &Remote::Name("http".into()), Some(443)), 8443);
        assert_eq!(wanted(None, &Remote::Name("http".into()), None), 0);
    }
}
