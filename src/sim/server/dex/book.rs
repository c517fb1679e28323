//! What Dex remembers: who there is, logins under way, codes and refresh tokens.

use std::collections::HashMap;
use std::sync::Mutex;

use super::super::desk::open;
use super::key::Key;

/// Somebody the directory knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// What they log in as.
    pub name: String,
    /// Their address, which Argo CD shows them by.
    pub email: String,
    /// The groups they are in.
    pub groups: Vec<String>,
    /// Their password.
    pub password: String,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("name", &self.name).field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// What a client asked for, as far as it matters later.
#[derive(Clone)]
pub(super) struct Wish {
    pub client: String,
    pub redirect: String,
    pub state: String,
    pub nonce: String,
    pub scopes: Vec<String>,
    /// What the verifier has to hash to; empty when nothing was said.
    pub challenge: String,
}

/// Somebody who logged in, and for what.
#[derive(Clone)]
pub(super) struct Grant {
    pub member: Member,
    pub wish: Wish,
}

#[derive(Default)]
struct Book {
    wishes: HashMap<String, Wish>,
    codes: HashMap<String, Grant>,
    refreshes: HashMap<String, Grant>,
    /// By who holds them: what the id_tokens given so far are revoked by.
    given: HashMap<String, Vec<String>>,
}

/// Dex: its key, its directory, its memory.
pub(in crate::sim::server) struct Dex {
    pub(super) key: Option<Key>,
    members: Vec<Member>,
    book: Mutex<Book>,
}

impl Dex {
    /// One that knows these people.
    pub fn new(members: Vec<Member>) -> Self {
        Self { key: Key::generate(), members, book: Mutex::default() }
    }

    /// Who there is.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Ends the sessions of somebody, or of all: no refresh token holds any longer. What their id_tokens are revoked by.
    pub fn end(&self, who: Option<&str>) -> Vec<String> {
        let is = |member: &Member| who.is_none_or(|who| [&member.name, &member.email].iter().any(|n| *n == who));
        open(&self.book).refreshes.retain(|_, grant| !is(&grant.member));
        self.given(who)
    }

    /// What the id_tokens somebody was given so far are revoked by.
    pub fn given(&self, who: Option<&str>) -> Vec<String> {
        let is = |member: &&Member| who.is_none_or(|who| [&member.name, &member.email].iter().any(|n| *n == who));
        let book = open(&self.book);
        let members = self.members.iter().filter(is);
        members.filter_map(|member| book.given.get(&member.name)).flatten().cloned().collect()
    }

    /// The member of this name and password.
    pub(super) fn member(&self, name: &str, password: &str) -> Option<&Member> {
        let known = |member: &&Member| member.name == name || member.email == name;
        self.members.iter().find(known).filter(|member| member.password == password)
    }

    /// Notes a login under way; the word it is known by.
    pub(super) fn begin(&self, wish: Wish) -> String {
        let word = word();
        open(&self.book).wishes.insert(word.clone(), wish);
        word
    }

    /// A login under way.
    pub(super) fn wish(&self, word: &str) -> Option<Wish> {
        open(&self.book).wishes.get(word).cloned()
    }

    /// Somebody has logged in: the login is over, and its code is good once.
    pub(super) fn grant(&self, word: &str, member: &Member) -> Option<(String, Wish)> {
        let mut book = open(&self.book);
        let wish = book.wishes.remove(word)?;
        let code = self::word();
        book.codes.insert(code.clone(), Grant { member: member.clone(), wish: wish.clone() });
        Some((code, wish))
    }

    /// What a code is good for; it is good no longer.
    pub(super) fn take_code(&self, code: &str) -> Option<Grant> {
        open(&self.book).codes.remove(code)
    }

    /// What a refresh token is good for; it is good no longer.
    pub(super) fn take_refresh(&self, token: &str) -> Option<Grant> {
        open(&self.book).refreshes.remove(token)
    }

    /// A refresh token for what was granted.
    pub(super) fn refresh(&self, grant: Grant) -> String {
        let token = word();
        open(&self.book).refreshes.insert(token.clone(), grant);
        token
    }

    /// Notes what an id_token is revoked by.
    pub(super) fn note(&self, member: &Member, hash: &str) {
        open(&self.book).given.entry(member.name.clone()).or_default().push(hash.to_owned());
    }
}

/// A word nobody guesses.
pub(super) fn word() -> String {
    format!("{:032x}", fastrand::u128(..))
}
