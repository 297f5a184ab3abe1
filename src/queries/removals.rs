//! Records of removals (R17), and the jobs that many of them belong to (R16).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{GroupId, JobId, RecordId, UserId};
pub use entity::job::Model as Job;
pub use entity::job_event::Model as JobEvent;
pub use entity::job_item::Model as JobItem;
use entity::kind::Outcome;
pub use entity::record::Model as Record;

use super::{
    Batch, By, Direction, Filter, List, Order, Reader, Relation, Seen, all, columns, grouped, noun, select,
};
use crate::db::sql::sql;
use crate::error::{Error, Failure};
use crate::removal::batch;
use crate::removal::plan::PersonPlan;
use crate::removal::request::Part;
use crate::removal::warning::Warning;

noun! {
    /// Records by id.
    Records: "removals.by_id", "records", Record = columns, RecordId, [Seen::Record("r.id")]
}

/// The job that a filter of records names as `{job}`.
pub const NAMED_JOB: Seen = Seen::OfJob("{job}");
/// The job that a filter of jobs names as `{retried}`.
pub const RETRIED_JOB: Seen = Seen::OfJob("{retried}");

/// Orders records by when they were written.
const BY_TIME: Order = Order::new("TIME", &[By::number("r.id")]);

/// Every record that meets `filter`, where what it names by id is `named`; newest first when descending.
pub fn list(
    filter: Filter,
    named: impl IntoIterator<Item = Seen>,
    direction: Direction,
) -> List<Arc<Record>> {
    List {
        name: "removals.list",
        selected: columns::<Record>("r").shared(),
        from: "records r".to_owned(),
        seen: [Seen::Record("r.id")].into_iter().chain(named).collect(),
        filter,
        order: BY_TIME.towards(direction),
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
        List { name: "removals.of_user", ..list(Filter::new(), [], Direction::Descending) }
    }
}

/// The latest deletion of each person.
#[derive(Debug)]
pub struct LastDeletions;

impl Batch for LastDeletions {
    type Key = UserId;
    type Value = Arc<Record>;

    async fn load(reader: &Reader, users: Vec<UserId>) -> Result<HashMap<UserId, Arc<Record>>, Error> {
        let filter = reader.sight().await?.filter(&[Seen::Record("r.id")]);
        let rest = format!(
            "from records r where {} and r.id in (select max(l.id) from records l
             where l.user_id in {{users}} and l.outcome = 'DELETED' group by l.user_id)",
            filter.text()
        );
        let statement = select("removals.last_deletions", &columns::<Record>("r"), &rest);
        let rows: Vec<Arc<Record>> = all(filter.bind(statement).ids("users", users), reader).await?;
        Ok(rows.into_iter().map(|record| (record.user_id, record)).collect())
    }
}

/// When each person was deleted, for whoever is told that they were (R16).
#[derive(Debug)]
pub struct DeletionDates;

impl Batch for DeletionDates {
    type Key = UserId;
    type Value = DateTime<Utc>;

    async fn load(reader: &Reader, users: Vec<UserId>) -> Result<HashMap<UserId, DateTime<Utc>>, Error> {
        let rows: Vec<(UserId, DateTime<Utc>)> = sql(
            "removals.deletion_dates",
            "select id, deleted_at from users where id in {users} and deleted_at is not null",
        )
        .ids("users", users)
        .all(reader.db())
        .await?;
        Ok(rows.into_iter().collect())
    }
}

noun! {
    /// Jobs by id.
    Jobs: "removals.jobs_by_id", "jobs", Job = columns, JobId, [Seen::Job("r")]
}

/// Orders jobs by when they were accepted.
const JOBS_BY_TIME: Order = Order::new("TIME", &[By::number("j.id")]);

/// Every job that meets `filter`, where what it names by id is `named`.
pub fn jobs(filter: Filter, named: impl IntoIterator<Item = Seen>, direction: Direction) -> List<Arc<Job>> {
    List {
        name: "removals.jobs",
        selected: columns::<Job>("j").shared(),
        from: "jobs j".to_owned(),
        seen: [Seen::Job("j")].into_iter().chain(named).collect(),
        filter,
        order: JOBS_BY_TIME.towards(direction),
    }
}

/// Orders the entries of a job as its list had them.
const BY_POSITION: Order = Order::new("POSITION", &[By::number("i.position")]);

/// The entries of a job, in the order of its list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Items {
    /// Only those with this outcome.
    pub outcome: Option<Outcome>,
    /// Only those planned to have this outcome.
    pub planned: Option<Outcome>,
}

impl Relation for Items {
    type Parent = JobId;
    type Item = Arc<JobItem>;
    const PARENT: &'static str = "i.job_id";

    fn list(&self) -> List<Arc<JobItem>> {
        List {
            name: "removals.items",
            selected: columns::<JobItem>("i").shared(),
            from: "job_items i".to_owned(),
            // Whoever sees the job.
            seen: Vec::new(),
            filter: Filter::new().maybe("i.outcome = {outcome}", "outcome", self.outcome).maybe(
                "i.planned = {planned}",
                "planned",
                self.planned,
            ),
            order: BY_POSITION,
        }
    }
}

/// Events that are read at once.
pub const EVENTS: usize = 500;
/// How long before a look an event may have been dated that could not be seen then: longer than a transaction takes.
const UNSEEN: TimeDelta = TimeDelta::minutes(5);

/// The events of a job after the one of this number, in their order; none given, the latest alone.
///
/// # Errors
/// When the database cannot be read.
pub async fn events(reader: &Reader, job: JobId, after: Option<i64>) -> Result<Vec<JobEvent>, Error> {
    let event = columns::<JobEvent>("e");
    let statement = match after {
        Some(after) => select(
            "removals.events",
            &event,
            &format!(
                "from job_events e where e.job_id = {{job}} and e.number > {{after}}
                 order by e.number limit {EVENTS}"
            ),
        )
        .bind("after", after),
        None => select(
            "removals.latest_event",
            &event,
            "from job_events e where e.job_id = {job} order by e.number desc limit 1",
        ),
    };
    all(statement.bind("job", job), reader).await
}

/// The number of the latest event of each job that had one lately.
///
/// # Errors
/// When the database cannot be read.
pub async fn latest(reader: &Reader, since: DateTime<Utc>) -> Result<BTreeMap<JobId, i64>, Error> {
    // In the order of the index by time: grouped, SQLite would walk the whole of the one by job.
    let rows: Vec<(JobId, i64)> = sql(
        "removals.latest",
        "select e.job_id, e.number from job_events e where e.at > {since} order by e.at, e.job_id, e.number",
    )
    .bind("since", since - UNSEEN)
    .all(reader.db())
    .await?;
    let mut latest = BTreeMap::new();
    for (job, number) in rows {
        let known: &mut i64 = latest.entry(job).or_insert(number);
        *known = number.max(*known);
    }
    Ok(latest)
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
        counted(reader, "removals.outcome_counts", "", jobs).await
    }
}

/// How often each outcome came up among the entries that mean nobody.
#[derive(Debug)]
pub struct UnresolvedCounts;

impl Batch for UnresolvedCounts {
    type Key = JobId;
    type Value = Arc<Vec<(Outcome, i64)>>;

    async fn load(
        reader: &Reader,
        jobs: Vec<JobId>,
    ) -> Result<HashMap<JobId, Arc<Vec<(Outcome, i64)>>>, Error> {
        let also = "and user_id is null and outcome <> 'CANCELLED'";
        counted(reader, "removals.unresolved_counts", also, jobs).await
    }
}

/// How often each outcome came up in each job, among the entries of which `also` holds.
async fn counted(
    reader: &Reader,
    name: &'static str,
    also: &str,
    jobs: Vec<JobId>,
) -> Result<HashMap<JobId, Arc<Vec<(Outcome, i64)>>>, Error> {
    let text = format!(
        "select job_id, outcome, count(*) from job_items
         where job_id in {{jobs}} and outcome is not null {also} group by job_id, outcome order by job_id, outcome"
    );
    let rows: Vec<(JobId, Outcome, i64)> = sql(name, text).ids("jobs", jobs).all(reader.db()).await?;
    Ok(grouped(rows.into_iter().map(|(job, outcome, count)| (job, (outcome, count)))))
}

/// What would be done now to single people of prepared jobs.
#[derive(Debug)]
pub struct SinglePlans;

impl Batch for SinglePlans {
    type Key = (JobId, Part);
    type Value = Arc<PersonPlan>;

    async fn load(
        reader: &Reader,
        keys: Vec<(JobId, Part)>,
    ) -> Result<HashMap<(JobId, Part), Arc<PersonPlan>>, Error> {
        let mut found = HashMap::new();
        for (job, parts) in grouped(keys) {
            match batch::single_plans(reader.database(), job, &parts).await {
                Ok(plans) => {
                    found.extend(plans.into_iter().map(|(part, plan)| ((job, part), Arc::new(plan))));
                }
                Err(Failure::Refused(_)) => {}
                Err(Failure::Broken(error)) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// What the safety share counts besides the accounts that prepared jobs take (R29).
#[derive(Debug)]
pub struct GoneBesides;

impl Batch for GoneBesides {
    type Key = JobId;
    type Value = i64;

    async fn load(reader: &Reader, jobs: Vec<JobId>) -> Result<HashMap<JobId, i64>, Error> {
        let (mut found, now) = (HashMap::new(), reader.now().await?);
        for job in jobs {
            found.insert(job, batch::gone_besides(reader.db(), job, now).await?);
        }
        Ok(found)
    }
}

/// What to know of jobs that are prepared.
#[derive(Debug)]
pub struct Warnings;

impl Batch for Warnings {
    type Key = JobId;
    type Value = Arc<Vec<Warning>>;

    async fn load(reader: &Reader, jobs: Vec<JobId>) -> Result<HashMap<JobId, Arc<Vec<Warning>>>, Error> {
        let (mut found, now) = (HashMap::new(), reader.now().await?);
        for (id, job) in Jobs::load(reader, jobs).await? {
            let warnings = batch::warnings(reader.db(), id, &job.options, now).await?;
            found.insert(id, Arc::new(warnings));
        }
        Ok(found)
    }
}

/// One line of the table of a job's outcomes.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    /// Its place in the list, from 1.
    pub position: i64,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Why it failed.
    pub reason: Option<String>,
    /// The entry as typed, where it means nobody.
    pub typed: Option<String>,
    /// Whom it means.
    pub user: Option<UserId>,
    /// The group that is named for it alone.
    pub group: Option<GroupId>,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// Their email.
    pub email: Option<String>,
}

/// The next lines of the table of a job's outcomes, after the one of this position; none where that was the last.
///
/// # Errors
/// When the database cannot be read.
pub async fn outcome_rows(reader: &Reader, job: JobId, after: i64) -> Result<Vec<OutcomeRow>, Error> {
    type Cells = (
        i64,
        Option<Outcome>,
        Option<String>,
        Option<String>,
        Option<UserId>,
        Option<GroupId>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let rows: Vec<Cells> = sql(
        "removals.outcome_rows",
        "select i.position, i.outcome, i.reason, i.typed, i.user_id, i.group_id, u.first_name, u.last_name, u.email
         from job_items i left join users u on u.id = i.user_id
         where i.job_id = {job} and i.position > {after} order by i.position limit 2000",
    )
    .bind("job", job)
    .bind("after", after)
    .all(reader.db())
    .await?;
    let row = |(position, outcome, reason, typed, user, group, first_name, last_name, email)| OutcomeRow {
        position,
        outcome,
        reason,
        typed,
        user,
        group,
        first_name,
        last_name,
        email,
    };
    Ok(rows.into_iter().map(row).collect())
}
