//! A password while it is typed: never shown, and wiped from memory when it goes.

use std::fmt;

use zeroize::Zeroizing;

/// Longer than any password, in bytes. So much is set aside at once: a text that grows leaves copies behind.
const LONGEST: usize = 4096;

/// A password. `Debug` says nothing of it, not even how long it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Default for Password {
    fn default() -> Self {
        Self(Zeroizing::new(String::with_capacity(LONGEST)))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Takes a character; what steers terminals is in no password.
    pub fn push(&mut self, c: char) {
        if !c.is_control() && self.0.len() + c.len_utf8() <= LONGEST {
            self.0.push(c);
        }
    }

    /// Takes the first line of what is pasted: what copies a password often copies the end of its line too.
    pub fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars() {
            self.push(c);
        }
    }

    /// Takes the last character back.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Takes all of it back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many characters it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// For the request that carries it, and for nothing else.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_typed_and_pasted_and_never_shown() {
        let mut password = Password::default();
        for c in "grün\u{1b} 1\n".chars() {
            password.push(c);
        }
        assert_eq!((password.secret(), password.length()), ("grün 1", 6));
        password.pop();
        password.paste("23\nnot this");
        assert_eq!(password.secret(), "grün 23");
        assert_eq!(format!("{password:?}"), "Password(…)");
        password.paste(&"x".repeat(2 * LONGEST));
        assert_eq!(password.secret().len(), LONGEST);
        password.clear();
        assert_eq!(password.secret(), "");
    }
}
