//! The git generator: one set of parameters for each folder of a repository, or for each object in its files.

use super::super::project::glob;
use super::super::repository::Repository;
use super::go;
use super::template::Language;
use crate::sim::manifest::meta::text;
use serde_json::{Map, Value, json};

/// The parameters of a git generator.
///
/// # Errors
/// The words of the condition.
pub(super) fn parameters(
    generator: &Value,
    language: Language,
    repository: &dyn Repository,
) -> Result<Vec<Value>, String> {
    let rules = |field: &str| generator[field].as_array().filter(|rules| !rules.is_empty());
    let found = match (rules("directories"), rules("files")) {
        (Some(rules), _) => directories(generator, rules, language, repository),
        (None, Some(rules)) => files(generator, rules, language, repository),
        (None, None) => return Err("ApplicationSet is empty".to_owned()),
    };
    let found = found.map_err(|words| format!("error generating params from git: {words}"))?;
    found.into_iter().map(|parameters| with_values(parameters, &generator["values"], language)).collect()
}

/// Whether a rule takes a path and none that excludes does.
fn chosen(rules: &[Value], path: &str, fits: impl Fn(&str, &str) -> bool) -> bool {
    let any = |excludes: bool| {
        rules.iter().any(|rule| (rule["exclude"] == true) == excludes && fits(text(rule, "/path"), path))
    };
    any(false) && !any(true)
}

fn directories(
    generator: &Value,
    rules: &[Value],
    language: Language,
    repository: &dyn Repository,
) -> Result<Vec<Value>, String> {
    let all = repository
        .directories(text(generator, "/repoURL"), text(generator, "/revision"))
        .map_err(|error| format!("error getting directories from repo: error retrieving Git Directories: {error}"))?;
    // a star does not reach over slashes
    let fits = |pattern: &str, path: &str| {
        pattern.split('/').count() == path.split('/').count()
            && pattern.split('/').zip(path.split('/')).all(|(pattern, step)| glob(pattern, step))
    };
    let mut found: Vec<String> = all.into_iter().filter(|path| chosen(rules, path, fits)).collect();
    found.sort();
    found.dedup();
    Ok(found.iter().map(|path| placed(json!({}), path, "", generator, language)).collect())
}

fn files(
    generator: &Value,
    rules: &[Value],
    language: Language,
    repository: &dyn Repository,
) -> Result<Vec<Value>, String> {
    // here a star reaches over slashes, as in the patterns of git itself
    let wanted = |path: &str| chosen(rules, path, glob);
    let all = repository
        .files(text(generator, "/repoURL"), text(generator, "/revision"), &wanted)
        .map_err(|error| format!("error retrieving Git files: {error}"))?;
    let mut found = Vec::new();
    for (path, content) in all {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", &path));
        for object in read(&content).map_err(|error| format!("unable to process file '{path}': {error}"))? {
            let own = if language == Language::Plain { flat(&object) } else { object };
            found.push(placed(own, folder, name, generator, language));
        }
    }
    Ok(found)
}

/// The objects of a file: the one it is, or those in its list.
fn read(content: &[u8]) -> Result<Vec<Value>, String> {
    let content = String::from_utf8_lossy(content);
    let objects = match serde_saphyr::from_str::<Value>(&content) {
        Ok(Value::Array(objects)) if objects.is_empty() => vec![json!({})],
        Ok(Value::Array(objects)) => objects,
        Ok(Value::Null) => vec![json!({})],
        Ok(object) => vec![object],
        Err(error) => return Err(format!("unable to parse file: {error}")),
    };
    match objects.iter().find(|object| !object.is_object()) {
        Some(other) => Err(format!("unable to parse file: {other} is no object")),
        None => Ok(objects),
    }
}

/// Everything in an object by its dotted name, as text.
fn flat(object: &Value) -> Value {
    fn walk(value: &Value, name: &str, found: &mut Map<String, Value>) {
        let below = |step: &str| if name.is_empty() { step.to_owned() } else { format!("{name}.{step}") };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| walk(value, &below(key), found)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(index, value)| walk(value, &below(&index.to_string()), found));
            }
            Value::Null => drop(found.insert(name.to_owned(), json!("<nil>"))),
            Value::String(text) => drop(found.insert(name.to_owned(), json!(text))),
            other => drop(found.insert(name.to_owned(), json!(other.to_string()))),
        }
    }
    let mut found = Map::new();
    walk(object, "", &mut found);
    Value::Object(found)
}

/// Parameters and where they were found: a folder, and the file if it was one.
fn placed(mut parameters: Value, folder: &str, file: &str, generator: &Value, language: Language) -> Value {
    let prefix = text(generator, "/pathParamPrefix");
    let base = folder.rsplit('/').next().unwrap_or(folder);
    let mut words = vec![("basename", base.to_owned()), ("basenameNormalized", go::normalize(base))];
    if !file.is_empty() {
        words.extend([("filename", file.to_owned()), ("filenameNormalized", go::normalize(file))]);
    }
    if language == Language::Plain {
        let name = if prefix.is_empty() { "path".to_owned() } else { format!("{prefix}.path") };
        parameters[&name] = json!(folder);
        for (field, word) in words {
            parameters[format!("{name}.{field}")] = json!(word);
        }
        for (index, step) in folder.split('/').enumerate() {
            parameters[format!("{name}[{index}]")] = json!(step);
        }
        return parameters;
    }
    let mut path = json!({"path": folder, "segments": folder.split('/').collect::<Vec<_>>()});
    for (field, word) in words {
        path[field] = json!(word);
    }
    if prefix.is_empty() {
        parameters["path"] = path;
    } else {
        parameters[prefix] = json!({ "path": path });
    }
    parameters
}

/// Parameters with the generator's own values, which may be written with those parameters.
fn with_values(mut parameters: Value, values: &Value, language: Language) -> Result<Value, String> {
    let Some(values) = values.as_object().filter(|values| !values.is_empty()) else { return Ok(parameters) };
    let mut filled = Map::new();
    for (key, value) in values {
        let value = language.fill(value.as_str().unwrap_or_default(), &parameters);
        let value = value.map_err(|error| format!("failed to append templated values: {error}"))?;
        filled.insert(key.clone(), json!(value));
    }
    if language == Language::Plain {
        for (key, value) in filled {
            parameters[format!("values.{key}")] = value;
        }
    } else {
        parameters["values"] = Value::Object(filled);
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::super::super::repository::{Files, Manifests, Source, SourceError};
    use super::super::go::Missing;
    use super::*;

    struct Folders;

    impl Repository for Folders {
        fn resolve(&self, _: &Value, revision: &str) -> Result<String, SourceError> {
            if revision == "main" { Ok(String::new()) } else { Err(SourceError::NoRevision(revision.to_owned())) }
        }
        fn manifests(&self, _: Source<'_>, _: &str) -> Result<Manifests, SourceError> {
            Err(SourceError::NoRepository)
        }
        fn directories(&self, _: &str, revision: &str) -> Result<Vec<String>, SourceError> {
            self.resolve(&Value::Null, revision)?;
            Ok(["helm", "helm/charts", "helm/charts/Back_End", "helm/charts/old"].map(str::to_owned).into())
        }
        fn files(&self, _: &str, revision: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Files, SourceError> {
            self.resolve(&Value::Null, revision)?;
            let all = [
                ("env/dev/config.yaml", "cluster: {name: dev, nodes: 3}"),
                ("env/prod/config.yaml", "- cluster: {name: eu}\n- cluster: {name: us}"),
                ("env/old/config.yaml", "a: ["),
                ("env/none/config.yaml", ""),
            ];
            let all = all.into_iter().filter(|(path, _)| wanted(path));
            Ok(all.map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec())).collect())
        }
    }

    fn generated(go: bool, generator: &Value) -> Result<Value, String> {
        let language = if go { Language::Go(Missing::Error) } else { Language::Plain };
        parameters(generator, language, &Folders).map(Value::Array)
    }

    #[test]
    fn folders_of_a_repository() {
        let git = |revision: &str| {
            json!({"repoURL": "x", "revision": revision, "values": {"team": "t-{{.path.basename}}"}, "directories": [
                {"path": "helm/charts/*"}, {"path": "helm/charts/old", "exclude": true}]})
        };
        let wanted = json!([{"values": {"team": "t-Back_End"}, "path": {"path": "helm/charts/Back_End",
            "basename": "Back_End", "basenameNormalized": "back-end", "segments": ["helm", "charts", "Back_End"]}}]);
        assert_eq!(generated(true, &git("main")), Ok(wanted));
        assert_eq!(generated(false, &git("main")).unwrap()[0]["path[1]"], "charts");
        assert_eq!(
            generated(true, &git("x")).unwrap_err(),
            "error generating params from git: error getting directories from repo: error retrieving Git Directories: \
             unable to resolve 'x' to a commit SHA: revision not found"
        );
        assert_eq!(generated(true, &json!({})).unwrap_err(), "ApplicationSet is empty");
    }

    #[test]
    fn objects_in_files_of_a_repository() {
        let git = |rules: Value| json!({"repoURL": "x", "revision": "main", "files": rules});
        let good = git(json!([{"path": "env/*/config.yaml"}, {"path": "env/old/*", "exclude": true}]));
        let found = generated(true, &good).unwrap();
        let names: Vec<&str> = (0..4).map(|index| text(&found[index], "/cluster/name")).collect();
        assert_eq!(names, ["dev", "", "eu", "us"]);
        assert_eq!(found[0]["path"]["filename"], "config.yaml");
        assert_eq!(found[0]["path"]["path"], "env/dev");
        let found = generated(false, &good).unwrap();
        assert_eq!(found[0]["cluster.nodes"], "3");
        assert_eq!(found[0]["path.basename"], "dev");
        let broken = generated(true, &git(json!([{"path": "env/*"}]))).unwrap_err();
        let begin =
            "error generating params from git: unable to process file 'env/old/config.yaml': unable to parse file: ";
        assert!(broken.starts_with(begin), "{broken}");
    }
}
