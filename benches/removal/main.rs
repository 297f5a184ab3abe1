//! Deleting 3,000 people out of 100,000: Roster's code alone, the program over HTTP until the job has ended, and set-based
//! SQL written by hand, on equal copies of one organisation, in turns, in one run; then some of them one by one with an
//! ORM. All leave the same behind. Prints the medians and their ratios for each database.
//!
//! ```sh
//! cargo bench --bench removal               # both databases
//! cargo bench --bench removal -- --pairs 9  # more pairs
//! cargo bench --bench removal -- --million  # ours alone, out of 1,000,000 people and out of 100,000
//! cargo bench --bench removal -- --profile  # ours alone, once, and where the time goes
//! cargo bench --bench removal -- --leavers 100000  # a long list: each chunk, memory, and who asks meanwhile
//! cargo bench --bench removal -- --only sqlite     # one database
//! ```

#[path = "../common/arguments.rs"]
mod arguments;
mod copies;
#[path = "../../tests/common/databases.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod databases;
mod equal;
mod handwritten;
mod long;
#[path = "../../tests/common/memory.rs"]
mod memory;
mod orm;
mod profile;
mod whole;

use std::time::{Duration, Instant};

use arguments::Arguments;
use copies::Original;
use databases::Kind;
use entity::id::UserId;
use entity::kind::{Cause, Posts, PrivateSubgroups};
use roster::access::Caller;
use roster::db::Database;
use roster::jobs;
use roster::removal::batch::{Batch, Bounds, CHUNK, remove_many};
use roster::removal::request::{Named, Options, People, Request, Scope};
use roster::workers::KINDS;
use serde_json::json;
use tikv_jemallocator::Jemalloc;
use whole::Program;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// People in the organisation, but for `--million`.
const PEOPLE: usize = 100_000;
/// People who are removed one by one.
const FEW: usize = 200;

fn main() {
    let arguments = Arguments::read();
    let pairs = arguments.number("--pairs", 5);
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        if let Some(url) = arguments.value("--load") {
            return copies::load(url, arguments.number("--people", PEOPLE)).await;
        }
        for (kind, name) in [(Kind::Postgres, "postgres"), (Kind::Sqlite, "sqlite")] {
            if arguments.value("--only").is_some_and(|only| only != name) {
                continue;
            }
            if arguments.has("--leavers") {
                long::print(kind, arguments.number("--leavers", PEOPLE)).await;
            } else if arguments.has("--million") {
                tenfold(kind, pairs).await;
            } else if arguments.has("--profile") {
                profile::print(kind, &Original::of(kind, PEOPLE, CHUNK).await).await;
            } else {
                against_others(kind, pairs).await;
            }
        }
    });
}

/// Everybody's way on equal copies, in turns: our code alone, the program over HTTP, and SQL written by hand; and an ORM's
/// way for a few of them.
async fn against_others(kind: Kind, pairs: usize) {
    let original = Original::of(kind, PEOPLE, CHUNK).await;
    let (mut ours, mut whole, mut theirs, mut besides, mut memory) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0);
    for pair in 0..pairs {
        let copy = original.copy().await;
        let db = copy.open().await;
        forget_peak();
        ours.push(timed(remove(&db, &original.leavers)).await);
        memory = memory.max(memory::peak("self"));
        let served = original.copy().await;
        let program = Program::serve(served.url()).await;
        whole.push(timed(over_http(&program, &original.leavers)).await);
        program.stop();
        let reference = original.copy().await;
        let their_db = reference.open().await;
        let start = Instant::now();
        besides.push(handwritten::remove(&their_db, &original.leavers, original.now).await);
        theirs.push(start.elapsed());
        let served_db = served.open().await;
        if pair == 0 {
            equal::assert_equal(&db, &their_db).await;
            equal::assert_equal(&served_db, &their_db).await;
        }
        copy.forget(db).await;
        served.forget(served_db).await;
        reference.forget(their_db).await;
    }
    let (ours, whole, theirs, besides) = (median(ours), median(whole), median(theirs), median(besides));
    let times = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!(
        "{kind:?}: {CHUNK} of {PEOPLE} people: ours {} ms, written by hand {} ms, ratio {:.2}, ours with at most \
         {memory} MiB resident; without former memberships and events by hand {} ms, ratio {:.2}",
        ours.as_millis(),
        theirs.as_millis(),
        times(ours, theirs),
        (theirs - besides).as_millis(),
        times(ours, theirs - besides),
    );
    println!(
        "{kind:?}: the program over HTTP, until the job has ended: {} ms, {:.2} times as long as by hand",
        whole.as_millis(),
        times(whole, theirs),
    );
    let few: Vec<UserId> = original.leavers.iter().copied().step_by(CHUNK / FEW).take(FEW).collect();
    let copy = original.copy().await;
    let db = copy.open().await;
    let one_by_one = timed(orm::remove(&db, &few, original.now)).await;
    let reference = original.copy().await;
    let their_db = reference.open().await;
    handwritten::remove(&their_db, &few, original.now).await;
    equal::assert_equal(&db, &their_db).await;
    copy.forget(db).await;
    reference.forget(their_db).await;
    let each = |took: Duration, people: usize| took.as_secs_f64() * 1e3 / people as f64;
    println!(
        "{kind:?}: one by one with SeaORM, {FEW} of them: {:.2} ms a person, against {:.2} ms over HTTP and {:.2} ms of \
         ours: {:.0} and {:.0} times as long",
        each(one_by_one, FEW),
        each(whole, CHUNK),
        each(ours, CHUNK),
        each(one_by_one, FEW) / each(whole, CHUNK),
        each(one_by_one, FEW) / each(ours, CHUNK),
    );
    original.forget().await;
}

/// All of it as a client has it.
async fn over_http(program: &Program, leavers: &[UserId]) {
    let mut job = program.delete(leavers, Duration::from_secs(30)).await;
    let query = "query($id: ID!) { removalJob(id: $id) { id status } }";
    while job["status"] == "QUEUED" || job["status"] == "RUNNING" {
        job = program.ask(query, json!({ "id": job["id"] })).await["removalJob"].clone();
    }
    assert_eq!(job["status"], "SUCCEEDED", "{job}");
}

async fn tenfold(kind: Kind, pairs: usize) {
    let (small, large) =
        (Original::of(kind, PEOPLE, CHUNK).await, Original::of(kind, 10 * PEOPLE, CHUNK).await);
    let (mut times, mut memory) = ([Vec::new(), Vec::new()], 0);
    for _ in 0..pairs {
        for (original, times) in [&small, &large].into_iter().zip(&mut times) {
            let copy = original.copy().await;
            let db = copy.open().await;
            forget_peak();
            times.push(timed(remove(&db, &original.leavers)).await);
            memory = memory.max(memory::peak("self"));
            copy.forget(db).await;
        }
    }
    let [few, many] = times.map(median);
    println!(
        "{kind:?}: {CHUNK} people: out of {PEOPLE} {} ms, out of {} {} ms, ratio {:.2}, with at most {memory} MiB resident",
        few.as_millis(),
        10 * PEOPLE,
        many.as_millis(),
        many.as_secs_f64() / few.as_secs_f64()
    );
    small.forget().await;
    large.forget().await;
}

/// All of it: the list resolved into a job with items, the plan, the effects, records, outcomes.
async fn remove(db: &Database, leavers: &[UserId]) {
    let batch = Batch {
        people: People::Named(leavers.iter().copied().map(|user| Named::Id(user).into()).collect()),
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
        bounds: Bounds::default(),
    };
    remove_many(db, Caller::User(UserId(1)), None, batch).await.expect("a removal");
    jobs::work_off(db, KINDS).await.expect("it is carried out");
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Begins to look anew for the most memory resident, so that what made the organisation does not count.
fn forget_peak() {
    // Where the system has no such file, the figure is that of the whole process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
