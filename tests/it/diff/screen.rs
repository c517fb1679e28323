//! The screen: what it shows, where one stays, what it costs.

use std::sync::Arc;

use pilothouse::app::Request;
use pilothouse::domain::Versus;
use pilothouse::store::{Delta, LiveDelta};
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, cockpit, comparison, drifted, voyage};

fn open(size: (u16, u16)) -> Cockpit {
    let mut cockpit = cockpit(drifted(voyage()), ScreenId::Diff, size);
    let key = cockpit.model.apps.all().find(|row| &*row.key.name == "celery-staging").map(|row| row.key.clone());
    cockpit.model.lens.selected = key;
    cockpit
}

fn copied(requests: &[Request]) -> &str {
    match requests {
        [Request::Copy { text, .. }] => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_way_to_look_at_it() {
    for (name, size, keys) in [
        ("beside", (160, 40), ""),
        ("unified", (160, 40), "t"),
        ("collapsed", (120, 24), "tab"),
        ("ignored", (120, 40), "i"),
        ("wrapped", (80, 40), "w"),
        ("all", (120, 60), "c c"),
    ] {
        let mut cockpit = open(size);
        cockpit.text();
        cockpit.press(keys);
        insta::assert_snapshot!(format!("diff_{name}"), cockpit.text());
    }
}

#[test]
fn hunks_paths_and_copies() {
    let mut cockpit = open((120, 40));
    let mut said = String::new();
    for _ in 0..20 {
        said.push_str(&cockpit.text());
        cockpit.press("}");
    }
    for path in ["spec.replicas", "containers[worker].image", "data.API_TOKEN", "data.key", "env[DEBUG]"] {
        assert!(said.contains(path), "{path}:\n{said}");
    }
    assert!(said.contains("changed (value hidden)"), "{said}");
    let mut cockpit = open((120, 40));
    cockpit.press("/");
    cockpit.type_text("image:");
    cockpit.press("enter");
    let text = cockpit.press("y");
    let text = copied(&text);
    let wanted = "image: predator-celery:1.5.0\n+        image: predator-celery:1.4.2\n";
    assert!(text.starts_with("# Deployment celery\n-") && text.ends_with(wanted), "{text}");
    // a rule for what the HPA keeps, and none for what a person did
    assert!(cockpit.press("Y").is_empty());
    cockpit.press("/");
    cockpit.type_text("replicas:");
    cockpit.press("enter");
    let rule = cockpit.press("Y");
    assert!(copied(&rule).contains("- /spec/replicas"), "{rule:?}");
}

#[test]
fn no_secret_is_on_screen_or_copied() {
    for keys in ["", "t", "c c c", "i", "w"] {
        let mut cockpit = open((160, 200));
        cockpit.text();
        cockpit.press(keys);
        let mut said = cockpit.text();
        for _ in 0..30 {
            for request in cockpit.press("y") {
                if let Request::Copy { text, .. } = request {
                    said.push_str(&text);
                }
            }
            cockpit.press("}");
        }
        for secret in ["aHVudGVyM", "hunter", "API_TOKEN: info", "API_TOKEN: debug"] {
            assert!(!said.contains(secret), "{keys} {secret}:\n{said}");
        }
    }
}

#[test]
fn news_leave_the_place_alone() {
    let mut cockpit = open((120, 40));
    cockpit.press("/");
    cockpit.type_text("image:");
    cockpit.press("enter");
    let line = |text: &str| text.lines().position(|line| line.contains("› ") || line.starts_with('›')).unwrap();
    let before = cockpit.text();
    let mut news = comparison();
    // what stood above it is gone, and the Secret has become equal
    news.resources.retain(|resource| &*resource.object.kind != "ConfigMap");
    let key = cockpit.model.lens.selected.clone().unwrap();
    let now = cockpit.now;
    cockpit.model.apps.apply(Delta::Live(LiveDelta::Comparison(key, Versus::default(), Arc::new(news))), now);
    let after = cockpit.text();
    assert!(after.lines().nth(line(&after)).unwrap().contains("image:"), "{after}");
    assert!(before.lines().nth(line(&before)).unwrap().contains("image:"), "{before}");
    assert!(!after.contains("celery-config"), "{after}");
}

#[test]
fn a_frame_costs_what_is_visible_and_no_more() {
    let mut cockpit = open((120, 40));
    let mut many = comparison();
    let one = many.resources[0].clone();
    many.resources = (0..500)
        .map(|n| {
            let mut resource = one.clone();
            resource.object.name = format!("r{n}").as_str().into();
            resource
        })
        .collect();
    let key = cockpit.model.lens.selected.clone().unwrap();
    let now = cockpit.now;
    cockpit.model.apps.apply(Delta::Live(LiveDelta::Comparison(key, Versus::default(), Arc::new(many))), now);
    cockpit.press("c c c");
    cockpit.text();
    cockpit.press("G");
    let (_, work) = cockpit.measured_frame();
    assert!((20..=40 + 2).contains(&work.rows()), "{}", work.rows());
}
