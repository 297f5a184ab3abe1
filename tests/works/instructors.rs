//! R12: who instructs a session, and in which order they follow.

use serde_json::{Value, json};

use super::{campus, ranked, with};
use crate::common::{World, each_database};

const INSTRUCTORS: &str =
    "session { mainInstructor { displayName } coInstructors { rank user { displayName } } }";

fn spring(world: &World, change: Value) -> Value {
    with(&json!({ "sessionId": world.session("Spring") }), change)
}

each_database! {
    async fn r12_a_list_of_co_instructors_replaces_the_former_one(start: Start) {
        let world = start.with(|it| campus(it).co_instructors("Spring", &["coach", "ann"])).await;
        let listed = spring(&world, json!({ "coInstructorIds": world.users(&["ann", "bob", "ann", "coach"]) }));
        let changed = world.done("writer", "setSessionInstructors", listed, INSTRUCTORS).await;
        assert_eq!(ranked(&changed["session"]["coInstructors"]), ["1 ann", "2 bob", "3 coach"]);
        assert_eq!(changed["session"]["mainInstructor"]["displayName"], "writer");
    }

    async fn r12_absent_keeps_and_null_clears(start: Start) {
        let world = start.with(|it| campus(it).co_instructors("Spring", &["coach", "ann"])).await;
        let before = world.dump().await;
        world.done("writer", "setSessionInstructors", spring(&world, json!({})), INSTRUCTORS).await;
        assert_eq!(before, world.dump().await);
        let nobody = spring(&world, json!({ "mainInstructorId": null }));
        let answer = world.refused("writer", "setSessionInstructors", nobody).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "mainInstructorId"));
        let cleared = spring(&world, json!({ "coInstructorIds": null }));
        let cleared = world.done("writer", "setSessionInstructors", cleared, INSTRUCTORS).await;
        assert_eq!(cleared["session"]["coInstructors"], json!([]));
    }

    async fn r12_a_co_instructor_who_takes_over_is_no_longer_listed(start: Start) {
        let world = start.with(|it| campus(it).co_instructors("Spring", &["ann", "coach", "bob"])).await;
        let over = spring(&world, json!({ "mainInstructorId": world.user("coach") }));
        let changed = world.done("writer", "setSessionInstructors", over.clone(), INSTRUCTORS).await;
        assert_eq!(changed["session"]["mainInstructor"]["displayName"], "coach");
        assert_eq!(ranked(&changed["session"]["coInstructors"]), ["1 ann", "3 bob"], "the others keep their places");
        let answer = world.refused("writer", "setSessionInstructors", over).await;
        assert_eq!(answer.refused(), "FORBIDDEN", "the session is no longer the writer's");
    }

    async fn r12_the_former_main_instructor_may_be_listed(start: Start) {
        let world = start.with(campus).await;
        let swap = json!({ "mainInstructorId": world.user("coach"), "coInstructorIds": world.users(&["writer"]) });
        let changed = world.done("writer", "setSessionInstructors", spring(&world, swap), INSTRUCTORS).await;
        assert_eq!(changed["session"]["mainInstructor"]["displayName"], "coach");
        assert_eq!(ranked(&changed["session"]["coInstructors"]), ["1 writer"]);
    }

    async fn r12_who_follows_is_who_was_ranked_first(start: Start) {
        let world = start.with(|it| campus(it).co_instructors("Spring", &["ann", "coach"])).await;
        let turned = spring(&world, json!({ "coInstructorIds": world.users(&["coach", "ann"]) }));
        world.done("writer", "setSessionInstructors", turned, INSTRUCTORS).await;
        world.done("owner", "deleteUser", json!({ "userId": world.user("writer") }), "outcome").await;
        let query = format!("query($id: ID!) {{ {} }}", INSTRUCTORS.replacen("session", "session(id: $id)", 1));
        let now = world.read("owner", &query, json!({ "id": world.session("Spring") })).await;
        assert_eq!(now["session"]["mainInstructor"]["displayName"], "coach");
        assert_eq!(ranked(&now["session"]["coInstructors"]), ["2 ann"]);
    }

    async fn r12_nobody_stands_beside_themselves_and_no_place_is_for_the_deleted(start: Start) {
        let world = start.with(|it| campus(it).co_instructors("Spring", &["coach"])).await;
        for (people, code, path) in [
            (json!({ "coInstructorIds": world.users(&["ann", "writer"]) }), "BAD_INPUT", "coInstructorIds.1"),
            (json!({ "mainInstructorId": world.user("ann"), "coInstructorIds": world.users(&["ann"]) }), "BAD_INPUT", "coInstructorIds.0"),
            (json!({ "coInstructorIds": world.users(&["ann", "del"]) }), "USER_DELETED", "coInstructorIds.1"),
            (json!({ "mainInstructorId": world.user("del") }), "USER_DELETED", "mainInstructorId"),
            (json!({ "coInstructorIds": vec![world.user("ann"); 101] }), "BAD_INPUT", "coInstructorIds"),
        ] {
            let who = if code == "USER_DELETED" { "owner" } else { "writer" };
            let answer = world.refused(who, "setSessionInstructors", spring(&world, people.clone())).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{people}");
        }
    }

    async fn r12_an_ended_session_can_still_be_handed_on(start: Start) {
        let world = start.with(|it| campus(it).ended_and_captured("Spring")).await;
        let over = spring(&world, json!({ "mainInstructorId": world.user("coach"), "coInstructorIds": world.users(&["ann"]) }));
        let changed = world.done("head", "setSessionInstructors", over, INSTRUCTORS).await;
        assert_eq!(changed["session"]["mainInstructor"]["displayName"], "coach");
        assert_eq!(ranked(&changed["session"]["coInstructors"]), ["1 ann"]);
    }
}
