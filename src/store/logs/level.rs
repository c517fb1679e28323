//! How bad a log line says it is, guessed from its first bytes.

/// Bytes of a line that are looked at.
const LOOKED_AT: usize = 200;
/// Bytes of a JSON line that are looked at: its level may stand behind its message.
const LOOKED_AT_JSON: usize = 2048;

/// How bad a line says it is. Lines that do not say are ranked with [`Level::Info`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever takes the program apart.
    Trace,
    /// For its developers.
    Debug,
    /// It does not say.
    #[default]
    Unsaid,
    /// What it does.
    Info,
    /// Somebody should look.
    Warn,
    /// Something failed.
    Error,
    /// It ends for it.
    Fatal,
}

impl Level {
    /// Five letters or less, in capitals; nothing for a line that does not say.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Unsaid => "",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// Whether a line of this level is shown where only lines of `least` and worse are.
    #[must_use]
    pub fn reaches(self, least: Self) -> bool {
        let rank = if self == Self::Unsaid { Self::Info } else { self };
        rank >= least
    }

    /// The level a line says it has.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.first() == Some(&b'{') {
            return of_json(&bytes[..bytes.len().min(LOOKED_AT_JSON)]);
        }
        let head = &bytes[..bytes.len().min(LOOKED_AT)];
        of_klog(head).or_else(|| of_redis(head)).or_else(|| of_words(head)).unwrap_or_default()
    }

    fn of_word(word: &[u8]) -> Option<Self> {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let level = match word.len() {
            3 if is(b"err") => Self::Error,
            4 if is(b"info") => Self::Info,
            4 if is(b"warn") => Self::Warn,
            4 if is(b"crit") => Self::Fatal,
            5 if is(b"error") => Self::Error,
            5 if is(b"debug") => Self::Debug,
            5 if is(b"trace") => Self::Trace,
            5 if is(b"fatal") || is(b"panic") || is(b"emerg") || is(b"alert") => Self::Fatal,
            6 if is(b"notice") => Self::Info,
            6 if is(b"severe") => Self::Error,
            7 if is(b"warning") => Self::Warn,
            8 if is(b"critical") => Self::Fatal,
            _ => return None,
        };
        Some(level)
    }
}

/// `E0612 10:04:05.1 file.go:1] text`, as Kubernetes' own programs write.
fn of_klog(head: &[u8]) -> Option<Level> {
    let (first, digits) = head.split_first()?;
    if digits.len() < 5 || !digits[..4].iter().all(u8::is_ascii_digit) || digits[4] != b' ' {
        return None;
    }
    match first {
        b'I' => Some(Level::Info),
        b'W' => Some(Level::Warn),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Fatal),
        _ => None,
    }
}

/// `1:M 12 Jan 2026 10:04:05.678 * text`: the sign says it.
fn of_redis(head: &[u8]) -> Option<Level> {
    if !head.first()?.is_ascii_digit() {
        return None;
    }
    let mut words = head.split(|b| *b == b' ');
    let process = words.next()?;
    let (role, number) = process.split_last()?;
    let (colon, number) = number.split_last()?;
    if !b"XCSM".contains(role) || *colon != b':' || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    match words.nth(4)? {
        b"." | b"-" => Some(Level::Debug),
        b"*" => Some(Level::Info),
        b"#" => Some(Level::Warn),
        _ => None,
    }
}

/// The first word that names a level: in capitals, or where a level is expected (`[error]`, `level=warn`).
fn of_words(head: &[u8]) -> Option<Level> {
    let mut at = 0;
    while at < head.len() {
        if !head[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let len = head[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let word = &head[at..at + len];
        let before = at.checked_sub(1).map(|n| head[n]);
        let behind = head.get(at + len).copied();
        let shouted = word.iter().all(u8::is_ascii_uppercase);
        let expected = matches!(before, Some(b'[' | b'='));
        if shouted && word == b"LOG" && behind == Some(b':') {
            return Some(Level::Info);
        }
        if (shouted || expected)
            && let Some(level) = Level::of_word(word)
        {
            return Some(level);
        }
        // `ValueError: text` at the end of a traceback, `Error: text` of Node
        let raised = word.ends_with(b"Error") || word.ends_with(b"Exception");
        if raised && behind == Some(b':') {
            return Some(Level::Error);
        }
        at += len;
    }
    None
}

fn of_json(head: &[u8]) -> Level {
    for key in [&b"level\""[..], b"severity\"", b"levelname\"", b"lvl\""] {
        for at in memchr::memmem::find_iter(head, key) {
            let mut rest = head[at + key.len()..].iter().copied().skip_while(|b| matches!(b, b' ' | b':')).peekable();
            let quoted = rest.next_if_eq(&b'"').is_some();
            let value: Vec<u8> = rest.take_while(u8::is_ascii_alphanumeric).take(9).collect();
            if quoted && let Some(level) = Level::of_word(&value) {
                return level;
            }
            // the numbers of pino and bunyan
            match value.as_slice() {
                b"10" => return Level::Trace,
                b"20" => return Level::Debug,
                b"30" => return Level::Info,
                b"40" => return Level::Warn,
                b"50" => return Level::Error,
                b"60" => return Level::Fatal,
                _ => {}
            }
        }
    }
    Level::Unsaid
}

/// Whether a line that names no level goes on with what the line before it said.
#[must_use]
pub(super) fn goes_on(text: &str) -> bool {
    text.starts_with([' ', '\t']) || text.starts_with("Traceback ") || text.starts_with("Caused by")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_says_it_in_its_own_way() {
        let cases = [
            ("INFO:     10.88.0.1:51234 - \"GET /health HTTP/1.1\" 200 OK", Level::Info),
            ("[2026-01-12 10:04:05,678: WARNING/MainProcess] ERROR later", Level::Warn),
            ("2026-01-12 10:04:05.678 UTC [71] ERROR:  column runs.id does not exist", Level::Error),
            ("2026-01-12 10:04:05.678 UTC [1] LOG:  checkpoint starting: time", Level::Info),
            ("2026-01-12T10:04:05.678Z  INFO qdrant::actix: listening", Level::Info),
            ("[2026-01-12T10:04:05,678][WARN ][o.o.m.f.FsHealthService] slow", Level::Warn),
            ("1:M 12 Jan 2026 10:04:05.678 * Ready to accept connections", Level::Info),
            ("1:M 12 Jan 2026 10:04:05.678 # Memory overcommit must be enabled", Level::Warn),
            ("E0112 10:04:05.678901       1 reflector.go:147] failed", Level::Error),
            ("{\"time\":\"x\",\"message\":\"an error\",\"level\":\"debug\"}", Level::Debug),
            ("{\"severity\": \"CRITICAL\"}", Level::Fatal),
            ("{\"log.level\":\"warn\"}", Level::Warn),
            ("{\"level\":50,\"msg\":\"pino\"}", Level::Error),
            ("time=\"x\" level=fatal msg=\"boom\"", Level::Fatal),
            ("2026/01/12 10:04:05 [error] 7#7: *1 open() failed", Level::Error),
            ("ModuleNotFoundError: No module named 'x'", Level::Error),
            ("nothing to report, no error at all", Level::Unsaid),
            ("", Level::Unsaid),
            ("{", Level::Unsaid),
        ];
        for (text, level) in cases {
            assert_eq!(Level::of(text), level, "{text}");
        }
    }

    #[test]
    fn a_line_that_does_not_say_is_shown_with_info() {
        assert!(Level::Unsaid.reaches(Level::Info) && !Level::Unsaid.reaches(Level::Warn));
        assert!(Level::Fatal.reaches(Level::Error) && !Level::Debug.reaches(Level::Info));
    }
}
