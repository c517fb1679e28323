//! Files that a person asked for.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written: {why}")]
pub struct SaveError {
    path: String,
    why: std::io::Error,
}

/// Writes a new file that only its owner may read, and says in words where it is. It lies in the folder for the
/// program's state, or in the current one where the system knows no such folder. A file of that name is never replaced.
pub fn save(name: &str, text: &str) -> Result<String, SaveError> {
    let dirs = directories::ProjectDirs::from("", "", env!("CARGO_PKG_NAME"));
    let folder = dirs.and_then(|d| Some(d.state_dir()?.join("logs"))).unwrap_or_else(|| PathBuf::from("."));
    save_in(&folder, name, text)
}

fn save_in(folder: &std::path::Path, name: &str, text: &str) -> Result<String, SaveError> {
    // Names are made of names from a cluster: they may not lead out of the folder.
    let name: String = name.chars().map(|c| if c == '/' || c.is_control() { '-' } else { c }).collect();
    let path = folder.join(name);
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())
    };
    match write() {
        Ok(()) => Ok(format!("{} lines saved to {}", text.lines().count(), path.display())),
        Err(why) => Err(SaveError { path: path.display().to_string(), why }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_saved_file_is_its_owners_alone_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let said = save_in(folder.path(), "../evil.log", "one\ntwo\n").unwrap();
        let path = folder.path().join("..-evil.log");
        assert_eq!(said, format!("2 lines saved to {}", path.display()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = save_in(folder.path(), "../evil.log", "x").unwrap_err().to_string();
        assert!(error.contains("evil.log cannot be written: "), "{error}");
    }
}
