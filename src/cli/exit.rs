//! How a verb ends: documented exit codes, and errors that say what to try.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Ok,
    /// What was waited for was not reached.
    NotReached,
    /// The command line or a file of settings is wrong.
    Usage,
    /// Nothing, or more than one thing, has that name.
    NotFound,
    /// The guard refused.
    Refused,
    /// A source is down, denied or partial.
    Source,
    /// The operation failed.
    Failed,
    /// It failed and was rolled back.
    RolledBack,
    /// It was not over in time, or nobody knows how it ended.
    TimedOut,
    /// The terminal went away, as if by SIGHUP.
    HungUp,
    /// A signal ended it: 128 and its number.
    Signal(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::NotReached => 1,
            Exit::Usage => 2,
            Exit::NotFound => 3,
            Exit::Refused => 4,
            Exit::Source => 5,
            Exit::Failed => 6,
            Exit::RolledBack => 7,
            Exit::TimedOut => 8,
            Exit::HungUp => 129,
            Exit::Signal(code) => code,
        })
    }
}

/// Why a verb could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// With which code the program ends.
    pub exit: Exit,
    /// What failed, on what, and why.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without advice.
    #[must_use]
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string(), hint: None }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  try: {hint}")?;
        }
        Ok(())
    }
}

impl From<std::io::Error> for Failure {
    /// A reader that has gone is no error: the exit code stays 0.
    fn from(error: std::io::Error) -> Self {
        let exit = if error.kind() == std::io::ErrorKind::BrokenPipe { Exit::Ok } else { Exit::Usage };
        Self::new(exit, error)
    }
}
