//! A process's streams: bytes that come in, a line discipline for terminals, bytes that go out.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

/// Columns and rows.
pub type Size = (u16, u16);

/// Which output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipe {
    /// Standard output, and everything on a terminal.
    Out,
    /// Standard error.
    Error,
}

/// Where a process writes to.
#[derive(Debug, Clone)]
pub struct Output {
    /// Takes what is written; a closed one means nobody reads any more.
    pub sender: mpsc::Sender<(Pipe, Bytes)>,
    /// Whether it is a terminal, which has one output and wants carriage returns.
    pub terminal: bool,
}

impl Output {
    /// Writes; false when nobody reads any more.
    pub async fn write(&self, pipe: Pipe, bytes: impl Into<Bytes>) -> bool {
        let bytes: Bytes = bytes.into();
        if bytes.is_empty() {
            return !self.sender.is_closed();
        }
        let sent = if self.terminal {
            let mut cooked = Vec::with_capacity(bytes.len());
            let mut before = 0;
            for byte in bytes {
                if byte == b'\n' && before != b'\r' {
                    cooked.push(b'\r');
                }
                cooked.push(byte);
                before = byte;
            }
            self.sender.send((Pipe::Out, cooked.into())).await
        } else {
            self.sender.send((pipe, bytes)).await
        };
        sent.is_ok()
    }
}

/// Where a process reads from.
#[derive(Debug)]
pub struct Input {
    receiver: mpsc::Receiver<Bytes>,
    size: watch::Receiver<Size>,
    waiting: VecDeque<u8>,
    ended: bool,
    /// How much of an escape sequence has come: none, its start, its middle.
    escape: u8,
}

/// What came of waiting for a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Text(String),
    /// Nothing more will come.
    End,
    /// Control-C.
    Interrupt,
}

const BELL: u8 = 0x07;
const ESCAPE: u8 = 0x1b;

impl Input {
    /// Reads what is sent; a closed channel is the end of the input.
    #[must_use]
    pub fn new(receiver: mpsc::Receiver<Bytes>, size: watch::Receiver<Size>) -> Self {
        Self { receiver, size, waiting: VecDeque::new(), ended: false, escape: 0 }
    }

    /// The terminal's size.
    pub(super) fn size(&self) -> Size {
        *self.size.borrow()
    }

    /// The next bytes as they come; none at the end.
    pub(super) async fn bytes(&mut self) -> Option<Bytes> {
        if !self.waiting.is_empty() {
            return Some(self.waiting.drain(..).collect());
        }
        self.receiver.recv().await
    }

    /// A line without its end, from no terminal.
    pub(super) async fn plain_line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.waiting.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            match self.receiver.recv().await {
                Some(bytes) => self.waiting.extend(bytes),
                None if self.waiting.is_empty() => return None,
                None => {
                    let line: Vec<u8> = self.waiting.drain(..).collect();
                    return Some(String::from_utf8_lossy(&line).into_owned());
                }
            }
        }
    }

    /// A line typed at a terminal, echoed; `prompt` is drawn again when the size changes.
    pub(super) async fn typed_line(&mut self, output: &Output, prompt: Option<&str>) -> Line {
        let mut line = Vec::new();
        loop {
            let mut echo = Vec::new();
            while let Some(byte) = self.waiting.pop_front() {
                if self.escape > 0 || byte == ESCAPE {
                    self.escape = match (self.escape, byte) {
                        (0, _) => 1,
                        (1, b'[' | b'O') | (2, 0x20..=0x3f) => 2,
                        _ => 0,
                    };
                    continue;
                }
                match byte {
                    b'\r' | b'\n' => {
                        output.write(Pipe::Out, std::mem::take(&mut echo)).await;
                        output.write(Pipe::Out, "\r\n").await;
                        return Line::Text(String::from_utf8_lossy(&line).into_owned());
                    }
                    3 => {
                        output.write(Pipe::Out, [&echo[..], b"^C\r\n"].concat()).await;
                        return Line::Interrupt;
                    }
                    4 if line.is_empty() => return Line::End,
                    0x7f | 8 => {
                        // the bytes of a character that follow its first
                        while line.pop_if(|byte| *byte & 0xc0 == 0x80).is_some() {}
                        let rubbed: &[u8] = if line.pop().is_some() { b"\x08 \x08" } else { &[BELL] };
                        echo.extend_from_slice(rubbed);
                    }
                    0x20.. => {
                        line.push(byte);
                        echo.push(byte);
                    }
                    _ => {}
                }
            }
            output.write(Pipe::Out, echo).await;
            if self.ended {
                return Line::End;
            }
            tokio::select! {
                bytes = self.receiver.recv() => match bytes {
                    Some(bytes) => self.waiting.extend(bytes),
                    None => self.ended = true,
                },
                Ok(()) = self.size.changed(), if prompt.is_some() => {
                    let line = String::from_utf8_lossy(&line);
                    let again = format!("\r{}{line}\x1b[J", prompt.unwrap_or_default());
                    output.write(Pipe::Out, again).await;
                }
            }
        }
    }

    /// Ends when somebody presses control-C; what is typed meanwhile waits.
    pub(super) async fn interrupted(&mut self) {
        loop {
            if let Some(at) = self.waiting.iter().position(|byte| *byte == 3) {
                self.waiting.drain(..=at);
                return;
            }
            match self.receiver.recv().await {
                // who types on and on into a sleeping process loses what does not fit
                Some(bytes) if self.waiting.len() < 4096 => self.waiting.extend(bytes),
                Some(_) => {}
                None => return std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_typed_line_is_echoed_and_edited() {
        let (type_in, typed) = mpsc::channel(4);
        let (sender, mut shown) = mpsc::channel(16);
        let (_resize, size) = watch::channel((80, 24));
        let mut input = Input::new(typed, size);
        let output = Output { sender, terminal: true };
        type_in.send(Bytes::from_static(b"\x1b[3;4Hlx\x7fs\r")).await.unwrap();
        assert_eq!(input.typed_line(&output, None).await, Line::Text("ls".to_owned()));
        assert_eq!(shown.recv().await.unwrap().1, "lx\x08 \x08s");
        assert_eq!(shown.recv().await.unwrap().1, "\r\n");
        type_in.send(Bytes::from_static(b"ab\x03")).await.unwrap();
        assert_eq!(input.typed_line(&output, None).await, Line::Interrupt);
        drop(type_in);
        assert_eq!(input.typed_line(&output, None).await, Line::End);
    }
}
