//! What holds of jobs at every moment, read in one state of the database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use entity::id::{JobId, UserId};
use entity::kind::{JobStatus, Outcome, Status};
use entity::{job, job_event, job_item, membership, record, user};
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait,
    IsolationLevel, PaginatorTrait, QueryFilter, QueryOrder, Statement, TransactionTrait,
};

use crate::common::World;

/// Somebody who looks at the database, on connections of their own.
pub struct Watch {
    db: DatabaseConnection,
    /// Memberships of everybody before anything was done.
    before: BTreeMap<UserId, BTreeSet<String>>,
    /// Outcomes that were seen: they are final.
    seen: BTreeMap<(JobId, i64), Outcome>,
    /// How many events were seen of each job, and the last `done`.
    told: BTreeMap<JobId, (i64, i64)>,
}

fn memberships(rows: Vec<membership::Model>) -> BTreeMap<UserId, BTreeSet<String>> {
    let mut found: BTreeMap<UserId, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        found.entry(row.user_id).or_default().insert(format!("{:?} {:?}", row.group_id, row.role));
    }
    found
}

impl Watch {
    pub async fn new(world: &World) -> Watch {
        let db = Database::connect(world.url.as_str()).await.expect("a connection");
        if db.get_database_backend() == DbBackend::Postgres {
            let mine = "create table watching as select pid from pg_stat_activity where datname = current_database()";
            db.execute_unprepared(mine).await.expect("who was here before the servers");
        }
        let before = memberships(membership::Entity::find().all(&db).await.expect("memberships"));
        Watch { db, before, seen: BTreeMap::new(), told: BTreeMap::new() }
    }

    async fn snapshot(&self) -> DatabaseTransaction {
        let level =
            (self.db.get_database_backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        self.db.begin_with_config(level, None).await.expect("a snapshot")
    }

    pub async fn open_jobs(&self) -> u64 {
        let open = [JobStatus::Queued, JobStatus::Running];
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

    /// Cuts every connection that was made since the beginning, but this one's.
    pub async fn cut(&self) {
        let text = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
            and application_name = 'roster' and pid not in (select pid from watching)";
        let cut = Statement::from_string(DbBackend::Postgres, text);
        self.db.query_all_raw(cut).await.expect(text);
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
        state.rollback().await.expect("nothing was done");

        let status: BTreeMap<UserId, Status> = users.iter().map(|row| (row.id, row.status)).collect();
        let mut recorded: BTreeMap<(JobId, UserId), Vec<Outcome>> = BTreeMap::new();
        for row in &records {
            let job = row.job_id.expect("every removal is of a job");
            recorded.entry((job, row.user_id)).or_default().push(row.outcome);
        }
        let mut listed = BTreeSet::new();
        for item in &items {
            let user = item.user_id.expect("everybody was found");
            assert!(listed.insert(user), "{when}: {user:?} is in two lists");
            let records = recorded.remove(&(item.job_id, user)).unwrap_or_default();
            let gone = status[&user] == Status::Deleted;
            match item.outcome {
                Some(Outcome::Deleted) => {
                    assert!(gone, "{when}: {item:?} is not deleted");
                    assert_eq!(records, [Outcome::Deleted], "{when}: one record of {item:?}");
                    assert!(!now.contains_key(&user), "{when}: {item:?} is half removed");
                }
                _ => {
                    assert!(!gone, "{when}: {item:?} was deleted and nobody tells");
                    assert_eq!(records, [], "{when}: a record of {item:?}");
                    assert_eq!(now.get(&user), self.before.get(&user), "{when}: {item:?} is half removed");
                }
            }
            let seen = self.seen.get(&(item.job_id, item.position)).copied();
            assert!(seen.is_none() || seen == item.outcome, "{when}: {item:?} was {seen:?}");
            if let Some(outcome) = item.outcome {
                self.seen.insert((item.job_id, item.position), outcome);
            }
        }
        assert!(recorded.is_empty(), "{when}: records of nobody listed: {recorded:?}");
        for (user, roles) in &self.before {
            if !listed.contains(user) {
                assert_eq!(now.get(user), Some(roles), "{when}: {user:?}, whom nobody named");
                assert_eq!(status[user], Status::Active, "{when}: {user:?}, whom nobody named");
            }
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

    /// Everybody of every list is deleted, and there is one job a list.
    pub async fn everybody_is_deleted(&self, people: usize, lists: usize) {
        let jobs = job::Entity::find().all(&self.db).await.expect("jobs");
        assert_eq!(jobs.len(), lists, "the same key is the same job");
        let outcomes: Vec<Option<Outcome>> = job_item::Entity::find()
            .all(&self.db)
            .await
            .expect("items")
            .iter()
            .map(|item| item.outcome)
            .collect();
        assert_eq!(outcomes, vec![Some(Outcome::Deleted); people]);
    }
}
