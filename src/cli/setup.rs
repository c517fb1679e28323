//! From flags, environment and files to the sources, looks and keys a verb works with.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use super::preferences;
use super::served;
use super::sources::{self, Listed};
use crate::command::Keymap;
use crate::config::glyph::Glyphs;
use crate::config::palette::{ColorFacts, Depth};
use crate::config::settings::Settings;
use crate::config::theme::Theme;
use crate::domain::text::clean;
use crate::domain::time::after;
use crate::domain::{Clock, DestinationRule, Routes, Symbol, Timestamp};
use crate::runtime::clock::SystemClock;
use crate::runtime::interests::Interests;
use crate::runtime::mailbox::Mailbox;
use crate::runtime::observe::observe_live;
use crate::runtime::save::Saves;
use crate::runtime::sources::Sources;
use crate::runtime::tail::Tail;
use crate::source::kube::{KubeconfigPlace, contexts, routes};
use crate::source::{SourceError, Surroundings};
use crate::store::{Apps, Interest};

/// What a screen shows beyond the rows is waited for this long.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Everything a verb that reads sources needs.
pub struct Setup {
    /// Settings of all layers.
    pub settings: Settings,
    /// What was wrong in the files; the rest applies.
    pub complaints: Vec<String>,
    /// The sources, none on yet.
    pub sources: Sources,
    /// What reads pods, Events and resources for whoever asks.
    pub interests: Interests,
    /// What follows logs for whoever asks.
    pub tail: Tail,
    /// What writes files for whoever asks.
    pub saves: Saves,
    /// Which of them start on.
    pub start: Vec<Symbol>,
    /// Where they put what they read.
    pub mailbox: Arc<Mailbox>,
    /// Told when there is something in it.
    pub news: Arc<Notify>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The contexts of the kubeconfig.
    pub contexts: Vec<String>,
    /// An empty store that lists the sources.
    pub apps: Apps,
}

/// Reads settings and kubeconfig; `io` is where the sources will run.
pub fn setup(everywhere: &Everywhere, place: &KubeconfigPlace, io: &Handle) -> Result<Setup, Failure> {
    let (settings, errors) = preferences::settings(everywhere)?;
    let mut complaints: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let entries = match contexts(place) {
        // a URL and a token are enough
        Err(SourceError::Missing { .. }) if served::any(&settings, everywhere) => Vec::new(),
        entries => entries.map_err(source_failure)?,
    };
    let contexts: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    complaints.extend(sources::misled(&settings, &contexts).iter().map(ToString::to_string));
    let Listed { sources, start, names } = sources::list(entries, &settings, everywhere, place)?;
    complaints.extend(served::in_danger(&sources));
    let served: Vec<(Symbol, bool)> =
        sources.iter().filter(|s| s.server.is_some()).map(|s| (s.name.clone(), s.cluster.is_none())).collect();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let classifier = Arc::new(settings.classifier());
    let news = Arc::new(Notify::new());
    let mailbox = Arc::new(Mailbox::new(news.clone()));
    let surroundings = Surroundings { sink: mailbox.clone(), clock: clock.clone(), classifier: classifier.clone() };
    let sources = Sources::new(sources, surroundings.clone(), io.clone());
    let interests = Interests::new(&sources, surroundings, io.clone());
    let tail = Tail::new(io.clone());
    let saves = Saves::new(io.clone());
    let mut apps = Apps::new(classifier);
    sources.announce(&mut apps);
    let called = |context: &str| names.get(context).cloned().unwrap_or_else(|| Symbol::from(&*clean(context)));
    let told = settings.destinations.iter().flat_map(|d| {
        let is = d.server.iter().chain(&d.name);
        is.map(|is| DestinationRule { is: is.as_str().into(), context: called(&d.context) })
    });
    let rules: Vec<DestinationRule> = told.collect();
    let routes = if contexts.is_empty() { Ok(Routes::new(Vec::new(), rules)) } else { routes(place, rules, called) };
    apps.set_routes(Arc::new(routes.map_err(source_failure)?.served(served)), clock.now());
    Ok(Setup { settings, complaints, sources, interests, tail, saves, start, mailbox, news, clock, contexts, apps })
}

impl Setup {
    /// Turns on what starts on.
    pub fn start(&mut self) {
        for name in &self.start {
            self.sources.start(name);
        }
    }

    /// Reads what is wanted beyond the rows, for three seconds at the most: where pods cannot be read, or are too many,
    /// the rows are what there is.
    pub fn look(&mut self, wanted: &[Interest], deadline: Timestamp, io: &Runtime) {
        self.look_until(wanted, deadline.min(after(self.clock.now(), PATIENCE)), io);
    }

    /// Reads what is wanted beyond the rows, until `deadline`.
    pub fn look_until(&mut self, wanted: &[Interest], deadline: Timestamp, io: &Runtime) {
        let Self { apps, interests, mailbox, news, clock, .. } = self;
        io.block_on(observe_live(apps, interests, wanted, mailbox, news, clock, deadline));
    }

    /// The theme of the settings at a depth; what is wrong with it is said and what it inherits stands in.
    pub fn theme(&mut self, depth: Depth) -> Theme {
        let (theme, errors) = preferences::theme(&self.settings, depth);
        self.complaints.extend(errors.iter().map(ToString::to_string));
        theme
    }

    /// The keymap of the settings with the user's own keys over it; what is wrong in them is said and left out.
    pub fn keymap(&mut self) -> Keymap {
        let (keymap, errors) = preferences::keymap(&self.settings);
        self.complaints.extend(errors.iter().map(ToString::to_string));
        keymap
    }

    /// The signs of the settings, else of the locale.
    #[must_use]
    pub fn glyphs(&self) -> &'static Glyphs {
        preferences::glyphs(&self.settings)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The colours the environment speaks for.
#[must_use]
pub fn depth() -> Depth {
    let [no_color, force, colorterm, term] = ["NO_COLOR", "CLICOLOR_FORCE", "COLORTERM", "TERM"].map(variable);
    Depth::detect(&ColorFacts {
        no_color: no_color.as_deref(),
        force: force.as_deref(),
        colorterm: colorterm.as_deref(),
        term: term.as_deref(),
        terminal: std::io::stdout().is_terminal(),
    })
}

/// The colours of a picture: all of them, unless the environment asks for none or for fewer.
#[must_use]
pub fn forced_depth() -> Depth {
    let no_color = variable("NO_COLOR").is_some_and(|v| !v.is_empty());
    if no_color { Depth::None } else { depth().max(Depth::TrueColor) }
}

/// What is wrong with the kubeconfig, and what to try.
pub(super) fn source_failure(error: SourceError) -> Failure {
    let hint = error.hint();
    let failure = Failure::new(Exit::Usage, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
