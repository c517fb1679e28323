//! What was told of Applications: what is news, and what the server says otherwise.

use std::collections::HashMap;

use super::census::Doing;
use crate::domain::{AppKey, AppRow};

/// What is known of an Application.
#[expect(clippy::struct_excessive_bools, reason = "each is set and cleared by something else")]
#[derive(Debug)]
struct Known {
    doing: Doing,
    /// Its resource version; 0 when it is not known, or no longer believed.
    version: u64,
    /// It is there; what is gone is remembered until the next round, for an answer may be older.
    there: bool,
    /// Told since the round began, its removal too.
    fresh: bool,
    /// Told since the server was asked: its answer may be older.
    meanwhile: bool,
    /// The server's answer names it.
    counted: bool,
}

/// What list and stream have told, beside what the server says there is.
#[derive(Debug, Default)]
pub(super) struct Told {
    known: HashMap<AppKey, Known>,
    fresh: usize,
    /// What the server's answer tells otherwise, as far as it has come.
    otherwise: Vec<AppKey>,
}

/// What comparing found.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Differences {
    /// Nothing was told of these, or otherwise.
    pub otherwise: Vec<AppKey>,
    /// These are gone.
    pub gone: Vec<AppKey>,
}

impl Told {
    /// A new round begins: a list, and a stream of what changes.
    pub fn begin(&mut self) {
        self.known.retain(|_, known| known.there);
        for known in self.known.values_mut() {
            (known.fresh, known.meanwhile) = (false, false);
        }
        self.fresh = 0;
    }

    /// The server is asked.
    pub fn ask(&mut self) {
        for known in self.known.values_mut() {
            (known.meanwhile, known.counted) = (false, false);
        }
        self.otherwise.clear();
    }

    /// Its answer tells of an Application.
    pub fn count(&mut self, key: AppKey, doing: Doing) {
        match self.known.get_mut(&key) {
            Some(known) => {
                known.counted = true;
                if !known.there || !known.doing.agrees(doing) {
                    self.otherwise.push(key);
                }
            }
            None => self.otherwise.push(key),
        }
    }

    /// What the answer told otherwise, once it is whole. What was told meanwhile may be newer.
    pub fn counted(&mut self) -> Differences {
        let is_newer = |key: &AppKey| self.known.get(key).is_some_and(|known| known.meanwhile);
        let mut otherwise = std::mem::take(&mut self.otherwise);
        otherwise.retain(|key| !is_newer(key));
        let gone = |(_, known): &(&AppKey, &Known)| known.there && !known.meanwhile && !known.counted;
        let gone = self.known.iter().filter(gone).map(|(key, _)| key.clone()).collect();
        Differences { otherwise, gone }
    }

    /// What is known may be wrong: whatever is told next is believed, however old it says it is.
    pub fn doubt(&mut self) {
        for known in self.known.values_mut() {
            known.version = 0;
        }
    }

    /// An Application is told of, as it is at a version. Whether that is news: a list tells all there is again, and what
    /// the stream told before the list came to it may be newer. Another replica of the server may be behind the one
    /// before.
    pub fn row(&mut self, row: &AppRow, version: &str) -> bool {
        let version = version.parse().unwrap_or_default();
        let doing = Doing::of(row);
        let now = Known { doing, version, there: true, fresh: true, meanwhile: true, counted: false };
        let Some(known) = self.known.get_mut(&row.key) else {
            self.known.insert(row.key.clone(), now);
            self.fresh += 1;
            return true;
        };
        self.fresh += usize::from(!std::mem::replace(&mut known.fresh, true));
        if version != 0 && version <= known.version {
            return false;
        }
        *known = now;
        true
    }

    /// An Application is gone, as of a version where one is told: what is older does not bring it back.
    pub fn gone(&mut self, key: &AppKey, version: &str) {
        let version = version.parse().unwrap_or_default();
        let Some(known) = self.known.get_mut(key) else {
            let doing = Doing::of(&AppRow::default());
            let gone = Known { doing, version, there: false, fresh: true, meanwhile: true, counted: false };
            self.known.insert(key.clone(), gone);
            return;
        };
        self.fresh += usize::from(known.there && !known.fresh);
        (known.there, known.fresh, known.meanwhile) = (false, true, true);
        known.version = known.version.max(version);
    }

    /// The list is whole: what nobody told of since the round began is gone.
    pub fn complete(&mut self) -> Vec<AppKey> {
        let unheard = self.known.iter_mut().filter(|(_, known)| known.there && !known.fresh);
        let gone = unheard.map(|(key, known)| {
            known.there = false;
            key.clone()
        });
        gone.collect()
    }

    /// How many Applications were told of since the round began.
    pub fn loaded(&self) -> usize {
        self.fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Health;

    fn key(name: &str) -> AppKey {
        AppKey { source: "s".into(), namespace: "argocd".into(), name: name.into() }
    }

    fn row(name: &str, health: Health) -> AppRow {
        AppRow { key: key(name), health, ..AppRow::default() }
    }

    #[test]
    fn what_a_list_does_not_tell_of_is_gone_and_what_it_tells_late_does_not_come_back() {
        let (a, b, c) = (row("a", Health::Healthy), row("b", Health::Healthy), row("c", Health::Healthy));
        let mut told = Told::default();
        told.begin();
        assert!(told.row(&a, "1") && told.row(&b, "2"));
        assert_eq!((told.complete(), told.loaded()), (vec![], 2));
        told.begin();
        told.gone(&c.key, "5");
        assert!(!told.row(&c, "4"), "it went while the list was on its way");
        assert!(!told.row(&b, "2") && !told.row(&b, "1"));
        assert_eq!((told.complete(), told.loaded()), (vec![a.key.clone()], 1), "gone while nobody listened");
        told.begin();
        assert!(told.row(&a, "1"), "what went is forgotten by then");
    }

    #[test]
    fn what_the_stream_kept_back_is_noticed_unless_it_came_meanwhile() {
        let mut told = Told::default();
        told.begin();
        told.row(&row("a", Health::Healthy), "1");
        let ask = |told: &mut Told| {
            told.ask();
            for there in [row("a", Health::Degraded), row("new", Health::Healthy)] {
                told.count(there.key.clone(), Doing::of(&there));
            }
        };
        ask(&mut told);
        assert_eq!(told.counted().otherwise, [key("a"), key("new")]);
        ask(&mut told);
        told.row(&row("a", Health::Progressing), "2");
        assert_eq!(told.counted().otherwise, [key("new")]);
        ask(&mut told);
        told.row(&row("a", Health::Progressing), "3");
        told.gone(&key("new"), "4");
        assert_eq!(told.counted(), Differences::default(), "it went after the server was asked");
        told.ask();
        assert_eq!(told.counted().gone, [key("a")]);
    }

    #[test]
    fn what_is_told_again_or_is_older_is_no_news_until_it_is_doubted() {
        let (mut told, a) = (Told::default(), row("a", Health::Healthy));
        assert!(told.row(&a, "9"));
        told.begin();
        assert!(!told.row(&a, "9") && !told.row(&a, "8"), "versions are numbers");
        assert_eq!(told.loaded(), 1, "it is told of all the same");
        assert!(told.row(&a, "10") && told.row(&a, "") && told.row(&a, "x"));
        told.doubt();
        assert!(told.row(&a, "3"), "another cluster behind the same address");
        told.gone(&a.key, "5");
        assert!(!told.row(&a, "4"), "an answer from before it went");
        assert!(told.row(&a, "6"), "made anew");
    }
}
