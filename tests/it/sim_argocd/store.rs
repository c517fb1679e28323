//! Redis: keys, values and messages, held against the recording.

use std::io::Read as _;
use std::time::Duration;

use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame as Frame;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::DEADLINE;
use super::facts::{facts, hold};
use super::scene::{NAMESPACE, Scene};

struct Redis {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Redis {
    async fn dial(scene: &Scene) -> Self {
        Self { stream: TcpStream::connect(("127.0.0.1", scene.port("/redis"))).await.unwrap(), read: Vec::new() }
    }

    async fn open(scene: &Scene) -> Self {
        let mut redis = Self::dial(scene).await;
        let url = scene.ready()["redis"].as_str().unwrap();
        let password = url.strip_prefix("redis://:").unwrap().split('@').next().unwrap();
        assert_eq!(redis.ask(&["AUTH", password]).await, Frame::SimpleString(b"OK".to_vec()));
        redis
    }

    async fn say(&mut self, words: &[&str]) {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Frame {
        loop {
            if let Some((frame, length)) = decode(&self.read).unwrap() {
                self.read.drain(..length);
                return frame;
            }
            let read = tokio::time::timeout(DEADLINE, self.stream.read_buf(&mut self.read)).await.expect("no answer");
            assert_ne!(read.unwrap(), 0, "Redis hung up");
        }
    }

    async fn ask(&mut self, words: &[&str]) -> Frame {
        self.say(words).await;
        self.hear().await
    }

    async fn error(&mut self, words: &[&str]) -> String {
        match self.ask(words).await {
            Frame::Error(words) => words,
            other => panic!("{words:?} was answered {other:?}"),
        }
    }

    /// Every key that fits a pattern, scanned step by step.
    async fn scan(&mut self, pattern: &str) -> Vec<String> {
        let (mut cursor, mut keys) = ("0".to_owned(), Vec::new());
        loop {
            let Frame::Array(answer) = self.ask(&["SCAN", &cursor, "MATCH", pattern, "COUNT", "5"]).await else {
                panic!()
            };
            let Frame::Array(found) = &answer[1] else { panic!() };
            keys.extend(found.iter().map(text));
            cursor = text(&answer[0]);
            if cursor == "0" {
                return keys;
            }
        }
    }

    /// How much longer a key lives, in seconds.
    async fn life(&mut self, key: &str) -> i64 {
        match self.ask(&["TTL", key]).await {
            Frame::Integer(life) => life,
            other => panic!("{other:?}"),
        }
    }

    /// What lies under a key, unpacked.
    async fn value(&mut self, key: &str) -> (String, Value) {
        let Frame::BulkString(bytes) = self.ask(&["GET", key]).await else { panic!("{key}") };
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        let value = text.parse().unwrap();
        (text, value)
    }
}

fn text(frame: &Frame) -> String {
    match frame {
        Frame::BulkString(text) | Frame::SimpleString(text) => String::from_utf8(text.clone()).unwrap(),
        other => panic!("{other:?} is no text"),
    }
}

#[tokio::test]
async fn conformance_store() {
    let scene = Scene::new();
    let facts = facts("store/store");
    let mut redis = Redis::open(&scene).await;
    for (form, facts) in facts["forms"].as_object().unwrap() {
        let keys = redis.scan(&format!("{form}|*")).await;
        let example = facts["example"].as_str().unwrap();
        let (head, tail) = example.split_once("<commit>").unwrap_or((example, ""));
        let key =
            keys.iter().find(|key| key.starts_with(head)).unwrap_or_else(|| panic!("{example} is not in {keys:?}"));
        if tail.is_empty() {
            assert_eq!(key, example);
        } else {
            // a commit and a hash of the source stand between
            assert!(key.ends_with("|nil|1.8.3.gz") && key.split('|').count() == example.split('|').count(), "{key}");
        }
        assert_eq!(redis.ask(&["TYPE", key]).await, Frame::SimpleString(facts["type"].as_str().unwrap().into()));
        let Frame::Integer(life) = redis.ask(&["TTL", key]).await else { panic!("{key}") };
        assert!((1..=facts["ttl_at_most"].as_i64().unwrap()).contains(&life), "{key} lives {life} s");
        let (text, _) = redis.value(key).await;
        assert!(text.ends_with('\n'), "{key} has no end of a line");
    }
    let (_, managed) = redis.value("app|managed-resources|backend-staging|1.8.3.gz").await;
    hold(&facts["managed"], &managed, "managed resources");
    let hook = managed.as_array().unwrap().iter().find(|item| item["hook"] == true).expect("a hook's row");
    assert_eq!((&hook["targetState"], &hook["predictedLiveState"]), (&json!("null"), &json!("null")));
    let (_, tree) = redis.value("app|resources-tree|backend-staging|1.8.3.gz").await;
    hold(&facts["tree"], &tree, "tree");
}

#[tokio::test]
async fn conformance_store_pubsub() {
    let scene = Scene::new();
    let facts = facts("store/store");
    let channel = facts["message"]["channel"].as_str().unwrap();
    for (words, head) in [(["PSUBSCRIBE", "*"], vec!["pmessage", "*"]), (["SUBSCRIBE", channel], vec!["message"])] {
        let mut redis = Redis::open(&scene).await;
        let Frame::Array(begun) = redis.ask(&words).await else { panic!() };
        assert_eq!((text(&begun[0]), &begun[2]), (words[0].to_lowercase(), &Frame::Integer(1)));
        scene.store().update("Application", NAMESPACE, "frontend-prod", |app| {
            app["status"]["reconciledAt"] = json!(head.len().to_string());
        });
        loop {
            let Frame::Array(message) = redis.hear().await else { panic!() };
            let words: Vec<String> = message.iter().map(text).collect();
            let (told, rest) = words.split_at(head.len());
            assert_eq!(told, head);
            if rest[0] == channel {
                assert_eq!(rest[1], facts["message"]["data"].as_str().unwrap());
                break;
            }
        }
    }
}

/// A value is written again only when it is another one: a quiet one grows old, whoever reads it.
#[tokio::test]
async fn what_does_not_change_is_not_written_again() {
    let scene = Scene::new();
    let mut redis = Redis::open(&scene).await;
    let (tree, managed) = ("app|resources-tree|frontend-dev|1.8.3.gz", "app|managed-resources|frontend-dev|1.8.3.gz");
    let before = redis.life(managed).await;
    redis.life(tree).await;
    scene.world.clock().advance(Duration::from_secs(600));
    assert!(redis.life(managed).await <= before - 600);
    scene.store().update("ConfigMap", "predator12-dev", "frontend-config", |map| map["data"]["X"] = json!("1"));
    assert!(redis.life(managed).await > 3_500);
}

#[tokio::test]
async fn refusals_are_those_of_redis() {
    let scene = Scene::new();
    let mut redis = Redis::dial(&scene).await;
    assert_eq!(redis.error(&["GET", "x"]).await, "NOAUTH Authentication required.");
    let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
    assert_eq!(redis.error(&["AUTH", "wrong"]).await, wrong);
    assert!(redis.error(&["HELLO", "3"]).await.starts_with("NOAUTH HELLO must be called"));
    let mut redis = Redis::open(&scene).await;
    assert_eq!(redis.ask(&["PING"]).await, Frame::SimpleString(b"PONG".to_vec()));
    assert_eq!(redis.ask(&["GET", "nothing"]).await, Frame::Null);
    assert_eq!(redis.ask(&["TTL", "nothing"]).await, Frame::Integer(-2));
    assert_eq!(redis.error(&["GET"]).await, "ERR wrong number of arguments for 'get' command");
    assert_eq!(redis.error(&["fly", "a"]).await, "ERR unknown command 'fly', with args beginning with: 'a' ");
    redis.ask(&["SUBSCRIBE", "a"]).await;
    assert!(redis.error(&["GET", "a"]).await.starts_with("ERR Can't execute 'get'"));
}
