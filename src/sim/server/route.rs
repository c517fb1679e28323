//! From a path to what is called.

use http::Method;

/// What a client calls; names are those in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call<'a> {
    Version,
    Settings,
    Login,
    Logout,
    UserInfo,
    Accounts,
    Account(&'a str),
    CreateToken(&'a str),
    DeleteToken(&'a str, &'a str),
    Password,
    CanI(&'a str, &'a str),
    Applications,
    CreateApplication,
    Application(&'a str),
    UpdateApplication(&'a str),
    UpdateSpec(&'a str),
    PatchApplication(&'a str),
    DeleteApplication(&'a str),
    Sync(&'a str),
    Rollback(&'a str),
    Terminate(&'a str),
    ManagedResources(&'a str),
    ResourceTree(&'a str),
    Resource(&'a str),
    PatchResource(&'a str),
    DeleteResource(&'a str),
    Actions(&'a str),
    RunAction(&'a str),
    RunNamedAction(&'a str),
    Events(&'a str),
    Manifests(&'a str),
    Revision(&'a str, &'a str),
    Windows(&'a str),
    Links(&'a str),
    Logs(&'a str, Option<&'a str>),
    WatchApplications,
    WatchTree(&'a str),
    WatchSets,
    Sets,
    Set(&'a str),
    SetTree(&'a str),
    Projects,
    Project(&'a str),
    DetailedProject(&'a str),
    ProjectWindows(&'a str),
    Clusters,
    Cluster(&'a str),
    Nothing,
    NotificationServices,
    NotificationTriggers,
    NotificationTemplates,
}

impl<'a> Call<'a> {
    /// What a path means; none for paths nobody serves.
    pub fn find(method: &Method, segments: &'a [String]) -> Option<Self> {
        let path: Vec<&'a str> = segments.iter().map(String::as_str).collect();
        if path == ["api", "version"] && method == Method::GET {
            return Some(Self::Version);
        }
        let ["api", "v1", path @ ..] = &path[..] else { return None };
        match *method {
            Method::GET => Self::read(path),
            Method::POST => match *path {
                ["session"] => Some(Self::Login),
                ["account", name, "token"] => Some(Self::CreateToken(name)),
                ["applications"] => Some(Self::CreateApplication),
                ["applications", name, "sync"] => Some(Self::Sync(name)),
                ["applications", name, "rollback"] => Some(Self::Rollback(name)),
                ["applications", name, "resource"] => Some(Self::PatchResource(name)),
                ["applications", name, "resource", "actions"] => Some(Self::RunNamedAction(name)),
                ["applications", name, "resource", "actions", "v2"] => Some(Self::RunAction(name)),
                _ => None,
            },
            Method::PUT => match *path {
                ["account", "password"] => Some(Self::Password),
                ["applications", name] => Some(Self::UpdateApplication(name)),
                ["applications", name, "spec"] => Some(Self::UpdateSpec(name)),
                _ => None,
            },
            Method::PATCH => match *path {
                ["applications", name] => Some(Self::PatchApplication(name)),
                _ => None,
            },
            Method::DELETE => match *path {
                ["session"] => Some(Self::Logout),
                ["account", name, "token", id] => Some(Self::DeleteToken(name, id)),
                ["applications", name] => Some(Self::DeleteApplication(name)),
                ["applications", name, "operation"] => Some(Self::Terminate(name)),
                ["applications", name, "resource"] => Some(Self::DeleteResource(name)),
                _ => None,
            },
            _ => None,
        }
    }

    fn read(path: &[&'a str]) -> Option<Self> {
        Some(match *path {
            ["settings"] => Self::Settings,
            ["session", "userinfo"] => Self::UserInfo,
            ["account"] => Self::Accounts,
            ["account", name] => Self::Account(name),
            ["account", "can-i", resource, action, ..] => Self::CanI(resource, action),
            ["applications"] => Self::Applications,
            ["applications", name] => Self::Application(name),
            ["applications", name, "managed-resources"] => Self::ManagedResources(name),
            ["applications", name, "resource-tree"] => Self::ResourceTree(name),
            ["applications", name, "resource"] => Self::Resource(name),
            ["applications", name, "resource", "actions"] => Self::Actions(name),
            ["applications", name, "resource", "links"] | ["applications", name, "links"] => Self::Links(name),
            ["applications", name, "events"] => Self::Events(name),
            ["applications", name, "logs"] => Self::Logs(name, None),
            ["applications", name, "pods", pod, "logs"] => Self::Logs(name, Some(pod)),
            ["applications", name, "manifests"] => Self::Manifests(name),
            ["applications", name, "revisions", revision, "metadata"] => Self::Revision(name, revision),
            ["applications", name, "syncwindows"] => Self::Windows(name),
            ["stream", "applications"] => Self::WatchApplications,
            ["stream", "applications", name, "resource-tree"] => Self::WatchTree(name),
            ["stream", "applicationsets"] => Self::WatchSets,
            ["applicationsets"] => Self::Sets,
            ["applicationsets", name] => Self::Set(name),
            ["applicationsets", name, "resource-tree"] => Self::SetTree(name),
            ["projects"] => Self::Projects,
            ["projects", name] => Self::Project(name),
            ["projects", name, "detailed"] => Self::DetailedProject(name),
            ["projects", name, "syncwindows"] => Self::ProjectWindows(name),
            ["clusters"] => Self::Clusters,
            ["clusters", id] => Self::Cluster(id),
            ["repositories" | "repocreds" | "certificates" | "gpgkeys" | "write-repositories"] => Self::Nothing,
            ["notifications", "services"] => Self::NotificationServices,
            ["notifications", "triggers"] => Self::NotificationTriggers,
            ["notifications", "templates"] => Self::NotificationTemplates,
            _ => return None,
        })
    }

    /// Whether it may be called by anybody.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Version | Self::Settings | Self::Login | Self::Logout | Self::UserInfo)
    }

    /// Whether the answer is a stream, whose refusals have another shape.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::WatchApplications | Self::WatchTree(_) | Self::WatchSets | Self::Logs(..))
    }
}
