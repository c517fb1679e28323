//! Faults in words, as `sim ctl fault` and scenarios give them.

use std::time::Duration;

use super::super::time::read_duration;
use super::super::tls::Leaf;
use super::plan::{Aim, Answer, Cut, Only};

/// What `sim ctl fault` understands.
pub const HELP: &str = "\
fault SOURCE|all WHAT [path PREFIX] [times N] [every N]
  latency 300ms           every answer waits
  drop                    the connection closes without an answer
  dead                    nothing is ever answered, connections stay
  401, 403, 410           refused, in the words of an API server
  409                     the same, for writes only
  429 [SECONDS]           too many requests, with Retry-After (default 1)
  500, 502, 503, 504      the server is in trouble
  truncate [BYTES]        answers break off (default after 200 bytes)
  slow-list [BYTES]       answers come at so many bytes a second (default 20000)
  watch-close             watches and followed logs end
  watch-half-line         they break in the middle of a line
  watch-silence           they stay open and say nothing more: half-closed
  watch-expired           they end with 410
  logged-out              401 for every token, until `login`
  old-store               lists cannot be streamed
  certificate expired|unknown|valid
  skew ahead|behind 5m    the cluster's clock: Date header, new objects, ages, logs
  clear                   takes everything back

  path PREFIX  only requests that begin so: /apis/argoproj.io
  times N      so many requests; without it all
  every N      every Nth request
Examples:
  pilothouse sim ctl fault minikube 429 5 path /api/v1 times 3
  pilothouse sim ctl fault all watch-half-line
  pilothouse sim ctl fault predator-cloud logged-out && sleep 20 && pilothouse sim ctl login
  pilothouse sim ctl fault all clear";

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What goes wrong.
    pub what: What,
    /// For which requests; of no meaning to certificates, clocks and the like.
    pub aim: Aim,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Every answer waits.
    Latency(Duration),
    /// Requests are answered so.
    Answer(Answer),
    /// Watches are struck so.
    Cut(Cut),
    /// Everybody has to log in again.
    LoggedOut,
    /// Lists cannot be streamed.
    OldStore,
    /// Another certificate.
    Certificate(Leaf),
    /// The cluster's clock is so many seconds ahead.
    Skew(i64),
    /// No more trouble.
    Clear,
}

/// Reads a fault.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse(words: &[&str]) -> Result<Order, String> {
    let (kind, mut rest) = words.split_first().ok_or_else(|| "say what is to go wrong".to_owned())?;
    let mut only = Only::Any;
    let mut optional = |default: usize| match rest.split_first() {
        Some((first, after)) if first.starts_with(|c: char| c.is_ascii_digit()) => {
            rest = after;
            first.parse().map_err(|_| format!("`{first}` is not a number"))
        }
        _ => Ok(default),
    };
    let what = match *kind {
        "drop" => What::Answer(Answer::Drop),
        "dead" => What::Answer(Answer::Silence),
        "401" => What::Answer(Answer::refusal(401, "Unauthorized", "Unauthorized")),
        "403" => What::Answer(Answer::refusal(403, "Forbidden", "forbidden by an order to the simulated world")),
        "409" => {
            only = Only::Writes;
            let words = "Operation cannot be fulfilled: the object has been modified; please apply your changes to the \
                         latest version and try again";
            What::Answer(Answer::refusal(409, "Conflict", words))
        }
        "410" => {
            let words = "The resourceVersion for the provided list is too old.";
            What::Answer(Answer::refusal(410, "Expired", words))
        }
        "429" => What::Answer(Answer::Busy(u32::try_from(optional(1)?).unwrap_or(u32::MAX))),
        "500" => What::Answer(Answer::refusal(500, "InternalError", "Internal error occurred: etcdserver: no leader")),
        "502" => What::Answer(Answer::Status(502, "Bad Gateway".to_owned())),
        "503" => {
            let words = "the server is currently unable to handle the request";
            What::Answer(Answer::refusal(503, "ServiceUnavailable", words))
        }
        "504" => {
            let words = "the server was unable to return a response in the time allotted";
            What::Answer(Answer::refusal(504, "Timeout", words))
        }
        "truncate" => What::Answer(Answer::Truncated(optional(200)?)),
        "slow-list" => {
            only = Only::Reads;
            What::Answer(Answer::Slow(optional(20_000)?.max(1)))
        }
        "watch-close" => What::Cut(Cut::Close),
        "watch-half-line" => What::Cut(Cut::HalfLine),
        "watch-silence" => What::Cut(Cut::Silence),
        "watch-expired" => What::Cut(Cut::Expired),
        "logged-out" => What::LoggedOut,
        "old-store" => What::OldStore,
        "clear" => What::Clear,
        "latency" => What::Latency(duration(&mut rest)?),
        "certificate" => What::Certificate(match next(&mut rest, "expired, unknown or valid")? {
            "expired" => Leaf::Expired,
            "unknown" => Leaf::UnknownCa,
            "valid" => Leaf::Valid,
            other => return Err(format!("a certificate is expired, unknown or valid, not `{other}`")),
        }),
        "skew" => {
            let sign = match next(&mut rest, "ahead or behind")? {
                "ahead" => 1,
                "behind" => -1,
                other => return Err(format!("a clock is ahead or behind, not `{other}`")),
            };
            let seconds = i64::try_from(duration(&mut rest)?.as_secs()).unwrap_or(i64::MAX);
            What::Skew(sign * seconds)
        }
        other => return Err(format!("there is no fault `{other}`; `sim ctl --help` lists them")),
    };
    Ok(Order { what, aim: aim(rest, only)? })
}

fn aim(mut rest: &[&str], only: Only) -> Result<Aim, String> {
    let mut aim = Aim { prefix: "/".to_owned(), only, ..Aim::default() };
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        let value = next(&mut rest, "a value").map_err(|_| format!("`{word}` wants a value"))?;
        let number = || value.parse::<u32>().ok().filter(|number| *number > 0);
        match *word {
            "path" => value.clone_into(&mut aim.prefix),
            "times" => aim.times = Some(number().ok_or_else(|| format!("`{value}` is not a number of times"))?),
            "every" => aim.every = number().ok_or_else(|| format!("`{value}` is not a number of requests"))?,
            other => return Err(format!("`{other}` is none of path, times and every")),
        }
    }
    Ok(aim)
}

fn next<'a>(rest: &mut &[&'a str], wanted: &str) -> Result<&'a str, String> {
    let (first, after) = rest.split_first().ok_or_else(|| format!("{wanted} is missing"))?;
    *rest = after;
    Ok(first)
}

fn duration(rest: &mut &[&str]) -> Result<Duration, String> {
    let text = next(rest, "a duration")?;
    read_duration(text).ok_or_else(|| format!("`{text}` is not a duration; write 300ms, 90s or 5m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Order, String> {
        parse(&text.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn faults_are_read() {
        let busy = read("429 5 path /api/v1 times 3 every 2").unwrap();
        assert_eq!(busy.what, What::Answer(Answer::Busy(5)));
        let aim = Aim { prefix: "/api/v1".to_owned(), only: Only::Any, times: Some(3), every: 2 };
        assert_eq!(busy.aim, aim);
        assert_eq!(read("latency 300ms").unwrap().what, What::Latency(Duration::from_millis(300)));
        assert_eq!(read("skew behind 90s").unwrap().what, What::Skew(-90));
        assert_eq!(read("409").unwrap().aim.only, Only::Writes);
        for wrong in ["", "flood", "latency", "latency 5", "429 5 times", "429 times 0", "skew 5m", "drop 3 4"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn everything_that_is_taught_is_understood() {
        for line in HELP.lines().filter(|line| line.starts_with("  ") && !line.starts_with("  pilothouse")) {
            for word in line.split("  ").find(|part| !part.is_empty()).unwrap().split(", ") {
                let plain = word.replace("ahead|behind", "ahead").replace("expired|unknown|valid", "expired");
                let words: Vec<&str> = plain.split(' ').filter(|word| !word.starts_with('[')).collect();
                if !matches!(words[0], "path" | "times" | "every") {
                    assert!(parse(&words).is_ok(), "{words:?}");
                }
            }
        }
    }
}
