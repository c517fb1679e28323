//! Where the layers of settings that are files lie.

use std::path::{Path, PathBuf};

use super::project::project_file;

/// Where the layers lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The file that was asked for by flag or variable: it must be there.
    pub asked: Option<PathBuf>,
    /// The user's own file otherwise, existing or not.
    pub user: Option<PathBuf>,
    /// The project's file, when there is one.
    pub project: Option<PathBuf>,
}

impl Places {
    /// The places of whoever runs this, in the folder they are in.
    #[must_use]
    pub fn here(asked: Option<&Path>) -> Self {
        let project = std::env::current_dir().ok().as_deref().and_then(project_file);
        Self { asked: asked.map(Path::to_owned), user: user_file(), project }
    }
}

/// Where the user's settings are looked for, existing or not.
#[must_use]
pub fn user_file() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "pilothouse").map(|dirs| dirs.config_dir().join("config.toml"))
}
