//! The tree of a template.

use super::functions;
use super::lex::{self, Kind, Piece, Token};

/// A template that cannot be read; worded as Go does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template: base:{line}: {words}")]
pub struct ParseError {
    line: usize,
    words: String,
}

impl ParseError {
    pub(super) fn at(template: &str, at: usize, words: &str) -> Self {
        Self { line: 1 + template[..at].matches('\n').count(), words: words.to_owned() }
    }
}

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    /// The branches of an `if` with their conditions, and what follows `else`.
    If(Vec<(Pipe, Vec<Node>)>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Break,
    Continue,
}

/// Commands, each fed with what the one before it gave.
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    /// Variables that get the value.
    pub variables: Vec<String>,
    /// Whether they are new.
    pub declares: bool,
    pub commands: Vec<Command>,
}

/// A function with its arguments, or a value alone.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub place: Place,
    pub operands: Vec<Operand>,
}

/// Where something stands in the template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// What an error calls its position.
    pub at: usize,
    pub from: usize,
    pub end: usize,
}

/// A value and the fields that are taken of it.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub place: Place,
    pub term: Term,
    pub fields: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Text(String),
    Number(f64),
    Variable(String),
    Function(String),
    Pipe(Box<Pipe>),
}

/// What ended a list of nodes.
enum End {
    Closed,
    Else(Vec<Token>, usize),
    Eof,
}

pub(super) fn parse(template: &str) -> Result<Vec<Node>, ParseError> {
    let mut pieces = lex::pieces(template)?.into_iter();
    let mut parser = Parser { template, pieces: &mut pieces };
    let (nodes, end) = parser.list()?;
    match end {
        End::Eof => Ok(nodes),
        End::Closed => Err(ParseError::at(template, template.len(), "unexpected {{end}}")),
        End::Else(_, at) => Err(ParseError::at(template, at, "unexpected {{else}}")),
    }
}

struct Parser<'a> {
    template: &'a str,
    pieces: &'a mut std::vec::IntoIter<Piece>,
}

impl Parser<'_> {
    fn list(&mut self) -> Result<(Vec<Node>, End), ParseError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            match piece {
                Piece::Text(text) if text.is_empty() => {}
                Piece::Text(text) => nodes.push(Node::Text(text)),
                Piece::Action(tokens, at) => match self.action(tokens, at)? {
                    Ok(node) => nodes.push(node),
                    Err(end) => return Ok((nodes, end)),
                },
            }
        }
        Ok((nodes, End::Eof))
    }

    fn action(&mut self, mut tokens: Vec<Token>, at: usize) -> Result<Result<Node, End>, ParseError> {
        let word = match tokens.first().map(|token| &token.kind) {
            Some(Kind::Word(word)) => word.clone(),
            Some(_) => String::new(),
            None => return Err(self.error(at, "missing value for command")),
        };
        match word.as_str() {
            "end" => return Ok(Err(End::Closed)),
            "else" => {
                tokens.remove(0);
                return Ok(Err(End::Else(tokens, at)));
            }
            "break" => return Ok(Ok(Node::Break)),
            "continue" => return Ok(Ok(Node::Continue)),
            "if" | "with" | "range" => tokens.remove(0),
            _ => return Ok(Ok(Node::Action(self.pipe(&tokens, at, "command")?))),
        };
        let pipe = self.pipe(&tokens, at, &word)?;
        Ok(Ok(match word.as_str() {
            "if" => self.branches(pipe, at)?,
            "with" => {
                let (body, otherwise) = self.body(at)?;
                Node::With(pipe, body, otherwise)
            }
            _ => {
                let (body, otherwise) = self.body(at)?;
                Node::Range(pipe, body, otherwise)
            }
        }))
    }

    fn branches(&mut self, first: Pipe, at: usize) -> Result<Node, ParseError> {
        let mut branches = Vec::new();
        let mut pipe = first;
        loop {
            let (body, end) = self.list()?;
            branches.push((pipe, body));
            match end {
                End::Closed => return Ok(Node::If(branches, Vec::new())),
                End::Eof => return Err(self.error(at, "unexpected EOF")),
                End::Else(mut rest, at) => {
                    if rest.is_empty() {
                        let (otherwise, end) = self.list()?;
                        return match end {
                            End::Closed => Ok(Node::If(branches, otherwise)),
                            _ => Err(self.error(at, "expected end; found {{else}}")),
                        };
                    }
                    rest.remove(0);
                    pipe = self.pipe(&rest, at, "if")?;
                }
            }
        }
    }

    fn body(&mut self, at: usize) -> Result<(Vec<Node>, Vec<Node>), ParseError> {
        let (body, end) = self.list()?;
        match end {
            End::Closed => Ok((body, Vec::new())),
            End::Eof => Err(self.error(at, "unexpected EOF")),
            End::Else(_, at) => {
                let (otherwise, end) = self.list()?;
                match end {
                    End::Closed => Ok((body, otherwise)),
                    _ => Err(self.error(at, "expected end; found {{else}}")),
                }
            }
        }
    }

    fn error(&self, at: usize, words: &str) -> ParseError {
        ParseError::at(self.template, at, words)
    }

    fn pipe(&self, tokens: &[Token], at: usize, what: &str) -> Result<Pipe, ParseError> {
        let assign = tokens.iter().position(|token| matches!(token.kind, Kind::Assign(_)));
        let (head, rest) = tokens.split_at(assign.map_or(0, |index| index + 1));
        let mut variables = Vec::new();
        for token in head {
            match &token.kind {
                Kind::Variable(name) => variables.push(name.clone()),
                Kind::Sign(',') | Kind::Assign(_) => {}
                _ => return Err(self.error(token.at, "unexpected \":=\" in operand")),
            }
        }
        let declares = matches!(head.last().map(|token| &token.kind), Some(Kind::Assign(true)));
        let mut commands = Vec::new();
        let mut depth = 0_usize;
        let mut from = 0;
        for (index, token) in rest.iter().enumerate() {
            match token.kind {
                Kind::Sign('(') => depth += 1,
                Kind::Sign(')') => {
                    depth = depth.checked_sub(1).ok_or_else(|| self.error(token.at, "unexpected right paren"))?;
                }
                Kind::Sign('|') if depth == 0 => {
                    commands.push(self.command(&rest[from..index], token.at, what)?);
                    from = index + 1;
                }
                _ => {}
            }
        }
        if depth > 0 {
            return Err(self.error(at, "unclosed left paren"));
        }
        commands.push(self.command(&rest[from..], at, what)?);
        Ok(Pipe { variables, declares, commands })
    }

    fn command(&self, tokens: &[Token], at: usize, what: &str) -> Result<Command, ParseError> {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Err(self.error(at, &format!("missing value for {what}")));
        };
        let mut operands: Vec<Operand> = Vec::new();
        let mut index = 0;
        while index < tokens.len() {
            let token = &tokens[index];
            index += 1;
            let mut place = Place { at: token.at, from: token.at, end: token.end };
            let mut fields = Vec::new();
            let term = match &token.kind {
                Kind::Field(name) => {
                    fields.push(name.clone());
                    Term::Dot
                }
                Kind::Dot => Term::Dot,
                Kind::Variable(name) => Term::Variable(name.clone()),
                Kind::Text(text) => Term::Text(text.clone()),
                Kind::Number(number) => Term::Number(*number),
                Kind::Word(word) => match word.as_str() {
                    "true" => Term::Bool(true),
                    "false" => Term::Bool(false),
                    "nil" => Term::Nil,
                    name if functions::is_known(name) => Term::Function(name.to_owned()),
                    name => return Err(self.error(token.at, &format!("function {name:?} not defined"))),
                },
                Kind::Sign('(') => {
                    let mut depth = 1;
                    let from = index;
                    while depth > 0 {
                        match tokens.get(index).map(|token| &token.kind) {
                            Some(Kind::Sign('(')) => depth += 1,
                            Some(Kind::Sign(')')) => depth -= 1,
                            None => return Err(self.error(token.at, "unclosed left paren")),
                            _ => {}
                        }
                        index += 1;
                    }
                    place.end = tokens[index - 1].end;
                    Term::Pipe(Box::new(self.pipe(&tokens[from..index - 1], token.at, "parenthesized pipeline")?))
                }
                Kind::Sign(sign) => return Err(self.error(token.at, &format!("unexpected {sign:?} in operand"))),
                Kind::Assign(_) => return Err(self.error(token.at, "unexpected \":=\" in operand")),
            };
            while let Some(Token { kind: Kind::Field(name), spaced: false, at, end }) = tokens.get(index) {
                // Go places a chain of fields where its second one begins
                if place.at == place.from && index > 0 {
                    place.at = *at;
                }
                place.end = *end;
                fields.push(name.clone());
                index += 1;
            }
            operands.push(Operand { place, term, fields });
        }
        let at = operands.first().map_or(first.at, |operand| operand.place.at);
        Ok(Command { place: Place { at, from: first.at, end: last.end }, operands })
    }
}
