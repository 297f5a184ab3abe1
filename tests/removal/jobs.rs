//! Jobs: who works on them, and what happens when that ends (R29).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;
use entity::id::JobId;
use entity::kind::Privacy::Public;
use entity::kind::{Cause, JobKind, JobStatus, Posts, PrivateSubgroups};
use futures::future::pending;
use roster::access::Caller;
use roster::background::Background;
use roster::db::Database;
use roster::jobs::{self, Lease, Pace, start_workers, store, work_off};
use roster::organisation::Organisation;
use roster::removal::batch::{self, Batch, Bounds};
use roster::removal::request::{Named, Options, People, Request, Scope};
use roster::tokens::{self, NewToken, Which};
use roster::transaction::write;
use serde_json::{Value, json};

use super::asking::number;
use crate::common::{World, each_database};
use roster::workers::KINDS;

/// Longer than anything that these tests wait for.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Workers that look often, and whose leases run out soon.
const HURRIED: Pace = Pace {
    look: Duration::from_millis(50),
    lease: Duration::from_millis(500),
    keep: Duration::from_millis(100),
    tidy: Duration::from_secs(3_600),
};

pub fn class(it: Organisation) -> Organisation {
    let people = ["ann", "bob", "carl", "dora", "emil"];
    it.group("Class", "platform", Public).users(&people).learners("Class", &people)
}

/// A job by which the owner deletes these people, accepted where nobody works.
pub async fn accepted(world: &World, people: &[&str], chunk: usize) -> (Database, JobId) {
    accepted_by(world, Caller::User(world.user_id("owner")), people, chunk).await
}

async fn accepted_by(world: &World, caller: Caller, people: &[&str], chunk: usize) -> (Database, JobId) {
    let db = Database::open(&world.url).await.expect("a database");
    let batch = Batch {
        people: People::Named(people.iter().map(|name| Named::Id(world.user_id(name)).into()).collect()),
        request: Request {
            scope: Scope::Platform,
            options: Options {
                private_subgroups: Some(PrivateSubgroups::Remove),
                confirm_account_deletion: false,
                posts: Posts::Keep,
            },
            cause: Cause::Requested,
        },
        plan_digest: None,
        confirm_count: None,
        bounds: Bounds { people: chunk, ..Bounds::default() },
    };
    let job = batch::remove_many(&db, caller, None, batch).await.expect("a job");
    (db, job)
}

/// Takes the job as a worker would, for so long.
pub async fn taken(db: &Database, seconds: i64) -> Lease {
    let taken = write(db, Caller::System { on_behalf_of: None }, None, (), |tx, ()| {
        Box::pin(async move {
            Ok(store::claim(
                &tx.conn,
                JobKind::listed(|_| true),
                "somebody",
                tx.now,
                tx.now + TimeDelta::seconds(seconds),
            )
            .await?)
        })
    });
    taken.await.expect("a look").expect("a job that waits").lease
}

/// The job as the API shows it.
pub async fn shown(world: &World, job: JobId) -> Value {
    use roster::graphql::id::GlobalId;
    let query = "query($id: ID!) { removalJob(id: $id) { status done total
        items(first: 100) { nodes { outcome failure } } } }";
    world.read("owner", query, json!({ "id": job.global().as_str() })).await["removalJob"].clone()
}

/// The events of a job: number, status, done.
async fn events(world: &World, job: JobId) -> Vec<(i64, JobStatus, i64)> {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
    let events = entity::job_event::Entity::find()
        .filter(entity::job_event::Column::JobId.eq(job))
        .order_by_asc(entity::job_event::Column::Number);
    let events = events.all(&world.db.read).await.expect("events");
    events.into_iter().map(|event| (event.number, event.status, event.done)).collect()
}

pub fn outcomes(job: &Value) -> Vec<&str> {
    let items = job["items"]["nodes"].as_array().expect("items");
    items.iter().map(|item| item["outcome"].as_str().unwrap_or("none")).collect()
}

each_database! {
    async fn r29_what_was_left_is_taken_up_where_the_last_chunk_ended(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann", "bob", "carl", "dora", "emil"], 2).await;
        let lease = taken(&db, 0).await;
        let mut turn = batch::Turn::new(lease, TimeDelta::zero());
        turn.step(&db).await.expect("a chunk");
        let half = shown(&world, job).await;
        assert_eq!((&half["status"], &half["done"]), (&json!("RUNNING"), &json!(2)));
        // Whoever worked is never heard of again.
        drop(turn);
        let other = Database::open(&world.url).await.expect("another instance");
        let workers = start_workers(&other, KINDS, HURRIED);
        jobs::wait(&other, job, PATIENCE, Box::pin(pending())).await.expect("it ends");
        workers.stop().await;
        let whole = shown(&world, job).await;
        assert_eq!((&whole["status"], outcomes(&whole)), (&json!("SUCCEEDED"), vec!["DELETED"; 5]));
        assert_eq!(world.dump().await.0["records"].len(), 5, "one record each");
        let told = events(&world, job).await;
        assert_eq!(
            told,
            [
                (1, JobStatus::Queued, 0),
                // The first worker did not tell that it took the job.
                (2, JobStatus::Running, 2),
                (3, JobStatus::Running, 2),
                (4, JobStatus::Running, 4),
                (5, JobStatus::Succeeded, 5)
            ]
        );
        db.close().await;
        other.close().await;
    }

    async fn r29_whoever_was_taken_for_dead_commits_nothing_more(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann", "bob"], 1).await;
        let mut late = batch::Turn::new(taken(&db, 0).await, TimeDelta::seconds(15));
        late.step(&db).await.expect("a chunk");
        world.sql("update jobs set leased_until = created_at").await;
        let second = taken(&db, 15).await;
        let before = world.dump().await;
        let superseded = late.step(&db).await.expect_err("somebody else has it");
        assert_eq!(superseded.to_string(), "somebody else works on the job");
        assert_eq!(before, world.dump().await);
        batch::Turn::new(second, TimeDelta::seconds(15)).step(&db).await.expect("the last chunk");
        assert_eq!(outcomes(&shown(&world, job).await), ["DELETED", "DELETED"]);
        db.close().await;
    }

    async fn r29_a_late_sign_of_life_does_not_hold_a_job_that_was_given_up(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann"], 1).await;
        let lease = taken(&db, 15).await;
        let platform = || Caller::System { on_behalf_of: None };
        let given_up = write(&db, platform(), None, lease, |tx, lease| {
            Box::pin(async move { Ok(store::give_up(&tx.conn, *lease).await?) })
        });
        given_up.await.expect("it is given up");
        let late = write(&db, platform(), None, lease, |tx, lease| {
            Box::pin(async move { Ok(store::keep(&tx.conn, *lease, tx.now + TimeDelta::seconds(15)).await?) })
        });
        assert_eq!(late.await.expect_err("it holds no more").to_string(), "somebody else works on the job");
        work_off(&db, KINDS).await.expect("the next one takes it at once");
        assert_eq!(outcomes(&shown(&world, job).await), ["DELETED"]);
        db.close().await;
    }

    async fn r29_nobody_takes_a_job_that_somebody_works_on(start: Start) {
        let world = start.with(class).await;
        let (db, _) = accepted(&world, &["ann"], 1).await;
        taken(&db, 15).await;
        let before = world.dump().await;
        work_off(&db, KINDS).await.expect("nothing to do");
        assert_eq!(before, world.dump().await);
        // The lease runs out.
        db.clock.advance(TimeDelta::seconds(16));
        work_off(&db, KINDS).await.expect("the job");
        assert_eq!(world.now().await.status("ann"), "DELETED");
        db.close().await;
    }

    async fn r29_a_lease_is_given_up_after_the_chunk_in_flight_when_the_program_stops(start: Start) {
        use sea_orm::EntityTrait;
        let world = start.with(class).await;
        let workers: Arc<OnceLock<Background>> = Arc::default();
        let stopping = workers.clone();
        let instance = Database::open(&world.url).await.expect("an instance");
        // The program is asked to stop in the middle of the first chunk.
        let observed = instance.clone().observed(move |statement, _| {
            if statement.sql.contains("removal.write_outcomes") {
                stopping.get().expect("workers").ask_to_stop();
            }
        });
        let started = start_workers(&observed, KINDS, Pace { lease: Duration::from_secs(600), ..HURRIED });
        workers.set(started).expect("once");
        let (db, job) = accepted(&world, &["ann", "bob", "carl"], 1).await;
        tokio::time::timeout(PATIENCE, async {
            while entity::job::Entity::find().one(&db.read).await.expect("a look").expect("a job").epoch == 0
                || entity::job::Entity::find().one(&db.read).await.expect("a look").expect("a job").leased_by.is_some()
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("the lease is given up");
        let row = entity::job::Entity::find().one(&db.read).await.expect("a look").expect("a job");
        assert_eq!((row.status, row.leased_until), (JobStatus::Running, None));
        assert_eq!(shown(&world, job).await["done"], 1);
        // The next takes it at once.
        work_off(&db, KINDS).await.expect("the rest");
        assert_eq!(outcomes(&shown(&world, job).await), ["DELETED"; 3]);
        db.close().await;
    }

    async fn r29_who_ends_the_process_each_time_is_given_up_and_nobody_else(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann", "bob"], 1).await;
        for death in 1..=6 {
            let lease = taken(&db, 0).await;
            let begun = write(&db, Caller::System { on_behalf_of: None }, None, (), |tx, ()| {
                Box::pin(jobs::begin(tx, lease, 1, 1, false))
            });
            assert_eq!(begun.await.expect("counted"), Some(1), "death {death}");
        }
        work_off(&db, KINDS).await.expect("the rest");
        let job = shown(&world, job).await;
        assert_eq!(outcomes(&job), ["FAILED", "DELETED"]);
        assert_eq!(job["items"]["nodes"][0]["failure"], "POISON");
        assert_eq!(job["status"], "FINISHED_WITH_FAILURES");
        assert_eq!(world.now().await.status("ann"), "ACTIVE");
        db.close().await;
    }

    async fn r16_a_chunk_closes_early_when_its_people_bring_too_much(start: Start) {
        let world = start.with(class).await.in_chunks_of_rows(4);
        // Two memberships each.
        let job = world.delete_all(&["ann", "bob", "carl", "dora", "emil"]).job().await;
        assert_eq!(job.outcomes().len(), 5);
        let id = JobId(number(&job.value["id"]));
        let done: Vec<i64> = events(&world, id).await.into_iter().map(|(_, _, done)| done).collect();
        assert_eq!(done, [0, 0, 2, 4, 5]);
    }

    async fn a_request_waits_as_long_as_it_says(start: Start) {
        let world = start.with(class).await;
        let input = |wait: Value| json!({ "people": { "ids": [world.user("ann")] }, "wait": wait });
        for wait in [-1, 31] {
            let refused = world.refused("owner", "deleteUsers", input(json!(wait))).await;
            assert_eq!((refused.refused(), refused.path()), ("BAD_INPUT", "wait".to_owned()));
        }
        let answer = world.mutate("owner", "deleteUsers", input(json!(0)), "job { id status }").await;
        assert!(["QUEUED", "RUNNING", "SUCCEEDED"].contains(&answer.done()["job"]["status"].as_str().unwrap()));
        let job = JobId(number(&answer.done()["job"]["id"]));
        jobs::wait(&world.db, job, PATIENCE, Box::pin(pending())).await.expect("it ends");
        assert_eq!(shown(&world, job).await["status"], "SUCCEEDED");
    }

    async fn what_is_kept_for_a_while_is_forgotten(start: Start) {
        let world = start.with(class).await;
        world.delete_whoever(json!({ "emails": ["nobody@example.org"] })).keyed("a key of mine").job().await;
        let tidy = async || {
            write(&world.db, Caller::System { on_behalf_of: None }, None, (), |tx, ()| Box::pin(jobs::tidy(tx, KINDS)))
                .await
                .expect("tidied");
            world.dump().await
        };
        let before = world.dump().await;
        world.db.clock.advance(TimeDelta::hours(71));
        assert_eq!(before, tidy().await, "answers to keys are kept for 72 hours");
        world.db.clock.advance(TimeDelta::hours(2));
        assert_eq!(tidy().await.0["idempotency_keys"].len(), 0);
        let typed = |dump: crate::common::Dump| format!("{:?}", dump.0["job_items"]).contains("nobody@example.org");
        assert!(typed(tidy().await));
        world.db.clock.advance(TimeDelta::days(30));
        assert!(!typed(tidy().await), "entries are kept as typed for 30 days");
    }

    async fn r29_a_job_of_a_token_that_was_revoked_does_nothing_more(start: Start) {
        let world = start.with(class).await;
        let owner = || Caller::User(world.user_id("owner"));
        let new = NewToken {
            name: "Sync".to_owned(),
            scopes: vec![roster::access::Scope::UsersDelete],
            expires_at: None,
            drawn: ("roster_service".to_owned(), "a hash".to_owned()),
        };
        let made = write(&world.db, owner(), None, new, |tx, new| Box::pin(tokens::create_service(tx, new)));
        let (token, _) = made.await.expect("a token");
        let (db, job) = accepted_by(&world, Caller::Service(token), &["ann", "bob", "carl"], 1).await;
        let mut turn = batch::Turn::new(taken(&db, 15).await, TimeDelta::seconds(15));
        turn.step(&db).await.expect("a chunk");
        let which = Which::Service(token);
        let revoked = write(&world.db, owner(), None, which, |tx, which| Box::pin(tokens::revoke(tx, which)));
        revoked.await.expect("revoked");
        while turn.step(&db).await.expect("a chunk") == jobs::Step::More {}
        let shown = shown(&world, job).await;
        assert_eq!(outcomes(&shown), ["DELETED", "FORBIDDEN", "FORBIDDEN"]);
        assert_eq!(world.now().await.status("bob"), "ACTIVE");
        assert_eq!(world.dump().await.0["records"].len(), 1);
        db.close().await;
    }
}
