//! Redis: `PING` and `INFO`; every key is absent.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::super::super::network::Line;

const INFO: &str = "# Server\r\nredis_version:7.2.4\r\nredis_mode:standalone\r\nos:Linux\r\ntcp_port:6379\r\n\
                    # Clients\r\nconnected_clients:1\r\n# Memory\r\nused_memory:1048576\r\n# Keyspace\r\n";
/// Arguments and bytes of one command that are read.
const MOST: usize = 1 << 20;

pub(super) async fn serve(line: Line) -> io::Result<()> {
    let mut line = BufReader::new(line);
    while let Some(command) = read(&mut line).await? {
        let name = command.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
        let reply = match name.as_str() {
            "" => continue,
            "PING" => command.get(1).map_or("+PONG\r\n".to_owned(), |echo| bulk(echo)),
            "ECHO" => bulk(command.get(1).map_or("", String::as_str)),
            "INFO" => bulk(INFO),
            "HELLO" | "AUTH" | "SELECT" | "CLIENT" | "SET" => "+OK\r\n".to_owned(),
            "GET" => "$-1\r\n".to_owned(),
            "EXISTS" | "DBSIZE" | "DEL" => ":0\r\n".to_owned(),
            "KEYS" | "COMMAND" => "*0\r\n".to_owned(),
            "QUIT" => {
                line.get_mut().write_all(b"+OK\r\n").await?;
                return Ok(());
            }
            _ => format!("-ERR unknown command '{}'\r\n", command.first().map_or("", String::as_str)),
        };
        line.get_mut().write_all(reply.as_bytes()).await?;
    }
    Ok(())
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// The next command, as an array or in one line; none at the end.
async fn read(line: &mut BufReader<Line>) -> io::Result<Option<Vec<String>>> {
    let Some(first) = next(line).await? else { return Ok(None) };
    let Some(count) = first.strip_prefix('*') else {
        return Ok(Some(first.split_whitespace().map(str::to_owned).collect()));
    };
    let mut words = Vec::new();
    for _ in 0..number(count)? {
        let Some(length) = next(line).await? else { return Ok(None) };
        let mut word = vec![0; number(length.strip_prefix('$').unwrap_or_default())? + 2];
        line.read_exact(&mut word).await?;
        word.truncate(word.len() - 2);
        words.push(String::from_utf8_lossy(&word).into_owned());
    }
    Ok(Some(words))
}

async fn next(line: &mut BufReader<Line>) -> io::Result<Option<String>> {
    let mut text = String::new();
    let count = line.take(MOST as u64).read_line(&mut text).await?;
    Ok((count > 0).then(|| text.trim_end().to_owned()))
}

fn number(text: &str) -> io::Result<usize> {
    text.parse().ok().filter(|number| *number < MOST).ok_or_else(|| io::Error::other("Protocol error"))
}
