//! Container image names.

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
    }
}
