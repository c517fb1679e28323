//! Making objects fit to be shown: nothing secret, nothing that steers a terminal.
//!
//! One [`Masker`] goes over everything that is compared with each other: the same secret gets the same mask, another one
//! another mask, so that "changed" can still be told where the values cannot.

use serde_json::Value;

use super::text::{clean_lines, without_credentials};

/// What stands for what is not shown.
pub const MASKED: &str = "••••••••";
/// A copy of the whole object as it was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Parts of names of environment variables that hold what nobody should see.
const SECRET_NAMES: [&str; 7] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "API_KEY", "PRIVATE_KEY"];
/// Words behind which a secret stands within a text, as in `--password=...` or `api_key: ...`.
const BEFORE_SECRETS: [&str; 7] = ["password", "passwd", "secret", "token", "api_key", "api-key", "apikey"];

/// Masks and cleans an object in place; its managedFields are left out.
pub fn mask(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    Masker::default().object(object);
}

/// A value fit to be shown: masked and cleaned as a whole object is.
#[must_use]
pub fn masked(mut value: Value) -> Value {
    mask(&mut value);
    value
}

/// Whether a text is, or holds, a mask of ours.
#[must_use]
pub fn is_masked(text: &str) -> bool {
    text.contains(MASKED)
}

/// Remembers which secrets it saw. They live as long as it does, and nothing prints them.
#[derive(Default)]
pub struct Masker {
    seen: Vec<String>,
    /// Texts with credentials in their URLs, and what is shown of them.
    urls: Vec<(String, String)>,
}

impl Masker {
    /// Masks and cleans an object in place. Its managedFields stay: they name fields and hold no values.
    pub fn object(&mut self, object: &mut Value) {
        self.secret(object);
        let copy = object.pointer("/metadata/annotations").and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
        // a copy that cannot be read is not shown: it may hold anything
        let masked = copy.map(ToOwned::to_owned).map(|copy| match serde_json::from_str::<Value>(&copy) {
            Ok(mut copy) => {
                self.object(&mut copy);
                copy.to_string()
            }
            Err(_) => self.hidden(&copy),
        });
        if let (Some(masked), Some(annotations)) =
            (masked, object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut))
        {
            annotations.insert(LAST_APPLIED.to_owned(), Value::String(masked));
        }
        if object.get("kind").and_then(Value::as_str) == Some("ConfigMap")
            && let Some(Value::Object(entries)) = object.get_mut("data")
        {
            // what a ConfigMap holds becomes environment variables
            for (name, value) in entries {
                if is_secret_name(name)
                    && let Value::String(text) = value
                {
                    *text = self.hidden(text);
                }
            }
        }
        self.texts(object);
    }

    /// Cleans and masks the texts in a part of an object.
    pub fn texts(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.texts(item)),
            Value::Object(fields) => {
                let is_secret = fields.get("name").and_then(Value::as_str).is_some_and(is_secret_name);
                if is_secret && let Some(Value::String(text)) = fields.get_mut("value") {
                    *text = self.hidden(text);
                }
                for (name, value) in fields {
                    match value {
                        // parsed and masked already
                        Value::String(copy) if name == LAST_APPLIED => {
                            if let std::borrow::Cow::Owned(cleaned) = clean_lines(copy) {
                                *copy = cleaned;
                            }
                        }
                        value => self.texts(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn secret(&mut self, object: &mut Value) {
        if object.get("kind").and_then(Value::as_str) != Some("Secret") {
            return;
        }
        for field in ["data", "stringData"] {
            match object.get_mut(field) {
                Some(Value::Object(entries)) => {
                    for value in entries.values_mut() {
                        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                        *value = Value::String(self.hidden(&text));
                    }
                }
                Some(other) => *other = Value::String(self.hidden(&other.to_string())),
                None => {}
            }
        }
    }

    fn text(&mut self, text: &mut String) {
        if let std::borrow::Cow::Owned(cleaned) = clean_lines(text) {
            *text = cleaned;
        }
        if is_masked(text) {
            return;
        }
        if text.contains("://") && text.contains('@') {
            self.credentials(text);
        }
        self.assignments(text);
    }

    /// Takes the credentials out of the URLs of a text. A text that reads the same as another one then is told apart.
    fn credentials(&mut self, text: &mut String) {
        let mut shown = String::with_capacity(text.len());
        for part in text.split_inclusive([' ', '\n', '"', '\'', ',']) {
            let url = part.trim_end_matches([' ', '\n', '"', '\'', ',']);
            shown.push_str(&without_credentials(url));
            shown.push_str(&part[url.len()..]);
        }
        if shown == *text {
            return;
        }
        let number = self.urls.iter().filter(|(whole, seen)| *seen == shown && whole != text).count();
        if !self.urls.iter().any(|(whole, _)| whole == text) {
            self.urls.push((text.clone(), shown.clone()));
        }
        *text = if number == 0 { shown } else { format!("{shown} ({MASKED} #{})", number + 1) };
    }

    /// Masks what stands behind `password=` and its like.
    fn assignments(&mut self, text: &mut String) {
        let lower = text.to_ascii_lowercase();
        if !BEFORE_SECRETS.iter().any(|word| lower.contains(word)) {
            return;
        }
        let (mut out, mut from) = (String::new(), 0);
        while let Some(end) =
            BEFORE_SECRETS.iter().filter_map(|word| lower[from..].find(word).map(|at| from + at + word.len())).min()
        {
            let sign = lower[end..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-\"'".contains(c));
            let sign = sign.trim_start_matches([' ', '\t']);
            // a colon with nothing behind it names a tag or a kind
            let value = sign.strip_prefix('=').or_else(|| sign.strip_prefix(':').filter(|rest| rest.starts_with(' ')));
            let value = value.map(|rest| rest.trim_start_matches([' ', '\t', '"', '\'']));
            let Some(value) = value.filter(|value| !value.is_empty() && !value.starts_with('\n')) else {
                out.push_str(&text[from..end]);
                from = end;
                continue;
            };
            let start = text.len() - value.len();
            let stop = value.find([' ', '\n', '"', '\'', ',', ';', '&']).unwrap_or(value.len());
            out.push_str(&text[from..start]);
            out.push_str(&self.hidden(&text[start..start + stop]));
            from = start + stop;
        }
        out.push_str(&text[from..]);
        *text = out;
    }

    /// The mask of a secret: one that another secret does not have. What Argo CD masked already stays as it is.
    fn hidden(&mut self, text: &str) -> String {
        if text.is_empty() || is_masked(text) || text.bytes().all(|b| b == b'+') {
            return text.to_owned();
        }
        let at = self.seen.iter().position(|seen| seen == text).unwrap_or_else(|| {
            self.seen.push(text.to_owned());
            self.seen.len() - 1
        });
        if at == 0 { MASKED.to_owned() } else { format!("{MASKED} #{}", at + 1) }
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_a_secret_is_left() {
        let copy = json!({ "kind": "Secret", "data": { "key": "aHVudGVyMg==" } }).to_string();
        let mut secret = json!({
            "kind": "Secret", "data": { "key": "aHVudGVyMg==" }, "stringData": { "other": "hunter2" },
            "metadata": { "name": "s", "managedFields": [{}], "annotations": { LAST_APPLIED: copy } }
        });
        mask(&mut secret);
        let text = secret.to_string();
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg") && !text.contains("managedFields"), "{text}");
        assert_eq!(secret["data"]["key"], MASKED);

        let mut broken = json!({ "kind": "Secret", "metadata": { "annotations": { LAST_APPLIED: "hunter2{" } } });
        mask(&mut broken);
        assert!(!broken.to_string().contains("hunter2"));
    }

    #[test]
    fn credentials_elsewhere_are_masked_and_texts_are_cleaned() {
        let mut pod = json!({ "kind": "Pod", "spec": { "containers": [{ "env": [
            { "name": "DB_PASSWORD", "value": "hunter2" },
            { "name": "DB_PASSWORD_FROM", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
            { "name": "DB_URL", "value": "postgres://app:hunter2@db/app" },
            { "name": "LOG_LEVEL", "value": "info\u{1b}[2J" }
        ], "args": ["--db-password=hunter2", "--verbose", "serve --token hunter --api-key: hunter2, --x=1"] }] } });
        mask(&mut pod);
        let container = &pod["spec"]["containers"][0];
        let env = &container["env"];
        assert!(!pod.to_string().contains("hunter2"), "{pod}");
        assert_eq!((&env[0]["value"], &env[3]["value"]), (&json!(MASKED), &json!("info")));
        assert_eq!(env[1]["valueFrom"]["secretKeyRef"]["name"], "s");
        assert_eq!(env[2]["value"], "postgres://db/app");
        assert_eq!(container["args"][0], format!("--db-password={MASKED}"));
        assert_eq!(container["args"][1], "--verbose");
        assert!(container["args"][2].as_str().unwrap().ends_with(", --x=1"), "{container}");
    }

    #[test]
    fn settings_in_a_text_are_masked_however_they_are_spaced() {
        let text =
            "a = 1\npassword = hunter2\napi_key\t=\t\"hunter2\"\n# the secret is elsewhere\ntoken : hunter2\nb = 2\n";
        let mut map = json!({ "kind": "ConfigMap", "data": { "app.ini": text } });
        mask(&mut map);
        let said = map["data"]["app.ini"].as_str().unwrap();
        assert!(!said.contains("hunter2"), "{said}");
        assert!(said.starts_with("a = 1\npassword = •") && said.ends_with("\nb = 2\n"), "{said}");
        assert!(said.contains("# the secret is elsewhere\n"), "{said}");
    }

    #[test]
    fn a_changed_secret_is_seen_to_have_changed_and_no_more() {
        let secret = |value: &str| json!({ "kind": "Secret", "data": { "a": value, "b": "c2FtZQ==" } });
        let map = |value: &str| json!({ "kind": "ConfigMap", "data": { "API_TOKEN": value, "URL": format!("http://u:{value}@h/") } });
        for make in [&secret as &dyn Fn(&str) -> Value, &map] {
            let (mut old, mut new) = (make("b2xkMQ=="), make("bmV3MQ=="));
            let mut masker = Masker::default();
            masker.object(&mut old);
            masker.object(&mut new);
            assert_ne!(old["data"], new["data"]);
            assert_eq!(old["data"]["b"], new["data"]["b"]);
            let both = format!("{old}{new}");
            assert!(!both.contains("b2xkMQ") && !both.contains("bmV3MQ"), "{both}");
        }
    }

    #[test]
    fn what_has_been_masked_stays_as_it_is() {
        let mut secret = json!({ "kind": "Secret", "data": { "a": "++++++++", "b": "++++++++++++" } });
        let before = secret.clone();
        mask(&mut secret);
        assert_eq!(secret, before);
    }
}
