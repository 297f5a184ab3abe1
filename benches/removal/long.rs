//! A list of any length, by the program over HTTP: how long each chunk takes from the first to the last, how much memory
//! it comes to, and what somebody waits for who asks and changes something meanwhile.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use entity::id::UserId;
use roster::db::Database;
use roster::db::sql::sql;
use roster::graphql::id::GlobalId;
use serde_json::json;

use super::copies::Original;
use super::databases::Kind;
use super::whole::Program;

/// How often somebody else asks.
const EACH: Duration = Duration::from_millis(100);

/// Deletes `leavers` of three times as many people, and prints what it took.
pub async fn print(kind: Kind, leavers: usize) {
    let original = Original::of(kind, 3 * leavers, leavers).await;
    let program = Program::serve(&original.url()).await;
    // Somebody with a name of their own, who stays.
    let stays = UserId(50).global();
    program.forget_peak();
    let began = Instant::now();
    let job = program.delete(&original.leavers, Duration::ZERO).await["id"].clone();
    let accepted = began.elapsed();
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    let mut clock = tokio::time::interval(EACH);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let ended = loop {
        clock.tick().await;
        let start = Instant::now();
        let query = "query($id: ID!) { user(by: { id: $id }) { displayName email
            memberships(first: 20) { nodes { role group { name } } } } }";
        program.ask(query, json!({ "id": stays.as_str() })).await;
        reads.push(start.elapsed());
        let start = Instant::now();
        let query =
            "mutation($input: UpdateUserInput!) { updateUser(input: $input) { userErrors { code } } }";
        let input = json!({ "userId": stays.as_str(), "jobTitle": format!("title {}", writes.len()) });
        let answer = program.ask(query, json!({ "input": input })).await;
        assert_eq!(answer["updateUser"]["userErrors"], json!([]), "{answer}");
        writes.push(start.elapsed());
        let query = "query($id: ID!) { removalJob(id: $id) { status done total } }";
        let found = program.ask(query, json!({ "id": job })).await["removalJob"].clone();
        if !["QUEUED", "RUNNING"].iter().any(|open| found["status"] == *open) {
            break found;
        }
    };
    let took = began.elapsed();
    assert_eq!((&ended["status"], &ended["done"]), (&json!("SUCCEEDED"), &json!(leavers)), "{ended}");
    let memory = program.memory();
    program.stop();
    let db = Database::open(&original.url()).await.expect("a database");
    let events: Vec<(DateTime<Utc>, i64)> =
        sql("bench.events", "select at, done from job_events order by job_id, number")
            .all(&db.read)
            .await
            .expect("events");
    db.close().await;
    let chunks: Vec<f64> = events
        .windows(2)
        .filter(|two| two[0].1 < two[1].1)
        .map(|two| (two[1].0 - two[0].0).as_seconds_f64() * 1e3)
        .collect();
    let quarter = (chunks.len() / 4).max(1);
    let mean = |chunks: &[f64]| chunks.iter().sum::<f64>() / chunks.len() as f64;
    let (first, last) = (mean(&chunks[..quarter]), mean(&chunks[chunks.len() - quarter..]));
    println!(
        "{kind:?}: {leavers} of {} people: {:.1} s, accepted in {:.1} s, at most {memory} MiB resident; {} chunks, \
         the first quarter of them {first:.0} ms each, the last {last:.0} ms, ratio {:.2}",
        3 * leavers,
        took.as_secs_f64(),
        accepted.as_secs_f64(),
        chunks.len(),
        last / first,
    );
    println!("{kind:?}: somebody else meanwhile: reads {}, writes {}", told(reads), told(writes));
    println!(
        "{kind:?}: chunks in ms: {}",
        chunks.iter().map(|ms| format!("{ms:.0}")).collect::<Vec<_>>().join(" ")
    );
    original.forget().await;
}

fn told(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let of = |percent: usize| took[(took.len() - 1) * percent / 100].as_millis();
    format!("p50 {} ms, p99 {} ms, longest {} ms of {}", of(50), of(99), of(100), took.len())
}
