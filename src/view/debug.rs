//! Where a debugger goes: what attaching would do, the way there, and the entry an editor attaches by.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::empty::wrap;
use super::sessions::{laptop, locals, words};
use super::travel::{scrolled, steps};
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::action::{Injection, Proposal, Verb};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::debug::{Card, Entry, Finding, Kind, Mark};
use crate::domain::{AppKey, ObjectName, Symbol};
use crate::forward::Session;
use crate::widget::Pen;

/// The card.
#[derive(Debug, Default)]
pub struct Debug {
    app: Option<AppKey>,
    offset: usize,
    height: usize,
    count: usize,
}

impl Debug {
    fn card<'s>(&self, seen: &Seen<'s>) -> Option<&'s Result<Box<Card>, String>> {
        let (of, card) = seen.desk.card.as_ref()?;
        (Some(of) == self.app.as_ref()).then_some(card)
    }

    /// The forward that leads there.
    fn session<'s>(&self, seen: &Seen<'s>) -> Option<&'s Session> {
        let app = self.app.as_ref()?;
        seen.desk.sessions.values().rev().find(|session| session.debug && session.app == *app)
    }

    /// The entry for the local port there is, else for the one there would be.
    fn entry(&self, seen: &Seen<'_>) -> Option<Entry> {
        let card = self.card(seen)?.as_ref().ok()?;
        let local = self.session(seen).and_then(|session| session.ports.first()?.local.port());
        Some(Entry::of(card, local.unwrap_or(card.port.port), &seen.desk.folders))
    }

    /// Asks for what only a person knows, once: which folder of the pod is the workspace.
    fn asks(&self, seen: &Seen<'_>) -> Option<Vec<Effect>> {
        let card = self.card(seen)?.as_ref().ok()?;
        seen.desk.folders.is_unknown(card).then(|| vec![Effect::Ask(Ask::Folder, "/app".to_owned())])
    }
}

impl View for Debug {
    fn id(&self) -> ScreenId {
        ScreenId::Debug
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Debug]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let copy = |what: &str, text| Effect::Copy { what: what.to_owned(), text };
        let effects = match id {
            CommandId::DebugAgain => {
                self.app.clone().map(|app| Effect::Debug { app, confirmed: false }).into_iter().collect()
            }
            CommandId::DebugConfirm => {
                let refused = matches!(self.card(seen), Some(Err(_)));
                if self.session(seen).is_some() || !refused {
                    vec![Effect::Say("it listens already".to_owned())]
                } else {
                    vec![Effect::Ask(Ask::Yes, String::new())]
                }
            }
            CommandId::DebugCopy | CommandId::DebugWrite if self.asks(seen).is_some() => {
                self.asks(seen).unwrap_or_default()
            }
            CommandId::DebugInject => self.inject(seen),
            CommandId::DebugFolder => vec![Effect::Ask(Ask::Folder, self.folder(seen))],
            CommandId::DebugCopy => {
                self.entry(seen).map(|entry| copy("the launch entry", entry.text())).into_iter().collect()
            }
            CommandId::DebugCopyLine => {
                let line = self.session(seen).and_then(|session| laptop(session, seen));
                line.map(|line| copy("the ssh line", line)).into_iter().collect()
            }
            CommandId::DebugWrite => {
                let again = seen.desk.launch.is_some();
                self.entry(seen).map(|entry| Effect::Launch { entry, agreed: again }).into_iter().collect()
            }
            CommandId::DebugStop => {
                self.session(seen).map(|session| Effect::StopSession(Some(session.id))).into_iter().collect()
            }
            id => match steps(id, self.height) {
                Some(by) => {
                    self.offset = scrolled(self.offset, by, self.count, self.height);
                    Vec::new()
                }
                None => return (Handled::No, Vec::new()),
            },
        };
        (Handled::Yes, effects)
    }

    fn typed(&mut self, ask: Ask, text: &str, typing: Typing, seen: &Seen<'_>) -> Vec<Effect> {
        if ask == Ask::Folder {
            return if typing == Typing::Accepted { self.mapped(text.trim(), seen) } else { Vec::new() };
        }
        let yes = ask == Ask::Yes && typing == Typing::Accepted && matches!(text.trim(), "y" | "yes");
        let debug = self.app.clone().filter(|_| yes).map(|app| Effect::Debug { app, confirmed: true });
        debug.into_iter().collect()
    }

    fn label(&self, ask: Ask, _: &Seen<'_>, _: u16) -> String {
        let name = self.app.as_ref().map_or("", |app| app.name.as_str());
        match ask {
            Ask::Yes => format!("debug {name}? y/N "),
            Ask::Folder => format!("which folder of {name}'s pods is your workspace? "),
            ask => ask.sign().to_owned(),
        }
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.app.is_none() {
            self.app.clone_from(&lens.selected);
        }
        self.height = usize::from(area.height.saturating_sub(1));
        self.count = self.lines(seen, area.width).len();
        self.offset = self.offset.min(self.count.saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = self.app.as_ref().map_or("", |app| app.name.as_str());
        let title = match self.card(seen) {
            Some(Ok(card)) => {
                let pod = card.pod.as_deref().unwrap_or("no pod");
                let (dot, port) = (seen.glyphs.dot, &card.port);
                format!("Debug {name} {dot} {} in {pod} {dot} {} {}", port.container, port.kind.word(), port.port)
            }
            Some(Err(_)) => format!("Debug {name}"),
            None => format!("Debug {name}: looking{}", seen.glyphs.ellipsis),
        };
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(&title, seen.style(Role::Title));
        let lines = self.lines(seen, area.width);
        for (row, (sign, text, role)) in lines.into_iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            let mut pen = Pen::new(buf, area, row as u16 + 1, seen.glyphs.ellipsis);
            pen.skip(3).cell(sign, 3, seen.style(role)).text(&text, seen.style(role));
        }
    }
}

impl Debug {
    /// Where the process works, as far as that is known.
    fn folder(&self, seen: &Seen<'_>) -> String {
        let card = self.card(seen).and_then(|card| card.as_ref().ok());
        card.and_then(|card| seen.desk.folders.workdir(card)).unwrap_or_else(|| "/app".to_owned())
    }

    /// Has the plan made of a debugger that is put into the pod, where nothing listens.
    fn inject(&self, seen: &Seen<'_>) -> Vec<Effect> {
        let say = |text: &str| vec![Effect::Say(text.to_owned())];
        let Some((app, Ok(card))) = self.app.clone().zip(self.card(seen).map(Result::as_ref)) else {
            return say("nothing is known of the pod yet");
        };
        let Some(pod) = card.pod.as_ref().filter(|_| card.silent) else {
            return say("a debugger is put into a pod where nothing listens");
        };
        if card.port.kind != Kind::Python {
            return say("only debugpy can be put into a running pod");
        }
        let pod = ObjectName {
            group: Symbol::default(),
            version: "v1".into(),
            kind: "Pod".into(),
            namespace: card.namespace.as_str().into(),
            name: pod.as_str().into(),
        };
        let (container, port) = (card.port.container.clone(), card.port.port);
        let verb = Verb::Inject(Box::new(Injection { pod, container, image: card.image.clone(), port }));
        vec![Effect::Propose(Proposal { verb, apps: vec![app] })]
    }

    /// Takes the folder a person named.
    fn mapped(&self, remote: &str, seen: &Seen<'_>) -> Vec<Effect> {
        let Some(Ok(card)) = self.card(seen) else { return Vec::new() };
        if !remote.starts_with('/') {
            return vec![Effect::Say("a folder of a pod begins with /".to_owned())];
        }
        let (service, remote) = (card.service.clone(), remote.to_owned());
        let said = format!("{remote} is remembered for {service}; the same key again");
        vec![Effect::Folder { service, remote }, Effect::Say(said)]
    }
}

type Drawn = (&'static str, String, Role);

impl Debug {
    fn lines(&self, seen: &Seen<'_>, width: u16) -> Vec<Drawn> {
        let room = usize::from(width.saturating_sub(8)).max(10);
        let mut lines: Vec<Drawn> = Vec::new();
        let plain = |text: String, role| ("", text, role);
        match self.card(seen) {
            None => return lines,
            Some(Err(why)) => {
                lines.extend(wrap(why, room).into_iter().map(|part| plain(part, Role::Bad)));
                return lines;
            }
            Some(Ok(card)) => {
                for finding in &card.findings {
                    finding_lines(seen, finding, room, &mut lines);
                }
                for worker in &card.workers {
                    lines.extend(wrap(&worker.words(), room).into_iter().map(|part| plain(part, Role::Dim)));
                }
                if card.silent {
                    lines.extend(offers(card, room).into_iter().map(|(text, role)| plain(text, role)));
                }
                if card.pods.len() > 1 {
                    let pods: Vec<String> = card.pods.iter().map(|(pod, state)| format!("{pod} {state}")).collect();
                    let text = format!("pods of {}: {}", card.target, pods.join(", "));
                    lines.extend(wrap(&text, room).into_iter().map(|part| plain(part, Role::Dim)));
                }
            }
        }
        lines.push(plain(String::new(), Role::Text));
        if let Some(session) = self.session(seen) {
            let state = session.state();
            let (words, role) = words(&state);
            let attached = match state.why() {
                Some(why) => format!("{words}: {why}"),
                None if session.connected() > 0 => "attached".to_owned(),
                None => "waiting for the IDE".to_owned(),
            };
            lines.push(plain(format!("{}  {attached}", locals(session)), role));
            if let Some(line) = laptop(session, seen) {
                let check =
                    if seen.desk.ssh.as_ref().is_some_and(|ssh| ssh.check) { "   (check the host)" } else { "" };
                lines.push(plain(format!("on your laptop   {line}{check}"), Role::Text));
            }
        }
        if let Some(entry) = self.entry(seen) {
            lines.push(plain(format!("VS Code          \"{}\"", entry.name()), Role::Text));
            let unknown = matches!(self.card(seen), Some(Ok(card)) if seen.desk.folders.is_unknown(card));
            for mapped in &entry.mapped {
                let sure = if unknown { "   (a guess: it is asked before it is written)" } else { "" };
                lines.push(plain(format!("folders          {} is {}{sure}", mapped.local, mapped.remote), Role::Dim));
            }
        }
        if let Some((file, change)) = &seen.desk.launch {
            lines.push(plain(String::new(), Role::Text));
            lines.push(plain(format!("{file}, the same key again writes it:"), Role::Warn));
            for line in change {
                let role = match line.chars().next() {
                    Some('+') => Role::Ok,
                    Some('-') => Role::Bad,
                    _ => Role::Dim,
                };
                lines.push(plain(line.clone(), role));
            }
        }
        lines
    }
}

/// What can be done where nothing listens.
fn offers(card: &Card, room: usize) -> Vec<(String, Role)> {
    let mut lines = vec![(String::new(), Role::Text)];
    if let Some(values) = &card.values {
        let place = format!("in Git: debug: true in {} on {} of {}", values.file, values.revision, values.repository);
        lines.extend(wrap(&place, room).into_iter().map(|part| (part, Role::Text)));
        for line in &values.change {
            let role = match line.chars().next() {
                Some('+') => Role::Ok,
                Some('-') => Role::Bad,
                _ => Role::Dim,
            };
            lines.push((format!("  {line}"), role));
        }
        lines.extend(values.commands().into_iter().map(|command| (format!("  $ {command}"), Role::Dim)));
    }
    if card.port.kind == Kind::Python && card.pod.is_some() {
        let text = "or now, without a restart: put debugpy into the pod (debug.inject), as a container beside it, where \
                    the runtime allows that; what is edited live of what Git has, self-heal reverts";
        lines.extend(wrap(text, room).into_iter().map(|part| (part, Role::Text)));
    }
    lines
}

fn finding_lines(seen: &Seen<'_>, finding: &Finding, room: usize, lines: &mut Vec<Drawn>) {
    let (sign, role) = match finding.mark {
        Mark::Good => (seen.glyphs.marked, Role::Ok),
        Mark::Note => (seen.glyphs.dot, Role::Text),
        Mark::Warn => (seen.glyphs.trouble, Role::Warn),
        Mark::Bad => (seen.glyphs.degraded, Role::Bad),
    };
    for (at, part) in wrap(&finding.said, room).into_iter().enumerate() {
        lines.push((if at == 0 { sign } else { "" }, part, role));
    }
    for part in finding.remedy.iter().flat_map(|remedy| wrap(&format!("try: {remedy}"), room)) {
        lines.push(("", part, Role::Dim));
    }
}
