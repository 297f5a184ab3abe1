//! R16: who is meant by a list, and who is not; R29: what is kept of it, and how much of it one person may ask for.

use chrono::TimeDelta;
use entity::id::JobId;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Coach, UserAdministrator};
use futures::future::pending;
use roster::access::Caller;
use roster::jobs;
use roster::organisation::Organisation;
use roster::transaction::write;
use serde_json::{Value, json};

use super::asking::number;
use super::jobs::PATIENCE;
use crate::common::{Answer, World, each_database};
use roster::workers::KINDS;

fn class(it: Organisation) -> Organisation {
    let people = ["ann", "bob", "carl", "dora", "emil"];
    it.group("Class", "platform", Public).users(&people).learners("Class", &people)
}

/// A request that changes people by a filter, of each kind there is.
fn changes(world: &World, filter: &Value) -> [(&'static str, Value); 5] {
    let (people, class) = (json!({ "filter": filter }), world.group("Class"));
    let prepared = |removal: Value| ("prepareRemoval", json!({ "removal": removal }));
    [
        ("deleteUsers", json!({ "people": people })),
        ("removeUsersFromGroup", json!({ "people": people, "groupId": class })),
        prepared(json!({ "deleteUsers": { "people": people } })),
        prepared(json!({ "removeUsersFromGroup": { "people": people, "groupId": class } })),
        prepared(json!({ "revokeRole": { "people": people, "groupId": class, "role": "LEARNER" } })),
    ]
}

/// The code and path with which all of them are refused, and the plan of them too.
async fn refused(world: &World, filter: Value) -> (String, String) {
    let mut found = Vec::new();
    for (name, input) in changes(world, &filter) {
        let refused = world.refused("owner", name, input).await;
        found.push((refused.refused().to_owned(), refused.path()));
    }
    let answer = world.delete_whoever(json!({ "filter": filter })).plan_answered("digest").await;
    let extensions = &answer["errors"][0]["extensions"];
    let path: Vec<&str> =
        extensions["argument"].as_array().expect("a path").iter().filter_map(Value::as_str).collect();
    found.push((extensions["code"].as_str().expect("a code").to_owned(), path.join(".")));
    found.dedup();
    assert_eq!(found.len(), 1, "{filter}: {found:?}");
    found.remove(0)
}

fn everybody_but(world: &World, names: &[&str]) -> Value {
    json!({ "filter": { "everybody": true, "except": world.users(names) } })
}

/// Prepares the deletion of these people, and waits until that is done.
async fn prepare(world: &World, who: &str, people: Value) -> Answer {
    let input = json!({ "removal": { "deleteUsers": { "people": people } } });
    let answer = world.mutate(who, "prepareRemoval", input, "job { id }").await;
    if let Some(job) = answer.0["job"]["id"].as_str() {
        let job = JobId(number(&json!(job)));
        jobs::wait(&world.db, job, PATIENCE, Box::pin(pending())).await.expect("it is prepared");
    }
    answer
}

/// Everything that is kept of jobs, as text.
async fn kept(world: &World) -> String {
    let dump = world.dump().await;
    format!("{:?} {:?} {:?}", dump.0["jobs"], dump.0["job_items"], dump.0["idempotency_keys"])
}

/// The items of a job.
async fn items(world: &World, job: &Value) -> Vec<Value> {
    let query = "query($id: ID!) { removalJob(id: $id) { items(first: 100) { nodes {
        position typed userId groupId outcome } } } }";
    let job = world.read("owner", query, json!({ "id": job })).await;
    job["removalJob"]["items"]["nodes"].as_array().expect("items").clone()
}

each_database! {
    async fn r16_a_blank_condition_never_changes_anybody(start: Start) {
        let world = start.with(class).await;
        for (filter, path) in [
            (json!({ "text": "" }), "text"),
            (json!({ "text": " \t\u{a0}" }), "text"),
            (json!({ "text": "", "status": ["ACTIVE"] }), "text"),
            (json!({ "email": "" }), "email"),
            (json!({ "username": " " }), "username"),
            (json!({ "phone": "" }), "phone"),
            (json!({ "jobTitle": "" }), "jobTitle"),
            (json!({ "language": "" }), "language"),
            (json!({ "status": [] }), "status"),
            (json!({ "role": [] }), "role"),
            (json!({ "created": {} }), "created"),
            (json!({ "deleted": { "from": null } }), "deleted"),
            (json!({ "lastSignIn": { "from": null, "until": null } }), "lastSignIn"),
            (json!({ "externalId": { "system": "", "value": "7" } }), "externalId.system"),
            (json!({ "externalId": { "system": "hr", "value": " " } }), "externalId.value"),
            (json!({ "customField": { "name": "", "value": "x" } }), "customField.name"),
            (json!({ "customField": { "name": "Site", "value": "" } }), "customField.value"),
            (json!({ "text": "", "everybody": true }), "text"),
        ] {
            let expected = ("BAD_INPUT".to_owned(), format!("people.filter.{path}"));
            assert_eq!(refused(&world, filter.clone()).await, expected, "{filter}");
        }
    }

    async fn r16_a_filter_that_changes_people_has_a_condition_or_says_everybody(start: Start) {
        let world = start.with(class).await;
        let without = ("BAD_INPUT".to_owned(), "people.filter".to_owned());
        for filter in [
            json!({}),
            json!({ "text": null, "status": null }),
            json!({ "everybody": false }),
            json!({ "except": [world.user("ann")] }),
        ] {
            assert_eq!(refused(&world, filter.clone()).await, without, "{filter}");
        }
        let both = ("BAD_INPUT".to_owned(), "people.filter.everybody".to_owned());
        assert_eq!(refused(&world, json!({ "everybody": true, "status": ["ACTIVE"] })).await, both);
        // A variable that was never set is no condition.
        let query = "mutation($text: String) { deleteUsers(input: { people: { filter: { text: $text } } }) {
            job { id } userErrors { code path } } }";
        let before = world.dump().await;
        let answer = world.read("owner", query, json!({})).await;
        let error = json!([{ "code": "BAD_INPUT", "path": ["people", "filter"] }]);
        assert_eq!(answer["deleteUsers"], json!({ "job": null, "userErrors": error }));
        assert_eq!(before, world.dump().await);
    }

    async fn r16_everybody_is_said_in_words(start: Start) {
        let world = start.with(|it| class(it).status("emil", entity::kind::Status::Erased)).await;
        let job = world.delete_whoever(everybody_but(&world, &[])).job().await;
        assert_eq!(
            job.outcomes(),
            [("owner", "OWNER_PROTECTED"), ("ann", "DELETED"), ("bob", "DELETED"), ("carl", "DELETED"), ("dora", "DELETED")]
        );
    }

    async fn r16_who_is_left_out_of_a_filter_stays(start: Start) {
        let world = start.with(class).await;
        let filter = json!({ "filter": {
            "group": { "id": world.group("Class") }, "except": world.users(&["bob", "emil", "owner", "bob"]) } });
        let plan = world.delete_whoever(filter.clone()).plan().await;
        assert_eq!(plan.outcomes(), [("ann", "DELETED"), ("carl", "DELETED"), ("dora", "DELETED")]);
        let job = world.delete_whoever(filter).shown(plan.digest()).job().await;
        assert_eq!(job.outcomes(), [("ann", "DELETED"), ("carl", "DELETED"), ("dora", "DELETED")]);
        assert_eq!(world.now().await.status("bob"), "ACTIVE");
        let job = world.delete_whoever(everybody_but(&world, &["owner", "emil"])).job().await;
        assert_eq!(job.outcomes(), [("bob", "DELETED")]);
    }

    async fn r16_who_is_left_out_must_be_somebody_whom_the_caller_sees(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Club", "platform", Private)
                    .users(&["boss", "hidden"])
                    .member("boss", "Class", &[Administrator])
                    .learners("Club", &["hidden"])
            })
            .await;
        let unseen = ("NOT_FOUND".to_owned(), "people.filter.except.1".to_owned());
        let (ann, status) = (world.user("ann"), json!(["ACTIVE"]));
        let filter = |other: Value| json!({ "status": status, "except": [ann, other] });
        assert_eq!(refused(&world, filter(json!("VXNlcjo5OTk5OQ"))).await, unseen, "nobody's");
        let malformed = ("BAD_INPUT".to_owned(), "people.filter.except.1".to_owned());
        assert_eq!(refused(&world, filter(json!("bob"))).await, malformed);
        let people = json!({ "filter": filter(world.user("hidden")) });
        let refused = world.remove_whoever(people, "Class").by("boss").refused().await;
        assert_eq!((refused.code, refused.path.join(".")), unseen, "not seen");
    }

    async fn r16_a_blank_text_is_no_condition_of_a_list_to_look_at(start: Start) {
        let world = start.with(class).await;
        let query = "query($filter: UserFilter) { users(filter: $filter) { totalCount } }";
        let all = world.read("owner", query, json!({})).await;
        for field in ["text", "email", "username", "phone", "jobTitle", "language"] {
            for blank in ["", " \u{a0}"] {
                let found = world.read("owner", query, json!({ "filter": { field: blank } })).await;
                assert_eq!(found, all, "{field}: {blank:?}");
            }
        }
        assert_eq!(all["users"]["totalCount"], 6);
    }

    async fn r16_what_a_file_format_puts_around_an_email_does_not_count(start: Start) {
        let world = start.with(class).await;
        let pasted = "\u{feff}\"ann@example.org\"\r\n\u{feff}bob@example.org\u{a0};\"carl@example.org \",\
            \"\"\"dora@example.org\"\"\"\n\"Lind, Petra\" <petra@example.org>\n\"emil@example.org, ann@example.org\"";
        let job = world.delete_whoever(json!({ "emails": [pasted] })).job().await;
        assert_eq!(
            job.outcomes(),
            [
                ("ann", "DELETED"),
                ("bob", "DELETED"),
                ("carl", "DELETED"),
                ("dora", "DELETED"),
                ("\"Lind, Petra\" <petra@example.org>", "INVALID_EMAIL"),
                ("emil@example.org, ann@example.org", "INVALID_EMAIL"),
            ]
        );
        // Tried again, what stood in one cell is one entry still.
        let retry = json!({ "jobId": job.value["id"], "wait": 30 });
        let again = world.done("owner", "retryRemovalJob", retry, "job { countsByOutcome { outcome count } }").await;
        assert_eq!(again["job"]["countsByOutcome"], json!([{ "outcome": "INVALID_EMAIL", "count": 2 }]));
        let member = json!([{ "member": { "email": "\u{feff}\"emil@example.org\"" }, "groupId": world.group("Class") }]);
        let input = json!({ "removeMemberships": { "memberships": member } });
        let query = "query($input: RemovalPlanInput!) { removalPlan(input: $input) { people { nodes { outcome } } } }";
        let plan = world.read("owner", query, json!({ "input": input })).await;
        assert_eq!(plan["removalPlan"]["people"]["nodes"], json!([{ "outcome": "REMOVED" }]));
    }

    async fn r16_ids_of_other_systems_are_taken_as_given(start: Start) {
        let world = start.with(|it| class(it).external_id("ann", "hr", "7,8").external_id("bob", "hr", "\"9\"")).await;
        let ids = ["7,8", "\"9\"", "7", "9"].map(|value| json!({ "system": "hr", "value": value }));
        let job = world.delete_whoever(json!({ "externalIds": ids })).job().await;
        assert_eq!(
            job.outcomes(),
            [("ann", "DELETED"), ("bob", "DELETED"), ("hr:7", "NOT_FOUND"), ("hr:9", "NOT_FOUND")]
        );
    }

    async fn r29_of_what_means_nobody_only_emails_and_external_ids_are_kept(start: Start) {
        let world = start.with(class).await;
        let long = format!("{}@example.org", "a".repeat(1_000_000));
        let pasted = format!("ann@example.org\n1999-12-24\nhunter2\nann@example.org\n{long}\nlate@example.org");
        let job = world.delete_whoever(json!({ "emails": [pasted] })).keyed("a key of mine").job().await;
        let items = items(&world, &job.value["id"]).await;
        let shown: Value =
            items.iter().map(|item| json!([item["position"], item["typed"], item["outcome"]])).collect();
        let expected = json!([
            [1, null, "DELETED"],
            [2, null, "INVALID_EMAIL"],
            [3, null, "INVALID_EMAIL"],
            // The fourth is a duplicate of the first.
            [5, null, "INVALID_EMAIL"],
            [6, "late@example.org", "NOT_FOUND"],
        ]);
        assert_eq!(shown, expected);
        let kept = kept(&world).await;
        assert!(!kept.contains("hunter2") && !kept.contains("1999-12-24") && !kept.contains(&"a".repeat(20)));
        let ids = [("hr", "7".to_owned()), ("hr", "8".repeat(201)), ("s".repeat(101).as_str(), "9".to_owned())]
            .map(|(system, value)| json!({ "system": system, "value": value }));
        let job = world.delete_whoever(json!({ "externalIds": ids })).job().await;
        assert_eq!(job.outcomes(), [("hr:7", "NOT_FOUND"), ("entry 2", "NOT_FOUND"), ("entry 3", "NOT_FOUND")]);
    }

    async fn r29_nothing_is_kept_of_a_list_that_was_turned_down(start: Start) {
        let world = start.with(class).await;
        let people = json!({ "emails": ["ann@example.org, late@example.org"] });
        let job = prepare(&world, "owner", people).await.done()["job"]["id"].clone();
        assert!(kept(&world).await.contains("late@example.org"));
        world.done("owner", "cancelRemovalJob", json!({ "jobId": job }), "job { status total done }").await;
        assert!(!kept(&world).await.contains("late@example.org"));
        let unresolved = json!({ "position": 2, "typed": null, "userId": null, "groupId": null, "outcome": "NOT_FOUND" });
        let person = json!({ "position": 1, "typed": null, "userId": null, "groupId": null, "outcome": "CANCELLED" });
        assert_eq!(items(&world, &job).await, [person, unresolved]);
        // What a filter says may be a name as well.
        let filter = json!({ "filter": { "text": "ann", "email": "ann@example.org" } });
        let job = prepare(&world, "owner", filter.clone()).await.done()["job"]["id"].clone();
        assert!(kept(&world).await.contains("ann@example.org"));
        world.done("owner", "cancelRemovalJob", json!({ "jobId": job }), "job { status }").await;
        assert!(!kept(&world).await.contains("ann@example.org"));
        world.delete_whoever(filter).job().await;
        assert!(!kept(&world).await.contains("ann@example.org"), "nor when it has ended");
    }

    async fn r29_nothing_is_kept_of_a_list_that_nobody_started_in_time(start: Start) {
        let world = start.with(class).await;
        let people = json!({ "emails": ["ann@example.org, late@example.org"] });
        let job = prepare(&world, "owner", people).await.done()["job"]["id"].clone();
        world.db.clock.advance(TimeDelta::hours(25));
        let operator = Caller::System { on_behalf_of: None };
        write(&world.db, operator, None, (), |tx, ()| Box::pin(jobs::tidy(tx, KINDS))).await.expect("tidied");
        assert!(!kept(&world).await.contains("late@example.org"));
        assert!(items(&world, &job).await.iter().all(|item| item["userId"].is_null() && item["typed"].is_null()));
    }

    async fn r29_nothing_is_prepared_for_who_could_remove_nobody(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Club", "platform", Private)
                    .users(&["helper", "coach", "chair"])
                    .member("helper", "Class", &[UserAdministrator])
                    .member("coach", "Class", &[Coach])
                    .member("chair", "Club", &[Administrator])
            })
            .await;
        // Entries that would be refused if they were looked at.
        let junk = json!({ "emails": ["nobody@example.org"] });
        let (class, club) = (world.group("Class"), world.group("Club"));
        for who in ["ann", "coach"] {
            for (name, input) in [
                ("deleteUsers", json!({ "people": junk })),
                ("removeUsersFromGroup", json!({ "people": junk, "groupId": class })),
                ("prepareRemoval", json!({ "removal": { "deleteUsers": { "people": junk } } })),
                ("prepareRemoval", json!({ "removal": { "removeMemberships": { "memberships":
                    [{ "member": { "email": "nobody@example.org" }, "groupId": class }] } } })),
                ("deleteUsers", json!({ "people": { "ids": world.users(&[who]) } })),
            ] {
                assert_eq!(world.refused(who, name, input).await.refused(), "FORBIDDEN", "{who} {name}");
            }
            // What is not seen is not found, whoever asks.
            let input = json!({ "people": junk, "groupId": club });
            assert_eq!(world.refused(who, "removeUsersFromGroup", input).await.refused(), "NOT_FOUND");
        }
        // Somewhere they could.
        for who in ["helper", "chair"] {
            let job = world.remove_whoever(junk.clone(), "Class").by(who).job().await;
            assert_eq!(job.outcomes(), [("nobody@example.org", "NOT_FOUND")]);
        }
        // R14: anybody may leave.
        let job = world.remove_all(&["ann"], "Class").by("ann").job().await;
        assert_eq!(job.outcomes(), [("ann", "REMOVED")]);
    }

    async fn r29_one_person_has_three_prepared_jobs_open_at_most(start: Start) {
        let world = start.with(|it| class(it).user("boss").member("boss", "platform", &[Administrator])).await;
        let ann = || json!({ "ids": world.users(&["ann"]) });
        let mut jobs = Vec::new();
        for _ in 0..3 {
            jobs.push(prepare(&world, "boss", ann()).await.done()["job"]["id"].clone());
        }
        let fourth = json!({ "removal": { "deleteUsers": { "people": ann() } } });
        let refused = world.refused("boss", "prepareRemoval", fourth.clone()).await;
        assert_eq!(refused.refused(), "TOO_MANY_PREPARED_JOBS");
        let nodes = refused.0["userErrors"][0]["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.iter().map(|node| node["id"].clone()).collect::<Vec<_>>(), jobs);
        prepare(&world, "owner", ann()).await.done();
        world.delete_all(&["bob"]).by("boss").job().await;
        world.done("boss", "cancelRemovalJob", json!({ "jobId": jobs[1] }), "job { status }").await;
        prepare(&world, "boss", ann()).await.done();
        world.refused("boss", "prepareRemoval", fourth).await;
        world.db.clock.advance(TimeDelta::hours(25));
        prepare(&world, "boss", ann()).await.done();
    }

    async fn r29_prepared_jobs_asked_for_at_once_are_counted_one_after_the_other(start: Start) {
        let world = start.with(class).await;
        let ask = async || {
            let input = json!({ "removal": { "deleteUsers": { "people": { "ids": world.users(&["ann"]) } } } });
            world.mutate("owner", "prepareRemoval", input, "job { id }").await.0["job"].is_object()
        };
        let asked = tokio::join!(ask(), ask(), ask(), ask(), ask(), ask());
        let asked = [asked.0, asked.1, asked.2, asked.3, asked.4, asked.5];
        assert_eq!(asked.iter().filter(|accepted| **accepted).count(), 3);
    }

    async fn r29_a_repeated_request_is_answered_with_its_job_also_where_it_would_be_refused_now(start: Start) {
        let world = start.with(class).await;
        let input = |key: &str| json!({ "removal": { "deleteUsers": { "people": { "ids": world.users(&["ann"]) } } }, "idempotencyKey": key });
        let ask = async |key: &str| world.mutate("owner", "prepareRemoval", input(key), "job { id }").await;
        let first = ask("the first one").await.done()["job"]["id"].clone();
        ask("the second").await.done();
        ask("the third").await.done();
        assert_eq!(ask("the fourth").await.refused(), "TOO_MANY_PREPARED_JOBS");
        assert_eq!(ask("the first one").await.done()["job"]["id"], first);
    }

    async fn r29_the_entries_that_one_person_names_in_an_hour_are_bounded(start: Start) {
        let world = start.with(|it| class(it).user("boss").member("boss", "platform", &[Administrator])).await;
        world.delete_whoever(json!({ "emails": ["nobody@example.org"] })).by("boss").job().await;
        world.sql("update jobs set total = 400000, duplicates = 99998").await;
        let two = json!({ "ids": world.users(&["ann", "bob", "bob"]) });
        let refused = world.delete_whoever(two.clone()).by("boss").refused().await;
        assert_eq!(refused.code, "TOO_MANY_ENTRIES");
        assert!(refused.message.contains("500000") && refused.message.contains("499998"), "{}", refused.message);
        let prepared = json!({ "removal": { "deleteUsers": { "people": two } } });
        assert_eq!(world.refused("boss", "prepareRemoval", prepared).await.refused(), "TOO_MANY_ENTRIES");
        let filter = json!({ "filter": { "group": { "id": world.group("Class") } } });
        assert_eq!(world.delete_whoever(filter).by("boss").refused().await.code, "TOO_MANY_ENTRIES");
        world.delete_all(&["carl", "dora"]).by("boss").job().await;
        assert_eq!(world.delete_all(&["emil"]).by("boss").refused().await.code, "TOO_MANY_ENTRIES");
        world.delete_all(&["emil"]).job().await;
        world.db.clock.advance(TimeDelta::minutes(61));
        world.delete_whoever(two).by("boss").job().await;
    }
}
