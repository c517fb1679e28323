//! Writing objects, lists and watch lines into the bytes that go out.

use bytes::{BufMut, BytesMut};
use serde_json::{Value, json};

use super::super::columns;
use super::super::kinds::Kind;
use super::super::object::Object;
use super::negotiate::{Beside, Form};
use super::spelling;

/// Bytes to gather before a chunk is sent: large enough that framing and TLS records cost little.
pub(super) const CHUNK: usize = 128 << 10;

/// Writes the objects of one kind in one form.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    pub kind: &'static Kind,
    pub form: Form,
    /// What precedes the metadata of a whole object.
    prefix: String,
    /// Column definitions as JSON, for tables.
    columns: String,
}

const PARTIAL: &[u8] = br#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#;

impl Encoder {
    pub fn new(kind: &'static Kind, form: Form) -> Self {
        let columns = match form {
            Form::Table(_) => definitions(kind).to_string(),
            Form::Whole | Form::Metadata => String::new(),
        };
        Self { kind, form, prefix: format!("{{{},", type_meta(kind, kind.kind)), columns }
    }

    /// One object, as `get` answers it.
    pub fn single(&self, out: &mut BytesMut, object: &Object, now: i64) {
        match self.form {
            Form::Whole => self.whole(out, object),
            Form::Metadata => partial(out, object),
            Form::Table(beside) => {
                let version = object.resource_version.to_string();
                self.table_head(out, &json!({"resourceVersion": version}), true);
                self.row(out, object, beside, now);
                out.put_slice(b"]}");
            }
        }
        out.put_u8(b'\n');
    }

    /// Everything of a list before its items; `metadata` is the list's.
    pub fn list_head(&self, out: &mut BytesMut, metadata: &Value) {
        match self.form {
            Form::Table(_) => self.table_head(out, metadata, true),
            Form::Metadata => {
                out.put_slice(br#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":"#);
                out.put_slice(metadata.to_string().as_bytes());
                out.put_slice(br#","items":["#);
            }
            Form::Whole if self.kind.is_custom() => {
                out.put_slice(format!("{{\"apiVersion\":\"{}\",\"items\":[", self.kind.api_version()).as_bytes());
            }
            Form::Whole => {
                out.put_slice(format!("{{{},\"metadata\":", type_meta(self.kind, &list_kind(self.kind))).as_bytes());
                out.put_slice(metadata.to_string().as_bytes());
                out.put_slice(br#","items":["#);
            }
        }
    }

    /// One item of a list.
    pub fn list_item(&self, out: &mut BytesMut, object: &Object, now: i64) {
        match self.form {
            // items of built-in types do not repeat their type
            Form::Whole if self.kind.is_alias() => out.put_slice(self.respelled(object).as_bytes()),
            Form::Whole if !self.kind.is_custom() => out.put_slice(object.body()),
            Form::Whole => self.whole(out, object),
            Form::Metadata => partial(out, object),
            Form::Table(beside) => self.row(out, object, beside, now),
        }
    }

    /// Everything of a list after its items.
    pub fn list_tail(&self, out: &mut BytesMut, metadata: &Value) {
        out.put_u8(b']');
        if self.form == Form::Whole && self.kind.is_custom() {
            out.put_slice(format!(",\"kind\":\"{}\",\"metadata\":{metadata}", list_kind(self.kind)).as_bytes());
        }
        out.put_slice(b"}\n");
    }

    /// One line of a watch; only the `first` line of a table names its columns.
    pub fn event(&self, out: &mut BytesMut, r#type: &str, object: &Object, now: i64, first: bool) {
        out.put_slice(format!("{{\"type\":\"{type}\",\"object\":").as_bytes());
        match self.form {
            Form::Whole => self.whole(out, object),
            Form::Metadata => partial(out, object),
            Form::Table(beside) => {
                let version = object.resource_version.to_string();
                self.table_head(out, &json!({"resourceVersion": version}), first);
                self.row(out, object, beside, now);
                out.put_slice(b"]}");
            }
        }
        out.put_slice(b"}\n");
    }

    /// A bookmark: an object with nothing but a version.
    pub fn bookmark(&self, out: &mut BytesMut, version: u64, ends_initial: bool, first: bool) {
        let version = version.to_string();
        let mut metadata = json!({"resourceVersion": version});
        if ends_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        if !self.kind.is_custom() || self.form != Form::Whole {
            metadata["creationTimestamp"] = Value::Null;
        }
        out.put_slice(b"{\"type\":\"BOOKMARK\",\"object\":");
        match self.form {
            Form::Whole => out.put_slice(format!("{}\"metadata\":{metadata}}}", self.prefix).as_bytes()),
            Form::Metadata => {
                out.put_slice(PARTIAL);
                out.put_slice(format!("{metadata}}}").as_bytes());
            }
            Form::Table(beside) => {
                self.table_head(out, &json!({"resourceVersion": version}), first);
                let cells: Vec<Value> = columns::of(self.kind).iter().map(|_| "".into()).collect();
                out.put_slice(format!("{{\"cells\":{},\"object\":", Value::from(cells)).as_bytes());
                match beside {
                    Beside::Nothing => out.put_slice(b"null"),
                    Beside::Metadata => {
                        out.put_slice(PARTIAL);
                        out.put_slice(format!("{metadata}}}").as_bytes());
                    }
                    Beside::Whole => out.put_slice(format!("{}\"metadata\":{metadata}}}", self.prefix).as_bytes()),
                }
                out.put_slice(b"}]}");
            }
        }
        out.put_slice(b"}\n");
    }

    fn whole(&self, out: &mut BytesMut, object: &Object) {
        out.put_slice(self.prefix.as_bytes());
        if self.kind.is_alias() {
            out.put_slice(&self.respelled(object).as_bytes()[1..]);
        } else {
            out.put_slice(&object.body()[1..]);
        }
    }

    /// An object in the other spelling of its type.
    fn respelled(&self, object: &Object) -> String {
        Value::from(spelling::other(self.kind, serde_json::from_slice(object.body()).unwrap_or_default())).to_string()
    }

    fn table_head(&self, out: &mut BytesMut, metadata: &Value, with_columns: bool) {
        out.put_slice(
            format!("{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{metadata}").as_bytes(),
        );
        out.put_slice(br#","columnDefinitions":"#);
        out.put_slice(if with_columns { self.columns.as_bytes() } else { b"null" });
        out.put_slice(br#","rows":["#);
    }

    fn row(&self, out: &mut BytesMut, object: &Object, beside: Beside, now: i64) {
        out.put_slice(br#"{"cells":["#);
        for (i, cell) in object.cells.iter().enumerate() {
            if i > 0 {
                out.put_u8(b',');
            }
            out.put_slice(cell.render(now).to_string().as_bytes());
        }
        out.put_slice(br#"],"object":"#);
        match beside {
            Beside::Nothing => out.put_slice(b"null"),
            Beside::Metadata => partial(out, object),
            Beside::Whole => self.whole(out, object),
        }
        out.put_u8(b'}');
    }
}

fn partial(out: &mut BytesMut, object: &Object) {
    out.put_slice(PARTIAL);
    out.put_slice(object.metadata());
    out.put_u8(b'}');
}

fn list_kind(kind: &Kind) -> String {
    format!("{}List", kind.kind)
}

/// Type fields without braces; custom resources write them in alphabetical order.
fn type_meta(kind: &Kind, name: &str) -> String {
    let version = kind.api_version();
    if kind.is_custom() {
        format!("\"apiVersion\":\"{version}\",\"kind\":\"{name}\"")
    } else {
        format!("\"kind\":\"{name}\",\"apiVersion\":\"{version}\"")
    }
}

fn definitions(kind: &Kind) -> Value {
    let define = |c: &columns::Column| {
        json!({
            "name": c.name, "type": c.r#type, "format": c.format, "description": c.description, "priority": c.priority,
        })
    };
    columns::of(kind).iter().map(define).collect()
}
