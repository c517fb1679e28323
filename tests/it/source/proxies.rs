//! Proxies: loopback is exempt from the environment's, a cluster's own is used.

use std::process::Command;

use pilothouse::domain::Link;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use super::harness::{World, start};

/// Set in the copy of this test that runs behind a proxy.
const INSIDE: &str = "PILOTHOUSE_TEST_BEHIND_PROXY";

/// The environment of a process is one for all its threads, so the test runs in a process of its own.
#[tokio::test]
async fn the_environments_proxy_is_not_used_for_loopback() {
    if std::env::var_os(INSIDE).is_some() {
        let world = World::with(2);
        start(world.spec()).until_live().await;
        return;
    }
    let proxy = "http://127.0.0.1:1";
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "source::proxies::the_environments_proxy_is_not_used_for_loopback"])
        .envs([(INSIDE, "1"), ("HTTPS_PROXY", proxy), ("https_proxy", proxy), ("HTTP_PROXY", proxy)])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    assert!(String::from_utf8_lossy(&run.stdout).contains("1 passed"));
}

#[tokio::test]
async fn the_clusters_own_proxy_is_used() {
    let world = World::with(2);
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut source = start(world.spec_with(|config| config["clusters"][0]["cluster"]["proxy-url"] = url.into()));
    let (stream, _) = proxy.accept().await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    assert_eq!(line, format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", world.server.port()));
    drop(proxy);
    source.until(|t| matches!(t.link, Link::Down { .. })).await;
}
