//! How soon another program has the job of one that was killed, and of one that was asked to stop, by the database's own
//! clock: leases, claims and events are written with it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::JobId;
use entity::job_event;
use std::time::Duration;

use super::invariants::Watch;
use super::servers::serve;
use super::{PATIENCE, name, organisation, tokens};
use crate::common::{Kind, Start, World, run};
use crate::removal::asking::number;
use crate::server::listening::ask;
use crate::server::program::Running;

/// People of the list: so many chunks that the job lasts longer than anything here.
const PEOPLE: usize = 600;
/// What is promised of a program that is killed.
const PROMISED: TimeDelta = TimeDelta::seconds(20);
/// What a machine that is busy with other things may add: the other program looks each second, if it gets to run.
const SLACK: TimeDelta = TimeDelta::seconds(20);

/// A job that is being worked on by the first of two programs.
async fn begun(world: &World, watch: &Watch) -> (Running, Running, JobId) {
    let tokens = tokens(world).await;
    let first = serve(&world.url);
    let people: Vec<String> = (0..PEOPLE).map(name).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let query = "mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) { job { id } } }";
    let input = serde_json::json!({ "input": {
        "people": { "ids": world.users(&people) }, "privateSubgroups": "REMOVE", "wait": 0 } });
    let url = first.printed("listening on").expect("an address");
    let answer = ask(url, Some(&tokens[0]), query, input).await;
    let job = JobId(number(&answer["data"]["deleteUsers"]["job"]["id"]));
    let working = async {
        while watch.job(job).await.1.len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, working).await.expect("it works");
    (first, serve(&world.url), job)
}

/// When somebody claimed the job for the second time.
async fn taken_over(watch: &Watch, job: JobId) -> DateTime<Utc> {
    let taken = async {
        loop {
            let (row, events) = watch.job(job).await;
            // A claim is told of, and nobody is done by it.
            let mut claims = events.windows(2).filter(|two| two[0].done == two[1].done);
            let second: Option<&[job_event::Model]> = claims.nth(1);
            if let (2, Some(second)) = (row.epoch, second) {
                return second[1].at;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("somebody takes it over")
}

async fn killed(start: Start) {
    let world = start.with(|it| organisation(it, PEOPLE)).await;
    let mut watch = Watch::new(&world.url).await;
    let (first, second, job) = begun(&world, &watch).await;
    drop(first);
    let death = watch.now().await;
    let (row, _) = watch.job(job).await;
    let lease = row.leased_until.expect("nobody gave it up");
    assert!(row.leased_by.is_some() && lease - death <= TimeDelta::seconds(15), "{lease} {death}");
    let taken = taken_over(&watch, job).await;
    println!("killed: taken over after {} ms", (taken - death).num_milliseconds());
    assert!(taken >= lease, "nobody takes what is held: {taken} {lease}");
    assert!(taken - death < PROMISED + SLACK, "{} s", (taken - death).num_seconds());
    watch.until_all_ended(PATIENCE).await;
    watch.check("at the end").await;
    assert_eq!(watch.everybody_is_deleted(1).await, (PEOPLE, 0));
    second.stop();
}

async fn asked_to_stop(start: Start) {
    let world = start.with(|it| organisation(it, PEOPLE)).await;
    let mut watch = Watch::new(&world.url).await;
    let (first, second, job) = begun(&world, &watch).await;
    // The last sign of life is not older than this: without being given up, the lease would hold for 15 seconds from it.
    let asked = watch.now().await;
    tokio::task::spawn_blocking(|| first.stop()).await.expect("it stops");
    let taken = taken_over(&watch, job).await;
    println!("asked to stop: taken over after {} ms", (taken - asked).num_milliseconds());
    let (_, events) = watch.job(job).await;
    let last = events.iter().filter(|event| event.at < taken).map(|event| event.at).max().expect("a chunk");
    assert!(taken < last + TimeDelta::seconds(15), "{taken} {last}");
    watch.until_all_ended(PATIENCE).await;
    watch.check("at the end").await;
    assert_eq!(watch.everybody_is_deleted(1).await, (PEOPLE, 0));
    second.stop();
}

#[test]
fn r29_another_program_takes_over_from_one_that_was_killed() {
    run(Kind::Postgres, |start| Box::pin(killed(start)));
}

#[test]
fn r29_a_program_that_is_asked_to_stop_gives_its_job_to_another_at_once() {
    run(Kind::Postgres, |start| Box::pin(asked_to_stop(start)));
}
