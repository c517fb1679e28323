//! One Application: what it says itself, then its resources by phase and wave with the pods under what made them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::detail::{self, Run};
use super::finder::Finder;
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppDetail, AppRow, Container, ContainerState, Phase, Pod, Resource, Sync};
use crate::store::{Interest, RowId};
use crate::widget::{Pen, Window};

/// One Application, scrollable.
#[derive(Debug, Default)]
pub struct App {
    lines: Vec<Vec<Run>>,
    window: Window,
    height: usize,
    finder: Finder,
}

impl App {
    fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.iter().map(|(text, _)| text.as_str()).collect()).collect()
    }
}

impl View for App {
    fn id(&self) -> ScreenId {
        ScreenId::App
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Detail, Scope::Text, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let key = lens.selected.iter();
        key.flat_map(|key| {
            [Interest::Resources(key.clone()), Interest::Pods(key.clone()), Interest::Events(key.clone())]
        })
        .collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let len = self.lines.len();
        let page = self.height.max(2) as isize;
        match id {
            CommandId::CursorDown => self.window.step(1, len),
            CommandId::CursorUp => self.window.step(-1, len),
            CommandId::CursorTop => self.window.step(isize::MIN, len),
            CommandId::CursorBottom => self.window.step(isize::MAX, len),
            CommandId::PageDown => self.window.step(page - 1, len),
            CommandId::PageUp => self.window.step(1 - page, len),
            CommandId::HalfPageDown => self.window.step(page / 2, len),
            CommandId::HalfPageUp => self.window.step(-page / 2, len),
            CommandId::SearchOpen => {
                return (Handled::Yes, vec![Effect::Ask(Ask::Search, self.finder.sought().to_owned())]);
            }
            CommandId::SearchNext | CommandId::SearchPrior => {
                let (found, said) = self.finder.step(id, &self.texts(), self.window.selected);
                self.window.selected = found.unwrap_or(self.window.selected);
                return (Handled::Yes, vec![said]);
            }
            CommandId::ViewBack if self.finder.clear() => {}
            _ => return (Handled::No, Vec::new()),
        }
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        let found = self.finder.typed(text, typing, &self.texts(), self.window.selected);
        self.window.selected = found.unwrap_or(self.window.selected);
        Vec::new()
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        self.lines = detail::selected(lens, seen).map_or_else(Vec::new, |(id, row)| lines(seen, id, row, area.width));
        if let Some((kind, name)) = &lens.resource
            && let Some(at) = self.lines.iter().position(|line| is_about(line, kind, name))
        {
            self.window.selected = at;
            lens.resource = None;
        }
        self.window.clamp(self.lines.len(), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        if self.lines.is_empty() {
            Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text("it is gone", seen.style(Role::Dim));
        }
        for (row, n) in self.window.visible(self.lines.len(), self.height).enumerate() {
            let line = &self.lines[n];
            seen.work.row();
            let here = n == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let mut pen = Pen::new(buf, area, row as u16, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            for (text, role) in line {
                pen.text(text, over(*role));
            }
        }
    }
}

fn lines(seen: &Seen<'_>, id: RowId, row: &AppRow, width: u16) -> Vec<Vec<Run>> {
    let mut lines = detail::lines(seen, id, row, width);
    let mut pods = seen.apps.pods_of(id);
    match seen.apps.detail(&row.key) {
        None => lines.push(vec![("  its resources are being read".to_owned(), Role::Dim)]),
        Some(detail) => tree(seen, detail, &mut pods, &mut lines),
    }
    if !pods.is_empty() {
        lines.push(heading("pods"));
        for pod in pods {
            pod_lines(seen, pod, 2, &mut lines);
        }
    }
    if let Some(link) = seen.apps.place_of(id).and_then(|place| seen.apps.pods().link(&place).cloned())
        && link.is_doubtful()
    {
        let (words, role) = super::links::words(seen, &link);
        lines.push(vec![(format!("  its pods may have been overtaken: {words}"), role)]);
    }
    if let Some(crate::domain::Route::None { server }) = seen.apps.route(id) {
        lines.push(vec![(format!("  no route to {server}: its pods cannot be read"), Role::Warn)]);
    }
    lines
}

/// Whether a line is the one of a resource, as [`resource_runs`] writes it.
fn is_about(line: &[Run], kind: &str, name: &str) -> bool {
    let mut texts = line.iter().map(|(text, _)| text.trim_end());
    texts.any(|text| text == kind) && texts.next() == Some(name)
}

fn heading(text: &str) -> Vec<Run> {
    vec![(format!(" {text}"), Role::Heading)]
}

fn tree(seen: &Seen<'_>, detail: &AppDetail, pods: &mut Vec<&Pod>, lines: &mut Vec<Vec<Run>>) {
    if let Some(why) = &detail.failed {
        lines.push(vec![(format!("  not read anew: {why}"), Role::Warn)]);
    }
    if let Err(why) = &detail.read_from {
        lines.push(vec![(format!("  live objects: {why}"), Role::Warn)]);
    }
    let mut group = None;
    for resource in &detail.resources {
        let phase = resource.phase.as_deref().unwrap_or("Sync");
        let here = (phase, resource.wave);
        if group != Some(here) {
            group = Some(here);
            let wave = if resource.wave == 0 { String::new() } else { format!(" wave {}", resource.wave) };
            lines.push(heading(&format!("{phase}{wave}")));
        }
        lines.push(resource_runs(seen, resource));
        pods.retain(|pod| {
            let is_its = pod.workloads().any(|(kind, name)| *kind == *resource.kind && *name == *resource.name)
                && pod.namespace == resource.namespace;
            if is_its {
                pod_lines(seen, pod, 4, lines);
            }
            !is_its
        });
    }
}

fn resource_runs(seen: &Seen<'_>, resource: &Resource) -> Vec<Run> {
    let (sign, role) = match &resource.health {
        Some((health, _)) => status::health_sign(seen, *health),
        None if resource.missing => (seen.glyphs.missing, Role::Warn),
        None => (seen.glyphs.dot, Role::Dim),
    };
    let sync = resource.sync.map_or("", |sync| status::sync_sign(seen, sync).0);
    let mut runs = vec![
        (format!(" {sign} "), role),
        (format!("{sync:<2} "), if resource.sync == Some(Sync::OutOfSync) { Role::Warn } else { Role::Dim }),
        (format!("{} ", resource.kind), Role::Dim),
        (resource.name.to_string(), Role::Text),
    ];
    if resource.hook {
        runs.push(("  hook".to_owned(), Role::Dim));
    }
    if resource.prune && !resource.hook {
        runs.push(("  left Git: would be pruned".to_owned(), Role::Warn));
    }
    if let Some((health, message)) = &resource.health {
        if let Some(message) = message {
            runs.push((format!("  {message}"), role));
        }
        if let Some(theirs) = resource.argocd_health.filter(|theirs| theirs != health) {
            runs.push((format!("  (Argo CD says {})", theirs.word()), Role::Warn));
        }
    }
    if let Some(why) = &resource.unread {
        runs.push((format!("  not read: {why}"), Role::Warn));
    }
    if let Some(result) = &resource.result {
        let running = result.phase == Some(Phase::Running);
        let failed = matches!(result.phase, Some(Phase::Failed | Phase::Error)) || &*result.status == "SyncFailed";
        let role = if failed {
            Role::Bad
        } else if running {
            Role::Busy
        } else {
            Role::Dim
        };
        let word = result.phase.map_or(result.status.as_str(), |phase| phase.word());
        let message = result.message.as_deref().map_or_else(String::new, |m| format!(": {m}"));
        runs.push((format!("  {word}{message}"), role));
    }
    runs
}

fn pod_lines(seen: &Seen<'_>, pod: &Pod, indent: usize, lines: &mut Vec<Vec<Run>>) {
    let (ready, of) = pod.ready;
    let well = ready == of && of > 0 || &*pod.phase == "Succeeded";
    let role = if well { Role::Ok } else { Role::Warn };
    let mut runs = vec![
        (format!("{:indent$} Pod {}", "", pod.name), Role::Text),
        (format!("  {ready}/{of} {}", pod.reason), role),
    ];
    if pod.restarts > 0 {
        runs.push((format!("  {} restarts", pod.restarts), Role::Warn));
    }
    if !pod.node.is_empty() {
        runs.push((format!("  on {}", pod.node), Role::Dim));
    }
    if let Some(created) = pod.created {
        runs.push((format!("  {}", seen.age(created)), Role::Dim));
    }
    lines.push(runs);
    for container in pod.containers.iter().filter(|c| !c.init || !is_done(c)) {
        lines.push(container_runs(seen, container, indent + 4));
    }
}

fn is_done(container: &Container) -> bool {
    matches!(&container.state, ContainerState::Terminated(ended) if ended.exit_code == 0)
}

fn container_runs(seen: &Seen<'_>, container: &Container, indent: usize) -> Vec<Run> {
    let (state, role) = match &container.state {
        ContainerState::Waiting { reason, message } => {
            let message = message.as_deref().map_or_else(String::new, |m| format!(": {m}"));
            (format!("waits: {reason}{message}"), Role::Warn)
        }
        ContainerState::Running { since } => {
            let age = since.map_or_else(String::new, |at| format!(" for {}", seen.age(at)));
            let role = if container.ready { Role::Dim } else { Role::Warn };
            (format!("runs{age}{}", if container.ready { "" } else { ", not ready" }), role)
        }
        ContainerState::Terminated(ended) => {
            let age = ended.finished.map_or_else(String::new, |at| format!(" {} ago", seen.age(at)));
            let role = if ended.exit_code == 0 { Role::Dim } else { Role::Bad };
            (format!("ended{age}: exit {} ({})", ended.exit_code, ended.reason), role)
        }
    };
    let kind = if container.init { "init " } else { "" };
    vec![
        (format!("{:indent$} {kind}{}  ", "", container.name), Role::Dim),
        (state, role),
        (format!("  {}", container.image), Role::Dim),
    ]
}
