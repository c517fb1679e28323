//! When a command can be done, and why not.

use super::table::{CommandId, CommandSpec};

/// What the conditions of commands look at: a small copy of the state, so that they are plain functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// An Application is selected.
    pub selected: bool,
    /// Environments that are known.
    pub environments: usize,
    /// Sources that are on.
    pub sources_on: usize,
    /// Sources that have an argocd-server somebody can log in to.
    pub served: usize,
    /// Those of them that wait for it.
    pub shut_out: usize,
    /// Applications that are marked.
    pub marked: usize,
    /// Screens visited before this one.
    pub before: usize,
    /// Screens left by going back.
    pub after: usize,
    /// The lists are narrowed by a text.
    pub filtered: bool,
    /// Why nothing of the selected Application may be written, where that is known.
    pub frozen: Option<Frozen>,
    /// An operation of the selected Application runs, waits or is asked for.
    pub operating: bool,
}

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frozen {
    /// Nowhere: the cockpit only looks.
    Everywhere,
    /// Not in this environment.
    Environment,
    /// A right is missing: which, in words.
    Rights(String),
}

impl Frozen {
    fn words(&self) -> &str {
        match self {
            Self::Everywhere => "nothing is written: the cockpit is read-only",
            Self::Environment => "nothing is written there: the protection of its environment is readonly",
            Self::Rights(missing) => missing,
        }
    }
}

/// What has to be so for a command to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing.
    Always,
    /// An Application is selected.
    Selected,
    /// An Application is selected, and something may be written to it.
    Writable,
    /// An Application is selected, and something that belongs to it may be written, if not itself.
    Around,
    /// An Application is selected, something may be written to it, and an operation of it is there.
    Operating,
    /// There is an environment of its number.
    Numbered,
    /// There is more than one environment.
    SeveralEnvironments,
    /// A source is on.
    Connected,
    /// A source has an argocd-server.
    Served,
    /// Something is marked.
    Marked,
    /// There is a screen to go back to.
    Visited,
    /// There is a screen to go forward to.
    Left,
    /// A text narrows the lists.
    Filtered,
}

impl When {
    /// The reason why `id` cannot be done, when it cannot.
    #[must_use]
    pub fn reason(self, id: CommandId, now: &Situation) -> Option<String> {
        let (holds, why) = match self {
            Self::Writable | Self::Around | Self::Operating if !now.selected => (false, "no Application is selected"),
            Self::Around if matches!(now.frozen, Some(Frozen::Rights(_))) => return None,
            Self::Writable | Self::Around | Self::Operating if now.frozen.is_some() => {
                (false, now.frozen.as_ref().map_or("", Frozen::words))
            }
            Self::Always | Self::Writable | Self::Around => return None,
            Self::Numbered => {
                let number = id.environment_number()?;
                let known = now.environments;
                return (number > known).then(|| format!("there is no environment {number}: {known} are known"));
            }
            Self::Operating => (now.operating, "no operation is in progress"),
            Self::Selected => (now.selected, "no Application is selected"),
            Self::SeveralEnvironments => (now.environments > 1, "there is only one environment"),
            Self::Connected => (now.sources_on > 0, "no source is on"),
            Self::Served => (now.served > 0, "no source is an argocd-server: there is nothing to log in to"),
            Self::Marked => (now.marked > 0, "nothing is marked"),
            Self::Visited => (now.before > 0, "no screen was visited before this one"),
            Self::Left => (now.after > 0, "there is no screen to go forward to"),
            Self::Filtered => (now.filtered, "no filter is set"),
        };
        (!holds).then(|| why.to_owned())
    }
}

impl CommandSpec {
    /// The reason why this cannot be done, when it cannot.
    #[must_use]
    pub fn reason(&self, now: &Situation) -> Option<String> {
        self.when.reason(self.id, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_the_environments_is_said_with_how_many_there_are() {
        let two = Situation { environments: 2, ..Situation::default() };
        assert_eq!(CommandId::Environment2.spec().reason(&two), None);
        let reason = CommandId::Environment3.spec().reason(&two);
        assert_eq!(reason.as_deref(), Some("there is no environment 3: 2 are known"));
    }

    #[test]
    fn who_may_not_change_the_application_may_still_act_on_what_it_deployed() {
        let denied = Frozen::Rights("needs patch applications in argocd".into());
        let now = Situation { selected: true, frozen: Some(denied), ..Situation::default() };
        let reason = CommandId::AppSync.spec().reason(&now);
        assert_eq!(reason.as_deref(), Some("needs patch applications in argocd"));
        assert_eq!(CommandId::ActionsOpen.spec().reason(&now), None);
        let frozen = Situation { frozen: Some(Frozen::Environment), ..now };
        assert!(CommandId::ActionsOpen.spec().reason(&frozen).is_some());
    }

    #[test]
    fn what_acts_on_an_application_asks_for_one() {
        let nothing = Situation::default();
        assert_eq!(CommandId::WhyOpen.spec().reason(&nothing).as_deref(), Some("no Application is selected"));
        assert_eq!(CommandId::WhyOpen.spec().reason(&Situation { selected: true, ..nothing.clone() }), None);
    }
}
