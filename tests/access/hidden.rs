//! Whoever is hidden is hidden from filters, orders and counts too; and who sees the deleted (S4 and R26 of the rules of
//! seeing: the matrix of trust and its second note).

use chrono::{SecondsFormat, TimeDelta};
use entity::kind::AudienceKind::Dynamic;
use entity::kind::Cause;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, Learner, UserAdministrator};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

/// ```text
/// platform ─┬─ open
///           ├─ vault (private)
///           └─ cellar (private) ── drawer
/// ```
///
/// pupil, friend, boss and teacher are in open; boss administers vault too, and teacher is coach there. ghost and shade are in
/// vault alone, and have works in open. keeper administers cellar, clerk is its user administrator; mole, rat and bat are in
/// cellar, rat also in vault.
fn house(it: Organisation) -> Organisation {
    it.group("open", "platform", Public)
        .group("vault", "platform", Private)
        .group("cellar", "platform", Private)
        .group("drawer", "cellar", Private)
        .users(&[
            "chief", "pupil", "friend", "boss", "teacher", "ghost", "shade", "keeper", "clerk", "mole",
            "rat", "bat",
        ])
        .member("chief", "platform", &[Administrator])
        .learners("open", &["pupil", "friend", "boss", "teacher"])
        .member("boss", "vault", &[Administrator])
        .member("teacher", "vault", &[Coach, Learner])
        .learners("vault", &["ghost", "shade", "rat"])
        .member("ghost", "vault", &[Author])
        .member("keeper", "cellar", &[Administrator])
        .member("clerk", "cellar", &[UserAdministrator])
        .learners("cellar", &["mole", "rat", "bat"])
        .member("bat", "drawer", &[Coach])
        .course("Maps", "open", "ghost")
        .course("Charts", "open", "friend")
        .course_co_authors("Charts", &["shade"])
        .course("Locks", "vault", "ghost")
        .path("Tour", "open", "ghost", &["Maps"])
        .path("Walk", "open", "friend", &["Charts", "Locks"])
        .path_co_authors("Walk", &["shade"])
        .path("Keys", "vault", "ghost", &["Locks"])
        .session("May", "Tour", "open", "ghost", Dynamic)
        .session("June", "Walk", "open", "friend", Dynamic)
        .co_instructors("June", &["shade"])
        .session("July", "Keys", "open", "friend", Dynamic)
        .activity("Quiz", "Maps", "ghost")
}

async fn total(world: &World, who: &str, field: &str, filter: Value) -> i64 {
    let kind = match field {
        "users" => "UserFilter",
        "courses" => "CourseFilter",
        "paths" => "PathFilter",
        "sessions" => "SessionFilter",
        "activities" => "ActivityFilter",
        _ => "RemovalFilter",
    };
    let query = format!(
        "query($filter: {kind}!) {{ {field}(filter: $filter, first: 100) {{ totalCount nodes {{ id }} }} }}"
    );
    let found = world.read(who, &query, json!({ "filter": filter })).await[field].clone();
    let total = found["totalCount"].as_i64().expect("a number");
    assert_eq!(found["nodes"].as_array().map(Vec::len), Some(total as usize), "{who}: {field} {filter}");
    total
}

async fn names(world: &World, who: &str, filter: Value) -> Vec<String> {
    let query = "query($filter: UserFilter!) { users(filter: $filter, first: 100) { totalCount nodes { displayName } } }";
    let found = world.read(who, query, json!({ "filter": filter })).await["users"].clone();
    let nodes = found["nodes"].as_array().expect("people");
    assert_eq!(found["totalCount"], nodes.len(), "{who}: {filter}");
    nodes.iter().map(|node| node["displayName"].as_str().expect("a name").to_owned()).collect()
}

/// The name by which `who` finds `person` by their id; none where they do not.
async fn seen(world: &World, who: &str, person: &str) -> Option<String> {
    let query = "query($id: ID!) { node(id: $id) { ... on User { displayName } } }";
    let found = world.read(who, query, json!({ "id": world.user(person) })).await;
    found["node"]["displayName"].as_str().map(str::to_owned)
}

async fn delete(world: &World, who: &str, person: &str) {
    let input = json!({ "userId": world.user(person), "privateSubgroups": "REMOVE" });
    let done = world.done(who, "deleteUser", input, "outcome").await;
    assert_eq!(done["outcome"], "DELETED", "{person}");
}

async fn revoke(world: &World, person: &str, group: &str, role: &str) {
    let input = json!({ "userId": world.user(person), "groupId": world.group(group), "role": role });
    world.done("owner", "revokeRole", input, "outcome").await;
}

each_database! {
    async fn r26_nobody_is_found_by_a_role_in_a_group_that_is_not_seen(start: Start) {
        let world = start.with(house).await;
        for (role, found) in [("ADMINISTRATOR", vec!["boss", "chief", "keeper", "owner"]), ("COACH", vec!["bat", "teacher"])] {
            assert_eq!(names(&world, "owner", json!({ "role": [role] })).await, found);
            assert_eq!(names(&world, "pupil", json!({ "role": [role] })).await, Vec::<String>::new(), "{role}");
        }
        assert_eq!(names(&world, "boss", json!({ "role": ["COACH"] })).await, ["teacher"]);
        assert_eq!(names(&world, "teacher", json!({ "role": ["ADMINISTRATOR"] })).await, ["boss"]);
        // Who sees the group by its public name alone does not find those who are hidden in it.
        let learners = names(&world, "pupil", json!({ "role": ["LEARNER", "COACH"] })).await;
        assert_eq!(learners, ["boss", "friend", "pupil", "teacher"]);
    }

    async fn r26_the_works_of_hidden_people_are_not_found_by_them(start: Start) {
        let world = start.with(house).await;
        for (field, by) in [("courses", "authorId"), ("paths", "authorId"), ("sessions", "instructorId"), ("activities", "ownerId")] {
            for person in ["ghost", "shade"] {
                let filter = json!({ by: world.user(person) });
                let all = total(&world, "owner", field, filter.clone()).await;
                assert!(all > 0 || (field, person) == ("activities", "shade"), "{field} of {person}");
                assert_eq!(total(&world, "pupil", field, filter.clone()).await, 0, "{field} of {person}");
                assert_eq!(total(&world, "boss", field, filter).await > 0, all > 0, "{field} of {person}");
            }
        }
        assert_eq!(total(&world, "pupil", "courses", json!({})).await, 2, "they are seen themselves");
        assert_eq!(total(&world, "pupil", "sessions", json!({ "instructorId": world.user("friend") })).await, 2);
    }

    async fn r26_what_is_hidden_finds_nothing_by_its_id(start: Start) {
        let world = start.with(house).await;
        for (field, filter) in [
            ("paths", json!({ "courseId": world.course("Locks") })),
            ("activities", json!({ "courseId": world.course("Locks") })),
        ] {
            assert_eq!(total(&world, "pupil", field, filter.clone()).await, 0, "{field} {filter}");
        }
        assert_eq!(total(&world, "pupil", "paths", json!({ "courseId": world.course("Charts") })).await, 1);
    }

    async fn r26_records_are_not_found_by_hidden_people_or_groups(start: Start) {
        let world = start.with(house).await;
        let out = json!({ "userId": world.user("rat"), "groupId": world.group("vault") });
        world.done("boss", "removeUserFromGroup", out, "outcome").await;
        let all = [
            json!({}),
            json!({ "userId": world.user("rat") }),
            json!({ "actorId": world.user("boss") }),
            json!({ "groupId": world.group("vault") }),
        ];
        for (who, found) in [("owner", [1, 1, 1, 1]), ("keeper", [1, 1, 0, 0]), ("boss", [1, 0, 1, 1]), ("pupil", [0, 0, 0, 0])] {
            for (filter, count) in all.iter().zip(found) {
                assert_eq!(total(&world, who, "removals", filter.clone()).await, count, "{who} {filter}");
            }
        }
    }

    async fn r26_taking_somebody_out_of_a_group_shows_them_to_nobody(start: Start) {
        let world = start.with(house).await;
        let out = |person: &str| json!({ "userId": world.user(person), "groupId": world.group("vault") });
        world.done("boss", "removeUserFromGroup", out("rat"), "outcome").await;
        assert_eq!(seen(&world, "boss", "rat").await, None, "rat lives on in cellar");
        assert!(!names(&world, "boss", json!({})).await.contains(&"rat".to_owned()));
        delete(&world, "chief", "rat").await;
        assert_eq!(seen(&world, "boss", "rat").await, None, "rat was not in vault any more");
        assert_eq!(seen(&world, "keeper", "rat").await.as_deref(), Some("rat"), "rat was in cellar");
    }

    async fn r26_whom_somebody_deleted_they_see_as_long_as_they_administer_people(start: Start) {
        let world = start.with(|it| house(it).group("attic", "platform", Private).member("keeper", "attic", &[UserAdministrator]).learners("cellar", &["keeper"])).await;
        delete(&world, "keeper", "mole").await;
        assert_eq!(seen(&world, "keeper", "mole").await.as_deref(), Some("mole"));
        assert_eq!(seen(&world, "clerk", "mole").await.as_deref(), Some("mole"), "deleted while in cellar");
        revoke(&world, "keeper", "cellar", "ADMINISTRATOR").await;
        assert_eq!(seen(&world, "keeper", "mole").await.as_deref(), Some("mole"), "deleted by them");
        revoke(&world, "keeper", "attic", "USER_ADMINISTRATOR").await;
        assert_eq!(seen(&world, "keeper", "mole").await, None, "they administer nobody any more");
        assert_eq!(names(&world, "keeper", json!({ "status": ["DELETED"] })).await, Vec::<String>::new());
    }

    async fn r16_whoever_deleted_somebody_by_email_is_told_so_when_they_ask_again(start: Start) {
        let world = start.with(house).await;
        let input = |person: &str| json!({ "people": { "emails": [format!("{person}@example.org")] }, "privateSubgroups": "REMOVE", "wait": 30 });
        let items = "job { items(first: 5) { nodes { outcome } } }";
        for outcome in ["DELETED", "ALREADY_DELETED"] {
            let job = world.done("keeper", "deleteUsers", input("mole"), items).await["job"].clone();
            assert_eq!(job["items"]["nodes"], json!([{ "outcome": outcome }]));
        }
        let by_email = "{ user(by: { email: \"mole@example.org\" }) { displayName email } }";
        assert_eq!(world.read("keeper", by_email, json!({})).await["user"], json!({ "displayName": "mole", "email": null }));
        // Whoever sees them for another reason does not learn their email from a list.
        let other = world.done("clerk", "deleteUsers", input("mole"), items).await["job"].clone();
        assert_eq!(other["items"]["nodes"], json!([{ "outcome": "NOT_FOUND" }]));
        assert_eq!(world.read("clerk", by_email, json!({})).await["user"], Value::Null);
    }

    async fn r26_for_the_deleted_a_group_means_one_that_they_had(start: Start) {
        let world = start.with(house).await;
        for person in ["mole", "rat", "bat", "friend"] {
            delete(&world, "chief", person).await;
        }
        let deleted = |group: &str, below: bool| json!({ "status": ["DELETED"], "group": { "id": world.group(group), "below": below } });
        assert_eq!(names(&world, "owner", deleted("cellar", false)).await, ["bat", "mole", "rat"]);
        assert_eq!(names(&world, "owner", deleted("drawer", false)).await, ["bat"]);
        assert_eq!(names(&world, "owner", deleted("open", false)).await, ["friend"]);
        assert_eq!(names(&world, "keeper", deleted("cellar", true)).await, ["bat", "mole", "rat"]);
        assert_eq!(names(&world, "boss", deleted("vault", false)).await, ["rat"]);
        let role = |role: &str| json!({ "status": ["DELETED"], "role": [role] });
        assert_eq!(names(&world, "owner", role("COACH")).await, ["bat"]);
        assert_eq!(names(&world, "boss", role("LEARNER")).await, ["rat"]);
        let in_cellar = json!({ "status": ["DELETED", "ACTIVE"], "group": { "id": world.group("cellar") } });
        assert_eq!(names(&world, "owner", in_cellar.clone()).await, ["bat", "clerk", "keeper", "mole", "rat"]);
        let coaches = json!({ "status": ["DELETED", "ACTIVE"], "role": ["COACH"] });
        assert_eq!(names(&world, "owner", coaches).await, ["bat", "teacher"]);
        let living = json!({ "group": { "id": world.group("cellar") } });
        assert_eq!(names(&world, "owner", living).await, ["clerk", "keeper"]);
    }

    async fn r26_a_span_of_deletion_means_the_deleted(start: Start) {
        let world = start.with(|it| house(it).user("old").deleted("old", Cause::Requested, 10)).await;
        delete(&world, "chief", "mole").await;
        let at = |days: i64| (world.made.now - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::AutoSi, false);
        assert_eq!(names(&world, "owner", json!({ "deleted": { "from": at(20) } })).await, ["mole", "old"]);
        assert_eq!(names(&world, "owner", json!({ "deleted": { "until": at(1) } })).await, ["old"]);
        let active = json!({ "status": ["ACTIVE"], "deleted": { "from": at(20) } });
        assert_eq!(names(&world, "owner", active).await, Vec::<String>::new());
        // A span that is open on both sides says nothing.
        assert!(names(&world, "owner", json!({ "deleted": {} })).await.contains(&"boss".to_owned()));
    }

    async fn the_platform_is_told_from_somebody_hidden(start: Start) {
        let world = start.with(|it| house(it).enrol("June", &["pupil"])).await;
        let grant = json!({ "userId": world.user("friend"), "groupId": world.group("open"), "role": "COACH" });
        world.done("chief", "grantRole", grant, "user { id }").await;
        delete(&world, "chief", "mole").await;
        let roles = "query($id: ID!) { node(id: $id) { ... on User { memberships(first: 10) { nodes { role group { name } grantedBy { id } grantedByKind } } } } }";
        let found = world.read("pupil", roles, json!({ "id": world.user("friend") })).await;
        let nodes = found["node"]["memberships"]["nodes"].as_array().expect("roles").clone();
        let coach = nodes.iter().find(|node| node["role"] == "COACH").expect("the role");
        assert_eq!([&coach["grantedBy"], &coach["grantedByKind"]], [&Value::Null, &json!("PERSON")], "pupil does not see chief");
        let deletion = "query($id: ID!) { node(id: $id) { ... on User { deletion { by { id } byKind removal { actor { id } actorKind } } } } }";
        let found = world.read("keeper", deletion, json!({ "id": world.user("mole") })).await["node"]["deletion"].clone();
        assert_eq!(found, json!({ "by": null, "byKind": "PERSON", "removal": { "actor": null, "actorKind": "PERSON" } }));
        // What the operator did, nobody did.
        world.sql("update memberships set granted_by = null").await;
        let found = world.read("owner", roles, json!({ "id": world.user("friend") })).await;
        let nodes = found["node"]["memberships"]["nodes"].as_array().expect("roles").clone();
        assert!(nodes.iter().all(|node| node["grantedBy"].is_null() && node["grantedByKind"] == "PLATFORM"), "{nodes:?}");
    }

    async fn a_work_is_seen_by_its_id_where_it_is_seen_through_others_and_nowhere_else(start: Start) {
        let world = start
            .with(|it| house(it).user("tutor").member("tutor", "open", &[Coach]).progress("pupil", "Locks", 40).enrol_in_course("Locks", &["pupil"]))
            .await;
        world.sql("delete from course_enrolments").await;
        let learnt = "query($id: ID!, $course: ID!) { node(id: $id) { ... on User { progress(first: 5) { edges { cursor node { percent course { title } } } } } }
            course(id: $course) { title } }";
        let asked = json!({ "id": world.user("pupil"), "course": world.course("Locks") });
        for (who, title) in [("pupil", json!({ "title": "Locks" })), ("tutor", Value::Null), ("owner", json!({ "title": "Locks" }))] {
            let found = world.read(who, learnt, asked.clone()).await;
            let edge = found["node"]["progress"]["edges"][0].clone();
            assert_eq!([&edge["node"]["percent"], &edge["node"]["course"]], [&json!(40), &title], "{who}");
            assert_eq!(found["course"], title, "{who}");
        }
        let path = "query($session: ID!, $path: ID!) { session(id: $session) { path { title } } path(id: $path) { title } }";
        let asked = json!({ "session": world.session("July"), "path": world.path("Keys") });
        let found = world.read("pupil", path, asked).await;
        assert_eq!([&found["session"]["path"]["title"], &found["path"]["title"]], ["Keys", "Keys"]);
    }
}
