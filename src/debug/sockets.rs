//! `/proc/net/tcp` and `tcp6`, as the kernel prints them (Documentation/networking/proc_net_tcp.rst): who listens on a
//! port, on which address, and how many are connected to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ESTABLISHED: u8 = 0x01;
const LISTEN: u8 = 0x0A;

/// What a port of a pod is doing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sockets {
    /// The addresses something listens on.
    pub listens: Vec<IpAddr>,
    /// Connections that stand.
    pub connected: usize,
}

/// Reads what is printed for a port: both files, in any order, one behind the other. Lines that are no sockets are passed
/// over.
#[must_use]
pub fn sockets(printed: &str, port: u16) -> Sockets {
    let mut found = Sockets::default();
    for line in printed.lines() {
        let mut words = line.split_whitespace();
        // the number of the row, the local end, the remote end, the state
        let Some(local) = words.nth(1) else { continue };
        let Some(state) = words.nth(1).and_then(|state| u8::from_str_radix(state, 16).ok()) else { continue };
        let Some((address, number)) = end(local) else { continue };
        if number != port {
            continue;
        }
        match state {
            LISTEN if !found.listens.contains(&address) => found.listens.push(address),
            ESTABLISHED => found.connected += 1,
            _ => {}
        }
    }
    found
}

/// An address as words of 32 bits in the byte order of the machine, and a port.
fn end(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?;
        // x86 and arm, which is what runs pods, are little-endian
        bytes.extend(word.to_le_bytes());
    }
    let address = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => return None,
    };
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Printed by a real kernel, with one client connected to debugpy.
    const PRINTED: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:162E 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 38711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:A3F1 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 38712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:162E 0100007F:D9A4 01 00000000:00000000 00:00000000 00000000  1000        0 41201 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:D9A4 0100007F:162E 01 00000000:00000000 00:00000000 00000000  1000        0 41200 1 0000000000000000 20 4 30 10 -1
   4: 0100007F:162E 0100007F:D9A6 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0000000000000000
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:240D 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 50 1 0000000000000000 100 0 0 10 0
";

    #[test]
    fn a_real_table_is_read() {
        let debugpy = sockets(PRINTED, 5678);
        assert_eq!(debugpy, Sockets { listens: vec![Ipv4Addr::UNSPECIFIED.into()], connected: 1 });
        assert_eq!(sockets(PRINTED, 41969).listens, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
        assert_eq!(sockets(PRINTED, 9229).listens, [IpAddr::from(Ipv6Addr::LOCALHOST)]);
        assert_eq!(sockets(PRINTED, 1), Sockets::default());
    }

    proptest! {
        #[test]
        fn whatever_is_printed_does_no_harm(text in "\\PC{0,200}", port in any::<u16>()) {
            let _ = sockets(&text, port);
        }
    }
}
