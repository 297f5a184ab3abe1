//! R29: cancelling a job, trying its failures again, and who may.

use chrono::TimeDelta;
use entity::id::JobId;
use entity::kind::Role::Administrator;
use roster::graphql::id::GlobalId;
use roster::organisation::Organisation;
use roster::removal::batch::Turn;
use serde_json::{Value, json};

use super::asking::number;
use super::jobs::{accepted, class, outcomes, shown, taken};
use crate::common::{Answer, World, each_database};
use roster::workers::KINDS;

async fn cancel(world: &World, who: &str, job: JobId) -> Answer {
    let input = json!({ "jobId": job.global().as_str() });
    world.mutate(who, "cancelRemovalJob", input, "job { id status done }").await
}

async fn retry(world: &World, who: &str, job: JobId) -> Answer {
    let input = json!({ "jobId": job.global().as_str(), "wait": 30 });
    let fields =
        "job { id status total retryOf { id } items(first: 100) { nodes { user { id } typed outcome } } }";
    world.mutate(who, "retryRemovalJob", input, fields).await
}

/// The code of a refusal, which changed nothing.
async fn refused(world: &World, name: &str, who: &str, job: JobId) -> String {
    let input = json!({ "jobId": job.global().as_str() });
    world.refused(who, name, input).await.refused().to_owned()
}

fn with_boss(it: Organisation) -> Organisation {
    class(it).user("boss").member("boss", "Class", &[Administrator])
}

each_database! {
    async fn r29_cancelling_stops_at_the_next_chunk(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann", "bob", "carl"], 1).await;
        let mut turn = Turn::new(taken(&db, 60).await, TimeDelta::seconds(60));
        turn.step(&db).await.expect("a chunk");
        assert_eq!(cancel(&world, "owner", job).await.done()["job"]["status"], "CANCELLING");
        let before = world.dump().await;
        assert_eq!(cancel(&world, "owner", job).await.done()["job"]["status"], "CANCELLING");
        assert_eq!(before, world.dump().await, "cancelling again changes nothing");
        turn.step(&db).await.expect("the end");
        let cancelled = shown(&world, job).await;
        assert_eq!((&cancelled["status"], &cancelled["done"]), (&json!("CANCELLED"), &json!(3)));
        assert_eq!(outcomes(&cancelled), ["DELETED", "CANCELLED", "CANCELLED"]);
        let now = world.now().await;
        assert_eq!((now.status("ann"), now.status("bob")), ("DELETED", "ACTIVE"));
        assert_eq!(cancel(&world, "owner", job).await.done()["job"]["status"], "CANCELLED");
        db.close().await;
    }

    async fn r29_a_job_that_waits_is_cancelled_at_once(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann", "bob"], 1).await;
        assert_eq!(cancel(&world, "owner", job).await.done()["job"]["status"], "CANCELLED");
        roster::jobs::work_off(&db, KINDS).await.expect("nothing to do");
        assert_eq!(outcomes(&shown(&world, job).await), ["CANCELLED", "CANCELLED"]);
        assert_eq!(world.now().await.status("ann"), "ACTIVE");
        db.close().await;
    }

    async fn r29_what_has_ended_is_not_cancelled_and_what_runs_is_not_retried(start: Start) {
        let world = start.with(class).await;
        let (db, job) = accepted(&world, &["ann", "bob"], 1).await;
        assert_eq!(refused(&world, "retryRemovalJob", "owner", job).await, "INVALID_TRANSITION");
        let mut turn = Turn::new(taken(&db, 60).await, TimeDelta::seconds(60));
        turn.step(&db).await.expect("a chunk");
        assert_eq!(refused(&world, "retryRemovalJob", "owner", job).await, "INVALID_TRANSITION");
        turn.step(&db).await.expect("the last chunk");
        assert_eq!(refused(&world, "cancelRemovalJob", "owner", job).await, "INVALID_TRANSITION");
        assert_eq!(refused(&world, "retryRemovalJob", "owner", job).await, "NOTHING_TO_RETRY");
        assert_eq!(refused(&world, "startRemovalJob", "owner", job).await, "INVALID_TRANSITION");
        db.close().await;
    }

    async fn r29_a_job_is_known_to_who_asked_and_to_platform_administrators(start: Start) {
        let world = start.with(with_boss).await;
        let job = world.remove_all(&["ann"], "Class").by("boss").job().await;
        let id = JobId(number(&job.value["id"]));
        let see = async |who: &str| {
            let query = "query($id: ID!) { removalJob(id: $id) { status } removalJobs { totalCount } }";
            world.read(who, query, json!({ "id": id.global().as_str() })).await
        };
        let seen = json!({ "removalJob": { "status": "SUCCEEDED" }, "removalJobs": { "totalCount": 1 } });
        assert_eq!(see("boss").await, seen);
        assert_eq!(see("owner").await, seen);
        assert_eq!(see("bob").await, json!({ "removalJob": null, "removalJobs": { "totalCount": 0 } }));
        for name in ["cancelRemovalJob", "retryRemovalJob", "startRemovalJob"] {
            assert_eq!(refused(&world, name, "bob", id).await, "NOT_FOUND");
        }
    }

    async fn r29_retrying_makes_a_new_job_of_the_failures(start: Start) {
        let world = start.with(class).await;
        let bob = world.user_id("bob").0;
        world.break_when("users", "update", &format!("new.id = {bob} and new.status = 'DELETED'")).await;
        let people = json!({ "emails": ["ann@example.org, bob@example.org, late@example.org, owner@example.org"] });
        let first = world.delete_whoever(people).job().await;
        assert_eq!(
            first.outcomes(),
            [("ann", "DELETED"), ("bob", "FAILED"), ("late@example.org", "NOT_FOUND"), ("owner", "OWNER_PROTECTED")]
        );
        world.sql(if world.url.starts_with("postgres") { "drop trigger planted on users" } else { "drop trigger planted" }).await;
        let carl = world.user_id("carl").0;
        world.sql(&format!("update users set email = 'late@example.org', email_key = 'late@example.org' where id = {carl}")).await;
        let answer = retry(&world, "owner", JobId(number(&first.value["id"]))).await;
        let job = &answer.done()["job"];
        assert_eq!((&job["retryOf"]["id"], &job["total"]), (&first.value["id"], &json!(3)));
        let of = |item: &Value| (item["user"]["id"].clone(), item["outcome"].as_str().unwrap().to_owned());
        let items: Vec<_> = job["items"]["nodes"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(
            items,
            [
                (world.user("bob"), "DELETED".to_owned()),
                (world.user("carl"), "DELETED".to_owned()),
                (world.user("owner"), "OWNER_PROTECTED".to_owned())
            ]
        );
        assert_eq!(job["status"], "FINISHED_WITH_FAILURES");
    }

    async fn r29_an_external_id_that_meant_nobody_is_looked_up_again_as_it_was_given(start: Start) {
        let world = start.with(class).await;
        let ids = [("urn:hr", "17:b"), ("ldap", "carl@corp"), ("urn", "hr:17:b")];
        let list: Vec<Value> =
            ids.iter().map(|(system, value)| json!({ "system": system, "value": value })).collect();
        let first = world.delete_whoever(json!({ "externalIds": list })).job().await;
        let typed = ["\"urn:hr\":17:b", "\"ldap\":carl@corp", "urn:hr:17:b"];
        assert_eq!(first.outcomes(), typed.map(|typed| (typed, "NOT_FOUND")));
        for (name, (system, value)) in ["bob", "carl"].into_iter().zip(ids) {
            let user = world.user_id(name).0;
            world
                .sql(&format!("insert into external_ids (user_id, system, value, reserved) values ({user}, '{system}', '{value}', true)"))
                .await;
        }
        let answer = retry(&world, "owner", JobId(number(&first.value["id"]))).await;
        let of = |item: &Value| (item["user"]["id"].clone(), item["outcome"].as_str().unwrap().to_owned());
        let items: Vec<_> = answer.done()["job"]["items"]["nodes"].as_array().unwrap().iter().map(of).collect();
        let expected = [(world.user("bob"), "DELETED"), (world.user("carl"), "DELETED"), (Value::Null, "NOT_FOUND")];
        assert_eq!(items, expected.map(|(user, outcome)| (user, outcome.to_owned())));
    }
}
