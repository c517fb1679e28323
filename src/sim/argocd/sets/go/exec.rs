//! A template filled in.

use super::functions;
use super::parse::{Command, Node, Operand, ParseError, Pipe, Place, Term, parse};
use super::value::{is_true, print};
use serde_json::Value;

/// What becomes of a key that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is written as `<no value>`.
    NoValue,
    /// It is an error: option `missingkey=error`.
    Error,
}

/// What went wrong, as Go words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The template cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// It cannot be filled in.
    #[error("{0}")]
    Exec(String),
}

/// Fills a template in with parameters.
///
/// # Errors
/// When the template cannot be read, names what is not there, or a function refuses.
pub fn render(template: &str, parameters: &Value, missing: Missing) -> Result<String, Error> {
    let nodes = parse(template)?;
    let mut state =
        State { template, missing, variables: vec![("$".to_owned(), parameters.clone())], out: String::new() };
    state.list(&nodes, parameters)?;
    Ok(state.out)
}

struct State<'a> {
    template: &'a str,
    missing: Missing,
    variables: Vec<(String, Value)>,
    out: String,
}

/// How a list of nodes ended.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl State<'_> {
    fn error(&self, place: Place, words: &str) -> Error {
        let before = &self.template[..place.at];
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(place.at, |at| place.at - at - 1);
        let what = &self.template[place.from..place.end];
        Error::Exec(format!("template: base:{line}:{column}: executing \"base\" at <{what}>: {words}"))
    }

    fn list(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, Error> {
        let known = self.variables.len();
        let mut flow = Flow::On;
        for node in nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::On {
                break;
            }
        }
        self.variables.truncate(known);
        Ok(flow)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, Error> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.out.push_str(&print(&value));
                }
            }
            Node::If(branches, otherwise) => {
                for (condition, body) in branches {
                    if is_true(&self.pipe(condition, dot)?) {
                        return self.list(body, dot);
                    }
                }
                return self.list(otherwise, dot);
            }
            Node::With(pipe, body, otherwise) => {
                let known = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = if is_true(&value) { self.list(body, &value) } else { self.list(otherwise, dot) };
                self.variables.truncate(known);
                return flow;
            }
            Node::Range(pipe, body, otherwise) => return self.range(pipe, body, otherwise, dot),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn range(&mut self, pipe: &Pipe, body: &[Node], otherwise: &[Node], dot: &Value) -> Result<Flow, Error> {
        let known = self.variables.len();
        let mut bare = pipe.clone();
        let names = std::mem::take(&mut bare.variables);
        let value = self.pipe(&bare, dot)?;
        let items: Vec<(Value, Value)> = match &value {
            Value::Array(list) => list.iter().enumerate().map(|(at, one)| (Value::from(at), one.clone())).collect(),
            Value::Object(map) => map.iter().map(|(key, one)| (Value::from(key.as_str()), one.clone())).collect(),
            Value::Null => Vec::new(),
            Value::Number(_) => {
                let count = super::value::count_of(super::value::to_number(&value));
                (0..count).map(|at| (Value::from(at), Value::from(at))).collect()
            }
            other => {
                let place = pipe.commands.first().map(|command| command.place);
                let words = format!("range can't iterate over {}", print(other));
                return Err(place.map_or_else(|| Error::Exec(words.clone()), |place| self.error(place, &words)));
            }
        };
        if items.is_empty() {
            return self.list(otherwise, dot);
        }
        for (key, item) in items {
            match names.as_slice() {
                [one] => self.variables.push((one.clone(), item.clone())),
                [first, second] => {
                    self.variables.push((first.clone(), key));
                    self.variables.push((second.clone(), item.clone()));
                }
                _ => {}
            }
            let flow = self.list(body, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Error> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, dot, last)?);
        }
        let value = last.unwrap_or_default();
        for name in &pipe.variables {
            if pipe.declares {
                self.variables.push((name.clone(), value.clone()));
            } else if let Some((_, known)) = self.variables.iter_mut().rev().find(|(known, _)| known == name) {
                *known = value.clone();
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &Command, dot: &Value, last: Option<Value>) -> Result<Value, Error> {
        let Some(first) = command.operands.first() else { return Ok(Value::Null) };
        let Term::Function(name) = &first.term else {
            if command.operands.len() > 1 || last.is_some() {
                let what = &self.template[first.place.from..first.place.end];
                return Err(self.error(first.place, &format!("can't give argument to non-function {what}")));
            }
            return self.operand(first, dot);
        };
        let rest = &command.operands[1..];
        if matches!(name.as_str(), "and" | "or") {
            let mut value = Value::Null;
            for operand in rest {
                value = self.operand(operand, dot)?;
                if is_true(&value) == (name == "or") {
                    return Ok(value);
                }
            }
            return Ok(last.unwrap_or(value));
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            arguments.push(self.operand(operand, dot)?);
        }
        arguments.extend(last);
        functions::call(name, &arguments)
            .map_err(|words| self.error(command.place, &format!("error calling {name}: {words}")))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, Error> {
        let mut value = match &operand.term {
            Term::Dot => dot.clone(),
            Term::Nil => Value::Null,
            Term::Bool(is) => Value::Bool(*is),
            Term::Text(text) => Value::String(text.clone()),
            Term::Number(number) => super::value::number(*number),
            Term::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let words = format!("undefined variable: {name}");
                known.map(|(_, value)| value.clone()).ok_or_else(|| self.error(operand.place, &words))?
            }
            Term::Function(name) => functions::call(name, &[])
                .map_err(|words| self.error(operand.place, &format!("error calling {name}: {words}")))?,
            Term::Pipe(pipe) => self.pipe(pipe, dot)?,
        };
        for field in &operand.fields {
            value = match value {
                Value::Object(mut map) => match map.remove(field) {
                    Some(value) => value,
                    None if self.missing == Missing::Error => {
                        return Err(self.error(operand.place, &format!("map has no entry for key {field:?}")));
                    }
                    None => Value::Null,
                },
                Value::Null => {
                    let words = format!("nil pointer evaluating interface {{}}.{field}");
                    return Err(self.error(operand.place, &words));
                }
                _ => {
                    let words = format!("can't evaluate field {field} in type interface {{}}");
                    return Err(self.error(operand.place, &words));
                }
            };
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(template: &str) -> String {
        let parameters = json!({"env": "dev", "service": "backend", "n": 3, "list": ["a", "b"], "no": false,
            "values": {"size": 2, "deep": {"er": "x"}}, "empty": ""});
        render(template, &parameters, Missing::Error).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn templates_are_filled_in_as_go_does() {
        let cases = [
            ("{{.service}}-{{.env}}", "backend-dev"),
            ("{{- if ne .env \"prod\" }}\na: {{ eq .env \"dev\" }}\n{{- end }}\n", "\na: true\n"),
            ("{{if eq .n 1}}a{{else if eq .n 2 3}}b{{else}}c{{end}}", "b"),
            ("{{range $i, $one := .list}}{{$i}}{{$one}},{{end}}", "0a,1b,"),
            ("{{range .list}}{{.}}{{break}}{{else}}none{{end}}", "a"),
            ("{{with .values.deep}}{{.er}}{{end}} {{$.env}}", "x dev"),
            ("{{$x := .env}}{{if true}}{{$x = \"y\"}}{{end}}{{$x}}", "y"),
            ("{{.env | upper | printf \"%s-%03d\" | len}}", "16"),
            ("{{printf \"%s-%03d %q\" .env .n .env}}", "dev-003 \"dev\""),
            ("{{.empty | default \"none\"}} {{default .n nil}}", "none 3"),
            ("a {{- /* gone */ -}} b", "ab"),
            ("{{ (index .list 1) }}{{index .values \"size\"}}", "b2"),
            ("{{.list}} {{.values}}", "[a b] map[deep:map[er:x] size:2]"),
            ("{{and .no .env}} {{or .no .env}} {{not .no}}", "false dev true"),
            ("{{ `raw` }}{{\"q\\\"\"}}", "rawq\""),
        ];
        for (template, wanted) in cases {
            assert_eq!(filled(template), wanted, "{template}");
        }
    }

    #[test]
    fn errors_are_placed_and_worded_as_go_does() {
        let cases = [
            ("x-{{.nope}}", "template: base:1:4: executing \"base\" at <.nope>: map has no entry for key \"nope\""),
            (
                "a\n b{{.values.nope.x}}",
                "template: base:2:11: executing \"base\" at <.values.nope.x>: map has no entry for key \"nope\"",
            ),
            (
                "{{.env.x}}",
                "template: base:1:6: executing \"base\" at <.env.x>: can't evaluate field x in type interface {}",
            ),
            ("{{nope .env}}", "template: base:1: function \"nope\" not defined"),
            ("\n{{.env", "template: base:2: unclosed action"),
            ("{{if .env}}", "template: base:1: unexpected EOF"),
            ("{{}}", "template: base:1: missing value for command"),
            (
                "{{index .list 9}}",
                "template: base:1:2: executing \"base\" at <index .list 9>: error calling index: \
                reflect: slice index out of range",
            ),
            (
                "{{eq .n \"3\"}}",
                "template: base:1:2: executing \"base\" at <eq .n \"3\">: error calling eq: incompatible \
                types for comparison",
            ),
            ("{{fail \"no\"}}", "template: base:1:2: executing \"base\" at <fail \"no\">: error calling fail: no"),
        ];
        for (template, wanted) in cases {
            assert_eq!(filled(template), wanted, "{template}");
        }
        assert_eq!(render("{{.a}}", &json!({}), Missing::NoValue).unwrap(), "<no value>");
    }
}
