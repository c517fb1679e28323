//! The terminal in other hands: k9s's, or the shell's until the person returns.

use std::time::Duration;

use super::k9s::K9sError;
use super::run::Cockpit;
use super::signal::Signal;
use crate::domain::{Symbol, no_cluster};

/// A terminal that takes nothing for this long is let go of when the program ends or is suspended.
const PATIENCE: Duration = Duration::from_millis(500);

impl Cockpit {
    /// Lends the terminal to k9s until it ends. What the sources tell meanwhile waits in the mailbox. Says which signal
    /// ends the program.
    pub(super) async fn lend_to_k9s(
        &mut self,
        source: &Symbol,
        namespace: &str,
        readonly: bool,
    ) -> std::io::Result<Option<Signal>> {
        let Some(spec) = self.sources.spec(source) else {
            self.model.say(no_cluster(source), self.clock.now());
            return Ok(None);
        };
        self.reader.pause();
        self.writer.drain(PATIENCE).await;
        self.terminal.leave();
        let ended = match self.k9s.start(spec, namespace, readonly) {
            Err(error) => Err(error),
            Ok(mut child) => loop {
                tokio::select! {
                    status = child.wait() => break match status {
                        Ok(status) if status.success() => Ok(()),
                        Ok(status) => Err(K9sError::Failed(status)),
                        Err(error) => Err(K9sError::Refused(error)),
                    },
                    // an interrupt is k9s's, and the size is asked for afterwards
                    signal = self.signals.next() => if matches!(signal, Signal::HangUp | Signal::Terminate) {
                        return Ok(Some(signal));
                    },
                }
            },
        };
        self.terminal.enter_again()?;
        self.reader.resume();
        if let Err(error) = ended {
            self.model.say(error.to_string(), self.clock.now());
        }
        Ok(None)
    }

    /// Hands the terminal back to the shell until the person returns.
    pub(super) async fn suspend(&mut self) -> std::io::Result<()> {
        self.reader.pause();
        self.writer.drain(PATIENCE).await;
        self.terminal.suspend()?;
        self.reader.resume();
        Ok(())
    }
}
