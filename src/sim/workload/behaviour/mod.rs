//! What an image does when it runs: how long it is pulled, when it answers, whether and how it ends.
//!
//! A few words say it, in a scenario or in the annotation `sim.pilothouse.dev/behaviour` of a pod:
//!
//! ```text
//! present           it is on every node already        missing         no registry has it
//! pull=3s           every pod waits so long for it     ready=5s        probes fail until then
//! never-ready       its readiness probe never passes   hang=2m         its liveness probe fails from then on
//! exit=1 after=2s   it ends so, again and again        times=3         only the first three starts
//! oom               it is killed for its memory        stop=2s         it ends so long after SIGTERM
//! ignore-sigterm    it has to be killed                runs            it never ends
//! unreachable       its registry does not answer
//! ```
//!
//! What nobody says of an image is guessed from its command, and else it simply runs.

mod book;
mod script;

pub use book::{Book, Rule};

use crate::sim::time::read_duration;
use std::time::Duration;

/// How an image gets onto a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// It is there.
    Present,
    /// Every pod waits so long; a few seconds the first time on a node when none.
    Takes(Option<Duration>),
    /// There is no such image.
    Missing,
    /// Nobody reaches its registry.
    Unreachable,
}

/// How a container ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// How long after its start.
    pub after: Duration,
    /// With which code.
    pub code: i64,
    /// Whether the kernel killed it for its memory.
    pub oom: bool,
    /// Only so many starts end so; all of them when none.
    pub times: Option<i64>,
}

/// What SIGTERM does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It ends so much later, with this code.
    Ends(Duration, i64),
    /// Nothing: it is killed when the grace period is over.
    Ignored,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// How its image gets there.
    pub pull: Pull,
    /// Probes fail until so long after its start; for ever when none.
    pub ready: Option<Duration>,
    /// Its liveness probe fails from so long after its start on.
    pub hang: Option<Duration>,
    /// How it ends; never when none.
    pub exit: Option<Exit>,
    /// What SIGTERM does.
    pub stop: Stop,
    /// Lines it prints when it starts.
    pub lines: Vec<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            pull: Pull::Takes(None),
            ready: Some(Duration::ZERO),
            hang: None,
            exit: None,
            stop: Stop::Ends(Duration::from_millis(600), 0),
            lines: Vec::new(),
        }
    }
}

impl Behaviour {
    /// Applies words to what is known so far.
    ///
    /// # Errors
    /// The word that means nothing.
    pub fn read(&mut self, words: &str) -> Result<(), String> {
        let exit = |this: &mut Self| {
            this.exit.take().unwrap_or(Exit { after: Duration::from_secs(1), code: 1, oom: false, times: None })
        };
        for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let wrong = || format!("`{word}` says nothing about an image");
            match name {
                "present" => self.pull = Pull::Present,
                "missing" => self.pull = Pull::Missing,
                "unreachable" => self.pull = Pull::Unreachable,
                "pull" => self.pull = Pull::Takes(Some(read_duration(value).ok_or_else(wrong)?)),
                "ready" => self.ready = Some(read_duration(value).ok_or_else(wrong)?),
                "never-ready" => self.ready = None,
                "hang" => self.hang = Some(read_duration(value).ok_or_else(wrong)?),
                "runs" => self.exit = None,
                "exit" => self.exit = Some(Exit { code: value.parse().map_err(|_| wrong())?, ..exit(self) }),
                "after" => self.exit = Some(Exit { after: read_duration(value).ok_or_else(wrong)?, ..exit(self) }),
                "times" => self.exit = Some(Exit { times: Some(value.parse().map_err(|_| wrong())?), ..exit(self) }),
                "oom" => self.exit = Some(Exit { code: 137, oom: true, ..exit(self) }),
                "stop" => self.stop = Stop::Ends(read_duration(value).ok_or_else(wrong)?, 0),
                "ignore-sigterm" => self.stop = Stop::Ignored,
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_refused() {
        let mut behaviour = Behaviour::default();
        behaviour.read("pull=3s, exit=7 after=200ms ignore-sigterm").unwrap();
        assert_eq!(behaviour.pull, Pull::Takes(Some(Duration::from_secs(3))));
        let exit = behaviour.exit.clone().unwrap();
        assert_eq!((exit.code, exit.after), (7, Duration::from_millis(200)));
        assert_eq!(behaviour.stop, Stop::Ignored);
        for bad in ["exit=x", "pull", "sleepy", "ready=soon"] {
            assert_eq!(behaviour.read(bad).unwrap_err(), format!("`{bad}` says nothing about an image"));
        }
    }
}
