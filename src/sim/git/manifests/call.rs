//! How Argo CD calls `helm template`: which arguments, over which files.

use crate::sim::argocd::{Source, SourceError};
use crate::sim::git::Repo;
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Where Argo CD's messages say the files are.
pub(super) const CACHED: &str = "<path to cached source>";

/// A call of `helm template` over a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The chart's folder from the root of the repository.
    pub chart: String,
    /// Arguments before the value files.
    pub arguments: Vec<String>,
    /// Value files from the root of the repository.
    pub value_files: Vec<String>,
    /// Values of the source itself, as YAML.
    pub values: Option<String>,
    /// Arguments after the value files.
    pub flags: Vec<String>,
    /// The same for calls that have the same output.
    pub key: String,
}

impl Call {
    /// The call for a source whose path is `path`, over a commit.
    ///
    /// # Errors
    /// When a value file is outside of the repository or not there.
    pub fn new(repo: &Repo, source: Source<'_>, path: &str, commit: &str, kube: &str) -> Result<Self, SourceError> {
        let helm = &source.source["helm"];
        let or = |given: &str, otherwise: &str| if given.is_empty() { otherwise.to_owned() } else { given.to_owned() };
        let name = or(text(helm, "/releaseName"), source.app);
        let namespace = or(text(helm, "/namespace"), source.namespace);
        let kube = or(text(helm, "/kubeVersion"), kube);
        let mut arguments: Vec<String> =
            ["template", ".", "--name-template", &name, "--namespace", &namespace, "--kube-version", &kube]
                .map(str::to_owned)
                .to_vec();
        for parameter in helm["parameters"].as_array().into_iter().flatten() {
            let flag = if parameter["forceString"] == true { "--set-string" } else { "--set" };
            let value = text(parameter, "/value").replace(',', "\\,");
            arguments.extend([flag.to_owned(), format!("{}={value}", text(parameter, "/name"))]);
        }
        let mut call = Self {
            chart: path.to_owned(),
            arguments,
            value_files: Vec::new(),
            values: values(helm),
            flags: flags(helm),
            key: String::new(),
        };
        let mut contents = Vec::new();
        for file in helm["valueFiles"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let at = within(path, file).ok_or_else(|| {
                SourceError::Render(format!("value file '{file}' resolved to outside repository root"))
            })?;
            match repo.content(commit, &at) {
                Some(content) => contents.push(content),
                None if helm["ignoreMissingValueFiles"] == true => continue,
                None => {
                    call.value_files.push(at.clone());
                    let words = format!("Error: open {CACHED}/{at}: no such file or directory");
                    return Err(call.failed("failed exit status 1", &words));
                }
            }
            call.value_files.push(at);
        }
        let chart = repo.content(commit, path);
        let what = json!([chart, call.arguments, contents, call.values, call.flags]).to_string();
        let digest = Sha256::digest(what.as_bytes());
        call.key = digest.iter().take(8).fold(format!("{name}-"), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        });
        Ok(call)
    }

    /// What Argo CD says of a call that failed.
    pub(super) fn failed(&self, how: &str, stderr: &str) -> SourceError {
        let mut line = self.arguments.join(" ");
        for file in &self.value_files {
            let _ = write!(line, " --values {CACHED}/{file}");
        }
        if self.values.is_some() {
            line.push_str(" --values <temporary file>");
        }
        line.push_str(" <api versions removed>");
        for flag in &self.flags {
            let _ = write!(line, " {flag}");
        }
        SourceError::Render(format!(
            "failed to execute helm template command: failed running helm: `helm {line}` {how}: {}",
            stderr.trim()
        ))
    }
}

/// `valuesObject` wins over `values`.
fn values(helm: &Value) -> Option<String> {
    if helm["valuesObject"].is_object() {
        return Some(helm["valuesObject"].to_string());
    }
    helm["values"].as_str().filter(|values| !values.is_empty()).map(str::to_owned)
}

fn flags(helm: &Value) -> Vec<String> {
    let mut flags = Vec::new();
    for (field, wanted, flag) in [
        ("skipCrds", false, "--include-crds"),
        ("skipSchemaValidation", true, "--skip-schema-validation"),
        ("skipTests", true, "--skip-tests"),
    ] {
        if (helm[field] == true) == wanted {
            flags.push(flag.to_owned());
        }
    }
    for version in helm["apiVersions"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        flags.extend(["--api-versions".to_owned(), version.to_owned()]);
    }
    flags
}

/// A path from the root of the repository; `file` is relative to `folder`, or to the root with a slash before it. None when it leads
/// out of the repository.
#[must_use]
pub fn within(folder: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let whole = if let Some(rooted) = file.strip_prefix('/') { rooted.to_owned() } else { format!("{folder}/{file}") };
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_files_stay_within_the_repository() {
        let chart = "helm/charts/backend";
        assert_eq!(within(chart, "/helm/overlays/dev/a.yaml").as_deref(), Some("helm/overlays/dev/a.yaml"));
        assert_eq!(within(chart, "../../overlays/dev/a.yaml").as_deref(), Some("helm/overlays/dev/a.yaml"));
        assert_eq!(within(chart, "values.yaml").as_deref(), Some("helm/charts/backend/values.yaml"));
        assert_eq!(within(chart, "../../../../etc/passwd"), None);
    }
}
