//! The bundled GitOps repository: files of `assets/predator12/` that are in the program.

use super::error::GitError;
use std::collections::BTreeMap;
use std::path::Path;

/// Path and content of every file.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/predator12.rs"));

/// What a world's repository begins with.
#[derive(Debug, Clone, Default)]
pub struct Asset {
    /// Files by their path from the root.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The text of `history.toml`.
    pub history: String,
    /// What errors call that file.
    pub history_file: String,
}

/// The repository of a name or of a folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn find(name: &str) -> Result<Asset, GitError> {
    bundled(name).map_or_else(|| folder(Path::new(name)), Ok)
}

/// The repository whose files are in a folder.
fn folder(path: &Path) -> Result<Asset, GitError> {
    let failed = |path: &Path, error| GitError::Read { path: path.display().to_string(), error };
    let mut asset = Asset { history_file: path.join("history.toml").display().to_string(), ..Asset::default() };
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
            let entry = entry.map_err(|error| failed(&folder, error))?.path();
            let name = entry.strip_prefix(path).unwrap_or(&entry).display().to_string();
            if entry.is_dir() && name != ".git" {
                folders.push(entry);
            } else if entry.is_file() {
                let content = std::fs::read(&entry).map_err(|error| failed(&entry, error))?;
                if name == "history.toml" {
                    asset.history = String::from_utf8_lossy(&content).into_owned();
                } else {
                    asset.files.insert(name, content);
                }
            }
        }
    }
    Ok(asset)
}

/// The repository of a name; there is only `predator12`.
#[must_use]
pub fn bundled(name: &str) -> Option<Asset> {
    if name != "predator12" {
        return None;
    }
    let mut asset = Asset { history_file: "predator12/history.toml".to_owned(), ..Asset::default() };
    for (path, content) in FILES {
        if *path == "history.toml" {
            asset.history = String::from_utf8_lossy(content).into_owned();
        } else if !path.starts_with("rendered/") {
            asset.files.insert((*path).to_owned(), content.to_vec());
        }
    }
    Some(asset)
}

/// The bytes of an embedded file, by its path below `assets/predator12`.
pub(super) fn embedded(path: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by(|(known, _)| (*known).cmp(path)).ok()?;
    FILES.get(at).map(|(_, content)| *content)
}
