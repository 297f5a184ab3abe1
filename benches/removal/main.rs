//! Deleting 3,000 people out of 100,000: Roster, and set-based SQL written by hand, on equal copies of one
//! organisation, in turns, in one run. Prints the medians and their ratio for each database.
//!
//! ```sh
//! cargo bench --bench removal               # both databases
//! cargo bench --bench removal -- --pairs 9  # more pairs
//! cargo bench --bench removal -- --million  # ours alone, out of 1,000,000 people and out of 100,000
//! cargo bench --bench removal -- --profile  # ours alone, once, and where the time goes
//! ```

#[path = "../common/arguments.rs"]
mod arguments;
mod copies;
#[path = "../../tests/common/databases.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod databases;
mod equal;
mod handwritten;
#[path = "../../tests/common/memory.rs"]
mod memory;
mod profile;

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

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// People in the organisation, but for `--million`.
const PEOPLE: usize = 100_000;

fn main() {
    let arguments = Arguments::read();
    let pairs = arguments.number("--pairs", 5);
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        if let Some(url) = arguments.value("--load") {
            return copies::load(url, arguments.number("--people", PEOPLE)).await;
        }
        for kind in [Kind::Postgres, Kind::Sqlite] {
            if arguments.has("--million") {
                tenfold(kind, pairs).await;
            } else if arguments.has("--profile") {
                profile::print(kind, &Original::of(kind, PEOPLE).await).await;
            } else {
                against_hand_written(kind, pairs).await;
            }
        }
    });
}

async fn against_hand_written(kind: Kind, pairs: usize) {
    let original = Original::of(kind, PEOPLE).await;
    let (mut ours, mut theirs, mut memory) = (Vec::new(), Vec::new(), 0);
    for pair in 0..pairs {
        let copy = original.copy().await;
        let db = copy.open().await;
        forget_peak();
        ours.push(timed(remove(&db, &original.leavers)).await);
        memory = memory.max(memory::peak("self"));
        let reference = original.copy().await;
        let their_db = reference.open().await;
        theirs.push(timed(handwritten::remove(&their_db, &original.leavers, original.now)).await);
        if pair == 0 {
            equal::assert_equal(&db, &their_db).await;
        }
        copy.forget(db).await;
        reference.forget(their_db).await;
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "{kind:?}: {CHUNK} of {PEOPLE} people: ours {} ms, written by hand {} ms, ratio {:.2}, ours with at most \
         {memory} MiB resident",
        ours.as_millis(),
        theirs.as_millis(),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    original.forget().await;
}

async fn tenfold(kind: Kind, pairs: usize) {
    let (small, large) = (Original::of(kind, PEOPLE).await, Original::of(kind, 10 * PEOPLE).await);
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
    jobs::work_off(db).await.expect("it is carried out");
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
