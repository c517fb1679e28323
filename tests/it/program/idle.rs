//! When nothing happens, nothing is done.

use std::time::Duration;

use super::screen::Screen;
use super::world::Still;

/// How often the loop's thread has gone to sleep by itself: once a wake-up.
fn sleeps(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    count.trim().parse().unwrap()
}

/// Processor time of the process, in the system's ticks (10 ms mostly).
fn ticks(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap()).sum()
}

#[test]
fn an_idle_cockpit_neither_writes_nor_wakes() {
    let world = Still::new(&["dev", "prod"], 10);
    let mut screen = Screen::start(&["--all-contexts"], Some(&world.kubeconfig()), (80, 24));
    screen.shows(&["20 apps", "app09"]);
    while !screen.is_quiet_for(Duration::from_millis(500)) {}
    let before = (sleeps(screen.id()), ticks(screen.id()));
    assert!(screen.is_quiet_for(Duration::from_secs(3)), "{:?}", String::from_utf8_lossy(&screen.bytes()));
    let after = (sleeps(screen.id()), ticks(screen.id()));
    assert!(after.0 - before.0 <= 1, "the loop woke {} times", after.0 - before.0);
    assert!(after.1 - before.1 <= 3, "{} ticks of the processor", after.1 - before.1);
    screen.keys("q");
    assert_eq!(screen.exit(super::screen::PATIENCE), 0);
}
