//! Removals.

use std::time::Duration;

use chrono::TimeDelta;
use entity::id::{GroupId, JobId, UserId};
use entity::kind::{Cause, Expiry, JobKind, Posts, PrivateSubgroups};
use roster::access::Caller;
use roster::error::Failure;
use roster::events;
use roster::jobs::{self, Lease};
use roster::queries::users::UserFilter;
use roster::queries::{Reader, removals};
use roster::removal::batch::{self, Batch, Bounds};
use roster::removal::request::{Entry, Matching, Named, Options, People, Request, Scope};
use roster::removal::single::{self, Single};
use roster::transaction::Tx;
use sea_orm::ConnectionTrait;

use crate::proofs::explain::large::{Large, OWNER};
use roster::workers::KINDS;

/// The people of a removal: one chunk.
const CHUNK: i64 = 3_000;

/// One person, and many by every way of naming them, as many as one transaction takes.
pub async fn everything(large: &Large, person: UserId) {
    let all = request(Scope::Platform);
    let single = Single { user: Named::Id(person), request: all, plan_digest: None, confirm_count: None };
    run!(large, single::remove, single.clone());
    // Deleted already.
    run!(large, single::remove, single);
    let first = large.number("select min(id) + 1500 from users").await;
    let fullest = "select group_id from memberships where group_id <> 1 group by group_id order by count(*) desc limit 1";
    let group = Scope::Group(GroupId(large.number(fullest).await));
    let external = Named::ExternalId { system: "sis".to_owned(), value: "p2007".to_owned() };
    let email = Named::Email("nobody@example.org".to_owned());
    let typed = |named, typed: &str| Entry { named, typed: typed.to_owned() };
    let named = vec![typed(email, "nobody@example.org"), typed(external, "sis:p2007")];
    let filter = UserFilter { job_title: Some("nothing anybody does".to_owned()), ..UserFilter::default() };
    remove(large, request(group), people(first, CHUNK)).await;
    remove(large, all, People::Named(named)).await;
    remove(large, all, People::Matching(Box::new(Matching { filter, except: vec![OWNER] }))).await;
    // Sets of a few: those of one are no sets.
    let few = first + CHUNK;
    remove(large, all, people(few, 2)).await;
    // Who bring more than is taken at once, and by the same statements a few who do not.
    for (first, many, rows) in [(first, CHUNK, 10_000), (few + 2, 2, 10_000), (few + 4, 2, 1)] {
        remove_within(large, all, people(first, many), Bounds { rows, ..Bounds::default() }).await;
    }
}

/// A plan that is prepared, read and started; a job that is cancelled, and one whose failures are tried again.
pub async fn controlled(large: &Large) {
    use roster::graphql::id::GlobalId;
    let (db, owner) = (&large.db, || Caller::User(OWNER));
    let head = "select min(user_id) from memberships where role = 'ADMINISTRATOR' and user_id <> 1";
    // One who goes, and one who is gone.
    let gone = "select min(id) from users where status = 'DELETED'";
    let named = [UserId(large.number(head).await).global(), UserId(large.number(gone).await).global()];
    let query = "query($people: [ID!]!) { removalPlan(input: { deleteUsers: { people: { ids: $people },
        privateSubgroups: REMOVE } }) { digest warnings { code nodes { id } } people { nodes { deletedAt removal { id } } } } }";
    let shown = large.ask(query, serde_json::json!({ "people": named.map(|id| id.0) })).await;
    assert!(shown["removalPlan"]["digest"].is_string(), "{shown}");
    let first = large.number("select min(id) + 20000 from users").await;
    let mut with_owner = people(first, CHUNK - 1);
    if let People::Named(named) = &mut with_owner {
        named.push(Named::Id(OWNER).into());
    }
    let batch = Batch {
        people: with_owner,
        request: request(Scope::Platform),
        plan_digest: None,
        confirm_count: None,
        bounds: Bounds::default(),
    };
    let job = batch::prepare(db, owner(), None, batch).await.expect("a job");
    jobs::work_off(db, KINDS).await.expect("it is prepared");
    let query = "query($id: ID!) { removalJob(id: $id) { outcomesLink
        plan { digest totals { people } warnings { code hiddenCount nodes { id } } }
        items(first: 2, planned: DELETED) { nodes { plan { outcome } } } } }";
    let shown = large.ask(query, serde_json::json!({ "id": job.global().as_str() })).await;
    let plan_digest = shown["removalJob"]["plan"]["digest"].as_str().map(str::to_owned);
    assert!(plan_digest.is_some(), "{shown}");
    // By somebody else than whoever prepared it.
    let given = format!("update jobs set actor_id = {} where id = {}", first, job.0);
    db.read.execute_unprepared(&given).await.expect("somebody else's");
    let start = batch::Start { job, plan_digest, confirm_count: None };
    batch::start(db, owner(), None, start).await.expect("it is started");
    run!(large, batch::cancel, job);
    let pairs = (first..first + CHUNK).flat_map(|id| [1, 2].map(|nth| (UserId(id), GroupId(nth + 1))));
    let pairs = pairs.map(|(user, group)| (Named::Id(user).into(), group)).collect();
    let batch = Batch {
        people: People::Pairs(pairs),
        request: request(Scope::Each),
        plan_digest: None,
        confirm_count: None,
        bounds: Bounds::default(),
    };
    let turned_down = batch::prepare(db, owner(), None, batch).await.expect("a job");
    jobs::work_off(db, KINDS).await.expect("it is prepared");
    run!(large, batch::cancel, turned_down);
    let held = format!(
        "update jobs set status = 'AWAITING_CONFIRMATION', finished_at = null where id = {}",
        turned_down.0
    );
    db.read.execute_unprepared(&held).await.expect("held");
    let start = batch::Start { job: turned_down, plan_digest: None, confirm_count: Some(0) };
    batch::start(db, owner(), None, start).await.expect("it is confirmed");
    run!(large, batch::cancel, turned_down);
    let failed = JobId(large.number("select max(job_id) from job_items where typed is not null").await);
    let retry = batch::Retry { job: failed, private_subgroups: None, confirm_count: None };
    batch::again(db, owner(), None, retry).await.expect("it is tried again");
    jobs::work_off(db, KINDS).await.expect("it is carried out");
    jobs::take_over(db).await.expect("no lease");
    let reader = Reader::new(db.clone(), owner());
    for after in [None, Some(0)] {
        assert!(!removals::events(&reader, job, after).await.expect("events").is_empty());
    }
    assert!(!removals::latest(&reader, large.now).await.expect("events").is_empty());
    assert_eq!(removals::outcome_rows(&reader, job, 0).await.expect("rows").len(), 2_000);
}

/// What workers do besides.
pub async fn workers(large: &Large) {
    let db = &large.db;
    run!(large, tidied, ());
    run!(large, forgotten, ());
    let lease = Lease { job: JobId(large.number("select min(id) from jobs").await), epoch: -1 };
    // Nobody ever held it.
    assert!(jobs::store::give_up(&db.read, lease).await.is_err());
    assert!(jobs::store::expire(&db.read, lease.job, Expiry::NotStarted, large.now).await.is_err());
    assert_eq!(jobs::store::waits(&db.read, JobKind::listed(|_| true)).await.ok(), Some(None));
    jobs::wait(db, lease.job, Duration::ZERO, Box::pin(std::future::pending())).await.expect("it has ended");
}

async fn tidied(tx: &Tx, (): &()) -> Result<(), Failure> {
    jobs::tidy(tx, KINDS).await
}

async fn forgotten(tx: &Tx, (): &()) -> Result<(), Failure> {
    events::forget(&tx.conn, tx.now, TimeDelta::days(30)).await?;
    Ok(())
}

fn people(first: i64, many: i64) -> People {
    People::Named((first..first + many).map(|id| Named::Id(UserId(id)).into()).collect())
}

fn request(scope: Scope) -> Request {
    let options = Options {
        private_subgroups: Some(PrivateSubgroups::Remove),
        confirm_account_deletion: true,
        posts: Posts::Anonymize,
    };
    Request { scope, options, cause: Cause::Requested }
}

async fn remove(large: &Large, request: Request, people: People) {
    remove_within(large, request, people, Bounds::default()).await;
}

async fn remove_within(large: &Large, request: Request, people: People, bounds: Bounds) {
    let batch = Batch { people, request, plan_digest: None, confirm_count: None, bounds };
    batch::remove_many(&large.db, Caller::User(OWNER), None, batch).await.expect("a removal");
    jobs::work_off(&large.db, KINDS).await.expect("it is carried out");
}
