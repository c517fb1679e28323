//! exec: a command's streams as channels.

use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};

use super::super::process::shell::{self, Exit, Input, Output, Pipe};
use super::super::process::{Container, ended};
use super::channel::{Receiver, Sender, Socket};
use super::{attach, status};

/// Messages on the way to a process and from it.
const IN_FLIGHT: usize = 32;
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// Of v5: says that another channel has ended.
const CLOSE: u8 = 255;
/// What a process says that was killed with its container.
const KILLED: i32 = 137;

/// The version of the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Protocol {
    /// `channel.k8s.io`, and none at all: errors in plain words.
    V1,
    /// `v4.channel.k8s.io`: a Status at the end.
    V4,
    /// `v5.channel.k8s.io`: channels can be closed one by one.
    V5,
}

/// The streams a client asked for.
#[expect(clippy::struct_excessive_bools, reason = "four parameters of the request, each for itself")]
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Wanted {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub terminal: bool,
}

/// Whose streams they are.
#[derive(Debug)]
pub(in crate::sim) enum Runs {
    /// Of a new process beside the container's own.
    Command(Vec<String>),
    /// Of the container's own process, which reads: a shell.
    Own,
    /// Of the container's own process, which only prints.
    Printer,
}

/// What to run where.
#[derive(Debug)]
pub(in crate::sim) struct Exec {
    pub container: Container,
    pub runs: Runs,
    pub wanted: Wanted,
    pub protocol: Protocol,
    /// Why the kubelet cannot start anything, if it cannot.
    pub refusal: Option<String>,
}

#[derive(Deserialize)]
struct Resize {
    #[serde(rename = "Width")]
    width: u16,
    #[serde(rename = "Height")]
    height: u16,
}

/// Runs a command over a socket until one of the two ends.
pub(in crate::sim) async fn exec(socket: Socket, exec: Exec) {
    let Exec { container, runs, wanted, protocol, refusal } = exec;
    let (sink, source) = socket.split();
    let (mut sender, mut receiver) = (Sender(sink), Receiver(source));
    if let Some(why) = refusal {
        sender.send(ERROR, status::internal(&why).as_bytes()).await;
        sender.close().await;
        return receiver.part().await;
    }
    let id = container.id();
    let gone = ended(container.store.clone(), container.pod.clone(), Some(container.name.clone()));
    let (typed, keys) = mpsc::channel(IN_FLIGHT);
    let (resize, size) = watch::channel((80, 24));
    let (written, mut output) = mpsc::channel(IN_FLIGHT);
    let command = if let Runs::Command(command) = &runs { command.clone() } else { Vec::new() };
    let mut scribe = matches!(runs, Runs::Own).then(|| attach::Scribe::new(container.clone()));
    let killed = if matches!(runs, Runs::Command(_)) { KILLED } else { 0 };
    let process = {
        let (input, output) = (Input::new(keys, size), Output { sender: written, terminal: wanted.terminal });
        async move {
            match runs {
                Runs::Command(command) => shell::start(container, &command, input, output).await,
                Runs::Own => attach::be(container, input, output).await,
                Runs::Printer => attach::watch(container, output).await,
            }
        }
    };
    let writing = async {
        // tells the client that the streams are there
        let first = if wanted.stdout { STDOUT } else { STDERR };
        let mut open = sender.send(first, &[]).await;
        while open && let Some((pipe, bytes)) = output.recv().await {
            if let Some(scribe) = &mut scribe {
                scribe.take(&bytes);
            }
            open = match pipe {
                Pipe::Out if wanted.stdout => sender.send(STDOUT, &bytes).await,
                Pipe::Error if wanted.stderr => sender.send(STDERR, &bytes).await,
                Pipe::Out | Pipe::Error => true,
            };
        }
        // whoever still writes learns that nobody reads
        output.close();
    };
    let reading = read(&mut receiver, wanted.stdin.then_some(typed), &resize, protocol);
    let exit = tokio::select! {
        (exit, ()) = async { tokio::join!(process, writing) } => exit,
        () = reading => return,
        () = gone => Exit::Code(killed),
    };
    let last = match exit {
        Exit::Code(0) => Some(status::success()).filter(|_| protocol != Protocol::V1),
        Exit::Code(code) => Some(status::exit(protocol, &command, code)),
        Exit::NoSuchProgram => Some(status::no_such_program(protocol, command.first().map_or("", String::as_str), &id)),
    };
    if let Some(last) = last {
        sender.send(ERROR, last.as_bytes()).await;
    }
    sender.close().await;
    receiver.part().await;
}

/// Passes on what the client sends until it is gone.
async fn read(
    receiver: &mut Receiver,
    mut stdin: Option<mpsc::Sender<Bytes>>,
    resize: &watch::Sender<(u16, u16)>,
    protocol: Protocol,
) {
    while let Some((channel, data)) = receiver.next().await {
        match channel {
            STDIN if !data.is_empty() => {
                if let Some(stdin) = &stdin {
                    // a process that has ended does not mind
                    let _ = stdin.send(data).await;
                }
            }
            RESIZE => {
                if let Ok(Resize { width, height }) = serde_json::from_slice(&data) {
                    resize.send_replace((width, height));
                }
            }
            CLOSE if protocol == Protocol::V5 && data[..] == [STDIN] => stdin = None,
            _ => {}
        }
    }
}
