//! What form the client asked for.

use super::super::kinds::Kind;
use super::path::Query;
use super::status::Failure;

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are.
    Whole,
    /// Only their metadata.
    Metadata,
    /// As rows of a table, with what of the object beside the cells.
    Table(Beside),
}

/// What a table row carries of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Metadata,
    Whole,
}

impl Form {
    /// The first form in `accept` that can be served.
    pub fn negotiate(accept: &str, query: &Query, kind: &Kind) -> Result<Self, Failure> {
        if accept.trim().is_empty() {
            return Ok(Self::Whole);
        }
        accept.split(',').find_map(|clause| Self::of(clause, query, kind)).ok_or_else(Failure::not_acceptable)
    }

    fn of(clause: &str, query: &Query, kind: &Kind) -> Option<Self> {
        let mut parts = clause.split(';').map(str::trim);
        if !is_json(parts.next()?) {
            return None;
        }
        let parts: Vec<(&str, &str)> = parts.filter_map(|p| p.split_once('=')).collect();
        let get = |key: &str| parts.iter().find(|(k, _)| *k == key).map_or("", |(_, v)| *v);
        let meta = get("g") == "meta.k8s.io" && get("v") == "v1";
        match get("as") {
            "" => Some(Self::Whole),
            "Table" if meta && kind.is_stored() => Some(Self::Table(match query.get("includeObject") {
                "None" => Beside::Nothing,
                "Object" => Beside::Whole,
                _ => Beside::Metadata,
            })),
            "PartialObjectMetadata" | "PartialObjectMetadataList" if meta && kind.is_stored() => Some(Self::Metadata),
            _ => None,
        }
    }
}

/// Whether a media range takes JSON.
pub(super) fn is_json(range: &str) -> bool {
    matches!(range, "application/json" | "application/*" | "*/*")
}

/// Whether the client prefers discovery in one piece.
pub(super) fn wants_aggregated(accept: &str) -> bool {
    let first = accept.split(',').find(|c| c.split(';').next().is_some_and(|r| is_json(r.trim())));
    let aggregated = |c: &str| c.contains("as=APIGroupDiscoveryList");
    // a client that names v2 anywhere before plain JSON gets it, whatever it names in between
    first.is_some_and(aggregated)
        && accept.split(',').any(|c| aggregated(c) && c.split(';').any(|p| p.trim() == "v=v2"))
}

#[cfg(test)]
mod tests {
    use super::super::super::kinds;
    use super::*;

    fn form(accept: &str, query: &str) -> Option<Form> {
        Form::negotiate(accept, &Query::parse(query), kinds::by_kind("Pod").unwrap()).ok()
    }

    #[test]
    fn the_first_form_that_can_be_served_wins() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(form(table, ""), Some(Form::Table(Beside::Metadata)));
        assert_eq!(form(table, "includeObject=None"), Some(Form::Table(Beside::Nothing)));
        assert_eq!(form("application/vnd.kubernetes.protobuf,application/json", ""), Some(Form::Whole));
        assert_eq!(form("application/vnd.kubernetes.protobuf", ""), None);
        assert_eq!(form("", ""), Some(Form::Whole));
        assert_eq!(form("*/*", ""), Some(Form::Whole));
        assert_eq!(form("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", ""), Some(Form::Metadata));
        assert_eq!(form("application/json;as=Nonsense;g=meta.k8s.io;v=v1", ""), None);
    }

    #[test]
    fn aggregated_discovery_must_be_asked_for() {
        let kubectl = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        assert!(wants_aggregated(kubectl));
        assert!(!wants_aggregated("application/json"));
    }
}
