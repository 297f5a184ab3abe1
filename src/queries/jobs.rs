//! Jobs: many removals asked for at once, with an outcome for every entry of the list (R16).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::JobId;
pub use entity::job::Model as Job;
pub use entity::job_item::Model as JobItem;
use entity::kind::Outcome;

use super::{Batch, By, Direction, Filter, List, Order, Reader, Relation, Row, by_id, columns, grouped};
use crate::db::sql::sql;
use crate::error::Error;

/// Jobs by id.
#[derive(Debug)]
pub struct Jobs;

impl Batch for Jobs {
    type Key = JobId;
    type Value = Arc<Job>;

    async fn load(reader: &Reader, ids: Vec<JobId>) -> Result<HashMap<JobId, Arc<Job>>, Error> {
        by_id("jobs.by_id", "jobs", ids, reader.db(), |job: &Job| job.id).await
    }
}

/// Orders jobs by when they were accepted.
const BY_TIME: Order = Order::new("TIME", &[By::number("j.id")]);

/// Every job that meets `filter`.
pub fn list(filter: Filter, direction: Direction) -> List<Arc<Job>> {
    List {
        name: "jobs.list",
        columns: columns::<Job>("j"),
        from: "jobs j".to_owned(),
        filter,
        order: BY_TIME.towards(direction),
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
            name: "jobs.items",
            columns: columns::<JobItem>("i"),
            from: "job_items i".to_owned(),
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
            "jobs.outcome_counts",
            "select job_id, outcome, count(*) from job_items
             where job_id in {jobs} and outcome is not null group by job_id, outcome order by job_id, outcome",
        )
        .ids("jobs", jobs)
        .all(reader.db())
        .await?;
        Ok(grouped(rows.into_iter().map(|(job, outcome, count)| (job, (outcome, count)))))
    }
}
