//! Services by environments: what the Board shows.

use std::collections::{HashMap, HashSet};

use super::apps::{Apps, RowId};
use super::query::Query;
use crate::domain::{AppRow, Environment, Fullness, Symbol, Timestamp};

/// The Applications of every service in every environment. Sketches have no environment yet and are left out.
#[derive(Debug, Default)]
pub struct Grid {
    services: Vec<Symbol>,
    /// Where each service stands among them.
    places: HashMap<Symbol, usize>,
    environments: Vec<Environment>,
    /// By service, then by environment: the Applications of the cell, worst first.
    cells: Vec<Vec<RowId>>,
    /// By the number of its row: where the Application stands among the cells.
    stands: Vec<Stand>,
    /// The placement of rows that was made for.
    placed_for: Option<u64>,
    built_for: Option<(Query, u64)>,
    /// The minute it was built in, when its query depends on the time.
    built_minute: Option<i64>,
    rebuilds: u64,
    placings: u64,
}

/// Where an Application stands.
#[derive(Clone, Copy, Debug, Default)]
enum Stand {
    /// In none of the environments, or in none that is known yet.
    #[default]
    Nowhere,
    /// At a service that has no line yet.
    New,
    /// In this cell.
    Cell(u32),
}

impl Grid {
    /// Brings the grid up to date; does nothing when nothing it depends on has moved.
    pub fn refresh(&mut self, apps: &Apps, query: &Query, now: Timestamp) {
        let generation = apps.order_generation();
        let minute = query.depends_on_time().then(|| now.as_second() / 60);
        if self.built_minute == minute && self.built_for.as_ref().is_some_and(|(q, g)| *g == generation && q == query) {
            return;
        }
        self.built_for = Some((query.clone(), generation));
        self.built_minute = minute;
        self.rebuilds += 1;
        let mut environments = apps.environments();
        if let Some(only) = &query.environment {
            environments.retain(|e| e.name == *only);
        }
        if environments != self.environments {
            self.environments = environments;
            self.places.clear();
            self.services.clear();
            self.placed_for = None;
        }
        if !self.fill(apps, query, now) {
            self.arrange(apps, query, now);
            self.fill(apps, query, now);
        }
        let worst_first = super::field::field(super::FieldId::State).compare;
        for cell in self.cells.iter_mut().filter(|cell| cell.len() > 1) {
            cell.sort_unstable_by(|a, b| match (apps.get(*a), apps.get(*b)) {
                (Some(x), Some(y)) => worst_first((x, apps.trouble_kind(*a)), (y, apps.trouble_kind(*b))),
                _ => a.cmp(b),
            });
        }
    }

    /// Puts every Application into its cell. Whether the services are still those that were: in a storm of changes they
    /// nearly always are, and nothing else has to be made anew.
    fn fill(&mut self, apps: &Apps, query: &Query, now: Timestamp) -> bool {
        let across = self.environments.len();
        if self.placed_for != Some(apps.placement()) {
            self.place(apps);
            self.placed_for = Some(apps.placement());
        }
        self.cells.iter_mut().for_each(Vec::clear);
        self.cells.resize_with(self.services.len() * across, Vec::new);
        for (id, row, trouble) in apps.iter() {
            match self.stands.get(id as usize) {
                None | Some(Stand::Nowhere) => {}
                Some(_) if !query.matches(row, trouble, now) => {}
                Some(Stand::New) => return false,
                Some(Stand::Cell(cell)) => self.cells[*cell as usize].push(id),
            }
        }
        across == 0 || self.cells.chunks(across).all(|line| line.iter().any(|cell| !cell.is_empty()))
    }

    /// Finds where every Application stands: states change all the time, and that hardly ever.
    fn place(&mut self, apps: &Apps) {
        self.placings += 1;
        let across = self.environments.len();
        let column: HashMap<&Symbol, usize> = self.environments.iter().enumerate().map(|(n, e)| (&e.name, n)).collect();
        self.stands.clear();
        for (id, row, _) in apps.iter() {
            let stand = match row.environment.as_ref().and_then(|environment| column.get(environment)) {
                Some(column) if row.fullness == Fullness::Full => match self.places.get(&row.service) {
                    Some(line) => Stand::Cell((line * across + column) as u32),
                    None => Stand::New,
                },
                _ => Stand::Nowhere,
            };
            self.stands.resize(id as usize + 1, Stand::Nowhere);
            self.stands[id as usize] = stand;
        }
    }

    /// Finds the services there are, in their order.
    fn arrange(&mut self, apps: &Apps, query: &Query, now: Timestamp) {
        let shown =
            |row: &AppRow| row.environment.as_ref().is_some_and(|e| self.environments.iter().any(|s| s.name == *e));
        let mut services: HashSet<&Symbol> = HashSet::new();
        for (_, row, trouble) in apps.iter() {
            if row.fullness == Fullness::Full && shown(row) && query.matches(row, trouble, now) {
                services.insert(&row.service);
            }
        }
        let mut services: Vec<Symbol> = services.into_iter().cloned().collect();
        services.sort_unstable();
        self.places = services.iter().cloned().enumerate().map(|(n, service)| (service, n)).collect();
        self.services = services;
        self.placed_for = None;
    }

    /// The services, by name.
    #[must_use]
    pub fn services(&self) -> &[Symbol] {
        &self.services
    }

    /// The environments, in their order.
    #[must_use]
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The Applications of a cell, worst first.
    #[must_use]
    pub fn cell(&self, service: usize, environment: usize) -> &[RowId] {
        if environment >= self.environments.len() {
            return &[];
        }
        self.cells.get(service * self.environments.len() + environment).map_or(&[], Vec::as_slice)
    }

    /// How often it was rebuilt: a work counter for tests.
    #[must_use]
    pub fn rebuilds(&self) -> u64 {
        self.rebuilds
    }

    /// How often service and environment of every Application were looked up: a work counter for tests.
    #[must_use]
    pub fn placings(&self) -> u64 {
        self.placings
    }
}
