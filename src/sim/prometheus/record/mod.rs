//! Scrapes: what the cluster's components would say of themselves at a moment.

mod argocd;
mod workloads;

use super::series::{SCRAPE, Shelf};
use crate::sim::live::Agenda;
use crate::sim::populate::Stage;
use crate::sim::time::{minus, plus};
use jiff::Timestamp;
use std::time::Duration;

/// What happened before the world began is known for so long.
const BEFORE: Duration = Duration::from_mins(30);
/// And looked at so seldom: nothing much happens there.
const COARSE: Duration = Duration::from_mins(1);

/// More Applications than that are only counted once somebody asks: reading ten thousand takes a while.
const MANY: usize = 500;

/// Scrapes a cluster.
#[derive(Debug)]
pub struct Recorder {
    stage: Stage,
    shelf: Shelf,
    argocd: argocd::Scraper,
    workloads: workloads::Scraper,
    fine_from: Timestamp,
}

impl Recorder {
    /// Has a cluster scraped from half an hour before `now` on.
    pub fn begin(agenda: &mut Agenda, stage: &Stage, kubernetes: &str, repository: &str, now: Timestamp) -> Shelf {
        let shelf = Shelf::default();
        let recorder = Self {
            stage: stage.clone(),
            shelf: shelf.clone(),
            argocd: argocd::Scraper::new(kubernetes, repository),
            workloads: workloads::Scraper::default(),
            fine_from: now,
        };
        again(agenda, recorder, minus(now, BEFORE));
        shelf
    }

    fn scrape(&mut self, at: Timestamp) {
        if self.shelf.is_asked() || self.stage.store.len("Application") <= MANY {
            self.argocd.scrape(&self.stage, &self.shelf, at);
        }
        self.workloads.scrape(&self.stage, &self.shelf, at);
    }
}

fn again(agenda: &mut Agenda, mut recorder: Recorder, at: Timestamp) {
    agenda.at(at, move |play| {
        recorder.scrape(play.at);
        let pause = if play.at < recorder.fine_from { COARSE } else { SCRAPE };
        again(play.agenda, recorder, plus(play.at, pause));
    });
}
