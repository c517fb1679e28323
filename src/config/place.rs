//! Where a theme or a keymap that is called by its name lies.

use std::path::Path;

use super::error::{ConfigError, NOT_TEXT, nearest};

/// More than a hand writes: a file of another kind is refused and not parsed.
const LARGEST: u64 = 1 << 20;

/// A file that was found by its name.
#[derive(Debug)]
pub(super) enum Found {
    /// In the user's folder.
    User {
        /// Its path.
        path: String,
        /// Its text.
        text: String,
    },
    /// In the program.
    Bundled {
        /// Its name, without an ending.
        name: &'static str,
        /// Its text.
        text: &'static str,
    },
}

/// Why a name leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotFound {
    /// Nothing has it.
    Unknown {
        /// The name.
        name: String,
        /// What it may have meant.
        hint: String,
    },
    /// There is a file, and it cannot be read.
    Unread(ConfigError),
}

impl Found {
    /// As a person knows it: a path, or the name of a bundled file.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::User { path, .. } => path,
            Self::Bundled { name, .. } => name,
        }
    }

    /// What stands in it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::User { text, .. } => text,
            Self::Bundled { text, .. } => text,
        }
    }

    /// Whether it came with the program.
    pub(super) fn is_bundled(&self) -> bool {
        matches!(self, Self::Bundled { .. })
    }
}

impl NotFound {
    /// As an error about the file that would have been it; `kind` is what was looked for.
    pub(super) fn into_config_error(self, kind: &str) -> ConfigError {
        match self {
            Self::Unknown { name, hint } => ConfigError::whole(name, format!("there is no {kind} of this name"), hint),
            Self::Unread(error) => error,
        }
    }
}

/// Finds `name.toml` in `folder`, else among the bundled files.
pub(super) fn find(
    name: &str,
    folder: Option<&Path>,
    bundled: &[(&'static str, &'static str)],
) -> Result<Found, NotFound> {
    // a name is no path: it does not lead out of the folder
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    if let Some(path) = folder.filter(|_| plain).map(|folder| folder.join(format!("{name}.toml")))
        && path.exists()
    {
        return match read(&path) {
            Ok(text) => Ok(Found::User { path: path.display().to_string(), text }),
            Err(error) => Err(NotFound::Unread(error)),
        };
    }
    match bundled.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => Ok(Found::Bundled { name, text }),
        None => Err(NotFound::Unknown { name: name.to_owned(), hint: known(name, bundled) }),
    }
}

/// Name and path of every file of a folder that [`find`] would find, by name.
pub(super) fn names(folder: Option<&Path>) -> Vec<(String, String)> {
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let path = entry.path();
        let name = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
        (!name.is_empty() && !name.starts_with('.')).then(|| (name, path.display().to_string()))
    });
    let mut found: Vec<_> = named.collect();
    found.sort();
    found
}

/// Every name that [`find`] knows: the bundled ones first, each once.
pub(super) fn all_names(bundled: &[(&'static str, &'static str)], folder: Option<&Path>) -> Vec<String> {
    let mut all: Vec<String> = bundled.iter().map(|(name, _)| (*name).to_owned()).collect();
    let own = names(folder).into_iter().map(|(name, _)| name).filter(|name| !all.contains(name));
    all.extend(own.collect::<Vec<_>>());
    all
}

/// Reads a file of settings: UTF-8 and of a size that a person writes.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let file = || path.display().to_string();
    let why = |error: std::io::Error| {
        ConfigError::whole(file(), format!("cannot be read: {error}"), "see that it is there and that you may read it")
    };
    let size = std::fs::metadata(path).map_err(why)?.len();
    if size > LARGEST {
        let message = format!("is {size} bytes long, and settings are at most {LARGEST}");
        return Err(ConfigError::whole(file(), message, "give a file of settings; another kind of file is not read"));
    }
    String::from_utf8(std::fs::read(path).map_err(why)?).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ConfigError::at(file(), (line, column), NOT_TEXT, "save the file as UTF-8")
    })
}

fn known(name: &str, bundled: &[(&str, &str)]) -> String {
    let names = bundled.iter().map(|(known, _)| *known);
    nearest(name, names.clone())
        .map_or_else(|| format!("one of {}", names.collect::<Vec<_>>().join(", ")), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLED: &[(&str, &str)] = &[("dark", "d"), ("light", "l")];

    #[test]
    fn the_users_file_goes_before_the_bundled_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find("dark", Some(folder.path()), BUNDLED).unwrap().is_bundled());
        std::fs::write(folder.path().join("dark.toml"), "mine").unwrap();
        assert_eq!(find("dark", Some(folder.path()), BUNDLED).unwrap().text(), "mine");
    }

    #[test]
    fn a_name_does_not_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret.toml"), "x").unwrap();
        let inner = folder.path().join("themes");
        std::fs::create_dir(&inner).unwrap();
        assert!(find("../secret", Some(&inner), BUNDLED).is_err());
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = find("drak", None, BUNDLED).unwrap_err().into_config_error("theme");
        assert_eq!(error.to_string(), "drak: there is no theme of this name\n  try: dark");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), [0xff, 0xfe]).unwrap();
        let error = find("mine", Some(folder.path()), BUNDLED).unwrap_err().into_config_error("theme");
        assert!(
            error.to_string().ends_with("mine.toml:1: not TOML: this is no UTF-8 text\n  try: save the file as UTF-8")
        );
    }
}
