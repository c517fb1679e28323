//! What the program keeps between two starts: lines of the palette, filters that were saved there, and the folders of pods
//! that debugging was told. Small files of our own in the state directory; the person's settings file is theirs and never written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::app::memory::{self, Keep};
use crate::domain::text::clean;

/// Lines of the palette, oldest first.
const LINES: &str = "palette.txt";
/// Saved filters as TOML: `name = "text"`.
const FILTERS: &str = "filters.toml";
/// Folders of pods by service, as answered: `service = "/app"`.
const FOLDERS: &str = "folders.toml";
/// A file that is longer is none of ours and is not read.
const LARGEST: u64 = 1 << 20;

/// Why something was not kept.
#[derive(Debug, thiserror::Error)]
pub enum RememberError {
    /// The file cannot be read or written.
    #[error("{path} cannot be kept: {why}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        why: std::io::Error,
    },
    /// The file is not what we wrote: it is left as it is.
    #[error("{path} is not a list of names and texts: {why}")]
    Foreign {
        /// Its path.
        path: String,
        /// Where and what.
        why: String,
    },
    /// The system knows no place for it.
    #[error("it is kept until the program ends: there is no state directory (set HOME or XDG_STATE_HOME)")]
    Nowhere,
}

/// The folder of what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    folder: Option<PathBuf>,
}

impl Remembered {
    /// In this folder, which need not exist.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// `$XDG_STATE_HOME/pilothouse`, else where the system keeps the state of programs.
    #[must_use]
    pub fn here() -> Self {
        let program = env!("CARGO_PKG_NAME");
        // pinned for every system; elsewhere than on Linux the library does not look at it
        let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let system = || {
            let dirs = directories::ProjectDirs::from("", "", program)?;
            Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
        };
        Self { folder: named.map(|state| state.join(program)).or_else(system) }
    }

    /// The folder; none where the system knows of no home.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The lines given to the palette, oldest first; none where they cannot be read.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let text = self.folder.as_ref().and_then(|folder| read(&folder.join(LINES)).ok());
        text.unwrap_or_default().lines().map(|line| clean(line).into_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// The saved filters by name.
    pub fn filters(&self) -> Result<BTreeMap<String, String>, RememberError> {
        self.pairs(FILTERS)
    }

    /// The folders of pods that are a workspace, by service.
    pub fn folders(&self) -> Result<BTreeMap<String, String>, RememberError> {
        self.pairs(FOLDERS)
    }

    fn pairs(&self, name: &str) -> Result<BTreeMap<String, String>, RememberError> {
        let Some(folder) = &self.folder else { return Ok(BTreeMap::new()) };
        let path = folder.join(name);
        let text = read(&path).map_err(|why| RememberError::File { path: path.display().to_string(), why })?;
        toml::from_str(&text)
            .map_err(|why| RememberError::Foreign { path: path.display().to_string(), why: why.message().to_owned() })
    }

    /// Keeps something beside what is there by now: another cockpit may have written meanwhile.
    pub fn keep(&self, what: &Keep) -> Result<(), RememberError> {
        let folder = self.folder.as_ref().ok_or(RememberError::Nowhere)?;
        let (name, text) = match what {
            Keep::Line(line) => {
                let mut lines = self.lines();
                memory::remember(&mut lines, line);
                (LINES, lines.join("\n") + "\n")
            }
            Keep::Filter(name, text) => {
                let mut filters = self.filters()?;
                filters.insert(name.clone(), text.clone());
                (FILTERS, spell(SAVED, &filters))
            }
            Keep::NoFilter(name) => {
                let mut filters = self.filters()?;
                filters.remove(name);
                (FILTERS, spell(SAVED, &filters))
            }
            Keep::Folder(service, remote) => {
                let mut folders = self.folders()?;
                folders.insert(service.clone(), remote.clone());
                (FOLDERS, spell(ANSWERED, &folders))
            }
        };
        let path = folder.join(name);
        write(folder, &path, &text).map_err(|why| RememberError::File { path: path.display().to_string(), why })
    }
}

const SAVED: &str = "# Filters saved with :save-filter in the cockpit, which writes this file.";
const ANSWERED: &str = "# Folders of pods by service, as answered in the cockpit, which writes this file.";

fn spell(heading: &str, pairs: &BTreeMap<String, String>) -> String {
    let mut text = format!("{heading}\n");
    for (name, value) in pairs {
        let [name, value] = [name, value].map(|part| toml::Value::String(part.clone()));
        _ = writeln!(text, "{name} = {value}");
    }
    text
}

/// The text of a file of ours; nothing when there is none.
fn read(path: &Path) -> std::io::Result<String> {
    match std::fs::metadata(path) {
        Ok(facts) if facts.len() > LARGEST => Err(std::io::Error::other("it is far longer than anything written here")),
        Ok(_) => std::fs::read_to_string(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Writes the file beside its place first and then moves it there, so that a crash leaves the old one or the new one.
fn write(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_is_kept_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let kept = Remembered::in_folder(state.clone());
        assert_eq!((kept.lines(), kept.filters().unwrap()), (Vec::new(), BTreeMap::new()));
        let other = Remembered::in_folder(state.clone());
        kept.keep(&Keep::Line("env prod".to_owned())).unwrap();
        other.keep(&Keep::Line("only \"odd\"".to_owned())).unwrap();
        kept.keep(&Keep::Filter("red.1".to_owned(), "label:a=\"b\\c\" -x".to_owned())).unwrap();
        other.keep(&Keep::Filter("mine".to_owned(), "env:dev".to_owned())).unwrap();
        let again = Remembered::in_folder(state.clone());
        assert_eq!(again.lines(), ["env prod", "only \"odd\""]);
        let filters = again.filters().unwrap();
        assert_eq!((filters["red.1"].as_str(), filters["mine"].as_str()), ("label:a=\"b\\c\" -x", "env:dev"));
        again.keep(&Keep::NoFilter("mine".to_owned())).unwrap();
        assert_eq!(kept.filters().unwrap().len(), 1);
        kept.keep(&Keep::Folder("backend".to_owned(), "/srv/\"app\"".to_owned())).unwrap();
        assert_eq!(other.folders().unwrap()["backend"], "/srv/\"app\"");
        for name in [LINES, FILTERS, FOLDERS] {
            let mode = std::fs::metadata(state.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 3, "nothing is left beside them");
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILTERS), "mine = [1]").unwrap();
        let kept = Remembered::in_folder(folder.path().to_owned());
        let error = kept.keep(&Keep::Filter("a".to_owned(), "b".to_owned())).unwrap_err().to_string();
        assert!(error.contains("filters.toml is not a list of names and texts: "), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join(FILTERS)).unwrap(), "mine = [1]");
    }

    #[test]
    fn without_a_place_it_is_said() {
        let error = Remembered { folder: None }.keep(&Keep::Line("x".to_owned())).unwrap_err().to_string();
        assert!(error.contains("until the program ends"), "{error}");
    }
}
