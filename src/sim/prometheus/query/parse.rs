//! From words to an expression.

use super::QueryError;
use super::expr::{Expr, Like, Matcher, Matching, kind_of};
use super::lex::{Token, lex};
use regex::Regex;

/// Functions and what they take: `v` a vector, `r` a range, `s` a number.
const FUNCTIONS: [(&str, &str); 18] = [
    ("rate", "r"),
    ("irate", "r"),
    ("increase", "r"),
    ("delta", "r"),
    ("avg_over_time", "r"),
    ("max_over_time", "r"),
    ("min_over_time", "r"),
    ("sum_over_time", "r"),
    ("changes", "r"),
    ("histogram_quantile", "sv"),
    ("abs", "v"),
    ("ceil", "v"),
    ("floor", "v"),
    ("round", "v"),
    ("time", ""),
    ("vector", "s"),
    ("scalar", "v"),
    ("absent", "v"),
];

const AGGREGATIONS: [&str; 7] = ["sum", "avg", "min", "max", "count", "topk", "bottomk"];

/// Operators by how strongly they bind, weakest first.
const LEVELS: [&[&str]; 5] =
    [&["or"], &["and", "unless"], &["==", "!=", ">", "<", ">=", "<="], &["+", "-"], &["*", "/", "%"]];

/// Reads a query.
///
/// # Errors
/// Where it cannot be read, and why.
pub fn parse(query: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser { tokens: lex(query)?, next: 0, end: query.len() + 1 };
    if parser.tokens.is_empty() {
        return Err(QueryError { at: 1, reason: "no expression found in input".to_owned() });
    }
    let expr = parser.level(0)?;
    match parser.tokens.get(parser.next) {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("")),
    }
}

/// Reads a selector alone, as `match[]` has it.
///
/// # Errors
/// Where it cannot be read, and why.
pub fn selector(text: &str) -> Result<Vec<Matcher>, QueryError> {
    match parse(text)? {
        Expr::Instant(matchers) => Ok(matchers),
        _ => Err(QueryError { at: 1, reason: "expected a vector selector".to_owned() }),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn error(&self, reason: impl Into<String>) -> QueryError {
        QueryError { at: self.at(), reason: reason.into() }
    }

    fn unexpected(&self, place: &str) -> QueryError {
        let what = match self.peek() {
            None => "end of input".to_owned(),
            Some(Token::Name(name)) => format!("identifier {name:?}"),
            Some(Token::Number(number)) => format!("number {:?}", number.to_string()),
            Some(Token::Text(text)) => format!("string {text:?}"),
            Some(Token::Duration(_)) => "duration".to_owned(),
            Some(Token::Sign(sign)) => format!("{sign:?}"),
        };
        self.error(format!("unexpected {what}{place}"))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(there);
        there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Name(found)) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(there);
        there
    }

    fn wants(&mut self, sign: &str, place: &str) -> Result<(), QueryError> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected(&format!("{place}, expected {sign:?}"))) }
    }

    fn level(&mut self, level: usize) -> Result<Expr, QueryError> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(sign) = signs.iter().find(|sign| self.takes(sign) || self.takes_word(sign)) {
            let bool = self.takes_word("bool");
            let mut matching = Matching::default();
            let on = self.takes_word("on");
            if on || self.takes_word("ignoring") {
                matching = Matching { on, labels: self.names()? };
            }
            if self.takes_word("group_left") || self.takes_word("group_right") {
                return Err(self.error("many-to-one matching is not simulated"));
            }
            let right = self.level(level + 1)?;
            left = Expr::Binary { sign, bool, matching, sides: Box::new((left, right)) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        if self.takes("-") {
            return Ok(Expr::Minus(Box::new(self.unary()?)));
        }
        let _ = self.takes("+");
        let begin = self.at();
        let expr = self.primary()?;
        if !self.takes("[") {
            return Ok(expr);
        }
        let Expr::Instant(matchers) = expr else {
            let reason = "ranges only allowed for vector selectors".to_owned();
            return Err(QueryError { at: begin, reason });
        };
        let Some(Token::Duration(millis)) = self.peek().cloned() else {
            return Err(self.unexpected(" in subquery or range, expected duration"));
        };
        if millis == 0 {
            return Err(self.error("duration must be greater than 0"));
        }
        self.next += 1;
        self.wants("]", " in range")?;
        Ok(Expr::Range(matchers, millis))
    }

    fn primary(&mut self) -> Result<Expr, QueryError> {
        let at = self.at();
        match self.peek().cloned() {
            Some(Token::Number(number)) => {
                self.next += 1;
                Ok(Expr::Number(number))
            }
            Some(Token::Sign("(")) => {
                self.next += 1;
                let inside = self.level(0)?;
                self.wants(")", "")?;
                Ok(inside)
            }
            Some(Token::Sign("{")) => {
                let matchers = self.matchers(None)?;
                if matchers.iter().all(Matcher::may_be_nothing) {
                    let reason = "vector selector must contain at least one non-empty matcher".to_owned();
                    return Err(QueryError { at, reason });
                }
                Ok(Expr::Instant(matchers))
            }
            Some(Token::Name(name)) => {
                self.next += 1;
                self.named(&name, at)
            }
            _ => Err(self.unexpected("")),
        }
    }

    fn named(&mut self, name: &str, at: usize) -> Result<Expr, QueryError> {
        let called = matches!(self.peek(), Some(Token::Sign("(")));
        let grouped = matches!(self.peek(), Some(Token::Name(word)) if word == "by" || word == "without");
        if let Some(with) = AGGREGATIONS.iter().find(|with| **with == name).filter(|_| called || grouped) {
            return self.aggregate(with);
        }
        match name.to_ascii_lowercase().as_str() {
            "inf" if !called => return Ok(Expr::Number(f64::INFINITY)),
            "nan" if !called => return Ok(Expr::Number(f64::NAN)),
            _ => {}
        }
        if !called {
            return Ok(Expr::Instant(self.matchers(Some(name))?));
        }
        let Some((name, takes)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(QueryError { at, reason: format!("unknown function with name {name:?}") });
        };
        let arguments = self.arguments()?;
        if arguments.len() != takes.len() {
            let (wanted, got) = (takes.len(), arguments.len());
            let reason = format!("expected {wanted} argument(s) in call to {name:?}, got {got}");
            return Err(QueryError { at, reason });
        }
        for (argument, wanted) in arguments.iter().zip(takes.chars()) {
            let (kind, word) = (
                kind_of(argument),
                match wanted {
                    'r' => "range vector",
                    'v' => "instant vector",
                    _ => "scalar",
                },
            );
            if kind != word {
                let reason = format!("expected type {word} in call to function {name:?}, got {kind}");
                return Err(QueryError { at, reason });
            }
        }
        Ok(Expr::Call(name, arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, QueryError> {
        self.wants("(", "")?;
        let mut all = Vec::new();
        while !self.takes(")") {
            all.push(self.level(0)?);
            if !self.takes(",") {
                self.wants(")", " in function call")?;
                break;
            }
        }
        Ok(all)
    }

    fn aggregate(&mut self, with: &'static str) -> Result<Expr, QueryError> {
        let at = self.at();
        let mut grouping = self.grouping()?;
        let mut arguments = self.arguments()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let wanted = if matches!(with, "topk" | "bottomk") { 2 } else { 1 };
        let (Some(of), true) = (arguments.pop(), arguments.len() + 1 == wanted) else {
            return Err(QueryError {
                at,
                reason: format!("wrong number of arguments for aggregate expression {with:?}"),
            });
        };
        if kind_of(&of) != "instant vector" {
            let reason = format!("expected type instant vector in aggregation expression, got {}", kind_of(&of));
            return Err(QueryError { at, reason });
        }
        let (without, labels) = grouping.unwrap_or_default();
        let parameter = arguments.pop().map(Box::new);
        Ok(Expr::Aggregate { with, parameter, of: Box::new(of), without, labels })
    }

    fn grouping(&mut self) -> Result<Option<(bool, Vec<String>)>, QueryError> {
        let without = self.takes_word("without");
        if without || self.takes_word("by") { Ok(Some((without, self.names()?))) } else { Ok(None) }
    }

    fn names(&mut self) -> Result<Vec<String>, QueryError> {
        self.wants("(", " in grouping opts")?;
        let mut all = Vec::new();
        while !self.takes(")") {
            let Some(Token::Name(name)) = self.peek().cloned() else {
                return Err(self.unexpected(" in grouping opts, expected label"));
            };
            self.next += 1;
            all.push(name);
            if !self.takes(",") {
                self.wants(")", " in grouping opts")?;
                break;
            }
        }
        Ok(all)
    }

    fn matchers(&mut self, metric: Option<&str>) -> Result<Vec<Matcher>, QueryError> {
        let mut all = Vec::new();
        if let Some(metric) = metric {
            let like = Like::Same(metric.to_owned());
            all.push(Matcher { label: "__name__".to_owned(), negated: false, like });
        }
        if !self.takes("{") {
            return Ok(all);
        }
        while !self.takes("}") {
            let Some(Token::Name(label)) = self.peek().cloned() else {
                return Err(self.unexpected(" in label matching, expected identifier or \"}\""));
            };
            self.next += 1;
            let Some(sign) = ["=~", "!~", "!=", "="].into_iter().find(|sign| self.takes(sign)) else {
                return Err(self.unexpected(" in label matching, expected label matching operator"));
            };
            let Some(Token::Text(text)) = self.peek().cloned() else {
                return Err(self.unexpected(" in label matching, expected string"));
            };
            let like = if sign.ends_with('~') {
                let pattern = Regex::new(&format!("^(?s:{text})$"));
                Like::Pattern(pattern.map_err(|_| self.error(format!("invalid regular expression {text:?}")))?)
            } else {
                Like::Same(text)
            };
            self.next += 1;
            all.push(Matcher { label, negated: sign.starts_with('!'), like });
            if !self.takes(",") {
                self.wants("}", " in label matching")?;
                break;
            }
        }
        Ok(all)
    }
}
