//! The controller looks at every app every two minutes or so, and writes when it looked.

use super::controller::Controller;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::App;
use crate::sim::manifest::application;
use crate::sim::populate::Stage;
use crate::sim::time::plus;
use jiff::Timestamp;
use std::time::Duration;

/// Starts the heartbeat of an app, the first within two minutes.
pub fn begin(agenda: &mut Agenda, stage: &Stage, app: &App, now: Timestamp, random: &mut fastrand::Rng) {
    let beat = Beat { controller: Controller::new(stage, &app.name), branch: branch(stage, app) };
    agenda.at(plus(now, Duration::from_millis(random.u64(2_000..120_000))), move |play| beat.again(play));
}

/// The name under which [`Agenda::heads`] keeps the branch of an app.
#[must_use]
pub fn branch(stage: &Stage, app: &App) -> String {
    format!("{}/{}", stage.source, app.target_revision)
}

struct Beat {
    controller: Controller,
    branch: String,
}

impl Beat {
    /// What the branch is now: people may have pushed.
    fn head(&self, play: &Play<'_>) -> Option<String> {
        let branch = self.branch.split_once('/').map(|(_, branch)| branch).unwrap_or_default();
        let pushed = self.controller.stage.git.as_ref().and_then(|git| git.resolve(branch));
        pushed.or_else(|| play.agenda.heads.get(&self.branch).cloned())
    }

    fn again(self, play: &mut Play<'_>) {
        // a running operation has its own comparisons
        if !self.controller.busy()
            && let Some(head) = self.head(play)
        {
            self.controller.write(|object| application::reconcile(object, &head, play.at));
        }
        let jitter = play.random.u64(0..20_000);
        play.later(120_000 + jitter, move |play| self.again(play));
    }
}
