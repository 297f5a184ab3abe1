//! R8: people are enrolled in a session individually and excluded from it, each with an outcome of their own.

use roster::graphql::id::GlobalId;
use roster::organisation::Organisation;
use serde_json::{Value, json};

use super::{attendees, campus, outcomes, participants, trainers};
use crate::common::{World, each_database};

const OUTCOMES: &str = "session { title } outcomes { userId outcome user { displayName } }";

/// The campus, where ann and bob have seats in the next and in the last slot of Spring.
fn seated(it: Organisation) -> Organisation {
    campus(it)
        .slot("Sunday", "Spring", -24, None)
        .attend("Sunday", &["ann", "bob"])
        .attend("Monday", &["ann", "bob"])
        .train("Monday", &["ann"])
        .progress("ann", "Mechanics", 40)
}

fn people(world: &World, session: &str, users: &[&str]) -> Value {
    json!({ "sessionId": world.session(session), "userIds": world.users(users) })
}

/// An id that nobody has.
fn nobody() -> Value {
    json!(entity::id::UserId(999_999).global().as_str())
}

each_database! {
    async fn r8_the_individually_enrolled_take_part_whatever_groups_they_are_in(start: Start) {
        let world = start.with(campus).await;
        let mut input = people(&world, "Spring", &["lea", "ann", "lea", "del"]);
        input["userIds"].as_array_mut().expect("a list").push(nobody());
        let done = world.done("writer", "enrolInSession", input, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["lea ENROLLED", "ann ENROLLED", "? NOT_FOUND", "? NOT_FOUND"]);
        assert_eq!((&done["session"]["title"], &done["outcomes"][3]["userId"]), (&json!("Spring"), &nobody()));
        assert_eq!(participants(&world, "Spring").await, ["ann INDIVIDUAL", "bob GROUP", "lea INDIVIDUAL"]);
        let query = "query($id: ID!) { session(id: $id) { enrolments {
            nodes { enrolledAt user { displayName } grantedBy { displayName } } } } }";
        let read = world.read("owner", query, json!({ "id": world.session("Spring") })).await;
        let first = &read["session"]["enrolments"]["nodes"][0];
        assert_eq!((&first["user"]["displayName"], &first["grantedBy"]["displayName"]), (&json!("ann"), &json!("writer")));
    }

    async fn r8_enrolling_again_keeps_date_and_granter(start: Start) {
        let world = start.with(|it| campus(it).enrol("Spring", &["lea"])).await;
        let before = world.dump().await;
        let done = world.done("writer", "enrolInSession", people(&world, "Spring", &["lea"]), OUTCOMES).await;
        assert_eq!(outcomes(&done), ["lea ALREADY_ENROLLED"]);
        assert_eq!(before, world.dump().await);
    }

    async fn r8_who_is_excluded_has_to_be_included_first(start: Start) {
        let world = start.with(|it| campus(it).exclude("Spring", &["lea"])).await;
        let before = world.dump().await;
        let done = world.done("writer", "enrolInSession", people(&world, "Spring", &["lea"]), OUTCOMES).await;
        assert_eq!(outcomes(&done), ["lea EXCLUDED"]);
        assert_eq!(before, world.dump().await);
        world.done("writer", "includeInSession", people(&world, "Spring", &["lea"]), OUTCOMES).await;
        let done = world.done("writer", "enrolInSession", people(&world, "Spring", &["lea"]), OUTCOMES).await;
        assert_eq!(outcomes(&done), ["lea ENROLLED"]);
    }

    async fn r8_unenrolling_ends_a_participation_that_nothing_else_carries(start: Start) {
        let world = start
            .with(|it| {
                seated(it)
                    .enrol("Spring", &["ann", "lea"])
                    .slot("Evening", "Spring", 30, None)
                    .attend("Evening", &["lea"])
                    .attend("Sunday", &["lea"])
                    .progress("lea", "Optics", 80)
            })
            .await;
        let before = world.dump().await;
        let input = people(&world, "Spring", &["ann", "lea", "bob", "del"]);
        let done = world.done("writer", "unenrolFromSession", input, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann UNENROLLED", "lea UNENROLLED", "bob NOT_ENROLLED", "? NOT_FOUND"]);
        assert_eq!(participants(&world, "Spring").await, ["ann GROUP", "bob GROUP"]);
        assert_eq!(attendees(&world, "Monday").await, ["ann", "bob"], "Physics still carries ann");
        assert_eq!(attendees(&world, "Evening").await, Vec::<String>::new());
        assert_eq!(attendees(&world, "Sunday").await, ["ann", "bob", "lea"], "it has begun");
        let changed = before.changes_until(&world.dump().await);
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["session_enrolments", "slot_registrations"], "progress is kept");
        // Coming back resumes.
        world.done("writer", "enrolInSession", people(&world, "Spring", &["lea"]), OUTCOMES).await;
        assert_eq!(participants(&world, "Spring").await, ["ann GROUP", "bob GROUP", "lea INDIVIDUAL"]);
        assert_eq!(attendees(&world, "Evening").await, Vec::<String>::new(), "but not into the seats");
    }

    async fn r8_excluding_drops_whatever_carries(start: Start) {
        let world = start.with(|it| seated(it).enrol("Spring", &["ann"])).await;
        let before = world.dump().await;
        let input = people(&world, "Spring", &["ann", "lea", "del"]);
        let done = world.done("writer", "excludeFromSession", input, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann EXCLUDED", "lea EXCLUDED", "? NOT_FOUND"]);
        assert_eq!(participants(&world, "Spring").await, ["bob GROUP"]);
        assert_eq!(attendees(&world, "Monday").await, ["bob"]);
        assert_eq!(trainers(&world, "Monday").await, ["ann"], "who trains need not take part");
        assert_eq!(attendees(&world, "Sunday").await, ["ann", "bob"], "it has begun");
        let changed = before.changes_until(&world.dump().await);
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["session_exclusions", "slot_registrations"], "progress is kept");
    }

    async fn r8_excluding_again_keeps_date_and_actor(start: Start) {
        let world = start.with(|it| campus(it).exclude("Spring", &["ann"])).await;
        let before = world.dump().await;
        let done = world.done("writer", "excludeFromSession", people(&world, "Spring", &["ann"]), OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann ALREADY_EXCLUDED"]);
        assert_eq!(before, world.dump().await);
    }

    async fn r8_included_again_whatever_carried_counts_again(start: Start) {
        let world = start.with(|it| campus(it).enrol("Spring", &["lea"]).exclude("Spring", &["ann", "lea"])).await;
        assert_eq!(participants(&world, "Spring").await, ["bob GROUP"]);
        let input = people(&world, "Spring", &["ann", "lea", "bob", "del"]);
        let done = world.done("writer", "includeInSession", input, OUTCOMES).await;
        assert_eq!(outcomes(&done), ["ann INCLUDED", "lea INCLUDED", "bob NOT_EXCLUDED", "? NOT_FOUND"]);
        assert_eq!(participants(&world, "Spring").await, ["ann GROUP", "bob GROUP", "lea INDIVIDUAL"]);
    }

    async fn r8_a_captured_person_is_excluded_and_included_again(start: Start) {
        use entity::kind::AudienceKind::Static;
        let world = start
            .with(|it| {
                campus(it)
                    .session("Fixed", "Basics", "Physics", "writer", Static)
                    .audience("Fixed", &["Physics"])
                    .slot("Tuesday", "Fixed", 48, None)
                    .attend("Tuesday", &["ann", "bob"])
            })
            .await;
        world.done("writer", "excludeFromSession", people(&world, "Fixed", &["ann"]), OUTCOMES).await;
        assert_eq!(participants(&world, "Fixed").await, ["bob CAPTURED"]);
        assert_eq!(attendees(&world, "Tuesday").await, ["bob"]);
        world.done("writer", "includeInSession", people(&world, "Fixed", &["ann"]), OUTCOMES).await;
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED"]);
        assert_eq!(attendees(&world, "Tuesday").await, ["bob"]);
    }

    async fn r32_nobody_and_too_many_are_refused(start: Start) {
        let world = start.with(campus).await;
        for mutation in ["enrolInSession", "unenrolFromSession", "excludeFromSession", "includeInSession"] {
            let answer = world.refused("writer", mutation, people(&world, "Spring", &[])).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "userIds"), "{mutation}");
            let crowd = people(&world, "Spring", &["ann"; 10_001]);
            assert_eq!(world.refused("writer", mutation, crowd).await.refused(), "BATCH_TOO_LARGE", "{mutation}");
        }
    }
}
