//! Marks, the history of screens, counts, what may follow a key, and help.

use pilothouse::app::Bindings;
use pilothouse::app::Msg;
use pilothouse::config::keymap::Keymap;
use pilothouse::domain::AppKey;
use pilothouse::store::Delta;
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, SHARED_CELL, cockpit, voyage};

fn fleet() -> Cockpit {
    cockpit(voyage(), ScreenId::Fleet, (100, 30))
}

fn say(cockpit: &mut Cockpit, line: &str) {
    cockpit.press(":");
    cockpit.type_text(line);
    cockpit.press("enter");
}

fn marks(cockpit: &Cockpit) -> Vec<String> {
    cockpit.model.lens.marks.iter().map(|key: &AppKey| key.name.to_string()).collect()
}

#[test]
fn marks_are_kept_by_name_counted_and_shown_alone() {
    let mut cockpit = fleet();
    cockpit.press("/");
    cockpit.type_text("celery");
    cockpit.press("enter space j space");
    assert_eq!(marks(&cockpit), ["celery-dev", "celery-prod"]);
    // another order, another list, another filter: they stay
    cockpit.press("> < v esc");
    assert!(cockpit.text().contains("2 marked"), "{}", cockpit.text());
    say(&mut cockpit, "only marked");
    let shown = cockpit.text().lines().filter(|line| line.contains('✓') && !line.contains("marked")).count();
    assert_eq!(shown, 1, "one row of the Board:\n{}", cockpit.text());
    cockpit.press("v");
    cockpit.frame();
    // one that loses its mark is no longer shown, and esc shows everything again
    cockpit.press("space");
    assert_eq!(marks(&cockpit).len(), 1);
    assert!(cockpit.text().contains("only marked"));
    cockpit.press("esc");
    assert!(!cockpit.text().contains("only marked") && cockpit.text().contains("1 marked"));
    cockpit.press("esc");
    assert!(marks(&cockpit).is_empty(), "nothing else is left to take away");
}

#[test]
fn a_cell_of_several_is_marked_whole_and_what_is_gone_is_not_marked() {
    let mut cockpit = cockpit(voyage(), ScreenId::Board, (120, 40));
    let key = cockpit.model.apps.all().find(|row| &*row.key.name == SHARED_CELL).unwrap().key.clone();
    cockpit.model.lens.selected = Some(key.clone());
    cockpit.press("space");
    let marked = marks(&cockpit);
    assert!(marked.len() > 1 && marked.contains(&SHARED_CELL.to_owned()), "{marked:?}");
    cockpit.take(Msg::Data(vec![Delta::Remove(key)]));
    assert_eq!(marks(&cockpit).len(), marked.len() - 1);
    cockpit.press("ctrl-\\");
    assert!(marks(&cockpit).is_empty());
    cockpit.press("*");
    let all = cockpit.model.apps.all().filter(|row| row.environment.is_some()).count();
    assert!(marks(&cockpit).len() >= all - 1, "{} of {all}", marks(&cockpit).len());
    cockpit.press("*");
    assert!(marks(&cockpit).is_empty(), "all of them again are none");
}

#[test]
fn back_and_forward_bring_screen_application_and_filter() {
    let mut cockpit = fleet();
    cockpit.press("/");
    cockpit.type_text("celery");
    cockpit.press("enter j enter");
    let first = (cockpit.screen(), cockpit.selected(), cockpit.model.lens.text.clone());
    assert_eq!(first.1.as_deref(), Some("predator-cloud/celery-prod"));
    say(&mut cockpit, "logs backend-dev");
    let second = (cockpit.screen(), cockpit.selected(), cockpit.model.lens.text.clone());
    cockpit.press("esc ?");
    let places = |cockpit: &mut Cockpit, key: &str| {
        cockpit.press(key);
        (cockpit.screen(), cockpit.selected(), cockpit.model.lens.text.clone())
    };
    // help is no place to come back to
    assert_eq!(places(&mut cockpit, "["), second);
    assert_eq!(places(&mut cockpit, "["), first);
    assert_eq!(places(&mut cockpit, "[").0, ScreenId::Fleet);
    cockpit.press("[");
    assert!(cockpit.text().contains("no screen was visited before"), "{}", cockpit.text());
    assert_eq!(places(&mut cockpit, "]"), first);
    assert_eq!(places(&mut cockpit, "]"), second);
    // the last two, again and again
    assert_eq!(places(&mut cockpit, "g l"), first);
    assert_eq!(places(&mut cockpit, "g l"), second);
}

#[test]
fn moving_in_a_list_is_no_visit() {
    let mut cockpit = fleet();
    cockpit.press("j j / c enter ! 1 0 space >");
    assert_eq!(cockpit.model.visits.count(), (0, 0));
    cockpit.press("v");
    assert_eq!(cockpit.model.visits.count(), (1, 0));
}

#[test]
fn digits_count_in_vim_and_only_there() {
    let mut cockpit = fleet();
    let names: Vec<String> = (0..8)
        .map(|_| {
            cockpit.frame();
            let name = cockpit.selected().unwrap();
            cockpit.press("j");
            name
        })
        .collect();
    cockpit.model.keys = Bindings(Keymap::load("vim", None).0);
    let after = |cockpit: &mut Cockpit, keys: &str| {
        cockpit.press(keys);
        cockpit.selected().unwrap()
    };
    assert_eq!(after(&mut cockpit, "g g 5 j"), names[5]);
    assert_eq!(after(&mut cockpit, "2 k"), names[3]);
    assert_eq!(after(&mut cockpit, "7 G"), names[6]);
    assert_eq!(after(&mut cockpit, "3 g g"), names[2]);
    assert_eq!(after(&mut cockpit, "j"), names[3], "a count is for one motion");
    cockpit.press("1 2");
    assert!(cockpit.text().contains(" 12\n"), "{}", cockpit.text());
    // esc takes the count away and nothing else
    cockpit.press("esc");
    assert_eq!((cockpit.model.count, cockpit.screen()), (None, ScreenId::Fleet));
    // environments are one g away
    cockpit.press("g 1");
    assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some("dev"));
}

#[test]
fn what_may_follow_is_shown_after_the_first_key_of_a_sequence() {
    let mut cockpit = fleet();
    cockpit.press("g");
    let text = cockpit.text();
    assert!(text.contains("Move to the top") && text.contains("Show the Board"), "{text}");
    cockpit.press("b");
    assert_eq!(cockpit.screen(), ScreenId::Board);
    assert!(!cockpit.text().contains("Move to the top"));
}

#[test]
fn help_begins_with_this_screen_is_searched_and_says_what_cannot_be_done() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 100));
    cockpit.press("?");
    let text = cockpit.text();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}:\n{text}"));
    assert!(at("Fleet") < at("Lists") && at("Lists") < at("Everywhere") && at("Everywhere") < at("By name"));
    assert!(text.contains("Show only the fourth environment") && text.contains("(nothing is marked)"), "{text}");
    assert!(!text.contains("Show only the fifth environment"), "a key that does nothing is not listed: {text}");
    assert!(text.contains(":env ENV"), "{text}");
    cockpit.press("/");
    cockpit.type_text("environ all");
    let text = cockpit.text();
    assert!(!text.contains("Sort by the next column"), "{text}");
    cockpit.press("ctrl-u");
    cockpit.type_text("sort column");
    let text = cockpit.text();
    assert!(text.contains("Sort by the next column") && !text.contains("Everywhere"), "{text}");
    // esc takes the search away, then the page
    cockpit.press("enter esc");
    assert!(cockpit.text().contains("Everywhere"));
    cockpit.press("esc");
    assert_eq!(cockpit.screen(), ScreenId::Fleet);
}

#[test]
fn a_screen_of_lines_is_searched() {
    let mut cockpit = cockpit(voyage(), ScreenId::App, (100, 30));
    let key = cockpit.model.apps.all().find(|row| &*row.key.name == "celery-staging").unwrap().key.clone();
    cockpit.model.lens.selected = Some(key);
    let here = |cockpit: &mut Cockpit| {
        let text = cockpit.text();
        text.lines().find(|line| line.starts_with('›')).unwrap_or_default().to_owned()
    };
    cockpit.press("/");
    cockpit.type_text("images");
    assert!(here(&mut cockpit).contains("images"), "{}", cockpit.text());
    cockpit.press("enter n");
    assert!(cockpit.text().contains("1 of 1 with `images`"), "{}", cockpit.text());
    // esc forgets the search first, then leaves
    cockpit.press("esc");
    assert_eq!(cockpit.screen(), ScreenId::App);
    cockpit.press("n");
    assert!(cockpit.text().contains("nothing is searched for"));
    cockpit.press("esc");
    assert_eq!(cockpit.screen(), ScreenId::Board);
}

#[test]
fn what_is_wrong_with_a_filter_stands_below_its_word_while_it_is_typed() {
    for size in [(80, 24), (120, 40), (40, 10)] {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, size);
        cockpit.press("/");
        let text = cockpit.text();
        assert!(text.lines().last().unwrap().contains("env:prod"), "what can be written:\n{text}");
        cockpit.type_text("env:dev healht:x");
        let text = cockpit.text();
        let lines: Vec<&str> = text.lines().rev().take(2).collect();
        let column = |line: &str, part: &str| line[..line.find(part).unwrap()].chars().count();
        assert_eq!(column(lines[0], "↑"), column(lines[1], "healht"), "{text}");
        assert!(lines[0].contains("there is no `healht:`"), "{text}");
        cockpit.press("ctrl-u");
        assert!(!cockpit.text().contains("there is no `healht"));
    }
}
