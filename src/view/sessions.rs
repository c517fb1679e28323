//! The port-forwards that are open: what each leads to, how it is doing, and the line that brings it to a laptop. Below
//! them those the settings keep, to be started from here.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::travel::steps;
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppKey, Protection};
use crate::forward::{Local, Profile, Session, State, Wish, ssh_line};
use crate::widget::{Pen, Window};

/// Lines kept for the facts of the selected session.
const DETAIL_LINES: u16 = 8;

/// The sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    window: Window,
    height: usize,
    /// The Application a new one is for.
    app: Option<AppKey>,
    /// What waits for a yes.
    wish: Option<Wish>,
    /// The forwards of the settings that are not open, and the Application each is for.
    kept: Vec<(Profile, Option<AppKey>)>,
}

impl Sessions {
    fn selected<'s>(&self, seen: &Seen<'s>) -> Option<&'s Session> {
        seen.desk.sessions.values().nth(self.window.selected)
    }

    fn selected_kept(&self, seen: &Seen<'_>) -> Option<&(Profile, Option<AppKey>)> {
        self.kept.get(self.window.selected.checked_sub(seen.desk.sessions.len())?)
    }

    /// How many lines there are.
    fn len(&self, seen: &Seen<'_>) -> usize {
        seen.desk.sessions.len() + self.kept.len()
    }

    /// Starts what the settings keep, after a yes where one is needed.
    fn start(&mut self, seen: &Seen<'_>) -> Vec<Effect> {
        let Some((profile, app)) = self.selected_kept(seen) else {
            let open = self.selected(seen).is_some();
            let said = if open { "it is open already" } else { "a [[forward]] of the settings is started here" };
            return vec![Effect::Say(said.to_owned())];
        };
        let Some(app) = app else {
            let Profile { service, environment, .. } = profile;
            return vec![Effect::Say(format!("there is no Application of {service} in {environment}"))];
        };
        let wish = profile.wish(app.clone());
        self.open(wish, seen)
    }

    fn open(&mut self, wish: Wish, seen: &Seen<'_>) -> Vec<Effect> {
        if protection(&wish.app, seen) == Protection::Typed {
            self.wish = Some(wish);
            return vec![Effect::Ask(Ask::Yes, String::new())];
        }
        vec![Effect::Forward(Box::new(wish), false)]
    }
}

/// The forwards of the settings that are not open.
fn kept(seen: &Seen<'_>) -> Vec<(Profile, Option<AppKey>)> {
    let of = |profile: &Profile| {
        let is = |environment: &Option<crate::domain::Symbol>| environment.as_ref() == Some(&profile.environment);
        let mut all = seen.apps.all();
        all.find(|row| row.service == profile.service && is(&row.environment)).map(|row| row.key.clone())
    };
    let all = seen.desk.profiles.iter().map(|profile| (profile.clone(), of(profile)));
    let is_open =
        |profile: &Profile, app: &AppKey| seen.desk.sessions.values().any(|session| profile.is_open(app, session));
    all.filter(|(profile, app)| !app.as_ref().is_some_and(|app| is_open(profile, app))).collect()
}

impl View for Sessions {
    fn id(&self) -> ScreenId {
        ScreenId::Sessions
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Sessions]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let selected = self.selected(seen);
        let effects = match id {
            CommandId::SessionStart => self.start(seen),
            CommandId::SessionStop => {
                selected.map(|session| Effect::StopSession(Some(session.id))).into_iter().collect()
            }
            CommandId::SessionStopAll => vec![Effect::StopSession(None)],
            CommandId::SessionCopy => {
                let line = selected.and_then(|session| laptop(session, seen));
                let copy = |text| Effect::Copy { what: "the ssh line".to_owned(), text };
                line.map(copy).into_iter().collect()
            }
            id => match steps(id, self.height) {
                Some(by) => {
                    self.window.step(by, self.len(seen));
                    Vec::new()
                }
                None => return (Handled::No, Vec::new()),
            },
        };
        (Handled::Yes, effects)
    }

    fn point(&mut self, at: Position, _: &mut Lens, seen: &Seen<'_>) -> bool {
        let len = self.len(seen);
        usize::from(at.y).checked_sub(1).is_some_and(|line| self.window.point(line, len, self.height))
    }

    fn typed(&mut self, ask: Ask, text: &str, typing: Typing, seen: &Seen<'_>) -> Vec<Effect> {
        if typing != Typing::Accepted {
            return Vec::new();
        }
        match ask {
            Ask::Ports => {
                let Some(app) = self.app.clone() else { return Vec::new() };
                match Wish::read(app, text) {
                    Err(error) => vec![Effect::Say(error.to_string())],
                    Ok(wish) => self.open(wish, seen),
                }
            }
            Ask::Yes => match (self.wish.take(), text.trim()) {
                (Some(wish), "y" | "yes") => vec![Effect::Forward(Box::new(wish), true)],
                _ => vec![Effect::Say("nothing was opened".to_owned())],
            },
            _ => Vec::new(),
        }
    }

    fn label(&self, ask: Ask, seen: &Seen<'_>, width: u16) -> String {
        let app = self.wish.as_ref().map(|wish| &wish.app).or(self.app.as_ref());
        let name = app.map_or("", |app| app.name.as_str());
        match ask {
            Ask::Ports if width < 110 => format!("forward {name}, ports [--bind --unix --target --kubectl]: "),
            Ask::Ports => format!(
                "forward {name}, ports (8000, http, 9000:8000; none for its first) [--bind ADDR --unix PATH --target \
                 WHAT --kubectl]: "
            ),
            Ask::Yes => {
                let environment = app.map(|app| environment_name(app, seen)).unwrap_or_default();
                format!("forward {name} in {environment}? y/N ")
            }
            ask => ask.sign().to_owned(),
        }
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.app.clone_from(&lens.selected);
        self.height = usize::from(area.height.saturating_sub(DETAIL_LINES + 2)).max(1);
        self.kept = kept(seen);
        self.window.clamp(self.len(seen), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let sessions = &seen.desk.sessions;
        if sessions.is_empty() && self.kept.is_empty() {
            let text = "No session is open. F on an Application forwards a port, D leads a debugger there.";
            Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(2).text(text, seen.style(Role::Dim));
            return;
        }
        let wide = area.width >= 100;
        let heading = seen.style(Role::Heading);
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        pen.skip(2).cell("local", 22, heading).cell("application", 20, heading).cell("state", 16, heading);
        if wide {
            pen.cell("leads to", 26, heading);
        }
        pen.cell("bytes", 16, heading).text("age", heading);
        let visible = self.window.visible(self.len(seen), self.height);
        let (first, count) = (visible.start, visible.len());
        let styled = |line: usize| {
            let here = first + line == self.window.selected;
            move |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) }
        };
        for (line, session) in sessions.values().skip(first).take(count).enumerate() {
            seen.work.row();
            let here = first + line == self.window.selected;
            let over = styled(line);
            let mut pen = Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            pen.cell(&locals(session), 21, over(Role::Text)).skip(1).cell(&session.app.name, 20, over(Role::Text));
            let (words, role) = words(&session.state());
            pen.cell(&words, 16, over(role));
            if wide {
                pen.cell(&session.leads_to(), 26, over(Role::Dim));
            }
            pen.cell(&bytes(session), 16, over(Role::Dim)).text(&seen.age(session.opened), over(Role::Dim));
        }
        let shown = sessions.len().saturating_sub(first).min(count);
        let skipped = first.saturating_sub(sessions.len());
        for (line, (profile, app)) in self.kept.iter().skip(skipped).take(count - shown).enumerate() {
            seen.work.row();
            let line = shown + line;
            let here = first + line == self.window.selected;
            let over = styled(line);
            let mut pen = Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            let name = app.as_ref().map_or_else(|| profile.service.to_string(), |app| app.name.to_string());
            pen.cell(&profile.name, 21, over(Role::Dim)).skip(1).cell(&name, 20, over(Role::Text));
            pen.cell(if app.is_some() { "saved" } else { "nowhere" }, 16, over(Role::Dim));
            pen.text(&profile.leads_to(), over(Role::Dim));
        }
        if let Some((profile, app)) = self.selected_kept(seen) {
            kept_facts(seen, profile, app.as_ref(), super::fleet::below(area, 2 + count as u16), buf);
        }
        if let Some(session) = self.selected(seen) {
            facts(seen, session, super::fleet::below(area, 2 + count as u16), buf);
        }
    }
}

fn protection(app: &AppKey, seen: &Seen<'_>) -> Protection {
    let row = seen.apps.find(app).and_then(|id| seen.apps.get(id));
    let environment = row.and_then(|row| row.environment.clone()).unwrap_or_default();
    seen.apps.describe(&environment).protection
}

fn environment_name(app: &AppKey, seen: &Seen<'_>) -> String {
    let row = seen.apps.find(app).and_then(|id| seen.apps.get(id));
    let environment = row.and_then(|row| row.environment.clone()).unwrap_or_default();
    seen.environment_name(&seen.apps.describe(&environment))
}

/// Where a session listens.
pub(super) fn locals(session: &Session) -> String {
    session.ports.iter().map(|port| port.local.to_string()).collect::<Vec<_>>().join(" ")
}

/// A state in a word or two.
pub(super) fn words(state: &State) -> (String, Role) {
    match state {
        State::Listening => (state.word().to_owned(), Role::Text),
        State::Dialling | State::Redialling(_) => (state.word().to_owned(), Role::Busy),
        State::Connected(count) => (format!("connected {count}"), Role::Ok),
        State::NoReadyPod(_) => (state.word().to_owned(), Role::Warn),
        State::Denied(_) | State::Stopped(_) => (state.word().to_owned(), Role::Bad),
    }
}

fn bytes(session: &Session) -> String {
    let (up, down) = session.bytes();
    if up + down == 0 { String::new() } else { format!("{} up {} down", short(up), short(down)) }
}

/// A count of bytes in three digits at the most.
fn short(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes}B"),
        1_000..1_000_000 => format!("{}K", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{}M", bytes / 1_000_000),
        _ => format!("{}G", bytes / 1_000_000_000),
    }
}

/// The line for a laptop, where it is known how this machine is reached.
pub(super) fn laptop(session: &Session, seen: &Seen<'_>) -> Option<String> {
    let host = seen.desk.ssh.as_ref()?;
    let port = session.ports.first()?;
    Some(match &port.local {
        Local::Port(address) => ssh_line(&host.host, address.port(), None),
        Local::Socket(path) => ssh_line(&host.host, 5678, Some(path)),
    })
}

/// What a forward of the settings would do.
fn kept_facts(seen: &Seen<'_>, profile: &Profile, app: Option<&AppKey>, area: Rect, buf: &mut Buffer) {
    let Profile { service, environment, .. } = profile;
    let title = format!("{} (from the settings)", profile.name);
    Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(2).text(&title, seen.style(Role::Title));
    let what = match app {
        Some(app) => format!("{}: {}", app.name, profile.leads_to()),
        None => format!("there is no Application of {service} in {environment}"),
    };
    let mut lines = vec![(what, Role::Text)];
    if let Some(path) = &profile.unix {
        lines.push((format!("on the socket {}", path.display()), Role::Text));
    } else if !profile.bind.is_loopback() {
        lines.push((format!("on {}: whoever reaches that reaches the pod", profile.bind), Role::Warn));
    }
    if profile.kubectl {
        lines.push(("carried by kubectl".to_owned(), Role::Text));
    }
    for (line, (text, role)) in lines.into_iter().enumerate() {
        Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis).skip(4).text(&text, seen.style(role));
    }
}

fn facts(seen: &Seen<'_>, session: &Session, area: Rect, buf: &mut Buffer) {
    let mut lines: Vec<(String, Role)> = Vec::new();
    let state = session.state();
    match state.why() {
        Some(why) => lines.push((format!("{}: {why}", state.word()), words(&state).1)),
        None => {
            if let Some(last) = &session.last {
                lines.push((format!("went wrong last: {last}"), Role::Dim));
            }
        }
    }
    let pod = session.pod.as_ref();
    let pod = pod.map_or_else(|| "no pod".to_owned(), |(pod, container)| format!("{container} in {pod}"));
    let by = if session.kubectl { ", carried by kubectl" } else { "" };
    let served = match session.served {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    };
    lines.push((format!("{} in {}: {pod}, {served} so far{by}", session.leads_to(), session.namespace), Role::Text));
    for port in &session.ports {
        if let Some(busy) = port.instead_of {
            lines.push((format!("port {busy} is busy: {} instead", port.local), Role::Warn));
        }
    }
    if session.exposed {
        lines.push((format!("whoever reaches {} reaches the pod", locals(session)), Role::Warn));
    }
    if let Some(line) = laptop(session, seen) {
        let check = if seen.desk.ssh.as_ref().is_some_and(|ssh| ssh.check) { "   (check the host)" } else { "" };
        lines.push((format!("on your laptop   {line}{check}"), Role::Text));
    }
    Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(2).text(&session.app.name, seen.style(Role::Title));
    for (line, (text, role)) in lines.into_iter().enumerate() {
        Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis).skip(4).text(&text, seen.style(role));
    }
}
