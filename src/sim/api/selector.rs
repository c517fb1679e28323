//! Label and field selectors.

use super::super::kinds::Kind;
use super::super::object::Object;
use super::status::Failure;

/// What a list or watch is narrowed to.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Debug, Clone)]
struct Field {
    place: Place,
    equal: bool,
    value: String,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Name,
    Namespace,
    /// Index into [`Kind::fields`].
    Own(usize),
}

impl Selector {
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Self, Failure> {
        let labels =
            parse_labels(labels).map_err(|e| Failure::bad_request(format!("unable to parse requirement: {e}")))?;
        Ok(Self { labels, fields: parse_fields(kind, fields)? })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub fn matches(&self, object: &Object) -> bool {
        self.labels.iter().all(|r| r.matches(object)) && self.fields.iter().all(|f| f.matches(object))
    }
}

impl Requirement {
    fn matches(&self, object: &Object) -> bool {
        let value = object.labels.iter().find(|(k, _)| **k == *self.key).map(|(_, v)| &**v);
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
            Test::NotIn(values) => !value.is_some_and(|v| values.iter().any(|w| w == v)),
            Test::Greater(bound) => number().is_some_and(|n| n > *bound),
            Test::Less(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

impl Field {
    fn matches(&self, object: &Object) -> bool {
        let value = match self.place {
            Place::Name => object.name(),
            Place::Namespace => object.namespace(),
            Place::Own(index) => object.fields.get(index).map_or("", |v| v),
        };
        (value == self.value) == self.equal
    }
}

/// Splits into identifiers and operators.
fn tokens(text: &str) -> Vec<&str> {
    let special = |c: char| "()!,=<>".contains(c);
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("==") || rest.starts_with("!=") {
            2
        } else if special(first) {
            first.len_utf8()
        } else {
            rest.find(|c: char| special(c) || c.is_whitespace()).unwrap_or(rest.len())
        };
        out.push(&rest[..len]);
        rest = rest[len..].trim_start();
    }
    out
}

fn parse_labels(text: &str) -> Result<Vec<Requirement>, String> {
    let tokens = tokens(text);
    let mut at = tokens.iter().copied().peekable();
    let mut out = Vec::new();
    let is_name = |t: &str| !t.starts_with(|c| "()!,=<>".contains(c));
    while let Some(mut token) = at.next() {
        let absent = token == "!";
        if absent {
            token = at.next().unwrap_or_default();
        }
        if token.is_empty() || !is_name(token) {
            return Err(format!("found '{token}', expected: !, identifier, or 'end of string'"));
        }
        let key = token.to_owned();
        let test = match at.peek().copied() {
            _ if absent => Test::Absent,
            None | Some(",") => Test::Exists,
            Some(operator) => {
                at.next();
                match operator {
                    "=" | "==" => Test::In(vec![value(&mut at)?]),
                    "!=" => Test::NotIn(vec![value(&mut at)?]),
                    ">" => Test::Greater(bound(&value(&mut at)?)?),
                    "<" => Test::Less(bound(&value(&mut at)?)?),
                    "in" => Test::In(values(&mut at)?),
                    "notin" => Test::NotIn(values(&mut at)?),
                    other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
                }
            }
        };
        out.push(Requirement { key, test });
        match at.next() {
            None => {}
            Some(",") if at.peek().is_some() => {}
            Some(",") => return Err("found '', expected: identifier after ','".to_owned()),
            Some(other) => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
        }
    }
    Ok(out)
}

type Tokens<'a, I> = std::iter::Peekable<I>;

/// A value, which may be empty.
fn value<'a, I: Iterator<Item = &'a str>>(at: &mut Tokens<'a, I>) -> Result<String, String> {
    match at.next_if(|t| *t != ",").unwrap_or_default() {
        sign if sign.starts_with(|c| "()!=<>".contains(c)) => Err(format!("found '{sign}', expected: identifier")),
        value => Ok(value.to_owned()),
    }
}

fn bound(value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| format!("for 'Gt', 'Lt' operators, the value must be an integer: '{value}'"))
}

fn values<'a, I: Iterator<Item = &'a str>>(at: &mut Tokens<'a, I>) -> Result<Vec<String>, String> {
    let open = at.next().unwrap_or_default();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut out = Vec::new();
    let mut last = "(";
    for token in at.by_ref() {
        match token {
            ")" => {
                if last != ")" && matches!(last, "(" | ",") {
                    out.push(String::new());
                }
                return Ok(out);
            }
            "," if matches!(last, "(" | ",") => out.push(String::new()),
            "," => {}
            text => out.push(text.to_owned()),
        }
        last = token;
    }
    Err("found '', expected: ')'".to_owned())
}

fn parse_fields(kind: &Kind, text: &str) -> Result<Vec<Field>, Failure> {
    text.split(',').filter(|t| !t.is_empty()).map(|term| parse_field(kind, text, term)).collect()
}

fn parse_field(kind: &Kind, whole: &str, term: &str) -> Result<Field, Failure> {
    let parts = ["!=", "==", "="].iter().find_map(|op| term.split_once(op).map(|(k, v)| (k, *op != "!=", v)));
    let Some((label, equal, value)) = parts else {
        return Err(Failure::bad_request(format!("invalid selector: '{whole}'; can't understand '{term}'")));
    };
    let place = match label {
        "metadata.name" => Place::Name,
        "metadata.namespace" => Place::Namespace,
        _ => match kind.fields.iter().position(|(name, _)| *name == label) {
            Some(index) => Place::Own(index),
            None if kind.is_custom() || !kind.fields.is_empty() => {
                return Err(Failure::bad_request(format!("field label not supported: {label}")));
            }
            None => {
                return Err(Failure::bad_request(format!(
                    "\"{label}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                )));
            }
        },
    };
    Ok(Field { place, equal, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::kinds;
    use super::super::super::store::Store;
    use super::*;

    fn hit(labels: &str, fields: &str) -> bool {
        let store = Store::new();
        store.put(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "a", "namespace": "n", "labels": {"env": "dev", "n": "5", "empty": ""}},
            "spec": {"nodeName": "one"}, "status": {"phase": "Running"},
        }));
        let kind = kinds::by_kind("Pod").unwrap();
        let object = store.object("Pod", "n", "a").unwrap();
        Selector::parse(kind, labels, fields).unwrap().matches(&object)
    }

    fn refusal(kind: &str, labels: &str, fields: &str) -> String {
        Selector::parse(kinds::by_kind(kind).unwrap(), labels, fields).unwrap_err().message
    }

    #[test]
    fn label_selectors_match_as_kubernetes_does() {
        for (selector, expected) in [
            ("", true),
            ("env=dev", true),
            ("env==dev", true),
            ("env = dev , n", true),
            ("env!=dev", false),
            ("other!=dev", true),
            ("env in (dev,prod)", true),
            ("env in ( prod )", false),
            ("env notin (prod, test)", true),
            ("other notin (prod)", true),
            ("env", true),
            ("!env", false),
            ("!other", true),
            ("other", false),
            ("empty=", true),
            ("empty=,env=dev", true),
            ("n>4", true),
            ("n<5", false),
            ("env=dev,!n", false),
        ] {
            assert_eq!(hit(selector, ""), expected, "{selector}");
        }
    }

    #[test]
    fn field_selectors_match() {
        for (selector, expected) in [
            ("metadata.name=a", true),
            ("metadata.name!=a", false),
            ("metadata.namespace=n,spec.nodeName=one", true),
            ("status.phase!=Succeeded,status.phase!=Failed", true),
            ("status.phase==Failed", false),
            ("status.podIP=", true),
        ] {
            assert_eq!(hit("", selector), expected, "{selector}");
        }
    }

    #[test]
    fn bad_selectors_are_refused_in_the_servers_words() {
        let words = "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt";
        assert_eq!(refusal("Pod", "a b", ""), words);
        assert_eq!(
            refusal("Application", "", "status.sync.status=Synced"),
            "field label not supported: status.sync.status"
        );
        assert_eq!(refusal("Pod", "", "foo"), "invalid selector: 'foo'; can't understand 'foo'");
        assert_eq!(refusal("Pod", "a=(", ""), "unable to parse requirement: found '(', expected: identifier");
        assert!(refusal("Pod", "a in b", "").contains("expected: '('"));
        assert!(refusal("Pod", "a in (b", "").contains("expected: ')'"));
        assert!(refusal("ConfigMap", "", "data=1").starts_with("\"data\" is not a known field selector"));
    }
}
