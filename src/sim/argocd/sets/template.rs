//! Text with parameters in it, in either of the two languages of templates.

use super::go::{self, Missing};
use serde_json::{Map, Value};

/// How the templates of a set are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// `{{key}}` and nothing else; what is not known stays as it is.
    Plain,
    /// Go templates.
    Go(Missing),
}

impl Language {
    /// What a set's spec says.
    pub fn of(set: &Value) -> Self {
        if set["spec"]["goTemplate"] != true {
            return Self::Plain;
        }
        let options = set["spec"]["goTemplateOptions"].as_array().into_iter().flatten();
        let strict = options.into_iter().any(|option| option == "missingkey=error");
        Self::Go(if strict { Missing::Error } else { Missing::NoValue })
    }

    /// Fills a text in.
    ///
    /// # Errors
    /// The words of the condition.
    pub fn fill(self, text: &str, parameters: &Value) -> Result<String, String> {
        // the expression has no line breaks in it, and neither have the templates that count
        let is_template = text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"));
        match self {
            _ if !is_template => Ok(text.to_owned()),
            Self::Plain => Ok(plain(text, parameters)),
            Self::Go(missing) => go::render(text, parameters, missing).map_err(|error| match error {
                go::Error::Parse(_) => format!("failed to parse template {text}: {error}"),
                go::Error::Exec(_) => format!("failed to execute go template {text}: {error}"),
            }),
        }
    }

    /// Fills in every text of a value, names of fields too.
    ///
    /// # Errors
    /// The words of the condition about the first that fails.
    pub fn fill_all(self, value: &Value, parameters: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text, parameters)?),
            Value::Array(list) => {
                Value::Array(list.iter().map(|one| self.fill_all(one, parameters)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let pairs = map.iter().map(|(key, one)| {
                    Ok((self.fill(key, parameters)?, self.fill_all(one, parameters)?)) as Result<_, String>
                });
                Value::Object(pairs.collect::<Result<Map<_, _>, _>>()?)
            }
            other => other.clone(),
        })
    }
}

fn plain(text: &str, parameters: &Value) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((tag, behind)) = after.split_once("}}") else { break };
        out += before;
        match parameters[tag.trim()].as_str() {
            Some(value) => out += value,
            None => out += &format!("{{{{{tag}}}}}"),
        }
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_templates_know_keys_and_leave_the_rest() {
        let parameters = json!({"env": "dev", "path.basename": "api", "path[0]": "helm"});
        let cases = [
            ("{{env}}-{{ path.basename }}", "dev-api"),
            ("{{path[0]}} {{nope}} {{ .env }}", "helm {{nope}} {{ .env }}"),
            ("{{open", "{{open"),
        ];
        for (text, filled) in cases {
            assert_eq!(Language::Plain.fill(text, &parameters).unwrap(), filled);
        }
    }

    #[test]
    fn a_set_says_how_its_templates_are_written() {
        let fill = |spec: Value, text: &str| {
            Language::of(&json!({"spec": spec})).fill_all(&json!({text: [text]}), &json!({"a": "x"}))
        };
        assert_eq!(fill(json!({}), "{{a}}"), Ok(json!({"x": ["x"]})));
        assert_eq!(fill(json!({"goTemplate": true}), "{{.b}}"), Ok(json!({"<no value>": ["<no value>"]})));
        let strict = json!({"goTemplate": true, "goTemplateOptions": ["missingkey=error"]});
        assert!(
            fill(strict.clone(), "{{.b}}").unwrap_err().starts_with("failed to execute go template {{.b}}: template: ")
        );
        assert!(fill(strict, "{{b}}").unwrap_err().starts_with("failed to parse template {{b}}: template: base:1: "));
    }
}
