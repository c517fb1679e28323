//! The things that can be copied of what is on screen.

use super::twin;
use crate::command::{CommandId, Scope};
use crate::domain::{AppRow, ObjectName};
use crate::store::RowId;
use crate::view::{Effect, Lens, Seen, detail};

/// Something that can be copied.
#[derive(Debug)]
pub(super) struct Item {
    /// The command that copies it.
    pub id: CommandId,
    /// What it is, in a few words.
    pub label: String,
    /// Its beginning, for the person to see what they get.
    pub preview: String,
    /// What copies it.
    pub effect: Effect,
}

/// What can be copied of the selected Application, seen on the screen below.
pub(super) fn items(lens: &Lens, seen: &Seen<'_>) -> Vec<Item> {
    let Some((id, row)) = detail::selected(lens, seen) else { return Vec::new() };
    let mut items = Vec::new();
    if seen.below.contains(&Scope::Why)
        && let Some(why) = seen.apps.why(id, seen.now)
    {
        // what one came to that screen for
        let what = "the reason, for a ticket".to_owned();
        let effect = Effect::Copy { what, text: why.text() };
        items.push(Item { id: CommandId::CopyWhy, label: "why".to_owned(), preview: why.headline(), effect });
    }
    items.push(text(CommandId::CopyName, "name", row.key.name.to_string()));
    let deployed = row.deployed.as_ref().map(|d| &d.revision).filter(|r| !r.is_empty());
    let revision = deployed.unwrap_or(&row.revision);
    if !revision.is_empty() {
        items.push(text(CommandId::CopyRevision, "revision", revision.to_string()));
    }
    items.extend(row.images.iter().map(|i| text(CommandId::CopyImage, "image", i.to_string())));
    items.extend(object(lens, seen, id, row));
    items.push(text(CommandId::CopyArgocd, "argocd command", twin::argocd(lens, seen, row)));
    items.extend(twin::kubectl(lens, seen, id, row).map(|t| text(CommandId::CopyKubectl, "kubectl command", t)));
    items
}

fn text(id: CommandId, label: &str, text: String) -> Item {
    let what = format!("the {label}");
    Item { id, label: label.to_owned(), preview: text.clone(), effect: Effect::Copy { what, text } }
}

/// The resource under the cursor of the Application's own screen, elsewhere the Application.
fn object(lens: &Lens, seen: &Seen<'_>, id: RowId, row: &AppRow) -> Option<Item> {
    let (context, object) = match resource(lens, seen) {
        Some(object) => (seen.apps.route(id)?.context()?.clone(), object.clone()),
        None => (row.key.source.clone(), application(row)),
    };
    Some(Item {
        id: CommandId::CopyObject,
        label: "YAML".to_owned(),
        preview: format!("{} {}, secrets masked", object.kind, object.name),
        effect: Effect::CopyObject { context, object },
    })
}

/// The resource the screen below is about, where it is about one.
pub(super) fn resource<'l>(lens: &'l Lens, seen: &Seen<'_>) -> Option<&'l ObjectName> {
    let has_one = [Scope::Detail, Scope::Resource].iter().any(|scope| seen.below.contains(scope));
    lens.object.as_ref().filter(|_| has_one)
}

fn application(row: &AppRow) -> ObjectName {
    ObjectName {
        group: "argoproj.io".into(),
        version: "v1alpha1".into(),
        kind: "Application".into(),
        namespace: row.key.namespace.clone(),
        name: row.key.name.clone(),
    }
}
