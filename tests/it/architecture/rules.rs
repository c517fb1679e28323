//! The rules, and the tests that hold the code to them.

use std::path::{Path, PathBuf};

use super::scan::{references, uses_of};

/// THE table: what the code of a folder of `src/`, or of one module in it, may name beside itself. What is not in it is
/// forbidden. `folder::module` allows that module only.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    // a forward that is kept and a folder that is mapped are read as what they are
    ("config", &["domain", "forward", "debug"]),
    // chords are bound to commands, and commands show their chords: one table, seen from both sides
    ("config::keymap", &["command"]),
    ("command", &["domain", "config::keymap"]),
    ("diff", &["domain"]),
    ("forward", &["domain"]),
    ("debug", &["domain"]),
    ("source", &["domain", "store::delta", "config"]),
    ("widget", &["domain", "config::theme"]),
    ("action", &["domain", "store", "config", "command", "diff", "source"]),
    ("view", &["domain", "store", "config", "command", "diff", "widget", "action", "forward", "debug"]),
    ("app", &["domain", "store", "config", "command", "diff", "widget", "action", "forward", "debug", "view"]),
    (
        "runtime",
        &[
            "domain", "store", "config", "command", "diff", "widget", "action", "forward", "debug", "view", "source",
            "app",
        ],
    ),
    (
        "cli",
        &[
            "domain", "store", "config", "command", "diff", "widget", "action", "forward", "debug", "view", "source",
            "app", "runtime", // nobody else may know that there is a simulated world
            "sim",
        ],
    ),
    ("main", &["cli", "sim"]),
    ("sim", &[]),
];

/// Names that say nothing of what is inside.
const EMPTY_WORDS: [&str; 5] = ["utils", "helpers", "common", "misc", "manager"];
/// Where tasks may be spawned; everybody else is handed a scope.
const SPAWNERS: [&str; 2] = ["runtime", "sim"];
const LONGEST_FILE: usize = 600;

struct Source {
    /// From the root of the repository, with `/`.
    name: String,
    /// Its module: `["app", "stack"]`.
    module: Vec<String>,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    files_below(&root().join(folder), &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let name: Vec<_> =
            path.strip_prefix(root()).unwrap().iter().map(|p| p.to_string_lossy().into_owned()).collect();
        let mut module: Vec<String> = name[1..].to_vec();
        let stem = module.pop().unwrap().trim_end_matches(".rs").to_owned();
        if !["mod", "lib"].contains(&stem.as_str()) {
            module.push(stem);
        }
        Source { name: name.join("/"), module, text: std::fs::read_to_string(&path).unwrap() }
    };
    files.into_iter().map(read).collect()
}

/// Whether `rule` (`store` or `store::delta`) covers `path`.
fn covers(rule: &str, path: &[String]) -> bool {
    let mut segments = path.iter();
    rule.split("::").all(|word| segments.next().is_some_and(|segment| segment == word))
}

fn is_allowed(from: &[String], to: &[String]) -> bool {
    from.first() == to.first()
        || ALLOWED
            .iter()
            .filter(|(rule, _)| covers(rule, from))
            .any(|(_, to_rules)| to_rules.iter().any(|r| covers(r, to)))
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_folder_names_what_stands_above_it() {
    let mut wrong = Vec::new();
    for file in sources("src") {
        // the crate's root only declares the folders
        if file.module.is_empty() {
            continue;
        }
        let module: Vec<&str> = file.module.iter().map(String::as_str).collect();
        for reference in references(&file.text, &module, env!("CARGO_PKG_NAME")) {
            if !is_allowed(&file.module, &reference.path) {
                let path = reference.path.join("::");
                wrong.push(format!("{}:{}: {} may not use `{path}`", file.name, reference.line, file.module[0]));
            }
        }
    }
    report(&wrong);
}

#[test]
fn every_folder_is_in_the_table_and_on_the_map() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.path().is_dir() {
            continue;
        }
        if !ALLOWED.iter().any(|(from, _)| *from == name) {
            wrong.push(format!("src/{name}: not in the table of {}", file!()));
        }
        if !map.contains(&format!("`src/{name}/`")) {
            wrong.push(format!("src/{name}: ARCHITECTURE.md does not say what it is"));
        }
    }
    report(&wrong);
}

#[test]
fn files_are_small_and_named_for_what_is_inside() {
    let mut wrong = Vec::new();
    for file in ["src", "tests", "benches"].into_iter().flat_map(sources) {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{}: {lines} lines, more than {LONGEST_FILE}: split it by its nouns", file.name));
        }
        let empty = file.module.iter().find(|part| part.split('_').any(|word| EMPTY_WORDS.contains(&word)));
        if let Some(word) = empty {
            wrong.push(format!("{}: `{word}` does not say what is inside", file.name));
        }
    }
    report(&wrong);
}

#[test]
fn tasks_are_spawned_where_they_are_owned() {
    let mut wrong = Vec::new();
    for file in sources("src") {
        if file.module.first().is_some_and(|folder| SPAWNERS.contains(&folder.as_str())) {
            continue;
        }
        for path in [&["tokio", "spawn"][..], &["task", "spawn"], &["JoinSet"]] {
            for line in uses_of(&file.text, path) {
                wrong.push(format!("{}:{line}: `{}` outside of a scope", file.name, path.join("::")));
            }
        }
    }
    report(&wrong);
}
