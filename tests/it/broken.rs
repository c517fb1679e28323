//! Every file that comes with the program, broken in every way a hand breaks files: one clear error, never a crash.

use std::path::Path;

use pilothouse::command::Keymap;
use pilothouse::config::palette::Depth;
use pilothouse::config::settings::{Places, Settings};
use pilothouse::config::theme::Theme;
use pilothouse::config::{field, keymap, theme};
use pilothouse::sim::scenario;

/// A kind of file: its bundled ones, and what reading one of a folder complains of.
struct Kind {
    files: Vec<(String, String)>,
    read: fn(&Path) -> Vec<String>,
}

fn kinds() -> [Kind; 4] {
    let owned = |files: &[(&str, &str)]| files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let sample = field::sample();
    let spoken: Vec<&str> =
        sample.lines().filter_map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' '))).collect();
    [
        Kind {
            files: owned(&theme::BUNDLED),
            read: |file| lines(&Theme::load(BROKEN, file.parent(), Depth::TrueColor).1),
        },
        Kind { files: owned(keymap::BUNDLED), read: |file| lines(&Keymap::load(BROKEN, file.parent()).1) },
        Kind {
            files: owned(scenario::BUNDLED),
            read: |file| scenario::load(file.to_str().unwrap()).err().iter().map(ToString::to_string).collect(),
        },
        Kind { files: vec![("config".to_owned(), spoken.join("\n"))], read: settings },
    ]
}

/// What the broken file is called where it is read by name.
const BROKEN: &str = "broken";

fn lines(errors: &[impl ToString]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn settings(file: &Path) -> Vec<String> {
    let places = Places { asked: Some(file.to_owned()), ..Places::default() };
    match Settings::load_from(&places) {
        Ok((settings, errors)) => {
            let mut keys = Keymap::bundled();
            let own = settings.file.map(|file| lines(&keys.patch_from_settings(&file.path, &file.text)));
            lines(&errors).into_iter().chain(own.into_iter().flatten()).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// A way to break a text at a line; none where the line gives no occasion.
type Break = fn(&[&str], usize) -> Option<Vec<u8>>;

/// The text with another line in place of one.
fn with(lines: &[&str], at: usize, line: &str) -> Vec<u8> {
    let mut all = lines.to_vec();
    all[at] = line;
    all.join("\n").into_bytes()
}

/// Key and value of a line.
fn pair(line: &str) -> Option<(&str, &str)> {
    line.split_once(" = ").filter(|(key, _)| !key.starts_with('#'))
}

/// `word` with its first two letters the other way round.
fn misspelt(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    match letters.iter().position(|c| c.is_alphabetic()) {
        Some(first) if first + 1 < letters.len() => letters.swap(first, first + 1),
        _ => letters.push('x'),
    }
    letters.into_iter().collect()
}

const BREAKS: [(&str, Break); 11] = [
    ("a line is missing", |lines, at| {
        let mut all = lines.to_vec();
        all.remove(at);
        Some(all.join("\n").into_bytes())
    }),
    ("a value of another type", |lines, at| {
        let (key, value) = pair(lines[at])?;
        let other = if value.starts_with('"') { "7" } else { "\"seven\"" };
        Some(with(lines, at, &format!("{key} = {other}")))
    }),
    ("an unknown key", |lines, at| {
        let (key, value) = pair(lines[at])?;
        Some(with(lines, at, &format!("{} = {value}", misspelt(key))))
    }),
    ("an unknown name", |lines, at| {
        let (before, rest) = pair(lines[at])?.1.split_once('"')?;
        let (name, after) = rest.split_once('"')?;
        let key = pair(lines[at])?.0;
        Some(with(lines, at, &format!("{key} = {before}\"{}\"{after}", misspelt(name))))
    }),
    ("an unknown section", |lines, at| {
        let name = lines[at].strip_prefix('[')?;
        Some(with(lines, at, &format!("[{}", misspelt(name))))
    }),
    ("cut short", |lines, at| {
        let mut all = lines[..=at].to_vec();
        let last = all[at];
        all[at] = &last[..last.floor_char_boundary(last.len() / 2)];
        Some(all.join("\n").into_bytes())
    }),
    ("a line that is there twice", |lines, at| Some(with(lines, at, &format!("{0}\n{0}", lines[at])))),
    ("a table that is there twice", |lines, at| {
        let header = lines.iter().find(|line| line.starts_with('[') && !line.starts_with("[["))?;
        Some(with(lines, at, &format!("{}\n{header}", lines[at])))
    }),
    ("bytes that are no text", |lines, at| {
        let mut bytes = with(lines, at, &format!("{}\u{1}", lines[at]));
        let place = bytes.iter().position(|b| *b == 1)?;
        bytes[place] = 0xff;
        Some(bytes)
    }),
    ("a number beyond all bounds", |lines, at| {
        let (key, _) = pair(lines[at])?;
        Some(with(lines, at, &format!("{key} = 99999999999999999999999999")))
    }),
    ("a quote that is not closed", |lines, at| {
        let (key, value) = pair(lines[at])?;
        Some(with(lines, at, &format!("{key} = {}", value.replacen('"', "", 1))))
    }),
];

/// Lines of a file that are broken, spread over it: enough for every kind of line, few enough for a slow machine.
const PLACES: usize = 40;

#[test]
fn every_bundled_file_broken_in_every_way_says_one_thing_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{BROKEN}.toml"));
    let path = file.to_str().unwrap().to_owned();
    for Kind { files, read } in kinds() {
        for (name, text) in files {
            let lines: Vec<&str> = text.lines().collect();
            std::fs::write(&file, &text).unwrap();
            assert_eq!(read(&file), [""; 0], "{name} as it is");
            for (how, broken) in BREAKS {
                // headings are few and what hangs on them is much: each is broken
                let spread = (0..lines.len()).step_by(lines.len().div_ceil(PLACES));
                let headings = (0..lines.len()).filter(|n| lines[*n].starts_with('['));
                for at in spread.chain(headings) {
                    let Some(bytes) = broken(&lines, at) else { continue };
                    std::fs::write(&file, &bytes).unwrap();
                    let count = bytes.split(|b| *b == b'\n').count();
                    let errors = read(&file);
                    let said = || format!("{name}, line {}, {how}: {}", at + 1, errors.join("\n"));
                    assert!(errors.len() <= 1, "{} errors for one mistake: {}", errors.len(), said());
                    for error in &errors {
                        let place = error.split_once(&path).and_then(|(_, rest)| rest.strip_prefix(':'));
                        let (line, reason) = place.and_then(|rest| rest.split_once(": ")).expect(&said());
                        let line: usize = line.parse().expect(&said());
                        assert!((1..=count).contains(&line), "{}", said());
                        let hint = reason.split_once("\n  try: ").or_else(|| reason.split_once("; "));
                        let hint = hint.or_else(|| reason.split_once(", expected "));
                        assert!(reason.len() > 10 && hint.is_some_and(|(_, hint)| !hint.is_empty()), "{}", said());
                    }
                }
            }
        }
    }
}
