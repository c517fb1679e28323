//! What is typed and pasted into the filter.

use crossterm::event::Event;
use pilothouse::app::Msg;
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, cockpit, voyage};

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    cockpit.press("/");
    cockpit.type_text("celery q");
    // letters are letters here, and the list follows while they are typed
    assert_eq!(cockpit.model.lens.text, "celery q");
    assert!(cockpit.text().contains("No Application matches"), "{}", cockpit.text());
    cockpit.press("backspace");
    assert_eq!(names(&mut cockpit), ["celery-dev", "celery-prod", "celery-staging"]);
    cockpit.press("down");
    assert_eq!(cockpit.selected().as_deref(), Some("predator-cloud/celery-prod"));
    cockpit.press("up enter");
    assert!(cockpit.model.prompt.is_none());
    assert_eq!(names(&mut cockpit).len(), 3);
    // opened again it can be changed, and esc clears it
    cockpit.press("/");
    cockpit.type_text("dev");
    assert_eq!(cockpit.model.lens.text, "celery dev");
    assert_eq!(cockpit.press("esc"), []);
    assert!(cockpit.model.lens.query.is_everything());
    assert_eq!(cockpit.selected().as_deref(), Some("minikube/celery-dev"));
}

#[test]
fn the_line_is_edited_as_in_a_shell() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    cockpit.press("/");
    cockpit.type_text("celery dev");
    cockpit.press("ctrl-w");
    assert_eq!(cockpit.model.lens.text, "celery ");
    cockpit.press("ctrl-a x ctrl-e y");
    assert_eq!(cockpit.model.lens.text, "xcelery y");
    cockpit.press("ctrl-u");
    assert_eq!(cockpit.model.lens.text, "");
}

/// The names of the Applications in the visible list.
fn names(cockpit: &mut Cockpit) -> Vec<String> {
    let text = cockpit.text();
    let words = text.lines().skip(2).filter_map(|line| line.split_whitespace().find(|w| w.contains('-')));
    words
        .filter(|w| w.ends_with("-dev") || w.ends_with("-prod") || w.ends_with("-staging"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_paste_goes_into_the_filter_as_one_clean_line() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    let paste = "cel\u{202e}ery\r\n\u{1b}]52;c;ZXZpbA==\u{7}dev\n";
    // outside the filter a paste is no keys
    cockpit.take(Msg::Input(Event::Paste("q\u{3}".into())));
    assert!(cockpit.model.prompt.is_none());
    cockpit.press("/");
    cockpit.take(Msg::Input(Event::Paste(paste.into())));
    assert_eq!(cockpit.model.lens.text, "celery dev");
    assert_eq!(names(&mut cockpit), ["celery-dev"]);
}

#[test]
fn a_pasted_line_break_is_never_enter() {
    let paste = |cockpit: &mut Cockpit, text: &str| cockpit.take(Msg::Input(Event::Paste(text.into())));
    for keys in ["", "g", ":", "/", "enter /", "o", "? /"] {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
        cockpit.press(keys);
        let (at, palette) = (cockpit.screen(), cockpit.model.palette.is_some());
        let typing = cockpit.model.prompt.is_some();
        for text in ["\n", "q\n", "theme light\r\nq\r", "\u{2028}quit\u{85}\n"] {
            assert_eq!(paste(&mut cockpit, text), [], "{keys}: {text:?}");
            assert_eq!((cockpit.screen(), cockpit.model.palette.is_some()), (at, palette), "{keys}: {text:?}");
            assert_eq!(cockpit.model.prompt.is_some(), typing, "{keys}: {text:?}");
        }
        if let Some(palette) = &cockpit.model.palette {
            assert_eq!(palette.text().trim(), "qtheme light qquit", "one line of words");
        }
    }
}
