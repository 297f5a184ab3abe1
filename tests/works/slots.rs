//! Classroom slots of a session: made, changed and deleted by who may change the session.

use serde_json::{Value, json};

use super::{attendees, bad_titles, campus, in_hours, trainers, with};
use crate::common::{World, each_database};

const SLOT: &str = "slot { id place startsAt endsAt capacity freeSeats session { title } }";

/// A slot of Spring, tomorrow.
fn slot(world: &World) -> Value {
    json!({ "sessionId": world.session("Spring"), "place": "Room 5",
        "startsAt": in_hours(world, 24), "endsAt": in_hours(world, 26) })
}

fn monday(world: &World, change: Value) -> Value {
    with(&json!({ "slotId": world.slot("Monday") }), change)
}

each_database! {
    async fn a_slot_has_a_place_a_time_and_seats(start: Start) {
        let world = start.with(campus).await;
        let made = world.done("writer", "createSlot", with(&slot(&world), json!({ "capacity": 3 })), SLOT).await;
        let made = &made["slot"];
        let expected = json!({ "id": made["id"], "place": "Room 5", "startsAt": in_hours(&world, 24),
            "endsAt": in_hours(&world, 26), "capacity": 3, "freeSeats": 3, "session": { "title": "Spring" } });
        assert_eq!(made, &expected);
        let query = "query($id: ID!) { session(id: $id) { slots { nodes { place } } } }";
        let read = world.read("owner", query, json!({ "id": world.session("Spring") })).await;
        assert_eq!(read["session"]["slots"]["nodes"].as_array().map(Vec::len), Some(2));
        let unlimited = world.done("head", "createSlot", slot(&world), SLOT).await;
        assert_eq!((&unlimited["slot"]["capacity"], &unlimited["slot"]["freeSeats"]), (&Value::Null, &Value::Null));
    }

    async fn what_is_no_slot_is_refused(start: Start) {
        let world = start.with(campus).await;
        for (change, path) in [
            (json!({ "capacity": 0 }), "capacity"),
            (json!({ "capacity": -1 }), "capacity"),
            (json!({ "startsAt": in_hours(&world, 26), "endsAt": in_hours(&world, 26) }), "endsAt"),
            (json!({ "startsAt": "1969-12-31T23:59:59Z" }), "startsAt"),
        ] {
            for (mutation, input) in [("createSlot", slot(&world)), ("updateSlot", monday(&world, json!({})))] {
                let answer = world.refused("writer", mutation, with(&input, change.clone())).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", path), "{mutation} {change}");
            }
        }
        for place in bad_titles() {
            for (mutation, input) in [("createSlot", slot(&world)), ("updateSlot", monday(&world, json!({})))] {
                let answer = world.refused("writer", mutation, with(&input, json!({ "place": place }))).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "place"), "{mutation}");
            }
        }
        for field in ["place", "startsAt", "endsAt"] {
            let answer = world.refused("writer", "updateSlot", monday(&world, json!({ field: null }))).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", field));
        }
    }

    async fn absent_keeps_and_null_clears(start: Start) {
        let world = start.with(campus).await;
        let before = world.dump().await;
        let kept = world.done("writer", "updateSlot", monday(&world, json!({})), SLOT).await;
        assert_eq!((&kept["slot"]["place"], &kept["slot"]["capacity"]), (&json!("Monday"), &json!(2)));
        assert_eq!(before, world.dump().await);
        let moved = monday(&world, json!({ "place": "Room 6", "endsAt": in_hours(&world, 30) }));
        let moved = world.done("writer", "updateSlot", moved, SLOT).await;
        let expected = with(&kept["slot"], json!({ "place": "Room 6", "endsAt": in_hours(&world, 30) }));
        assert_eq!(moved["slot"], expected);
        let open = world.done("writer", "updateSlot", monday(&world, json!({ "capacity": null })), SLOT).await;
        assert_eq!(open["slot"], with(&expected, json!({ "capacity": null, "freeSeats": null })));
        let start = in_hours(&world, 29);
        let later = world.done("writer", "updateSlot", monday(&world, json!({ "startsAt": start })), SLOT).await;
        assert_eq!(later["slot"]["startsAt"], start);
    }

    async fn r8_no_slot_has_fewer_seats_than_are_taken(start: Start) {
        let world = start.with(|it| campus(it).attend("Monday", &["ann", "bob"]).train("Monday", &["coach"])).await;
        let answer = world.refused("writer", "updateSlot", monday(&world, json!({ "capacity": 1 }))).await;
        assert_eq!(answer.refused(), "SLOT_FULL");
        let three = world.done("writer", "updateSlot", monday(&world, json!({ "capacity": 3 })), SLOT).await;
        assert_eq!(three["slot"]["freeSeats"], 1);
        let two = world.done("writer", "updateSlot", monday(&world, json!({ "capacity": 2 })), SLOT).await;
        assert_eq!(two["slot"]["freeSeats"], 0, "who trains takes none");
    }

    async fn a_slot_that_has_started_only_changes_its_place(start: Start) {
        let world = start.with(|it| campus(it).slot("Now", "Spring", 0, Some(2)).attend("Now", &["ann"])).await;
        let now = json!({ "slotId": world.slot("Now") });
        for change in [
            json!({ "startsAt": in_hours(&world, 1), "endsAt": in_hours(&world, 2) }),
            json!({ "endsAt": in_hours(&world, 2) }),
            json!({ "capacity": 9 }),
            json!({ "capacity": null }),
        ] {
            let answer = world.refused("writer", "updateSlot", with(&now, change.clone())).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "slotId"), "{change}");
        }
        let moved = world.done("writer", "updateSlot", with(&now, json!({ "place": "Hall" })), SLOT).await;
        assert_eq!(moved["slot"]["place"], "Hall");
        let past = monday(&world, json!({ "startsAt": in_hours(&world, -1) }));
        let answer = world.refused("writer", "updateSlot", past).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "startsAt"));
    }

    async fn a_slot_to_come_is_deleted_with_everybody_in_it(start: Start) {
        let world = start
            .with(|it| {
                campus(it)
                    .slot("Tuesday", "Spring", 48, None)
                    .attend("Monday", &["ann", "bob"])
                    .train("Monday", &["coach", "ann"])
                    .attend("Tuesday", &["ann"])
                    .train("Tuesday", &["coach"])
            })
            .await;
        let done = world.done("writer", "deleteSlot", monday(&world, json!({})), "deletedSlotId").await;
        assert_eq!(done["deletedSlotId"], world.slot("Monday"));
        let query = "query($id: ID!) { slot(id: $id) { id } }";
        let read = world.read("owner", query, json!({ "id": world.slot("Monday") })).await;
        assert_eq!(read["slot"], Value::Null);
        assert_eq!(attendees(&world, "Tuesday").await, ["ann"]);
        assert_eq!(trainers(&world, "Tuesday").await, ["coach"]);
        assert_eq!(world.tables().await.slot_registrations.len(), 2);
        let answer = world.refused("writer", "deleteSlot", monday(&world, json!({}))).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "slotId"));
    }

    async fn r9_a_slot_that_has_started_is_kept_with_who_was_there(start: Start) {
        let world = start
            .with(|it| campus(it).slot("Now", "Spring", 0, None).slot("Sunday", "Spring", -24, None).attend("Now", &["ann"]))
            .await;
        for slot in ["Now", "Sunday"] {
            let answer = world.refused("owner", "deleteSlot", json!({ "slotId": world.slot(slot) })).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "slotId"), "{slot}");
        }
    }
}
