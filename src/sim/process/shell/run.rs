//! Running commands one after the other.

use std::collections::BTreeMap;

use super::super::container::Container;
use super::super::files;
use super::parse::{self, Piece, Redirect, Simple, When, Word};
use super::programs;
use super::terminal::{Input, Line, Output, Pipe};

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// With this exit code.
    Code(i32),
    /// Never started: the container has no such program.
    NoSuchProgram,
}

/// A shell, or the environment of the one program that is started without one.
pub(super) struct Shell {
    pub container: Container,
    pub variables: BTreeMap<String, String>,
    pub folder: String,
    pub input: Input,
    pub output: Output,
    /// The exit code of the last command.
    pub last: i32,
    /// Set by `exit`.
    pub leaving: bool,
    /// What `$$` and `ps` show.
    pub pid: u32,
    /// The command line that was started.
    pub line: String,
}

/// What shells that greet on a terminal say first.
const GREETING: &str = "\r\n\r\nBusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) built-in shell (ash)\r\n\
                        Enter 'help' for a list of built-in commands.\r\n\r\n";

/// Starts a command in a container, as the runtime does, and waits for its end.
pub async fn start(container: Container, command: &[String], input: Input, output: Output) -> Exit {
    let Some(program) = command.first().and_then(|name| files::program(name)) else { return Exit::NoSuchProgram };
    let variables = container.environment();
    let mut shell = Shell {
        container,
        variables,
        folder: "/".to_owned(),
        input,
        output,
        last: 0,
        leaving: false,
        pid: 7 + fastrand::u32(..500),
        line: command.join(" "),
    };
    let words: Vec<String> = std::iter::once(program.to_owned()).chain(command.iter().skip(1).cloned()).collect();
    Exit::Code(programs::run(&mut shell, &words, Pipes::default()).await)
}

/// Where the two outputs of a command go; none for nowhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pipes {
    pub out: Option<Pipe>,
    pub error: Option<Pipe>,
}

impl Default for Pipes {
    fn default() -> Self {
        Self { out: Some(Pipe::Out), error: Some(Pipe::Error) }
    }
}

impl Shell {
    /// Writes where the pipes lead.
    pub(super) async fn write(&self, pipe: Option<Pipe>, bytes: impl Into<bytes::Bytes>) -> bool {
        match pipe {
            Some(pipe) => self.output.write(pipe, bytes).await,
            None => true,
        }
    }

    /// Runs a script; its exit code.
    pub(super) async fn script(&mut self, text: &str) -> i32 {
        let commands = match parse::parse(text) {
            Ok(commands) => commands,
            Err(complaint) => {
                self.output.write(Pipe::Error, format!("sh: {complaint}\n")).await;
                self.last = 2;
                return 2;
            }
        };
        for command in commands {
            let wanted = match command.when {
                When::Always => true,
                When::AfterSuccess => self.last == 0,
                When::AfterFailure => self.last != 0,
            };
            if wanted {
                self.last = self.simple(&command).await;
            }
            if self.leaving {
                break;
            }
        }
        self.last
    }

    /// A shell that reads commands from its input.
    pub(super) async fn interact(&mut self) -> i32 {
        if !self.output.terminal {
            while !self.leaving
                && let Some(line) = self.input.plain_line().await
            {
                self.script(&line).await;
            }
            return self.last;
        }
        let mut before = GREETING;
        while !self.leaving {
            let prompt = format!("{} # ", self.folder);
            // a real one asks where the cursor stands
            if !self.output.write(Pipe::Out, format!("{before}{prompt}\x1b[6n")).await {
                break;
            }
            before = "";
            let output = self.output.clone();
            match self.input.typed_line(&output, Some(&prompt)).await {
                Line::Text(line) => {
                    self.script(&line).await;
                }
                Line::Interrupt => self.last = 130,
                Line::End => break,
            }
        }
        self.last
    }

    async fn simple(&mut self, command: &Simple) -> i32 {
        let mut pipes = Pipes::default();
        for redirect in &command.redirects {
            let target = match redirect {
                Redirect::Join { into: 1, .. } => pipes.out,
                Redirect::Join { .. } => pipes.error,
                Redirect::File { path, .. } => {
                    let path = self.expand(path).unwrap_or_default();
                    if path != "/dev/null" {
                        let text = format!("sh: can't create {path}: Read-only file system\n");
                        self.write(pipes.error, text).await;
                        return 1;
                    }
                    None
                }
            };
            let (Redirect::Join { from, .. } | Redirect::File { from, .. }) = redirect;
            *(if *from == 1 { &mut pipes.out } else { &mut pipes.error }) = target;
        }
        let mut words: Vec<String> = command.words.iter().filter_map(|word| self.expand(word)).collect();
        while let Some((name, value)) = words.first().and_then(|word| assignment(word)) {
            self.variables.insert(name.to_owned(), value.to_owned());
            words.remove(0);
        }
        if words.is_empty() { 0 } else { Box::pin(programs::run(self, &words, pipes)).await }
    }

    /// A word with its variables filled in; one that comes to nothing is no word.
    fn expand(&self, word: &Word) -> Option<String> {
        let mut text = String::new();
        let mut quoted = false;
        for piece in word {
            match piece {
                Piece::Text(part) => {
                    quoted = true;
                    text.push_str(part);
                }
                Piece::Variable(name) => match name.as_str() {
                    "?" => text.push_str(&self.last.to_string()),
                    "$" => text.push_str(&self.pid.to_string()),
                    name => text.push_str(self.variables.get(name).map_or("", String::as_str)),
                },
            }
        }
        (quoted || !text.is_empty()).then_some(text)
    }

    /// A path as the root sees it.
    pub(super) fn absolute(&self, path: &str) -> String {
        let full = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.folder) };
        let mut parts: Vec<&str> = Vec::new();
        for part in full.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some((name, value))
}
