//! What the control plane would let us do: asked, not guessed.

use super::control::Control;
use super::plan::Right;

/// What is missing to change the Applications of a namespace, or one of them, which is in `project`; nothing when it may
/// be done, or when the server does not say.
pub async fn may_change(control: &Control, namespace: &str, name: Option<&str>, project: &str) -> Option<String> {
    let right = match control {
        Control::Cluster(_) => Right {
            verb: "patch",
            group: "argoproj.io".to_owned(),
            kind: "Application".to_owned(),
            namespace: namespace.to_owned(),
            name: name.unwrap_or_default().to_owned(),
        },
        // rights there are by project: all of a namespace is all of every project
        Control::Server(_) => Right::served("sync", name.map_or("*", |_| project), name.unwrap_or("*")),
    };
    control.missing(&right).await
}
