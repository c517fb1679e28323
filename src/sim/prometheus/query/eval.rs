//! What an expression is at a moment, and at many.

use super::expr::{Expr, Matcher, Matching};
use super::function::{extrapolated, instant_rate, quantile};
use crate::sim::prometheus::series::{Labels, Series, Shelf};
use std::collections::BTreeMap;

/// Milliseconds and values of one series.
pub type Samples = Vec<(i64, f64)>;

/// What a query gives at a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// A value a series.
    Vector(Vec<(Labels, f64)>),
    /// The scrapes of a range: milliseconds and values.
    Matrix(Vec<(Labels, Samples)>),
}

/// A query that can be read and not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// The selected series of a query: looked up once for all its moments.
struct Eval<'a> {
    shelf: &'a Shelf,
    at: i64,
    found: &'a mut BTreeMap<String, Vec<(Labels, Series)>>,
}

/// What an expression is at a moment, in milliseconds.
///
/// # Errors
/// When it has no answer.
pub fn instant(shelf: &Shelf, expr: &Expr, at: i64) -> Result<Value, Failed> {
    Eval { shelf, at, found: &mut BTreeMap::new() }.value(expr)
}

/// What an expression is at each step from `start` to `end`, all in milliseconds.
///
/// # Errors
/// When it has no answer.
pub fn range(
    shelf: &Shelf,
    expr: &Expr,
    (start, end, step): (i64, i64, i64),
) -> Result<Vec<(Labels, Samples)>, Failed> {
    let mut all: BTreeMap<Labels, Samples> = BTreeMap::new();
    let mut found = BTreeMap::new();
    let mut at = start;
    while at <= end {
        match (Eval { shelf, at, found: &mut found }).value(expr)? {
            Value::Scalar(value) => all.entry(Labels::new()).or_default().push((at, value)),
            Value::Vector(values) => {
                for (labels, value) in values {
                    all.entry(labels).or_default().push((at, value));
                }
            }
            Value::Matrix(_) => {
                let words =
                    "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector";
                return Err(Failed(words.to_owned()));
            }
        }
        at += step;
    }
    Ok(all.into_iter().collect())
}

fn nameless(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}

impl Eval<'_> {
    fn series(&mut self, matchers: &[Matcher]) -> &[(Labels, Series)] {
        let (shelf, key) = (self.shelf, format!("{matchers:?}"));
        let wanted = |labels: &Labels| matchers.iter().all(|matcher| matcher.fits(labels));
        self.found.entry(key).or_insert_with(|| shelf.select(wanted))
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, Failed> {
        let at = self.at;
        Ok(match expr {
            Expr::Number(number) => Value::Scalar(*number),
            Expr::Instant(matchers) => {
                let there = |(labels, series): &(Labels, Series)| series.at(at).map(|value| (labels.clone(), value));
                Value::Vector(self.series(matchers).iter().filter_map(there).collect())
            }
            Expr::Range(matchers, millis) => {
                let of = |(labels, series): &(Labels, Series)| {
                    let samples = series.samples(at - millis, at);
                    (!samples.is_empty()).then(|| (labels.clone(), samples))
                };
                Value::Matrix(self.series(matchers).iter().filter_map(of).collect())
            }
            Expr::Minus(of) => match self.value(of)? {
                Value::Scalar(number) => Value::Scalar(-number),
                Value::Vector(all) => {
                    Value::Vector(all.into_iter().map(|(labels, value)| (nameless(labels), -value)).collect())
                }
                Value::Matrix(_) => {
                    return Err(Failed("unary expression only allowed on scalar and vector".to_owned()));
                }
            },
            Expr::Call(name, arguments) => self.call(name, arguments)?,
            Expr::Aggregate { with, parameter, of, without, labels } => {
                let count = match parameter {
                    Some(parameter) => self.scalar(parameter)?,
                    None => 0.0,
                };
                Value::Vector(aggregate(with, count, self.vector(of)?, *without, labels))
            }
            Expr::Binary { sign, bool, matching, sides } => {
                let (left, right) = (self.value(&sides.0)?, self.value(&sides.1)?);
                binary(sign, *bool, matching, left, right)?
            }
        })
    }

    fn vector(&mut self, expr: &Expr) -> Result<Vec<(Labels, f64)>, Failed> {
        match self.value(expr)? {
            Value::Vector(all) => Ok(all),
            Value::Scalar(number) => Ok(vec![(Labels::new(), number)]),
            Value::Matrix(_) => Err(Failed("expected an instant vector, got a range vector".to_owned())),
        }
    }

    fn scalar(&mut self, expr: &Expr) -> Result<f64, Failed> {
        match self.value(expr)? {
            Value::Scalar(number) => Ok(number),
            _ => Err(Failed("expected a scalar".to_owned())),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expr]) -> Result<Value, Failed> {
        let at = self.at;
        let [first, rest @ ..] = arguments else { return Ok(Value::Scalar(at as f64 / 1000.0)) };
        if let Expr::Range(_, millis) = first {
            let Value::Matrix(all) = self.value(first)? else { return Ok(Value::Vector(Vec::new())) };
            let of = |(labels, samples): (Labels, Samples)| {
                over_time(name, &samples, (at - millis, at)).map(|value| (nameless(labels), value))
            };
            return Ok(Value::Vector(all.into_iter().filter_map(of).collect()));
        }
        Ok(match (name, rest) {
            ("histogram_quantile", [buckets]) => {
                let share = self.scalar(first)?;
                let mut all: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
                for (labels, count) in self.vector(buckets)? {
                    let mut labels = nameless(labels);
                    let bound = labels.remove("le").and_then(|le| le.trim_start_matches('+').parse().ok());
                    if let Some(bound) = bound {
                        all.entry(labels).or_default().push((bound, count));
                    }
                }
                Value::Vector(all.into_iter().map(|(labels, buckets)| (labels, quantile(share, buckets))).collect())
            }
            ("vector", _) => Value::Vector(vec![(Labels::new(), self.scalar(first)?)]),
            ("scalar", _) => match self.vector(first)?.as_slice() {
                [(_, only)] => Value::Scalar(*only),
                _ => Value::Scalar(f64::NAN),
            },
            ("absent", _) => {
                let gone = self.vector(first)?.is_empty();
                Value::Vector(if gone { vec![(Labels::new(), 1.0)] } else { Vec::new() })
            }
            _ => {
                let of = |value: f64| match name {
                    "abs" => value.abs(),
                    "ceil" => value.ceil(),
                    "floor" => value.floor(),
                    _ => (value + 0.5).floor(),
                };
                let all = self.vector(first)?.into_iter();
                Value::Vector(all.map(|(labels, value)| (nameless(labels), of(value))).collect())
            }
        })
    }
}

fn over_time(name: &str, samples: &[(i64, f64)], ends: (i64, i64)) -> Option<f64> {
    let values = || samples.iter().map(|(_, value)| *value);
    match name {
        "rate" => extrapolated(samples, ends, true, true),
        "increase" => extrapolated(samples, ends, true, false),
        "delta" => extrapolated(samples, ends, false, false),
        "irate" => instant_rate(samples),
        "max_over_time" => values().reduce(f64::max),
        "min_over_time" => values().reduce(f64::min),
        "sum_over_time" => Some(values().sum()),
        "avg_over_time" => Some(values().sum::<f64>() / samples.len() as f64),
        _ => Some(samples.windows(2).filter(|pair| pair[0].1.to_bits() != pair[1].1.to_bits()).count() as f64),
    }
}

fn aggregate(with: &str, count: f64, all: Vec<(Labels, f64)>, without: bool, names: &[String]) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<(Labels, f64)>> = BTreeMap::new();
    for (labels, value) in all {
        let mut group = labels.clone();
        group.retain(|label, _| names.contains(label) != without && (!without || label != "__name__"));
        groups.entry(group).or_default().push((labels, value));
    }
    if matches!(with, "topk" | "bottomk") {
        let kept = groups.into_values().flat_map(|mut members| {
            members.sort_by(|(_, a), (_, b)| if with == "topk" { b.total_cmp(a) } else { a.total_cmp(b) });
            members.truncate(many(count));
            members
        });
        return kept.collect();
    }
    let of = |members: &[(Labels, f64)]| {
        let values = || members.iter().map(|(_, value)| *value);
        match with {
            "sum" => values().sum(),
            "avg" => values().sum::<f64>() / members.len() as f64,
            "min" => values().fold(f64::NAN, f64::min),
            "max" => values().fold(f64::NAN, f64::max),
            _ => members.len() as f64,
        }
    };
    groups.into_iter().map(|(labels, members)| (labels, of(&members))).collect()
}

/// A count that a query gives: nothing below nothing, and no more than there could be.
fn many(count: f64) -> usize {
    #[expect(clippy::cast_sign_loss, reason = "it is not below nothing")]
    let count = count.clamp(0.0, 1e9) as usize;
    count
}

fn is_comparison(sign: &str) -> bool {
    matches!(sign, "==" | "!=" | ">" | "<" | ">=" | "<=")
}

fn calculate(sign: &str, a: f64, b: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    #[expect(clippy::float_cmp, reason = "a person who asks whether two values are the same means that")]
    match sign {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        "==" => truth(a == b),
        "!=" => truth(a != b),
        ">" => truth(a > b),
        "<" => truth(a < b),
        ">=" => truth(a >= b),
        _ => truth(a <= b),
    }
}

fn binary(sign: &str, bool: bool, matching: &Matching, left: Value, right: Value) -> Result<Value, Failed> {
    let filters = is_comparison(sign) && !bool;
    let of = |labels: Labels, a: f64, b: f64, kept: f64| {
        let value = calculate(sign, a, b);
        if filters { (value > 0.0).then_some((labels, kept)) } else { Some((nameless(labels), value)) }
    };
    Ok(match (left, right) {
        (Value::Scalar(_), Value::Scalar(_)) if filters => {
            return Err(Failed("comparisons between scalars must use BOOL modifier".to_owned()));
        }
        (Value::Scalar(a), Value::Scalar(b)) => Value::Scalar(calculate(sign, a, b)),
        (Value::Vector(all), Value::Scalar(b)) => {
            Value::Vector(all.into_iter().filter_map(|(labels, a)| of(labels, a, b, a)).collect())
        }
        (Value::Scalar(a), Value::Vector(all)) => {
            Value::Vector(all.into_iter().filter_map(|(labels, b)| of(labels, a, b, b)).collect())
        }
        (Value::Vector(left), Value::Vector(right)) => Value::Vector(vectors(sign, matching, left, right, of)?),
        _ => return Err(Failed("binary expression must contain only scalar and instant vector types".to_owned())),
    })
}

fn vectors(
    sign: &str,
    matching: &Matching,
    left: Vec<(Labels, f64)>,
    right: Vec<(Labels, f64)>,
    of: impl Fn(Labels, f64, f64, f64) -> Option<(Labels, f64)>,
) -> Result<Vec<(Labels, f64)>, Failed> {
    let key = |labels: &Labels| {
        let mut key = labels.clone();
        key.retain(|label, _| label != "__name__" && matching.labels.contains(label) == matching.on);
        key
    };
    let mut others: BTreeMap<Labels, f64> = BTreeMap::new();
    for (labels, value) in &right {
        if others.insert(key(labels), *value).is_some() && !matches!(sign, "and" | "or" | "unless") {
            let group = format!("{:?}", key(labels));
            return Err(Failed(format!(
                "found duplicate series for the match group {group} on the right hand-side of the operation;many-to-many \
                 matching not allowed: matching labels must be unique on one side"
            )));
        }
    }
    let has = |labels: &Labels| others.contains_key(&key(labels));
    Ok(match sign {
        "and" => left.into_iter().filter(|(labels, _)| has(labels)).collect(),
        "unless" => left.into_iter().filter(|(labels, _)| !has(labels)).collect(),
        "or" => {
            let there: Vec<Labels> = left.iter().map(|(labels, _)| key(labels)).collect();
            left.into_iter().chain(right.into_iter().filter(|(labels, _)| !there.contains(&key(labels)))).collect()
        }
        _ => left
            .into_iter()
            .filter_map(|(labels, a)| {
                let b = *others.get(&key(&labels))?;
                let kept = if matching.on && !is_comparison(sign) { key(&labels) } else { labels };
                of(kept, a, b, a)
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::sim::prometheus::series::labels;
    use jiff::Timestamp;

    /// Ten minutes of two services, one of which fails a fifth of its requests.
    fn shelf() -> Shelf {
        let shelf = Shelf::default();
        for step in 0..=40 {
            let at = Timestamp::from_second(step * 15).unwrap();
            for (service, status, rate) in
                [("backend", "200", 4.0), ("backend", "500", 1.0), ("frontend", "200", 2.0), ("frontend", "500", 0.0)]
            {
                let of = labels("requests_total", &[("service", service), ("status", status)]);
                shelf.set(&of, rate * 15.0 * step as f64, at);
            }
            for (le, share) in [("0.1", 0.5), ("0.5", 0.9), ("+Inf", 1.0)] {
                let of = labels("seconds_bucket", &[("service", "backend"), ("le", le)]);
                shelf.set(&of, share * 100.0 * step as f64, at);
            }
        }
        shelf
    }

    fn ask(query: &str) -> Vec<(String, f64)> {
        let Value::Vector(all) = instant(&shelf(), &parse(query).unwrap(), 600_000).unwrap() else { panic!("{query}") };
        let words = |labels: &Labels| labels.values().cloned().collect::<Vec<_>>().join(" ");
        all.iter().map(|(labels, value)| (words(labels), (value * 1000.0).round() / 1000.0)).collect()
    }

    fn is(of: &str, value: f64) -> (String, f64) {
        (of.to_owned(), value)
    }

    #[test]
    fn what_dashboards_ask_is_answered() {
        assert_eq!(
            ask("requests_total{status=~\"5..\",service!=\"frontend\"}"),
            [is("requests_total backend 500", 600.0)]
        );
        assert_eq!(ask("sum by (service) (rate(requests_total[5m]))"), [is("backend", 5.0), is("frontend", 2.0)]);
        let share =
            "sum(rate(requests_total{status=~\"5..\"}[5m])) by (service) / sum(rate(requests_total[5m])) by (service)";
        assert_eq!(ask(share), [is("backend", 0.2), is("frontend", 0.0)]);
        assert_eq!(ask(&format!("{share} > 0.1")), [is("backend", 0.2)]);
        assert_eq!(ask("histogram_quantile(0.9, sum by (le) (rate(seconds_bucket[5m])))"), [is("", 0.5)]);
        assert_eq!(ask("sum(increase(requests_total[2m])) * 2"), [is("", 1680.0)]);
        assert_eq!(ask("count(requests_total) + vector(1)"), [is("", 5.0)]);
        assert_eq!(ask("topk(1, requests_total)"), [is("requests_total backend 200", 2400.0)]);
        assert_eq!(ask("absent(nothing)"), [is("", 1.0)]);
        assert_eq!(ask("max without (status, service) (requests_total)"), [is("", 2400.0)]);
        assert_eq!(
            ask("requests_total{status=\"200\"} and on (service) requests_total{service=\"frontend\"}").len(),
            1
        );
    }

    #[test]
    fn a_range_has_a_value_a_step() {
        let expr = parse("sum(rate(requests_total[1m]))").unwrap();
        let all = range(&shelf(), &expr, (300_000, 420_000, 60_000)).unwrap();
        assert_eq!(all.len(), 1);
        let rounded: Vec<(i64, f64)> = all[0].1.iter().map(|(at, value)| (*at, value.round())).collect();
        assert_eq!(rounded, [(300_000, 7.0), (360_000, 7.0), (420_000, 7.0)]);
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        let wrong = |query: &str| parse(query).unwrap_err().to_string();
        assert_eq!(wrong("sum(foo(up))"), "1:5: parse error: unknown function with name \"foo\"");
        assert_eq!(wrong("up{job=}"), "1:8: parse error: unexpected \"}\" in label matching, expected string");
        assert_eq!(
            wrong("rate(up)"),
            "1:1: parse error: expected type range vector in call to function \"rate\", got instant vector"
        );
        assert_eq!(wrong("up[5x]"), "1:4: parse error: bad number or duration syntax: \"5x\"");
        assert_eq!(wrong(""), "1:1: parse error: no expression found in input");
        assert_eq!(wrong("{}"), "1:1: parse error: vector selector must contain at least one non-empty matcher");
        assert_eq!(wrong("up up"), "1:4: parse error: unexpected identifier \"up\"");
    }
}
