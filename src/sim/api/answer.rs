//! From a request to its answer: faults, who asks, what for.

use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;

use super::super::access::User;
use super::super::fault::Faults;
use super::super::serve::Cluster;
use super::super::store::Store;

/// One cluster's API.
#[derive(Debug)]
pub struct Api {
    pub(in crate::sim) name: String,
    pub(in crate::sim) store: Store,
    pub(in crate::sim) faults: Faults,
    pub(super) users: Vec<User>,
    pub(super) streaming_lists: bool,
}

impl Api {
    /// The API of a cluster, without faults.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        let Cluster { name, store, users, streaming_lists, port: _, leaf: _ } = cluster;
        Self { name, store, users, streaming_lists, faults: Faults::default() }
    }

    /// Answers one request; an error breaks the connection.
    pub async fn answer(&self, _request: Request<Incoming>) -> io::Result<Response<BoxBody<Bytes, io::Error>>> {
        Ok(Response::new(Full::new(Bytes::from_static(b"{}")).map_err(io::Error::other).boxed()))
    }
}
