//! Records of what was done to whom (R17).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::{GroupId, JobId, RecordId, UserId};
use entity::kind::{Cause, Outcome};
pub use entity::record::Model as Record;

use super::users::Span;
use super::{Batch, By, Direction, Filter, List, Order, Reader, Relation, Row, all, by_id, columns};
use crate::db::sql::sql;
use crate::error::Error;

/// Records by id.
#[derive(Debug)]
pub struct Records;

impl Batch for Records {
    type Key = RecordId;
    type Value = Arc<Record>;

    async fn load(reader: &Reader, ids: Vec<RecordId>) -> Result<HashMap<RecordId, Arc<Record>>, Error> {
        by_id("records.by_id", "records", ids, reader.db(), |row: &Record| row.id).await
    }
}

/// The record of each person's latest deletion.
#[derive(Debug)]
pub struct Deletions;

impl Batch for Deletions {
    type Key = UserId;
    type Value = Arc<Record>;

    async fn load(reader: &Reader, ids: Vec<UserId>) -> Result<HashMap<UserId, Arc<Record>>, Error> {
        let text = format!(
            "select {} from records r where r.user_id in {{users}} and r.outcome = {{deleted}} order by r.id",
            columns::<Record>("r")
        );
        let statement = sql("records.deletions", text).ids("users", ids).bind("deleted", Outcome::Deleted);
        let rows = all(statement, reader.db(), |row| Record::read(row, "r")).await?;
        // The latest comes last, and stays.
        Ok(rows.into_iter().map(|row| (row.user_id, Arc::new(row))).collect())
    }
}

/// Which records are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct RecordFilter {
    /// Of what was done to this person.
    pub user: Option<UserId>,
    /// From one of these groups.
    pub groups: Option<Vec<GroupId>>,
    /// By this person.
    pub actor: Option<UserId>,
    /// For this cause.
    pub cause: Option<Cause>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// As part of this job.
    pub job: Option<JobId>,
    /// Done then.
    pub at: Span,
}

/// Every record that meets `filter`, in the order in which they were written.
pub fn list(filter: &RecordFilter, direction: Direction) -> List<Arc<Record>> {
    let mut conditions = Filter::new()
        .maybe("r.user_id = {user}", "user", filter.user)
        .maybe("r.actor_id = {actor}", "actor", filter.actor)
        .maybe("r.cause = {cause}", "cause", filter.cause)
        .maybe("r.outcome = {outcome}", "outcome", filter.outcome)
        .maybe("r.job_id = {job}", "job", filter.job)
        .maybe("r.at >= {at_from}", "at_from", filter.at.from)
        .maybe("r.at < {at_until}", "at_until", filter.at.until);
    if let Some(groups) = &filter.groups {
        conditions = conditions.within("r.group_id in {groups}", "groups", groups.iter().copied());
    }
    listed("records.list", conditions).towards(direction)
}

fn listed(name: &'static str, filter: Filter) -> List<Arc<Record>> {
    List {
        name,
        columns: columns::<Record>("r"),
        from: "records r".to_owned(),
        filter,
        order: Order::new("WRITTEN", const { &[By::number("r.id")] }),
        read: |row| Ok(Arc::new(Record::read(row, "r")?)),
    }
}

/// What was done to somebody, in the order in which it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordsOf;

impl Relation for RecordsOf {
    type Parent = UserId;
    type Item = Arc<Record>;
    const PARENT: &'static str = "r.user_id";

    fn list(&self) -> List<Arc<Record>> {
        listed("records.of_user", Filter::new())
    }
}
