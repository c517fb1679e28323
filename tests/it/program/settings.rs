//! The verbs about settings, keys and looks.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::screen::PROGRAM;

/// A home folder of its own.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join("pilothouse").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.path()).env("LC_ALL", "C.UTF-8");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env(name, self.path());
        }
        command.envs(variables.iter().copied()).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let done = self.run_with(arguments, &[]);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
    }
}

#[test]
fn init_writes_a_sample_once_and_it_is_well() {
    let home = Home::new();
    let file = home.path().join("pilothouse/config.toml");
    let (code, path, _) = home.run(&["config", "path"]);
    assert_eq!((code, path.lines().next()), (0, file.to_str()), "existing or not");
    let (code, said, err) = home.run(&["config", "init"]);
    assert_eq!((code, said.trim()), (0, file.to_str().unwrap()), "{err}");
    let sample = std::fs::read_to_string(&file).unwrap();
    assert!(sample.contains("#[[environment]]") && sample.contains("#theme = \"dark\""), "{sample}");
    std::fs::write(&file, "theme = \"light\"\n").unwrap();
    let (code, _, err) = home.run(&["config", "init"]);
    assert_eq!(code, 2);
    assert!(err.contains("was not written"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "theme = \"light\"\n");
    let (code, said, err) = home.run(&["config", "check"]);
    assert_eq!(code, 0, "{err}");
    assert!(said.contains("nothing is wrong"), "{said}");
    std::fs::write(home.path().join(".pilothouse.toml"), "readonly = true\n").unwrap();
    let (_, paths, _) = home.run(&["config", "path"]);
    assert_eq!(paths.lines().count(), 2);
    assert!(paths.lines().nth(1).unwrap().ends_with("/.pilothouse.toml"), "{paths}");
}

#[test]
fn check_names_file_line_reason_and_the_nearest_name() {
    let home = Home::new();
    let cases = [
        ("config.toml", "\nthem = \"light\"\n", "config.toml:2: there is no setting `them`\n  try: theme\n"),
        (
            "config.toml",
            "[keys.global]\n\"ctrl-y\" = \"app.snyc\"\n",
            "config.toml:2: there is no command `app.snyc`\n  try: app.sync\n",
        ),
        ("config.toml", "theme = \"drak\"\n", "config.toml:1: there is no theme `drak`\n  try: dark\n"),
        ("config.toml", "keymap = \"vmi\"\n", "config.toml:1: there is no keymap `vmi`\n  try: vim\n"),
        ("config.toml", "theme = \n", "config.toml:1: not TOML: "),
        ("config.toml", "prometheus = \"nowhere\"\n", "config.toml:1: `prometheus` is no http or https URL\n"),
        ("config.toml", "[[source]]\nname = \"x\"\n", "config.toml:1: a source needs a context or a server\n"),
    ];
    for (file, text, wanted) in cases {
        home.write(file, text);
        let (code, out, err) = home.run(&["config", "check"]);
        assert_eq!((code, out.as_str()), (2, ""), "{text}: {err}");
        assert!(err.contains(wanted), "{text}: {err}");
    }
    home.write("config.toml", "theme = \"mine\"\nkeymap = \"own\"\n");
    home.write("themes/mine.toml", "[roles]\nbda = \"red\"\n");
    home.write("keymaps/own.toml", "[keys.list]\n\"entr\" = \"filter.open\"\n");
    let (code, _, err) = home.run(&["config", "check"]);
    assert_eq!(code, 2);
    assert!(err.contains("mine.toml:2: there is no role `bda`\n  try: bad"), "{err}");
    assert!(err.contains("own.toml:2: there is no key `entr`\n  try: enter"), "{err}");
    let (code, _, err) = home.run(&["config", "check", "--theme", "drak"]);
    assert_eq!(code, 2);
    assert!(err.contains("--theme: there is no theme `drak`\n  try: dark"), "{err}");
    let (code, _, err) = home.run(&["config", "check", "--config", "/nowhere.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("/nowhere.toml"), "{err}");
}

#[test]
fn show_names_what_set_each_value() {
    let home = Home::new();
    home.write("config.toml", "mouse = false\ntheme = \"light\"\n[[environment]]\nname = \"lab\"\n");
    std::fs::write(home.path().join(".pilothouse.toml"), "\nreadonly = true\n").unwrap();
    let arguments = ["config", "show", "-o", "json", "--ascii"];
    let done = home.run_with(&arguments, &[("PILOTHOUSE_THEME", "mono")]);
    let rows: Value = serde_json::from_slice(&done.stdout).unwrap();
    let row = |field: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["field"] == field).unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["origin"].as_str().unwrap().to_owned())
    };
    let user = home.path().join("pilothouse/config.toml").display().to_string();
    let told = |value: &str, origin: String| (value.to_owned(), origin);
    assert_eq!(row("theme"), told("\"mono\"", "PILOTHOUSE_THEME".into()));
    assert_eq!(row("ascii"), told("true", "--ascii".into()));
    assert_eq!(row("mouse"), told("false", format!("{user}:1")));
    assert_eq!(row("keymap"), told("\"default\"", "default".into()));
    assert_eq!(row("environment"), told("lab: order 10, confirm, by its name", format!("{user}:3")));
    let (value, origin) = row("readonly");
    assert!(value == "true" && origin.ends_with("/.pilothouse.toml:2"), "{origin}");
    // a flag is stronger than its variable
    let done = home.run_with(&["--theme", "dark", "config", "show"], &[("PILOTHOUSE_THEME", "mono")]);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.lines().any(|l| l.split_whitespace().eq(["theme", "\"dark\"", "--theme"])), "{text}");
}

#[test]
fn keys_and_themes_say_where_they_come_from() {
    let home = Home::new();
    home.write("config.toml", "theme = \"mine\"\n[keys.list]\n\"f5\" = \"filter.open\"\n");
    home.write("themes/mine.toml", "[roles]\nok = \"#20242a\"\nbda = \"red\"\n");
    let (code, out, err) = home.run(&["keys"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let line = |wanted: &[&str]| out.lines().any(|l| l.split_whitespace().eq(wanted.iter().copied()));
    let origin = home.path().join("pilothouse/config.toml:3");
    assert!(line(&["list", "f5", "filter.open", origin.to_str().unwrap()]), "{out}");
    assert!(line(&["list", "/", "filter.open", "default"]), "{out}");
    let (_, json, _) = home.run(&["keys", "-o", "json"]);
    let rows: Value = serde_json::from_str(&json).unwrap();
    let row = rows.as_array().unwrap().iter().find(|row| row["chord"] == "f5").unwrap();
    assert_eq!((&row["scope"], &row["id"]), (&"list".into(), &"filter.open".into()));
    let (code, out, _) = home.run(&["themes"]);
    assert_eq!(code, 0);
    assert!(out.lines().any(|l| l.split_whitespace().eq(["high-contrast", "bundled", "-"])), "{out}");
    assert!(out.contains("mine.toml:3: there is no role `bda`; try bad"), "{out}");
    assert!(out.contains("`ok` has a contrast of 1.2; 4.5 is readable"), "{out}");
    assert!(out.lines().any(|l| l.starts_with("*  mine ")), "{out}");
}

#[test]
fn editors_get_a_schema_and_shells_the_verbs() {
    let home = Home::new();
    let (code, out, _) = home.run(&["config", "schema"]);
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &schema["properties"]["theme"]["type"]), (0, &"string".into()));
    let (_, script, _) = home.run(&["completions", "bash"]);
    let (_, man, _) = home.run(&["man"]);
    for word in ["init", "show", "check", "path", "schema", "themes", "keys"] {
        assert!(script.contains(word), "{word}");
        assert!(man.contains(word), "{word} in the manual");
    }
}
