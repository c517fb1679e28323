//! What all objects have: names, uids, hashes, owners.

use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Letters and digits that Kubernetes uses in generated names: no vowels, nothing that looks like another.
const SAFE: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// FNV-1a, 64 bits: enough to make stable identifiers out of names.
fn fnv(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A uid that is the same for the same words, written as a version 4 UUID.
#[must_use]
pub fn uid(words: &[&str]) -> String {
    let text = words.join("/");
    let (high, low) = (fnv(1, &text), fnv(0x9e37_79b9_7f4a_7c15, &text));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// `digits` hexadecimal digits that are the same for the same text: commits, image and container ids.
#[must_use]
pub fn hex(text: &str, digits: usize) -> String {
    let mut out = String::with_capacity(digits + 16);
    let mut round = 0;
    while out.len() < digits {
        let _ = write!(out, "{:016x}", fnv(round, text).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        round += 1;
    }
    out.truncate(digits);
    out
}

/// A commit id: 40 hexadecimal digits, the same for the same branch and message.
#[must_use]
pub fn commit(branch: &str, message: &str) -> String {
    hex(&format!("commit {branch} {message}"), 40)
}

/// The hash in a `ReplicaSet`'s name, the same for the same pod template.
#[must_use]
pub fn template_hash(template: &str) -> String {
    safe_word(fnv(7, template), 10)
}

/// The random tail of a generated name.
#[must_use]
pub fn suffix(random: &mut fastrand::Rng) -> String {
    safe_word(random.u64(..), 5)
}

fn safe_word(mut number: u64, letters: usize) -> String {
    let mut word = String::with_capacity(letters);
    for _ in 0..letters {
        word.push(char::from(SAFE[(number % 27) as usize]));
        number /= 27;
    }
    word
}

/// `metadata` of a namespaced object (or of a cluster-wide one, with an empty `namespace`).
#[must_use]
pub fn metadata(kind: &str, namespace: &str, name: &str, labels: &Value, created: Timestamp) -> Value {
    let created = stamp(created);
    let mut metadata = json!({
        "name": name,
        "uid": uid(&[kind, namespace, name, &created]),
        "creationTimestamp": created,
    });
    if !namespace.is_empty() {
        metadata["namespace"] = json!(namespace);
    }
    if labels.as_object().is_some_and(|labels| !labels.is_empty()) {
        metadata["labels"] = labels.clone();
    }
    metadata
}

/// An entry of `ownerReferences` that names `owner` as the controller.
#[must_use]
pub fn owned_by(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

/// A string of an object, empty when it is not there.
#[must_use]
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number of an object, zero when it is not there.
#[must_use]
pub fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_stable_and_differ() {
        assert_eq!(uid(&["Pod", "a", "b"]), uid(&["Pod", "a", "b"]));
        assert_ne!(uid(&["Pod", "a", "b"]), uid(&["Pod", "a", "c"]));
        assert_eq!(uid(&["x"]).len(), 36);
        assert_eq!(hex("predator", 40).len(), 40);
        assert_ne!(commit("main", "a"), commit("release", "a"));
        assert_eq!(template_hash("t").len(), 10);
    }
}
