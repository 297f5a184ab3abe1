//! Where the time of one removal goes: each statement by its name, and the rest, which is ours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::copies::Original;
use super::databases::Kind;

/// Removes the leavers from a copy of `original` and prints what took how long, the longest first.
pub async fn print(kind: Kind, original: &Original) {
    let spent: Arc<Mutex<BTreeMap<String, (u32, Duration)>>> = Arc::default();
    let copy = original.copy().await;
    let seen = Arc::clone(&spent);
    let db = copy.open().await.observed(move |statement, elapsed| {
        let name = statement.sql.strip_prefix("/* ").and_then(|rest| rest.split_once(" */"));
        let mut spent = seen.lock().expect("no panic while it was held");
        let entry = spent.entry(name.map_or("(other)", |(name, _)| name).to_owned()).or_default();
        *entry = (entry.0 + 1, entry.1 + elapsed);
    });
    let start = Instant::now();
    super::remove(&db, &original.leavers).await;
    let all = start.elapsed();
    let mut lines: Vec<_> =
        std::mem::take(&mut *spent.lock().expect("no panic while it was held")).into_iter().collect();
    lines.sort_by_key(|(_, (_, spent))| std::cmp::Reverse(*spent));
    let in_statements: Duration = lines.iter().map(|(_, (_, spent))| *spent).sum();
    println!(
        "{kind:?}: {} ms, {} ms of them outside statements",
        all.as_millis(),
        (all.saturating_sub(in_statements)).as_millis()
    );
    for (name, (count, spent)) in lines {
        println!("{:>8.1} ms  {count:>3}  {name}", spent.as_secs_f64() * 1e3);
    }
    copy.forget(db).await;
}
