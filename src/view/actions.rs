//! What can be done to the resource under the cursor, and to its Application.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::travel::steps;
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View, detail};
use crate::action::{Propagation, Proposal, SyncOptions, Verb};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppKey, ObjectName, ResourceAction, Route};
use crate::store::Interest;
use crate::widget::{Pen, Window};

/// The menu.
#[derive(Debug, Default)]
pub struct Actions {
    key: Option<AppKey>,
    object: Option<ObjectName>,
    items: Vec<Item>,
    window: Window,
    height: usize,
}

#[derive(Debug)]
struct Item {
    label: String,
    /// What it is planned from; scaling asks for a number first.
    verb: Verb,
}

impl View for Actions {
    fn id(&self) -> ScreenId {
        ScreenId::Actions
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Actions]
    }

    fn interests(&self, _: &Lens, seen: &Seen<'_>) -> Vec<Interest> {
        // where argocd-server says what can be done to an object, it says so with the object
        let asked = self.key.as_ref().zip(self.object.as_ref()).filter(|(key, _)| is_served(seen, key));
        asked.map(|(key, object)| Interest::Object(key.clone(), object.clone())).into_iter().collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::ActionsChoose | CommandId::ActionsOpen => (Handled::Yes, self.choose()),
            id => match steps(id, self.height) {
                Some(by) => {
                    self.window.step(by, self.items.len());
                    (Handled::Yes, Vec::new())
                }
                None => (Handled::No, Vec::new()),
            },
        }
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        let (Typing::Accepted, Some(object)) = (typing, self.object.clone()) else { return Vec::new() };
        match text.trim().parse() {
            Ok(replicas) => self.propose(Verb::Scale { object, replicas }),
            Err(_) => vec![Effect::Say(format!("`{text}` is no number of replicas"))],
        }
    }

    fn label(&self, ask: Ask, _: &Seen<'_>, width: u16) -> String {
        match &self.object {
            Some(object) if width >= 50 => format!("replicas of {} {}: ", object.kind, object.name),
            Some(_) => "replicas: ".to_owned(),
            None => ask.sign().to_owned(),
        }
    }

    fn point(&mut self, at: Position, _: &mut Lens, _: &Seen<'_>) -> bool {
        let line = usize::from(at.y).checked_sub(2);
        line.is_some_and(|line| self.window.point(line, self.items.len(), self.height))
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.key.is_none() {
            self.key.clone_from(&lens.selected);
            let below = [Scope::Detail, Scope::Resource].iter().any(|scope| seen.below.contains(scope));
            self.object = lens.object.clone().filter(|_| below);
        }
        self.items = items(lens, seen, self.object.as_ref());
        self.height = usize::from(area.height.saturating_sub(2));
        self.window.clamp(self.items.len(), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = self.key.as_ref().map_or("nothing", |key| &*key.name);
        let title = match &self.object {
            Some(object) => format!("Actions on {} {} of {name}", object.kind, object.name),
            None => format!("Actions on {name}"),
        };
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(&title, seen.style(Role::Title));
        for (line, n) in self.window.visible(self.items.len(), self.height).enumerate() {
            seen.work.row();
            let here = n == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let mut pen = Pen::new(buf, area, line as u16 + 2, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            pen.text(&self.items[n].label, over(Role::Text));
        }
    }
}

impl Actions {
    fn choose(&self) -> Vec<Effect> {
        match self.items.get(self.window.selected) {
            None => vec![Effect::Say("there is nothing to do to it".to_owned())],
            Some(Item { verb: Verb::Scale { .. }, .. }) => vec![Effect::Ask(Ask::Number, String::new())],
            Some(item) => self.propose(item.verb.clone()),
        }
    }

    fn propose(&self, verb: Verb) -> Vec<Effect> {
        let Some(key) = self.key.clone() else { return Vec::new() };
        let at_once = matches!(verb, Verb::Refresh { .. });
        let proposal = Proposal { verb, apps: vec![key] };
        vec![Effect::Pop, if at_once { Effect::AtOnce(proposal) } else { Effect::Propose(proposal) }]
    }
}

/// Only what makes sense for the kind.
fn items(lens: &Lens, seen: &Seen<'_>, object: Option<&ObjectName>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |label: String, verb: Verb| items.push(Item { label, verb });
    if let Some(object) = object {
        let what = format!("{} {}", object.kind, object.name);
        let is = |kinds: &[&str]| kinds.contains(&&*object.kind);
        let served = lens.selected.as_ref().is_some_and(|key| is_served(seen, key));
        if served {
            for (label, verb) in offered(lens, seen, object) {
                add(label, verb);
            }
        }
        let is = |kinds: &[&str]| !served && is(kinds);
        if is(&["Deployment", "StatefulSet", "DaemonSet"]) {
            add(format!("Restart {what}"), Verb::Restart(object.clone()));
        }
        if is(&["Deployment", "StatefulSet"]) {
            add(format!("Scale {what}"), Verb::Scale { object: object.clone(), replicas: 0 });
        }
        if is(&["Deployment"]) {
            add(format!("Pause the rollout of {what}"), Verb::Pause(object.clone()));
            add(format!("Resume the rollout of {what}"), Verb::Resume(object.clone()));
        }
        if is_managed(lens, seen, object) {
            let options = SyncOptions { resources: vec![object.clone()], ..SyncOptions::default() };
            add(format!("Sync {what} alone"), Verb::Sync(options));
        }
        // an Application is deleted by its own name only
        if &*object.kind != "Application" {
            let propagation = Propagation::Foreground;
            add(format!("Delete {what}"), Verb::DeleteResource { object: object.clone(), propagation });
        }
    }
    if let Some((_, row)) = detail::selected(lens, seen) {
        let name = &row.key.name;
        add(format!("Sync {name}"), Verb::Sync(SyncOptions::default()));
        add(format!("Compare {name} with Git"), Verb::Refresh { hard: false });
        add(format!("Compare {name} with Git, with fresh manifests"), Verb::Refresh { hard: true });
        if row.operation.as_ref().is_some_and(|operation| operation.is_active()) {
            add(format!("Terminate the operation of {name}"), Verb::Terminate);
        }
        let on = !row.auto_sync.enabled;
        add(format!("Switch auto-sync of {name} {}", if on { "on" } else { "off" }), Verb::AutoSync { on });
    }
    items
}

/// Whether argocd-server reads and writes the objects of an Application.
fn is_served(seen: &Seen<'_>, key: &AppKey) -> bool {
    seen.apps.find(key).and_then(|id| seen.apps.route(id)).is_some_and(|route| matches!(route, Route::Served { .. }))
}

/// What argocd-server offers to do to an object now, once it said so.
fn offered(lens: &Lens, seen: &Seen<'_>, object: &ObjectName) -> Vec<(String, Verb)> {
    let id = lens.selected.as_ref().and_then(|key| seen.apps.find(key));
    let live = id.and_then(|id| seen.apps.object(id, object));
    let actions = live.and_then(|live| live.actions.as_deref()).unwrap_or_default();
    let what = format!("{} {}", object.kind, object.name);
    let of = |action: &ResourceAction| {
        let object = object.clone();
        Some(match (&*action.name, action.parameters.as_slice()) {
            ("restart", []) => (format!("Restart {what}"), Verb::Restart(object)),
            ("pause", []) if &*object.kind == "Deployment" => {
                (format!("Pause the rollout of {what}"), Verb::Pause(object))
            }
            ("resume", []) if &*object.kind == "Deployment" => {
                (format!("Resume the rollout of {what}"), Verb::Resume(object))
            }
            ("scale", [only]) if &**only == "replicas" => {
                (format!("Scale {what}"), Verb::Scale { object, replicas: 0 })
            }
            (name, []) => {
                let title = if action.title.is_empty() { name } else { &*action.title };
                (format!("{title}: {what}"), Verb::Run { object, action: action.name.clone() })
            }
            // what it wants to be told nobody here knows how to ask
            _ => return None,
        })
    };
    actions.iter().filter(|action| !action.disabled).filter_map(of).collect()
}

fn is_managed(lens: &Lens, seen: &Seen<'_>, object: &ObjectName) -> bool {
    let detail = lens.selected.as_ref().and_then(|key| seen.apps.detail(key));
    detail.is_some_and(|detail| {
        detail.resources.iter().any(|resource| {
            !resource.hook
                && (&resource.group, &resource.kind, &resource.namespace, &resource.name)
                    == (&object.group, &object.kind, &object.namespace, &object.name)
        })
    })
}
