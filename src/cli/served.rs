//! Sources that are read through an argocd-server: what the flags and the settings say of them.

use std::path::PathBuf;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use super::setup::source_failure;
use crate::config::settings::{Settings, SourceSetting};
use crate::domain::SourceFacts;
use crate::domain::text::clean;
use crate::runtime::remember::Remembered;
use crate::runtime::sources::KnownSource;
use crate::source::argocd::{Address, LocalConfig, ServerSpec, Through, TokenRoad, saved_in};
use crate::source::kube::{ContextEntry, IN_CLUSTER, KubeconfigPlace, SourceSpec, context};

/// The argocd-server that was asked for by flag: a URL, or the name of a context of argocd's own configuration.
pub(super) fn asked(everywhere: &Everywhere) -> Result<Option<Address>, Failure> {
    let Some(text) = &everywhere.argocd_server else { return Ok(None) };
    let named = LocalConfig::here().and_then(|config| config.server_of(text));
    named.as_deref().unwrap_or(text).parse().map(Some).map_err(|error| {
        Failure::new(Exit::Usage, format!("--argocd-server: {error}"))
            .hint("--argocd-server https://argocd.example.com")
    })
}

/// Whether there is a source that needs no kubeconfig.
pub(super) fn any(settings: &Settings, everywhere: &Everywhere) -> bool {
    everywhere.argocd_server.is_some() || settings.sources.iter().any(|source| source.context.is_none())
}

/// The source of a flag: named after its host, or wholly where that name is taken; after its context where it is reached
/// through one.
pub(super) fn by_flag(
    address: Address,
    through: Option<Through>,
    everywhere: &Everywhere,
    taken: impl Fn(&str) -> bool,
) -> KnownSource {
    let host = match &through {
        Some(through) => format!("argocd-server@{}", clean(&through.cluster.name)),
        None => clean(address.host()).into_owned(),
    };
    let name = if taken(&host) { address.authority() } else { host };
    let spec = ServerSpec {
        insecure: everywhere.insecure,
        ca: None,
        tokens: roads(&address, through.as_ref(), everywhere.token_file.clone(), true),
        name: name.clone(),
        address,
        through,
    };
    known(&name, spec)
}

/// How a source of the settings is read through its argocd-server; nothing for one without, or one whose URL is none.
/// `through` is the context it is in.
pub(super) fn by_setting(
    setting: &SourceSetting,
    settings: &Settings,
    everywhere: &Everywhere,
    through: Option<Through>,
) -> Option<ServerSpec> {
    let address: Address = setting.server.as_ref()?.parse().ok()?;
    let through = through.filter(|_| address.is_forwarded());
    // a token out of the environment is for one server: it is shown to no other
    let alone = settings.sources.iter().filter(|source| source.server.is_some()).count() == 1;
    let meant = std::env::var("ARGOCD_SERVER")
        .ok()
        .filter(|server| !server.is_empty())
        .map(|server| server.parse::<Address>().is_ok_and(|named| named.authority() == address.authority()));
    let environment = everywhere.argocd_server.is_none() && meant.unwrap_or(alone);
    let file = setting.token_file.as_ref().map(PathBuf::from).or_else(|| {
        let given = everywhere.token_file.clone();
        given.filter(|_| alone && everywhere.argocd_server.is_none())
    });
    Some(ServerSpec {
        name: setting.name.clone(),
        insecure: everywhere.insecure,
        ca: setting.certificate_authority.as_ref().map(PathBuf::from),
        tokens: roads(&address, through.as_ref(), file, environment),
        address,
        through,
    })
}

/// The way through a context to the argocd-server in it; `namespace` is where Argo CD is said to be.
pub(super) fn through(
    entry: &ContextEntry,
    namespace: Option<String>,
    everywhere: &Everywhere,
    place: &KubeconfigPlace,
) -> Through {
    let namespace = everywhere.argocd_namespace.clone().or(namespace);
    let cluster = SourceSpec {
        name: entry.name.clone(),
        context: (entry.name != IN_CLUSTER).then(|| entry.name.clone()),
        kubeconfig: place.clone(),
        argocd_namespace: namespace.clone(),
        insecure: everywhere.insecure,
        beside: None,
    };
    Through { cluster, namespace: namespace.unwrap_or_else(|| entry.argocd_namespace.clone()) }
}

/// The server somebody wants to log in to: by URL, by the name of a source of the settings, or by a port-forward.
pub(super) fn to_log_in(settings: &Settings, everywhere: &Everywhere) -> Result<Option<ServerSpec>, Failure> {
    let place = KubeconfigPlace::Environment;
    let entry = |name: Option<&str>| context(&place, name).map_err(source_failure);
    let named = everywhere.argocd_server.as_ref();
    let told = settings.sources.iter().filter(|source| source.server.is_some());
    let of_settings = |source: &SourceSetting| {
        let through = match &source.context {
            Some(name) if source.server.as_deref().is_some_and(is_forwarded) => {
                Some(through(&entry(Some(name))?, source.argocd_namespace.clone(), everywhere, &place))
            }
            _ => None,
        };
        Ok(by_setting(source, settings, everywhere, through))
    };
    if let Some(source) = told.clone().find(|source| named == Some(&source.name)) {
        return of_settings(source);
    }
    let Some(address) = asked(everywhere)? else { return Ok(None) };
    if !address.is_forwarded() {
        let same = |source: &&SourceSetting| {
            source.server.as_ref().is_some_and(|server| server.parse::<Address>().is_ok_and(|known| known == address))
        };
        if let Some(source) = told.clone().find(same) {
            return of_settings(source);
        }
        return Ok(by_flag(address, None, everywhere, |_| false).server);
    }
    let entry = entry(everywhere.context.first().map(String::as_str))?;
    let namespace = settings.sources.iter().find(|source| source.context.as_ref() == Some(&entry.name));
    let namespace = namespace.and_then(|source| source.argocd_namespace.clone());
    let through = through(&entry, namespace, everywhere, &place);
    Ok(by_flag(address, Some(through), everywhere, |_| false).server)
}

/// Whether a server of the settings is reached by a port-forward.
pub(super) fn is_forwarded(server: &str) -> bool {
    server.parse::<Address>().is_ok_and(|address| address.is_forwarded())
}

/// A source that only its argocd-server tells of.
pub(super) fn known(name: &str, server: ServerSpec) -> KnownSource {
    let facts = SourceFacts { server: server.place(), ..SourceFacts::default() };
    KnownSource { name: clean(name).as_ref().into(), facts, cluster: None, server: Some(server) }
}

/// What is to be said aloud: whoever stands between could read the token.
pub(super) fn in_danger(sources: &[KnownSource]) -> Vec<String> {
    let servers = sources.iter().filter_map(|source| source.server.as_ref());
    let words = |server: &ServerSpec| {
        let address = &server.address;
        if server.through.is_some() {
            // what argocd-server makes for itself no CA has signed: only one that is named can say that it is it
            let place = server.place();
            let why = "the certificate of argocd-server is not verified: whoever stands in for its pod reads its token";
            return server.ca.is_none().then(|| format!("warning: {place}: {why}; certificate_authority names its CA"));
        }
        let near = ["localhost", "127.0.0.1", "[::1]"].contains(&address.host());
        if address.is_plain() {
            (!near).then(|| format!("warning: {address} is not encrypted: whoever is in between reads its token"))
        } else {
            let why = "its certificate is not verified: whoever is in between reads its token";
            server.insecure.then(|| format!("warning: {address}: {why}"))
        }
    };
    servers.filter_map(words).collect()
}

/// Where tokens can come from. A file somebody named is the only one: another token in its place would surprise.
fn roads(address: &Address, through: Option<&Through>, file: Option<PathBuf>, environment: bool) -> Vec<TokenRoad> {
    if let Some(file) = file {
        return vec![TokenRoad::File(file)];
    }
    let saved = Remembered::here().folder().map(|folder| TokenRoad::Saved(saved_in(folder, address, through)));
    let variable = environment.then_some(TokenRoad::Environment);
    variable.into_iter().chain(saved).chain(LocalConfig::here().map(TokenRoad::Argocd)).collect()
}
