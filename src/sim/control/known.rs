//! Which world this user started last.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use super::error::ControlError;

/// The file that keeps which world this user started last.
fn file(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let full = |name: &str| variable(name).filter(|path| path.is_absolute());
    if let Some(runtime) = full("XDG_RUNTIME_DIR") {
        return Some(runtime.join("pilothouse-sim-control"));
    }
    let state = full("XDG_STATE_HOME").or_else(|| full("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("pilothouse").join("sim-control"))
}

fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// Keeps a world as the one this user started last, readable by nobody else.
pub(in crate::sim) fn remember(control: &str) -> Result<(), ControlError> {
    let path = file(environment).ok_or(ControlError::Unknown)?;
    let failed = |error| ControlError::Io { what: path.display().to_string(), error };
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    // a new file each time: the old one may have been made with other rights
    let new = path.with_extension(format!("{}", std::process::id()));
    let _ = fs::remove_file(&new);
    let mut opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
    opened.write_all(control.as_bytes()).and_then(|()| fs::rename(&new, &path)).map_err(failed)
}

/// Forgets a world that ends, unless another one was started since.
pub(in crate::sim) fn forget(control: &str) {
    let Some(path) = file(environment) else { return };
    if fs::read_to_string(&path).is_ok_and(|known| known == control) {
        // a file that stays names a world that does not answer, which is what it then says
        let _ = fs::remove_file(path);
    }
}

/// The world to act on: `PILOTHOUSE_CONTROL`, else the one this user started last.
///
/// # Errors
/// When there is none.
pub fn remembered() -> Result<String, ControlError> {
    if let Some(control) = std::env::var("PILOTHOUSE_CONTROL").ok().filter(|control| !control.is_empty()) {
        return Ok(control);
    }
    let path = file(environment).ok_or(ControlError::Unknown)?;
    fs::read_to_string(path).map_err(|_| ControlError::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_follows_the_xdg_variables() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            file(move |name| pairs.iter().find(|(there, _)| *there == name).map(|(_, path)| PathBuf::from(path)))
        };
        assert_eq!(
            with(&[("XDG_RUNTIME_DIR", "/run/u"), ("HOME", "/h")]).unwrap(),
            PathBuf::from("/run/u/pilothouse-sim-control")
        );
        assert_eq!(
            with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]).unwrap(),
            PathBuf::from("/s/pilothouse/sim-control")
        );
        assert_eq!(
            with(&[("XDG_STATE_HOME", "not/full"), ("HOME", "/h")]).unwrap(),
            PathBuf::from("/h/.local/state/pilothouse/sim-control")
        );
        assert_eq!(with(&[]), None);
    }
}
