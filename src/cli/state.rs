//! Where this tool keeps what it wrote and what it must remember.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use crate::action::{Guard, Who};
use crate::config::settings::Settings;
use crate::runtime::deeds::Rules;
use crate::runtime::remember::Remembered;

/// Where the audit log and the notes lie.
pub fn folder() -> Result<PathBuf, Failure> {
    Remembered::here().folder().map(Path::to_owned).ok_or_else(|| {
        Failure::new(Exit::Usage, "there is no folder to keep the audit log in").hint("set HOME or XDG_STATE_HOME")
    })
}

/// The rules of this run for writes.
pub fn rules(settings: &Settings, remembered: &Remembered) -> Rules {
    let nowhere = || "there is no folder to keep the audit log in: set HOME or XDG_STATE_HOME".to_owned();
    let folder = remembered.folder().map(Path::to_owned).ok_or_else(nowhere);
    let readonly = settings.readonly.then(|| settings.origin("readonly"));
    Rules { folder, who: who(), guard: Guard { readonly } }
}

/// Who acts, as far as this machine knows.
pub fn who() -> Who {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let uid = rustix::process::getuid().as_raw();
    let clean = |text: String| crate::domain::text::clean(&text).into_owned();
    Who {
        user: variable("USER")
            .or_else(|| variable("LOGNAME"))
            .or_else(|| account(uid))
            .map_or_else(|| format!("uid {uid}"), clean),
        ssh: variable("SSH_CLIENT").and_then(|client| Some(clean(client.split(' ').next()?.to_owned()))),
        kube: None,
    }
}

/// The name of an account of this machine: cron jobs and containers often have no `USER`.
fn account(uid: u32) -> Option<String> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let uid = uid.to_string();
    let line = accounts.lines().find(|line| line.split(':').nth(2) == Some(&uid))?;
    line.split(':').next().map(str::to_owned)
}
