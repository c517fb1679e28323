//! Which proxy leads to an API server: the cluster's own, else the environment's, unless the server is exempt.

use http::Uri;

/// What the environment says of proxies.
#[derive(Clone, Debug, Default)]
pub(in crate::source) struct ProxyEnvironment {
    /// `HTTPS_PROXY`.
    https: String,
    /// `HTTP_PROXY`.
    http: String,
    /// `NO_PROXY`.
    exempt: String,
}

impl ProxyEnvironment {
    /// Reads the process environment; capitals first, as Go does.
    pub fn read() -> Self {
        let read = |name: &str| {
            let first = std::env::var(name).ok().filter(|v| !v.is_empty());
            first.or_else(|| std::env::var(name.to_lowercase()).ok()).unwrap_or_default()
        };
        Self { https: read("HTTPS_PROXY"), http: read("HTTP_PROXY"), exempt: read("NO_PROXY") }
    }

    /// The proxy for `server`. `explicit` is the cluster's `proxy-url`, which nothing exempts from; loopback never
    /// goes through a proxy of the environment.
    ///
    /// # Errors
    /// With what is wrong with the proxy's URL, credentials taken out.
    pub fn proxy_for(&self, server: &Uri, explicit: Option<&str>) -> Result<Option<Uri>, String> {
        if let Some(explicit) = explicit.filter(|e| !e.is_empty()) {
            return parse(explicit).map(Some);
        }
        let from_environment = if server.scheme_str() == Some("http") { &self.http } else { &self.https };
        if from_environment.is_empty() || self.is_exempt(server) {
            return Ok(None);
        }
        parse(from_environment).map(Some)
    }

    fn is_exempt(&self, server: &Uri) -> bool {
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        if host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        let address: Option<std::net::IpAddr> = host.parse().ok();
        if address.is_some_and(|a| a.to_canonical().is_loopback()) {
            return true;
        }
        let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
        let rules = self.exempt.split(',').map(str::trim).filter(|r| !r.is_empty());
        rules.into_iter().any(|rule| exempts(&rule.to_ascii_lowercase(), &host, address, port))
    }
}

/// One entry of `NO_PROXY` as Go reads it: `*`, an address, a network, or a name that stands for its subdomains too;
/// name and address may have a port.
fn exempts(rule: &str, host: &str, address: Option<std::net::IpAddr>, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if let (Some((network, bits)), Some(address)) = (rule.split_once('/'), address) {
        return is_within(address, network, bits);
    }
    if let Ok(exact) = rule.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        return address == Some(exact);
    }
    let (name, wanted) = match rule.rsplit_once(':') {
        Some((name, digits)) => (name.trim_matches(['[', ']']), digits.parse().ok()),
        None => (rule, None),
    };
    if wanted.is_some_and(|wanted: u16| wanted != port) {
        return false;
    }
    if let Ok(exact) = name.parse::<std::net::IpAddr>() {
        return address == Some(exact);
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    match name.strip_prefix('.') {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

fn is_within(address: std::net::IpAddr, network: &str, bits: &str) -> bool {
    use std::net::IpAddr;
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address.to_canonical(), network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            a.to_bits() & mask == n.to_bits() & mask
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            a.to_bits() & mask == n.to_bits() & mask
        }
        _ => false,
    }
}

/// A proxy's URL; a bare `host:port` means plain HTTP, and `socks5h` is what our SOCKS client does anyway (names are
/// resolved by the proxy).
fn parse(url: &str) -> Result<Uri, String> {
    let shown = crate::domain::text::without_credentials(url).into_owned();
    let whole = match url.split_once("://") {
        Some(("socks5h", rest)) => format!("socks5://{rest}"),
        Some(_) => url.to_owned(),
        None => format!("http://{url}"),
    };
    let uri: Uri = whole.parse().map_err(|_| format!("the proxy URL `{shown}` is not a URL"))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") if uri.host().is_some() => Ok(uri),
        _ => Err(format!("the proxy URL `{shown}` is none of http, https and socks5")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(exempt: &str, server: &str, explicit: Option<&str>) -> Option<String> {
        let environment =
            ProxyEnvironment { https: "proxy.corp:3128".into(), http: String::new(), exempt: exempt.into() };
        environment.proxy_for(&server.parse().unwrap(), explicit).unwrap().map(|uri| uri.to_string())
    }

    #[test]
    fn loopback_never_goes_through_the_environments_proxy() {
        for server in ["https://127.0.0.1:6443", "https://localhost:1", "https://[::1]:6443", "https://127.8.9.1"] {
            assert_eq!(chosen("", server, None), None, "{server}");
        }
        assert_eq!(chosen("", "https://10.0.0.1:6443", None).as_deref(), Some("http://proxy.corp:3128/"));
    }

    #[test]
    fn no_proxy_is_read_as_go_reads_it() {
        let exempt = |rules, server| chosen(rules, server, None).is_none();
        assert!(exempt("*", "https://a.example"));
        assert!(exempt("x, example", "https://a.example"));
        assert!(exempt("a.example", "https://a.example"));
        assert!(!exempt(".a.example", "https://a.example"));
        assert!(exempt(".example", "https://A.Example"));
        assert!(!exempt("ample", "https://a.example"));
        assert!(exempt("a.example:6443", "https://a.example:6443"));
        assert!(!exempt("a.example:6443", "https://a.example"));
        assert!(exempt("10.0.0.0/8", "https://10.1.2.3"));
        assert!(!exempt("10.0.0.0/8", "https://11.1.2.3"));
        assert!(exempt("0.0.0.0/0", "https://11.1.2.3"));
        assert!(exempt("fd00::/8", "https://[fd00::1]:6443"));
        assert!(exempt("10.1.2.3:6443", "https://10.1.2.3:6443"));
        assert!(!exempt("10.0.0.0/99,/,:,", "https://10.1.2.3"));
    }

    #[test]
    fn the_clusters_own_proxy_wins_and_bad_ones_are_named_without_secrets() {
        let own = |url| chosen("*", "https://127.0.0.1:1", Some(url));
        assert_eq!(own("socks5h://jump:1080").as_deref(), Some("socks5://jump:1080/"));
        let refused = ProxyEnvironment::default().proxy_for(&"https://x".parse().unwrap(), Some("ftp://u:secret@p"));
        assert_eq!(refused.unwrap_err(), "the proxy URL `ftp://p` is none of http, https and socks5");
    }
}
