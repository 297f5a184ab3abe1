//! R8: what the end of a session keeps, and what can no longer be done to it.

use chrono::TimeDelta;
use entity::kind::AudienceKind::{Dynamic, Static};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use super::{at, attendees, campus, in_hours, names, participants};
use crate::common::{World, each_database};

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
}
