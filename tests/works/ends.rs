//! R8: what the end of a session keeps, and what can no longer be done to it.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kind::AudienceKind::{Dynamic, Static};
use roster::organisation::Organisation;
use roster::server::Doors;
use roster::sessions::worker;
use serde_json::{Value, json};

use super::{at, attendees, campus, in_hours, names, participants};
use crate::common::{World, each_database};
use crate::events::until;
use crate::server::listening::listening;

/// The campus with a static session too, and lea enrolled in both; they end in sixty days.
fn term(it: Organisation) -> Organisation {
    campus(it)
        .session("Fixed", "Basics", "Physics", "writer", Static)
        .audience("Fixed", &["Physics"])
        .enrol("Fixed", &["lea"])
        .enrol("Spring", &["lea"])
        .exclude("Spring", &["bob"])
}

/// Lets the sessions of [`term`] end.
fn let_them_end(world: &World) {
    world.db.clock.advance(TimeDelta::days(61));
}

/// Who was captured in a session, by name.
async fn captured(world: &World, session: &str) -> Vec<String> {
    let query = "query($id: ID!) { session(id: $id) { captures { nodes { user { displayName } } } } }";
    let read = world.read("owner", query, json!({ "id": world.session(session) })).await;
    names(&read["session"]["captures"])
}

fn role(world: &World, user: &str) -> Value {
    json!({ "userId": world.user(user), "groupId": world.group("Physics"), "role": "LEARNER" })
}

each_database! {
    async fn r8_the_audience_of_an_ended_session_can_no_longer_be_edited(start: Start) {
        let world = start
            .with(|it| {
                let it = campus(it).session("Waiting", "Basics", "Physics", "writer", Dynamic);
                let it = it.audience("Waiting", &["Physics"]).ended("Waiting");
                it.session("Over", "Basics", "Physics", "writer", Static).audience("Over", &["Physics"])
                    .ended_and_captured("Over")
            })
            .await;
        for session in ["Waiting", "Over"] {
            let session = world.session(session);
            let people = json!({ "sessionId": session, "userIds": world.users(&["ann"]) });
            for (mutation, input) in [
                ("setSessionAudience", json!({ "sessionId": session, "audienceGroupIds": null })),
                ("setSessionAudience", json!({ "sessionId": session, "audienceKind": "STATIC" })),
                ("setSessionAudience", json!({ "sessionId": session, "recapture": true })),
                ("enrolInSession", people.clone()),
                ("unenrolFromSession", people.clone()),
                ("excludeFromSession", people.clone()),
                ("includeInSession", people),
                ("updateSession", json!({ "sessionId": session, "title": "Again", "endsAt": in_hours(&world, 24) })),
                ("updateSession", json!({ "sessionId": session, "startsAt": in_hours(&world, -24) })),
            ] {
                assert_eq!(world.refused("head", mutation, input).await.refused(), "SESSION_ENDED", "{mutation}");
            }
            let renamed = json!({ "sessionId": session, "title": "Over and out" });
            world.done("head", "updateSession", renamed, "session { title }").await;
        }
    }

    async fn r8_a_session_ended_by_its_dates_keeps_who_took_part(start: Start) {
        let world = start.with(|it| term(it).slot("Autumn", "Spring", 24 * 100, None).attend("Autumn", &["ann", "lea"])).await;
        for session in ["Spring", "Fixed"] {
            let ended = json!({ "sessionId": world.session(session), "endsAt": in_hours(&world, -1) });
            let ended = world.done("writer", "updateSession", ended, "session { ended capturedAt }").await;
            assert_eq!((&ended["session"]["ended"], ended["session"]["capturedAt"].is_string()), (&json!(true), true));
        }
        assert_eq!(captured(&world, "Spring").await, ["ann", "lea"], "bob is excluded");
        assert_eq!(captured(&world, "Fixed").await, ["ann", "bob", "lea"]);
        let leave = json!({ "userId": world.user("ann"), "groupId": world.group("Physics") });
        world.done("owner", "removeUserFromGroup", leave, "outcome").await;
        world.done("owner", "grantRole", role(&world, "coach"), "user { id }").await;
        assert_eq!(participants(&world, "Spring").await, ["ann CAPTURED", "lea CAPTURED"]);
        assert_eq!(attendees(&world, "Autumn").await, ["ann", "lea"], "they still take part");
    }

    async fn r8_an_ended_session_is_captured_before_a_membership_changes(start: Start) {
        let world = start.with(term).await;
        let_them_end(&world);
        assert_eq!(captured(&world, "Spring").await, Vec::<String>::new(), "it waits");
        world.done("owner", "grantRole", role(&world, "coach"), "user { id }").await;
        assert_eq!(captured(&world, "Spring").await, ["ann", "lea"]);
        assert_eq!(captured(&world, "Fixed").await, ["ann", "bob", "lea"]);
        assert_eq!(participants(&world, "Spring").await, ["ann CAPTURED", "lea CAPTURED"]);
    }

    async fn r8_an_ended_session_is_captured_before_a_new_person_joins(start: Start) {
        let world = start.with(term).await;
        let_them_end(&world);
        let eve = json!({ "email": "eve@example.org",
            "memberships": [{ "groupId": world.group("Physics"), "role": "LEARNER" }] });
        world.done("owner", "createUser", eve, "user { id }").await;
        assert_eq!(captured(&world, "Spring").await, ["ann", "lea"]);
    }

    async fn r8_an_ended_session_is_captured_before_learners_rise(start: Start) {
        let world = start
            .with(|it| {
                term(it)
                    .session("Wide", "Basics", "Science", "head", Dynamic)
                    .audience("Wide", &["Science"])
            })
            .await;
        let_them_end(&world);
        let open = json!({ "groupId": world.group("Lab"), "privacy": "PUBLIC" });
        let shown = world.refused("head", "setGroupPrivacy", open.clone()).await;
        let digest = &shown.0["userErrors"][0]["digest"];
        let mut open = open;
        open["riseDigest"] = digest.clone();
        world.done("head", "setGroupPrivacy", open, "group { id }").await;
        assert_eq!(captured(&world, "Wide").await, ["ann", "bob"], "lea came to Science afterwards");
    }

    async fn r8_a_session_that_ends_later_than_planned_is_not_captured(start: Start) {
        let world = start.with(term).await;
        let later = at(world.made.now + TimeDelta::days(90));
        let later = json!({ "sessionId": world.session("Spring"), "endsAt": later });
        world.done("writer", "updateSession", later, "session { ended }").await;
        let_them_end(&world);
        world.done("owner", "grantRole", role(&world, "coach"), "user { id }").await;
        assert_eq!(captured(&world, "Spring").await, Vec::<String>::new());
        assert_eq!(captured(&world, "Fixed").await, ["ann", "bob", "lea"]);
        assert_eq!(participants(&world, "Spring").await, ["ann GROUP", "coach GROUP", "lea INDIVIDUAL"]);
    }

    async fn r8_a_session_that_has_just_ended_is_captured_by_itself(start: Start) {
        let world = start.with(term).await;
        let server = listening(&world.db, Doors::default()).await;
        let_them_end(&world);
        let query = "query($id: ID!) { session(id: $id) { ended capturedAt } }";
        for session in ["Spring", "Fixed"] {
            let id = json!({ "id": world.session(session) });
            let shown = until(|| async {
                let shown = world.read("owner", query, id.clone()).await["session"].clone();
                Some(shown).filter(|shown| shown["capturedAt"].is_string())
            });
            assert_eq!(shown.await["ended"], true, "{session}");
        }
        assert_eq!(captured(&world, "Spring").await, ["ann", "lea"]);
        assert_eq!(captured(&world, "Fixed").await, ["ann", "bob", "lea"]);
        server.stop().await;
    }

    async fn r8_of_several_instances_one_captures(start: Start) {
        let world = start.with(term).await;
        let_them_end(&world);
        let often = Duration::from_millis(1);
        let (captured, statements) = world
            .statements(async {
                let instances = [(); 3].map(|()| worker::start(&world.db, often));
                let found = until(|| async { Some(captured(&world, "Fixed").await).filter(|found| found.len() == 3) }).await;
                for instance in instances {
                    instance.stop().await;
                }
                found
            })
            .await;
        assert_eq!(captured, ["ann", "bob", "lea"]);
        let captures = statements.iter().filter(|text| text.starts_with("/* sessions.capture */")).count();
        assert_eq!(captures, 1, "{statements:#?}");
    }

    async fn r8_how_somebody_took_part_is_captured_at_the_end_whatever_carried_them(start: Start) {
        let world = start.with(|it| term(it).enrol("Spring", &["ann"])).await;
        assert_eq!(participants(&world, "Spring").await, ["ann INDIVIDUAL", "lea INDIVIDUAL"]);
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED", "lea INDIVIDUAL"]);
        let_them_end(&world);
        world.done("owner", "grantRole", role(&world, "coach"), "user { id }").await;
        assert_eq!(participants(&world, "Spring").await, ["ann CAPTURED", "lea CAPTURED"]);
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED", "lea CAPTURED"]);
        let carried = "query($id: ID!) { session(id: $id) { captures { nodes { user { displayName } carriedBy } } } }";
        let carried = world.read("owner", carried, json!({ "id": world.session("Spring") })).await;
        let nodes = carried["session"]["captures"]["nodes"].as_array().expect("captures");
        assert!(nodes.iter().all(|node| node["carriedBy"] == "INDIVIDUAL"), "{carried}");
        // What the schema says of it.
        let described = "{ __type(name: \"Participation\") { fields { name description } } }";
        let described = world.read("owner", described, json!({})).await;
        let fields = described["__type"]["fields"].as_array().expect("fields");
        let how = fields.iter().find(|field| field["name"] == "how").expect("the field");
        assert!(how["description"].as_str().is_some_and(|text| text.contains("Afterwards always `CAPTURED`")), "{how}");
    }
}
