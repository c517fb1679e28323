//! Events: when seen, what about, what happened.

use serde_json::Value;

use super::Cell;
use super::read::{moment, number, text};
use super::table::{Column, NAME, Printer, column, name, wide};

pub(super) static EVENT: Printer = Printer {
    columns: &[
        column("Last Seen", "Time since it happened last."),
        column("Type", "Normal or Warning."),
        column("Reason", "What happened, in a word."),
        column("Object", "What it happened to."),
        wide("Subobject", "The part of the object it happened to."),
        wide("Source", "Who reports it."),
        column("Message", "What happened, in a sentence."),
        wide("First Seen", "Time since it happened first."),
        Column { r#type: "integer", ..wide("Count", "How often it happened.") },
        Column { priority: 1, ..NAME },
    ],
    cells,
};

fn cells(event: &Value) -> Vec<Cell> {
    let at = moment(event, "/eventTime");
    let first = moment(event, "/firstTimestamp").or(at);
    let series = event.pointer("/series").filter(|s| !s.is_null());
    let last =
        series.and_then(|s| moment(s, "/lastObservedTime")).or_else(|| moment(event, "/lastTimestamp")).or(first);
    let count = series.map_or_else(|| number(event, "/count"), |s| number(s, "/count"));
    let object =
        format!("{}/{}", text(event, "/involvedObject/kind").to_ascii_lowercase(), text(event, "/involvedObject/name"));
    vec![
        Cell::Seen { last, count, first },
        Cell::text(text(event, "/type")),
        Cell::text(text(event, "/reason")),
        Cell::text(object),
        Cell::text(text(event, "/involvedObject/fieldPath")),
        Cell::text(source(event)),
        Cell::text(text(event, "/message").trim()),
        Cell::Since(first),
        Cell::Number(count.max(1)),
        name(event),
    ]
}

fn source(event: &Value) -> String {
    let component = Some(text(event, "/source/component")).filter(|c| !c.is_empty());
    let component = component.unwrap_or(text(event, "/reportingComponent"));
    let host = Some(text(event, "/source/host")).filter(|c| !c.is_empty());
    match host.unwrap_or(text(event, "/reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_repeated_event_tells_how_often_and_for_how_long() {
        let event = json!({
            "firstTimestamp": "1970-01-01T00:00:00Z", "lastTimestamp": "1970-01-01T00:04:30Z", "count": 4,
            "involvedObject": {"kind": "Pod", "name": "web-0"},
        });
        let cells = cells(&event);
        assert_eq!(cells[0].render(300), "30s (x4 over 5m)");
        assert_eq!(cells[3].render(300), "pod/web-0");
    }
}
