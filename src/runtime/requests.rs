//! What the pure half asks for, carried out.

use std::sync::Arc;

use super::interests::Interests;
use super::painter::Painter;
use super::run::{Cockpit, Ended};
use crate::app::{Keep, Msg, Request};
use crate::config::settings::Settings;
use crate::domain::{Symbol, no_cluster};

impl Cockpit {
    /// Takes a message in and carries out what it asks for. Says why the program ends, if it does.
    pub(super) async fn heed(&mut self, msg: Msg, painter: &mut Painter) -> std::io::Result<Option<Ended>> {
        for request in self.take(msg) {
            let ended = self.carry_out(request, painter).await?;
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

    async fn carry_out(&mut self, request: Request, painter: &mut Painter) -> std::io::Result<Option<Ended>> {
        match request {
            Request::Quit => return Ok(Some(Ended::Quit)),
            Request::Suspend => {
                self.suspend().await?;
                self.resize(painter);
            }
            Request::K9s { source, namespace, readonly } => {
                if let Some(signal) = self.lend_to_k9s(&source, &namespace, readonly).await? {
                    return Ok(Some(Ended::By(signal)));
                }
                self.resize(painter);
            }
            Request::Redraw => painter.reset(self.model.size),
            Request::Theme(name) => {
                let said = self.choice.theme(&name, &mut self.model);
                self.model.say(said, self.clock.now());
            }
            Request::Keymap(name) => {
                let said = self.choice.keymap(&name, &mut self.model);
                self.model.say(said, self.clock.now());
            }
            Request::Keep(what) => {
                // a line that is forgotten is no loss worth a word after every command
                let matters = !matches!(what, Keep::Line(_));
                if let Err(error) = self.remembered.keep(&what)
                    && matters
                {
                    self.model.say(error.to_string(), self.clock.now());
                }
            }
            Request::Settings(settings) => self.take_hold(*settings),
            Request::Copy { what, text } => self.copy(what, &text),
            Request::CopyObject { context, object } => match self.interests.access.way(&context) {
                Some(way) => self.errands.read(way, object),
                None => {
                    self.model.say(no_cluster(&context), self.clock.now());
                }
            },
            Request::Save { name, excerpt } => self.saves.begin(&name, *excerpt),
            Request::Plan(proposal) => {
                let Self { deeds, interests: Interests { access, .. }, model, .. } = self;
                deeds.plan(proposal, &model.apps, access);
            }
            Request::Act(order) => {
                let Self { deeds, interests: Interests { access, .. }, model, .. } = self;
                let news = deeds.act(*order, &model.apps, access);
                self.take(Msg::Desk(news));
            }
            Request::AtOnce(proposal) => {
                let Self { deeds, interests: Interests { access, .. }, model, .. } = self;
                let news = deeds.at_once(proposal, &model.apps, access);
                self.take(Msg::Desk(news));
            }
            Request::Forward(wish, confirmed) => {
                let Self { berths, interests: Interests { access, .. }, model, .. } = self;
                let said = berths.forward(*wish, confirmed, &model.apps, access);
                if let Some(news) = said {
                    self.take(Msg::Desk(news));
                }
            }
            Request::Debug(app, confirmed) => {
                let Self { berths, interests: Interests { access, .. }, model, .. } = self;
                let said = berths.debug(app, confirmed, &model.apps, access);
                if let Some(news) = said {
                    self.take(Msg::Desk(news));
                }
            }
            Request::StopSession(id) => {
                let news = self.berths.stop(id);
                self.take(Msg::Desk(news));
            }
            Request::Launch { entry, agreed } => {
                let news = self.berths.launch(&entry, agreed);
                self.take(Msg::Desk(news));
            }
            Request::Recall => self.deeds.recall(),
            Request::Acknowledge(ids) => self.deeds.acknowledge(ids),
            Request::Answer { number, back } => self.deeds.answer(number, back),
            Request::Toggle(source) => {
                self.model.desk.rights.forget(&source);
                self.sources.toggle(&source);
            }
            Request::LogIn(source, step) => {
                let server = self.sources.servers().get(&source);
                self.logins.step(source.clone(), step, server);
            }
            Request::Reconnect(source) => self.reconnect(source.as_ref()),
        }
        Ok(None)
    }

    /// Connects anew: one source, or every one that is on.
    fn reconnect(&mut self, source: Option<&Symbol>) {
        for source in source.cloned().into_iter().chain(self.model.apps.sources().keys().cloned()) {
            self.model.desk.rights.forget(&source);
        }
        self.sources.reconnect(source);
        self.interests.reconnect();
    }

    /// Somebody logged in to the argocd-server of a source: whoever waits to try again need not.
    pub(super) fn let_in(&mut self, source: &Symbol) {
        self.reconnect(Some(source));
        self.sources.start(source);
    }

    /// Has settings that were saved take hold. Other environments sort every Application anew, so the sources are read
    /// from their beginning; their order, colours and protection count at once.
    fn take_hold(&mut self, settings: Settings) {
        self.ahead.extend_from_slice(self.terminal.mouse(settings.mouse));
        self.decoder.hold_escape(settings.escape);
        self.k9s.readonly = settings.readonly;
        self.berths.check_out(settings.git_checkout.clone());
        if settings.readonly {
            self.model.desk.readonly = true;
            self.deeds.forbid(settings.origin("readonly"));
            self.berths.forbid(settings.origin("readonly"));
        }
        if settings.environments != self.choice.settings.environments {
            let classifier = Arc::new(settings.classifier());
            self.model.apps.classify_by(Arc::clone(&classifier));
            self.sources.classify_by(classifier);
        }
        self.choice.settings = settings;
        self.choice.announce(&mut self.model);
    }

    /// Has text go out with the next frame, which is due.
    pub(super) fn copy(&mut self, what: String, text: &str) {
        let said = self.clipboard.put(what, text);
        self.model.say(said.unwrap_or_else(|error| error.to_string()), self.clock.now());
    }
}
