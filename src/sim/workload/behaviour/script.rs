//! What a `sh -c` script does, as far as the few words that appear in manifests tell.

use super::{Behaviour, Exit, Stop};
use std::time::Duration;

/// Reads a script: `echo` prints, `sleep` takes time, `exit` ends, `while true` and `exec` run for ever. None when it
/// says something else, which nobody can know without running it.
pub(super) fn read(script: &str, behaviour: &mut Behaviour) -> Option<()> {
    let mut after = Duration::ZERO;
    let mut code = 0;
    let mut lines = Vec::new();
    let mut ends = true;
    for statement in statements(script) {
        let (word, rest) = statement.split_once(char::is_whitespace).unwrap_or((&statement, ""));
        match word {
            "set" | "trap" => {}
            "echo" => lines.push(unquoted(rest)),
            "true" | ":" => code = 0,
            "false" => code = 1,
            "sleep" => match rest.trim() {
                "infinity" => ends = false,
                seconds => after += Duration::try_from_secs_f64(seconds.trim_end_matches('s').parse().ok()?).ok()?,
            },
            "exit" => {
                code = rest.trim().parse().unwrap_or(0);
                break;
            }
            "while" | "tail" => {
                ends = false;
                break;
            }
            _ => return None,
        }
        if !ends {
            break;
        }
    }
    behaviour.exit = ends.then_some(Exit { after, code, oom: false, times: None });
    behaviour.lines = lines;
    // a shell that is process 1 has no handler, and the kernel then drops the signal
    behaviour.stop = Stop::Ignored;
    Some(())
}

/// Statements between `;`, `&&` and line ends that are not within quotes.
fn statements(script: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quote = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        let and = letter == '&' && letters.peek() == Some(&'&');
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => quote = Some(letter),
            (';' | '\n', None) => {
                all.push(String::new());
                continue;
            }
            ('&', None) if and => {
                letters.next();
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    all.iter().map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty()).collect()
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_manifests_are_understood() {
        let of = |script: &str| {
            let mut behaviour = Behaviour::default();
            read(script, &mut behaviour).map(|()| behaviour)
        };
        let job = of("echo 'running; upgrade'; sleep 2").unwrap();
        assert_eq!(job.lines, ["running; upgrade"]);
        assert_eq!(job.exit.map(|exit| (exit.after, exit.code)), Some((Duration::from_secs(2), 0)));
        let crash = of("echo no && exit 7").unwrap();
        assert_eq!(crash.exit.map(|exit| (exit.after, exit.code)), Some((Duration::ZERO, 7)));
        let server = of("echo up; while true; do sleep 5; echo tick; done").unwrap();
        assert_eq!((server.exit, server.stop), (None, Stop::Ignored));
        assert_eq!(of("python -m debugpy --listen 5678"), None);
        assert_eq!(of("sleep infinity").unwrap().exit, None);
    }
}
