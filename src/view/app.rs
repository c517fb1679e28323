//! One Application: what it says itself, then its resources by phase and wave with the pods under what made them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::detail::{self, Run};
use super::finder::Finder;
use super::travel;
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::resource::most_telling;
use crate::domain::{AppDetail, AppKey, AppRow, Container, ContainerState, ObjectName, Phase, Pod, Resource, Sync};
use crate::store::{Interest, RowId};
use crate::widget::{Pen, Window};

/// One Application, scrollable.
#[derive(Debug, Default)]
pub struct App {
    lines: Vec<Vec<Run>>,
    /// The lines that are about a resource, by their number.
    objects: Vec<(usize, ObjectName)>,
    window: Window,
    height: usize,
    finder: Finder,
    /// The Applications above this one, where it was reached from one that deploys it.
    parents: Vec<AppKey>,
}

impl View for App {
    fn id(&self) -> ScreenId {
        ScreenId::App
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Detail, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let key = lens.selected.iter();
        key.flat_map(|key| {
            let of = [Interest::Resources, Interest::Pods, Interest::Events, Interest::LastWords];
            of.map(|interest| interest(key.clone()))
        })
        .collect()
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::SearchOpen => {
                return (Handled::Yes, vec![Effect::Ask(Ask::Search, self.finder.sought().to_owned())]);
            }
            CommandId::SearchNext | CommandId::SearchPrior => {
                let (found, said) = self.finder.step(id == CommandId::SearchPrior, &self.texts(), self.window.selected);
                self.window.selected = found.unwrap_or(self.window.selected);
                lens.object = self.object();
                return (Handled::Yes, vec![said]);
            }
            CommandId::ViewBack if self.finder.clear() => {}
            CommandId::ResourceOpen => return (Handled::Yes, self.go_down(lens, seen)),
            CommandId::ViewBack | CommandId::ViewQuit => {
                let Some(parent) = self.parents.pop() else { return (Handled::No, Vec::new()) };
                lens.selected = Some(parent);
                self.window = Window::default();
                return (Handled::Yes, Vec::new());
            }
            id => match travel::steps(id, self.height) {
                Some(by) => self.window.step(by, self.lines.len()),
                None => return (Handled::No, Vec::new()),
            },
        }
        lens.object = self.object();
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        let found = self.finder.typed(text, typing, &self.texts(), self.window.selected);
        self.window.selected = found.unwrap_or(self.window.selected);
        Vec::new()
    }

    fn point(&mut self, at: Position, lens: &mut Lens, _: &Seen<'_>) -> bool {
        let found = self.window.point(at.y.into(), self.lines.len(), self.height);
        lens.object = self.object();
        found
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        let held = self.held();
        self.objects.clear();
        let selected = detail::selected(lens, seen);
        self.lines = selected
            .map_or_else(Vec::new, |(id, row)| lines(seen, id, row, area.width.saturating_sub(2), &mut self.objects));
        if let Some((kind, name)) = &lens.resource
            && let Some((line, _)) = self.objects.iter().find(|(_, o)| *o.kind == **kind && *o.name == **name)
        {
            self.window.selected = *line;
            lens.resource = None;
        } else if let Some((object, below)) = held {
            self.hold(&object, below);
        }
        self.window.clamp(self.lines.len(), self.height);
        lens.object = self.object();
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
                self.finder.write(text, over(*role), seen.style(Role::Found), &mut pen);
            }
        }
    }
}

impl App {
    fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.iter().map(|(text, _)| text.as_str()).collect()).collect()
    }

    /// Into the resource under the cursor: an Application that is known is shown as one.
    fn go_down(&mut self, lens: &mut Lens, seen: &Seen<'_>) -> Vec<Effect> {
        let Some((object, app)) = self.object().zip(lens.selected.clone()) else {
            return self.go_to_first(lens, seen);
        };
        if &*object.kind == "Application" && &*object.group == "argoproj.io" {
            let child = AppKey { source: app.source.clone(), namespace: object.namespace, name: object.name };
            if seen.apps.find(&child).is_some() {
                self.parents.push(app);
                self.window = Window::default();
                lens.selected = Some(child);
                return Vec::new();
            }
        }
        vec![Effect::Push(ScreenId::Resource)]
    }

    /// To the resource somebody wants to look at first: the same key opens it.
    fn go_to_first(&mut self, lens: &mut Lens, seen: &Seen<'_>) -> Vec<Effect> {
        let detail = lens.selected.as_ref().and_then(|app| seen.apps.detail(app));
        let told = detail.and_then(|detail| most_telling(&detail.resources)).map(ObjectName::of);
        let Some((line, name)) = told.and_then(|name| self.objects.iter().find(|(_, object)| *object == name)) else {
            return vec![Effect::Say("its resources are not read yet".to_owned())];
        };
        let said = format!("{} {}: the same key opens it", name.kind, name.name);
        self.window.selected = *line;
        lens.object = self.object();
        vec![Effect::Say(said)]
    }

    /// The resource under the cursor, and how many lines below its first the cursor is.
    fn held(&self) -> Option<(ObjectName, usize)> {
        let found = self.objects.iter().rev().find(|(line, _)| *line <= self.window.selected);
        found.map(|(line, object)| (object.clone(), self.window.selected - line))
    }

    /// Puts the cursor back on a resource that other lines above it have moved.
    fn hold(&mut self, object: &ObjectName, below: usize) {
        let Some(n) = self.objects.iter().position(|(_, known)| known == object) else { return };
        let (line, next) = (self.objects[n].0, self.objects.get(n + 1).map_or(self.lines.len(), |(next, _)| *next));
        self.window.selected = (line + below).min(next.saturating_sub(1));
    }

    /// The resource under the cursor; what is below it and above the next is its too.
    fn object(&self) -> Option<ObjectName> {
        self.held().map(|(object, _)| object)
    }
}

fn lines(
    seen: &Seen<'_>,
    id: RowId,
    row: &AppRow,
    width: u16,
    objects: &mut Vec<(usize, ObjectName)>,
) -> Vec<Vec<Run>> {
    let mut lines = detail::lines(seen, id, row, width);
    let mut pods = seen.apps.pods_of(id);
    match seen.apps.detail(&row.key) {
        None => lines.push(vec![("  its resources are being read".to_owned(), Role::Dim)]),
        Some(detail) => {
            let runs = row.operation.as_ref().is_some_and(|operation| operation.is_active());
            tree(seen, (detail, runs), &mut pods, &mut lines, objects);
        }
    }
    if !pods.is_empty() {
        lines.push(heading("pods"));
        for pod in pods {
            objects.push((lines.len(), name_of(pod)));
            pod_lines(seen, pod, 2, &mut lines);
        }
    }
    for place in seen.apps.places_of(id) {
        if let Some(link) = seen.apps.pods().link(&place).filter(|link| link.is_doubtful()) {
            let (words, role) = super::links::words(seen, link);
            lines.push(vec![(format!("  its pods in {} may have been overtaken: {words}", place.1), role)]);
        }
    }
    lines.extend(super::detail::no_route(seen, id, width));
    lines
}

fn heading(text: &str) -> Vec<Run> {
    vec![(format!(" {text}"), Role::Heading)]
}

fn tree(
    seen: &Seen<'_>,
    (detail, runs): (&AppDetail, bool),
    pods: &mut Vec<&Pod>,
    lines: &mut Vec<Vec<Run>>,
    objects: &mut Vec<(usize, ObjectName)>,
) {
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
        objects.push((lines.len(), ObjectName::of(resource)));
        lines.push(resource_runs(seen, resource, runs));
        pods.retain(|pod| {
            let is_its = pod.workloads().any(|(kind, name)| *kind == *resource.kind && *name == *resource.name)
                && pod.namespace == resource.namespace;
            if is_its {
                objects.push((lines.len(), name_of(pod)));
                pod_lines(seen, pod, 4, lines);
            }
            !is_its
        });
    }
}

fn name_of(pod: &Pod) -> ObjectName {
    ObjectName {
        version: "v1".into(),
        kind: "Pod".into(),
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        ..ObjectName::default()
    }
}

fn resource_runs(seen: &Seen<'_>, resource: &Resource, operation_runs: bool) -> Vec<Run> {
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
        let running = operation_runs && result.phase == Some(Phase::Running);
        let failed = matches!(result.phase, Some(Phase::Failed | Phase::Error)) || &*result.status == "SyncFailed";
        let role = if failed {
            Role::Bad
        } else if running {
            Role::Busy
        } else {
            Role::Dim
        };
        // an ordinary resource reads Running for ever after (recorded, `deploy`): then its status says more
        let phase = result.phase.filter(|phase| *phase != Phase::Running || operation_runs);
        let word = phase.map_or(result.status.as_str(), |phase| phase.word());
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
