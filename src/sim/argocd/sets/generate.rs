//! Generators: from what is written in a set to one set of parameters for each Application.

use super::super::project::glob;
use super::super::repository::Repository;
use super::go;
use super::template::Language;
use crate::sim::manifest::meta::text;
use serde_json::{Map, Value, json};

/// One set of parameters for each Application, with the template of the generator itself where it has one.
///
/// # Errors
/// The words of the condition.
pub(super) fn all(set: &Value, repository: &dyn Repository) -> Result<Vec<(Value, Value)>, String> {
    let language = Language::of(set);
    let mut found = Vec::new();
    for generator in set["spec"]["generators"].as_array().into_iter().flatten() {
        let own =
            ["list", "matrix", "git"].iter().map(|kind| &generator[*kind]["template"]).find(|own| own.is_object());
        let own = own.cloned().unwrap_or_default();
        let parameters = parameters(generator, language, repository)?;
        found.extend(parameters.into_iter().map(|parameters| (parameters, own.clone())));
    }
    Ok(found)
}

fn parameters(generator: &Value, language: Language, repository: &dyn Repository) -> Result<Vec<Value>, String> {
    let mut found = if generator["list"].is_object() {
        list(&generator["list"], language)?
    } else if generator["matrix"].is_object() {
        matrix(&generator["matrix"], language, repository)?
    } else if generator["git"].is_object() {
        directories(&generator["git"], language, repository)?
    } else {
        let kinds: Vec<&str> = generator.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
        return Err(format!("no generator found for {}", kinds.join(", ")));
    };
    if generator["selector"].is_object() {
        found.retain(|parameters| selects(&generator["selector"], parameters));
    }
    Ok(found)
}

fn list(generator: &Value, language: Language) -> Result<Vec<Value>, String> {
    let mut elements = generator["elements"].as_array().cloned().unwrap_or_default();
    if let Some(yaml) = generator["elementsYaml"].as_str().filter(|yaml| !yaml.is_empty()) {
        let read: Result<Vec<Value>, _> = serde_saphyr::from_str(yaml);
        elements.extend(read.map_err(|error| format!("error unmarshling decoded ElementsYaml {error}"))?);
    }
    if language != Language::Plain {
        return Ok(elements);
    }
    let flat = |element: &Value| {
        let mut parameters = Map::new();
        for (key, value) in element.as_object().into_iter().flatten() {
            match value {
                Value::Object(values) if key == "values" => {
                    for (key, value) in values {
                        let text = value.as_str().ok_or("error parsing value as string")?;
                        parameters.insert(format!("values.{key}"), json!(text));
                    }
                }
                Value::String(text) => drop(parameters.insert(key.clone(), json!(text))),
                _ => return Err("error parsing value as string".to_owned()),
            }
        }
        Ok(Value::Object(parameters))
    };
    elements.iter().map(flat).collect()
}

fn matrix(generator: &Value, language: Language, repository: &dyn Repository) -> Result<Vec<Value>, String> {
    let generators = generator["generators"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [first, second] = generators else {
        let how = if generators.len() < 2 { "less" } else { "more" };
        return Err(format!("found {how} than two generators, Matrix support only two"));
    };
    let mut found = Vec::new();
    for outer in parameters(first, language, repository)? {
        for inner in parameters(&language.fill_all(second, &outer)?, language, repository)? {
            found.push(if language == Language::Plain { union(&outer, &inner)? } else { over(inner, &outer) });
        }
    }
    Ok(found)
}

/// Both sets of parameters; they may not disagree.
fn union(a: &Value, b: &Value) -> Result<Value, String> {
    let mut all = a.clone();
    for (key, value) in b.as_object().into_iter().flatten() {
        if all.get(key).is_some_and(|there| there != value) {
            let (there, value) = (text(&all, &format!("/{key}")), value.as_str().unwrap_or_default());
            return Err(format!("found duplicate key {key} with different value, a: {there} ,b: {value}"));
        }
        all[key] = value.clone();
    }
    Ok(all)
}

/// One value laid over another.
fn over(mut below: Value, above: &Value) -> Value {
    let (Some(map), Some(fields)) = (below.as_object_mut(), above.as_object()) else { return above.clone() };
    for (key, value) in fields {
        let there = map.remove(key);
        map.insert(key.clone(), there.map_or_else(|| value.clone(), |there| over(there, value)));
    }
    below
}

fn directories(generator: &Value, language: Language, repository: &dyn Repository) -> Result<Vec<Value>, String> {
    let Some(rules) = generator["directories"].as_array().filter(|rules| !rules.is_empty()) else {
        return Err("error generating params from git: only directories are supported".to_owned());
    };
    let (url, revision) = (text(generator, "/repoURL"), text(generator, "/revision"));
    let all = repository.directories(url, revision).map_err(|error| {
        format!("error generating params from git: error getting directories from repo: error retrieving Git Directories: {error}")
    })?;
    let fits = |path: &str, excludes: bool| {
        rules.iter().filter(|rule| (rule["exclude"] == true) == excludes).any(|rule| {
            let pattern = text(rule, "/path");
            // a star does not reach over slashes
            pattern.split('/').count() == path.split('/').count()
                && pattern.split('/').zip(path.split('/')).all(|(pattern, step)| glob(pattern, step))
        })
    };
    let mut found: Vec<String> = all.into_iter().filter(|path| fits(path, false) && !fits(path, true)).collect();
    found.sort();
    found.dedup();
    let prefix = text(generator, "/pathParamPrefix");
    Ok(found.iter().map(|path| of_path(path, prefix, language)).collect())
}

fn of_path(path: &str, prefix: &str, language: Language) -> Value {
    let base = path.rsplit('/').next().unwrap_or(path);
    let steps: Vec<&str> = path.split('/').collect();
    let normal = go::normalize(base);
    if language == Language::Plain {
        let name = if prefix.is_empty() { "path".to_owned() } else { format!("{prefix}.path") };
        let mut parameters = json!({});
        parameters[&name] = json!(path);
        parameters[format!("{name}.basename")] = json!(base);
        parameters[format!("{name}.basenameNormalized")] = json!(normal);
        for (index, step) in steps.iter().enumerate() {
            parameters[format!("{name}[{index}]")] = json!(step);
        }
        return parameters;
    }
    let path = json!({"path": {"path": path, "basename": base, "basenameNormalized": normal, "segments": steps}});
    if prefix.is_empty() { path } else { json!({ prefix: path }) }
}

/// Whether a label selector fits parameters, which count as labels by their dotted names.
fn selects(selector: &Value, parameters: &Value) -> bool {
    let value = |key: &str| {
        let whole = parameters.get(key);
        let found = whole.or_else(|| parameters.pointer(&format!("/{}", key.replace('.', "/"))));
        found.and_then(|found| found.as_str().map(str::to_owned).or_else(|| Some(found.to_string())))
    };
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut rules = selector["matchExpressions"].as_array().into_iter().flatten();
    labels.into_iter().all(|(key, wanted)| value(key).as_deref() == wanted.as_str())
        && rules.all(|rule| {
            let there = value(text(rule, "/key"));
            let is_in = there
                .as_deref()
                .is_some_and(|there| rule["values"].as_array().into_iter().flatten().any(|one| one == there));
            match text(rule, "/operator") {
                "In" => is_in,
                "NotIn" => !is_in,
                "Exists" => there.is_some(),
                "DoesNotExist" => there.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::super::super::repository::{Manifests, Source, SourceError};
    use super::*;

    struct Folders;

    impl Repository for Folders {
        fn resolve(&self, _: &Value, revision: &str) -> Result<String, SourceError> {
            Ok(revision.to_owned())
        }
        fn manifests(&self, _: Source<'_>, _: &str) -> Result<Manifests, SourceError> {
            Err(SourceError::NoRepository)
        }
        fn directories(&self, _: &str, revision: &str) -> Result<Vec<String>, SourceError> {
            if revision == "main" {
                return Ok(["helm", "helm/charts", "helm/charts/Back_End", "helm/charts/old"]
                    .map(str::to_owned)
                    .into());
            }
            Err(SourceError::NoRevision(revision.to_owned()))
        }
    }

    fn generated(go: bool, generator: &Value) -> Result<Value, String> {
        let set = json!({"spec": {"goTemplate": go, "generators": [generator]}});
        Ok(all(&set, &Folders)?.into_iter().map(|(parameters, _)| parameters).collect())
    }

    #[test]
    fn lists_multiply_in_a_matrix() {
        let lists = json!({"matrix": {"generators": [
            {"list": {"elements": [{"env": "dev"}, {"env": "prod"}]}},
            {"list": {"elements": [{"service": "api", "values": {"name": "{{.env}}"}}]}}]}});
        let wanted = json!([{"env": "dev", "service": "api", "values": {"name": "dev"}},
            {"env": "prod", "service": "api", "values": {"name": "prod"}}]);
        assert_eq!(generated(true, &lists), Ok(wanted));
        let plain = json!({"list": {"elements": [{"env": "dev", "values": {"a": "b"}}]}});
        assert_eq!(generated(false, &plain), Ok(json!([{"env": "dev", "values.a": "b"}])));
        let number = json!({"list": {"elements": [{"env": 1}]}});
        assert_eq!(generated(false, &number), Err("error parsing value as string".to_owned()));
        assert_eq!(generated(true, &number), Ok(json!([{"env": 1}])));
        let yaml = json!({"list": {"elements": [], "elementsYaml": "- {env: dev}"}});
        assert_eq!(generated(true, &yaml), Ok(json!([{"env": "dev"}])));
    }

    #[test]
    fn a_matrix_has_two_generators_that_agree() {
        let one = json!({"matrix": {"generators": [{"list": {"elements": []}}]}});
        assert_eq!(generated(true, &one), Err("found less than two generators, Matrix support only two".to_owned()));
        let clash = json!({"matrix": {"generators": [
            {"list": {"elements": [{"env": "a"}]}}, {"list": {"elements": [{"env": "b"}]}}]}});
        let words = "found duplicate key env with different value, a: a ,b: b".to_owned();
        assert_eq!(generated(false, &clash), Err(words));
        assert_eq!(generated(true, &clash), Ok(json!([{"env": "a"}])));
    }

    #[test]
    fn folders_of_a_repository_and_selected_ones() {
        let git = |revision: &str| {
            json!({"git": {"repoURL": "x", "revision": revision, "directories": [
                {"path": "helm/charts/*"}, {"path": "helm/charts/old", "exclude": true}]}})
        };
        let wanted = json!([{"path": {"path": "helm/charts/Back_End", "basename": "Back_End",
            "basenameNormalized": "back-end", "segments": ["helm", "charts", "Back_End"]}}]);
        assert_eq!(generated(true, &git("main")), Ok(wanted));
        assert_eq!(generated(false, &git("main")).unwrap()[0]["path[1]"], "charts");
        assert!(generated(true, &git("x")).unwrap_err().contains("unable to resolve 'x'"));
        let chosen = json!({"list": {"elements": [{"env": "dev", "tier": {"x": "1"}}, {"env": "prod"}]}, "selector":
            {"matchLabels": {"tier.x": "1"}, "matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}});
        assert_eq!(generated(true, &chosen).unwrap().as_array().unwrap().len(), 1);
    }
}
