//! What is done for jobs of each kind. Jobs themselves know of leases, attempts and time alone.

use std::fmt::Debug;

use chrono::TimeDelta;
use entity::id::JobId;
use entity::kind::{Expiry, JobKind};
use futures::future::BoxFuture;

use super::{Lease, Step};
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::transaction::Tx;

/// Who carries out jobs of a kind.
pub trait Worker: Debug + Send + Sync {
    /// A turn of whoever holds `lease`, which every step prolongs by `lasting`.
    fn turn(&self, lease: Lease, lasting: TimeDelta) -> Box<dyn Turn>;

    /// Ends a prepared job that can no longer be started, and says why.
    fn expire<'a>(&'a self, tx: &'a Tx, job: JobId, because: Expiry) -> BoxFuture<'a, Result<(), Error>>;
}

/// One worker's turn with a job, step by step.
pub trait Turn: Send {
    /// Does the next step. What was committed stays done, whatever becomes of it.
    fn step<'a>(&'a mut self, db: &'a Database) -> BoxFuture<'a, Result<Step, Failure>>;
}

/// The kinds that this program knows, and who works on each. Jobs of another kind wait for a program that knows it.
#[derive(Clone, Copy, Debug)]
pub struct Kinds(pub &'static [(JobKind, &'static dyn Worker)]);

impl Kinds {
    /// Who works on jobs of `kind`.
    pub(super) fn worker(self, kind: JobKind) -> Option<&'static dyn Worker> {
        self.0.iter().find(|(known, _)| *known == kind).map(|(_, worker)| *worker)
    }

    /// The kinds, as SQL lists them.
    pub(super) fn listed(self) -> String {
        JobKind::listed(|kind| self.worker(kind).is_some())
    }
}
