//! Container image names.

use std::cmp::Ordering;

/// The tag of an image reference, or its shortened digest; `None` for a bare name.
///
/// `registry:5000/team/backend:1.4.2` has the tag `1.4.2`; a colon before the last slash is a port.
#[must_use]
pub fn tag(image: &str) -> Option<&str> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    let last = name.rsplit('/').next().unwrap_or(name);
    if let Some((_, tag)) = last.split_once(':') {
        return Some(tag);
    }
    let digest = digest?.rsplit(':').next()?;
    Some(digest.get(..12).unwrap_or(digest))
}

/// The last path element of an image reference, without registry, tag and digest.
#[must_use]
pub fn name(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(n, _)| n);
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map_or(last, |(n, _)| n)
}

/// Images that stand beside what an Application is about: proxies, waiters, collectors of logs.
const HELPERS: [&str; 18] = [
    "alpine",
    "busybox",
    "cloud-sql-proxy",
    "curl",
    "daprd",
    "envoy",
    "fluent-bit",
    "fluentd",
    "git-sync",
    "istio-proxy",
    "k8s-wait-for",
    "kubectl",
    "oauth2-proxy",
    "pilot-agent",
    "proxy",
    "proxyv2",
    "vault",
    "wait-for",
];

/// Puts the image first that tells an Application's version: no helper beside the service; named like the service; not
/// one that only hooks ran; one that the last operation applied (`applied`, `hooks`: what it ran, as its result lists it);
/// of several tags of it the newest. What is left equal stays in the order it came.
pub fn lead_first(images: &mut [&str], service: &str, applied: &[&str], hooks: &[&str]) {
    let rank = |image: &str| {
        let name = name(image);
        let named = match service {
            "" => 2,
            _ if name == service => 0,
            _ if name.ends_with(service) => 1,
            _ => 2,
        };
        // a service may well be what others run beside theirs
        let is_helper = named == 2 && HELPERS.contains(&name);
        let (applied, hook) = (applied.contains(&image), hooks.contains(&image));
        (is_helper, named, hook && !applied, !applied)
    };
    images.sort_by(|a, b| {
        let newest = || if repository(a) == repository(b) { numbers(b).cmp(&numbers(a)) } else { Ordering::Equal };
        rank(a).cmp(&rank(b)).then_with(newest)
    });
}

/// An image reference without tag and digest.
fn repository(image: &str) -> &str {
    let bare = image.split_once('@').map_or(image, |(name, _)| name);
    let path = bare.rfind('/').map_or(0, |slash| slash + 1);
    bare[path..].find(':').map_or(bare, |colon| &bare[..path + colon])
}

/// The numbers of a tag such as `v1.10.2`; none for a tag that is no version.
fn numbers(image: &str) -> Vec<u64> {
    let tag = tag(image).unwrap_or_default();
    let digits = tag.strip_prefix('v').unwrap_or(tag);
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) || !digits.contains('.') {
        return Vec::new();
    }
    digits.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_every_spelling() {
        assert_eq!(tag("backend:1.4.2"), Some("1.4.2"));
        assert_eq!(tag("registry:5000/team/backend:1.4.2"), Some("1.4.2"));
        assert_eq!(tag("registry:5000/team/backend"), None);
        assert_eq!(tag("backend:1.4@sha256:aaaa"), Some("1.4"));
        assert_eq!(tag("backend@sha256:0123456789abcdef"), Some("0123456789ab"));
        assert_eq!(name("registry:5000/team/backend:1.4.2@sha256:aa"), "backend");
        assert_eq!(repository("registry:5000/team/backend:1.4.2@sha256:aa"), "registry:5000/team/backend");
        assert_eq!(repository("registry:5000/backend"), "registry:5000/backend");
    }

    fn lead(images: &[&'static str], service: &str, applied: &[&str], hooks: &[&str]) -> &'static str {
        let mut images = images.to_vec();
        lead_first(&mut images, service, applied, hooks);
        images[0]
    }

    #[test]
    fn the_image_of_the_service_leads_whatever_stands_beside_it() {
        let beside = ["busybox:1.36", "istio/proxyv2:1.20", "r/predator-backend:1.4.2", "zipkin:3"];
        assert_eq!(lead(&beside, "backend", &[], &[]), "r/predator-backend:1.4.2");
        assert_eq!(lead(&["a/web-backend:2", "b/backend:1"], "backend", &[], &[]), "b/backend:1", "the very name");
        assert_eq!(lead(&["busybox:1.36", "kong:3.4"], "gateway", &[], &[]), "kong:3.4");
        assert_eq!(lead(&["busybox:1.36", "kong:3.4"], "", &[], &[]), "kong:3.4");
        assert_eq!(lead(&["app:1", "envoy:2"], "envoy", &[], &[]), "envoy:2", "a helper by itself");
        assert_eq!(lead(&["busybox:1.36"], "tool", &[], &[]), "busybox:1.36");
    }

    #[test]
    fn of_several_tags_the_one_that_runs_leads() {
        let both = ["backend:1.0.0", "backend:1.1.0"];
        // a hook that failed with another tag, a hook's Job that is left over after a rollback
        assert_eq!(lead(&both, "backend", &[], &["backend:1.1.0"]), "backend:1.0.0");
        assert_eq!(lead(&both, "backend", &["backend:1.0.0"], &[]), "backend:1.0.0");
        assert_eq!(lead(&both, "backend", &["backend:1.0.0"], &["backend:1.0.0"]), "backend:1.0.0");
        // what the operation says does not matter where it is not there any more
        assert_eq!(lead(&both, "backend", &["backend:0.9.0"], &["backend:0.8.0"]), "backend:1.1.0");
        assert_eq!(lead(&["backend:1.9.0", "backend:1.10.0"], "backend", &[], &[]), "backend:1.10.0");
        assert_eq!(lead(&["backend:2f5c1ab", "backend:latest"], "backend", &[], &[]), "backend:2f5c1ab");
        assert_eq!(lead(&["a/redis:6.0", "b/nginx:9.0"], "shop", &[], &[]), "a/redis:6.0", "not to be compared");
    }
}
