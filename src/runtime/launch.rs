//! `.vscode/launch.json` of a workspace: read, shown how it would change, and written; nothing else is.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::debug::{Entry, difference, merge};
use crate::domain::text::clean;

/// Why the file is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LaunchFileError(String);

/// The file of a workspace.
#[derive(Clone, Debug)]
pub struct Launch {
    path: PathBuf,
    before: String,
}

impl Launch {
    /// Finds the file of a workspace, existing or not.
    ///
    /// # Errors
    /// When the workspace is no folder, a link leads out of it, or the file cannot be read.
    pub fn of(workspace: &Path) -> Result<Self, LaunchFileError> {
        let wrong = |path: &Path, why: &dyn std::fmt::Display| LaunchFileError(format!("{}: {why}", shown(path)));
        let root = workspace.canonicalize().map_err(|error| wrong(workspace, &error))?;
        if !root.is_dir() {
            return Err(wrong(workspace, &"a workspace is a folder"));
        }
        let folder = root.join(".vscode");
        let path = folder.join("launch.json");
        for part in [&folder, &path] {
            // a link that leads nowhere is as bad as one that leads away
            let Ok(metadata) = part.symlink_metadata() else { continue };
            let inside = part.canonicalize().is_ok_and(|real| real.starts_with(&root));
            if !inside {
                return Err(wrong(part, &"a link leads out of the workspace; nothing is written there"));
            }
            if *part == path && !metadata.is_file() && !metadata.is_symlink() {
                return Err(wrong(part, &"it is no file"));
            }
        }
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(&path, &error)),
        };
        Ok(Self { path, before })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text with the entry in it.
    ///
    /// # Errors
    /// When what stands there is no launch.json, with the place.
    pub fn with(&self, entry: &Entry) -> Result<String, LaunchFileError> {
        merge(&self.before, entry).map_err(|error| LaunchFileError(format!("{}: {error}", shown(&self.path))))
    }

    /// What would change, a line each.
    #[must_use]
    pub fn change(&self, after: &str) -> Vec<String> {
        difference(&self.before, after).into_iter().map(|(sign, line)| format!("{sign} {}", clean(line))).collect()
    }

    /// Writes it whole, or not at all.
    ///
    /// # Errors
    /// When it cannot be written; then it is as it was.
    pub fn write(&self, after: &str) -> Result<(), LaunchFileError> {
        let wrong = |error: std::io::Error| LaunchFileError(format!("{}: {error}", shown(&self.path)));
        // through a link within the workspace the file it leads to is written, and the link stays
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(wrong)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
        file.write_all(after.as_bytes()).map_err(wrong)?;
        let permissions = std::fs::metadata(&path).map(|metadata| metadata.permissions());
        let permissions = permissions.unwrap_or_else(|_| std::os::unix::fs::PermissionsExt::from_mode(0o644));
        file.as_file().set_permissions(permissions).map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(&path).map_err(|error| wrong(error.error))?;
        Ok(())
    }
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string()).into_owned()
}

/// The workspace we are in, where an editor runs on this machine: launch.json belongs where the editor is, and behind SSH
/// that is the laptop, unless this is the editor's own remote terminal.
///
/// # Errors
/// Why there is none, and what to do.
pub fn own_workspace() -> Result<PathBuf, &'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_editors = std::env::var("TERM_PROGRAM").is_ok_and(|program| program == "vscode");
    let behind_ssh = set("SSH_CONNECTION") || set("SSH_TTY") || set("SSH_CLIENT");
    if behind_ssh && !is_editors {
        return Err("launch.json belongs where the editor runs: copy the entry with y");
    }
    let here = std::env::current_dir().unwrap_or_default();
    let is_workspace = |folder: &&Path| folder.join(".vscode").is_dir() || folder.join(".git").exists();
    here.ancestors()
        .find(is_workspace)
        .map(Path::to_owned)
        .ok_or("this folder is in no workspace (one has .vscode or .git): start in one, or copy the entry with y")
}

/// The names of the folders in a workspace; none where they cannot be read.
#[must_use]
pub fn own_folders(workspace: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(workspace).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debug::Kind;

    fn entry() -> Entry {
        let (service, environment) = ("backend".to_owned(), "dev".to_owned());
        Entry { service, environment, kind: Kind::Python, port: 5678, mapped: Vec::new() }
    }

    #[test]
    fn it_is_written_inside_of_the_workspace_and_nowhere_else() {
        let (workspace, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let launch = Launch::of(workspace.path()).unwrap();
        let text = launch.with(&entry()).unwrap();
        launch.write(&text).unwrap();
        let again = Launch::of(workspace.path()).unwrap();
        assert_eq!(again.with(&entry()).unwrap(), text);
        assert!(again.change(&text).is_empty());
        std::fs::remove_dir_all(workspace.path().join(".vscode")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), workspace.path().join(".vscode")).unwrap();
        let refused = Launch::of(workspace.path()).unwrap_err();
        assert!(refused.0.contains("leads out of the workspace"), "{}", refused.0);
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_broken_file_stays_as_it_is() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = workspace.path().join(".vscode");
        std::fs::create_dir(&folder).unwrap();
        let broken = "{\n  \"configurations\": [\n";
        std::fs::write(folder.join("launch.json"), broken).unwrap();
        let refused = Launch::of(workspace.path()).unwrap().with(&entry()).unwrap_err();
        assert!(refused.0.contains("launch.json: line 2, column"), "{}", refused.0);
        assert_eq!(std::fs::read_to_string(folder.join("launch.json")).unwrap(), broken);
    }
}
