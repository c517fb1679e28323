use super::*;
use crate::domain::Protection;
use proptest::prelude::*;

const FULL: &str = r##"theme = "light"
ascii = true
readonly = true
escape_ms = 50

[[environment]]
name = "prod"
color = "#aa00ff"
labels = { tier = "gold" }
clusters = ["prod-*"]

[[environment]]
name = "lab"
protection = "open"
namespaces = ["lab-*", "tmp"]
"##;

#[test]
fn a_whole_file_is_read() {
    let (settings, errors) = Settings::read("config.toml", FULL);
    assert_eq!(errors, []);
    assert_eq!((settings.theme.as_str(), settings.ascii, settings.escape.as_millis()), ("light", true, 50));
    let [prod, lab] = &settings.environments[..] else { panic!("{settings:?}") };
    assert_eq!(prod.environment.protection, Protection::Typed);
    assert_eq!(prod.rules.len(), 2);
    assert_eq!((lab.environment.protection, lab.environment.order), (Protection::Open, 20));
}

#[test]
fn an_unknown_field_is_said_with_line_and_nearest_name_and_the_rest_applies() {
    let (settings, errors) = Settings::read("config.toml", "them = \"light\"\nascii = true\nreadonly = \"no\"\n");
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "config.toml:1: there is no setting `them`\n  try: theme");
    assert!(said[1].starts_with("config.toml:3: `readonly` takes true or false;"), "{said:?}");
    assert!(settings.ascii && settings.theme == "dark");
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_asked_for() {
    let error = Settings::load(Some(Path::new("/nonexistent/pilothouse.toml"))).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/pilothouse.toml: cannot be read"), "{error}");
}

#[test]
fn every_value_knows_where_it_comes_from() {
    let (mut settings, _) = Settings::read("config.toml", "\nascii = true\n");
    settings.set_origin("theme", "--theme");
    let origin = |field: &str| settings.rows().into_iter().find(|r| r.field == field).unwrap().origin;
    assert_eq!([origin("ascii"), origin("theme"), origin("mouse")], ["config.toml:2", "--theme", "default"]);
}

#[test]
fn a_heading_that_is_missing_is_one_mistake_and_keeps_the_protection() {
    let text = "mouse = true\n[[environment]]\nname = \"lab\"\norder = 3\nprotection = \"typed\"\n";
    let (before, _) = Settings::read("c.toml", text);
    let (mut settings, errors) = Settings::read("c.toml", &text.replace("[[environment]]\n", ""));
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let wanted = "c.toml:2: `name` and 2 more below it stand before the first heading and mean nothing there\n  try: \
                  put [[environment]] above line 2";
    assert_eq!(said, [wanted]);
    settings.keep(&before);
    assert_eq!(settings.environments, before.environments);
    // two typing mistakes are two
    let (_, errors) = Settings::read("c.toml", "them = \"dark\"\nmosue = true\n");
    assert_eq!(errors.len(), 2, "{errors:?}");
    // and a heading that is there twice is one
    let twice = "[filters]\na = \"x\"\nb = \"y\"\n[filters]\na = \"x\"\nb = \"y\"\n";
    let (_, errors) = Settings::read("c.toml", twice);
    assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [4], "{errors:?}");
}

#[test]
fn a_file_that_is_wrong_about_an_environment_leaves_them_all_as_they_were() {
    let (before, _) = Settings::read("c.toml", "[[environment]]\nname = \"lab\"\nprotection = \"typed\"\n");
    for text in ["[[environment]]\nname = \"lab\"\nprotection = \"tpyed\"\n", "[[environment]\nname = \"lab\"\n"] {
        let (mut settings, errors) = Settings::read("c.toml", text);
        assert!(!errors.is_empty());
        settings.keep(&before);
        assert_eq!(settings.environments, before.environments, "{text}");
    }
    let (mut settings, _) = Settings::read("c.toml", "readonly = \"ja\"\nescape_ms = 0\n");
    settings.keep(&Settings { readonly: true, escape: Duration::from_millis(70), ..Settings::default() });
    assert!(settings.readonly && settings.escape.as_millis() == 70 && settings.environments.is_empty());
}

proptest! {
    /// Whatever is done to a file, reading it ends in settings and errors, never in a crash.
    #[test]
    fn a_broken_file_is_never_a_crash(cut in 0..FULL.len(), noise in "[\\[\\]={}\"#a-z0-9\n]{0,8}") {
        let broken = format!("{}{noise}{}", &FULL[..cut], &FULL[(cut + noise.len()).min(FULL.len())..]);
        let (_, errors) = Settings::read("config.toml", &broken);
        for error in errors {
            prop_assert!(error.line <= broken.matches('\n').count() + 1);
        }
    }
}
