//! Keys that mean what hands expect of them.

use crate::command::{CommandId, Keymap, Scope};
use crate::config::keymap::{BUNDLED, Chord, Lookup, Scope as _};

#[test]
fn brackets_are_the_history_everywhere_and_a_bare_g_acts_in_k9s_alone() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        for scope in Scope::ALL.into_iter().filter(|s| s.chain().contains(&Scope::Global)) {
            let press = |key| keymap.lookup(scope.chain(), &[Chord::parse(key).unwrap()]);
            let bare = press("g");
            let acts = matches!(bare, Lookup::Command(_));
            assert!(!acts || (*name == "k9s" && bare == Lookup::Command(CommandId::CursorTop)), "{name}: {bare:?}");
            assert_eq!(press("["), Lookup::Command(CommandId::HistoryBack), "{name} in {scope:?}");
            assert_eq!(press("]"), Lookup::Command(CommandId::HistoryForward), "{name} in {scope:?}");
        }
    }
}

#[test]
fn digits_count_in_vim_and_are_environments_elsewhere() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        assert_eq!(keymap.counts(), *name == "vim", "{name}");
        for digit in 0..=9 {
            let pressed = [Chord::parse(&digit.to_string()).unwrap()];
            for scope in Scope::ALL {
                let free = keymap.lookup(scope.chain(), &pressed) == Lookup::None;
                assert!(free || !keymap.counts(), "{name}: {digit} does not count in {scope:?}");
            }
        }
    }
}

#[test]
fn esc_and_q_of_no_keymap_stand_for_quitting_at_once() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        for key in ["esc", "q"] {
            let pressed = [Chord::parse(key).unwrap()];
            for scope in Scope::ALL {
                assert_ne!(
                    keymap.lookup(scope.chain(), &pressed),
                    Lookup::Command(CommandId::ProgramQuit),
                    "{name}: {key} in {scope:?}"
                );
            }
        }
    }
}

/// What hands expect that come from elsewhere: what they press, on which screen, and what they mean by it. Where two
/// habits clash, the harmless meaning is the one that holds.
#[test]
fn people_find_their_keys() {
    use CommandId as C;
    let everyone: &[(Scope, &str, C)] = &[
        (Scope::Fleet, "j", C::CursorDown),
        (Scope::Fleet, "k", C::CursorUp),
        (Scope::Fleet, "down", C::CursorDown),
        (Scope::Fleet, "G", C::CursorBottom),
        (Scope::Fleet, "pagedown", C::PageDown),
        (Scope::Fleet, "ctrl-f", C::PageDown),
        (Scope::Fleet, "ctrl-b", C::PageUp),
        (Scope::Fleet, "ctrl-d", C::HalfPageDown),
        (Scope::Fleet, "enter", C::AppOpen),
        (Scope::Detail, "esc", C::ViewBack),
        (Scope::Detail, ":", C::PaletteOpen),
        (Scope::Fleet, "/", C::FilterOpen),
        (Scope::Logs, "/", C::LogsSearch),
        (Scope::Logs, "n", C::LogsNext),
        (Scope::Logs, "N", C::LogsPrior),
        (Scope::Detail, "?", C::ViewHelp),
        (Scope::Fleet, "space", C::MarkToggle),
        (Scope::Detail, "[", C::HistoryBack),
        (Scope::Detail, "l", C::LogsOpen),
        (Scope::Detail, "e", C::EventsOpen),
        (Scope::Fleet, "ctrl-r", C::SourcesReconnect),
        (Scope::Fleet, "ctrl-c", C::ProgramQuit),
    ];
    let vim: &[(Scope, &str, C)] = &[
        (Scope::Board, "h", C::CursorLeft),
        (Scope::Board, "l", C::CursorRight),
        (Scope::Fleet, "g g", C::CursorTop),
        (Scope::Fleet, "ctrl-u", C::HalfPageUp),
        (Scope::Fleet, "ctrl-e", C::CursorDown),
        (Scope::Detail, "ctrl-o", C::HistoryBack),
        (Scope::Fleet, "g t", C::ViewSwitch),
        (Scope::Detail, "ctrl-^", C::HistoryLast),
        (Scope::Fleet, "Z Z", C::ProgramQuit),
        (Scope::Fleet, "Z Q", C::ProgramQuit),
        (Scope::Palette, "ctrl-p", C::PaletteUp),
        (Scope::Prompt, "ctrl-n", C::PromptDown),
    ];
    let k9s: &[(Scope, &str, C)] = &[
        (Scope::Fleet, "g", C::CursorTop),
        (Scope::Board, "h", C::CursorLeft),
        (Scope::Fleet, "0", C::EnvironmentAll),
        (Scope::Fleet, "ctrl-z", C::FilterProblems),
        (Scope::Links, "alt-z", C::ProgramSuspend),
        (Scope::Fleet, "ctrl-space", C::MarkShown),
        (Scope::Fleet, "ctrl-\\", C::MarkClear),
        (Scope::Detail, "-", C::HistoryLast),
        (Scope::Detail, "]", C::HistoryForward),
        (Scope::Fleet, "ctrl-a", C::PaletteOpen),
        (Scope::Logs, "c", C::CopyOpen),
        (Scope::Logs, "3", C::LogsMinutes5),
        (Scope::Logs, "4", C::LogsMinutes15),
        (Scope::Logs, "5", C::LogsMinutes30),
        (Scope::Fleet, "p", C::LogsOpenPrevious),
        (Scope::Logs, "0", C::LogsTail),
        (Scope::Logs, "1", C::LogsHead),
        (Scope::Logs, "2", C::LogsMinutes1),
        (Scope::Logs, "6", C::LogsMinutes60),
        (Scope::Logs, "s", C::LogsFollow),
        (Scope::Logs, "t", C::LogsTimestamps),
        (Scope::Logs, "w", C::LogsWrap),
        (Scope::Logs, "ctrl-s", C::LogsSave),
    ];
    let argonaut: &[(Scope, &str, C)] = &[
        (Scope::Fleet, "r", C::AppOpen),
        (Scope::Fleet, "g g", C::CursorTop),
        (Scope::Fleet, "s", C::AppSync),
        (Scope::Fleet, "R", C::DeploymentsOpen),
        (Scope::Fleet, "K", C::K9sOpen),
        (Scope::Fleet, "space", C::MarkToggle),
        (Scope::Fleet, "Z Z", C::ProgramQuit),
        (Scope::Fleet, "Z Q", C::ProgramQuit),
        (Scope::Detail, "a", C::ActionsOpen),
        (Scope::Detail, "n", C::SearchNext),
        (Scope::Detail, "N", C::SearchPrior),
        (Scope::Events, "u", C::CursorDown),
        (Scope::Events, "i", C::CursorUp),
        (Scope::Deployments, "R", C::DeploymentsChoose),
        (Scope::Plan, "p", C::PlanPrune),
        (Scope::Plan, "f", C::PlanForce),
        (Scope::Plan, "d", C::PlanDryRun),
        (Scope::Plan, "l", C::PlanOther),
        (Scope::Help, "?", C::ViewBack),
        // at the top it does nothing since 2.3
        (Scope::Fleet, "q", C::ViewBack),
    ];
    for (name, own) in [("default", &[][..]), ("vim", vim), ("k9s", k9s), ("argonaut", argonaut)] {
        let (keymap, _) = Keymap::load(name, None);
        for (scope, keys, wanted) in everyone.iter().chain(own) {
            let pressed = Chord::sequence(keys).unwrap();
            let found = keymap.lookup(scope.chain(), &pressed);
            assert_eq!(found, Lookup::Command(*wanted), "{name}: {keys} in {scope:?}");
        }
        let origins: Vec<_> = keymap.bindings().map(|b| b.origin.as_str()).collect();
        assert!(origins.contains(&name) && origins.contains(&"default"), "{name}");
    }
    // what they type after the colon
    for (word, wanted) in [
        ("q", C::ProgramQuit),
        ("q!", C::ProgramQuit),
        ("qa", C::ProgramQuit),
        ("wq", C::ProgramQuit),
        ("ctx", C::FilterSource),
        ("cls", C::FilterSource),
        ("proj", C::FilterProject),
        ("all", C::EnvironmentAll),
        ("up", C::ViewBack),
        ("resources", C::AppOpen),
        ("refresh!", C::AppRefreshHard),
        ("rollback", C::DeploymentsOpen),
        ("delete", C::AppDelete),
        ("sync", C::AppSync),
    ] {
        assert_eq!(C::by_word(word), Some(wanted), "{word}");
    }
    for word in ["ns", "app", "apps", "project", "sort", "theme", "logs", "events", "help"] {
        assert!(C::by_word(word).is_some(), "{word}");
    }
}
