//! What it takes before anything leaves the pure half.

use pilothouse::action::{Consent, Draft, Guard, Order, Proposal, SyncOptions, Verb};
use pilothouse::app::{Msg, Request};
use pilothouse::config::palette::Depth;
use pilothouse::config::theme::{self, Theme};
use pilothouse::domain::{AppKey, Protection};
use pilothouse::view::ScreenId;
use pilothouse::view::desk::News;
use proptest::prelude::*;
use ratatui::style::Style;

use crate::fixture::{Cockpit, cockpit, draft, guarding, plan_sync, voyage};

/// A person with one Application selected, and a runtime that plans at once as for an environment of this protection.
struct Person {
    cockpit: Cockpit,
    environment: &'static str,
    protection: Protection,
    acted: Vec<Order>,
    at_once: Vec<Proposal>,
}

impl Person {
    fn new(protection: Protection) -> Self {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (100, 30));
        let environment = if protection == Protection::Typed { "prod" } else { "staging" };
        let row = cockpit.model.apps.all().find(|row| &*row.key.name == "celery-staging").unwrap();
        cockpit.model.lens.selected = Some(row.key.clone());
        Self { cockpit, environment, protection, acted: Vec::new(), at_once: Vec::new() }
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            for request in self.cockpit.press(key) {
                self.serve(request);
            }
        }
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Plan(proposal) => {
                let planned = draft(&proposal, self.environment, self.protection, &Guard::default());
                self.cockpit.take(Msg::Desk(News::Planned(Box::new(planned))));
            }
            Request::Act(order) => self.acted.push(*order),
            Request::AtOnce(proposal) => self.at_once.push(proposal),
            _ => {}
        }
    }
}

#[test]
fn the_focus_rests_on_cancel_and_enter_there_cancels() {
    for protection in [Protection::Open, Protection::Confirm, Protection::Typed] {
        let mut person = Person::new(protection);
        person.press("s enter");
        assert_eq!(person.cockpit.screen(), ScreenId::Fleet, "{protection:?}");
        person.press("s tab esc");
        assert_eq!(person.cockpit.screen(), ScreenId::Fleet, "{protection:?}");
        assert_eq!(person.acted, [], "{protection:?}");
    }
}

#[test]
fn one_confirmation_does_it_where_that_is_enough() {
    let mut person = Person::new(Protection::Confirm);
    person.press("s tab");
    let text = person.cockpit.text();
    assert!(text.contains("[ Sync celery-staging in staging (predator-cloud) ]"), "{text}");
    person.press("enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    assert_eq!(order.consent, Consent::Yes);
    assert_eq!(&*order.plans[0][0].target.key.name, "celery-staging");
    assert_eq!(person.cockpit.screen(), ScreenId::Fleet);
}

#[test]
fn production_asks_for_its_name_and_takes_nothing_else() {
    let mut person = Person::new(Protection::Typed);
    person.press("s tab enter");
    let text = person.cockpit.text();
    assert!(text.contains("type prod to sync celery-staging in PROD:"), "{text}");
    person.press("p r o d d enter");
    assert_eq!(person.acted, []);
    let text = person.cockpit.text();
    assert!(text.contains("nothing was done: the words are `prod`"), "{text}");
    person.press("tab enter p r o d esc");
    assert_eq!(person.acted, []);
    person.press("tab enter p r o d enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    assert_eq!(order.consent, Consent::Phrase("prod".into()));
}

/// The looks of `words` in a frame.
fn looks_of(cockpit: &mut Cockpit, words: &str) -> Style {
    let buf = cockpit.frame();
    let row = |y: u16| (0..buf.area.width).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
    let found = (0..buf.area.height).rev().find_map(|y| Some((row(y).find(words)?, row(y), y)));
    let (at, row, y) = found.unwrap_or_else(|| panic!("{words} is nowhere"));
    buf[(row[..at].chars().count() as u16, y)].style()
}

#[test]
fn a_confirmation_in_production_looks_like_production_in_every_theme() {
    for (theme, _) in theme::BUNDLED {
        let mut frames =
            [("celery-prod", Protection::Typed), ("celery-staging", Protection::Confirm)].map(|(name, of)| {
                let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (100, 30));
                cockpit.model.theme = Theme::bundled(theme, Depth::TrueColor).unwrap();
                let row = cockpit.model.apps.all().find(|row| &*row.key.name == name).unwrap();
                cockpit.model.lens.selected = Some(row.key.clone());
                plan_sync(&mut cockpit, of);
                cockpit.model.stack.push(ScreenId::Plan);
                cockpit
            });
        let [prod, staging] = frames.each_mut().map(Cockpit::text);
        assert!(prod.contains("━━━") && prod.contains("type prod to sync celery-prod in PROD"), "{theme}:\n{prod}");
        assert!(!staging.contains("━━━") && !staging.contains("PROD:"), "{theme}:\n{staging}");
        let [prod, staging] = &mut frames;
        let own = looks_of(prod, "PROD · ");
        let button = looks_of(prod, "type prod to");
        assert_eq!(button, own, "{theme}: the button looks as the name of the environment does");
        assert_ne!(button, looks_of(staging, "Sync celery-staging in"), "{theme}");
        prod.press("tab enter");
        assert_eq!(looks_of(prod, "type prod to"), own, "{theme}: so does what is asked for");
    }
}

#[test]
fn a_switch_takes_the_focus_back_to_cancel_and_changes_what_is_sent() {
    let mut person = Person::new(Protection::Confirm);
    person.press("s tab p");
    let text = person.cockpit.text();
    assert!(text.contains("[x] prune") && text.contains("[ Cancel ]") && text.contains("- prune"), "{text}");
    person.press("tab enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    let Verb::Sync(options) = &order.plans[0][0].verb else { panic!() };
    assert_eq!(options, &SyncOptions { prune: true, ..SyncOptions::default() });
}

#[test]
fn a_plan_of_something_else_is_not_said_yes_to() {
    let mut person = Person::new(Protection::Confirm);
    person.press("s");
    // the same was planned anew while the person was looking elsewhere on the screen
    person.press("tab");
    let mut later = person.cockpit.model.desk.draft.take().unwrap();
    later.at = later.at.checked_add(std::time::Duration::from_secs(1)).unwrap();
    person.cockpit.take(Msg::Desk(News::Planned(later)));
    person.press("enter");
    assert_eq!(person.acted, [], "the focus went back to Cancel");
}

#[test]
fn what_is_read_only_is_off_with_its_reason() {
    let mut person = Person::new(Protection::Confirm);
    person.cockpit.model.desk.readonly = true;
    person.press("s");
    assert_eq!(person.cockpit.screen(), ScreenId::Fleet);
    let text = person.cockpit.text();
    assert!(text.contains("the cockpit is read-only"), "{text}");
    person.press("r T A");
    assert_eq!((person.acted.len(), person.at_once.len()), (0, 0));
}

#[test]
fn a_refresh_takes_no_confirmation() {
    let mut person = Person::new(Protection::Typed);
    person.press("r");
    let key: AppKey = person.cockpit.model.lens.selected.clone().unwrap();
    assert_eq!(person.at_once, [Proposal { verb: Verb::Refresh { hard: false }, apps: vec![key] }]);
}

#[test]
fn what_is_marked_is_one_plan_and_production_asks_for_name_and_number() {
    let mut person = Person::new(Protection::Typed);
    person.press("home j j space j space s");
    let text = person.cockpit.text();
    assert!(text.contains("Sync 2 Applications") && text.contains("2 of 2 can be done, all at once"), "{text}");
    person.press("tab enter p r o d enter");
    assert_eq!(person.acted, [], "the name alone is too little");
    person.press("tab enter p r o d space 2 enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    assert_eq!((order.plans.len(), order.wave, order.follow), (2, 5, true));
    assert_eq!(order.consent, Consent::Phrase("prod 2".into()));
}

#[test]
fn a_rollback_says_first_that_it_switches_auto_sync_off() {
    let mut person = Person::new(Protection::Confirm);
    person.press("R");
    let text = person.cockpit.text();
    // 11 is there now, and 10 was something else
    assert!(text.contains("› #10") && text.contains("image.tag") && text.contains("1.4.1"), "{text}");
    person.press("enter");
    let text = person.cockpit.text();
    for words in
        ["step 1", "Switch auto-sync of celery-staging off", "step 2", "no hooks run", "ApplicationSet predator12"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    person.press("tab enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    let verbs: Vec<_> = order.plans[0].iter().map(|plan| plan.verb.clone()).collect();
    assert_eq!(verbs, [Verb::AutoSync { on: false }, Verb::Rollback { id: Some(10), prune: false }]);
}

#[test]
fn the_menu_has_what_makes_sense_and_a_number_is_asked_for() {
    let mut person = Person::new(Protection::Confirm);
    person.cockpit.model.apps = crate::fixture::below(voyage());
    person.press("enter");
    assert_eq!(person.cockpit.screen(), ScreenId::App);
    while person.cockpit.model.lens.object.as_ref().is_none_or(|object| &*object.kind != "Deployment") {
        person.press("j");
    }
    person.press("a");
    let text = person.cockpit.text();
    for words in
        ["Restart Deployment celery", "Scale Deployment celery", "Pause the rollout", "Delete Deployment celery"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    person.press("j enter 3 enter");
    assert_eq!(person.cockpit.screen(), ScreenId::Plan);
    person.press("tab enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    assert!(matches!(&order.plans[0][0].verb, Verb::Scale { replicas: 3, .. }), "{:?}", order.plans);
}

#[test]
fn a_guarded_sync_says_what_it_goes_back_to_and_is_watched_from_its_start() {
    let mut person = Person::new(Protection::Confirm);
    person.press("S");
    let text = person.cockpit.text();
    for words in
        ["[x] guarded", "if it fails, auto-sync goes off and deployment 11", "ApplicationSet predator12 may put"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    person.press("tab enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    assert_eq!(order.plans[0][0].harbour.as_ref().map(|harbour| harbour.id), Some(11));
    assert_eq!(person.cockpit.screen(), ScreenId::Guard);
}

#[test]
fn a_guard_that_asks_goes_back_on_a_yes_only() {
    let mut person = Person::new(Protection::Confirm);
    let key = person.cockpit.model.lens.selected.clone().unwrap();
    person.cockpit.take(Msg::Desk(News::Guards(key.clone(), Box::new(guarding(2)))));
    assert!(person.cockpit.text().contains("the guarded sync of celery-staging failed"));
    // the same key leads to it
    person.press("S");
    assert_eq!(person.cockpit.screen(), ScreenId::Guard);
    let text = person.cockpit.text();
    for words in ["[ Leave it as it is ]", "Roll back to deployment 11", "| line 1 of its log"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(person.cockpit.press("enter"), [Request::Answer { number: 1, back: false }]);
    assert_eq!(person.cockpit.press("tab enter"), [Request::Answer { number: 1, back: true }]);
    // leaving the program is asked about, with what stays undone
    assert_eq!(person.cockpit.press("ctrl-c"), []);
    assert!(person.cockpit.text().contains("whether it is rolled back was not answered"));
    person.cockpit.take(Msg::Desk(News::Over { number: 1, said: "rolled back".into(), well: false }));
    person.press("tab");
    assert!(!person.cockpit.text().contains("[ Roll back"), "it is over");
}

#[test]
fn several_environments_ask_for_the_words_of_each() {
    let rules = Guard::default();
    let key = |name: &str| AppKey { source: "s".into(), namespace: "argocd".into(), name: name.into() };
    let verb = Verb::Sync(SyncOptions::default());
    let part = |name: &str, environment: &str, protection: Protection| {
        let proposal = Proposal { verb: verb.clone(), apps: vec![key(name)] };
        draft(&proposal, environment, protection, &rules).items
    };
    let items = [
        part("a", "prod", Protection::Typed),
        part("b", "live", Protection::Typed),
        part("c", "prod", Protection::Typed),
        part("d", "dev", Protection::Confirm),
    ];
    let apps = ["a", "b", "c", "d"].map(key).to_vec();
    let draft = Draft::new(Proposal { verb, apps }, items.concat(), &rules, crate::fixture::NOW);
    assert_eq!(draft.phrases(), ["live", "prod 2"]);
    let mut person = Person::new(Protection::Confirm);
    person.cockpit.model.lens.proposal = Some(draft.proposal.clone());
    person.cockpit.model.desk.draft = Some(Box::new(draft));
    person.cockpit.model.stack.push(ScreenId::Plan);
    person.press("tab enter l i v e enter p r o d enter");
    assert_eq!(person.acted, [], "the second words were others");
    person.press("tab enter l i v e enter p r o d space 2 enter");
    let [order] = &person.acted[..] else { panic!("{:?}", person.acted) };
    assert_eq!(order.consent, Consent::Phrases(vec!["live".into(), "prod 2".into()]));
}

#[test]
fn another_revision_is_typed_and_planned() {
    let mut person = Person::new(Protection::Confirm);
    person.press("s v a b c enter");
    let text = person.cockpit.text();
    assert!(text.contains("[x] another revision"), "{text}");
    // the Application follows a branch by itself: another revision would be undone
    assert!(text.contains("cannot sync to abc: auto-sync follows release/staging"), "{text}");
    person.press("n n");
    assert!(person.cockpit.text().contains("[x] 1 retry"));
}

#[test]
fn a_write_nobody_knows_the_end_of_is_said_at_the_start() {
    let mut person = Person::new(Protection::Confirm);
    let records = (0..3).flat_map(crate::fixture::written).collect();
    person.cockpit.take(Msg::Desk(News::Records(Ok(records))));
    let text = person.cockpit.text();
    assert!(text.contains("nobody knows how this ended: Sync celery-staging to release/staging 2"), "{text}");
}

#[test]
fn leaving_while_something_is_written_is_asked_about_once() {
    let mut person = Person::new(Protection::Confirm);
    person.cockpit.take(Msg::Desk(News::Goes { number: 1, said: "Sync redis-prod".into() }));
    assert_eq!(person.cockpit.press("ctrl-c"), []);
    assert!(person.cockpit.text().contains("under way: Sync redis-prod"));
    assert_eq!(person.cockpit.press("ctrl-c"), [Request::Quit]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    /// Whatever is pressed where the name is to be typed: without the name nothing is written, and looking again is all
    /// that goes without asking.
    #[test]
    fn random_keys_write_nothing_where_the_name_is_typed(
        keys in prop::collection::vec(prop::sample::select(&[
            "s", "s", "tab", "enter", "enter", "esc", "p", "r", "o", "u", "T", "A", "R", "a", "f", "x", "j", "k", "c", "w", "space",
            "left", "v", "t", "h", "m", "e", "d", "1", "S", "q",
        ][..]), 1..60),
    ) {
        let mut person = Person::new(Protection::Typed);
        for key in keys {
            let typed = person.cockpit.model.prompt.as_ref().map(|prompt| prompt.text().to_owned());
            let before = person.acted.len();
            person.press(key);
            let allowed = key == "enter" && typed.as_deref() == Some("prod");
            prop_assert!(person.acted.len() == before || allowed, "{:?}", typed);
            let refreshes = person.at_once.iter().all(|p| matches!(p.verb, Verb::Refresh { .. }));
            prop_assert!(refreshes);
        }
    }
}
