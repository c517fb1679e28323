//! The cockpit reads Argo CD's cache again and again without dialling again.

use pilothouse::sim::world::World;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame as Frame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::live::start;
use crate::program::screen::Screen;
use crate::wait::found;

/// Connections and commands that the Redis of a source has counted, without those of this look.
async fn counted(world: &World, source: &str, looks: u64) -> [u64; 2] {
    let ready = world.ready_line();
    let url = ready["sources"][source]["redis"].as_str().unwrap();
    let (password, address) = url.strip_prefix("redis://:").unwrap().split_once('@').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("*2\r\n$4\r\nAUTH\r\n${}\r\n{password}\r\n*1\r\n$4\r\nINFO\r\n", password.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let text = loop {
        stream.read_buf(&mut read).await.unwrap();
        let Some((_, first)) = decode(&read).unwrap() else { continue };
        if let Some((Frame::BulkString(text), _)) = decode(&read[first..]).unwrap() {
            break String::from_utf8(text).unwrap();
        }
    };
    let count = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap().parse::<u64>().unwrap()
    };
    [count("total_connections_received") - looks, count("total_commands_processed") - 2 * looks]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_that_is_looked_at_is_read_again_over_the_same_connection() {
    let world = start("drift");
    let source = "predator-cloud";
    let mut screen = Screen::start(&["--all-contexts"], Some(world.kubeconfig()), (140, 50));
    screen.shows(&["21 apps", "predator-cloud live"]);
    screen.keys("v/backend-staging");
    screen.shows(&["deploys to"]);
    screen.keys("\rd");
    screen.shows(&["from Argo CD's cache"]);
    // one connection that asks, one that listens: two passwords and a look, and two looks more that nobody asked for
    let mut looks = 0;
    found("five commands", async || {
        looks += 1;
        let [connections, commands] = counted(&world, source, looks).await;
        assert!(connections <= 2, "{connections} connections for {commands} commands");
        if commands >= 5 { Ok(()) } else { Err(commands) }
    })
    .await;
}
