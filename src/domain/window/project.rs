//! The windows of an AppProject, as they are kept.

use serde_json::Value;

use super::schedule::Window;
use super::subject::{About, Subject};
use super::verdict::Windows;
use crate::domain::Symbol;

/// The AppProject of an Application; `default` where it names none.
#[must_use]
pub fn project_of(app: &Value) -> &str {
    match app.pointer("/spec/project").and_then(Value::as_str) {
        None | Some("") => "default",
        Some(project) => project,
    }
}

/// An AppProject, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: Symbol,
    /// Its windows.
    pub windows: ProjectWindows,
}

/// All windows of an AppProject, as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectWindows(Box<[(About, Result<Window, String>)]>);

impl ProjectWindows {
    /// Reads `spec.syncWindows`; a project without it has none.
    #[must_use]
    pub fn read(windows: Option<&Value>) -> Self {
        let rows = windows.and_then(Value::as_array).into_iter().flatten();
        Self(rows.map(|row| (About::read(row), Window::read(row))).collect())
    }

    /// Those that match `app`.
    #[must_use]
    pub fn matching(&self, app: Subject<'_>) -> Windows {
        let mut windows = Windows::default();
        for (_, window) in self.0.iter().filter(|(about, _)| about.matches(app)) {
            match window {
                Ok(window) => windows.windows.push(window.clone()),
                Err(why) => windows.broken = Some(why.clone()),
            }
        }
        windows
    }
}
