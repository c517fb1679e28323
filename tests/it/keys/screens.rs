//! Keys of single screens.

use pilothouse::app::Request;
use pilothouse::view::ScreenId;

use crate::fixture::{SHARED_CELL, cockpit, harbour, voyage};

#[test]
fn digits_choose_an_environment() {
    for screen in [ScreenId::Board, ScreenId::Fleet] {
        let mut cockpit = cockpit(voyage(), screen, (120, 40));
        let environments: Vec<String> = cockpit.model.apps.environments().iter().map(|e| e.name.to_string()).collect();
        assert_eq!(environments, ["dev", "preview-417", "staging", "prod"]);
        for (n, name) in environments.iter().enumerate() {
            cockpit.press(&(n + 1).to_string());
            assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some(name.as_str()));
        }
        cockpit.press("5");
        assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some("prod"), "there is no fifth");
        assert!(cockpit.text().contains("no environment 5"), "{}", cockpit.text());
        cockpit.press("0");
        assert!(cockpit.model.lens.query.environment.is_none());
    }
}

#[test]
fn what_was_answered_goes_with_the_next_key() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
    cockpit.press("9");
    assert!(cockpit.text().contains("there is no environment 9"), "{}", cockpit.text());
    cockpit.press("j");
    assert!(!cockpit.text().contains("there is no environment 9") && cockpit.text().contains(" filter"));
    // news are no answer: they stay
    cockpit.model.tell("celery-dev was synced".to_owned(), cockpit.now);
    cockpit.press("j");
    assert!(cockpit.text().contains("celery-dev was synced"), "{}", cockpit.text());
}

#[test]
fn a_chosen_one_of_several_is_opened() {
    let mut cockpit = cockpit(voyage(), ScreenId::Board, (120, 40));
    let row = cockpit.model.apps.all().find(|row| &*row.key.name == SHARED_CELL).unwrap();
    cockpit.model.lens.selected = Some(row.key.clone());
    cockpit.press("enter");
    assert_eq!(cockpit.screen(), ScreenId::Chooser);
    cockpit.press("G enter");
    assert_eq!(cockpit.screen(), ScreenId::App);
    assert_eq!(cockpit.selected().as_deref(), Some("minikube/search-dev-3"));
    assert!(cockpit.text().contains(" search-dev-3"), "{}", cockpit.text());
    cockpit.press("esc esc");
    assert_eq!(cockpit.screen(), ScreenId::Board);
}

#[test]
fn sources_are_asked_for_by_their_own_keys() {
    let mut cockpit = cockpit(harbour(), ScreenId::Links, (80, 24));
    assert_eq!(cockpit.press("j enter"), [Request::Toggle("down".into())]);
    assert_eq!(cockpit.press("space"), [Request::Toggle("down".into())]);
    assert_eq!(cockpit.press("r"), [Request::Reconnect(Some("down".into()))]);
    assert_eq!(cockpit.press("ctrl-r"), [Request::Reconnect(None)]);
    assert_eq!(cockpit.press("ctrl-z"), [Request::Suspend]);
    assert_eq!(cockpit.press("ctrl-l"), [Request::Redraw]);
}
