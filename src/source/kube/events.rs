//! The Events of a namespace: their shape in both APIs, what is kept of them, and the watch on them.

use std::sync::Arc;

use super::cluster::Cluster;
use super::collection::{Collection, Kept};
use super::decode::read;
use super::lenient::{Text, objects};
use super::project::{Texts, message, moment};
use crate::domain::{Event, ObjectRef, Symbol};
use crate::store::delta::{Delta, LiveDelta, NamespaceDelta, Sink};

objects! {
    /// An Event. `core/v1` and `events.k8s.io` name the same things differently; only one of each pair is filled.
    EventObject {
        metadata: EventMeta<'de> = "metadata",
        kind: Text<'de> = "type",
        reason: Text<'de> = "reason",
        message: Text<'de> = "message",
        note: Text<'de> = "note",
        involved: Reference<'de> = "involvedObject",
        regarding: Reference<'de> = "regarding",
        count: i64 = "count",
        old_count: i64 = "deprecatedCount",
        first: Text<'de> = "firstTimestamp",
        old_first: Text<'de> = "deprecatedFirstTimestamp",
        last: Text<'de> = "lastTimestamp",
        old_last: Text<'de> = "deprecatedLastTimestamp",
        at: Text<'de> = "eventTime",
        series: Option<Series<'de>> = "series",
        source: EventSource<'de> = "source",
        old_source: EventSource<'de> = "deprecatedSource",
        component: Text<'de> = "reportingComponent",
        controller: Text<'de> = "reportingController",
    }

    EventMeta {
        name: Text<'de> = "name",
        created: Text<'de> = "creationTimestamp",
    }

    Reference {
        kind: Text<'de> = "kind",
        namespace: Text<'de> = "namespace",
        name: Text<'de> = "name",
    }

    Series {
        count: i64 = "count",
        last: Text<'de> = "lastObservedTime",
    }

    EventSource {
        component: Text<'de> = "component",
    }
}

/// Reads the Events of a namespace until it is dropped, and pushes what it learns into the sink. Spawns nothing and
/// never ends: what goes wrong becomes the [`Link`](crate::domain::Link) of the place, and is tried again.
pub async fn watch_events(cluster: Cluster, namespace: Symbol, sink: Arc<dyn Sink>) {
    Collection::new(cluster, namespace, sink, EventKind(Texts::default())).run().await;
}

/// An Event from its JSON; nothing when it cannot be read.
pub(in crate::source) fn read_event(json: &[u8], texts: &mut Texts) -> Option<Event> {
    project(&read::<EventObject<'_>>(json).ok()?.0, texts)
}

struct EventKind(Texts);

impl Kept for EventKind {
    type Item = Event;
    const PLURAL: &'static str = "events";

    fn item(&mut self, object: &[u8]) -> Option<Event> {
        read_event(object, &mut self.0)
    }

    fn delta((context, namespace): (Symbol, Symbol), change: NamespaceDelta<Event>) -> Delta {
        Delta::Live(LiveDelta::Events(context, namespace, change))
    }
}

fn project(event: &EventObject<'_>, texts: &mut Texts) -> Option<Event> {
    let name = texts.some(&event.metadata.name)?;
    let object = if event.involved.name.is_empty() { &event.regarding } else { &event.involved };
    let first_of = |several: &[&str]| several.iter().find(|text| !text.is_empty()).map_or("", |text| *text).to_owned();
    let series = event.series.as_ref();
    let said = first_of(&[&event.message, &event.note]);
    let reporter =
        first_of(&[&event.source.component, &event.old_source.component, &event.component, &event.controller]);
    let count = series.map_or(0, |s| s.count).max(event.count).max(event.old_count).max(1);
    let first = first_of(&[&event.first, &event.old_first, &event.at, &event.metadata.created]);
    let last = [series.map_or("", |s| &s.last), &event.last, &event.old_last, &event.at];
    Some(Event {
        name,
        warning: event.kind == "Warning",
        reason: texts.symbol(&event.reason),
        object: ObjectRef {
            kind: texts.symbol(&object.kind),
            namespace: texts.symbol(&object.namespace),
            name: texts.symbol(&object.name),
        },
        message: message(&said).unwrap_or_default(),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        first: moment(&first),
        last: last.into_iter().filter_map(moment).max().or_else(|| moment(&first)),
        reporter: texts.symbol(&reporter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &serde_json::Value) -> Event {
        EventKind(Texts::default()).item(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn both_apis_say_the_same() {
        let core = event(&serde_json::json!({
            "metadata": { "name": "e.1", "creationTimestamp": "2026-11-23T06:00:00Z" },
            "type": "Warning", "reason": "BackOff", "message": "Back-off \u{1b}[31mrestarting", "count": 7,
            "involvedObject": { "kind": "Pod", "namespace": "dev", "name": "p" },
            "firstTimestamp": "2026-11-23T06:00:00Z", "lastTimestamp": "2026-11-23T06:05:00Z",
            "eventTime": null, "source": { "component": "kubelet" }
        }));
        let new = event(&serde_json::json!({
            "metadata": { "name": "e.1", "creationTimestamp": "2026-11-23T06:00:00Z" },
            "type": "Warning", "reason": "BackOff", "note": "Back-off \u{1b}[31mrestarting", "deprecatedCount": 7,
            "regarding": { "kind": "Pod", "namespace": "dev", "name": "p" },
            "deprecatedFirstTimestamp": "2026-11-23T06:00:00Z", "deprecatedLastTimestamp": "2026-11-23T06:05:00Z",
            "deprecatedSource": { "component": "kubelet" }
        }));
        assert_eq!(core, new);
        assert_eq!((core.count, &*core.message, &*core.reporter), (7, "Back-off restarting", "kubelet"));
    }

    /// Recorded while a container crashed, the newest state of each Event.
    const CRASH: &str = include_str!("../../../tests/fixtures/kubernetes/crash-events.jsonl");

    fn recorded() -> Vec<serde_json::Value> {
        CRASH.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The same object as `events.k8s.io` gives it.
    fn respelled(core: &serde_json::Value) -> serde_json::Value {
        let names = [
            ("message", "note"),
            ("involvedObject", "regarding"),
            ("count", "deprecatedCount"),
            ("firstTimestamp", "deprecatedFirstTimestamp"),
            ("lastTimestamp", "deprecatedLastTimestamp"),
            ("source", "deprecatedSource"),
            ("reportingComponent", "reportingController"),
        ];
        let fields = core.as_object().unwrap().iter().map(|(field, value)| {
            let new = names.iter().find(|(old, _)| old == field).map_or(field.as_str(), |(_, new)| new);
            (new.to_owned(), value.clone())
        });
        fields.collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn recorded_events_are_read_alike_in_both_spellings_and_all_have_their_time() {
        let events: Vec<Event> = recorded().iter().map(event).collect();
        for (event_read, core) in events.iter().zip(recorded()) {
            assert_eq!(*event_read, event(&respelled(&core)));
            assert!(event_read.last.is_some() && event_read.first <= event_read.last, "{event_read:?}");
        }
        // the scheduler gives an eventTime and nothing else
        let scheduled = events.iter().find(|event| &*event.reason == "Scheduled").unwrap();
        assert_eq!(scheduled.last.unwrap().to_string(), "2026-11-23T06:33:23.380882Z");
        assert_eq!((scheduled.count, &*scheduled.reporter), (1, "default-scheduler"));
        // Argo CD leaves the reporting component empty
        let synced = events.iter().find(|event| &*event.reason == "OperationStarted").unwrap();
        assert_eq!(&*synced.reporter, "argocd-application-controller");
        let folded = crate::domain::event::fold(&events);
        assert!(folded.is_sorted_by_key(|event| std::cmp::Reverse(event.last)));
        let back_off = folded.iter().find(|event| event.warning).unwrap();
        assert_eq!((&*back_off.reason, back_off.count), ("BackOff", 4));
    }

    /// What `events.k8s.io` answered (recorded): of each pair of names only one is there.
    #[test]
    fn a_recorded_answer_of_the_new_api_is_read() {
        let answer: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/kubernetes/events-v1.json")).unwrap();
        let mut events = answer["items"].as_array().unwrap().iter().map(|item| {
            let mut item = item.clone();
            item["metadata"] = serde_json::json!({ "name": "e" });
            event(&item)
        });
        let (scheduled, kubelet) = (events.next().unwrap(), events.next().unwrap());
        assert_eq!((&*scheduled.object.kind, &*scheduled.reporter, scheduled.count), ("Pod", "default-scheduler", 1));
        assert_eq!(scheduled.last.unwrap().to_string(), "2026-11-23T06:31:05.752432Z");
        assert_eq!((kubelet.warning, &*kubelet.reporter, kubelet.count), (true, "kubelet", 4));
        assert_eq!(kubelet.last.unwrap().to_string(), "2026-11-23T06:31:08Z");
    }

    #[test]
    fn a_series_counts_as_it_says() {
        let series = event(&serde_json::json!({
            "metadata": { "name": "e.2" }, "reason": "Unhealthy", "eventTime": "2026-11-23T06:00:00.000000Z",
            "series": { "count": 12, "lastObservedTime": "2026-11-23T06:09:00.000000Z" },
            "reportingComponent": "kubelet"
        }));
        assert_eq!(series.count, 12);
        assert_eq!(series.first.unwrap().to_string(), "2026-11-23T06:00:00Z");
        assert_eq!(series.last.unwrap().to_string(), "2026-11-23T06:09:00Z");
        assert_eq!(&*series.reporter, "kubelet");
    }
}
