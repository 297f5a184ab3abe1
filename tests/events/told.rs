//! What is told of what is done.

use std::collections::{BTreeMap, BTreeSet};

use entity::kind::AudienceKind::Dynamic;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Author, Coach, Learner};
use roster::events::Kind;
use roster::organisation::Organisation;
use roster::setup;
use serde_json::{Value, json};

use super::{heard, names};
use crate::common::{World, each_database};

fn school(it: Organisation) -> Organisation {
    it.group("School", "platform", Public)
        .group("Club", "School", Private)
        .users(&["ann", "bob", "tom"])
        .learners("School", &["ann", "bob"])
        .learners("Club", &["ann"])
        .member("ann", "School", &[Coach])
        .member("tom", "platform", &[Author, Learner])
        .course("Latin", "School", "ann")
        .course_co_authors("Latin", &["tom"])
        .path("Antiquity", "School", "ann", &["Latin"])
        .session("Spring", "Antiquity", "School", "ann", Dynamic)
}

/// What is told of the one thing that `name` does.
async fn told(world: &World, name: &str, input: Value) -> Vec<Value> {
    let before = heard(world).await.len();
    world.done("owner", name, input, "").await;
    heard(world).await.split_off(before)
}

each_database! {
    async fn a_deletion_is_one_event_and_each_successor_another(start: Start) {
        let world = start.with(school).await;
        let told = told(&world, "deleteUser", json!({ "userId": world.user("ann"), "privateSubgroups": "REMOVE" })).await;
        assert_eq!(names(&told), ["user.deleted", "ownership.handed_over", "ownership.handed_over", "ownership.handed_over"]);
        let removal = world.read("owner", "{ removals { nodes { id } } }", json!({})).await["removals"]["nodes"][0]["id"].clone();
        assert_eq!(told[0]["kind"], "USER_DELETED");
        assert_eq!(
            told[0]["data"],
            json!({
                "userId": world.user("ann"), "removalId": removal, "jobId": null, "cause": "REQUESTED",
                "coursesHandedOver": 1, "pathsHandedOver": 1, "sessionsHandedOver": 1,
            })
        );
        assert_eq!(
            told[1]["data"],
            json!({
                "work": "COURSE", "courseId": world.course("Latin"), "pathId": null, "sessionId": null,
                "fromUserId": world.user("ann"), "toUserId": world.user("tom"), "removalId": removal,
            })
        );
        let works: Vec<&Value> = told[1..].iter().map(|event| &event["data"]["work"]).collect();
        assert_eq!(works, ["COURSE", "PATH", "SESSION"]);
    }

    async fn whoever_stays_is_told_of_with_every_group_that_was_left(start: Start) {
        let world = start.with(school).await;
        let removal = json!({ "userId": world.user("ann"), "groupId": world.group("School"), "privateSubgroups": "REMOVE" });
        let told = told(&world, "removeUserFromGroup", removal).await;
        assert_eq!(names(&told), ["user.removed_from_group"]);
        assert_eq!(told[0]["data"]["groupId"], world.group("School"));
        assert_eq!(told[0]["data"]["groupIds"], json!([world.group("School"), world.group("Club")]));
        let membership = |group: &str, role: &str| json!({ "groupId": world.group(group), "role": role });
        let gone = json!([membership("School", "LEARNER"), membership("School", "COACH"), membership("Club", "LEARNER")]);
        assert_eq!(told[0]["data"]["memberships"], gone);
        assert_eq!(told[0]["data"]["cause"], "REQUESTED");
    }

    async fn a_list_is_told_person_by_person_and_its_job_at_its_end(start: Start) {
        let world = start.with(school).await.in_chunks_of(1);
        let people = json!({ "emails": ["ann@example.org, nobody@example.org, bob@example.org"] });
        let input = json!({ "people": people, "privateSubgroups": "REMOVE", "wait": 30 });
        let job = world.done("owner", "deleteUsers", input, "job { id }").await["job"]["id"].clone();
        let events = heard(&world).await;
        let of = |name: &str| events.iter().filter(|event| event["name"] == name).collect::<Vec<_>>();
        let deleted: Vec<&Value> = of("user.deleted").into_iter().map(|event| &event["data"]["userId"]).collect();
        assert_eq!(deleted, [&world.user("ann"), &world.user("bob")]);
        assert!(of("user.deleted").iter().all(|event| event["data"]["jobId"] == job));
        let finished = of("job.finished");
        assert_eq!(finished.len(), 1);
        let counts = json!({ "DELETED": 2, "NOT_FOUND": 1 });
        assert_eq!(finished[0]["data"], json!({ "jobId": job, "status": "FINISHED_WITH_FAILURES", "counts": counts }));
    }

    async fn what_is_refused_or_changes_nothing_is_not_told(start: Start) {
        let world = start.with(school).await;
        world.refused("owner", "deleteUser", json!({ "userId": world.user("owner") })).await;
        let held = json!({ "userId": world.user("bob"), "groupId": world.group("School"), "role": "LEARNER" });
        assert_eq!(told(&world, "grantRole", held).await, Vec::<Value>::new());
        let there = json!({ "groupId": world.group("Club"), "parentId": world.group("School") });
        assert_eq!(told(&world, "moveGroup", there).await, Vec::<Value>::new());
        let key = json!({ "userId": world.user("bob"), "groupId": world.group("School"), "role": "COACH", "idempotencyKey": "once only" });
        assert_eq!(told(&world, "grantRole", key.clone()).await.len(), 1);
        assert_eq!(told(&world, "grantRole", key).await, Vec::<Value>::new(), "sent again");
    }

    /// Everything in the catalogue happens, has the data that it says, and no more; and nothing personal.
    async fn every_kind_is_told(start: Start) {
        let world = start.with(school).await;
        let (ann, bob, tom) = (world.user("ann"), world.user("bob"), world.user("tom"));
        let (school, club) = (world.group("School"), world.group("Club"));
        let done = async |name: &str, input: Value, fields: &str| world.done("owner", name, input, fields).await;
        let new = json!({ "firstName": "Eve", "email": "eve@example.org", "memberships": [{ "groupId": school, "role": "LEARNER" }] });
        done("createUser", new, "").await;
        done("updateUser", json!({ "userId": bob, "phone": "+33 1" }), "").await;
        let group = done("createGroup", json!({ "name": "Choir", "parentId": school, "privacy": "PRIVATE" }), "group { id }").await["group"]["id"].clone();
        done("updateGroup", json!({ "groupId": group, "name": "Big choir" }), "").await;
        done("moveGroup", json!({ "groupId": group, "parentId": club }), "").await;
        done("setGroupPrivacy", json!({ "groupId": group, "privacy": "PUBLIC" }), "").await;
        done("deleteGroup", json!({ "groupId": group, "contentTo": school }), "").await;
        let people = json!({ "courseId": world.course("Latin"), "userIds": [bob] });
        done("enrolInCourse", people.clone(), "").await;
        done("issueCertificate", json!({ "courseId": world.course("Latin"), "userId": bob }), "").await;
        done("issueCertificate", json!({ "courseId": world.course("Latin"), "userId": bob }), "").await;
        done("unenrolFromCourse", people, "").await;
        done("updateCourse", json!({ "courseId": world.course("Latin"), "mainAuthorId": tom }), "").await;
        done("revokeRole", json!({ "userId": ann, "groupId": school, "role": "COACH" }), "").await;
        done("removeUserFromGroup", json!({ "userId": bob, "groupId": school }), "").await;
        done("deleteUsers", json!({ "people": { "ids": [bob] }, "wait": 30 }), "").await;
        setup::hand_over(&world.db, "tom@example.org").await.expect("another owner");

        let events = heard(&world).await;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for event in &events {
            let name = event["name"].as_str().expect("a name");
            let kind = Kind::of(name).expect("a kind of the catalogue");
            let data: BTreeSet<&str> = event["data"].as_object().expect("data").keys().map(String::as_str).collect();
            assert_eq!(data, kind.data().iter().copied().collect(), "{name}");
            assert_eq!(event["kind"], json!(name.to_uppercase().replace('.', "_")));
            *seen.entry(name).or_default() += 1;
        }
        let mut all: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        // `webhooks` shows that one.
        all.remove(Kind::WebhookDisabled.as_str());
        assert_eq!(seen.keys().copied().collect::<BTreeSet<_>>(), all);
        assert_eq!(seen["certificate.issued"], 1, "whoever has one keeps it");
        // In the group that was asked for, into the platform group by rising, and the new owner.
        assert_eq!(seen["membership.granted"], 3);
        let text = serde_json::to_string(&events).expect("text");
        for personal in ["Eve", "eve", "bob", "example.org", "+33", "choir", "Latin"] {
            assert!(!text.contains(personal), "{personal}: {text}");
        }
        let ids = events.iter().flat_map(|event| event["data"].as_object().expect("data"));
        for (name, value) in ids.filter(|(name, value)| name.ends_with("Id") && !value.is_null()) {
            let found = world.read("owner", "query($id: ID!) { node(id: $id) { id } }", json!({ "id": value })).await;
            let gone = *value == group;
            assert_eq!(found["node"].is_null(), gone, "{name} {value}");
        }
    }
}
