//! The mouse, as the loop hands it in.

use std::time::Duration;

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pilothouse::app::{Msg, Request};
use pilothouse::domain::time::after;
use pilothouse::view::{REGISTRY, ScreenId};

use crate::fixture::{Cockpit, SHARED_CELL, cockpit, harbour, voyage};

impl Cockpit {
    fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) -> Vec<Request> {
        self.frame();
        self.take(Msg::Input(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })))
    }

    fn click(&mut self, at: (u16, u16)) -> Vec<Request> {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at)
    }

    /// The first cell of `word` on the screen.
    fn place_of(&mut self, word: &str) -> (u16, u16) {
        let text = self.text();
        let at = |(row, line): (usize, &str)| {
            let before = line.split_once(word)?.0;
            Some((pilothouse::widget::pen::width(before) as u16, row as u16))
        };
        text.lines().enumerate().find_map(at).unwrap_or_else(|| panic!("no {word} in:\n{text}"))
    }
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
    let at = cockpit.place_of("celery-prod");
    assert_eq!(cockpit.click(at), []);
    assert_eq!(cockpit.selected().as_deref(), Some("predator-cloud/celery-prod"));
    assert_eq!(cockpit.screen(), ScreenId::Fleet);
    cockpit.click(at);
    assert_eq!(cockpit.screen(), ScreenId::App);
}

#[test]
fn two_clicks_that_are_far_apart_are_two() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
    let at = cockpit.place_of("celery-prod");
    cockpit.click(at);
    cockpit.now = after(cockpit.now, Duration::from_secs(2));
    cockpit.click(at);
    assert_eq!(cockpit.screen(), ScreenId::Fleet);
    let elsewhere = cockpit.place_of("celery-dev");
    cockpit.click(elsewhere);
    assert_eq!((cockpit.screen(), cockpit.selected().as_deref()), (ScreenId::Fleet, Some("minikube/celery-dev")));
}

#[test]
fn a_cell_of_the_board_is_selected_where_it_is_drawn() {
    for size in [(80, 24), (120, 40), (180, 50)] {
        let mut cockpit = cockpit(voyage(), ScreenId::Board, size);
        let (_, row) = cockpit.place_of("celery");
        let (dev, _) = cockpit.place_of(" dev ");
        // the environments stand in the headings: a click under one selects its cell
        let text = cockpit.text();
        let heading = text.lines().find(|line| line.contains("service")).unwrap().to_owned();
        let column = |word: &str| heading.find(word).map(|at| pilothouse::widget::pen::width(&heading[..at]) as u16);
        cockpit.click((column("dev").unwrap(), row));
        assert_eq!(cockpit.selected().as_deref(), Some("minikube/celery-dev"), "{size:?} {dev}");
        if let Some(staging) = column("staging") {
            cockpit.click((staging + 3, row));
            assert_eq!(cockpit.selected().as_deref(), Some("predator-cloud/celery-staging"), "{size:?}");
            // the name of a service leaves the environment as it is
            let other = cockpit.place_of("backend");
            cockpit.click(other);
            assert!(cockpit.selected().unwrap().ends_with("backend-staging"), "{:?}", cockpit.selected());
        }
    }
}

/// The line of the cursor follows every click into a list, and no click elsewhere.
#[test]
fn every_screen_puts_its_cursor_on_the_line_that_was_clicked() {
    for screen in &REGISTRY {
        let apps = if screen.id == ScreenId::Links { harbour() } else { voyage() };
        let mut cockpit = cockpit(apps, screen.id, (120, 40));
        let name = if screen.id == ScreenId::Chooser { SHARED_CELL } else { "celery-staging" };
        let row = cockpit.model.apps.all().find(|row| &*row.key.name == name).map(|row| row.key.clone());
        cockpit.model.lens.selected = row;
        let cursor = |text: &str| text.lines().position(|line| line.starts_with('›'));
        let Some(first) = cursor(&cockpit.text()) else { continue };
        let mut moved = 0;
        for line in 0..38u16 {
            let before = cursor(&cockpit.text());
            assert_eq!(cockpit.click((4, line)), [], "{}", screen.word);
            assert_eq!(cockpit.screen(), screen.id);
            let now = cursor(&cockpit.text());
            assert!(now == before || now == Some(line.into()), "{}: line {line}: {now:?}", screen.word);
            moved += usize::from(now == Some(line.into()));
        }
        assert!(moved >= 2, "{}: from {first} the cursor went to {moved} lines", screen.word);
    }
}

#[test]
fn the_wheel_moves_and_hints_are_buttons() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (150, 40));
    cockpit.frame();
    let start = cockpit.selected();
    cockpit.mouse(MouseEventKind::ScrollDown, (5, 5));
    let mut keys = crate::fixture::cockpit(voyage(), ScreenId::Fleet, (150, 40));
    keys.press("j j j");
    assert_eq!(cockpit.selected(), keys.selected());
    cockpit.mouse(MouseEventKind::ScrollUp, (5, 5));
    cockpit.frame();
    assert_eq!(cockpit.selected(), start);
    let hint = cockpit.place_of("? help");
    cockpit.click((hint.0 + 3, hint.1));
    assert_eq!(cockpit.screen(), ScreenId::Help);
    let before = cockpit.text();
    cockpit.mouse(MouseEventKind::ScrollDown, (5, 5));
    assert_ne!(cockpit.text(), before, "help scrolls");
    cockpit.press("q");
    assert_eq!(cockpit.screen(), ScreenId::Fleet);
    // the widest terminal has room for every hint
    let mut cockpit = crate::fixture::cockpit(voyage(), ScreenId::Fleet, (300, 40));
    let quit = cockpit.place_of("q quit");
    assert_eq!(cockpit.click(quit), [Request::Quit]);
}

#[test]
fn nothing_is_clicked_while_a_line_says_something_else() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
    let hint = cockpit.place_of("? help");
    cockpit.press("/");
    cockpit.type_text("celery");
    cockpit.click(hint);
    assert_eq!(cockpit.screen(), ScreenId::Fleet);
    let at = cockpit.place_of("celery-prod");
    cockpit.click(at);
    cockpit.click(at);
    assert_eq!(
        (cockpit.screen(), cockpit.selected().as_deref()),
        (ScreenId::Fleet, Some("predator-cloud/celery-prod"))
    );
    assert!(cockpit.model.prompt.is_some(), "typing goes on");
}

#[test]
fn the_palette_is_pointed_at_and_nothing_below_it_is() {
    let open = || {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
        cockpit.press(":");
        cockpit.type_text("links");
        cockpit
    };
    let mut cockpit = open();
    let at = cockpit.place_of("Show the sources");
    assert_eq!(cockpit.click(at), []);
    assert!(cockpit.model.palette.is_some() && cockpit.screen() == ScreenId::Fleet, "once selects");
    cockpit.click(at);
    assert!(cockpit.model.palette.is_none() && cockpit.screen() == ScreenId::Links, "twice does it");
    // the wheel moves among the lines, and a click beside the frame closes it and does nothing else
    let mut cockpit = open();
    cockpit.press("backspace backspace backspace backspace backspace");
    cockpit.frame();
    let first = cockpit.model.palette.as_ref().unwrap().selected().unwrap().label.clone();
    cockpit.mouse(MouseEventKind::ScrollDown, (60, 6));
    assert_ne!(cockpit.model.palette.as_ref().unwrap().selected().unwrap().label, first);
    let selected = cockpit.selected();
    cockpit.click((1, 25));
    assert!(cockpit.model.palette.is_none());
    assert_eq!((cockpit.screen(), cockpit.selected()), (ScreenId::Fleet, selected));
    // its own hints are buttons
    let mut cockpit = open();
    let close = cockpit.place_of("esc close");
    cockpit.click(close);
    assert!(cockpit.model.palette.is_none());
}
