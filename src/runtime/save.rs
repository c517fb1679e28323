//! Files that a person asked for, written beside the loop: a full ring of log lines is far more than a frame has time for.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::scope::Scope;
use crate::store::logs::{Excerpt, Reader};

/// Bytes of lines looked at between two chances for other tasks.
const SLICE: usize = 256 << 10;
/// Progress is said each time so many percent more are written.
const STRIDE: u64 = 20;
/// Words that wait to be said.
const LANE: usize = 8;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written: {why}")]
struct SaveError {
    path: String,
    why: std::io::Error,
}

/// The files that are being written, and what is to be said of them.
pub struct Saves {
    scope: Scope,
    lane: mpsc::Sender<String>,
    said: mpsc::Receiver<String>,
}

impl Saves {
    /// Writes nothing yet. Files will be written on `io`.
    #[must_use]
    pub fn new(io: Handle) -> Self {
        let (lane, said) = mpsc::channel(LANE);
        let broken = lane.clone();
        // when so much waits to be said that this does not fit, the person is told of a save all the same
        let scope = Scope::new(io, move |panic| _ = broken.try_send(format!("saving broke: {}", panic.message)));
        Self { scope, lane, said }
    }

    /// Begins to write a new file that only its owner may read. It lies in the folder for the program's state, or in
    /// the current one where the system knows no such folder. A file of that name is never replaced.
    pub fn begin(&self, name: &str, excerpt: Excerpt) {
        let dirs = directories::ProjectDirs::from("", "", env!("CARGO_PKG_NAME"));
        let folder = dirs.and_then(|d| Some(d.state_dir()?.join("logs"))).unwrap_or_else(|| PathBuf::from("."));
        self.begin_in(&folder, name, excerpt);
    }

    fn begin_in(&self, folder: &Path, name: &str, excerpt: Excerpt) {
        // Names are made of names from a cluster: they may not lead out of the folder.
        let name: String = name.chars().map(|c| if c == '/' || c.is_control() { '-' } else { c }).collect();
        let (path, lane) = (folder.join(name), self.lane.clone());
        self.scope.spawn("save", async move {
            let said = match write(&path, &excerpt, &lane).await {
                Ok(lines) => format!("{lines} lines saved to {}", path.display()),
                Err(why) => SaveError { path: path.display().to_string(), why }.to_string(),
            };
            // the error says that nobody listens any more
            _ = lane.send(said).await;
        });
    }

    /// What is to be said next: how far a file is, and how it went.
    pub async fn next(&mut self) -> Option<String> {
        self.said.recv().await
    }
}

/// Takes a file away again that was not written to its end.
struct Unfinished<'a>(Option<&'a Path>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            // where that fails there is nothing left to try
            _ = std::fs::remove_file(path);
        }
    }
}

async fn write(path: &Path, excerpt: &Excerpt, lane: &mpsc::Sender<String>) -> std::io::Result<u64> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut unfinished = Unfinished(Some(path));
    let (mut reader, mut slice, mut told) = (Reader::default(), String::new(), 0);
    loop {
        slice.clear();
        let more = excerpt.read(&mut reader, SLICE, &mut slice);
        file.write_all(slice.as_bytes())?;
        if !more {
            break;
        }
        let percent = excerpt.percent(&reader);
        if percent >= told + STRIDE {
            told = percent;
            // progress is worth saying only while somebody has time for it
            _ = lane.try_send(format!("saving, {percent}% of the lines are written"));
        }
        tokio::task::yield_now().await;
    }
    unfinished.0 = None;
    Ok(reader.lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::store::LogStore;
    use crate::store::logs::Filter;
    use std::os::unix::fs::PermissionsExt as _;

    fn excerpt(lines: usize) -> Excerpt {
        let mut store = LogStore::default();
        let stream = store.stream("api-1", "api");
        for _ in 0..lines {
            store.push(stream, Timestamp::UNIX_EPOCH, "a line", Timestamp::UNIX_EPOCH);
        }
        store.settle_all();
        Excerpt::of(&store, &Filter::default(), u64::MAX)
    }

    #[tokio::test]
    async fn a_saved_file_is_its_owners_alone_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut saves = Saves::new(Handle::current());
        saves.begin_in(folder.path(), "../evil.log", excerpt(2));
        let path = folder.path().join("..-evil.log");
        assert_eq!(saves.next().await.unwrap(), format!("2 lines saved to {}", path.display()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        saves.begin_in(folder.path(), "../evil.log", excerpt(1));
        let said = saves.next().await.unwrap();
        assert!(said.contains("evil.log cannot be written: "), "{said}");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2, "and what was there stays");
    }

    #[tokio::test]
    async fn a_long_file_is_written_in_slices_and_says_how_far_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut saves = Saves::new(Handle::current());
        saves.begin_in(folder.path(), "long.log", excerpt(200_000));
        let mut said = vec![saves.next().await.unwrap()];
        while said.last().is_some_and(|words| words.starts_with("saving, ")) {
            said.push(saves.next().await.unwrap());
        }
        assert!(said.len() > 2 && said.last().unwrap().starts_with("200000 lines saved to "), "{said:?}");
    }

    #[tokio::test]
    async fn a_file_that_is_not_finished_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let saves = Saves::new(Handle::current());
        let path = folder.path().join("half.log");
        let (lane, excerpt) = (saves.lane.clone(), excerpt(200_000));
        {
            let mut writing = std::pin::pin!(write(&path, &excerpt, &lane));
            assert!(futures::poll!(&mut writing).is_pending());
            assert!(path.exists());
        }
        assert!(!path.exists());
    }
}
