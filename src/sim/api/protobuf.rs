//! The little of Kubernetes' protobuf encoding that JSON cannot avoid: kubectl sends access reviews in it, and a client
//! that reads nothing else is refused in it.

use serde_json::{Map, Value, json};

use super::status::Failure;

/// What every encoded object begins with.
pub(super) const MAGIC: &[u8] = b"k8s\0";

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Field numbers and names of the attributes of an access review.
const RESOURCE: &[(u64, &str)] =
    &[(1, "namespace"), (2, "verb"), (3, "group"), (4, "version"), (5, "resource"), (6, "subresource"), (7, "name")];
const NON_RESOURCE: &[(u64, &str)] = &[(1, "path"), (2, "verb")];

/// A refusal in the envelope: magic, type, message.
pub(super) fn status(failure: &Failure) -> Vec<u8> {
    let mut status = Vec::new();
    // empty list metadata: self link, resource version, continue token
    delimited(&mut status, 1, &[0x0a, 0, 0x12, 0, 0x1a, 0]);
    delimited(&mut status, 2, b"Failure");
    delimited(&mut status, 3, failure.message.as_bytes());
    delimited(&mut status, 4, failure.reason.as_bytes());
    status.push(6 << 3);
    varint(&mut status, u64::from(failure.code));
    let mut kind = Vec::new();
    delimited(&mut kind, 1, b"v1");
    delimited(&mut kind, 2, b"Status");
    let mut out = MAGIC.to_vec();
    delimited(&mut out, 1, &kind);
    delimited(&mut out, 2, &status);
    delimited(&mut out, 3, b"");
    delimited(&mut out, 4, b"");
    out
}

/// The spec of an access or rules review as JSON; none when the bytes are no protobuf.
pub(super) fn review(bytes: &[u8]) -> Option<Value> {
    let object = field(bytes.strip_prefix(MAGIC)?, 2)?;
    let spec = field(object, 2).unwrap_or_default();
    let first = field(spec, 1).unwrap_or_default();
    // field 1 is the attributes of an access review, or the namespace of a rules review
    let mut out = match texts(first, RESOURCE) {
        Some(attributes) if !first.is_empty() => json!({"resourceAttributes": attributes}),
        _ => json!({"namespace": std::str::from_utf8(first).ok()?}),
    };
    if let Some(attributes) = field(spec, 2).and_then(|f| texts(f, NON_RESOURCE)) {
        out = json!({"nonResourceAttributes": attributes});
    }
    Some(json!({"spec": out}))
}

/// The named text fields of a message; none when it is no message of texts.
fn texts(mut message: &[u8], names: &[(u64, &str)]) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    while !message.is_empty() {
        let (number, content, rest) = next(message)?;
        message = rest;
        if let (Some((_, name)), Content::Bytes(content)) = (names.iter().find(|(n, _)| *n == number), content) {
            out.insert((*name).to_owned(), std::str::from_utf8(content).ok()?.into());
        }
    }
    Some(out)
}

/// The content of the first length-delimited field with a number.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let (number, content, rest) = next(message)?;
        if let Content::Bytes(content) = content
            && number == wanted
        {
            return Some(content);
        }
        message = rest;
    }
    None
}

/// Number and content of the first field, and what follows it.
pub(super) fn next(message: &[u8]) -> Option<(u64, Content<'_>, &[u8])> {
    let (tag, rest) = number(message)?;
    match tag & 7 {
        0 => number(rest).map(|(value, rest)| (tag >> 3, Content::Number(value), rest)),
        2 => {
            let (len, rest) = number(rest)?;
            let (content, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
            Some((tag >> 3, Content::Bytes(content), rest))
        }
        _ => None,
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (i, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}

fn delimited(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn envelope(spec: &[u8]) -> Vec<u8> {
        let mut object = Vec::new();
        delimited(&mut object, 1, b"");
        delimited(&mut object, 2, spec);
        let mut out = MAGIC.to_vec();
        delimited(&mut out, 1, b"\x0a\x02v1");
        delimited(&mut out, 2, &object);
        out
    }

    #[test]
    fn reviews_are_read() {
        let mut attributes = Vec::new();
        delimited(&mut attributes, 1, b"argocd");
        delimited(&mut attributes, 2, b"patch");
        delimited(&mut attributes, 5, b"applications");
        let mut spec = Vec::new();
        delimited(&mut spec, 1, &attributes);
        let expected = json!({"namespace": "argocd", "verb": "patch", "resource": "applications"});
        assert_eq!(review(&envelope(&spec)).unwrap()["spec"]["resourceAttributes"], expected);

        let mut spec = Vec::new();
        delimited(&mut spec, 1, b"argocd");
        assert_eq!(review(&envelope(&spec)).unwrap()["spec"]["namespace"], "argocd");
    }

    proptest! {
        #[test]
        fn nonsense_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = review(&envelope(&bytes));
            let _ = review(&bytes);
        }
    }
}
