//! attach: the streams of the process a container runs already.

use std::time::Duration;

use super::super::process::Container;
use super::super::process::shell::{self, Exit, Input, Output, Pipe};

/// The longest a reader sleeps before it looks at the world's clock again, which may run faster than the wall's.
const LOOK: Duration = Duration::from_millis(25);

/// Is the container's own shell until it ends: the container ends with it, however the client sees it.
pub(super) async fn be(container: Container, input: Input, output: Output) -> Exit {
    let mut command = container.command();
    if command.is_empty() {
        command.push("sh".to_owned());
    }
    let code = match shell::start(container.clone(), &command, input, output).await {
        Exit::Code(code) => code,
        Exit::NoSuchProgram => 127,
    };
    container.store.exits().tell(&container, code);
    Exit::Code(0)
}

/// Passes on what a container prints from now on, until it ends or nobody listens.
pub(super) async fn watch(container: Container, output: Output) -> Exit {
    let logs = container.store.logs();
    let mut changed = logs.subscribe();
    let id = Container::status(&container.pod, &container.name)["containerID"].clone();
    let tape = logs.tape(&container.key(), &container.name, id.as_str().unwrap_or_default());
    let Some(tape) = tape else { return Exit::Code(0) };
    let mut cursor = tape.back(container.store.now(), 0);
    loop {
        while let Some((_, line)) = tape.next(&mut cursor, container.store.now()) {
            if !output.write(Pipe::Out, format!("{line}\n")).await {
                return Exit::Code(0);
            }
        }
        if tape.ended().is_some() {
            return Exit::Code(0);
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Keeps what a container's own process says in its log, line by line.
#[derive(Debug)]
pub(super) struct Scribe {
    container: Container,
    line: Vec<u8>,
}

impl Scribe {
    /// Writes into the log of this container.
    pub fn new(container: Container) -> Self {
        Self { container, line: Vec::new() }
    }

    /// Takes what the process said.
    pub fn take(&mut self, bytes: &[u8]) {
        /// A longer line is cut, as container runtimes do.
        const LONGEST: usize = 16 << 10;
        for byte in bytes {
            if *byte == b'\n' || self.line.len() == LONGEST {
                let line = String::from_utf8_lossy(&self.line).trim_end_matches('\r').to_owned();
                let Container { store, name, .. } = &self.container;
                store.logs().write(&self.container.key(), name, &line, store.now());
                self.line.clear();
            }
            if *byte != b'\n' {
                self.line.push(*byte);
            }
        }
    }
}
