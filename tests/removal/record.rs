//! R17: every removal leaves a record, which says what the plan said and is enough to put everything back.

use entity::id::{CourseId, GroupId, PathId, SessionId, UserId};
use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, Learner};
use entity::{course_co_author, membership, path_co_author, session_co_instructor, session_enrolment};
use roster::organisation::{Organisation, Tables};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::asking::{EFFECTS, RECORD, named, number};
use crate::common::{World, each_database};

/// Ann has something of everything; Bob and Carl stand beside her.
fn school(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .group("Corner", "Class", Public)
        .group("Secret", "Class", Private)
        .users(&["ann", "bob", "carl"])
        .learners("Corner", &["ann"])
        .learners("Secret", &["ann"])
        .learners("Class", &["bob", "carl"])
        .member("ann", "Class", &[Author, Coach])
        .course("Latin", "Class", "ann")
        .course_co_authors("Latin", &["carl", "bob"])
        .course("Greek", "Class", "bob")
        .course_co_authors("Greek", &["carl", "ann"])
        .path("Antiquity", "Class", "ann", &["Latin", "Greek"])
        .path_co_authors("Antiquity", &["bob"])
        .path("Rome", "Class", "carl", &["Latin"])
        .path_co_authors("Rome", &["ann"])
        .session("Spring", "Antiquity", "Class", "ann", Dynamic)
        .audience("Spring", &["Class"])
        .co_instructors("Spring", &["carl"])
        .session("Fixed", "Antiquity", "Class", "bob", Static)
        .audience("Fixed", &["Corner"])
        .co_instructors("Fixed", &["carl", "ann"])
        .session("Chosen", "Rome", "Class", "carl", Dynamic)
        .enrol("Chosen", &["ann"])
        .slot("Monday", "Spring", 24, None)
        .attend("Monday", &["ann", "bob"])
        .post("ann", "Class", "Salve")
}

/// The record of this id, as the API shows it.
async fn record(world: &World, id: &Value) -> Value {
    let query = format!("query($id: ID!) {{ removal(id: $id) {{ {RECORD} {EFFECTS} }} }}");
    world.read("owner", &query, json!({ "id": id })).await["removal"].clone()
}

/// How many records meet a filter.
async fn count(world: &World, filter: Value) -> i64 {
    let query = "query($filter: RemovalFilter!) { removals(filter: $filter) { totalCount } }";
    world.read("owner", query, json!({ "filter": filter })).await["removals"]["totalCount"]
        .as_i64()
        .expect("a count")
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a value")
}

/// Puts back into `tables` what the record of a removal says.
fn put_back(tables: &mut Tables, record: &Value) {
    let user_id = UserId(number(&record["user"]["id"]));
    for effect in record["effects"]["nodes"].as_array().expect("effects") {
        let id = |field: &str| number(&effect[field]);
        let granted_by =
            || effect["grantedBy"]["id"].is_string().then(|| UserId(number(&effect["grantedBy"]["id"])));
        let place = |work: &Value, user_id: UserId, rank: i32, tables: &mut Tables| {
            let number = number(work);
            match named(work).0.as_str() {
                "Course" => tables.course_co_authors.push(course_co_author::Model {
                    course_id: CourseId(number),
                    user_id,
                    rank,
                }),
                "Path" => tables.path_co_authors.push(path_co_author::Model {
                    path_id: PathId(number),
                    user_id,
                    rank,
                }),
                _ => tables.session_co_instructors.push(session_co_instructor::Model {
                    session_id: SessionId(number),
                    user_id,
                    rank,
                }),
            }
        };
        match effect["__typename"].as_str() {
            Some("MembershipRemoved") => tables.memberships.push(membership::Model {
                user_id,
                group_id: GroupId(id("groupId")),
                role: read(&effect["role"]),
                granted_by: granted_by(),
                granted_at: read(&effect["grantedAt"]),
            }),
            Some("EnrolmentRemoved") => tables.session_enrolments.push(session_enrolment::Model {
                session_id: SessionId(id("sessionId")),
                user_id,
                granted_by: granted_by(),
                enrolled_at: read(&effect["enrolledAt"]),
            }),
            Some("PlaceRemoved") => place(&effect["workId"], user_id, read(&effect["rank"]), tables),
            Some("HandedOver") => {
                let successor = UserId(number(&effect["to"]["id"]));
                let work = id("workId");
                match named(&effect["workId"]).0.as_str() {
                    "Course" => {
                        let rows = tables.courses.iter_mut().filter(|row| row.id.0 == work);
                        rows.for_each(|row| row.main_author_id = user_id);
                    }
                    "Path" => {
                        let rows = tables.paths.iter_mut().filter(|row| row.id.0 == work);
                        rows.for_each(|row| row.main_author_id = user_id);
                    }
                    _ => {
                        let rows = tables.sessions.iter_mut().filter(|row| row.id.0 == work);
                        rows.for_each(|row| row.main_instructor_id = user_id);
                    }
                }
                if effect["formerRank"].is_number() {
                    place(&effect["workId"], successor, read(&effect["formerRank"]), tables);
                }
            }
            Some("AccountDeleted") => {
                for row in tables.users.iter_mut().filter(|row| row.id == user_id) {
                    row.status = read(&effect["from"]);
                }
            }
            _ => {}
        }
    }
}

fn sorted<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

each_database! {
    async fn r17_the_record_says_what_the_plan_said(start: Start) {
        for asked in ["delete", "remove", "revoke", "keep"] {
            let world = start.another().await.with(school).await;
            let asked = match asked {
                "delete" => world.delete("ann").removing().anonymizing_posts(),
                "remove" => world.remove("ann", "Class").removing(),
                "revoke" => world.revoke("ann", Learner, "Class").keeping(),
                _ => world.delete("ann").keeping(),
            };
            let plan = asked.plan().await;
            let done = asked.done().await;
            let record = record(&world, &done.removal["id"]).await;
            assert_eq!(record["effects"]["nodes"], json!(plan.of("ann").effects), "word for word");
            assert_eq!(record["digest"], plan.of("ann").digest());
            assert_eq!(record, done.removal);
        }
    }

    async fn r17_who_by_whom_when_and_why(start: Start) {
        let world = start.with(|it| school(it).user("boss").member("boss", "platform", &[Administrator])).await;
        let removed = world.revoke("ann", Coach, "Class").by("boss").done().await.removal;
        assert_eq!((&removed["user"]["id"], &removed["actor"]["id"]), (&world.user("ann"), &world.user("boss")));
        assert_eq!((&removed["outcome"], &removed["cause"]), (&json!("REMOVED"), &json!("REQUESTED")));
        assert_eq!((&removed["groupId"], &removed["role"]), (&world.group("Class"), &json!("COACH")));
        assert!(removed["onBehalfOf"].is_null() && removed["job"].is_null());

        let removed = world.remove("ann", "Class").keeping().done().await.removal;
        assert_eq!((&removed["privateSubgroups"], &removed["role"]), (&json!("KEEP"), &Value::Null));
        let deleted = world.delete("ann").removing().done().await.removal;
        assert_eq!((&deleted["privateSubgroups"], &deleted["outcome"]), (&json!("REMOVE"), &json!("DELETED")));
        assert_eq!(deleted["groupId"], world.group("platform"), "a deletion names the platform group");
        let at = |removal: &Value| read::<chrono::DateTime<chrono::Utc>>(&removal["at"]);
        assert!(at(&deleted) > at(&removed) && at(&removed) > world.made.now);
    }

    async fn r17_every_effect_has_its_reason_and_the_rule_that_says_so(start: Start) {
        let world = start.with(school).await;
        let done = world.delete("ann").removing().done().await;
        for effect in done.removal["effects"]["nodes"].as_array().expect("effects") {
            let reason = &effect["reason"];
            assert!(reason["rule"].as_str().is_some_and(|rule| rule.starts_with('R')), "{effect:#}");
            assert!(reason["text"].as_str().is_some_and(|text| text.ends_with('.')), "{effect:#}");
        }
    }

    async fn r17_a_membership_is_recorded_with_when_and_by_whom_it_was_granted(start: Start) {
        let world = start.with(school).await;
        let done = world.remove("bob", "Class").done().await;
        let before = world.made.tables.memberships.iter();
        let row = before
            .clone()
            .find(|row| row.user_id == world.user_id("bob") && row.group_id == world.group_id("Class"))
            .expect("a membership");
        let effect = &done.removal["effects"]["nodes"][0];
        assert_eq!(effect["grantedBy"]["id"], world.user("owner"));
        assert_eq!(read::<chrono::DateTime<chrono::Utc>>(&effect["grantedAt"]), row.granted_at);
    }

    async fn r17_it_is_enough_to_put_everything_back(start: Start) {
        let world = start.with(school).await;
        let done = world.delete("ann").removing().done().await;
        let mut tables = world.tables().await;
        assert_ne!(sorted(&tables.memberships), sorted(&world.made.tables.memberships));
        put_back(&mut tables, &done.removal);
        let before = &world.made.tables;
        assert_eq!(sorted(&tables.memberships), sorted(&before.memberships));
        assert_eq!(sorted(&tables.session_enrolments), sorted(&before.session_enrolments));
        assert_eq!(sorted(&tables.courses), sorted(&before.courses));
        assert_eq!(sorted(&tables.paths), sorted(&before.paths));
        assert_eq!(sorted(&tables.sessions), sorted(&before.sessions));
        assert_eq!(sorted(&tables.course_co_authors), sorted(&before.course_co_authors));
        assert_eq!(sorted(&tables.path_co_authors), sorted(&before.path_co_authors));
        assert_eq!(sorted(&tables.session_co_instructors), sorted(&before.session_co_instructors));
    }

    async fn r17_hand_overs_are_kept_as_rows_too(start: Start) {
        let world = start.with(school).await;
        world.delete("ann").removing().done().await;
        let mut rows: Vec<String> = world.dump().await.0["hand_overs"].iter().cloned().collect();
        rows.sort();
        let bob = world.user_id("bob").0;
        let carl = world.user_id("carl").0;
        let expected = [
            format!("work_id: {}, from_user_id: UserId({}), to_user_id: UserId({carl}), step: CoAuthor, former_rank: Some(1)", world.course_id("Latin").0, world.user_id("ann").0),
            format!("work_id: {}, from_user_id: UserId({}), to_user_id: UserId({bob}), step: CoAuthor, former_rank: Some(1)", world.path_id("Antiquity").0, world.user_id("ann").0),
            format!("work_id: {}, from_user_id: UserId({}), to_user_id: UserId({carl}), step: CoInstructor, former_rank: Some(1)", world.session_id("Spring").0, world.user_id("ann").0),
        ];
        assert_eq!(rows.len(), expected.len(), "{rows:#?}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert!(row.contains(expected), "{row}\n{expected}");
        }
    }

    async fn r17_ids_and_kinds_only(start: Start) {
        let world = start.with(school).await;
        world.delete("ann").removing().anonymizing_posts().done().await;
        world.delete_whoever(json!({ "emails": ["carl@example.org"] })).job().await;
        let dump = world.dump().await;
        for table in ["records", "hand_overs"] {
            for row in &dump.0[table] {
                let row = roster::keys::fold(row);
                for word in
                    ["ann", "carl", "bob", "@", "example", "latin", "antiquity", "spring", "class", "secret", "salve"]
                {
                    assert!(!row.contains(word), "{word} in {row}");
                }
            }
        }
    }

    async fn r17_the_records_of_a_list_name_their_job(start: Start) {
        let world = start.with(school).await;
        let job = world.delete_all(&["ann", "bob", "owner"]).removing().job().await;
        assert_eq!(count(&world, json!({ "jobId": job.value["id"] })).await, 2, "one each for whom something was done");
        let items = job.value["items"]["nodes"].as_array().expect("items");
        for item in items.iter().filter(|item| item["removal"].is_object()) {
            let record = record(&world, &item["removal"]["id"]).await;
            assert_eq!((&record["job"]["id"], &record["user"]["id"]), (&job.value["id"], &item["user"]["id"]));
            assert_eq!(record["outcome"], item["outcome"]);
        }
        assert!(items[2]["removal"].is_null());
    }

    async fn r17_records_are_found_by_person_group_actor_cause_and_time(start: Start) {
        let world = start
            .with(|it| {
                school(it)
                    .group("Club", "platform", Private)
                    .users(&["boss", "dora"])
                    .member("boss", "platform", &[Administrator])
                    .learners("Club", &["dora"])
            })
            .await;
        world.remove("bob", "Class").done().await;
        let last = world.remove("dora", "Club").confirmed().by("boss").done().await;
        for (filter, found) in [
            (json!({}), 2),
            (json!({ "userId": world.user("bob") }), 1),
            (json!({ "userId": world.user("carl") }), 0),
            (json!({ "groupId": world.group("Club") }), 1),
            (json!({ "actorId": world.user("boss") }), 1),
            (json!({ "cause": "LAST_GROUP" }), 1),
            (json!({ "outcome": "REMOVED" }), 1),
            (json!({ "from": last.removal["at"] }), 1),
            (json!({ "until": last.removal["at"] }), 1),
        ] {
            assert_eq!(count(&world, filter.clone()).await, found, "{filter}");
        }
    }

    async fn r17_it_survives_what_it_is_about(start: Start) {
        let world = start.with(school).await;
        let done = world.remove("ann", "Corner").done().await;
        let corner = world.group_id("Corner").0;
        world.sql(&format!("delete from session_groups where group_id = {corner}")).await;
        world.sql(&format!("delete from memberships where group_id = {corner}")).await;
        world.sql(&format!("delete from groups where id = {corner}")).await;
        let query = "query($id: ID!) { removal(id: $id) { groupId group { id }
            effects { nodes { ... on MembershipRemoved { groupId group { id } } } } } }";
        let read = world.read("owner", query, json!({ "id": done.removal["id"] })).await;
        assert_eq!(read["removal"]["groupId"], world.group("Corner"));
        assert!(read["removal"]["group"].is_null());
        assert_eq!(read["removal"]["effects"]["nodes"][0], json!({ "groupId": world.group("Corner"), "group": null }));
    }

    async fn r17_what_is_not_done_leaves_no_record(start: Start) {
        let world = start.with(school).await;
        world.delete_all(&["owner"]).job_that_does_nothing().await;
        world.remove_all(&["bob"], "Secret").job_that_does_nothing().await;
        assert_eq!(count(&world, json!({})).await, 0);
    }
}
