//! Copying: what the menu offers on each screen, and what it asks for.

use pilothouse::app::Request;
use pilothouse::domain::{AppDetail, Resource};
use pilothouse::store::{Delta, LiveDelta};
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, cockpit, voyage};

fn on(screen: ScreenId) -> Cockpit {
    let mut cockpit = cockpit(voyage(), screen, (120, 40));
    let row = cockpit.model.apps.all().find(|row| &*row.key.name == "backend-dev").unwrap();
    cockpit.model.lens.selected = Some(row.key.clone());
    cockpit
}

fn copied(requests: &[Request]) -> (&str, &str) {
    let [Request::Copy { what, text }] = requests else { panic!("{requests:?}") };
    (what, text)
}

#[test]
fn each_thing_has_its_letter_and_the_key_pressed_twice_copies_the_name() {
    let mut cockpit = on(ScreenId::Fleet);
    let source = cockpit.model.lens.selected.clone().unwrap().source;
    assert_eq!(copied(&cockpit.press("y y")), ("the name", "backend-dev"));
    assert_eq!(cockpit.screen(), ScreenId::Fleet, "the menu is gone");
    assert_eq!(copied(&cockpit.press("y i")).0, "the image");
    assert_eq!(copied(&cockpit.press("y r")).0, "the revision");
    let kubectl = format!("kubectl --context {source} -n argocd get applications.argoproj.io backend-dev -o yaml");
    assert_eq!(copied(&cockpit.press("y c")), ("the kubectl command", kubectl.as_str()));
    let argocd = format!(
        "argocd --kube-context {source} --port-forward --port-forward-namespace argocd app get argocd/backend-dev"
    );
    assert_eq!(copied(&cockpit.press("y a")), ("the argocd command", argocd.as_str()));
    let requests = cockpit.press("y m");
    let [Request::CopyObject { context, object }] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((context, &*object.kind, &*object.name), (&source, "Application", "backend-dev"));
}

#[test]
fn on_its_own_screen_the_resource_under_the_cursor_is_copied() {
    let mut cockpit = on(ScreenId::App);
    let key = cockpit.model.lens.selected.clone().unwrap();
    let resource = Resource {
        group: "apps".into(),
        kind: "Deployment".into(),
        version: "v1".into(),
        namespace: "shop".into(),
        name: "backend".into(),
        ..Resource::default()
    };
    let detail = AppDetail { resources: vec![resource], read_from: Ok("minikube".into()), ..AppDetail::default() };
    cockpit.model.apps.apply(Delta::Live(LiveDelta::Detail(key, Box::new(detail))), cockpit.now);
    // at the top stands the Application
    let [Request::CopyObject { object, .. }] = &cockpit.press("y m")[..] else { panic!() };
    assert_eq!(&*object.kind, "Application");
    let requests = cockpit.press("G y m");
    let [Request::CopyObject { object, .. }] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((&*object.kind, &*object.group, &*object.name), ("Deployment", "apps", "backend"));
    let requests = cockpit.press("y c");
    let (_, kubectl) = copied(&requests);
    assert!(kubectl.ends_with(" -n shop get deployment.apps backend -o yaml"), "{kubectl}");
}

#[test]
fn commands_fit_the_screen_they_are_copied_on() {
    for (screen, argocd, kubectl) in [
        (ScreenId::Logs, "app logs argocd/backend-dev", "get pods"),
        (ScreenId::Events, "app get argocd/backend-dev", "get events --sort-by=.lastTimestamp"),
        (ScreenId::Why, "app get argocd/backend-dev", "get pods"),
    ] {
        let mut cockpit = on(screen);
        let requests = cockpit.press("y a");
        assert!(copied(&requests).1.ends_with(argocd), "{requests:?}");
        let requests = cockpit.press("y c");
        assert!(copied(&requests).1.ends_with(kubectl), "{requests:?}");
    }
}

#[test]
fn where_nothing_is_selected_there_is_nothing_to_copy() {
    for screen in [ScreenId::Links, ScreenId::Help] {
        let mut cockpit = on(screen);
        assert_eq!(cockpit.press("y"), []);
        assert_eq!(cockpit.screen(), screen);
        assert!(cockpit.text().contains("no Application is selected here"), "{}", cockpit.text());
    }
}
