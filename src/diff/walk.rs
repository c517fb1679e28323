//! One pass over both states of an object: the fields that differ, and the lines of both sides beside each other.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::keys::matched;
use super::same::{is_nothing, is_same};
use super::yaml::{block, key, scalar};
use crate::domain::{FieldPath, Row, Rows, Sides, Step};

/// What a pass found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The fields that differ: path, wanted, live.
    pub fields: Vec<(FieldPath, Option<Value>, Option<Value>)>,
    /// The lines.
    pub rows: Rows,
}

/// Compares two states of an object.
#[must_use]
pub fn walk(desired: Option<&Value>, live: Option<&Value>) -> Walked {
    let mut walker = Walker::default();
    walker.walked.rows.places.push((0, None));
    if let (Some(Value::Object(_)), Some(Value::Object(_))) = (desired, live) {
        walker.both(desired, live, 0, "");
    } else {
        // an object that comes or goes whole is one change
        if desired != live {
            walker.field(desired, live);
        }
        if let Some(value) = desired {
            walker.one(value, 0, "", Sides::Desired);
        }
        if let Some(value) = live {
            walker.one(value, 0, "", Sides::Live);
        }
    }
    walker.walked
}

/// Makes a line of one side.
type Side = fn(Box<str>) -> Sides;

#[derive(Default)]
struct Walker {
    walked: Walked,
    path: Vec<Step>,
    /// Where we are among the places.
    place: u32,
    /// The change the lines belong to.
    inside: Option<u32>,
}

impl Walker {
    fn step<R>(&mut self, step: Step, then: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.place;
        self.place = self.walked.rows.places.len() as u32;
        self.walked.rows.places.push((before, Some(step.clone())));
        self.path.push(step);
        let made = then(self);
        self.path.pop();
        self.place = before;
        made
    }

    /// Notes a change here; lines that follow belong to it.
    fn field(&mut self, desired: Option<&Value>, live: Option<&Value>) -> Option<u32> {
        let before = self.inside;
        if before.is_none() {
            self.inside = Some(self.walked.fields.len() as u32);
            self.walked.fields.push((FieldPath(self.path.clone()), desired.cloned(), live.cloned()));
        }
        before
    }

    fn row(&mut self, sides: Sides) {
        let field = if matches!(sides, Sides::Same(_)) { None } else { self.inside };
        self.walked.rows.rows.push(Row { sides, place: self.place, field });
    }

    /// What stands at a name or in an item, on both sides or on one. `lead` is what its first line begins with.
    fn both(&mut self, desired: Option<&Value>, live: Option<&Value>, depth: usize, lead: &str) {
        let name = match self.path.last() {
            Some(Step::Key(name)) => Some(name.clone()),
            _ => None,
        };
        let is_there = |value: &&Value| !is_nothing(name.as_deref(), value);
        let (Some(d), Some(l)) = (desired, live) else {
            match (desired.filter(is_there), live.filter(is_there)) {
                (Some(value), None) => self.whole(value, depth, lead, Sides::Desired),
                (None, Some(value)) => self.whole(value, depth, lead, Sides::Live),
                _ => {}
            }
            return;
        };
        // an item has no name of its own to stand there when it holds nothing
        let is_hollow = lead.ends_with("- ") && (is_nothing(None, d) || is_nothing(None, l));
        match (d, l) {
            (Value::Object(a), Value::Object(b)) if !(is_hollow || a.is_empty() && b.is_empty()) => {
                if !self.path.is_empty() && !lead.ends_with("- ") {
                    self.row(Sides::Same(lead.into()));
                }
                let mut names: Vec<&String> = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))).collect();
                names.sort_unstable();
                for name in self.named_first(names) {
                    let lead = format!("{:depth$}{}:", "", key(name));
                    self.step(Step::key(name), |walker| walker.both(a.get(name), b.get(name), depth + 2, &lead));
                }
            }
            (Value::Array(a), Value::Array(b)) if !(is_hollow || a.is_empty() && b.is_empty()) => {
                self.lists(a, b, depth, lead);
            }
            (Value::String(a), Value::String(b)) if a != b && block(a).is_some() && block(b).is_some() => {
                self.texts(a, b, depth, lead);
            }
            _ => {
                let is_leaf = |value: &Value| match value {
                    Value::Array(items) => items.is_empty(),
                    Value::Object(fields) => fields.is_empty(),
                    Value::String(text) => block(text).is_none(),
                    _ => true,
                };
                let nothing = !is_there(&d) && !is_there(&l);
                if nothing || is_same(&self.path, d, l) {
                    self.one(l, depth, lead, Sides::Same);
                } else {
                    let before = self.field(Some(d), Some(l));
                    if is_leaf(d) && is_leaf(l) {
                        let line = |value| joined(lead, &scalar(value));
                        self.row(Sides::Changed(line(d), line(l)));
                    } else {
                        self.one(d, depth, lead, Sides::Desired);
                        self.one(l, depth, lead, Sides::Live);
                    }
                    self.inside = before;
                }
            }
        }
    }

    /// Of an item of a list, what names it stands first: it is on both sides, and an item begins there.
    fn named_first<'n>(&self, mut names: Vec<&'n String>) -> Vec<&'n String> {
        if let Some(Step::Item(keys)) = self.path.last() {
            names.sort_by_key(|name| !keys.iter().any(|(key, _)| **key == ***name));
        }
        names
    }

    /// A value that only one side has: one change, line by line.
    fn whole(&mut self, value: &Value, depth: usize, lead: &str, side: Side) {
        let is_desired = matches!(side("".into()), Sides::Desired(_));
        let before = if is_desired { self.field(Some(value), None) } else { self.field(None, Some(value)) };
        self.one(value, depth, lead, side);
        self.inside = before;
    }

    fn lists(&mut self, a: &[Value], b: &[Value], depth: usize, lead: &str) {
        // an item begins where its list's name does; a list that is an item itself has no name
        let at = if lead.ends_with("- ") { depth } else { depth.saturating_sub(2) };
        if !lead.ends_with("- ") {
            self.row(Sides::Same(lead.into()));
        }
        if let Some(matched) = matched(a, b) {
            if let Some((desired, live)) = matched.order {
                self.step(Step::Order, |walker| {
                    let value =
                        |names: &[String]| names.iter().map(|name| Value::from(name.as_str())).collect::<Value>();
                    let before = walker.field(Some(&value(&desired)), Some(&value(&live)));
                    let line = |names: &[String]| format!("{:at$}# in this order: {}", "", names.join(", ")).into();
                    walker.row(Sides::Changed(line(&desired), line(&live)));
                    walker.inside = before;
                });
            }
            for (step, desired, live) in matched.items {
                self.step(step, |walker| walker.item(desired, live, at));
            }
        } else if a.len() == b.len() && a.iter().chain(b).all(Value::is_object) {
            for (n, (desired, live)) in a.iter().zip(b).enumerate() {
                self.step(Step::Index(n), |walker| walker.item(Some(desired), Some(live), at));
            }
        } else {
            self.atomic(a, b, at);
        }
    }

    /// Lists without merge keys: one change as a whole, as the API server takes them, and its lines side by side.
    fn atomic(&mut self, a: &[Value], b: &[Value], at: usize) {
        let is_equal = a.len() == b.len() && {
            let path = &self.path;
            a.iter().zip(b).all(|(a, b)| is_same(path, a, b))
        };
        let before = if is_equal {
            self.inside
        } else {
            let value = |items: &[Value]| Value::Array(items.to_vec());
            self.field(Some(&value(a)), Some(&value(b)))
        };
        let words = |items: &[Value]| items.iter().map(Value::to_string).collect::<Vec<_>>();
        for op in capture_diff_slices(Algorithm::Myers, &words(a), &words(b)) {
            match op {
                DiffOp::Equal { new_index, len, .. } => {
                    for (n, item) in b.iter().enumerate().skip(new_index).take(len) {
                        self.step(Step::Index(n), |walker| walker.dash(item, at, Sides::Same));
                    }
                }
                op => {
                    let (old, new) = (op.old_range(), op.new_range());
                    let pairs = old.len().min(new.len());
                    for (from, to) in old.clone().zip(new.clone()) {
                        self.step(Step::Index(to), |walker| walker.item(Some(&a[from]), Some(&b[to]), at));
                    }
                    for from in old.skip(pairs) {
                        self.step(Step::Index(from), |walker| walker.dash(&a[from], at, Sides::Desired));
                    }
                    for to in new.skip(pairs) {
                        self.step(Step::Index(to), |walker| walker.dash(&b[to], at, Sides::Live));
                    }
                }
            }
        }
        self.inside = before;
    }

    /// Texts of several lines: one change, and its lines side by side.
    fn texts(&mut self, a: &str, b: &str, depth: usize, lead: &str) {
        let (Some((sign_a, lines_a)), Some((sign_b, lines_b))) = (block(a), block(b)) else { return };
        let before = self.field(Some(&Value::from(a)), Some(&Value::from(b)));
        let head = |sign: &str| joined(lead, sign);
        self.row(if sign_a == sign_b { Sides::Same(head(sign_a)) } else { Sides::Changed(head(sign_a), head(sign_b)) });
        let line = |text: &str| indented(depth, text);
        for op in capture_diff_slices(Algorithm::Myers, &lines_a, &lines_b) {
            let (old, new) = (op.old_range(), op.new_range());
            if let DiffOp::Equal { .. } = op {
                old.for_each(|n| self.row(Sides::Same(line(lines_a[n]))));
                continue;
            }
            let pairs = old.len().min(new.len());
            for (from, to) in old.clone().zip(new.clone()) {
                self.row(Sides::Changed(line(lines_a[from]), line(lines_b[to])));
            }
            old.skip(pairs).for_each(|n| self.row(Sides::Desired(line(lines_a[n]))));
            new.skip(pairs).for_each(|n| self.row(Sides::Live(line(lines_b[n]))));
        }
        self.inside = before;
    }

    /// An item of a list: its first line begins with a dash.
    fn item(&mut self, desired: Option<&Value>, live: Option<&Value>, at: usize) {
        let begin = self.walked.rows.rows.len();
        let lead = format!("{:at$}- ", "");
        self.both(desired, live, at + 2, &lead);
        self.put_dash(begin, at);
    }

    fn dash(&mut self, value: &Value, at: usize, side: Side) {
        let begin = self.walked.rows.rows.len();
        self.one(value, at + 2, &format!("{:at$}- ", ""), side);
        self.put_dash(begin, at);
    }

    /// Puts the dash of an item before the first line of each side: its fields were written as those of a map.
    fn put_dash(&mut self, begin: usize, at: usize) {
        let (mut desired, mut live) = (false, false);
        let put = |line: &mut Box<str>, done: &mut bool| {
            if !std::mem::replace(done, true) && line.as_bytes().get(at) == Some(&b' ') {
                *line = format!("{}- {}", &line[..at], &line[at + 2..]).into();
            }
        };
        for row in &mut self.walked.rows.rows[begin..] {
            match &mut row.sides {
                Sides::Same(line) => match (desired, live) {
                    (false, false) => {
                        put(line, &mut desired);
                        live = true;
                    }
                    (true, true) => {}
                    // one side begins here and the other one has begun: they are not the same line
                    (is_desired, _) => {
                        let mut dashed = line.clone();
                        put(&mut dashed, if is_desired { &mut live } else { &mut desired });
                        row.sides = if is_desired {
                            Sides::Changed(line.clone(), dashed)
                        } else {
                            Sides::Changed(dashed, line.clone())
                        };
                    }
                },
                Sides::Changed(wanted, there) => {
                    put(wanted, &mut desired);
                    put(there, &mut live);
                }
                Sides::Desired(line) => put(line, &mut desired),
                Sides::Live(line) => put(line, &mut live),
            }
            if desired && live {
                break;
            }
        }
    }

    /// A value on one side, or the same on both.
    fn one(&mut self, value: &Value, depth: usize, lead: &str, side: Side) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                if !self.path.is_empty() && !lead.ends_with("- ") {
                    self.row(side(lead.into()));
                }
                for name in self.named_first(fields.keys().collect()) {
                    let lead = format!("{:depth$}{}:", "", key(name));
                    let value = &fields[name];
                    self.step(Step::key(name), |walker| walker.one(value, depth + 2, &lead, side));
                }
            }
            Value::Array(items) if !items.is_empty() => {
                if !lead.ends_with("- ") {
                    self.row(side(lead.into()));
                }
                let at = if lead.ends_with("- ") { depth } else { depth.saturating_sub(2) };
                let keyed = matched(items, items).map(|matched| matched.items);
                for (n, item) in items.iter().enumerate() {
                    let step = keyed.as_ref().and_then(|keyed| keyed.get(n)).map(|(step, ..)| step.clone());
                    self.step(step.unwrap_or(Step::Index(n)), |walker| walker.dash(item, at, side));
                }
            }
            Value::String(text) => match block(text) {
                Some((sign, lines)) => {
                    self.row(side(joined(lead, sign)));
                    for line in lines {
                        self.row(side(indented(depth, line)));
                    }
                }
                None => self.row(side(joined(lead, &scalar(value)))),
            },
            value => self.row(side(joined(lead, &scalar(value)))),
        }
    }
}

fn joined(lead: &str, value: &str) -> Box<str> {
    let gap = if lead.is_empty() || lead.ends_with(' ') { "" } else { " " };
    format!("{lead}{gap}{value}").into()
}

fn indented(depth: usize, text: &str) -> Box<str> {
    if text.is_empty() { "".into() } else { format!("{:depth$}{text}", "").into() }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
