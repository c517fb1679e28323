//! The audit log: a line of intent on disk before a write, a line of outcome after it.
//!
//! One JSON object a line in `audit-YYYY-MM.jsonl` of the state folder, readable by its owner only. An intent without an
//! outcome is a write nobody knows the end of: the next start shows it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::visit::Visit;
use crate::domain::Timestamp;

/// Why the audit log could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the audit log {path}: {source}")]
pub struct AuditError {
    path: String,
    source: std::io::Error,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    /// The user of this machine.
    pub user: String,
    /// Address of the SSH client, when there is one.
    pub ssh: Option<String>,
    /// Who the cluster takes us for, where it says so.
    pub kube: Option<String>,
}

/// Which half of a write a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// It is about to be made.
    Intent,
    /// What became of it.
    Outcome,
}

/// A line of the log. Keys are never left out; what does not apply is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Which half.
    pub event: Half,
    /// Joins the two halves.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// `sync`, `rollback`, ...
    pub verb: String,
    /// How far it reaches.
    pub risk: String,
    /// Source, and context that is written to.
    pub source: String,
    /// Namespace of the Application.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its environment.
    pub environment: String,
    /// What the plan was, in one line.
    pub title: String,
    /// Hash of the plan.
    pub plan: String,
    /// Method and path of each request; bodies can hold credentials and are left out.
    pub requests: Vec<String>,
    /// Hash of what was seen before, on an intent; of what is there after, on an outcome that could look.
    pub state: Option<String>,
    /// `done`, `reverted`, `refused`, `failed`, `unknown`, `acknowledged`; null on an intent.
    pub outcome: Option<String>,
    /// Why, in one line, cleaned; null on an intent and where all is said.
    pub message: Option<String>,
}

/// The log of a state folder.
#[derive(Clone, Debug)]
pub struct Audit {
    folder: PathBuf,
    who: Who,
}

impl Audit {
    /// The log in `folder`; nothing is made before something is written.
    #[must_use]
    pub fn new(folder: PathBuf, who: Who) -> Self {
        Self { folder, who }
    }

    /// Where its files lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who acts.
    #[must_use]
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Writes a plan's intent and waits until it is on disk.
    ///
    /// # Errors
    /// When it could not be written: then the write may not be made.
    pub fn intent(&self, plan: &Plan, now: Timestamp) -> Result<Record, AuditError> {
        let id = format!("{:x}-{:08x}", now.as_millisecond(), fastrand::u32(..));
        let key = &plan.target.key;
        let record = Record {
            event: Half::Intent,
            id,
            at: now,
            who: self.who.clone(),
            verb: plan.verb.word().to_owned(),
            risk: plan.risk.word().to_owned(),
            source: key.source.to_string(),
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            environment: plan.target.environment.name.to_string(),
            title: plan.title.clone(),
            plan: plan.hash(),
            requests: plan.requests.iter().map(|request| format!("{request:?}")).collect(),
            state: Some(plan.saw.hash()),
            outcome: None,
            message: None,
        };
        self.append(&record)?;
        Ok(record)
    }

    /// Writes the intent of a session, which has no plan, and waits until it is on disk.
    ///
    /// # Errors
    /// When it could not be written: then the session may not be opened.
    pub(super) fn visit(&self, visit: &Visit<'_>, now: Timestamp) -> Result<Record, AuditError> {
        let record = Record {
            event: Half::Intent,
            id: format!("{:x}-{:08x}", now.as_millisecond(), fastrand::u32(..)),
            at: now,
            who: self.who.clone(),
            verb: visit.verb.to_owned(),
            risk: crate::domain::Risk::Session.word().to_owned(),
            source: visit.key.source.to_string(),
            namespace: visit.key.namespace.to_string(),
            name: visit.key.name.to_string(),
            environment: visit.environment.name.to_string(),
            title: visit.title.clone(),
            plan: String::new(),
            requests: Vec::new(),
            state: None,
            outcome: None,
            message: None,
        };
        self.append(&record)?;
        Ok(record)
    }

    /// Writes what became of an intent.
    ///
    /// # Errors
    /// When it could not be written; the intent then stands alone.
    pub fn outcome(
        &self,
        intent: &Record,
        outcome: &str,
        message: Option<String>,
        state: Option<String>,
        now: Timestamp,
    ) -> Result<(), AuditError> {
        let record = Record {
            event: Half::Outcome,
            at: now,
            outcome: Some(outcome.to_owned()),
            message,
            state,
            ..intent.clone()
        };
        self.append(&record)
    }

    /// Notes that a person knows of an intent nobody knows the end of: it is not told again.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn acknowledge(&self, intent: &Record, now: Timestamp) -> Result<(), AuditError> {
        let message = format!("{} knows of it; nobody knows how it ended", self.who.user);
        self.outcome(intent, "acknowledged", Some(message), None, now)
    }

    fn append(&self, record: &Record) -> Result<(), AuditError> {
        let path = self.folder.join(format!("audit-{}.jsonl", record.at.strftime("%Y-%m")));
        let wrong = |source| AuditError { path: path.display().to_string(), source };
        let is_new = !path.exists();
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(wrong)?;
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(wrong)?;
        let metadata = file.metadata().map_err(wrong)?;
        if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(wrong)?;
        }
        let mut line = serde_json::to_vec(record).map_err(|error| wrong(error.into()))?;
        line.push(b'\n');
        // one write of a whole line: two cockpits do not mix theirs
        file.write_all(&line).map_err(wrong)?;
        file.sync_all().map_err(wrong)?;
        if is_new {
            File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(wrong)?;
        }
        Ok(())
    }

    /// The records since a moment, oldest first, and how many lines could not be read.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn read(&self, since: Timestamp) -> Result<(Vec<Record>, usize), AuditError> {
        let mut paths: Vec<PathBuf> = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(AuditError { path: self.folder.display().to_string(), source }),
        };
        let first = format!("audit-{}.jsonl", since.strftime("%Y-%m"));
        let named = |path: &Path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with("audit-") && path.extension().is_some_and(|e| e == "jsonl") && name >= first
        };
        paths.retain(|path| named(path));
        paths.sort();
        let (mut records, mut broken) = (Vec::new(), 0);
        for path in paths {
            let wrong = |source| AuditError { path: path.display().to_string(), source };
            for line in BufReader::new(File::open(&path).map_err(wrong)?).split(b'\n') {
                match serde_json::from_slice::<Record>(&line.map_err(wrong)?) {
                    Ok(record) if record.at >= since => records.push(record),
                    Ok(_) => {}
                    Err(_) => broken += 1,
                }
            }
        }
        Ok((records, broken))
    }

    /// The intents since a moment that have no outcome.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn unfinished(&self, since: Timestamp) -> Result<Vec<Record>, AuditError> {
        let (records, _) = self.read(since)?;
        let ended: std::collections::HashSet<&str> =
            records.iter().filter(|r| r.event == Half::Outcome).map(|r| r.id.as_str()).collect();
        let open = |r: &&Record| r.event == Half::Intent && !ended.contains(r.id.as_str());
        Ok(records.iter().filter(open).cloned().collect())
    }
}
