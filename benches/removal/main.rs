//! Deleting 3,000 people out of 100,000: Roster, and set-based SQL written by hand, on equal copies of one
//! organisation, in turns, in one run. Prints the medians and their ratio for each database.
//!
//! ```sh
//! cargo bench --bench removal               # both databases
//! cargo bench --bench removal -- --pairs 9  # more pairs
//! cargo bench --bench removal -- --million  # ours alone, out of 1,000,000 people and out of 100,000
//! ```

mod copies;
#[path = "../../tests/common/databases.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod databases;
mod equal;
mod handwritten;

use std::time::{Duration, Instant};

use copies::Original;
use databases::Kind;
use entity::id::UserId;
use entity::kind::{Cause, Posts, PrivateSubgroups};
use roster::access::Caller;
use roster::db::Database;
use roster::removal::batch::{Batch, CHUNK, remove_many};
use roster::removal::request::{Named, Options, People, Request, Scope};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// People in the organisation, but for `--million`.
const PEOPLE: usize = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<usize>().ok()
    };
    let pairs = value("--pairs").unwrap_or(5);
    let million = arguments.iter().any(|argument| argument == "--million");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        for kind in [Kind::Postgres, Kind::Sqlite] {
            if million { tenfold(kind, pairs).await } else { against_hand_written(kind, pairs).await }
        }
        println!("most memory this process had resident: {} MiB", peak_memory());
    });
}

async fn against_hand_written(kind: Kind, pairs: usize) {
    let original = Original::of(kind, PEOPLE).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        let copy = original.copy().await;
        let db = copy.open().await;
        ours.push(timed(remove(&db, &original.leavers)).await);
        let reference = original.copy().await;
        let their_db = reference.open().await;
        theirs.push(timed(handwritten::remove(&their_db, &original.leavers, original.now)).await);
        if pair == 0 {
            println!("{kind:?}: memory after ours {} MiB", peak_memory());
            equal::assert_equal(&db, &their_db).await;
        }
        copy.forget(db).await;
        reference.forget(their_db).await;
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "{kind:?}: {CHUNK} of {PEOPLE} people: ours {} ms, written by hand {} ms, ratio {:.2}",
        ours.as_millis(),
        theirs.as_millis(),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    original.forget().await;
}

async fn tenfold(kind: Kind, pairs: usize) {
    let (small, large) = (Original::of(kind, PEOPLE).await, Original::of(kind, 10 * PEOPLE).await);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..pairs {
        for (original, times) in [&small, &large].into_iter().zip(&mut times) {
            let copy = original.copy().await;
            let db = copy.open().await;
            times.push(timed(remove(&db, &original.leavers)).await);
            copy.forget(db).await;
        }
    }
    let [few, many] = times.map(median);
    println!(
        "{kind:?}: {CHUNK} people: out of {PEOPLE} {} ms, out of {} {} ms, ratio {:.2}",
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
        chunk: CHUNK,
    };
    remove_many(db, Caller::User(UserId(1)), None, batch).await.expect("a removal");
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

/// The most memory that this process had resident at once, in MiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
