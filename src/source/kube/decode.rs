//! From bytes to rows: watch lines, pages of a list, and tables.

use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::lenient::{Accept, Oddity, Seed};
use super::project::{Projector, message};
use super::shape;
use crate::domain::{AppKey, AppRow, Classifier, Symbol};

/// Decodes what an API server sends about Applications. Keeps one copy of every text rows have in common.
#[derive(Debug)]
pub struct Decoder {
    projector: Projector,
    odd: u32,
    odd_example: Option<String>,
}

/// One line of a watch.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// An Application is there, or changed.
    Changed {
        /// Its row.
        row: Box<AppRow>,
        /// Its resource version.
        version: String,
    },
    /// An Application is gone.
    Removed {
        /// Who it was.
        key: AppKey,
        /// The resource version of its removal.
        version: String,
    },
    /// Nothing happened up to a resource version.
    Bookmark {
        /// That version.
        version: String,
        /// The initial events have all been sent.
        complete: bool,
    },
    /// The server ends the watch.
    Failed {
        /// The HTTP status it stands for.
        code: i64,
        /// What it says, cleaned.
        message: String,
    },
    /// An object without a name, or an event of a kind we do not know: counted, and passed over.
    Odd {
        /// Its resource version.
        version: String,
    },
    /// Not JSON: the line was cut or garbled, and what it told is lost.
    Broken,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<AppRow>,
    /// The resource version of the list.
    pub version: String,
    /// The token for the next page, empty on the last.
    pub more: String,
}

#[derive(serde::Deserialize)]
struct RawPage<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// How much of an odd thing is shown.
const EXAMPLE: usize = 160;

impl Decoder {
    /// A decoder for the Applications of `source`.
    #[must_use]
    pub fn new(source: Symbol, classifier: Arc<Classifier>) -> Self {
        Self { projector: Projector::new(source, classifier), odd: 0, odd_example: None }
    }

    /// How many objects and lines could not be read as they should, since the start.
    #[must_use]
    pub fn odd(&self) -> u32 {
        self.odd
    }

    /// The first words about the last of them.
    #[must_use]
    pub fn odd_example(&self) -> Option<&str> {
        self.odd_example.as_deref()
    }

    /// The namespace the Applications say their controller runs in.
    #[must_use]
    pub fn controller_namespace(&self) -> Option<&Symbol> {
        self.projector.controller_namespace.as_ref()
    }

    /// Counts something that could not be read.
    pub fn count_odd(&mut self, about: &str) {
        self.odd = self.odd.saturating_add(1);
        let about = message(about).unwrap_or_default();
        self.odd_example = Some(about[..about.floor_char_boundary(EXAMPLE)].to_owned());
    }

    /// Reads one line of a watch. Never fails: what cannot be read is counted.
    pub fn event(&mut self, line: &[u8]) -> Event {
        self.line(line, |json| read::<shape::Event<'_>>(json))
    }

    /// Reads one frame of a stream of argocd-server. Never fails, as [`Decoder::event`].
    pub fn frame(&mut self, frame: &[u8]) -> Event {
        self.line(frame, |json| read::<shape::Frame<'_>>(json).map(|(frame, oddity)| (frame.event(), oddity)))
    }

    fn line(
        &mut self,
        line: &[u8],
        read: impl for<'a> Fn(&'a [u8]) -> Result<(shape::Event<'a>, Oddity), serde_json::Error>,
    ) -> Event {
        match read(line) {
            Ok((event, oddity)) => self.take(&event, &oddity),
            Err(why) => {
                // bytes that are not UTF-8 cost the characters they stand for, not the object
                let lossy = String::from_utf8_lossy(line);
                if let std::borrow::Cow::Owned(text) = &lossy
                    && let Ok((event, _)) = read(text.as_bytes())
                {
                    let event = self.take(&event, &Oddity::default());
                    self.count_odd(&format!("{}: bytes that are not UTF-8", label(&event)));
                    return event;
                }
                self.count_odd(&format!("a line of {} bytes that is not JSON ({why})", line.len()));
                Event::Broken
            }
        }
    }

    fn take(&mut self, event: &shape::Event<'_>, oddity: &Oddity) -> Event {
        let object = &event.object;
        let version = object.metadata.resource_version.as_ref().to_owned();
        match &*event.kind {
            "ADDED" | "MODIFIED" => match self.row(object, oddity) {
                Some(row) => Event::Changed { row: Box::new(row), version },
                None => Event::Odd { version },
            },
            "DELETED" => {
                if let Some(key) = self.projector.key(object) {
                    return Event::Removed { key, version };
                }
                self.count_odd("a removed object without a name");
                Event::Odd { version }
            }
            "BOOKMARK" => {
                let complete = object.metadata.annotations.initial_events_end == "true";
                Event::Bookmark { version, complete }
            }
            "ERROR" => Event::Failed {
                code: object.code,
                message: message(&object.message).unwrap_or_else(|| "the server ended the watch".into()).into(),
            },
            kind => {
                self.count_odd(&format!("a watch event of type `{kind}`"));
                Event::Odd { version }
            }
        }
    }

    fn row(&mut self, object: &shape::Object<'_>, oddity: &Oddity) -> Option<AppRow> {
        let Some(row) = self.projector.row(object) else {
            self.count_odd("an object without a name");
            return None;
        };
        if !oddity.is_none() {
            let oddity = oddity.to_string();
            let oddity =
                ["object.", "result.application."].iter().find_map(|p| oddity.strip_prefix(p)).unwrap_or(&oddity);
            self.count_odd(&format!("{}/{}: {oddity}", row.key.namespace, row.key.name));
        }
        Some(row)
    }

    /// Reads one Application by itself: its row and its resource version. Nothing when it is none; an odd one is counted.
    pub fn single(&mut self, body: &[u8]) -> Option<(AppRow, String)> {
        let (lossy, mut object) = (std::cell::OnceCell::new(), read::<shape::Object<'_>>(body));
        if object.is_err() {
            // bytes that are not UTF-8 cost the characters they stand for, not the object
            object = read(lossy.get_or_init(|| String::from_utf8_lossy(body)).as_bytes());
        }
        match object {
            Ok((object, oddity)) => {
                let version = object.metadata.resource_version.as_ref().to_owned();
                self.row(&object, &oddity).map(|row| (row, version))
            }
            Err(why) => {
                self.count_odd(&format!("an Application that is not JSON ({why})"));
                None
            }
        }
    }

    /// Reads one page of a list.
    ///
    /// # Errors
    /// When the page as a whole is not JSON. An object in it that is odd is counted and costs nothing else.
    pub fn page(&mut self, body: &[u8]) -> Result<Page, serde_json::Error> {
        let lossy = String::from_utf8_lossy(body);
        if matches!(lossy, std::borrow::Cow::Owned(_)) {
            self.count_odd("a page with bytes that are not UTF-8");
        }
        let raw: RawPage<'_> = serde_json::from_str(&lossy)?;
        let meta = match raw.metadata {
            Some(meta) => read::<shape::ListMeta<'_>>(meta.get().as_bytes())?.0,
            None => shape::ListMeta::default(),
        };
        let mut rows = Vec::new();
        for item in raw.items.unwrap_or_default() {
            match read::<shape::Object<'_>>(item.get().as_bytes()) {
                Ok((object, oddity)) => rows.extend(self.row(&object, &oddity)),
                Err(why) => self.count_odd(&format!("an object in a list ({why})")),
            }
        }
        Ok(Page { rows, version: meta.resource_version.into_owned(), more: meta.more.into_owned() })
    }

    /// Reads a table of the Applications in `namespace` into sketches.
    ///
    /// # Errors
    /// When it is not JSON. An answer that is no table gives no sketches.
    pub fn table(&mut self, body: &[u8], namespace: &Symbol) -> Result<Vec<AppRow>, serde_json::Error> {
        let (table, _) = read::<shape::Table<'_>>(body)?;
        if table.kind != "Table" {
            return Ok(Vec::new());
        }
        let column = |name: &str| table.columns.0.iter().position(|c| c.name.eq_ignore_ascii_case(name));
        let columns = ["Name", "Sync Status", "Health Status", "Revision", "Project"].map(column);
        let projector = &mut self.projector;
        Ok(table
            .rows
            .0
            .iter()
            .filter_map(|row| {
                projector
                    .sketch(namespace, columns.map(|at| at.and_then(|at| row.cells.0.get(at)).map_or("", |c| &**c)))
            })
            .collect())
    }

    /// A text from elsewhere, cleaned and shared with the rows.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        self.projector.symbol(text)
    }
}

/// Reads a whole JSON text leniently.
pub(in crate::source) fn read<'de, T: Accept<'de>>(json: &'de [u8]) -> Result<(T, Oddity), serde_json::Error> {
    let mut oddity = Oddity::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = Seed::new(&mut oddity).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, oddity))
}

fn label(event: &Event) -> String {
    match event {
        Event::Changed { row, .. } => format!("{}/{}", row.key.namespace, row.key.name),
        Event::Removed { key, .. } => format!("{}/{}", key.namespace, key.name),
        _ => "an event".to_owned(),
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
