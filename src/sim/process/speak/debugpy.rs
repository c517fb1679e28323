//! The debug adapter protocol, as far as an editor needs it to attach: <https://microsoft.github.io/debug-adapter-protocol>.

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::super::super::network::Line;

/// A client that leaves within this without a word is one that only looked whether the port is open.
const GLANCE: Duration = Duration::from_millis(500);
/// Bytes of a message that are read; editors send far less.
const LONGEST: usize = 4 << 20;

struct Session {
    line: BufReader<Line>,
    serial: u64,
    /// The request to attach, answered once the client has configured everything.
    attaching: Option<Value>,
}

pub(super) async fn serve(line: Line, fragile: bool) -> io::Result<()> {
    let mut session = Session { line: BufReader::new(line), serial: 0, attaching: None };
    if session.line.get_ref().is_ruined() {
        // accepts, and never says a word
        return super::drain(session.line.get_mut()).await;
    }
    let begun = Instant::now();
    for name in ["ptvsd", "debugpy"] {
        let body = json!({"category": "telemetry", "output": name, "data": {"packageVersion": "1.8.22"}});
        session.event("output", body).await?;
    }
    while let Some(request) = session.read().await? {
        if !session.answer(&request).await? {
            return Ok(());
        }
    }
    if fragile && session.line.get_ref().received() == 0 && begun.elapsed() < GLANCE {
        session.line.get_ref().ruin();
    }
    Ok(())
}

impl Session {
    /// The next request; none when the client is gone.
    async fn read(&mut self) -> io::Result<Option<Value>> {
        let mut length = None;
        loop {
            let mut header = String::new();
            if (&mut self.line).take(1024).read_line(&mut header).await? == 0 {
                return Ok(None);
            }
            match (header.trim_end(), length) {
                ("", Some(length)) => {
                    let mut body = vec![0; length];
                    self.line.read_exact(&mut body).await?;
                    return serde_json::from_slice(&body).map(Some).map_err(io::Error::other);
                }
                ("", None) => return Err(io::Error::other("a message without its length")),
                (line, _) => {
                    let given = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                    if let Some((_, value)) = given {
                        let value = value.trim().parse::<usize>().map_err(io::Error::other)?;
                        length = Some(value.min(LONGEST));
                    }
                }
            }
        }
    }

    /// Answers one request; false when the session is over.
    async fn answer(&mut self, request: &Value) -> io::Result<bool> {
        let command = request["command"].as_str().unwrap_or_default();
        let body = match command {
            "initialize" => json!({
                "supportsCompletionsRequest": true, "supportsConditionalBreakpoints": true,
                "supportsConfigurationDoneRequest": true, "supportsDebuggerProperties": true,
                "supportsDelayedStackTraceLoading": true, "supportsEvaluateForHovers": true,
                "supportsExceptionInfoRequest": true, "supportsExceptionOptions": true,
                "supportsFunctionBreakpoints": true, "supportsHitConditionalBreakpoints": true,
                "supportsLogPoints": true, "supportsModulesRequest": true, "supportsSetExpression": true,
                "supportsSetVariable": true, "supportsValueFormattingOptions": true,
                "supportsTerminateRequest": true, "supportsGotoTargetsRequest": true,
                "supportsClipboardContext": true, "supportsStepInTargetsRequest": true,
                "exceptionBreakpointFilters": [
                    {"filter": "raised", "label": "Raised Exceptions", "default": false},
                    {"filter": "uncaught", "label": "Uncaught Exceptions", "default": true},
                ],
            }),
            "attach" => {
                if !self.line.get_ref().attach() {
                    self.refuse(request, "another debugger is attached to this process").await?;
                    return Ok(true);
                }
                self.attaching = Some(request.clone());
                self.event("initialized", json!({})).await?;
                return Ok(true);
            }
            "configurationDone" => {
                self.respond(request, json!({})).await?;
                if let Some(attach) = self.attaching.take() {
                    self.respond(&attach, json!({})).await?;
                    let process = json!({"name": "python", "systemProcessId": 1, "isLocalProcess": true,
                        "startMethod": "attach", "pointerSize": 64});
                    self.event("process", process).await?;
                    self.event("thread", json!({"reason": "started", "threadId": 1})).await?;
                }
                return Ok(true);
            }
            "threads" => json!({"threads": [{"id": 1, "name": "MainThread"}]}),
            "setBreakpoints" => {
                let asked = request["arguments"]["breakpoints"].as_array();
                let set = asked.into_iter().flatten().zip(1..).map(|(point, id)| {
                    json!({"id": id, "verified": true, "line": point["line"],
                        "source": request["arguments"]["source"]})
                });
                json!({"breakpoints": set.collect::<Vec<Value>>()})
            }
            "setFunctionBreakpoints" | "setExceptionBreakpoints" => json!({"breakpoints": []}),
            "setDebuggerProperty" | "continue" | "source" | "modules" => json!({}),
            "stackTrace" => json!({"stackFrames": [], "totalFrames": 0}),
            "disconnect" | "terminate" => {
                self.line.get_ref().detach();
                self.respond(request, json!({})).await?;
                self.event("terminated", json!({})).await?;
                return Ok(false);
            }
            other => {
                self.refuse(request, &format!("the simulated debugger does not know {other}")).await?;
                return Ok(true);
            }
        };
        self.respond(request, body).await?;
        Ok(true)
    }

    async fn event(&mut self, event: &str, body: Value) -> io::Result<()> {
        self.send(json!({"type": "event", "event": event, "body": body})).await
    }

    async fn respond(&mut self, to: &Value, body: Value) -> io::Result<()> {
        self.send(json!({"type": "response", "request_seq": to["seq"], "success": true, "command": to["command"],
            "body": body}))
            .await
    }

    async fn refuse(&mut self, to: &Value, message: &str) -> io::Result<()> {
        self.send(json!({"type": "response", "request_seq": to["seq"], "success": false, "command": to["command"],
            "message": message}))
            .await
    }

    async fn send(&mut self, mut message: Value) -> io::Result<()> {
        self.serial += 1;
        message["seq"] = self.serial.into();
        let body = message.to_string();
        let head = format!("Content-Length: {}\r\n\r\n", body.len());
        self.line.get_mut().write_all((head + &body).as_bytes()).await
    }
}
