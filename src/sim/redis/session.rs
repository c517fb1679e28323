//! One connection: requests and their answers, and what its subscriptions bring.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use globset::Glob;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::server::Desk;
use super::super::server::state::touched::Touched;
use super::command::{Manners, Served};
use super::keys::{self, Keys};
use super::wire::{Answer, request};

/// What a session listens to.
#[derive(Debug, Default)]
struct Subscriptions {
    channels: BTreeSet<String>,
    patterns: BTreeSet<String>,
}

impl Subscriptions {
    fn count(&self) -> i64 {
        (self.channels.len() + self.patterns.len()) as i64
    }

    /// Changes what is listened to; one answer for each name. None when the command is about something else.
    fn change(&mut self, words: &[String]) -> Option<Vec<Answer>> {
        let (name, names) = words.split_first()?;
        let name = name.to_ascii_lowercase();
        let set = if name.starts_with('p') { &mut self.patterns } else { &mut self.channels };
        let adds = match name.as_str() {
            "subscribe" | "psubscribe" => true,
            "unsubscribe" | "punsubscribe" => false,
            _ => return None,
        };
        if adds && names.is_empty() {
            return Some(vec![Answer::error(format!("ERR wrong number of arguments for '{name}' command"))]);
        }
        let names: Vec<String> = if names.is_empty() { set.iter().cloned().collect() } else { names.to_vec() };
        let mut said = Vec::new();
        for one in &names {
            let set = if name.starts_with('p') { &mut self.patterns } else { &mut self.channels };
            if adds {
                set.insert(one.clone())
            } else {
                set.remove(one)
            };
            said.push(Answer::Push(vec![Answer::text(&name), Answer::text(one), Answer::Number(self.count())]));
        }
        if names.is_empty() {
            said.push(Answer::Push(vec![Answer::text(&name), Answer::Nothing, Answer::Number(self.count())]));
        }
        Some(said)
    }

    /// What is told of a message on a channel.
    fn told(&self, channel: &str) -> Vec<Answer> {
        let mut told = Vec::new();
        if self.channels.contains(channel) {
            told.push(Answer::Push(vec![Answer::text("message"), Answer::text(channel), Answer::text("")]));
        }
        for pattern in &self.patterns {
            if Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(channel)) {
                let words = ["pmessage", pattern, channel, ""];
                told.push(Answer::Push(words.iter().map(|word| Answer::text(word)).collect()));
            }
        }
        told
    }
}

/// Serves one client until it leaves.
pub(super) async fn serve(
    mut stream: TcpStream,
    desk: Arc<Desk>,
    keys: Arc<Keys>,
    password: String,
    served: Arc<Served>,
) -> std::io::Result<()> {
    let number = served.connections.fetch_add(1, Ordering::Relaxed).cast_signed() + 1;
    let mut manners = Manners { password, is_known: false, version: 2, number, served };
    let mut subscriptions = Subscriptions::default();
    let mut touched: Option<Touched> = None;
    let mut came = BytesMut::new();
    let mut out = BytesMut::new();
    loop {
        let news = async {
            match &mut touched {
                Some(touched) => touched.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = stream.read_buf(&mut came) => if read? == 0 { return Ok(()) },
            apps = news => {
                for app in apps {
                    for answer in subscriptions.told(&keys::channel(&app)) {
                        answer.write(&mut out, manners.version);
                    }
                }
            }
        }
        loop {
            let words = match request(&mut came) {
                Ok(Some(words)) if words.is_empty() => continue,
                Ok(Some(words)) => words,
                Ok(None) => break,
                Err(refusal) => {
                    Answer::Error(refusal).write(&mut out, manners.version);
                    return stream.write_all(&out).await;
                }
            };
            let words: Vec<String> =
                words.into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()).collect();
            if words.first().is_some_and(|word| word.eq_ignore_ascii_case("quit")) {
                Answer::Word("OK").write(&mut out, manners.version);
                return stream.write_all(&out).await;
            }
            for answer in answers(&mut manners, &mut subscriptions, &keys, &words) {
                answer.write(&mut out, manners.version);
            }
            if subscriptions.count() > 0 && touched.is_none() {
                touched = Some(Touched::new(&desk.store, &desk.namespace));
            } else if subscriptions.count() == 0 {
                touched = None;
            }
        }
        stream.write_all(&out).await?;
        out.clear();
    }
}

fn answers(manners: &mut Manners, subscriptions: &mut Subscriptions, keys: &Keys, words: &[String]) -> Vec<Answer> {
    if manners.is_known
        && let Some(said) = subscriptions.change(words)
    {
        return said;
    }
    // in the older protocol a session that listens does nothing else
    if manners.version == 2 && subscriptions.count() > 0 {
        let name = words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
        return vec![match name.as_str() {
            "ping" => Answer::List(vec![Answer::text("pong"), Answer::text(words.get(1).map_or("", |word| word))]),
            _ => Answer::error(format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in \
                 this context"
            )),
        }];
    }
    vec![manners.answer(keys, words)]
}
