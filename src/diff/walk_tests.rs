use super::*;
use serde_json::json;

fn shown(desired: &Value, live: &Value) -> (Vec<String>, Vec<String>) {
    let walked = walk(Some(desired), Some(live));
    let lines = walked.rows.rows.iter().map(|row| match &row.sides {
        Sides::Same(line) => format!(" {line}"),
        Sides::Changed(desired, live) => format!("~{desired} | {}", live.trim_start()),
        Sides::Desired(line) => format!("+{line}"),
        Sides::Live(line) => format!("-{line}"),
    });
    (lines.collect(), walked.fields.iter().map(|(path, ..)| path.to_string()).collect())
}

#[test]
fn lines_stand_beside_each_other_and_lists_are_matched_by_name() {
    let desired = json!({ "spec": { "replicas": 2, "containers": [
        { "name": "api", "image": "a:1", "env": [{ "name": "A", "value": "1" }] }, { "name": "log", "image": "l" },
    ] } });
    let live = json!({ "spec": { "replicas": 3, "containers": [
        { "name": "api", "image": "a:2", "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "x" }] },
    ] } });
    let (lines, fields) = shown(&desired, &live);
    assert_eq!(
        fields,
        ["spec.containers[api].env[B]", "spec.containers[api].image", "spec.containers[log]", "spec.replicas"]
    );
    let wanted = [
        " spec:",
        "   containers:",
        "   - name: api",
        "     env:",
        "     - name: A",
        "       value: \"1\"",
        "-    - name: B",
        "-      value: x",
        "~    image: a:1 | image: a:2",
        "+  - name: log",
        "+    image: l",
        "~  replicas: 2 | replicas: 3",
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn every_line_knows_where_it_is() {
    let live = json!({ "spec": { "containers": [{ "name": "api", "image": "a" }] } });
    let rows = walk(Some(&live), Some(&live)).rows;
    let paths: Vec<String> = (0..rows.rows.len()).map(|n| rows.path(n).to_string()).collect();
    assert_eq!(paths, ["spec", "spec.containers", "spec.containers[api].name", "spec.containers[api].image"]);
    assert_eq!(rows.counts(), (0, 0));
}

#[test]
fn noise_is_no_difference() {
    let desired = json!({ "spec": { "resources": {}, "a": null, "limits": { "cpu": "1" }, "x": [] } });
    let live = json!({ "spec": { "limits": { "cpu": 1 }, "securityContext": {}, "b": null } });
    assert_eq!(shown(&desired, &live).1, [""; 0]);
}

#[test]
fn texts_are_compared_line_by_line_and_plain_lists_as_a_whole() {
    let (lines, fields) = shown(
        &json!({ "data": { "f": "a\nb\nc\n" }, "args": ["x", "z"] }),
        &json!({ "data": { "f": "a\nB\nc\nd\n" }, "args": ["z"] }),
    );
    assert_eq!(fields, ["args", "data.f"]);
    assert_eq!(lines, [" args:", "+- x", " - z", " data:", "   f: |", "     a", "~    b | B", "     c", "-    d"]);
}

#[test]
fn lists_in_lists_and_odd_items_are_written() {
    let odd = json!({ "a": [[1, 2], {}, [], null, { "b": { "c": 1 } }] });
    let (lines, fields) = shown(&odd, &odd);
    assert_eq!(fields, [""; 0]);
    let text: String = lines.iter().flat_map(|line| [&line[1..], "\n"]).collect();
    let back: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(back, odd, "{text}");
}
