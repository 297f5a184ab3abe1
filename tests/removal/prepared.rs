//! R18: a plan that workers compute, to be read and then started.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::id::JobId;
use entity::kind::Privacy::Public;
use entity::kind::Role::{Administrator, Author};
use futures::future::pending;
use roster::graphql::id::GlobalId;
use roster::jobs;
use roster::organisation::Organisation;
use serde_json::{Value, json};

use super::asking::number;
use super::jobs::PATIENCE;
use crate::common::{World, each_database};
use roster::workers::KINDS;

fn school(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .users(&["ann", "bob", "carl", "boss"])
        .learners("Class", &["ann", "bob", "carl"])
        .member("ann", "Class", &[Administrator, Author])
        .member("boss", "platform", &[Administrator])
        .course("Latin", "Class", "ann")
        .course_co_authors("Latin", &["bob"])
}

/// Prepares the deletion of these people, and waits until that is done.
pub async fn prepared(world: &World, who: &str, people: &Value) -> (JobId, Value) {
    let input = json!({ "removal": { "deleteUsers": { "people": people } } });
    let answer = world.mutate(who, "prepareRemoval", input, "job { id status }").await;
    let job = JobId(number(&answer.done()["job"]["id"]));
    jobs::wait(&world.db, job, PATIENCE, Box::pin(pending())).await.expect("it is prepared");
    (job, plan(world, who, job).await)
}

async fn plan(world: &World, who: &str, job: JobId) -> Value {
    let query = "query($id: ID!) { removalJob(id: $id) { status total done expiredBecause
        actor { displayName } preparedBy { displayName }
        plan { digest startableUntil warnings { code message tokens lastUsedAt hiddenCount nodes { ... on Group { name } ... on User { displayName } } }
            totals { people outcomes { outcome count } membershipsRemoved coursesHandedOver accountsDeleted confirmCount } }
        items(first: 100) { nodes { user { id } typed outcome plannedOutcome digest
            plan { outcome digest effects(first: 100) { nodes { __typename ... on HandedOver { to { id } } } } } } } } }";
    world.read(who, query, json!({ "id": job.global().as_str() })).await["removalJob"].clone()
}

fn start(job: JobId, digest: &Value) -> Value {
    json!({ "jobId": job.global().as_str(), "planDigest": digest, "wait": 30 })
}

fn list(world: &World) -> Value {
    json!({ "ids": world.users(&["ann", "bob", "owner"]) })
}

each_database! {
    async fn r18_a_prepared_plan_is_the_removal(start_: Start) {
        let world = start_.with(school).await.in_chunks_of(1);
        let before = world.dump().await;
        let (job, plan) = prepared(&world, "owner", &list(&world)).await;
        let changed: BTreeSet<String> = before.changes_until(&world.dump().await).into_keys().collect();
        let of_jobs = ["job_events", "job_items", "jobs"].map(str::to_owned);
        assert_eq!(changed, BTreeSet::from(of_jobs), "nothing else was changed");
        assert_eq!((&plan["status"], &plan["done"]), (&json!("PREPARED"), &json!(0)));
        let left = json!([{
            "code": "GROUPS_WITHOUT_ADMINISTRATOR",
            "message": "1 group is left without an administrator of their own.",
            "tokens": null, "lastUsedAt": null, "hiddenCount": 0, "nodes": [{ "name": "Class" }],
        }]);
        assert_eq!(plan["plan"]["warnings"], left);
        let shown = world.delete_all(&["ann", "bob", "owner"]).plan().await;
        assert_eq!(plan["plan"]["digest"], shown.value["digest"], "the same as is shown at once");
        assert_eq!(plan["plan"]["totals"]["outcomes"], shown.value["totals"]["outcomes"]);
        assert_eq!(plan["plan"]["totals"]["accountsDeleted"], 2);
        assert_eq!(plan["plan"]["totals"]["coursesHandedOver"], 1);
        let ann = &plan["items"]["nodes"][0];
        assert_eq!((&ann["outcome"], &ann["plannedOutcome"]), (&Value::Null, &json!("DELETED")));
        assert_eq!((&ann["digest"], &ann["plan"]["digest"]), (&json!(shown.of("ann").digest()), &json!(shown.of("ann").digest())));
        let to = ann["plan"]["effects"]["nodes"].as_array().unwrap().iter().find_map(|effect| effect["to"]["id"].as_str());
        assert_eq!(to, world.user("owner").as_str(), "Bob leaves too, and there is no other administrator");

        let answer = world
            .mutate("owner", "startRemovalJob", start(job, &plan["plan"]["digest"]), "job { status items { nodes { outcome } } }")
            .await;
        let outcomes = ["DELETED", "DELETED", "OWNER_PROTECTED"].map(|outcome| json!({ "outcome": outcome }));
        assert_eq!(answer.done()["job"]["items"]["nodes"], json!(outcomes));
        assert_eq!(world.now().await.head("Latin"), "owner");
        let again = world.refused("owner", "startRemovalJob", start(job, &plan["plan"]["digest"])).await;
        assert_eq!(again.refused(), "INVALID_TRANSITION");
    }

    async fn r9_tokens_that_would_stop_are_warned_of(start_: Start) {
        let world = start_.with(school).await;
        let now = world.made.now;
        let hour = TimeDelta::hours(1);
        // Of Ann's tokens one has expired; Carl stays, and Bob is not active, so that his let nobody in.
        for (name, count) in [("ann", 3), ("bob", 1), ("carl", 1)] {
            for number in 0..count {
                world.give_token(name, &format!("hash {name} {number}")).await;
            }
        }
        let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false);
        world.sql(&format!("update tokens set expires_at = '{}' where sha256 = 'hash ann 0'", time(now - hour))).await;
        world.sql(&format!("update tokens set last_used_at = '{}' where sha256 = 'hash ann 1'", time(now - hour))).await;
        world.sql(&format!("update users set status = 'SUSPENDED' where id = {}", world.user_id("bob").0)).await;
        let people = json!({ "ids": world.users(&["ann", "bob"]) });
        let (_, job) = prepared(&world, "owner", &people).await;
        let query = "query($input: RemovalPlanInput!) { removalPlan(input: $input) {
            warnings { code message tokens lastUsedAt hiddenCount nodes { ... on Group { name } ... on User { displayName } } } } }";
        let input = json!({ "deleteUsers": { "people": people } });
        let at_once = world.read("owner", query, json!({ "input": input })).await;
        let warnings = &at_once["removalPlan"]["warnings"];
        assert_eq!(&job["plan"]["warnings"], warnings, "the same as is shown at once");
        let warning = warnings.as_array().unwrap().iter().find(|warning| warning["code"] == "TOKENS_IN_USE").unwrap();
        assert_eq!([&warning["tokens"], &warning["hiddenCount"]], [&json!(2), &json!(0)]);
        assert_eq!(warning["nodes"], json!([{ "displayName": "ann" }]));
        let used: chrono::DateTime<chrono::Utc> = warning["lastUsedAt"].as_str().unwrap().parse().unwrap();
        assert_eq!(used, now - hour);
        assert!(warning["message"].as_str().unwrap().starts_with("2 API tokens in use by programs would stop working, of 1 person."));
        // Whoever merely leaves a group keeps their tokens.
        let input = json!({ "removeUsersFromGroup": { "people": { "ids": world.users(&["ann"]) }, "groupId": world.group("Class") } });
        let leaving = world.read("owner", query, json!({ "input": input })).await;
        let codes: Vec<&Value> = leaving["removalPlan"]["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
        assert!(!codes.contains(&&json!("TOKENS_IN_USE")), "{codes:?}");
    }

    async fn r18_another_digest_and_a_plan_that_drifted_are_refused(start_: Start) {
        let world = start_.with(school).await;
        let (job, plan) = prepared(&world, "owner", &list(&world)).await;
        for (wrong, code) in [(json!("0123456789abcdef0123456789abcdef"), "PLAN_CHANGED"), (Value::Null, "BAD_INPUT")] {
            let refused = world.refused("owner", "startRemovalJob", start(job, &wrong)).await;
            assert_eq!((refused.refused(), refused.path()), (code, "planDigest".to_owned()));
        }
        let (bob, class) = (world.user_id("bob").0, world.group_id("Class").0);
        world
            .sql(&format!("delete from memberships where user_id = {bob} and group_id = {class} and role = 'LEARNER'"))
            .await;
        let refused = world.refused("owner", "startRemovalJob", start(job, &plan["plan"]["digest"])).await;
        assert_eq!(refused.refused(), "PLAN_CHANGED");
    }

    async fn r18_a_prepared_plan_can_be_started_for_a_day(start_: Start) {
        let world = start_.with(school).await;
        let (job, prepared_plan) = prepared(&world, "owner", &list(&world)).await;
        world.db.clock.advance(TimeDelta::hours(25));
        let refused = world.refused("owner", "startRemovalJob", start(job, &prepared_plan["plan"]["digest"])).await;
        assert_eq!(refused.refused(), "INVALID_TRANSITION");
        let operator = roster::access::Caller::System { on_behalf_of: None };
        roster::transaction::write(&world.db, operator, None, (), |tx, ()| Box::pin(jobs::tidy(tx, KINDS))).await.expect("tidied");
        let expired = plan(&world, "owner", job).await;
        assert_eq!((&expired["status"], &expired["expiredBecause"]), (&json!("EXPIRED"), &json!("NOT_STARTED")));
        let refused = world.refused("owner", "cancelRemovalJob", json!({ "jobId": job.global().as_str() })).await;
        assert_eq!(refused.refused(), "INVALID_TRANSITION");
    }

    async fn r18_a_plan_is_read_and_started_by_who_prepared_it(start_: Start) {
        let world = start_.with(school).await;
        let people = json!({ "ids": world.users(&["carl"]) });
        let (job, plan) = prepared(&world, "ann", &people).await;
        assert_eq!(plan["items"]["nodes"][0]["plannedOutcome"], "FORBIDDEN");
        let input = start(job, &plan["plan"]["digest"]);
        assert_eq!(world.refused("bob", "startRemovalJob", input.clone()).await.refused(), "NOT_FOUND");
        let answer = world.mutate("ann", "startRemovalJob", input, "job { status items { nodes { outcome } } }").await;
        assert_eq!(answer.done()["job"]["items"]["nodes"][0]["outcome"], "FORBIDDEN");
        assert_eq!(world.now().await.roles("carl"), ["LEARNER of Class", "LEARNER of Platform"]);
    }

    async fn r18_a_plan_of_another_form_expires_when_the_program_starts(start_: Start) {
        let world = start_.with(school).await;
        let (job, prepared_plan) = prepared(&world, "owner", &list(&world)).await;
        let (other, _) = prepared(&world, "owner", &json!({ "ids": world.users(&["carl"]) })).await;
        // As the version before left it.
        world.sql(&format!("update jobs set plan_form = null where id = {}", job.0)).await;
        let refused = world.refused("owner", "startRemovalJob", start(job, &prepared_plan["plan"]["digest"])).await;
        assert_eq!(refused.refused(), "INVALID_TRANSITION");
        jobs::expire_outdated(&world.db, KINDS).await.expect("looked through");
        let expired = plan(&world, "owner", job).await;
        assert_eq!((&expired["status"], &expired["expiredBecause"]), (&json!("EXPIRED"), &json!("PLAN_OUTDATED")));
        assert_eq!(plan(&world, "owner", other).await["status"], "PREPARED");
    }

    async fn r29_whoever_starts_a_prepared_job_is_its_actor(start_: Start) {
        let world = start_.with(|it| school(it).learners("platform", &["boss"])).await.in_chunks_of(1);
        let people = json!({ "ids": world.users(&["owner", "bob", "carl"]) });
        let removal = json!({ "removeUsersFromGroup": { "people": people, "groupId": world.group("Class") } });
        let answer = world.mutate("boss", "prepareRemoval", json!({ "removal": removal }), "job { id }").await;
        let job = JobId(number(&answer.done()["job"]["id"]));
        jobs::wait(&world.db, job, PATIENCE, Box::pin(pending())).await.expect("it is prepared");
        // Whoever prepared it has no rights any more when it is started.
        world.sql(&format!("delete from memberships where user_id = {} and role = 'ADMINISTRATOR'", world.user_id("boss").0)).await;
        let shown = plan(&world, "owner", job).await;
        assert_eq!((&shown["actor"]["displayName"], &shown["preparedBy"]), (&json!("boss"), &Value::Null));
        world.done("owner", "startRemovalJob", start(job, &shown["plan"]["digest"]), "job { status }").await;
        let done = plan(&world, "owner", job).await;
        assert_eq!(
            (&done["actor"]["displayName"], &done["preparedBy"]["displayName"]),
            (&world.read("owner", "{ viewer { displayName } }", Value::Null).await["viewer"]["displayName"], &json!("boss"))
        );
        let outcomes: Vec<&Value> = done["items"]["nodes"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
        assert_eq!(outcomes, ["NOT_A_MEMBER", "REMOVED", "REMOVED"]);
        // Their own turn comes last, and whoever prepared it still follows it.
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let items = entity::job_item::Entity::find().filter(entity::job_item::Column::JobId.eq(job));
        let items = items.all(&world.db.read).await.expect("items");
        let own = items.iter().find(|item| item.user_id == Some(world.user_id("owner"))).expect("an item");
        assert_eq!(items.iter().max_by_key(|item| item.chunk).map(|item| item.position), Some(own.position));
        assert_eq!(plan(&world, "boss", job).await["status"], "SUCCEEDED");
    }

    async fn r29_the_plan_that_is_compared_is_that_of_whoever_starts_the_job(start_: Start) {
        let world = start_.with(school).await;
        let (job, plan) = prepared(&world, "ann", &json!({ "ids": world.users(&["carl"]) })).await;
        assert_eq!(plan["items"]["nodes"][0]["plannedOutcome"], "FORBIDDEN");
        let refused = world.refused("owner", "startRemovalJob", start(job, &plan["plan"]["digest"])).await;
        assert_eq!(refused.refused(), "PLAN_CHANGED");
    }

    async fn r18_a_question_that_came_up_since_a_plan_was_prepared_is_asked_when_it_is_started(start_: Start) {
        let world = start_.with(|it| school(it).group("Secret", "Class", entity::kind::Privacy::Private)).await;
        let (job, plan) = prepared(&world, "owner", &json!({ "ids": world.users(&["carl"]) })).await;
        let carl = world.user_id("carl").0;
        let secret = world.group_id("Secret").0;
        let joined = format!("insert into memberships (user_id, group_id, role, granted_at) select {carl}, {secret}, 'LEARNER', max(created_at) from users");
        world.sql(&joined).await;
        let input = start(job, &plan["plan"]["digest"]);
        let refused = world.refused("owner", "startRemovalJob", input.clone()).await;
        assert_eq!((refused.refused(), refused.about()), ("PRIVATE_SUBGROUPS_UNDECIDED", vec!["Secret"]));
        // Somebody who may not follow the job learns nothing of it.
        assert_eq!(world.refused("bob", "startRemovalJob", input).await.refused(), "NOT_FOUND");
    }

    async fn r29_a_plan_says_which_number_has_to_be_typed(start_: Start) {
        use entity::kind::Status::{Anonymized, Suspended};
        let world = start_.with(|it| school(it).status("ann", Anonymized).status("bob", Suspended)).await;
        let people = json!({ "ids": world.users(&["ann", "bob", "carl"]) });
        let shown = world.delete_whoever(people.clone()).plan().await;
        let totals = |plan: &Value| (plan["totals"]["accountsDeleted"].clone(), plan["totals"]["confirmCount"].clone());
        assert_eq!(totals(&shown.value), (json!(3), json!(2)), "whoever is anonymous is no account that counts");
        let (job, plan) = prepared(&world, "owner", &people).await;
        assert_eq!(totals(&plan["plan"]), (json!(3), json!(2)));
        let start = |count: i64| {
            let mut input = start(job, &plan["plan"]["digest"]);
            input["confirmCount"] = json!(count);
            input
        };
        assert_eq!(world.refused("owner", "startRemovalJob", start(3)).await.refused(), "COUNT_MISMATCH");
        let answer = world.mutate("owner", "startRemovalJob", start(2), "job { status }").await;
        assert_eq!(answer.done()["job"]["status"], "SUCCEEDED");
    }
}
