//! Merging into launch.json.

use super::*;
use proptest::prelude::*;

fn backend(port: u16) -> Entry {
    Entry {
        service: "backend".to_owned(),
        environment: "dev".to_owned(),
        kind: Kind::Python,
        port,
        mapped: vec![Mapped { local: "${workspaceFolder}/backend".to_owned(), remote: "/app".to_owned() }],
    }
}

fn frontend() -> Entry {
    Entry { service: "frontend".to_owned(), kind: Kind::Node, port: 9229, ..backend(0) }
}

const OURS: &str = r#"{
  "version": "0.2.0",
  "configurations": [
    {
      "name": "Attach: backend (dev)",
      "type": "debugpy",
      "request": "attach",
      "connect": {
        "host": "127.0.0.1",
        "port": 5678
      },
      "pathMappings": [
        {
          "localRoot": "${workspaceFolder}/backend",
          "remoteRoot": "/app"
        }
      ],
      "justMyCode": false
    }
  ]
}
"#;

#[test]
fn a_file_is_made_where_there_is_none() {
    assert_eq!(merge("", &backend(5678)).unwrap(), OURS);
    assert_eq!(merge(OURS, &backend(5678)).unwrap(), OURS, "a second time changes nothing");
    assert!(
        backend(5678).text().starts_with("{\n  \"name\": \"Attach: backend (dev)\",\n  \"type\""),
        "{}",
        backend(5678).text()
    );
}

const THEIRS: &str = "// what the team starts\n{\n\t\"version\": \"0.2.0\", /* old */\n\t\"inputs\": [ ],\n\t\"configurations\": [\n\
    \t\t// the API, here\n\t\t{ \"name\": \"FastAPI\", \"type\":\"debugpy\",   \"request\": \"launch\", },\n\n\
    \t\t{\"name\":\"Next\" , \"type\":\"node\"}, // trailing\n\t],\n\t\"compounds\": [],\n}\n";

/// The lines of `after` without those that are new compared to `before`, in order.
fn kept(before: &str, after: &str) -> bool {
    let mut rest = after.split_inclusive('\n');
    before.split_inclusive('\n').all(|line| rest.any(|other| other == line))
}

#[test]
fn comments_commas_tabs_and_line_ends_of_others_stay() {
    for text in [THEIRS.to_owned(), THEIRS.replace('\n', "\r\n"), format!("\u{feff}{THEIRS}")] {
        let merged = merge(&text, &backend(5678)).unwrap();
        assert!(kept(&text, &merged), "{merged}");
        assert_eq!(merged.contains("\r\n"), text.contains("\r\n"));
        assert!(!text.contains('\r') || !merged.replace("\r\n", "").contains('\n'), "one kind of line end: {merged:?}");
        assert_eq!(merge(&merged, &backend(5678)).unwrap(), merged);
        let moved = merge(&merged, &backend(5679)).unwrap();
        assert_eq!(moved, merged.replace("5678", "5679"), "another port changes the port and nothing else");
    }
}

#[test]
fn what_a_person_wrote_into_our_entry_is_theirs() {
    let edited = OURS
        .replace("\"justMyCode\": false", "\"justMyCode\": true, // mine\n      \"subProcess\": true")
        .replace("\"/app\"", "\"/srv/app\"")
        .replace("\"host\": \"127.0.0.1\"", "\"host\": \"localhost\"");
    let merged = merge(&edited, &backend(5700)).unwrap();
    assert_eq!(merged, edited.replace("5678", "5700").replace("localhost", "127.0.0.1"));
}

#[test]
fn backend_and_frontend_of_an_environment_start_together() {
    let both = merge(&merge("", &backend(5678)).unwrap(), &frontend()).unwrap();
    let root: serde_json::Value = serde_json::from_str(&both).unwrap();
    let node = &root["configurations"][1];
    assert_eq!((&node["type"], &node["port"], &node["restart"]), (&"node".into(), &9229.into(), &true.into()));
    assert_eq!(node["remoteRoot"], "/app");
    let compound = &root["compounds"][0];
    assert_eq!(compound["name"], "Attach: all (dev)");
    assert_eq!(compound["configurations"], serde_json::json!(["Attach: backend (dev)", "Attach: frontend (dev)"]));
    assert_eq!(merge(&both, &frontend()).unwrap(), both);
    let third = Entry { service: "celery".to_owned(), ..backend(5680) };
    let three: serde_json::Value = serde_json::from_str(&merge(&both, &third).unwrap()).unwrap();
    assert_eq!(three["compounds"].as_array().unwrap().len(), 1);
    assert_eq!(three["compounds"][0]["configurations"][2], "Attach: celery (dev)");
    let elsewhere = Entry { environment: "staging".to_owned(), ..backend(5681) };
    let four: serde_json::Value = serde_json::from_str(&merge(&both, &elsewhere).unwrap()).unwrap();
    assert_eq!(four["compounds"].as_array().unwrap().len(), 1, "another environment is none of theirs");
}

#[test]
fn what_is_no_launch_json_is_refused_with_its_place() {
    for (text, line, column) in [
        ("{\n  \"configurations\": [\n", 2, 21),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", 2, 9),
        ("{\n  'a': 1 }", 2, 3),
        ("[]", 1, 1),
        ("{\n  \"version\": 1,\n  \"configurations\": {}\n}", 3, 3),
        ("{\"configurations\": [], \"configurations\": []}", 1, 2),
    ] {
        let error = merge(text, &backend(5678)).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
        assert!(error.to_string().ends_with("; the file is left as it is"));
    }
}

/// Entries, comments and blanks of others, as people and tools write them.
fn theirs() -> impl Strategy<Value = String> {
    let name = "[a-zA-Z :é\\\\u0041]{0,12}".prop_map(|name| name.replace('\\', "\\\\"));
    let blank = prop_oneof![Just(""), Just(" "), Just("\n"), Just("\n\n  "), Just("\t")];
    let comment = prop_oneof![
        Just(String::new()),
        "[a-z {}\\[\\]\",]{0,12}".prop_map(|c| format!("// {c}\n")),
        Just("/* a\n b */".to_owned())
    ];
    let entry = (name, blank.clone(), comment.clone()).prop_map(|(name, blank, comment)| {
        format!("{comment}{{{blank}\"name\":{blank}\"{name}\",\"port\": 5678{blank}}}")
    });
    (prop::collection::vec(entry, 0..4), blank, comment, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(entries, blank, comment, trailing, crlf, compounds)| {
            let comma = if trailing && !entries.is_empty() { "," } else { "" };
            let last = if compounds { ", \"compounds\": [ ]" } else { "" };
            let list = entries.join(&format!(",{blank}"));
            let text = format!("{comment}{{{blank}\"version\": \"0.2.0\",{blank}\"configurations\": [{blank}{list}{comma}{blank}]{last}}}\n{comment}");
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

proptest! {
    #[test]
    fn only_ours_changes_and_a_second_time_nothing(text in theirs()) {
        let merged = merge(&text, &backend(5678)).unwrap();
        // everything that is not blank or a comma stands there in its order: ours is an insertion
        let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect::<Vec<_>>();
        let mut rest = solid(&merged).into_iter();
        prop_assert!(solid(&text).iter().all(|c| rest.any(|other| other == *c)), "{}", merged);
        let values = |text: &str| CstRootNode::parse(text, &STRICT).unwrap().object_value().unwrap()
            .array_value("configurations").unwrap().elements().iter().map(ToString::to_string).collect::<Vec<_>>();
        let (before, after) = (values(&text), values(&merged));
        prop_assert_eq!(&after[..before.len()], &before[..], "the entries of others, byte for byte");
        prop_assert_eq!(after.len(), before.len() + 1);
        prop_assert_eq!(merge(&merged, &backend(5678)).unwrap(), merged);
    }

    #[test]
    fn whatever_stands_there_is_merged_or_refused(text in "[{}\\[\\]\",:/* \\n a1]{0,40}") {
        if let Ok(merged) = merge(&text, &backend(5678)) {
            prop_assert_eq!(merge(&merged, &backend(5678)).unwrap(), merged);
        }
    }
}
