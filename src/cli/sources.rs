//! Which sources there are, and which are on from the start: the contexts of the kubeconfig, as the settings' `[[source]]`
//! name them, as the flags ask for them.

use std::collections::BTreeMap;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use super::served;
use crate::config::error::{ConfigError, nearest};
use crate::config::settings::{Settings, SourceSetting};
use crate::domain::text::clean;
use crate::domain::{SourceFacts, Symbol};
use crate::runtime::sources::KnownSource;
use crate::source::argocd::{Address, Through};
use crate::source::kube::{ContextEntry, IN_CLUSTER, KubeconfigPlace, SourceSpec};

/// The sources.
pub struct Listed {
    /// All of them.
    pub sources: Vec<KnownSource>,
    /// Those that start on.
    pub start: Vec<Symbol>,
    /// The first source that is read through a context, by the context's name.
    pub names: BTreeMap<String, Symbol>,
}

/// Lists the sources. One that the settings say something wrong of is left out; [`misled`] says why.
///
/// A context that a `[[source]]` names is read as that source says; the others are sources of their own names. Flags that
/// name contexts or sources decide what starts on; else what a `[[source]]` says, else being the current context.
pub fn list(
    contexts: Vec<ContextEntry>,
    settings: &Settings,
    everywhere: &Everywhere,
    place: &KubeconfigPlace,
) -> Result<Listed, Failure> {
    let names: Vec<String> = contexts.iter().map(|context| context.name.clone()).collect();
    let told = believed(settings, &names).0;
    refuse_unknown(&everywhere.context, &contexts, &told)?;
    let by_flag = served::asked(everywhere)?;
    // a world of our own is all there is in a demonstration
    let alone = *place != KubeconfigPlace::Environment;
    let forwarded = by_flag.as_ref().is_some_and(Address::is_forwarded);
    let through = if forwarded { Some(through(&contexts, &told, everywhere, place)?) } else { None };
    let mut listed = Listed { sources: Vec::new(), start: Vec::new(), names: BTreeMap::new() };
    for context in contexts {
        let mut told_of: Vec<Option<&SourceSetting>> =
            told.iter().filter(|s| s.context.as_ref() == Some(&context.name)).map(|s| Some(*s)).collect();
        if told_of.is_empty() {
            told_of.push(None);
        }
        for setting in told_of {
            let name = Symbol::from(&*clean(setting.map_or(context.name.as_str(), |s| s.name.as_str())));
            let asked = everywhere.context.iter().any(|wanted| *wanted == context.name || **wanted == *name);
            let by_itself = setting.and_then(|s| s.enabled).unwrap_or(context.current);
            let nothing_asked = everywhere.context.is_empty() && by_flag.is_none();
            // with a port-forward a context is the way, and no source of its own
            if everywhere.all_contexts || (asked && !forwarded) || (nothing_asked && by_itself) {
                listed.start.push(name.clone());
            }
            listed.names.entry(context.name.clone()).or_insert_with(|| name.clone());
            let mut source = known(&context, setting, name, everywhere, place);
            source.server = setting.filter(|_| !alone).and_then(|setting| {
                let through = served::through(&context, setting.argocd_namespace.clone(), everywhere, place);
                served::by_setting(setting, settings, everywhere, Some(through))
            });
            if let (Some(spec), Some(server)) = (&mut source.cluster, &source.server) {
                spec.beside = Some(server.place());
            }
            listed.sources.push(source);
        }
    }
    for setting in told.iter().filter(|setting| setting.context.is_none() && !alone) {
        let Some(server) = served::by_setting(setting, settings, everywhere, None) else { continue };
        let asked = everywhere.context.contains(&setting.name);
        // what somebody wrote down as a source of its own is wanted, unless flags name others
        let by_itself = everywhere.context.is_empty() && by_flag.is_none() && setting.enabled.unwrap_or(true);
        let source = served::known(&setting.name, server);
        if asked || by_itself || everywhere.all_contexts {
            listed.start.push(source.name.clone());
        }
        listed.sources.push(source);
    }
    if let Some(address) = by_flag {
        let same = |source: &&KnownSource| {
            source.server.as_ref().is_some_and(|server| server.address == address && server.through == through)
        };
        let known = listed.sources.iter().find(same).map(|source| source.name.clone());
        let name = known.unwrap_or_else(|| {
            let taken = |name: &str| listed.sources.iter().any(|source| &*source.name == name);
            let source = served::by_flag(address, through.clone(), everywhere, taken);
            let name = source.name.clone();
            listed.sources.push(source);
            name
        });
        if !listed.start.contains(&name) {
            listed.start.push(name);
        }
    }
    Ok(listed)
}

/// The context a port-forward goes through: the one that was named, or the current one.
fn through(
    contexts: &[ContextEntry],
    told: &[&SourceSetting],
    everywhere: &Everywhere,
    place: &KubeconfigPlace,
) -> Result<Through, Failure> {
    let named = everywhere.context.first().map(|name| {
        let source = told.iter().find(|source| source.name == *name).and_then(|source| source.context.as_ref());
        source.unwrap_or(name)
    });
    let meant = |entry: &&ContextEntry| named.map_or(entry.current, |name| entry.name == *name);
    let entry = contexts.iter().find(meant).ok_or_else(|| {
        Failure::new(Exit::Usage, "a port-forward to argocd-server goes through a context, and none is current")
            .hint("name one with --context")
    })?;
    let setting = told.iter().find(|source| source.context.as_ref() == Some(&entry.name));
    let namespace = setting.and_then(|setting| setting.argocd_namespace.clone());
    Ok(served::through(entry, namespace, everywhere, place))
}

fn known(
    context: &ContextEntry,
    setting: Option<&SourceSetting>,
    name: Symbol,
    everywhere: &Everywhere,
    place: &KubeconfigPlace,
) -> KnownSource {
    let within = context.name == IN_CLUSTER;
    let context_name = if within { Symbol::default() } else { Symbol::from(&*clean(&context.name)) };
    let facts = SourceFacts { context: context_name, server: context.server.clone(), ..SourceFacts::default() };
    let namespace = everywhere.argocd_namespace.clone().or_else(|| setting?.argocd_namespace.clone());
    let spec = SourceSpec {
        name: name.to_string(),
        context: (!within).then(|| context.name.clone()),
        kubeconfig: place.clone(),
        argocd_namespace: namespace,
        insecure: everywhere.insecure,
        beside: None,
    };
    KnownSource { name, facts, cluster: Some(spec), server: None }
}

/// What the settings say of sources and destinations that cannot be, `contexts` being those of the kubeconfig.
pub fn misled(settings: &Settings, contexts: &[String]) -> Vec<ConfigError> {
    let mut errors = believed(settings, contexts).1;
    for destination in settings.destinations.iter().filter(|d| !contexts.contains(&d.context)) {
        let what = format!("the destination {} is not reached", clean(&destination.is()));
        errors.push(no_context(
            &settings.origin_of("destination", &destination.is()),
            &what,
            &destination.context,
            contexts,
        ));
    }
    errors
}

/// The sources of the settings that can be: each through a context that is there, under a name of its own. Why the others
/// cannot.
fn believed<'s>(settings: &'s Settings, contexts: &[String]) -> (Vec<&'s SourceSetting>, Vec<ConfigError>) {
    let (mut kept, mut errors): (Vec<&SourceSetting>, _) = (Vec::new(), Vec::new());
    for source in &settings.sources {
        let left_out = format!("the source `{}` is left out", clean(&source.name));
        let origin = settings.origin_of("source", &source.name);
        let taken = kept.iter().any(|k| k.name == source.name)
            || contexts.iter().any(|name| *name == source.name && Some(name) != source.context.as_ref());
        if let Some(context) = source.context.as_ref().filter(|context| !contexts.contains(context)) {
            errors.push(no_context(&origin, &left_out, context, contexts));
        } else if taken {
            errors.push(at(
                &origin,
                format!("{left_out}: another source or context has this name"),
                "give it another name",
            ));
        } else {
            kept.push(source);
        }
    }
    (kept, errors)
}

fn no_context(origin: &str, what: &str, context: &str, contexts: &[String]) -> ConfigError {
    let near = nearest(context, contexts.iter().map(String::as_str));
    let hint = near.map_or_else(|| clean(&contexts.join(", ")).into_owned(), |near| clean(near).into_owned());
    let message = format!("{what}: the kubeconfig has no context `{}`", clean(context));
    let hint = if hint.is_empty() { "write the context into the kubeconfig first".to_owned() } else { hint };
    at(origin, message, &hint)
}

/// An error at the `file:line`, the variable or the flag that set something.
pub(super) fn at(origin: &str, message: String, hint: &str) -> ConfigError {
    match origin.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some((file, line)) => ConfigError::at(file, (line, 1), message, hint),
        None => ConfigError::whole(origin, message, hint),
    }
}

fn refuse_unknown(asked: &[String], contexts: &[ContextEntry], told: &[&SourceSetting]) -> Result<(), Failure> {
    let names: Vec<&str> =
        contexts.iter().map(|c| c.name.as_str()).chain(told.iter().map(|s| s.name.as_str())).collect();
    let Some(unknown) = asked.iter().find(|name| !names.contains(&name.as_str())) else { return Ok(()) };
    let failure = Failure::new(Exit::Usage, format!("the kubeconfig has no context `{}`", clean(unknown)));
    let near = nearest(unknown, names.iter().copied());
    Err(failure.hint(near.map_or_else(|| clean(&names.join(", ")).into_owned(), |n| clean(n).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contexts() -> Vec<ContextEntry> {
        let entry = |name: &str, current| ContextEntry {
            name: name.to_owned(),
            current,
            server: format!("https://{name}"),
            argocd_namespace: "argocd".to_owned(),
        };
        vec![entry("minikube", true), entry("cloud", false), entry("old", false)]
    }

    fn listed(text: &str, everywhere: &Everywhere) -> (Listed, Vec<String>) {
        let (settings, errors) = Settings::read("c.toml", text);
        assert_eq!(errors, []);
        let names: Vec<String> = contexts().into_iter().map(|context| context.name).collect();
        let complaints = misled(&settings, &names).iter().map(ToString::to_string).collect();
        (list(contexts(), &settings, everywhere, &KubeconfigPlace::Environment).unwrap(), complaints)
    }

    fn names(listed: &Listed) -> Vec<&str> {
        listed.sources.iter().map(|s| s.name.as_str()).collect()
    }

    const TEXT: &str = r#"[[source]]
name = "predator"
context = "cloud"
argocd_namespace = "argo"
enabled = true
[[source]]
name = "tools"
context = "cloud"
argocd_namespace = "argo-tools"
[[source]]
context = "minikube"
enabled = false
"#;

    #[test]
    fn a_context_is_read_as_its_sources_say() {
        let (listed, complaints) = listed(TEXT, &Everywhere::default());
        assert_eq!(complaints, [""; 0]);
        assert_eq!(names(&listed), ["minikube", "predator", "tools", "old"]);
        assert_eq!(listed.start, [Symbol::from("predator")]);
        let tools = &listed.sources[2];
        let spec = tools.cluster.as_ref().unwrap();
        assert_eq!(spec.argocd_namespace.as_deref(), Some("argo-tools"));
        assert_eq!((spec.context.as_deref(), &*tools.facts.context), (Some("cloud"), "cloud"));
        assert_eq!(listed.names["cloud"], Symbol::from("predator"));
    }

    #[test]
    fn flags_decide_over_settings() {
        let of = |everywhere: Everywhere| {
            let start = listed(TEXT, &everywhere).0.start;
            start.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let asked = |names: &[&str]| Everywhere {
            context: names.iter().map(|n| (*n).to_owned()).collect(),
            ..Everywhere::default()
        };
        assert_eq!(of(asked(&["minikube"])), ["minikube"]);
        assert_eq!(of(asked(&["tools"])), ["tools"]);
        assert_eq!(of(asked(&["cloud"])), ["predator", "tools"]);
        assert_eq!(of(Everywhere { all_contexts: true, ..Everywhere::default() }).len(), 4);
        let namespace = Everywhere { argocd_namespace: Some("mine".to_owned()), ..Everywhere::default() };
        let spec = listed(TEXT, &namespace).0.sources[1].cluster.clone().unwrap();
        assert_eq!(spec.argocd_namespace.as_deref(), Some("mine"));
        let by_url = Everywhere { argocd_server: Some("https://argo.example/cd".to_owned()), ..Everywhere::default() };
        assert_eq!(of(by_url.clone()), ["argo.example"]);
        let all = listed(TEXT, &by_url).0;
        let server = all.sources.last().unwrap().server.clone().unwrap();
        assert_eq!(server.address.to_string(), "https://argo.example/cd");
    }

    #[test]
    fn a_source_that_cannot_be_is_said_and_left_out() {
        let text = "[[source]]\ncontext = \"clowd\"\n[[source]]\nname = \"old\"\ncontext = \"cloud\"\n[[source]]\n\
                    name = \"web\"\nserver = \"https://argocd\"\n[[destination]]\nname = \"far\"\ncontext = \"olt\"\n";
        let (listed, complaints) = listed(text, &Everywhere::default());
        assert_eq!(names(&listed), ["minikube", "cloud", "old", "web"]);
        assert!(listed.sources[3].cluster.is_none() && listed.start.contains(&"web".into()));
        let expected = [
            "c.toml:1: the source `clowd` is left out: the kubeconfig has no context `clowd`\n  try: cloud",
            "c.toml:3: the source `old` is left out: another source or context has this name\n  try: give it another name",
            "c.toml:9: the destination far is not reached: the kubeconfig has no context `olt`\n  try: old",
        ];
        assert_eq!(complaints, expected);
        let asked = Everywhere { context: vec!["clowd".to_owned()], ..Everywhere::default() };
        let refused = list(contexts(), &Settings::default(), &asked, &KubeconfigPlace::Environment);
        assert!(refused.err().unwrap().to_string().contains("try: cloud"));
    }
}
