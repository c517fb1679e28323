//! The palette as hands use it.

use clap::Parser as _;
use pilothouse::app::{Keep, Msg, Request};
use pilothouse::cli::arguments::Arguments;
use pilothouse::command::{Scope, TABLE};
use pilothouse::domain::Link;
use pilothouse::store::Apps;
use pilothouse::view::ScreenId;
use proptest::prelude::*;

use crate::fixture::{self, Cockpit, cockpit, harbour, voyage};

fn open(screen: ScreenId, text: &str) -> Cockpit {
    let mut cockpit = cockpit(voyage(), screen, (100, 30));
    cockpit.model.memory.themes = ["dark", "light"].map(str::to_owned).to_vec();
    cockpit.model.memory.keymaps = ["default", "vim"].map(str::to_owned).to_vec();
    cockpit.press(":");
    cockpit.type_text(text);
    cockpit.frame();
    cockpit
}

/// The selected line of the palette.
fn selected(cockpit: &Cockpit) -> Option<&str> {
    cockpit.model.palette.as_ref()?.selected().map(|entry| entry.label.as_str())
}

fn labels(cockpit: &Cockpit) -> Vec<&str> {
    cockpit.model.palette.as_ref().unwrap().entries().iter().map(|entry| entry.label.as_str()).collect()
}

#[test]
fn the_best_answer_comes_first() {
    let cases = [
        ("env", "env"),
        ("logs", "logs"),
        ("q", "quit"),
        ("probl", "problems"),
        ("prod", "prod"),
        ("bkstg", "backend-staging"),
        ("celery-prod", "celery-prod"),
        ("look different", "theme"),
        ("env st", "staging"),
        ("only outof", "outofsync"),
        ("sort vers", "version"),
        ("ctx cloud", "predator-cloud"),
    ];
    for (typed, wanted) in cases {
        let cockpit = open(ScreenId::Board, typed);
        assert_eq!(selected(&cockpit), Some(wanted), "{typed}: {:?}", labels(&cockpit));
    }
}

#[test]
fn an_application_of_the_environment_that_is_looked_at_comes_first() {
    for (environment, wanted) in [("1", "backend-dev"), ("4", "backend-prod")] {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (100, 30));
        cockpit.press(environment);
        cockpit.press(":");
        cockpit.type_text("logs backend");
        cockpit.frame();
        assert_eq!(selected(&cockpit), Some(wanted), "{:?}", labels(&cockpit));
        cockpit.press("enter");
        assert_eq!(cockpit.screen(), ScreenId::Logs);
        assert!(cockpit.selected().unwrap().ends_with(wanted));
    }
}

#[test]
fn every_word_does_what_it_says() {
    let run = |typed: &str| {
        let mut cockpit = open(ScreenId::Board, typed);
        let requests = cockpit.press("enter");
        assert!(cockpit.model.palette.is_none(), "{typed} stays open: {:?}", labels(&cockpit));
        (cockpit, requests)
    };
    assert_eq!(run("env staging").0.model.lens.query.environment.as_deref(), Some("staging"));
    assert_eq!(run("env all").0.model.lens.query.environment, None);
    assert_eq!(run("only outofsync").0.model.lens.text, "sync:outofsync");
    assert!(run("only problems").0.model.lens.query.problems);
    assert!(run("problems").0.model.lens.query.problems);
    assert_eq!(run("ns argocd").0.model.lens.text, "ns:argocd");
    assert_eq!(run("ctx edge").0.model.lens.text, "source:edge");
    assert_eq!(run("fleet").0.screen(), ScreenId::Fleet);
    assert_eq!(run("sources").0.screen(), ScreenId::Links);
    assert_eq!(run("help").0.screen(), ScreenId::Help);
    assert_eq!(run("why celery-staging").0.screen(), ScreenId::Why);
    assert_eq!(run("events backend-prod").0.selected().as_deref(), Some("predator-cloud/backend-prod"));
    assert_eq!(run("celery-prod").0.screen(), ScreenId::App);
    assert!(run("theme light").1.contains(&Request::Theme("light".to_owned())));
    assert!(run("keymap vim").1.contains(&Request::Keymap("vim".to_owned())));
    assert!(run("q").1.contains(&Request::Quit));
    let (sorted, _) = run("sort version");
    assert_eq!((sorted.screen(), sorted.model.lens.sort.by), (ScreenId::Fleet, pilothouse::store::FieldId::Version));
}

#[test]
fn names_work_from_every_screen_and_show_the_list() {
    for screen in [ScreenId::App, ScreenId::Logs, ScreenId::Links, ScreenId::Help] {
        let mut cockpit = open(screen, "env prod");
        cockpit.press("enter");
        assert_eq!(cockpit.screen(), ScreenId::Board, "from {screen:?}");
        assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some("prod"));
    }
}

#[test]
fn what_needs_more_asks_for_it_and_tab_completes() {
    let mut cockpit = open(ScreenId::Board, "env");
    cockpit.press("enter");
    assert_eq!(cockpit.model.palette.as_ref().unwrap().text(), "env ");
    cockpit.frame();
    assert_eq!(labels(&cockpit), ["all", "dev", "preview-417", "staging", "prod"]);
    cockpit.type_text("sta");
    cockpit.press("tab");
    assert_eq!(cockpit.model.palette.as_ref().unwrap().text(), "env staging");
    cockpit.press("enter");
    assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some("staging"));
}

#[test]
fn what_cannot_be_done_says_why_and_the_palette_stays() {
    let mut apps = Apps::default();
    fixture::link(&mut apps, "minikube", Link::Off);
    let mut cockpit = cockpit(apps, ScreenId::Board, (100, 30));
    cockpit.press(":");
    cockpit.type_text("reconnect");
    assert!(cockpit.text().contains("no source is on"), "{}", cockpit.text());
    assert_eq!(cockpit.press("enter"), []);
    assert!(cockpit.model.palette.is_some());
    // esc closes it and does nothing else
    cockpit.press("esc");
    assert!(cockpit.model.palette.is_none());
}

#[test]
fn nothing_that_answers_is_said_and_enter_does_nothing() {
    let mut cockpit = open(ScreenId::Board, "xyzzyq");
    assert!(cockpit.text().contains("nothing is called `xyzzyq`"), "{}", cockpit.text());
    assert_eq!(cockpit.press("enter"), []);
    cockpit.press("ctrl-u backspace");
    assert!(cockpit.model.palette.is_none(), "with nothing left to take away it closes");
}

#[test]
fn up_at_the_top_brings_back_what_was_typed_before() {
    let mut cockpit = cockpit(voyage(), ScreenId::Board, (100, 30));
    for line in ["env dev", "only degraded"] {
        cockpit.press(":");
        cockpit.type_text(line);
        let requests = cockpit.press("enter");
        assert_eq!(requests, [Request::Keep(Keep::Line(line.to_owned()))]);
    }
    cockpit.press(":");
    cockpit.type_text("fl");
    let text = |cockpit: &Cockpit| cockpit.model.palette.as_ref().unwrap().text().to_owned();
    cockpit.press("down up up");
    assert_eq!(text(&cockpit), "only degraded");
    cockpit.press("up up up");
    assert_eq!(text(&cockpit), "env dev");
    cockpit.press("down down");
    assert_eq!(text(&cockpit), "fl", "what was being typed comes back");
    cockpit.press("up up enter");
    assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some("dev"));
}

#[test]
fn a_filter_is_saved_used_and_forgotten() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (100, 30));
    cockpit.model.memory.set.insert("mine".to_owned(), "env:dev".to_owned());
    let mut run = |text: &str| {
        cockpit.press(":");
        cockpit.type_text(text);
        let requests = cockpit.press("enter");
        let open = cockpit.model.palette.is_some();
        cockpit.press(if open { "esc" } else { "ctrl-l" });
        (requests, cockpit.model.lens.text.clone(), open)
    };
    // there is nothing to save yet, and a name of the settings is theirs
    assert!(run("save-filter red").2);
    assert_eq!(run("filter mine").1, "env:dev");
    assert!(run("save-filter mine").2);
    let (requests, ..) = run("save-filter red");
    assert!(requests.contains(&Request::Keep(Keep::Filter("red".to_owned(), "env:dev".to_owned()))));
    assert_eq!(run("only all").1, "");
    assert_eq!(run("filter red").1, "env:dev");
    assert!(run("forget-filter mine").2, "what the settings say is not forgotten here");
    let (requests, ..) = run("forget-filter red");
    assert!(requests.contains(&Request::Keep(Keep::NoFilter("red".to_owned()))));
    assert!(run("filter red").2);
}

#[test]
fn a_paste_is_typed_into_the_palette() {
    let mut cockpit = open(ScreenId::Board, "");
    cockpit.take(Msg::Input(crossterm::event::Event::Paste("env\u{1b}[31m prod\n".into())));
    assert_eq!(cockpit.model.palette.as_ref().unwrap().text(), "env prod");
}

#[test]
fn every_row_stands_in_the_palette_where_it_can_be_given() {
    for screen in [ScreenId::Board, ScreenId::Fleet, ScreenId::App, ScreenId::Logs, ScreenId::Links] {
        let scopes = screen.make().scopes();
        for row in TABLE.iter().filter(|r| scopes.contains(&r.scope) || r.scope == Scope::Global) {
            let cockpit = open(screen, row.name);
            let found = labels(&cockpit).contains(&row.called());
            assert_eq!(found, row.name != "palette.open", "{} on {screen:?}", row.name);
        }
    }
}

#[test]
fn every_verb_that_is_said_to_do_the_same_is_understood() {
    for row in TABLE {
        let Some(verb) = row.cli else { continue };
        let words = std::iter::once("pilothouse").chain(verb.split_whitespace());
        if let Err(error) = Arguments::try_parse_from(words) {
            panic!("{}: {verb}: {error}", row.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is typed, there is a frame, and what is selected is one of the lines.
    #[test]
    fn any_text_is_survived(
        text in "(env |only |logs |save-filter |sort )?[a-z:é日 -]{0,8}",
        keys in prop::collection::vec(prop::sample::select(&["up", "down", "tab", "backspace", "ctrl-w"][..]), 0..6),
        (width, height) in (1u16..60, 1u16..20),
    ) {
        let mut cockpit = cockpit(harbour(), ScreenId::Board, (width, height));
        cockpit.press(":");
        cockpit.type_text(&text);
        for key in keys {
            cockpit.press(key);
            cockpit.frame();
        }
        let palette = cockpit.model.palette.as_ref();
        prop_assert!(palette.is_none_or(|p| p.selected().is_some() != p.entries().is_empty()));
        cockpit.press("enter");
        cockpit.frame();
    }
}
