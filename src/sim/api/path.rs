//! What a URL names: a resource, or one of the few other paths; and its query.

use super::super::access;

/// A place in the resource tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Target {
    pub group: String,
    pub version: String,
    /// Empty for all namespaces and for cluster-scoped resources.
    pub namespace: String,
    pub plural: String,
    /// Empty for a collection.
    pub name: String,
    /// Empty for the object itself; may hold slashes below `proxy`.
    pub subresource: String,
    /// The old `/watch/` form.
    pub watch: bool,
}

impl Target {
    /// The resource within a path; none for discovery and the rest.
    pub fn parse(path: &str) -> Option<Self> {
        let mut segments = path.split('/').skip(1).map(|s| decode(s, false));
        let (group, version) = match segments.next()?.as_str() {
            "api" => (String::new(), segments.next()?),
            "apis" => (segments.next()?, segments.next()?),
            _ => return None,
        };
        let mut rest: Vec<String> = segments.collect();
        let watch = rest.len() > 1 && rest[0] == "watch";
        if watch {
            rest.remove(0);
        }
        let mut target = Self { group, version, watch, ..Self::default() };
        let within = rest.len() > 2 && rest[0] == "namespaces" && !matches!(rest[2].as_str(), "status" | "finalize");
        if within {
            target.namespace = rest.remove(1);
            rest.remove(0);
        }
        let mut rest = rest.into_iter();
        target.plural = rest.next().filter(|s| !s.is_empty())?;
        target.name = rest.next().unwrap_or_default();
        target.subresource = rest.collect::<Vec<_>>().join("/");
        Some(target)
    }

    /// Resource with its subresource, as rules name it.
    pub fn resource(&self) -> String {
        match self.subresource.split('/').next() {
            None | Some("") => self.plural.clone(),
            Some(sub) => format!("{}/{sub}", self.plural),
        }
    }

    /// Reading a namespace is asked for in that namespace.
    pub fn request<'a>(&'a self, verb: &'a str, resource: &'a str) -> access::Request<'a> {
        let own = self.group.is_empty() && self.plural == "namespaces";
        let namespace = if own { &self.name } else { &self.namespace };
        access::Request { verb, group: &self.group, resource, namespace, name: &self.name }
    }
}

/// The pairs after the question mark.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|p| !p.is_empty());
        Self(
            pairs
                .map(|p| p.split_once('=').unwrap_or((p, "")))
                .map(|(k, v)| (decode(k, true), decode(v, true)))
                .collect(),
        )
    }

    /// The value of a key, empty when absent.
    pub fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v)
    }

    /// All values of a key that may be given several times.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Whether a key is set to something true: clients write `1`, `true` or nothing.
    pub fn is_set(&self, key: &str) -> bool {
        self.0.iter().any(|(k, v)| k == key && !matches!(v.as_str(), "0" | "false"))
    }

    /// Whether a key is present.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k == key)
    }
}

fn decode(text: &str, plus: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' if plus => out.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let digits = (ahead.next().and_then(digit), ahead.next().and_then(digit));
                if let (Some(high), Some(low)) = digits {
                    out.push(high << 4 | low);
                    bytes = ahead;
                } else {
                    out.push(byte);
                }
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> (String, String, String, String) {
        let t = Target::parse(path).unwrap();
        (t.namespace.clone(), t.resource(), t.name, t.group)
    }

    fn strings(a: &str, b: &str, c: &str, d: &str) -> (String, String, String, String) {
        (a.into(), b.into(), c.into(), d.into())
    }

    #[test]
    fn paths_name_resources() {
        assert_eq!(target("/api/v1/pods"), strings("", "pods", "", ""));
        assert_eq!(target("/api/v1/namespaces"), strings("", "namespaces", "", ""));
        assert_eq!(target("/api/v1/namespaces/a"), strings("", "namespaces", "a", ""));
        assert_eq!(target("/api/v1/namespaces/a/status"), strings("", "namespaces/status", "a", ""));
        assert_eq!(target("/api/v1/namespaces/a/pods/b/log"), strings("a", "pods/log", "b", ""));
        assert_eq!(target("/apis/apps/v1/namespaces/a/deployments/b"), strings("a", "deployments", "b", "apps"));
        assert!(Target::parse("/api/v1/watch/pods").unwrap().watch);
        assert_eq!(Target::parse("/apis/apps/v1"), None);
        assert_eq!(Target::parse("/version"), None);
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("labelSelector=a+in+%28b%2Cc%29&watch&limit=5&half=%4");
        assert_eq!(query.get("labelSelector"), "a in (b,c)");
        assert!(query.is_set("watch") && !query.is_set("continue"));
        assert_eq!(query.get("half"), "%4");
    }
}
