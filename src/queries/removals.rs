//! Records of removals (R17), and the jobs that many of them belong to (R16).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::{JobId, RecordId, UserId};
pub use entity::job::Model as Job;
pub use entity::job_item::Model as JobItem;
use entity::kind::Outcome;
pub use entity::record::Model as Record;

use super::{Batch, By, Direction, Filter, List, Order, Reader, Relation, Row, Seen, columns, grouped, noun};
use crate::db::sql::sql;
use crate::error::Error;

noun! {
    /// Records by id.
    Records: "removals.by_id", "records", Record, RecordId, [Seen::Record("r")]
}

/// Orders records by when they were written.
const BY_TIME: Order = Order::new("TIME", &[By::number("r.id")]);

/// Every record that meets `filter`; newest first when descending.
pub fn list(filter: Filter, direction: Direction) -> List<Arc<Record>> {
    List {
        name: "removals.list",
        columns: columns::<Record>("r"),
        from: "records r".to_owned(),
        seen: vec![Seen::Record("r")],
        filter,
        order: BY_TIME.towards(direction),
        read: |row| Ok(Arc::new(Record::read(row, "r")?)),
    }
}

/// What was done to a person, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfUser;

impl Relation for OfUser {
    type Parent = UserId;
    type Item = Arc<Record>;
    const PARENT: &'static str = "r.user_id";

    fn list(&self) -> List<Arc<Record>> {
        List { name: "removals.of_user", ..list(Filter::new(), Direction::Descending) }
    }
}

/// The latest deletion of each person.
#[derive(Debug)]
pub struct LastDeletions;

impl Batch for LastDeletions {
    type Key = UserId;
    type Value = Arc<Record>;

    async fn load(reader: &Reader, users: Vec<UserId>) -> Result<HashMap<UserId, Arc<Record>>, Error> {
        let filter = reader.sight().await?.filter(&[Seen::Record("r")]);
        let text = format!(
            "select {} from records r where {} and r.id in (select max(l.id) from records l
             where l.user_id in {{users}} and l.outcome = 'DELETED' group by l.user_id)",
            columns::<Record>("r"),
            filter.text()
        );
        let statement = filter.bind(sql("removals.last_deletions", text)).ids("users", users);
        let rows = super::all(statement, reader, |row| Record::read(row, "r")).await?;
        Ok(rows.into_iter().map(|record| (record.user_id, Arc::new(record))).collect())
    }
}

noun! {
    /// Jobs by id.
    Jobs: "removals.jobs_by_id", "jobs", Job, JobId, [Seen::Job("r")]
}

/// Orders jobs by when they were accepted.
const JOBS_BY_TIME: Order = Order::new("TIME", &[By::number("j.id")]);

/// Every job that meets `filter`.
pub fn jobs(filter: Filter, direction: Direction) -> List<Arc<Job>> {
    List {
        name: "removals.jobs",
        columns: columns::<Job>("j"),
        from: "jobs j".to_owned(),
        seen: vec![Seen::Job("j")],
        filter,
        order: JOBS_BY_TIME.towards(direction),
        read: |row| Ok(Arc::new(Job::read(row, "j")?)),
    }
}

/// Orders the entries of a job as its list had them.
const BY_POSITION: Order = Order::new("POSITION", &[By::number("i.position")]);

/// The entries of a job, in the order of its list; those with one outcome, where one is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Items(pub Option<Outcome>);

impl Relation for Items {
    type Parent = JobId;
    type Item = Arc<JobItem>;
    const PARENT: &'static str = "i.job_id";

    fn list(&self) -> List<Arc<JobItem>> {
        List {
            name: "removals.items",
            columns: columns::<JobItem>("i"),
            from: "job_items i".to_owned(),
            // Whoever sees the job.
            seen: Vec::new(),
            filter: Filter::new().maybe("i.outcome = {outcome}", "outcome", self.0),
            order: BY_POSITION,
            read: |row| Ok(Arc::new(JobItem::read(row, "i")?)),
        }
    }
}

/// How often each outcome came up in each job; what has none yet is left out.
#[derive(Debug)]
pub struct OutcomeCounts;

impl Batch for OutcomeCounts {
    type Key = JobId;
    type Value = Arc<Vec<(Outcome, i64)>>;

    async fn load(
        reader: &Reader,
        jobs: Vec<JobId>,
    ) -> Result<HashMap<JobId, Arc<Vec<(Outcome, i64)>>>, Error> {
        let rows: Vec<(JobId, Outcome, i64)> = sql(
            "removals.outcome_counts",
            "select job_id, outcome, count(*) from job_items
             where job_id in {jobs} and outcome is not null group by job_id, outcome order by job_id, outcome",
        )
        .ids("jobs", jobs)
        .all(reader.db())
        .await?;
        Ok(grouped(rows.into_iter().map(|(job, outcome, count)| (job, (outcome, count)))))
    }
}
