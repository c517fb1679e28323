//! The words in which generated Applications differ, and texts with holes for them.

use crate::sim::manifest::meta::{self, hex};
use crate::sim::time::{minus, stamp};
use jiff::Timestamp;
use std::time::Duration;

/// Every hole stands between these; no JSON text has the character.
const MARK: char = '\u{1}';
/// Rows of history of each Application.
pub(super) const HISTORY: usize = 10;
/// Environments with their branches, in turn.
pub(super) const ENVIRONMENTS: [(&str, &str); 4] =
    [("dev", "main"), ("qa", "main"), ("staging", "release/staging"), ("prod", "release/prod")];
/// The projects that generated Applications belong to.
pub const PROJECTS: [&str; 8] =
    ["payments", "checkout", "identity", "search", "logistics", "insights", "platform", "storefront"];
const NOUNS: [&str; 24] = [
    "gateway", "ledger", "invoice", "catalog", "cart", "pricing", "session", "profile", "indexer", "ranker", "courier",
    "depot", "tracker", "report", "ingest", "billing", "webhook", "mailer", "feature", "audit", "quota", "media",
    "review", "coupon",
];

/// What differs from one Application to the next: the words for the holes, by their place in [`HOLES`].
pub(super) struct Words(pub(super) [String; HOLES.len()]);

/// Names of the holes; `revN`, `staN` and `depN` are history row N's revision, start and end.
const HOLES: [&str; 41] = [
    "uid",
    "owner",
    "project",
    "environment",
    "branch",
    "team",
    "version",
    "reconciled",
    "service",
    "name",
    "created",
    "rev0",
    "rev1",
    "rev2",
    "rev3",
    "rev4",
    "rev5",
    "rev6",
    "rev7",
    "rev8",
    "rev9",
    "sta0",
    "sta1",
    "sta2",
    "sta3",
    "sta4",
    "sta5",
    "sta6",
    "sta7",
    "sta8",
    "sta9",
    "dep0",
    "dep1",
    "dep2",
    "dep3",
    "dep4",
    "dep5",
    "dep6",
    "dep7",
    "dep8",
    "dep9",
];
/// The place of the name in [`HOLES`].
pub(super) const NAME: usize = 9;
const FIRST_ROW: usize = 11;

impl Words {
    pub(super) fn new(index: usize, now: Timestamp, random: &mut fastrand::Rng) -> Self {
        let (environment, branch) = ENVIRONMENTS[index % ENVIRONMENTS.len()];
        let row = index / ENVIRONMENTS.len();
        let (project, noun) = (PROJECTS[row % PROJECTS.len()], NOUNS[(row / PROJECTS.len()) % NOUNS.len()]);
        let round = row / (PROJECTS.len() * NOUNS.len());
        let service = if round == 0 { format!("{project}-{noun}") } else { format!("{project}-{noun}-{}", round + 1) };
        let name = format!("{service}-{environment}");
        let mut words = [const { String::new() }; HOLES.len()];
        let mut age = random.u64(300..800_000);
        for row in (0..HISTORY).rev() {
            let at = minus(now, Duration::from_secs(age));
            words[FIRST_ROW + row] = hex(&format!("{branch} {age} {}", random.u32(..)), 40);
            words[FIRST_ROW + HISTORY + row] = stamp(minus(at, Duration::from_secs(random.u64(5..90))));
            words[FIRST_ROW + 2 * HISTORY + row] = stamp(at);
            age += random.u64(3_600..500_000);
        }
        let first = [
            meta::uid(&["generated", &name]),
            meta::uid(&["generated", project]),
            project.to_owned(),
            environment.to_owned(),
            branch.to_owned(),
            format!("team-{noun}"),
            format!("{}.{}.{}", random.u8(1..9), random.u8(0..30), random.u8(0..20)),
            stamp(minus(now, Duration::from_secs(random.u64(1..150)))),
            service,
            name,
            stamp(minus(now, Duration::from_secs(age + 60))),
        ];
        for (word, first) in words.iter_mut().zip(first) {
            *word = first;
        }
        Self(words)
    }
}

/// A text cut at its holes.
pub(super) struct Text {
    pieces: Vec<Piece>,
    length: usize,
}

enum Piece {
    Words(String),
    /// Its place in [`HOLES`].
    Hole(usize),
}

impl Text {
    pub(super) fn new(json: &str) -> Self {
        // JSON writes the mark as an escape
        let pieces = json
            .split("\\u0001")
            .enumerate()
            .map(|(index, part)| match HOLES.iter().position(|hole| *hole == part) {
                Some(hole) if index % 2 == 1 => Piece::Hole(hole),
                _ => Piece::Words(part.to_owned()),
            })
            .collect();
        Self { pieces, length: json.len() + 1_024 }
    }

    pub(super) fn fill(&self, words: &Words) -> String {
        let mut text = String::with_capacity(self.length);
        for piece in &self.pieces {
            text.push_str(match piece {
                Piece::Words(part) => part,
                Piece::Hole(hole) => &words.0[*hole],
            });
        }
        text
    }
}

/// A hole, as it stands in a value.
pub(super) fn hole(word: &str) -> String {
    format!("{MARK}{word}{MARK}")
}

/// A hole for a history row.
pub(super) fn row_hole(what: &str, row: usize) -> String {
    hole(&format!("{what}{row}"))
}
