//! R32: course enrolments are individual, one outcome a person, and progress outlives them.

use roster::graphql::id::GlobalId;
use serde_json::{Value, json};

use super::{campus, names, outcomes};
use crate::common::{World, each_database};

const OUTCOMES: &str = "course { title } outcomes { userId outcome user { displayName } }";

fn people(world: &World, course: &str, users: &[&str]) -> Value {
    json!({ "courseId": world.course(course), "userIds": world.users(users) })
}

/// Who is enrolled in Mechanics, by name.
async fn enrolled(world: &World) -> Value {
    let query = "query($id: ID!) { course(id: $id) { enrolments {
        nodes { enrolledAt user { displayName } grantedBy { displayName } } } } }";
    world.read("owner", query, json!({ "id": world.course("Mechanics") })).await["course"]["enrolments"]
        .clone()
}

each_database! {
    async fn r32_people_are_enrolled_with_date_and_granter(start: Start) {
        let world = start.with(campus).await;
        let mut input = people(&world, "Mechanics", &["lea", "ann", "del", "lea"]);
        let nobody = json!(entity::id::UserId(999_999).global().as_str());
        input["userIds"].as_array_mut().expect("a list").insert(1, nobody.clone());
        let done = world.done("writer", "enrolInCourse", input, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["lea ENROLLED", "? NOT_FOUND", "ann ENROLLED", "? NOT_FOUND"]);
        assert_eq!((&done["course"]["title"], &done["outcomes"][1]["userId"]), (&json!("Mechanics"), &nobody));
        let enrolled = enrolled(&world).await;
        assert_eq!(names(&enrolled), ["ann", "lea"]);
        assert_eq!(enrolled["nodes"][0]["grantedBy"]["displayName"], "writer");
    }

    async fn r32_enrolling_again_keeps_date_and_granter(start: Start) {
        let world = start.with(|it| campus(it).enrol_in_course("Mechanics", &["ann"])).await;
        let before = enrolled(&world).await;
        let done = world.done("writer", "enrolInCourse", people(&world, "Mechanics", &["ann", "bob"]), OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann ALREADY_ENROLLED", "bob ENROLLED"]);
        let after = enrolled(&world).await;
        assert_eq!((&after["nodes"][0], names(&after)), (&before["nodes"][0], vec!["ann".to_owned(), "bob".to_owned()]));
    }

    async fn r32_unenrolling_keeps_progress_and_coming_back_resumes_it(start: Start) {
        let world = start
            .with(|it| campus(it).enrol_in_course("Mechanics", &["ann", "bob"]).progress("ann", "Mechanics", 60))
            .await;
        let before = world.dump().await;
        let input = people(&world, "Mechanics", &["ann", "lea", "del"]);
        let done = world.done("writer", "unenrolFromCourse", input, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann UNENROLLED", "lea NOT_ENROLLED", "? NOT_FOUND"]);
        let changed = before.changes_until(&world.dump().await);
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["course_enrolments", "events"]);
        assert_eq!(names(&enrolled(&world).await), ["bob"]);
        world.done("writer", "enrolInCourse", people(&world, "Mechanics", &["ann"]), OUTCOMES).await;
        let query = "query($id: ID!) { course(id: $id) { progress { nodes { percent user { displayName } } } } }";
        let read = world.read("owner", query, json!({ "id": world.course("Mechanics") })).await;
        assert_eq!(read["course"]["progress"]["nodes"], json!([{ "percent": 60, "user": { "displayName": "ann" } }]));
    }

    async fn r32_leaving_a_group_does_not_touch_them(start: Start) {
        let world = start.with(|it| campus(it).enrol_in_course("Mechanics", &["ann"])).await;
        let leave = json!({ "userId": world.user("ann"), "groupId": world.group("Physics") });
        world.done("owner", "removeUserFromGroup", leave, "outcome").await;
        assert_eq!(names(&enrolled(&world).await), ["ann"]);
        world.done("owner", "deleteUser", json!({ "userId": world.user("ann") }), "outcome").await;
        assert_eq!(names(&enrolled(&world).await), ["ann"], "the deleted keep theirs (R9.6)");
    }

    async fn r32_nobody_and_too_many_are_refused(start: Start) {
        let world = start.with(campus).await;
        for mutation in ["enrolInCourse", "unenrolFromCourse"] {
            let answer = world.refused("writer", mutation, people(&world, "Mechanics", &[])).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "userIds"), "{mutation}");
            let crowd = people(&world, "Mechanics", &["ann"; 10_001]);
            assert_eq!(world.refused("writer", mutation, crowd).await.refused(), "BATCH_TOO_LARGE", "{mutation}");
        }
        let most = people(&world, "Mechanics", &["ann"; 10_000]);
        let done = world.done("writer", "enrolInCourse", most, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann ENROLLED"]);
    }
}
