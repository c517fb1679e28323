//! Files of settings, keys and looks are read again when they are saved.
//!
//! The system tells of changes, so nothing is asked and nobody wakes up while nothing changes. Editors write a file in
//! place, or beside it and rename; so folders are watched, and of files that are links the folder they lead to as well.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};

use super::scope::Scope;
use crate::app::Looks;

/// A save is several changes: they are over when none came for this long.
const SETTLED: Duration = Duration::from_millis(60);
/// Whoever never stops changing files is read after so many changes.
const PATIENCE: usize = 20;

/// Reads the files again.
pub type Reader = Box<dyn FnMut() -> Looks + Send>;

/// The task that watches.
pub struct Reload {
    looks: mpsc::Receiver<Looks>,
    /// Kept, so that the end of the task is no end of waiting.
    _sender: mpsc::Sender<Looks>,
    _scope: Scope,
}

impl Reload {
    /// Watches these files, and these folders with what is in them, existing or not. Tasks run on `io`.
    #[must_use]
    pub fn start(places: Vec<PathBuf>, reader: Reader, io: Handle) -> Self {
        let (sender, looks) = mpsc::channel(1);
        let scope = Scope::new(io, |panic| tracing::error!("{}: {}", panic.task, panic.message));
        scope.spawn("watching settings", watch(places, reader, sender.clone()));
        Self { looks, _sender: sender, _scope: scope }
    }

    /// Waits for the next change.
    pub async fn next(&mut self) -> Option<Looks> {
        self.looks.recv().await
    }
}

async fn watch(places: Vec<PathBuf>, mut reader: Reader, sender: mpsc::Sender<Looks>) {
    let changed = Arc::new(Notify::new());
    let relevant: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
    let (tell, of) = (Arc::clone(&changed), Arc::clone(&relevant));
    let told = move |event: notify::Result<Event>| {
        let places = of.lock().unwrap_or_else(PoisonError::into_inner);
        // an error says that changes may have been missed
        if event.map_or(true, |event| is_change(event.kind) && event.paths.iter().any(|p| concerns(&places, p))) {
            tell.notify_one();
        }
    };
    let mut watcher = match notify::recommended_watcher(told) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!("changes of settings are not seen: {error}");
            return;
        }
    };
    arm(&mut watcher, &places, &relevant);
    loop {
        changed.notified().await;
        for _ in 0..PATIENCE {
            // a real timer: this waits for another program, not for a moment of the cockpit's day
            if tokio::time::timeout(SETTLED, changed.notified()).await.is_err() {
                break;
            }
        }
        // folders that came meanwhile are watched before they are read
        arm(&mut watcher, &places, &relevant);
        let Ok((again, looks)) = tokio::task::spawn_blocking(move || {
            let looks = reader();
            (reader, looks)
        })
        .await
        else {
            return;
        };
        reader = again;
        if sender.send(looks).await.is_err() {
            return;
        }
    }
}

/// Reading a file is no change of it.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Whether something at `path` is one of the places, in one of them, or a folder one of them is in.
fn concerns(places: &BTreeSet<PathBuf>, path: &Path) -> bool {
    places.iter().any(|place| place.starts_with(path) || path.starts_with(place))
}

/// Watches the folder of each place, or the nearest above it that is there, and each place that is a folder.
fn arm(watcher: &mut RecommendedWatcher, places: &[PathBuf], relevant: &Mutex<BTreeSet<PathBuf>>) {
    let led_to = places.iter().filter_map(|place| place.canonicalize().ok());
    let all: BTreeSet<PathBuf> = places.iter().cloned().chain(led_to).collect();
    let above = all.iter().filter_map(|place| place.ancestors().skip(1).find(|folder| folder.is_dir()));
    let folders: BTreeSet<&Path> =
        above.chain(all.iter().map(PathBuf::as_path).filter(|place| place.is_dir())).collect();
    for folder in folders {
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!("changes in {} are not seen: {error}", folder.display());
        }
    }
    *relevant.lock().unwrap_or_else(PoisonError::into_inner) = all;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::looks::brief;
    use crate::command::Keymap;
    use crate::config::ConfigError;
    use crate::config::glyph::ASCII;
    use crate::config::settings::Settings;
    use crate::config::theme::Theme;

    /// Looks whose one complaint is what stands in the file.
    fn reader(file: PathBuf) -> Reader {
        Box::new(move || {
            let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "gone".to_owned());
            let complaints = vec![ConfigError::whole("f", text, "again")];
            Looks {
                theme: Theme::default(),
                keys: Keymap::bundled(),
                glyphs: &ASCII,
                settings: Settings::default(),
                complaints,
            }
        })
    }

    /// Waits until the file was read as this.
    async fn until(reload: &mut Reload, wanted: &str) {
        let wanted = format!("f: {wanted}; try again");
        let seen = async { while brief(&reload.next().await.unwrap().complaints).unwrap() != wanted {} };
        tokio::time::timeout(Duration::from_secs(60), seen).await.expect("the change was not seen");
    }

    #[tokio::test]
    async fn every_way_to_save_a_file_is_seen() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("config/pilothouse");
        let file = folder.join("config.toml");
        let places = vec![file.clone(), folder.join("themes")];
        let mut reload = Reload::start(places, reader(file.clone()), Handle::current());
        // the task watches before the file comes, or finds it when it begins to
        std::fs::create_dir_all(&folder).unwrap();
        let mut n = 0;
        // until it watches, nothing tells: the first change is repeated
        loop {
            n += 1;
            std::fs::write(&file, format!("first {n}")).unwrap();
            if tokio::time::timeout(Duration::from_millis(500), reload.next()).await.is_ok() {
                break;
            }
        }
        std::fs::write(&file, "in place").unwrap();
        until(&mut reload, "in place").await;
        std::fs::write(folder.join(".config.toml.swp"), "renamed").unwrap();
        std::fs::rename(folder.join(".config.toml.swp"), &file).unwrap();
        until(&mut reload, "renamed").await;
        std::fs::write(&file, "after it").unwrap();
        until(&mut reload, "after it").await;
        std::fs::remove_file(&file).unwrap();
        until(&mut reload, "gone").await;
        let elsewhere = home.path().join("dotfiles.toml");
        std::fs::write(&elsewhere, "linked").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        until(&mut reload, "linked").await;
        std::fs::write(&elsewhere, "behind the link").unwrap();
        until(&mut reload, "behind the link").await;
    }

    #[test]
    fn only_what_concerns_the_places_counts() {
        let places = ["/c/p/config.toml", "/c/p/themes"].into_iter().map(PathBuf::from).collect();
        for (path, counts) in [
            ("/c/p/config.toml", true),
            ("/c/p/themes/mine.toml", true),
            ("/c/p", true),
            ("/c/p/config.toml.swp", false),
            ("/c/other", false),
        ] {
            assert_eq!(concerns(&places, Path::new(path)), counts, "{path}");
        }
        assert!(!is_change(EventKind::Access(AccessKind::Read)));
        assert!(is_change(EventKind::Access(AccessKind::Close(AccessMode::Write))));
    }
}
