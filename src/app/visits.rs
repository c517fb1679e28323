//! The screens that were visited, with the Application and the filter that were looked at: back and forward, as in a
//! browser.

use super::model::Model;
use crate::command::{Frozen, Situation};
use crate::domain::{AppKey, AppRow, ObjectName, Protection};
use crate::store::Query;
use crate::view::ScreenId;

/// Visits that are remembered in either direction.
const MOST: usize = 50;

/// What was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    home: ScreenId,
    over: Vec<ScreenId>,
    selected: Option<AppKey>,
    object: Option<ObjectName>,
    hooks: bool,
    previous: bool,
    text: String,
    query: Query,
}

impl Place {
    fn of(model: &Model) -> Self {
        let lens = &model.lens;
        Self {
            home: model.stack.home_id(),
            over: model.stack.over(),
            selected: lens.selected.clone(),
            object: lens.object.clone(),
            hooks: lens.hooks,
            previous: lens.previous,
            text: lens.text.clone(),
            query: lens.query.clone(),
        }
    }

    /// Moving in a list or narrowing it is no new visit; another screen is, and another Application on one of its own.
    fn is_visit_of(&self, other: &Self) -> bool {
        let alone = !self.over.is_empty() && self.selected != other.selected;
        self.home == other.home && self.over == other.over && !alone
    }

    fn show(self, model: &mut Model) {
        model.stack.go_home(self.home);
        for id in self.over {
            model.stack.push(id);
        }
        let lens = &mut model.lens;
        lens.filter(&self.text);
        lens.query.environment = self.query.environment;
        lens.query.problems = self.query.problems;
        lens.show_marked(self.query.only.is_some());
        lens.hooks = self.hooks;
        lens.previous = self.previous;
        lens.selected = self.selected;
        lens.object = self.object;
    }
}

/// The screens visited before and after the visible one.
#[derive(Debug, Default)]
pub struct Visits {
    here: Option<Place>,
    before: Vec<Place>,
    after: Vec<Place>,
}

impl Visits {
    /// How many screens lie behind and ahead.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        (self.before.len(), self.after.len())
    }
}

/// Notes where the person is now, after something they did.
pub fn note(model: &mut Model) {
    // help, what is copied, planned and led to belong to a screen and are none to come back to
    let passing = [
        ScreenId::Help,
        ScreenId::Copy,
        ScreenId::Plan,
        ScreenId::Actions,
        ScreenId::Guard,
        ScreenId::Sessions,
        ScreenId::Debug,
    ];
    if passing.contains(&model.stack.top().id()) {
        return;
    }
    let now = Place::of(model);
    let visits = &mut model.visits;
    if let Some(left) = visits.here.replace(now.clone())
        && !left.is_visit_of(&now)
    {
        visits.before.push(left);
        visits.after.clear();
        let too_many = visits.before.len().saturating_sub(MOST);
        visits.before.drain(..too_many);
    }
}

/// Goes back to the screen visited before.
pub fn back(model: &mut Model) {
    let here = Place::of(model);
    if let Some(place) = model.visits.before.pop() {
        model.visits.after.push(here);
        arrive(model, place);
    }
}

/// Goes forward again.
pub fn forward(model: &mut Model) {
    let here = Place::of(model);
    if let Some(place) = model.visits.after.pop() {
        model.visits.before.push(here);
        arrive(model, place);
    }
}

/// Changes between this screen and the one visited before.
pub fn last(model: &mut Model) {
    let here = Place::of(model);
    if let Some(place) = model.visits.before.pop() {
        model.visits.before.push(here);
        arrive(model, place);
    }
}

fn arrive(model: &mut Model, place: Place) {
    model.visits.here = Some(place.clone());
    place.show(model);
}

fn selected(model: &Model) -> Option<&AppRow> {
    model.apps.get(model.apps.find(model.lens.selected.as_ref()?)?)
}

/// Why nothing of the selected Application is written.
fn frozen(model: &Model) -> Option<Frozen> {
    if model.desk.readonly {
        return Some(Frozen::Everywhere);
    }
    let row = selected(model)?;
    let environment = model.apps.describe(row.environment.as_ref()?);
    if environment.protection == Protection::ReadOnly {
        return Some(Frozen::Environment);
    }
    model.desk.rights.missing(&row.key).map(|missing| Frozen::Rights(missing.to_owned()))
}

/// What the conditions of commands look at.
#[must_use]
pub fn situation(model: &Model) -> Situation {
    let (before, after) = model.visits.count();
    let on = model.apps.sources().values().filter(|source| source.link != crate::domain::Link::Off);
    Situation {
        selected: model.lens.selected.is_some(),
        environments: model.apps.environments().len(),
        sources_on: on.count(),
        served: model.apps.sources().values().filter(|source| source.server.is_some()).count(),
        shut_out: model.apps.sources().values().filter(|source| source.wants_login()).count(),
        marked: model.lens.marks.len(),
        before,
        after,
        filtered: !model.lens.text.trim().is_empty(),
        frozen: frozen(model),
        operating: selected(model)
            .and_then(|row| row.operation.as_ref())
            .is_some_and(|operation| operation.is_active()),
    }
}
