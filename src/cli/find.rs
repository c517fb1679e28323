//! Which Application a word of the command line means.

use super::exit::{Exit, Failure};
use crate::domain::{AppKey, AppRow, Symbol};
use crate::store::Apps;

/// The Application of that name: exact, `namespace/name`, `context/namespace/name`, or within an environment also the
/// name of its service.
pub fn find(apps: &Apps, name: &str, environment: Option<&str>) -> Result<AppKey, Failure> {
    let parts: Vec<&str> = name.split('/').collect();
    let named = |key: &AppKey| match parts[..] {
        [name] => *key.name == *name,
        [namespace, name] => *key.namespace == *namespace && *key.name == *name,
        [source, namespace, name] => *key.source == *source && *key.namespace == *namespace && *key.name == *name,
        _ => false,
    };
    let fits = |row: &&AppRow| match environment {
        None => named(&row.key),
        Some(environment) => {
            row.environment.as_deref() == Some(environment) && (named(&row.key) || *row.service == *name)
        }
    };
    let mut found: Vec<&AppKey> = apps.all().filter(fits).map(|row| &row.key).collect();
    found.sort();
    let amid = environment.map(|e| format!(" in environment `{e}`")).unwrap_or_default();
    match found[..] {
        [one] => Ok(one.clone()),
        [] => {
            let words = apps.all().filter(|row| environment.is_none() || row.environment.as_deref() == environment);
            let words = words.flat_map(|row| {
                [Some(row.key.name.as_str()), environment.map(|_| row.service.as_str())].into_iter().flatten()
            });
            let near = crate::config::error::nearest(name, words).map(str::to_owned).or_else(|| {
                // the first environment that has such a service, whichever source was read first
                let has = |wanted: &Symbol| {
                    apps.all().any(|row| *row.service == *name && row.environment.as_ref() == Some(wanted))
                };
                let first = apps.environments().into_iter().map(|e| e.name).find(has);
                Some(format!("{name} --env {}", first.filter(|_| environment.is_none())?))
            });
            let failure = Failure::new(Exit::NotFound, format!("there is no Application `{name}`{amid}"));
            Err(match near {
                Some(near) => failure.hint(near),
                None => failure,
            })
        }
        _ => {
            let all: Vec<String> = found.iter().map(|k| format!("{}/{}/{}", k.source, k.namespace, k.name)).collect();
            Err(Failure::new(Exit::NotFound, format!("`{name}`{amid} names several Applications")).hint(all.join("  ")))
        }
    }
}
