//! R16: lists, however they are written; chunks; and that one person never stops another.

use entity::kind::Cause;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Learner, UserAdministrator};
use entity::kind::Status::{Anonymized, Deactivated, Erased, Suspended};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use super::asking::Job;
use crate::common::{World, each_database};

/// A class of people without anything special about them.
fn class(it: Organisation) -> Organisation {
    let people = ["ann", "bob", "carl", "dora", "emil"];
    it.group("Class", "platform", Public).users(&people).learners("Class", &people)
}

/// People as somebody types or pastes them.
fn emails(texts: &[&str]) -> Value {
    json!({ "emails": texts })
}

fn external_ids(ids: &[(&str, &str)]) -> Value {
    let ids: Vec<Value> =
        ids.iter().map(|(system, value)| json!({ "system": system, "value": value })).collect();
    json!({ "externalIds": ids })
}

/// How often each outcome came up.
fn counts(job: &Job) -> Vec<(&str, i64)> {
    let counts = job.value["countsByOutcome"].as_array().expect("counts");
    let mut counts: Vec<(&str, i64)> = counts
        .iter()
        .map(|count| {
            (count["outcome"].as_str().expect("an outcome"), count["count"].as_i64().expect("a count"))
        })
        .collect();
    counts.sort_unstable();
    counts
}

/// In which chunk each entry of the only job stands.
async fn chunks(world: &World) -> Vec<Option<i64>> {
    use sea_orm::{EntityTrait, QueryOrder};
    let items = entity::job_item::Entity::find().order_by_asc(entity::job_item::Column::Position);
    items.all(&world.db.read).await.expect("items").into_iter().map(|item| item.chunk).collect()
}

/// Works and memberships in which everybody depends on everybody.
fn tangled(it: Organisation) -> Organisation {
    let people = ["ann", "bob", "carl", "dora", "emil", "fay"];
    people
        .iter()
        .fold(it.group("Class", "platform", Public).group("Club", "Class", Private), |it, person| {
            it.user(person)
        })
        .learners("Class", &["ann", "bob", "carl", "dora", "emil"])
        .learners("Club", &["ann", "dora", "fay"])
        .member("bob", "Class", &[Administrator])
        .member("carl", "Class", &[Administrator, Author])
        .member("emil", "platform", &[Administrator])
        .course("Latin", "Class", "ann")
        .course_co_authors("Latin", &["bob", "carl"])
        .course("Greek", "Club", "fay")
        .course_co_authors("Greek", &["ann"])
        .path("Antiquity", "Class", "ann", &["Latin"])
        .path_co_authors("Antiquity", &["carl", "dora"])
        .session("Spring", "Antiquity", "Class", "carl", entity::kind::AudienceKind::Dynamic)
        .audience("Spring", &["Class", "Club"])
        .co_instructors("Spring", &["ann", "emil"])
        .slot("Monday", "Spring", 24, None)
        .attend("Monday", &["ann", "dora", "fay"])
}

each_database! {
    async fn r16_a_list_of_ids(start: Start) {
        let world = start.with(class).await;
        let job = world.delete_all(&["carl", "ann"]).job().await;
        assert_eq!(job.outcomes(), [("carl", "DELETED"), ("ann", "DELETED")], "in the order of the list");
        assert_eq!(counts(&job), [("DELETED", 2)]);
        assert_eq!((&job.value["total"], &job.value["duplicates"]), (&json!(2), &json!(0)));
        assert_eq!(job.value["status"], "SUCCEEDED");
        let now = world.now().await;
        assert_eq!((now.status("ann"), now.status("bob"), now.status("carl")), ("DELETED", "ACTIVE", "DELETED"));
    }

    async fn r16_emails_as_they_are_pasted(start: Start) {
        let world = start.with(class).await;
        let pasted = "ann@example.org, BOB@Example.ORG;carl@example.org\r\n  dora@example.org \n,;\n";
        let job = world.delete_whoever(emails(&[pasted, " Emil@example.org"])).job().await;
        assert_eq!(
            job.outcomes(),
            [("ann", "DELETED"), ("bob", "DELETED"), ("carl", "DELETED"), ("dora", "DELETED"), ("emil", "DELETED")]
        );
    }

    async fn r16_one_address_is_a_list(start: Start) {
        let world = start.with(class).await;
        let job = world.remove_whoever(emails(&["ann@example.org"]), "Class").job().await;
        assert_eq!(job.outcomes(), [("ann", "REMOVED")]);
    }

    async fn r16_external_ids(start: Start) {
        let world = start
            .with(|it| class(it).external_id("ann", "hr", "7").external_id("bob", "sis", "7").external_id("bob", "hr", "8"))
            .await;
        let list = [("hr", "7"), ("hr", "8"), ("sis", "7"), ("hr", "9"), ("payroll", "7")];
        let job = world.delete_whoever(external_ids(&list)).job().await;
        assert_eq!(
            job.outcomes(),
            [("ann", "DELETED"), ("bob", "DELETED"), ("hr:9", "NOT_FOUND"), ("payroll:7", "NOT_FOUND")]
        );
        assert_eq!(job.value["duplicates"], 1, "Bob under another name");
    }

    async fn r16_duplicates_count_once(start: Start) {
        let world = start.with(class).await;
        let job = world.delete_all(&["ann", "bob", "ann", "ann"]).job().await;
        assert_eq!(job.outcomes(), [("ann", "DELETED"), ("bob", "DELETED")]);
        assert_eq!((&job.value["total"], &job.value["duplicates"]), (&json!(2), &json!(2)));
        let pasted = "carl@example.org,CARL@EXAMPLE.ORG ; nobody@example.org, Nobody@example.org";
        let job = world.delete_whoever(emails(&[pasted])).job().await;
        assert_eq!(job.outcomes(), [("carl", "DELETED"), ("nobody@example.org", "NOT_FOUND")]);
        assert_eq!(job.value["duplicates"], 2);
    }

    async fn r16_unknown_and_unreadable_entries_stop_nobody(start: Start) {
        let world = start.with(class).await;
        let pasted = "nobody@example.org, Ann <ann@example.org>; ann, @, bob@example.org";
        let job = world.delete_whoever(emails(&[pasted])).job().await;
        assert_eq!(
            job.outcomes(),
            [
                ("nobody@example.org", "NOT_FOUND"),
                ("Ann <ann@example.org>", "INVALID_EMAIL"),
                ("entry 3", "INVALID_EMAIL"),
                ("@", "INVALID_EMAIL"),
                ("bob", "DELETED")
            ]
        );
        assert_eq!(counts(&job), [("DELETED", 1), ("INVALID_EMAIL", 3), ("NOT_FOUND", 1)]);
        assert_eq!(job.value["status"], "FINISHED_WITH_FAILURES");
        assert_eq!(world.now().await.status("ann"), "ACTIVE");
    }

    async fn r16_an_unknown_id_is_an_entry_and_a_malformed_one_refuses_the_call(start: Start) {
        let world = start.with(class).await;
        let unknown = json!("VXNlcjo5OTk5OQ");
        let job = world.delete_whoever(json!({ "ids": [unknown, world.user("ann")] })).job().await;
        assert_eq!(job.outcomes().iter().map(|(_, outcome)| *outcome).collect::<Vec<_>>(), ["NOT_FOUND", "DELETED"]);
        let refused = world.delete_whoever(json!({ "ids": [world.user("bob"), "bob"] })).refused().await;
        assert_eq!((refused.code.as_str(), refused.path), ("BAD_INPUT", vec!["people".to_owned(), "ids".to_owned()]));
    }

    async fn r16_an_empty_list_is_refused(start: Start) {
        let world = start.with(class).await;
        for people in [
            json!({ "ids": [] }),
            json!({ "externalIds": [] }),
            emails(&[]),
            emails(&[""]),
            emails(&[",", " ;\n", ",,;\r\n,"]),
        ] {
            let refused = world.delete_whoever(people).refused().await;
            assert_eq!((refused.code.as_str(), refused.path), ("BAD_INPUT", vec!["people".to_owned()]));
        }
    }

    async fn r16_more_than_the_bound_is_refused(start: Start) {
        let world = start.with(class).await;
        let pasted = "ann@example.org,".repeat(100_001);
        assert_eq!(world.delete_whoever(emails(&[&pasted])).refused().await.code, "BATCH_TOO_LARGE");
    }

    async fn r16_an_email_means_the_account_that_reserves_it_else_the_one_deleted_last(start: Start) {
        let shared = "shared@example.org";
        let world = start
            .with(|it| {
                it.users(&["long gone", "gone", "here", "older", "old"])
                    .learners("platform", &["here"])
                    .email("long gone", shared)
                    .email("gone", shared)
                    .deleted("long gone", Cause::Requested, 2)
                    .deleted("gone", Cause::Requested, 9)
                    .email("here", shared)
                    .status("here", Suspended)
                    .email("older", "vacant@example.org")
                    .email("old", "vacant@example.org")
                    .deleted("older", Cause::Requested, 30)
                    .deleted("old", Cause::Requested, 3)
            })
            .await;
        let both = emails(&["shared@example.org, vacant@example.org"]);
        let job = world.delete_whoever(both.clone()).job().await;
        assert_eq!(job.outcomes(), [("here", "DELETED"), ("old", "ALREADY_DELETED")]);
        let job = world.delete_whoever(both).job_that_does_nothing().await;
        assert_eq!(job.outcomes(), [("here", "ALREADY_DELETED"), ("old", "ALREADY_DELETED")], "now deleted last");
    }

    async fn r16_the_outcomes_of_one_list_add_up(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Club", "platform", Private)
                    .users(&["elsewhere", "deleted", "erased", "boss"])
                    .learners("Club", &["elsewhere"])
                    .learners("platform", &["deleted", "erased"])
                    .member("boss", "platform", &[UserAdministrator])
                    .member("boss", "Class", &[UserAdministrator])
                    .status("bob", Deactivated)
                    .status("erased", Erased)
            })
            .await;
        world.delete("deleted").done().await;
        let list = ["ann", "owner", "bob", "elsewhere", "deleted", "erased", "boss", "ann"];
        let job = world.delete_all(&list).by("boss").removing().job().await;
        assert_eq!(
            job.outcomes().iter().map(|(_, outcome)| *outcome).collect::<Vec<_>>(),
            [
                "DELETED",
                "OWNER_PROTECTED",
                "DELETED",
                "FORBIDDEN",
                "ALREADY_DELETED",
                "ALREADY_ERASED",
                "SELF_REMOVAL"
            ]
        );
        let total: i64 = counts(&job).iter().map(|(_, count)| count).sum();
        assert_eq!((json!(total), &job.value["duplicates"]), (job.value["total"].clone(), &json!(1)));
    }

    async fn r16_asking_again_answers_with_the_first_deletion(start: Start) {
        let world = start.with(class).await;
        let first = world.delete("ann").done().await;
        let before = world.dump().await;
        for again in [
            world.delete("ann"),
            world.delete("ann").removing(),
            world.remove("ann", "Class"),
            world.revoke("ann", Learner, "Class"),
        ] {
            let again = again.done().await;
            assert_eq!(again.outcome, "ALREADY_DELETED");
            assert_eq!(again.removal, first.removal, "with the date of that deletion");
        }
        assert_eq!(before, world.dump().await);
        let job = world.delete_all(&["ann"]).job_that_does_nothing().await;
        assert_eq!(job.outcomes(), [("ann", "ALREADY_DELETED")]);
        assert_eq!(job.value["status"], "SUCCEEDED");
    }

    async fn r16_a_list_and_a_plan_tell_of_an_earlier_deletion_when_it_was_and_which(start: Start) {
        let world = start
            .with(|it| class(it).user("gone").learners("platform", &["gone"]).deleted("gone", Cause::Requested, 9))
            .await;
        let first = world.delete("ann").done().await;
        let fields = "nodes { user { displayName } outcome deletedAt removal { id } }";
        let people = json!({ "ids": world.users(&["ann", "gone", "bob"]) });
        let query = format!("query($input: RemovalPlanInput!) {{ removalPlan(input: $input) {{ people {{ {fields} }} }} }}");
        let plan = world.read("owner", &query, json!({ "input": { "deleteUsers": { "people": people } } })).await;
        let input = json!({ "people": people, "wait": 30 });
        let job = world.done("owner", "deleteUsers", input, &format!("job {{ items {{ {fields} }} }}")).await;
        for nodes in [&plan["removalPlan"]["people"]["nodes"], &job["job"]["items"]["nodes"]] {
            let of = |name: &str| nodes.as_array().expect("nodes").iter().find(|node| node["user"]["displayName"] == name).expect(name);
            assert_eq!((&of("ann")["outcome"], &of("ann")["removal"]["id"]), (&json!("ALREADY_DELETED"), &first.removal["id"]));
            assert_eq!(of("ann")["deletedAt"], first.removal["at"]);
            // Who came to the platform as a deleted one has no record.
            assert_eq!(of("gone")["removal"], json!(null));
            let at: chrono::DateTime<chrono::Utc> = of("gone")["deletedAt"].as_str().expect("a time").parse().expect("a time");
            assert_eq!(Some(at), world.now().await.account("gone").deleted_at);
            assert_eq!((&of("bob")["outcome"], &of("bob")["deletedAt"]), (&json!("DELETED"), &json!(null)));
        }
    }

    async fn r16_who_came_to_the_platform_deleted_is_already_deleted_too(start: Start) {
        let world = start
            .with(|it| it.user("gone").learners("platform", &["gone"]).deleted("gone", Cause::Requested, 9))
            .await;
        let refused = world.delete("gone").refused().await;
        assert_eq!(refused.code, "ALREADY_DELETED");
        let at = world.now().await.account("gone").deleted_at.expect("a time");
        assert!(refused.message.contains(&at.format("%Y-%m-%d").to_string()), "{}", refused.message);
    }

    async fn r16_the_callers_own_item_comes_last(start: Start) {
        for size in [1, 2, 3] {
            let world = start
                .another()
                .await
                .with(|it| {
                    class(it).user("boss").member("boss", "Class", &[Administrator, Learner])
                })
                .await
                .in_chunks_of(size);
            let job = world.remove_all(&["boss", "ann", "bob"], "Class").by("boss").job().await;
            assert_eq!(job.outcomes(), [("boss", "REMOVED"), ("ann", "REMOVED"), ("bob", "REMOVED")]);
            if size == 1 {
                assert_eq!(job.order(&world).last().map(String::as_str), Some("boss"));
            }
            assert_eq!(world.now().await.roles("boss"), ["LEARNER of Platform"]);
        }
    }

    async fn r16_chunks_are_full_but_the_last(start: Start) {
        let world = start.with(class).await.in_chunks_of(2);
        let list = emails(&["ann@example.org, nobody@example.org, bob@example.org, carl@example.org, dora@example.org, emil@example.org"]);
        let job = world.delete_whoever(list).job().await;
        assert_eq!(counts(&job), [("DELETED", 5), ("NOT_FOUND", 1)]);
        assert_eq!(chunks(&world).await, [Some(1), None, Some(1), Some(2), Some(2), Some(3)]);
    }

    async fn r16_the_size_of_chunks_and_the_order_never_change_the_result(start: Start) {
        let mut results = Vec::new();
        for (size, list) in [
            (3_000, ["ann", "bob", "carl", "dora", "emil", "fay"]),
            (1, ["ann", "bob", "carl", "dora", "emil", "fay"]),
            (1, ["fay", "emil", "dora", "carl", "bob", "ann"]),
            (2, ["carl", "fay", "ann", "emil", "bob", "dora"]),
            (4, ["dora", "ann", "emil", "bob", "fay", "carl"]),
        ] {
            for scope in ["the platform", "Class"] {
                let world = start.another().await.with(tangled).await.in_chunks_of(size);
                let asked = if scope == "Class" {
                    world.remove_all(&list, "Class").confirmed().removing()
                } else {
                    world.delete_all(&list).keeping()
                };
                let job = asked.job().await;
                let mut outcomes: Vec<String> = job.outcomes().iter().map(|(who, what)| format!("{who} {what}")).collect();
                outcomes.sort();
                let after = world.now().await.in_short();
                results.push((scope, outcomes, after));
            }
        }
        for (scope, outcomes, after) in &results {
            let first = results.iter().find(|(first, ..)| first == scope).expect("a result");
            assert_eq!((outcomes, after), (&first.1, &first.2), "{scope}");
        }
    }

    async fn r16_three_thousand_and_one_are_two_chunks(start: Start) {
        let names: Vec<String> = (0..3_001).map(|number| format!("pupil{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let world = start.with(|it| it.users(&names).learners("platform", &names)).await;
        let input = json!({ "people": { "ids": world.users(&names) }, "wait": 30, "confirmCount": 3_001 });
        let fields = "job { status countsByOutcome { outcome count } }";
        let answer = world.mutate("owner", "deleteUsers", input, fields).await;
        assert_eq!(
            answer.done()["job"],
            json!({ "status": "SUCCEEDED", "countsByOutcome": [{ "outcome": "DELETED", "count": 3_001 }] })
        );
        let chunks = chunks(&world).await;
        assert_eq!(chunks.iter().filter(|chunk| **chunk == Some(1)).count(), 3_000);
        assert_eq!(chunks.iter().filter(|chunk| **chunk == Some(2)).count(), 1);
    }

    async fn r16_who_breaks_stands_alone_and_nobody_is_half_removed(start: Start) {
        let world = start.with(class).await;
        let bob = world.user_id("bob").0;
        world.break_when("users", "update", &format!("new.id = {bob} and new.status = 'DELETED'")).await;
        let before = world.now().await;
        let job = world.delete_all(&["ann", "bob", "carl", "dora", "emil"]).job().await;
        assert_eq!(
            job.outcomes(),
            [("ann", "DELETED"), ("bob", "FAILED"), ("carl", "DELETED"), ("dora", "DELETED"), ("emil", "DELETED")]
        );
        assert_eq!(job.value["status"], "FINISHED_WITH_FAILURES");
        let now = world.now().await;
        assert_eq!(now.account("bob"), before.account("bob"));
        assert_eq!(now.roles("bob"), before.roles("bob"));
        assert_eq!(job.order(&world).len(), 4, "one record each, and none for Bob");
    }

    async fn r16_a_filter_names_whoever_meets_it(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Corner", "Class", Public)
                    .learners("Corner", &["ann", "bob", "carl"])
                    .status("bob", Deactivated)
                    .status("carl", Anonymized)
            })
            .await;
        let group = json!({ "id": world.group("Corner") });
        let filter = json!({ "filter": { "group": group, "status": ["ACTIVE", "DEACTIVATED"] } });
        let job = world.delete_whoever(filter).job().await;
        assert_eq!(job.outcomes(), [("ann", "DELETED"), ("bob", "DELETED")]);
    }

    async fn r16_who_no_longer_meets_the_filter_is_left_alone(start: Start) {
        let world = start.with(class).await;
        let bob = world.user_id("bob").0;
        world.meanwhile("jobs.standing", &format!("update users set status = 'SUSPENDED' where id = {bob}"));
        let group = json!({ "id": world.group("Class") });
        let filter = json!({ "filter": { "group": group, "status": ["ACTIVE"] } });
        let job = world.delete_whoever(filter).job().await;
        assert!(world.has_happened());
        assert_eq!(
            job.outcomes(),
            [
                ("ann", "DELETED"),
                ("bob", "NO_LONGER_MATCHES"),
                ("carl", "DELETED"),
                ("dora", "DELETED"),
                ("emil", "DELETED")
            ]
        );
        let now = world.now().await;
        assert_eq!((now.status("bob"), now.roles("bob").len()), ("SUSPENDED", 2));
    }

    async fn r16_the_callers_rights_are_looked_at_again_for_every_chunk(start: Start) {
        let world = start
            .with(|it| class(it).user("boss").member("boss", "Class", &[Administrator]).learners("platform", &["boss"]))
            .await
            .in_chunks_of(1);
        let boss = world.user_id("boss").0;
        world.meanwhile("jobs.standing", &format!("delete from memberships where user_id = {boss} and role = 'ADMINISTRATOR'"));
        let job = world.remove_all(&["ann", "bob"], "Class").by("boss").job().await;
        assert!(world.has_happened());
        assert_eq!(job.outcomes(), [("ann", "FORBIDDEN"), ("bob", "FORBIDDEN")]);
        assert_eq!(world.now().await.roles("ann"), ["LEARNER of Class", "LEARNER of Platform"]);
    }
}
