//! What auto-sync was before we switched it off, in our own state folder: an ApplicationSet strips notes off the
//! Applications it makes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{AppKey, Timestamp};

/// The notes of a state folder.
#[derive(Clone, Debug)]
pub struct Memory {
    file: PathBuf,
}

/// One note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// `metadata.uid` of the Application: one made anew under the same name is another.
    pub uid: String,
    /// `spec.syncPolicy.automated` as it was.
    pub automated: Value,
    /// When it was switched off.
    pub at: Timestamp,
    /// Why: the verb that did it.
    pub by: String,
    /// The revision that failed, where that was why.
    #[serde(default)]
    pub failed: Option<String>,
}

type Notes = BTreeMap<String, Note>;

fn name(key: &AppKey) -> String {
    format!("{}/{}/{}", key.source, key.namespace, key.name)
}

impl Memory {
    /// The notes in `folder`; nothing is made before something is noted.
    #[must_use]
    pub fn new(folder: &std::path::Path) -> Self {
        Self { file: folder.join("auto-sync.json") }
    }

    fn read(&self) -> Notes {
        let text = std::fs::read(&self.file).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn save(&self, notes: &Notes) -> std::io::Result<()> {
        let folder = self.file.parent().map(PathBuf::from).unwrap_or_default();
        std::fs::create_dir_all(&folder)?;
        // readable by its owner only, and never half written
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(&serde_json::to_vec_pretty(notes)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.file).map_err(|error| error.error)?;
        Ok(())
    }

    /// What auto-sync of an Application was, if we switched it off.
    #[must_use]
    pub fn auto_sync(&self, key: &AppKey, uid: &str) -> Option<Note> {
        self.read().remove(&name(key)).filter(|note| note.uid == uid)
    }

    /// Notes the revision that was the reason, where there is a note.
    ///
    /// # Errors
    /// When the notes could not be written.
    pub fn blame(&self, key: &AppKey, revision: &str) -> std::io::Result<()> {
        let mut notes = self.read();
        match notes.get_mut(&name(key)) {
            Some(note) => note.failed = Some(revision.to_owned()),
            None => return Ok(()),
        }
        self.save(&notes)
    }

    /// Everything noted, by Application.
    #[must_use]
    pub fn notes(&self) -> BTreeMap<AppKey, Note> {
        // a source may have slashes in its name, the others have none
        let key = |name: &str| {
            let mut parts = name.rsplitn(3, '/').map(crate::domain::Symbol::from);
            let (name, namespace) = (parts.next()?, parts.next()?);
            Some(AppKey { source: parts.next()?, namespace, name })
        };
        self.read().into_iter().filter_map(|(name, note)| Some((key(&name)?, note))).collect()
    }

    /// Notes what auto-sync was, before it is switched off.
    ///
    /// # Errors
    /// When it could not be written: then it is not switched off.
    pub fn remember(&self, key: &AppKey, note: Note) -> std::io::Result<()> {
        let mut notes = self.read();
        notes.insert(name(key), note);
        self.save(&notes)
    }

    /// Forgets it, once it was given back.
    ///
    /// # Errors
    /// When the notes could not be written.
    pub fn forget(&self, key: &AppKey) -> std::io::Result<()> {
        let mut notes = self.read();
        match notes.remove(&name(key)) {
            Some(_) => self.save(&notes),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_there_is_kept_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(&folder.path().join("state"));
        let key = AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-prod".into() };
        let automated = json!({"prune": true, "selfHeal": true});
        let at = "2026-11-23T06:00:00Z".parse().unwrap();
        let note = Note { uid: "u".into(), automated: automated.clone(), at, by: "rollback".into(), failed: None };
        memory.remember(&key, note).unwrap();
        memory.blame(&key, "bad").unwrap();
        let known = memory.auto_sync(&key, "u").unwrap();
        assert_eq!((known.automated, known.failed.as_deref()), (automated.clone(), Some("bad")));
        let aws = AppKey { source: "arn:aws:eks:eu:1:cluster/prod".into(), ..key.clone() };
        let note = Note { uid: "v".into(), automated, at, by: "autosync".into(), failed: None };
        memory.remember(&aws, note).unwrap();
        assert_eq!(memory.notes().into_keys().collect::<Vec<_>>(), [aws, key.clone()]);
        assert_eq!(memory.auto_sync(&key, "made anew"), None);
        memory.forget(&key).unwrap();
        assert_eq!(memory.auto_sync(&key, "u"), None);
    }
}
