//! An editor, as far as it debugs: <https://microsoft.github.io/debug-adapter-protocol>.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::forward::scene::DEADLINE;

pub struct Editor {
    stream: BufReader<TcpStream>,
    serial: u64,
    /// What came while something else was waited for.
    heard: Vec<Value>,
}

impl Editor {
    pub async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        Self { stream: BufReader::new(stream), serial: 0, heard: Vec::new() }
    }

    async fn send(&mut self, command: &str, arguments: &Value) -> u64 {
        self.serial += 1;
        let request = json!({"seq": self.serial, "type": "request", "command": command, "arguments": arguments});
        let body = request.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(text.as_bytes()).await.unwrap();
        self.serial
    }

    async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("the debugger hung up")
    }

    /// The next message; nothing when the connection is over.
    async fn next_or_end(&mut self) -> Option<Value> {
        let reading = async {
            let mut length = 0;
            loop {
                let mut head = String::new();
                if self.stream.read_line(&mut head).await.ok()? == 0 {
                    return None;
                }
                match head.trim().split_once(": ") {
                    Some(("Content-Length", count)) => length = count.parse().unwrap(),
                    Some(_) => {}
                    None => break,
                }
            }
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await.ok()?;
            Some(serde_json::from_slice(&body).unwrap())
        };
        tokio::time::timeout(DEADLINE, reading).await.expect("the debugger says nothing")
    }

    /// Waits until the connection is over.
    pub async fn hung_up(&mut self) {
        while self.next_or_end().await.is_some() {}
    }

    async fn hear(&mut self, what: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.heard.iter().position(&what) {
            return self.heard.remove(at);
        }
        loop {
            let message = self.next().await;
            if what(&message) {
                return message;
            }
            self.heard.push(message);
        }
    }

    pub async fn event(&mut self, name: &str) -> Value {
        self.hear(|message| message["type"] == "event" && message["event"] == name).await["body"].clone()
    }

    async fn answer(&mut self, serial: u64) -> Value {
        self.hear(|message| message["type"] == "response" && message["request_seq"] == serial).await
    }

    pub async fn ask(&mut self, command: &str, arguments: Value) -> Value {
        let serial = self.send(command, &arguments).await;
        let answer = self.answer(serial).await;
        assert_eq!(answer["success"], true, "{command}: {answer}");
        answer["body"].clone()
    }

    /// Attaches with a breakpoint on a line of a file.
    pub async fn attach(&mut self, file: &Path, line: u32) {
        self.ask("initialize", json!({"adapterID": "debugpy", "linesStartAt1": true, "pathFormat": "path"})).await;
        let attaching = self.send("attach", &json!({"justMyCode": false})).await;
        self.event("initialized").await;
        self.break_on(file, &[line]).await;
        self.ask("configurationDone", json!({})).await;
        let answer = self.answer(attaching).await;
        assert_eq!(answer["success"], true, "{answer}");
    }

    pub async fn break_on(&mut self, file: &Path, lines: &[u32]) {
        let breakpoints: Vec<Value> = lines.iter().map(|line| json!({"line": line})).collect();
        let set = self.ask("setBreakpoints", json!({"source": {"path": file}, "breakpoints": breakpoints})).await;
        assert!(set["breakpoints"].as_array().unwrap().iter().all(|one| one["verified"] == true), "{set}");
    }

    /// Waits until the program stops; the thread, and the variables of the frame on top.
    pub async fn stopped(&mut self) -> (Value, Vec<(String, String)>) {
        let stopped = self.event("stopped").await;
        assert_eq!(stopped["reason"], "breakpoint", "{stopped}");
        let thread = stopped["threadId"].clone();
        let stack = self.ask("stackTrace", json!({"threadId": thread, "levels": 1})).await;
        let scopes = self.ask("scopes", json!({"frameId": stack["stackFrames"][0]["id"]})).await;
        let reference = scopes["scopes"][0]["variablesReference"].clone();
        let variables = self.ask("variables", json!({"variablesReference": reference})).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = variables["variables"].as_array().unwrap().iter();
        (thread, all.map(|one| (text(&one["name"]), text(&one["value"]))).collect())
    }
}

/// The value of a variable, as a number.
pub fn number(variables: &[(String, String)], name: &str) -> i64 {
    let found = variables.iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {variables:?}")).1.parse().unwrap()
}
