//! What a screen needs beyond the rows.

use crate::domain::{AppKey, ObjectName, Versus};

/// Something a visible screen shows that is only read while it is looked at. Views list them with what is nearest to the
/// selection first: where there are too many, the last are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interest {
    /// The pods of the namespace an Application deploys to.
    Pods(AppKey),
    /// The Events of the namespace an Application deploys to, and those about the Application itself.
    Events(AppKey),
    /// The resources of an Application, with health from the live objects.
    Resources(AppKey),
    /// What the container an Application's trouble comes from wrote last. Which one that is, its pods tell.
    LastWords(AppKey),
    /// A live object of an Application.
    Object(AppKey, ObjectName),
    /// What an Application's objects are wanted to be against what they are, or any two other states of it.
    Comparison(AppKey, Versus),
}

impl Interest {
    /// Whose it is.
    #[must_use]
    pub fn app(&self) -> &AppKey {
        match self {
            Self::Pods(app)
            | Self::Events(app)
            | Self::Resources(app)
            | Self::LastWords(app)
            | Self::Comparison(app, _)
            | Self::Object(app, _) => app,
        }
    }
}
