//! Logging in without leaving the cockpit: what is offered, typed, asked and shown, and that a password never is.

use crossterm::event::Event;
use pilothouse::app::login::{News, Refusal, Step};
use pilothouse::app::{Msg, Request};
use pilothouse::domain::{Link, Symbol};
use pilothouse::forward::SshHost;
use pilothouse::store::ServedBy;
use pilothouse::view::ScreenId;

use crate::fixture::{self, Cockpit, voyage};

const SECRET: &str = "s3cret-Quail";
const PLACE: &str = "https://argocd.predator12.example";
const URL: &str = "https://id.predator12.example/authorize?client_id=argo-cd-cli&redirect_uri=http%3A%2F%2Flocalhost%3A8085\
                   %2Fauth%2Fcallback&response_type=code&scope=openid+profile&state=abcdefgh0123456789";

/// A cockpit with an argocd-server that does not believe its token any more.
fn shut_out(size: (u16, u16)) -> Cockpit {
    let mut apps = voyage();
    apps.add_server("minikube".into(), ServedBy { place: PLACE.to_owned(), flags: Vec::new(), rows: true });
    let why = "argocd-server does not accept our token: invalid session: token is revoked, please re-login";
    fixture::link(&mut apps, "minikube", Link::Auth { why: why.to_owned() });
    fixture::cockpit(apps, ScreenId::Board, size)
}

fn news(cockpit: &mut Cockpit, news: News) {
    cockpit.take(Msg::Login("minikube".into(), news));
}

fn steps(requests: &[Request]) -> Vec<(&Symbol, &Step)> {
    let step = requests.iter().filter_map(|request| match request {
        Request::LogIn(source, step) => Some((source, step)),
        _ => None,
    });
    step.collect()
}

#[test]
fn the_key_stands_where_the_link_says_auth_and_opens_the_login_from_anywhere() {
    for screen in [ScreenId::Board, ScreenId::Fleet, ScreenId::App, ScreenId::Links] {
        for size in [(80, 24), (60, 20)] {
            let mut cockpit = shut_out(size);
            cockpit.model.stack.push(screen);
            let frame = cockpit.text();
            assert!(frame.lines().last().unwrap().contains("U log in"), "{screen:?}:\n{frame}");
            let selected = cockpit.model.apps.sources().keys().position(|name| &**name == "minikube").unwrap();
            for _ in 0..if screen == ScreenId::Links { selected } else { 0 } {
                cockpit.press("j");
            }
            let requests = cockpit.press("U");
            assert_eq!(steps(&requests), [(&"minikube".into(), &Step::Ways)]);
            assert!(cockpit.text().contains(PLACE), "{}", cockpit.text());
            cockpit.press("esc");
            assert!(cockpit.model.login.is_none());
        }
    }
    // where nobody needs it, it takes no room, and is there
    let mut cockpit = shut_out((120, 30));
    fixture::link(&mut cockpit.model.apps, "minikube", Link::Live);
    assert!(!cockpit.text().contains("log in"), "{}", cockpit.text());
    assert_eq!(steps(&cockpit.press("U")).len(), 1);
    // and where there is no argocd-server at all, the reason is said
    let mut cockpit = fixture::cockpit(voyage(), ScreenId::Board, (120, 30));
    assert_eq!(steps(&cockpit.press("U")).len(), 0);
    assert!(cockpit.text().contains("no source is an argocd-server"), "{}", cockpit.text());
}

#[test]
fn the_palette_logs_in_too_and_names_the_sources_there_are() {
    let mut cockpit = shut_out((100, 30));
    cockpit.press(":");
    cockpit.type_text("login ");
    let frame = cockpit.text();
    assert!(frame.contains("minikube") && frame.contains(PLACE), "{frame}");
    assert_eq!(steps(&cockpit.press("enter")), [(&"minikube".into(), &Step::Ways)]);
    cockpit.press("esc :");
    cockpit.type_text("login");
    assert_eq!(steps(&cockpit.press("enter")), [(&"minikube".into(), &Step::Ways)]);
}

#[test]
fn a_password_is_asked_for_and_never_shown() {
    for size in [(80, 24), (60, 20)] {
        let mut frames = String::new();
        let mut cockpit = shut_out(size);
        cockpit.press("U");
        news(&mut cockpit, News::Ways { password: true, sso: Some("GitHub".to_owned()) });
        cockpit.type_text("wrong!");
        let step = cockpit.press("enter");
        assert!(matches!(steps(&step)[..], [(_, Step::Password { .. })]), "{step:?}");
        frames += &cockpit.text();
        let words = "Invalid username or password".to_owned();
        news(&mut cockpit, News::Refused(Refusal { why: words, hint: Some("check both".to_owned()) }));
        frames += &cockpit.text();
        cockpit.take(Msg::Input(Event::Paste(format!("{SECRET}\n"))));
        frames += &cockpit.text();
        insta::assert_snapshot!(format!("login_{}x{}", size.0, size.1), frames);
        let debugged = format!("{:?}", cockpit.model.login);
        let requests = cockpit.press("enter");
        let [(_, Step::Password { user, password })] = steps(&requests)[..] else { panic!("{requests:?}") };
        assert_eq!((user.as_str(), password.secret()), ("olena", SECRET));
        let everything = format!("{frames}{debugged}{requests:?}{}{:?}", cockpit.text(), cockpit.model.login);
        for secret in [SECRET, "wrong!"] {
            assert!(!everything.contains(secret), "{everything}");
        }
        let kept = "the token is kept in tokens/argocd".to_owned();
        news(&mut cockpit, News::In { who: "olena".to_owned(), kept });
        assert!(cockpit.model.login.is_none());
        assert!(cockpit.text().contains("logged in as olena; the token is kept"), "{}", cockpit.text());
    }
}

#[test]
fn letters_that_are_keys_are_typed_and_esc_takes_one_thing_away_at_a_time() {
    let mut cockpit = shut_out((80, 24));
    cockpit.press("U");
    cockpit.type_text("yqU?:");
    let requests = cockpit.press("enter");
    let [(_, Step::Password { password, .. })] = steps(&requests)[..] else { panic!("{requests:?}") };
    assert_eq!(password.secret(), "yqU?:");
    assert!(cockpit.text().contains("asking argocd-server"), "{}", cockpit.text());
    assert_eq!(steps(&cockpit.press("esc")), [(&"minikube".into(), &Step::GiveUp)]);
    assert!(cockpit.model.login.is_some(), "what is typed stays");
    assert_eq!(steps(&cockpit.press("esc")), [(&"minikube".into(), &Step::GiveUp)]);
    assert!(cockpit.model.login.is_none());
    // what is said too late opens nothing
    news(&mut cockpit, News::Refused(Refusal { why: "late".to_owned(), hint: None }));
    assert!(cockpit.model.login.is_none() && !cockpit.text().contains("late"));
}

#[test]
fn single_sign_on_shows_the_address_and_the_way_over_ssh() {
    for size in [(80, 24), (60, 20)] {
        let mut cockpit = shut_out(size);
        cockpit.model.desk.ssh = Some(SshHost { host: "ann@bastion".to_owned(), check: false });
        cockpit.press("U");
        news(&mut cockpit, News::Ways { password: false, sso: Some("GitHub".to_owned()) });
        assert!(cockpit.text().contains("enter logs in with GitHub") && !cockpit.text().contains("password"));
        assert_eq!(steps(&cockpit.press("enter")), [(&"minikube".into(), &Step::Browser)]);
        news(&mut cockpit, News::Page { url: URL.to_owned(), port: 8085 });
        let frame = cockpit.text();
        let whole: String = frame.lines().map(|line| line.trim_matches([' ', '│'])).collect();
        assert!(whole.contains(URL), "{frame}");
        insta::assert_snapshot!(format!("login_browser_{}x{}", size.0, size.1), frame);
        let copied = cockpit.press("y");
        assert!(matches!(&copied[..], [Request::Copy { text, .. }] if text == URL), "{copied:?}");
        assert_eq!(steps(&cockpit.press("esc")), [(&"minikube".into(), &Step::GiveUp)]);
    }
}

#[test]
fn who_may_not_come_in_by_either_way_is_told_what_works() {
    let mut cockpit = shut_out((80, 24));
    cockpit.press("U");
    news(&mut cockpit, News::Ways { password: false, sso: None });
    let frame = cockpit.text();
    assert!(frame.contains("it lets nobody in") && frame.contains("ARGOCD_AUTH_TOKEN"), "{frame}");
    assert_eq!(cockpit.press("enter"), []);
}

#[test]
fn every_tiny_size_has_a_login() {
    for (width, height) in (1..=30).flat_map(|w| (1..=9).map(move |h| (w, h))) {
        let mut cockpit = shut_out((width, height));
        cockpit.press("U");
        cockpit.frame();
        news(&mut cockpit, News::Page { url: URL.to_owned(), port: 8085 });
        cockpit.frame();
    }
}
