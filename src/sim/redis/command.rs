//! What each command is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use globset::Glob;

use super::keys::Keys;
use super::wire::Answer;

/// The version of Redis that is played.
const REDIS: &str = "7.0.15";
/// Keys looked at in one step of a scan, unless the client says otherwise.
const STEP: usize = 10;

/// What a server counts of all its sessions.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// Connections that were taken.
    pub connections: AtomicU64,
    /// Commands that were answered.
    pub commands: AtomicU64,
}

/// What the answer to a command may change about a session.
#[derive(Debug)]
pub(super) struct Manners {
    /// The password.
    pub password: String,
    /// Whether it was given.
    pub is_known: bool,
    /// The version of the protocol.
    pub version: u8,
    /// The session's number.
    pub number: i64,
    /// What is counted.
    pub served: Arc<Served>,
}

impl Manners {
    /// Answers anything but subscriptions.
    pub fn answer(&mut self, keys: &Keys, words: &[String]) -> Answer {
        let Some((name, arguments)) = words.split_first() else { return Answer::error("ERR empty command") };
        self.served.commands.fetch_add(1, Ordering::Relaxed);
        let name = name.to_ascii_lowercase();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match name.as_str() {
            "auth" => return self.auth(&arguments),
            "hello" => return self.hello(&arguments),
            _ if !self.is_known => return Answer::error("NOAUTH Authentication required."),
            _ => {}
        }
        let arity = || Answer::error(format!("ERR wrong number of arguments for '{name}' command"));
        match (name.as_str(), &arguments[..]) {
            ("ping", []) => Answer::Word("PONG"),
            ("ping" | "echo", [text]) => Answer::text(text),
            ("select", ["0"]) | ("client", ["setname" | "setinfo" | "no-evict" | "no-touch", ..]) | ("reset", []) => {
                Answer::Word("OK")
            }
            ("select", [_]) => Answer::error("ERR DB index is out of range"),
            ("client", [word, ..]) if matches!(word.to_ascii_lowercase().as_str(), "setname" | "setinfo") => {
                Answer::Word("OK")
            }
            ("client", [word]) if word.eq_ignore_ascii_case("id") => Answer::Number(self.number),
            ("client", [word]) if word.eq_ignore_ascii_case("getname") => Answer::Nothing,
            ("command", _) => Answer::List(Vec::new()),
            ("info", _) => {
                let [connections, commands] =
                    [&self.served.connections, &self.served.commands].map(|count| count.load(Ordering::Relaxed));
                Answer::text(&format!(
                    "# Server\r\nredis_version:{REDIS}\r\nredis_mode:standalone\r\n\r\n# Stats\r\n\
                     total_connections_received:{connections}\r\ntotal_commands_processed:{commands}\r\n"
                ))
            }
            ("get", [key]) => keys.get(key).map_or(Answer::Nothing, Answer::Text),
            ("mget", [_, ..]) => {
                Answer::List(arguments.iter().map(|key| keys.get(key).map_or(Answer::Nothing, Answer::Text)).collect())
            }
            ("strlen", [key]) => Answer::Number(keys.get(key).map_or(0, |value| value.len() as i64)),
            ("exists", [_, ..]) => {
                Answer::Number(arguments.iter().filter(|key| keys.get(key).is_some()).count() as i64)
            }
            ("type", [key]) => Answer::Word(if keys.get(key).is_some() { "string" } else { "none" }),
            ("ttl", [key]) => Answer::Number(keys.life(key).map_or(-2, |life| life.as_secs() as i64)),
            ("pttl", [key]) => Answer::Number(keys.life(key).map_or(-2, |life| life.as_millis() as i64)),
            ("dbsize", []) => Answer::Number(keys.all().len() as i64),
            ("keys", [pattern]) => {
                Answer::List(matching(&keys.all(), pattern).iter().map(|key| Answer::text(key)).collect())
            }
            ("scan", [cursor, options @ ..]) => scan(keys, cursor, options),
            ("publish", [_, _]) => Answer::Number(0),
            (
                "ping" | "echo" | "select" | "get" | "mget" | "strlen" | "exists" | "type" | "ttl" | "pttl" | "dbsize"
                | "keys" | "scan" | "publish",
                _,
            ) => arity(),
            ("set" | "setex" | "del" | "unlink" | "expire" | "rename" | "flushall" | "flushdb" | "persist", _) => {
                Answer::error("READONLY You can't write against a read only replica.")
            }
            _ => {
                let said = arguments.iter().fold(String::new(), |said, argument| said + "'" + argument + "' ");
                let first = words.first().map(String::as_str).unwrap_or_default();
                Answer::error(format!("ERR unknown command '{first}', with args beginning with: {said}"))
            }
        }
    }

    fn auth(&mut self, arguments: &[&str]) -> Answer {
        let (user, password) = match arguments {
            [password] => ("default", *password),
            [user, password] => (*user, *password),
            _ => return Answer::error("ERR wrong number of arguments for 'auth' command"),
        };
        if user == "default" && password == self.password {
            self.is_known = true;
            Answer::Word("OK")
        } else {
            Answer::error("WRONGPASS invalid username-password pair or user is disabled.")
        }
    }

    fn hello(&mut self, arguments: &[&str]) -> Answer {
        let mut rest = arguments.iter();
        let version = match rest.next().map(|version| version.parse::<u8>()) {
            None => self.version,
            Some(Ok(version @ 2..=3)) => version,
            Some(Ok(_)) => return Answer::error("NOPROTO unsupported protocol version"),
            Some(Err(_)) => return Answer::error("ERR Protocol version is not an integer or out of range"),
        };
        while let Some(option) = rest.next() {
            match option.to_ascii_lowercase().as_str() {
                "auth" => {
                    let given: Vec<&str> = rest.by_ref().take(2).copied().collect();
                    if let refusal @ Answer::Error(_) = self.auth(&given) {
                        return refusal;
                    }
                }
                "setname" => drop(rest.next()),
                _ => return Answer::error(format!("ERR Syntax error in HELLO option '{option}'")),
            }
        }
        if !self.is_known {
            return Answer::error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
                 <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
                 the same time",
            );
        }
        self.version = version;
        Answer::Map(vec![
            ("server", Answer::text("redis")),
            ("version", Answer::text(REDIS)),
            ("proto", Answer::Number(i64::from(version))),
            ("id", Answer::Number(self.number)),
            ("mode", Answer::text("standalone")),
            ("role", Answer::text("master")),
            ("modules", Answer::List(Vec::new())),
        ])
    }
}

/// The keys that fit a pattern.
fn matching(keys: &[String], pattern: &str) -> Vec<String> {
    let Ok(glob) = Glob::new(pattern) else { return Vec::new() };
    let glob = glob.compile_matcher();
    keys.iter().filter(|key| glob.is_match(key)).cloned().collect()
}

/// One step through all keys: the cursor counts those that were looked at.
fn scan(keys: &Keys, cursor: &str, options: &[&str]) -> Answer {
    let Ok(cursor) = cursor.parse::<usize>() else { return Answer::error("ERR invalid cursor") };
    let (mut pattern, mut count) = (None, STEP);
    for option in options.chunks(2) {
        match (option.first().map(|word| word.to_ascii_lowercase()).as_deref(), option.get(1)) {
            (Some("match"), Some(given)) => pattern = Some(*given),
            (Some("count"), Some(given)) => match given.parse() {
                Ok(given @ 1..) => count = given,
                _ => return Answer::error("ERR value is not an integer or out of range"),
            },
            (Some("type"), Some(_)) => {}
            _ => return Answer::error("ERR syntax error"),
        }
    }
    let all = keys.all();
    let end = cursor.saturating_add(count).min(all.len());
    let next = if end == all.len() { 0 } else { end };
    let seen = all.get(cursor..end).unwrap_or_default();
    let found = pattern.map_or_else(|| seen.to_vec(), |pattern| matching(seen, pattern));
    let found = found.iter().map(|key| Answer::text(key)).collect();
    Answer::List(vec![Answer::text(&next.to_string()), Answer::List(found)])
}
