//! Which Argo CD it is.

use serde::Deserialize;

use super::server::Server;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 64 << 10;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Version")]
    version: String,
}

/// Major and minor version of the server; nothing when it cannot be asked, or calls itself something else.
pub async fn version(server: &Server) -> Option<(u32, u32)> {
    let answer: Answer = server.json("/api/version", LARGEST, "the version").await.ok()?;
    parse(&answer.version)
}

/// `v3.6.0+37ee009` as `(3, 6)`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_up_to_its_minor_part() {
        assert_eq!(parse("v3.6.0+37ee009.dirty"), Some((3, 6)));
        assert_eq!(parse("2.14.11"), Some((2, 14)));
        assert_eq!(parse("v99.99.99+unknown"), Some((99, 99)));
        for odd in ["", "latest", "v3", "v3.x.1"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
