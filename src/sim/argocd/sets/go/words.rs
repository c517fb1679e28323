//! Functions of templates that make text of text.

use super::value::{count_of, is_true, number, print, to_number};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a function gives, or its words when it refuses the arguments.
pub(super) type Answer = Result<Value, String>;

/// The functions that make text of text.
pub(super) fn words(name: &str, arguments: &[Value]) -> Answer {
    let text = |index: usize| arguments.get(index).map(print).unwrap_or_default();
    let count = |index: usize| arguments.get(index).map_or(0.0, to_number);
    Ok(match name {
        "lower" => text(0).to_lowercase(),
        "upper" => text(0).to_uppercase(),
        "title" => title(&text(0)),
        "trim" => text(0).trim().to_owned(),
        "trimAll" => text(1).trim_matches(|letter| text(0).contains(letter)).to_owned(),
        "trimPrefix" => text(1).strip_prefix(&text(0)).map_or_else(|| text(1), str::to_owned),
        "trimSuffix" => text(1).strip_suffix(&text(0)).map_or_else(|| text(1), str::to_owned),
        "replace" => text(2).replace(&text(0), &text(1)),
        "repeat" => text(1).repeat(count_of(count(0))),
        "contains" => return Ok(json!(text(1).contains(&text(0)))),
        "hasPrefix" => return Ok(json!(text(1).starts_with(&text(0)))),
        "hasSuffix" => return Ok(json!(text(1).ends_with(&text(0)))),
        "quote" => arguments.iter().map(|one| format!("{:?}", print(one))).collect::<Vec<_>>().join(" "),
        "squote" => arguments.iter().map(|one| format!("'{}'", print(one))).collect::<Vec<_>>().join(" "),
        "cat" => arguments.iter().map(print).collect::<Vec<_>>().join(" "),
        "toString" => text(0),
        "indent" => indented(count_of(count(0)), &text(1)),
        "nindent" => format!("\n{}", indented(count_of(count(0)), &text(1))),
        "trunc" => {
            let (wanted, text) = (count(0), text(1));
            let letters = text.chars().count();
            if wanted < 0.0 {
                text.chars().skip(letters.saturating_sub(count_of(-wanted))).collect()
            } else {
                text.chars().take(count_of(wanted)).collect()
            }
        }
        "substr" => {
            let (from, to) = (count_of(count(0)), count(1));
            let all = text(2);
            let end = if to < 0.0 { all.chars().count() } else { count_of(to) };
            all.chars().take(end).skip(from).collect()
        }
        "b64enc" => STANDARD.encode(text(0)),
        "b64dec" => STANDARD.decode(text(0)).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default(),
        "sha256sum" => Sha256::digest(text(0)).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
        "regexMatch" => return Ok(json!(pattern(&text(0))?.is_match(&text(1)))),
        "regexReplaceAll" => pattern(&text(0))?.replace_all(&text(1), text(2).as_str()).into_owned(),
        "normalize" => normalize(&text(0)),
        "slugify" => slugify(arguments),
        _ => return Err(format!("{name} is not known")),
    }
    .into())
}

fn pattern(text: &str) -> Result<regex::Regex, String> {
    regex::Regex::new(text).map_err(|_| format!("error parsing regexp: {text}"))
}

fn indented(by: usize, text: &str) -> String {
    let pad = " ".repeat(by.min(1_000));
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

fn title(text: &str) -> String {
    let mut begins = true;
    text.chars()
        .map(|letter| {
            let first = std::mem::replace(&mut begins, letter.is_whitespace());
            if first { letter.to_ascii_uppercase() } else { letter }
        })
        .collect()
}

/// A name that Kubernetes takes: lower case, letters, digits, `-` and `.`, at most 253 of them.
pub(in super::super) fn normalize(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' };
    let name: String = text.to_lowercase().chars().map(allowed).take(253).collect();
    name.trim_matches(['-', '.']).to_owned()
}

/// A short name: at most so many letters (50), cut between words unless the second argument says otherwise.
fn slugify(arguments: &[Value]) -> String {
    let most = if arguments.len() > 1 { count_of(to_number(&arguments[0])) } else { 50 };
    let cuts_words = arguments.len() > 2 && is_true(&arguments[1]);
    let text = arguments.last().map(print).unwrap_or_default().to_lowercase();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = String::new();
    for word in words {
        let dash = usize::from(!slug.is_empty());
        if slug.len() + dash + word.len() > most {
            if cuts_words || slug.is_empty() {
                let room = most.saturating_sub(slug.len() + dash);
                slug += &format!("{}{}", &"-"[..dash], &word[..room.min(word.len())]);
            }
            break;
        }
        slug += &format!("{}{word}", &"-"[..dash]);
    }
    slug.trim_matches('-').to_owned()
}

/// Go's `%s %v %d %q %t %f %x %%`, with a width and zeros before.
pub(super) fn printf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    let mut values = arguments.iter();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = letters.next_if(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) {
            flags.push(flag);
        }
        let Some(verb) = letters.next() else {
            out += "%!(NOVERB)";
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(value) = values.next() else {
            out += &format!("%!{verb}(MISSING)");
            continue;
        };
        let (width, precision) = flags.split_once('.').unwrap_or((&flags, ""));
        let text = match verb {
            'q' => format!("{:?}", print(value)),
            'd' => print(&number(to_number(value).trunc())),
            'f' => format!("{:.*}", precision.parse().unwrap_or(6), to_number(value)),
            'x' => format!("{:x}", to_number(value) as i64),
            _ => print(value),
        };
        let most = width.trim_start_matches(['-', '0', '+']).parse::<usize>().unwrap_or(0).min(1_000);
        out += &match (width.starts_with('-'), width.starts_with('0')) {
            (true, _) => format!("{text:<most$}"),
            (_, true) => format!("{text:0>most$}"),
            _ => format!("{text:>most$}"),
        };
    }
    out
}
