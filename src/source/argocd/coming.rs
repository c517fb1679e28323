//! Answers that are waited for and read as they come.

use bytes::Bytes;
use futures::future::BoxFuture;

use super::super::kube::fault::Fault;
use super::super::kube::request::QUIET;
use super::answer::Answer;
use super::ask::Ask;
use super::items::Items;
use super::server::Server;
use crate::domain::{Timestamp, time};

/// An answer from the question to its end.
pub(super) enum Coming {
    /// It has not begun.
    Asked(BoxFuture<'static, Result<Answer, Fault>>),
    /// It comes.
    Begun(Answer),
}

impl Coming {
    /// Asks; whether that is before anything else is decided by who waits for it first.
    pub fn of(server: &Server, ask: Ask) -> Self {
        let server = server.clone();
        Self::Asked(Box::pin(async move { server.send(&ask).await }))
    }

    /// The answer, once it began.
    pub fn begun(&self) -> Option<&Answer> {
        match self {
            Self::Asked(_) => None,
            Self::Begun(answer) => Some(answer),
        }
    }

    /// What comes next: no bytes for its beginning, nothing at its end. Can be dropped and called again, but not after a
    /// fault.
    pub async fn next(&mut self) -> Option<Result<Bytes, Fault>> {
        match self {
            Self::Asked(asked) => match asked.await {
                Ok(answer) => *self = Self::Begun(answer),
                Err(fault) => return Some(Err(fault)),
            },
            Self::Begun(answer) => return answer.next().await,
        }
        Some(Ok(Bytes::new()))
    }
}

/// A list that is read item by item.
pub(super) struct Reading {
    coming: Coming,
    /// What came of it.
    pub items: Items,
    heard: Timestamp,
}

impl Reading {
    /// Asks for it.
    pub fn of(server: &Server, path: &str, now: Timestamp) -> Self {
        Self { coming: Coming::of(server, Ask::list(path)), items: Items::default(), heard: now }
    }

    /// As [`Coming::next`].
    pub async fn next(&mut self) -> Option<Result<Bytes, Fault>> {
        self.coming.next().await
    }

    /// Hands every item that ends in `chunk` to `on_item`.
    pub fn feed(&mut self, chunk: &[u8], now: Timestamp, on_item: impl FnMut(&[u8])) {
        self.heard = now;
        self.items.feed(chunk, on_item);
    }

    /// When it is stuck if nothing comes of it; none while its beginning is waited for, which has an end of its own.
    pub fn stuck(&self) -> Option<Timestamp> {
        self.coming.begun().map(|_| time::after(self.heard, QUIET))
    }
}
