//! Generators: from what is written in a set to one set of parameters for each Application.

use super::super::repository::Repository;
use super::folders;
use super::template::Language;
use crate::sim::labels;
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
        folders::parameters(&generator["git"], language, repository)?
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

/// Whether a label selector fits parameters, which count as labels by their dotted names.
fn selects(selector: &Value, parameters: &Value) -> bool {
    let value = |key: &str| {
        let whole = parameters.get(key);
        let found = whole.or_else(|| parameters.pointer(&format!("/{}", key.replace('.', "/"))));
        found.and_then(|found| found.as_str().map(str::to_owned).or_else(|| Some(found.to_string())))
    };
    labels::selects(selector, value)
}

#[cfg(test)]
mod tests {
    use super::super::super::repository::{Files, Manifests, Source, SourceError};
    use super::*;

    struct Nothing;

    impl Repository for Nothing {
        fn resolve(&self, _: &Value, _: &str) -> Result<String, SourceError> {
            Err(SourceError::NoRepository)
        }
        fn manifests(&self, _: Source<'_>, _: &str) -> Result<Manifests, SourceError> {
            Err(SourceError::NoRepository)
        }
        fn directories(&self, _: &str, _: &str) -> Result<Vec<String>, SourceError> {
            Err(SourceError::NoRepository)
        }
        fn files(&self, _: &str, _: &str, _: &dyn Fn(&str) -> bool) -> Result<Files, SourceError> {
            Err(SourceError::NoRepository)
        }
    }

    fn generated(go: bool, generator: &Value) -> Result<Value, String> {
        let set = json!({"spec": {"goTemplate": go, "generators": [generator]}});
        Ok(all(&set, &Nothing)?.into_iter().map(|(parameters, _)| parameters).collect())
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
    fn a_selector_takes_some_of_what_was_generated() {
        let chosen = json!({"list": {"elements": [{"env": "dev", "tier": {"x": "1"}}, {"env": "prod"}]}, "selector":
            {"matchLabels": {"tier.x": "1"}, "matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}});
        assert_eq!(generated(true, &chosen).unwrap().as_array().unwrap().len(), 1);
    }
}
