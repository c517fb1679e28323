//! Go's own functions and those of Sprig that templates of ApplicationSets use; `normalize`, `slugify` and the YAML
//! ones are Argo CD's.

use super::value::{count_of, equal, is_true, number, order, print, to_number};
use super::words::{Answer, printf, words};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

const KNOWN: &[&str] = &[
    "add",
    "add1",
    "and",
    "atoi",
    "b64dec",
    "b64enc",
    "cat",
    "coalesce",
    "concat",
    "contains",
    "default",
    "dict",
    "div",
    "empty",
    "eq",
    "fail",
    "first",
    "float64",
    "fromJson",
    "fromYaml",
    "fromYamlArray",
    "ge",
    "get",
    "gt",
    "has",
    "hasKey",
    "hasPrefix",
    "hasSuffix",
    "indent",
    "index",
    "initial",
    "int",
    "int64",
    "join",
    "keys",
    "kindIs",
    "last",
    "le",
    "len",
    "list",
    "lower",
    "lt",
    "max",
    "min",
    "mod",
    "mul",
    "ne",
    "nindent",
    "normalize",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "quote",
    "regexMatch",
    "regexReplaceAll",
    "repeat",
    "replace",
    "rest",
    "reverse",
    "sha256sum",
    "slugify",
    "sortAlpha",
    "splitList",
    "squote",
    "sub",
    "substr",
    "ternary",
    "title",
    "toJson",
    "toString",
    "toYaml",
    "trim",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "trunc",
    "uniq",
    "upper",
    "values",
    "without",
];

/// Whether a template may name it.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Calls a function.
///
/// # Errors
/// Its words when it refuses the arguments.
pub(super) fn call(name: &str, arguments: &[Value]) -> Answer {
    static NIL: Value = Value::Null;
    let least = match name {
        "list" | "dict" | "print" | "println" | "coalesce" | "cat" | "quote" | "squote" | "concat" => 0,
        "contains" | "hasPrefix" | "hasSuffix" | "trimPrefix" | "trimSuffix" | "trimAll" | "indent" | "nindent"
        | "trunc" | "splitList" | "join" | "repeat" | "get" | "hasKey" | "has" | "default" | "ge" | "gt" | "le"
        | "lt" | "ne" | "sub" | "div" | "mod" | "regexMatch" | "kindIs" => 2,
        "replace" | "substr" | "ternary" | "regexReplaceAll" => 3,
        _ => 1,
    };
    if arguments.len() < least {
        return Err(format!("wrong number of args for {name}: want {least} got {}", arguments.len()));
    }
    let at = |index: usize| arguments.get(index).unwrap_or(&NIL);
    let text = |index: usize| print(at(index));
    let items = |index: usize| at(index).as_array().cloned().unwrap_or_default();
    Ok(match name {
        "eq" => return any_equal(arguments).map(Value::Bool),
        "ne" => json!(!equal(at(0), at(1))?),
        "lt" => json!(order(at(0), at(1))? == Ordering::Less),
        "le" => json!(order(at(0), at(1))? != Ordering::Greater),
        "gt" => json!(order(at(0), at(1))? == Ordering::Greater),
        "ge" => json!(order(at(0), at(1))? != Ordering::Less),
        "not" | "empty" => json!(!is_true(at(0))),
        "len" => return length(at(0)),
        "index" => return index(arguments),
        "print" => Value::from(arguments.iter().map(print).collect::<String>()),
        "println" => Value::from(arguments.iter().map(print).collect::<Vec<_>>().join(" ") + "\n"),
        "printf" => Value::from(printf(&text(0), &arguments[1..])),
        "fail" => return Err(text(0)),
        "default" => if is_true(at(1)) { at(1) } else { at(0) }.clone(),
        "coalesce" => arguments.iter().find(|one| is_true(one)).cloned().unwrap_or_default(),
        "ternary" => if is_true(at(2)) { at(0) } else { at(1) }.clone(),
        "kindIs" => json!(kind(at(1)) == text(0)),
        "list" => json!(arguments),
        "dict" => {
            let pairs = arguments.chunks(2).map(|pair| (print(&pair[0]), pair.get(1).cloned().unwrap_or_default()));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        "get" => at(0).get(text(1)).cloned().unwrap_or_else(|| json!("")),
        "hasKey" => json!(at(0).get(text(1)).is_some()),
        "keys" => at(0).as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect(),
        "values" => at(0).as_object().into_iter().flat_map(Map::values).cloned().collect(),
        "has" => json!(items(1).contains(at(0))),
        "first" => items(0).first().cloned().unwrap_or_default(),
        "last" => items(0).last().cloned().unwrap_or_default(),
        "rest" => items(0).into_iter().skip(1).collect(),
        "initial" => items(0).split_last().map_or_else(|| json!([]), |(_, initial)| json!(initial)),
        "reverse" => items(0).into_iter().rev().collect(),
        "concat" => arguments.iter().filter_map(Value::as_array).flatten().cloned().collect(),
        "without" => items(0).into_iter().filter(|one| !arguments[1..].contains(one)).collect(),
        "sortAlpha" => {
            let mut all: Vec<String> = items(0).iter().map(print).collect();
            all.sort();
            json!(all)
        }
        "uniq" => {
            let mut all: Vec<Value> = Vec::new();
            for one in items(0) {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            json!(all)
        }
        "join" => Value::from(items(1).iter().map(print).collect::<Vec<_>>().join(&text(0))),
        "splitList" => text(1).split(&text(0)).collect(),
        "add" => number(arguments.iter().map(to_number).sum()),
        "add1" => number(to_number(at(0)) + 1.0),
        "sub" => number(to_number(at(0)) - to_number(at(1))),
        "mul" => number(arguments.iter().map(to_number).product()),
        "div" | "mod" if to_number(at(1)) == 0.0 => return Err("runtime error: integer divide by zero".to_owned()),
        "div" => number((to_number(at(0)) / to_number(at(1))).trunc()),
        "mod" => number(to_number(at(0)) % to_number(at(1))),
        "max" => number(arguments.iter().map(to_number).fold(f64::MIN, f64::max)),
        "min" => number(arguments.iter().map(to_number).fold(f64::MAX, f64::min)),
        "int" | "int64" | "atoi" => number(to_number(at(0)).trunc()),
        "float64" => json!(to_number(at(0))),
        "toJson" => Value::from(at(0).to_string()),
        "fromJson" => serde_json::from_str(&text(0)).unwrap_or_default(),
        "toYaml" => {
            let yaml = serde_saphyr::to_string(at(0)).map_err(|error| error.to_string())?;
            Value::from(yaml.trim_end_matches('\n'))
        }
        "fromYaml" | "fromYamlArray" => serde_saphyr::from_str(&text(0)).map_err(|error| error.to_string())?,
        _ => return words(name, arguments),
    })
}

fn any_equal(arguments: &[Value]) -> Result<bool, String> {
    let (Some(first), rest) = (arguments.first(), &arguments[1..]) else { return Ok(false) };
    if rest.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in rest {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn length(value: &Value) -> Answer {
    match value {
        Value::String(text) => Ok(json!(text.len())),
        Value::Array(list) => Ok(json!(list.len())),
        Value::Object(map) => Ok(json!(map.len())),
        _ => Err(format!("len of type {}", kind(value))),
    }
}

fn index(arguments: &[Value]) -> Answer {
    let mut value = arguments[0].clone();
    for step in &arguments[1..] {
        value = match (&value, step) {
            (Value::Array(list), Value::Number(at)) => {
                let at = at.as_f64().unwrap_or(-1.0);
                let found = (at >= 0.0).then(|| list.get(count_of(at))).flatten();
                found.cloned().ok_or("reflect: slice index out of range")?
            }
            (Value::Object(map), Value::String(key)) => map.get(key).cloned().unwrap_or_default(),
            (Value::Null, _) => return Err("index of untyped nil".to_owned()),
            _ => return Err(format!("can't index item of type {}", kind(&value))),
        };
    }
    Ok(value)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_function_is_there() {
        for name in KNOWN.iter().filter(|name| !matches!(**name, "and" | "or")) {
            let answer = call(name, &[json!("1"), json!("2"), json!("3")]);
            assert!(!answer.is_err_and(|words| words.contains("not known")), "{name}");
        }
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn functions_do_as_gos_and_sprigs() {
        let cases = [
            ("normalize", json!(["Feature/A_b."]), json!("feature-a-b")),
            ("slugify", json!([10, false, "feature one/two"]), json!("feature")),
            ("slugify", json!([10, true, "feature one/two"]), json!("feature-on")),
            ("trunc", json!([-3, "backend"]), json!("end")),
            ("substr", json!([1, 3, "backend"]), json!("ac")),
            ("join", json!(["-", ["a", "b"]]), json!("a-b")),
            ("nindent", json!([2, "a\nb"]), json!("\n  a\n  b")),
            ("ternary", json!(["x", "y", false]), json!("y")),
            ("toYaml", json!([{"a": 1}]), json!("a: 1")),
            ("fromYaml", json!(["a: [1, b]"]), json!({"a": [1, "b"]})),
            ("regexReplaceAll", json!(["[0-9]+", "a1b22", "x"]), json!("axbx")),
            ("sub", json!([7, 2]), json!(5)),
            ("len", json!([["a"]]), json!(1)),
        ];
        for (name, arguments, wanted) in cases {
            assert_eq!(call(name, arguments.as_array().unwrap()), Ok(wanted), "{name}");
        }
        assert_eq!(call("replace", &[json!("a")]), Err("wrong number of args for replace: want 3 got 1".to_owned()));
    }
}
