//! `/proc/net/tcp` and `tcp6`, in the kernel's format.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::super::network::{Connection, Via};
use super::container::Container;

const LISTEN: u8 = 0x0A;
const ESTABLISHED: u8 = 0x01;
/// The kernel pads every line of the first table to this, its end not counted.
const WIDTH: usize = 149;

/// `/proc/net/tcp`.
pub(super) fn tcp(container: &Container) -> String {
    let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    let mut out = format!("{head:<WIDTH$}\n");
    for (index, row) in rows(container, false).iter().enumerate() {
        let _ = writeln!(out, "{:<WIDTH$}", line(index, row));
    }
    out
}

/// `/proc/net/tcp6`.
pub(super) fn tcp6(container: &Container) -> String {
    let head = "  sl  local_address                         remote_address                        \
                st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    let mut out = format!("{head}\n");
    for (index, row) in rows(container, true).iter().enumerate() {
        out.push_str(&line(index, row));
        out.push('\n');
    }
    out
}

struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    /// What the inode is made from: a socket keeps its own.
    serial: u64,
}

fn rows(container: &Container, six: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let listeners = container.listeners();
    for listener in listeners.iter().filter(|listener| listener.address.is_ipv6() == six) {
        rows.push(Row {
            local: SocketAddr::new(listener.address, listener.port),
            remote: SocketAddr::new(nowhere(six), 0),
            state: LISTEN,
            serial: u64::from(listener.port),
        });
    }
    let uid = container.text("/metadata/uid");
    let connections = container.store.network().connections();
    for open in connections.iter().filter(|connection| connection.closed.is_none() && connection.uid == uid) {
        let by_six = listeners.iter().any(|listener| listener.port == open.port && listener.address.is_ipv6());
        let (here, there) = ends(container, open, by_six);
        // who dials does so over IPv4; a listener on :: sees it as a mapped address
        if by_six == six {
            rows.push(Row { local: here, remote: there, state: ESTABLISHED, serial: open.number * 2 + 70_000 });
        }
        if open.via == Via::PortForward && !six {
            let (here, there) = ends(container, open, false);
            rows.push(Row { local: there, remote: here, state: ESTABLISHED, serial: open.number * 2 + 70_001 });
        }
    }
    rows
}

fn nowhere(six: bool) -> IpAddr {
    if six { std::net::Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// The listening end of a connection and the dialling one.
fn ends(container: &Container, open: &Connection, six: bool) -> (SocketAddr, SocketAddr) {
    let parse = |pointer: &str| container.text(pointer).parse().unwrap_or(Ipv4Addr::LOCALHOST);
    let (here, there) = match open.via {
        Via::PortForward => (Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST),
        Via::Proxy => (parse("/status/podIP"), parse("/status/hostIP")),
    };
    let address = |four: Ipv4Addr| if six { IpAddr::V6(four.to_ipv6_mapped()) } else { IpAddr::V4(four) };
    (SocketAddr::new(address(here), open.port), SocketAddr::new(address(there), open.from))
}

fn line(index: usize, row: &Row) -> String {
    let tail = if row.state == LISTEN { "100 0 0 10 0" } else { "20 4 30 10 -1" };
    format!(
        "{index:>4}: {} {} {:02X} 00000000:00000000 00:00000000 00000000     0        0 {} 1 0000000000000000 {tail}",
        end(row.local),
        end(row.remote),
        row.state,
        20_000 + row.serial,
    )
}

/// Addresses are words of 32 bits as the machine keeps them, which turns their bytes round.
fn end(end: SocketAddr) -> String {
    let mut out = String::new();
    let bytes: Vec<u8> = match end.ip() {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    };
    for word in bytes.chunks(4) {
        for byte in word.iter().rev() {
            let _ = write!(out, "{byte:02X}");
        }
    }
    let _ = write!(out, ":{:04X}", end.port());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_written_as_the_kernel_does() {
        assert_eq!(end("127.0.0.1:5678".parse().unwrap()), "0100007F:162E");
        assert_eq!(end("0.0.0.0:80".parse().unwrap()), "00000000:0050");
        assert_eq!(end("[::1]:80".parse().unwrap()), "00000000000000000000000001000000:0050");
        assert_eq!(end("[::ffff:127.0.0.1]:8".parse().unwrap()), "0000000000000000FFFF00000100007F:0008");
    }

    #[test]
    fn a_line_is_a_real_kernels() {
        let row = Row {
            local: "0.0.0.0:2024".parse().unwrap(),
            remote: "0.0.0.0:0".parse().unwrap(),
            state: LISTEN,
            serial: 0,
        };
        assert_eq!(
            line(0, &row),
            "   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20000 1 \
             0000000000000000 100 0 0 10 0"
        );
    }
}
