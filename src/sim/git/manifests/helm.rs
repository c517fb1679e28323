//! The helm program, over files of a commit in a temporary folder.

use super::call::{CACHED, Call};
use crate::sim::argocd::SourceError;
use crate::sim::git::Repo;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A helm that can be run.
#[derive(Debug, Clone)]
pub struct Helm(PathBuf);

impl Helm {
    /// The helm of `PILOTHOUSE_HELM`, else the first of the path.
    #[must_use]
    pub fn find() -> Option<Self> {
        if let Some(given) = std::env::var_os("PILOTHOUSE_HELM").filter(|given| !given.is_empty()) {
            return Some(Self(given.into()));
        }
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("helm")).find(|file| file.is_file()).map(Self)
    }

    /// What it makes of a call.
    ///
    /// # Errors
    /// What helm says, in Argo CD's words.
    pub fn template(&self, call: &Call, checkout: &Checkout) -> Result<String, SourceError> {
        let mut command = Command::new(&self.0);
        command.current_dir(checkout.path().join(&call.chart)).args(&call.arguments);
        for file in &call.value_files {
            command.arg("--values").arg(checkout.path().join(file));
        }
        let own = checkout.path().join(".values-of-the-source.yaml");
        if let Some(values) = &call.values {
            std::fs::write(&own, values).map_err(|error| call.failed("failed", &error.to_string()))?;
            command.arg("--values").arg(&own);
        }
        // its plugins, caches and registries are nobody's business here
        command.args(&call.flags).stdin(Stdio::null()).env("HELM_PLUGINS", checkout.path().join(".none"));
        let output = command.output().map_err(|error| call.failed("failed", &format!("{error}{}", Self::HINT)))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stderr = stderr.replace(&*checkout.path().to_string_lossy(), CACHED);
        let how = output.status.code().map_or("failed".to_owned(), |code| format!("failed exit status {code}"));
        Err(call.failed(&how, &stderr))
    }

    /// What is said of a call when there is no helm.
    pub(super) fn missing(call: &Call) -> SourceError {
        call.failed("failed", &format!("exec: \"helm\": executable file not found in $PATH{}", Self::HINT))
    }

    const HINT: &str =
        "; the simulated world keeps no manifests of this revision: install helm, or name it with PILOTHOUSE_HELM";
}

/// The files of a commit in a folder of their own, removed with it.
#[derive(Debug)]
pub struct Checkout(TempDir);

impl Checkout {
    /// Writes all files of a commit.
    ///
    /// # Errors
    /// When the commit is not there or the folder cannot be written.
    pub fn new(repo: &Repo, commit: &str) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pilothouse-checkout-").tempdir()?;
        for (path, content) in repo.files(commit, "").unwrap_or_default() {
            let file = folder.path().join(path);
            if let Some(parent) = file.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(file, content)?;
        }
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}
