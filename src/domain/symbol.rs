//! Short strings that repeat in thousands of rows (namespaces, projects, revisions), shared instead of copied.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;

use arcstr::ArcStr;

/// An immutable string that costs a pointer to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(ArcStr);

impl Symbol {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Symbol {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        Self(ArcStr::from(text))
    }
}

impl From<String> for Symbol {
    fn from(text: String) -> Self {
        Self(ArcStr::from(text))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), f)
    }
}

/// Hands out one [`Symbol`] per distinct text, so that ten thousand rows of one project share one allocation.
///
/// It forgets everything once it holds [`Interner::LIMIT`] texts: what was handed out stays valid, only sharing
/// starts anew. That bounds it without counting references.
#[derive(Debug, Default)]
pub struct Interner {
    known: HashSet<Symbol>,
}

impl Interner {
    /// How many distinct texts are remembered at the most.
    pub const LIMIT: usize = 65_536;

    /// The symbol of `text`, shared with whoever asked for the same text before.
    pub fn get(&mut self, text: &str) -> Symbol {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if self.known.len() >= Self::LIMIT {
            self.known.clear();
        }
        let symbol = Symbol::from(text);
        self.known.insert(symbol.clone());
        symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_one_allocation() {
        let mut interner = Interner::default();
        let first = interner.get("argocd");
        let second = interner.get("argocd");
        assert!(ArcStr::ptr_eq(&first.0, &second.0));
    }

    #[test]
    fn the_interner_stays_bounded() {
        let mut interner = Interner::default();
        for n in 0..=Interner::LIMIT {
            interner.get(&n.to_string());
        }
        assert!(interner.known.len() <= Interner::LIMIT);
    }
}
