//! What holds of jobs at every moment, read in one state of the database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::id::{CourseId, JobId, UserId};
use entity::kind::{JobStatus, Outcome, Status};
use entity::{course, job, job_chunk, job_event, job_item, membership, record, user};
use roster::db::clock::Clock;
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait,
    IsolationLevel, PaginatorTrait, QueryFilter, QueryOrder, Statement, TransactionTrait,
};

/// Somebody who looks at the database, on connections of their own.
pub struct Watch {
    db: DatabaseConnection,
    /// Memberships of everybody before anything was done.
    before: BTreeMap<UserId, BTreeSet<String>>,
    /// Main authors before anything was done.
    authors: BTreeMap<CourseId, UserId>,
    /// Outcomes that were seen: they are final.
    seen: BTreeMap<(JobId, i64), Outcome>,
    /// How many events were seen of each job, and the last `done`.
    told: BTreeMap<JobId, (i64, i64)>,
    /// How often all of it was looked at.
    pub checks: usize,
}

fn authors(rows: Vec<course::Model>) -> BTreeMap<CourseId, UserId> {
    rows.into_iter().map(|row| (row.id, row.main_author_id)).collect()
}

fn memberships(rows: Vec<membership::Model>) -> BTreeMap<UserId, BTreeSet<String>> {
    let mut found: BTreeMap<UserId, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        found.entry(row.user_id).or_default().insert(format!("{:?} {:?}", row.group_id, row.role));
    }
    found
}

impl Watch {
    pub async fn new(url: &str) -> Watch {
        let db = Database::connect(url).await.expect("a connection");
        let before = memberships(membership::Entity::find().all(&db).await.expect("memberships"));
        let authors = authors(course::Entity::find().all(&db).await.expect("courses"));
        Watch { db, before, authors, seen: BTreeMap::new(), told: BTreeMap::new(), checks: 0 }
    }

    async fn snapshot(&self) -> DatabaseTransaction {
        let level =
            (self.db.get_database_backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        self.db.begin_with_config(level, None).await.expect("a snapshot")
    }

    pub async fn open_jobs(&self) -> u64 {
        let open = [JobStatus::Queued, JobStatus::Running, JobStatus::Cancelling];
        job::Entity::find().filter(job::Column::Status.is_in(open)).count(&self.db).await.expect("a count")
    }

    /// Waits until a job comes further, for a while at most.
    pub async fn until_something_happens(&self, most: Duration) {
        let events = async || job_event::Entity::find().count(&self.db).await.expect("a count");
        let before = events().await;
        let _ = tokio::time::timeout(most, async {
            while events().await == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }

    /// Lets the lease of every job run out, as if time had passed.
    pub async fn run_out(&self) {
        let text = "update jobs set leased_until = created_at where leased_until is not null and finished_at is null";
        // A file has one writer, which may be standing still: then nothing runs out.
        let written = self.db.execute_unprepared(text).await;
        assert!(written.is_ok() || self.db.get_database_backend() == DbBackend::Sqlite, "{written:?}");
    }

    /// Cuts every connection of the servers.
    pub async fn cut(&self) {
        let text = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'roster'";
        let cut = Statement::from_string(DbBackend::Postgres, text);
        self.db.query_all_raw(cut).await.expect(text);
    }

    /// The time, as the database sees it.
    pub async fn now(&self) -> DateTime<Utc> {
        Clock::default().now(&self.db).await.expect("the time")
    }

    /// How many jobs there are.
    pub async fn jobs(&self) -> u64 {
        job::Entity::find().count(&self.db).await.expect("a count")
    }

    /// The job that was accepted last.
    pub async fn newest(&self) -> JobId {
        let newest = job::Entity::find().order_by_desc(job::Column::Id);
        newest.one(&self.db).await.expect("a look").expect("a job").id
    }

    /// The jobs that have not ended.
    pub async fn open(&self) -> Vec<job::Model> {
        let open = [JobStatus::Queued, JobStatus::Running];
        job::Entity::find().filter(job::Column::Status.is_in(open)).all(&self.db).await.expect("jobs")
    }

    /// How often the last chunk that was begun of a job was begun without an end.
    pub async fn attempts(&self, job: JobId) -> Option<i64> {
        let chunks = job_chunk::Entity::find()
            .filter(job_chunk::Column::JobId.eq(job))
            .order_by_desc(job_chunk::Column::Chunk);
        chunks.one(&self.db).await.expect("a look").map(|chunk| chunk.attempts)
    }

    /// A job as it stands, and what was told of it.
    pub async fn job(&self, job: JobId) -> (job::Model, Vec<job_event::Model>) {
        let events = job_event::Entity::find()
            .filter(job_event::Column::JobId.eq(job))
            .order_by_asc(job_event::Column::Number);
        let row = job::Entity::find_by_id(job).one(&self.db).await.expect("a look").expect("a job");
        (row, events.all(&self.db).await.expect("events"))
    }

    /// What became of each item of a job, in order.
    pub async fn outcomes(&self, job: JobId) -> Vec<Option<Outcome>> {
        let items = job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(job))
            .order_by_asc(job_item::Column::Position);
        items.all(&self.db).await.expect("items").iter().map(|item| item.outcome).collect()
    }

    pub async fn until_all_ended(&self, most: Duration) {
        let ended = tokio::time::timeout(most, async {
            while self.open_jobs().await > 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        ended.await.expect("every job ends");
    }

    /// Fails where anything is not as it has to be at every moment.
    pub async fn check(&mut self, when: &str) {
        self.checks += 1;
        let state = self.snapshot().await;
        let jobs = job::Entity::find().order_by_asc(job::Column::Id).all(&state).await.expect("jobs");
        let items = job_item::Entity::find().all(&state).await.expect("items");
        let records = record::Entity::find().all(&state).await.expect("records");
        let users = user::Entity::find().all(&state).await.expect("users");
        let events = job_event::Entity::find()
            .order_by_asc(job_event::Column::JobId)
            .order_by_asc(job_event::Column::Number)
            .all(&state)
            .await
            .expect("events");
        let now = memberships(membership::Entity::find().all(&state).await.expect("memberships"));
        let authors = authors(course::Entity::find().all(&state).await.expect("courses"));
        state.rollback().await.expect("nothing was done");

        let status: BTreeMap<UserId, Status> = users.iter().map(|row| (row.id, row.status)).collect();
        let standing: BTreeMap<JobId, JobStatus> = jobs.iter().map(|row| (row.id, row.status)).collect();
        let mut recorded: BTreeMap<UserId, Vec<(JobId, Outcome)>> = BTreeMap::new();
        for row in &records {
            let job = row.job_id.expect("every removal is of a job");
            recorded.entry(row.user_id).or_default().push((job, row.outcome));
        }
        let mut listed: BTreeMap<UserId, Vec<&job_item::Model>> = BTreeMap::new();
        for item in &items {
            listed.entry(item.user_id.expect("everybody was found")).or_default().push(item);
            let seen = self.seen.get(&(item.job_id, item.position)).copied();
            assert!(seen.is_none() || seen == item.outcome, "{when}: {item:?} was {seen:?}");
            if let Some(outcome) = item.outcome {
                self.seen.insert((item.job_id, item.position), outcome);
            }
        }
        for (user, items) in &listed {
            let gone = status[user] == Status::Deleted;
            let by: Vec<JobId> = items
                .iter()
                .filter(|item| item.outcome == Some(Outcome::Deleted))
                .map(|item| item.job_id)
                .collect();
            let records = recorded.remove(user).unwrap_or_default();
            if gone {
                assert_eq!(by.len(), 1, "{when}: {user:?} was deleted by one job: {items:?}");
                assert_eq!(records, [(by[0], Outcome::Deleted)], "{when}: one record of {user:?}");
                assert!(!now.contains_key(user), "{when}: {user:?} is half removed");
            } else {
                assert_eq!(by, [], "{when}: {user:?} is not deleted");
                assert_eq!(records, [], "{when}: a record of {user:?}");
                assert_eq!(status[user], Status::Active, "{when}: {user:?}");
                assert_eq!(now.get(user), self.before.get(user), "{when}: {user:?} is half removed");
            }
            for item in items {
                let told = match item.outcome {
                    None | Some(Outcome::Deleted) => true,
                    Some(Outcome::AlreadyDeleted) => gone,
                    Some(Outcome::Cancelled) => standing[&item.job_id] == JobStatus::Cancelled,
                    Some(Outcome::Failed) => item.reason.as_deref() == Some("POISON"),
                    Some(_) => false,
                };
                assert!(told, "{when}: {item:?}, gone: {gone}");
            }
        }
        assert!(recorded.is_empty(), "{when}: records of nobody listed: {recorded:?}");
        for (user, roles) in &self.before {
            if !listed.contains_key(user) {
                assert_eq!(now.get(user), Some(roles), "{when}: {user:?}, whom nobody named");
                assert_eq!(status[user], Status::Active, "{when}: {user:?}, whom nobody named");
            }
        }
        for (course, author) in authors {
            assert_eq!(status[&author], Status::Active, "{when}: the main author of {course:?}");
            let before = self.authors[&course];
            let handed_over = status[&before] == Status::Deleted;
            assert_eq!(author != before, handed_over, "{when}: {course:?} of {before:?} is of {author:?}");
        }
        for job in &jobs {
            let told: Vec<_> = events.iter().filter(|event| event.job_id == job.id).collect();
            let numbers: Vec<i64> = told.iter().map(|event| event.number).collect();
            assert_eq!(
                numbers,
                (1..=told.len() as i64).collect::<Vec<_>>(),
                "{when}: events of {:?}",
                job.id
            );
            assert!(told.is_sorted_by_key(|event| event.done), "{when}: {told:?}");
            let done =
                items.iter().filter(|item| item.job_id == job.id && item.outcome.is_some()).count() as i64;
            let last = told.last().expect("a job is told of");
            assert_eq!((last.status, last.done), (job.status, done), "{when}: {:?} is told of", job.id);
            assert_eq!(job.status.is_final(), done == job.total, "{when}: {job:?}");
            let seen = self.told.insert(job.id, (told.len() as i64, done)).unwrap_or_default();
            assert!(seen.0 <= told.len() as i64 && seen.1 <= done, "{when}: {job:?} went back");
        }
    }

    /// The end: one job a list; everybody named by a job that was not cancelled is deleted, by one of those that name
    /// them. How many are, and how many jobs were cancelled.
    pub async fn everybody_is_deleted(&self, lists: usize) -> (usize, usize) {
        let jobs = job::Entity::find().all(&self.db).await.expect("jobs");
        assert_eq!(jobs.len(), lists, "the same key is the same job");
        let cancelled: BTreeSet<JobId> =
            jobs.iter().filter(|job| job.status == JobStatus::Cancelled).map(|job| job.id).collect();
        let items = job_item::Entity::find().all(&self.db).await.expect("items");
        let named: BTreeSet<UserId> = items
            .iter()
            .filter(|item| !cancelled.contains(&item.job_id))
            .filter_map(|item| item.user_id)
            .collect();
        let deleted = items.iter().filter(|item| item.outcome == Some(Outcome::Deleted));
        let deleted: Vec<UserId> = deleted.filter_map(|item| item.user_id).collect();
        let union: BTreeSet<UserId> = deleted.iter().copied().collect();
        assert_eq!(deleted.len(), union.len(), "nobody is deleted twice");
        assert_eq!(named.difference(&union).count(), 0, "everybody who was named is gone");
        (union.len(), cancelled.len())
    }
}
