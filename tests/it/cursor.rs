//! What the cursor is on, while things come and go.

use pilothouse::app::Msg;
use pilothouse::domain::AppRow;
use pilothouse::store::Delta;
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, cockpit, voyage};
use crate::keys::in_the_middle;

#[test]
fn what_is_selected_stays_selected() {
    for name in ["celery-staging", "search-dev-3", "backend-dev"] {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
        let row = cockpit.model.apps.all().find(|row| &*row.key.name == name).unwrap().clone();
        cockpit.model.lens.selected = Some(row.key.clone());
        let wanted = Some(format!("{}/{}", row.key.source, row.key.name));
        // other lists, other orders
        for keys in ["v", "v", ">", "> > >", "<", "v v"] {
            cockpit.press(keys);
            cockpit.frame();
            assert_eq!(cockpit.selected(), wanted, "after {keys}");
        }
        // a list of its source that is read anew, the other way round and with a newcomer in front
        let source = row.key.source.clone();
        let mut rows: Vec<AppRow> = cockpit.model.apps.all().filter(|r| r.key.source == source).cloned().collect();
        rows.reverse();
        let mut first = rows[0].clone();
        first.key.name = "aaa-dev".into();
        rows.insert(0, first);
        cockpit.take(Msg::Data(vec![Delta::Replace(source, rows)]));
        cockpit.frame();
        assert_eq!(cockpit.selected(), wanted, "after a list");
        // the screens above have the same one
        cockpit.press("enter");
        let title = cockpit.text().lines().nth(1).unwrap().to_owned();
        assert!(title.contains(name), "{title}");
    }
}

#[test]
fn what_is_gone_is_not_selected_and_its_neighbour_is() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    cockpit.press("j j j j");
    let gone = cockpit.model.lens.selected.clone().unwrap();
    cockpit.press("j");
    let next = cockpit.selected();
    cockpit.press("k");
    cockpit.take(Msg::Data(vec![Delta::Remove(gone)]));
    cockpit.frame();
    assert_eq!(cockpit.selected(), next);
}

#[test]
fn under_a_filter_the_cursor_is_on_something() {
    let mut cockpit = cockpit(voyage(), ScreenId::Board, (120, 40));
    cockpit.press("/ c e l e r y - p r o d enter");
    cockpit.frame();
    assert_eq!(cockpit.selected().as_deref(), Some("predator-cloud/celery-prod"));
    // there is nothing else in its row
    cockpit.press("left");
    cockpit.frame();
    assert_eq!(cockpit.selected().as_deref(), Some("predator-cloud/celery-prod"));
}

#[test]
fn enter_on_an_application_leads_to_the_resource_that_is_worst_off() {
    let mut cockpit = in_the_middle(ScreenId::Resource);
    cockpit.press("esc");
    cockpit.model.stack.push(ScreenId::App);
    cockpit.press("home enter");
    let object = cockpit.model.lens.object.clone().unwrap();
    assert_eq!((cockpit.screen(), &*object.kind, &*object.name), (ScreenId::App, "Service", "celery"));
    let text = cockpit.text();
    assert!(text.lines().any(|line| line.starts_with('›') && line.contains("Service celery")), "{text}");
    cockpit.press("enter");
    assert_eq!(cockpit.screen(), ScreenId::Resource);
}

#[test]
fn the_cursor_stays_on_its_resource_while_lines_come_and_go_above_it() {
    let mut cockpit = in_the_middle(ScreenId::Resource);
    cockpit.press("esc");
    cockpit.model.stack.push(ScreenId::App);
    cockpit.press("home enter j j");
    let (held, line) = (cockpit.model.lens.object.clone(), under_the_cursor(&mut cockpit));
    assert!(held.is_some());
    let key = cockpit.model.lens.selected.clone().unwrap();
    let row = cockpit.model.apps.get(cockpit.model.apps.find(&key).unwrap()).unwrap().clone();
    for health_message in [None, Some("two lines more, at the least, ".repeat(9).into()), None] {
        let row = AppRow { health_message, ..row.clone() };
        cockpit.take(Msg::Data(vec![Delta::Upsert(Box::new(row))]));
        assert_eq!(under_the_cursor(&mut cockpit), line);
        assert_eq!(cockpit.model.lens.object, held);
    }
}

/// The line under the cursor.
fn under_the_cursor(cockpit: &mut Cockpit) -> String {
    let text = cockpit.text();
    text.lines().find(|line| line.starts_with('›')).unwrap_or_default().to_owned()
}
