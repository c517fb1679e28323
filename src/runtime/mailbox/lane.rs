//! What is pending of one source, and the rules by which it coalesces.

use std::collections::{HashMap, VecDeque};

use crate::domain::{AppKey, AppRow, Fullness, Link, SourceFacts, Symbol};
use crate::store::delta::Delta;

/// What is pending of one source.
///
/// Rows coalesce between marks only, because a mark changes what a row before it means: the end of a list forgets what
/// the list did not name. The end of a list also makes everything before its begin void, so there are never more than
/// five segments.
#[derive(Default)]
pub(super) struct Lane {
    facts: Option<Box<SourceFacts>>,
    link: Option<Link>,
    /// The link is live: said after so many of the pending changes, so that no view sees an empty live source while its
    /// rows are on their way. Any other link is said at once.
    live_after: Option<usize>,
    segments: VecDeque<Segment>,
}

/// Rows that may coalesce with each other, after a mark.
#[derive(Default)]
struct Segment {
    mark: Option<Mark>,
    rows: HashMap<AppKey, Entry>,
    order: VecDeque<AppKey>,
}

enum Mark {
    Begin,
    Settle,
    Replace(Vec<AppRow>),
}

/// What is pending of one Application.
#[derive(Default)]
struct Entry {
    /// What is known of it is forgotten first.
    removed: bool,
    row: Option<Box<AppRow>>,
}

/// What a push made void, to be dropped when no lock is held.
#[derive(Default)]
pub(super) struct Overtaken {
    pub(super) count: u64,
    _segments: VecDeque<Segment>,
    _entry: Entry,
}

impl Overtaken {
    fn count(count: usize) -> Self {
        Self { count: count as u64, ..Self::default() }
    }
}

/// What the pending changes make of a row.
enum Fate {
    Full(Box<AppRow>),
    Absent,
    /// Whatever the store has of it stays.
    Untouched {
        /// A list that is complete names it.
        named: bool,
    },
}

impl Lane {
    pub(super) fn is_empty(&self) -> bool {
        self.facts.is_none() && self.link.is_none() && self.live_after.is_none() && self.segments.is_empty()
    }

    /// Takes one change in.
    pub(super) fn push(&mut self, delta: Delta) -> Overtaken {
        let overtaken = match delta {
            Delta::Facts(_, facts) => Overtaken::count(usize::from(self.facts.replace(facts).is_some())),
            Delta::Link(_, link) => self.push_link(link),
            Delta::Upsert(row) => {
                let key = row.key.clone();
                self.last().merge(key, Entry { removed: false, row: Some(row) })
            }
            Delta::Remove(key) => self.last().merge(key, Entry { removed: true, row: None }),
            Delta::Begin(_) => self.push_begin(),
            Delta::Settle(_) => self.push_settle(),
            Delta::Replace(_, rows) => self.push_replace(rows),
            // these have lanes of their own
            Delta::Live(_) => Overtaken::default(),
        };
        self.live_after = self.live_after.map(|after| after.min(self.pending()));
        overtaken
    }

    /// Hands out about `limit` changes: how many it counts as.
    pub(super) fn take(&mut self, source: &Symbol, limit: usize, taken: &mut Vec<Delta>) -> usize {
        let mut count = 0;
        if let Some(facts) = self.facts.take() {
            taken.push(Delta::Facts(source.clone(), facts));
            count += 1;
        }
        if let Some(link) = self.link.take() {
            taken.push(Delta::Link(source.clone(), link));
            count += 1;
        }
        while count < limit {
            if self.live_after == Some(0) {
                self.live_after = None;
                taken.push(Delta::Link(source.clone(), Link::Live));
                count += 1;
                continue;
            }
            let Some(segment) = self.segments.front_mut() else { break };
            count += match segment.mark.take() {
                Some(Mark::Begin) => {
                    taken.push(Delta::Begin(source.clone()));
                    1
                }
                Some(Mark::Settle) => {
                    taken.push(Delta::Settle(source.clone()));
                    1
                }
                Some(Mark::Replace(rows)) => {
                    let count = rows.len().max(1);
                    taken.push(Delta::Replace(source.clone(), rows));
                    count
                }
                None => segment.take_row(taken),
            };
            if segment.is_empty() {
                self.segments.pop_front();
            }
            self.live_after = self.live_after.map(|after| after.saturating_sub(1).min(self.pending()));
        }
        count
    }

    fn push_link(&mut self, link: Link) -> Overtaken {
        let pending = usize::from(self.link.take().is_some()) + usize::from(self.live_after.is_some());
        if link == Link::Live {
            self.live_after = self.live_after.or(Some(self.pending()));
        } else {
            self.live_after = None;
            self.link = Some(link);
        }
        Overtaken::count(pending)
    }

    fn push_begin(&mut self) -> Overtaken {
        let mut count = 0;
        // a list that never ended is void: its rows are changes like any other
        if self.segments.back().is_some_and(|last| matches!(last.mark, Some(Mark::Begin)))
            && let Some(mut list) = self.segments.pop_back()
        {
            count = 1;
            for key in list.order {
                if let Some(entry) = list.rows.remove(&key) {
                    count += self.last().merge(key, entry).count;
                }
            }
        }
        self.segments.push_back(Segment::marked(Mark::Begin));
        Overtaken { count, ..Overtaken::default() }
    }

    fn push_settle(&mut self) -> Overtaken {
        let mut overtaken = Overtaken::default();
        match self.segments.back().and_then(|last| last.mark.as_ref()) {
            Some(Mark::Begin) => {
                if let Some(mut list) = self.segments.pop_back() {
                    let rows =
                        list.rows.values_mut().filter(|entry| !entry.removed).filter_map(|e| e.row.as_deref_mut());
                    overtaken = self.make_void(rows);
                    self.segments.push_back(list);
                }
            }
            // everything pending was seen by the list before
            Some(Mark::Settle | Mark::Replace(_)) => return Overtaken::count(1),
            None => {}
        }
        self.segments.push_back(Segment::marked(Mark::Settle));
        overtaken
    }

    fn push_replace(&mut self, mut rows: Vec<AppRow>) -> Overtaken {
        let overtaken = self.make_void(rows.iter_mut());
        self.segments.push_back(Segment::marked(Mark::Replace(rows)));
        overtaken
    }

    /// A complete list of `rows` makes everything pending void. Only its sketches depend on what was before them: a
    /// sketch does not replace a full row, unless that was forgotten in between.
    fn make_void<'a>(&mut self, rows: impl Iterator<Item = &'a mut AppRow>) -> Overtaken {
        let mut forgotten = Segment::default();
        let mut untouched = false;
        let mut named_in_list = Vec::new();
        for sketch in rows.filter(|row| row.fullness == Fullness::Sketch) {
            match self.fate(&sketch.key) {
                Fate::Full(row) => *sketch = *row,
                Fate::Absent => drop(forgotten.merge(sketch.key.clone(), Entry { removed: true, row: None })),
                Fate::Untouched { named } => {
                    untouched = true;
                    named_in_list.extend(named.then(|| Box::new(sketch.clone())));
                }
            }
        }
        let settles = untouched && self.settles_a_list_already_taken();
        if settles {
            // the end of that list would forget what it named in the part that is void now
            for row in named_in_list {
                drop(forgotten.merge(row.key.clone(), Entry { removed: false, row: Some(row) }));
            }
        }
        let void = std::mem::take(&mut self.segments);
        if !forgotten.is_empty() {
            self.segments.push_back(forgotten);
        }
        if settles {
            self.segments.push_back(Segment::marked(Mark::Settle));
        }
        let count = void.iter().map(Segment::pending).sum::<usize>() - self.pending().min(usize::from(settles));
        Overtaken { _segments: void, ..Overtaken::count(count) }
    }

    /// Whether the end of a list is pending whose begin was handed out.
    fn settles_a_list_already_taken(&self) -> bool {
        matches!(self.segments.iter().find_map(|s| s.mark.as_ref()), Some(Mark::Settle))
    }

    /// What all that is pending makes of a row, read from the newest change to the oldest.
    fn fate(&self, key: &AppKey) -> Fate {
        // inside a list that is complete, and whether it names the row
        let mut list: Option<bool> = None;
        for segment in self.segments.iter().rev() {
            match segment.rows.get(key) {
                Some(Entry { row: Some(row), .. }) if row.fullness == Fullness::Full => {
                    return Fate::Full(row.clone());
                }
                Some(Entry { removed: true, .. }) => return Fate::Absent,
                Some(_) => list = list.map(|_| true),
                None => {}
            }
            match &segment.mark {
                Some(Mark::Settle) => list = Some(false),
                Some(Mark::Begin) => {
                    if list == Some(false) {
                        return Fate::Absent;
                    }
                    list = None;
                }
                Some(Mark::Replace(rows)) => match rows.iter().rfind(|row| row.key == *key) {
                    Some(row) if row.fullness == Fullness::Full => return Fate::Full(Box::new(row.clone())),
                    Some(_) => {}
                    None => return Fate::Absent,
                },
                None => {}
            }
        }
        Fate::Untouched { named: list == Some(true) }
    }

    fn pending(&self) -> usize {
        self.segments.iter().map(Segment::pending).sum()
    }

    /// Where rows go that are pushed now.
    fn last(&mut self) -> &mut Segment {
        if self.segments.is_empty() {
            self.segments.push_back(Segment::default());
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }
}

impl Segment {
    fn marked(mark: Mark) -> Self {
        Self { mark: Some(mark), ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.mark.is_none() && self.order.is_empty()
    }

    fn pending(&self) -> usize {
        usize::from(self.mark.is_some()) + self.order.len()
    }

    /// Takes in what is newer of a row.
    fn merge(&mut self, key: AppKey, newer: Entry) -> Overtaken {
        let Some(entry) = self.rows.get_mut(&key) else {
            self.order.push_back(key.clone());
            self.rows.insert(key, newer);
            return Overtaken::default();
        };
        let is_full = |row: &Option<Box<AppRow>>| row.as_ref().is_some_and(|row| row.fullness == Fullness::Full);
        let overtaken = if newer.removed || is_full(&newer.row) {
            std::mem::replace(entry, newer)
        } else if is_full(&entry.row) {
            newer
        } else {
            Entry { row: std::mem::replace(&mut entry.row, newer.row), removed: false }
        };
        Overtaken { _entry: overtaken, ..Overtaken::count(1) }
    }

    /// Hands out the row that has waited longest: how many changes that is.
    fn take_row(&mut self, taken: &mut Vec<Delta>) -> usize {
        let Some((key, entry)) = self.order.pop_front().and_then(|key| self.rows.remove_entry(&key)) else { return 0 };
        let before = taken.len();
        if entry.removed {
            taken.push(Delta::Remove(key));
        }
        taken.extend(entry.row.map(Delta::Upsert));
        taken.len() - before
    }
}
