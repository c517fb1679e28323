//! Fields that a type does not have: dropped, told of, or refused.

use serde_json::Value;

use super::super::kinds::Kind;
use super::super::status::Failure;
use super::known;
use super::options::{Address, Validation};
use super::writer::{Sent, Writer};

impl Writer {
    /// Drops unknown fields that the object did not have before; refuses them or says so.
    pub(super) fn unknown(
        &self,
        kind: &'static Kind,
        new: &mut Value,
        old: Option<&Value>,
        sent: Sent,
    ) -> Result<Vec<String>, Failure> {
        if self.validation == Validation::Trusted {
            return Ok(Vec::new());
        }
        let mut unknown = known::unknown(&self.store, kind, new)?;
        unknown.retain(|path| old.is_none_or(|old| path.of(old).is_none()));
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        let words: Vec<String> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
        if self.validation == Validation::Strict {
            let words = format!("strict decoding error: {}", words.join(", "));
            return Err(match sent {
                Sent::Patch => Failure::invalid_patch(new, &words),
                Sent::Object | Sent::Apply => Failure::undecodable(kind, &words),
            });
        }
        for path in unknown.iter().rev() {
            path.take(new);
        }
        Ok(if self.validation == Validation::Warn { words } else { Vec::new() })
    }

    /// A configuration with a field its type does not have cannot be applied, whatever the validation.
    pub(super) fn refuse_unknown(&self, address: &Address, config: &Value) -> Result<(), Failure> {
        let unknown = known::unknown(&self.store, address.kind, config)?;
        let Some(first) = unknown.first() else { return Ok(()) };
        let (kind, version) = (address.kind.kind, address.kind.api_version());
        let place = if address.namespace.is_empty() { "/".to_owned() } else { format!("{}/", address.namespace) };
        let message = format!(
            "failed to create typed patch object ({place}{}; {version}, Kind={kind}): .{first}: field not declared in schema",
            address.name
        );
        Err(Failure::new(500, "", message))
    }
}
