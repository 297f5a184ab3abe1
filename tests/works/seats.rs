//! R8: who gets a seat in a classroom, and who gives it up.

use entity::kind::Status::{Anonymized, Deactivated, Suspended};
use serde_json::{Value, json};

use super::{attendees, campus, trainers};
use crate::common::{World, each_database};

const SEATS: &str =
    "slot { freeSeats attendees { nodes { user { displayName } registeredBy { displayName } } } }";

fn seat(world: &World, slot: &str, user: &str, kind: &str) -> Value {
    json!({ "slotId": world.slot(slot), "userId": world.user(user), "kind": kind })
}

fn attending(world: &World, user: &str) -> Value {
    seat(world, "Monday", user, "ATTENDEE")
}

fn training(world: &World, user: &str) -> Value {
    seat(world, "Monday", user, "TRAINER")
}

each_database! {
    async fn r8_a_participant_is_registered_and_takes_a_seat(start: Start) {
        let world = start.with(|it| campus(it).enrol("Spring", &["lea"])).await;
        let done = world.done("writer", "registerForSlot", attending(&world, "ann"), SEATS).await;
        let ann = json!({ "user": { "displayName": "ann" }, "registeredBy": { "displayName": "writer" } });
        assert_eq!(done["slot"], json!({ "freeSeats": 1, "attendees": { "nodes": [ann] } }));
        let done = world.done("lea", "registerForSlot", attending(&world, "lea"), SEATS).await;
        assert_eq!(done["slot"]["freeSeats"], 0, "the individually enrolled too, by themselves");
    }

    async fn r8_who_takes_no_part_gets_no_seat(start: Start) {
        let world = start.with(|it| campus(it).exclude("Spring", &["bob"])).await;
        for who in ["lea", "coach", "bob", "writer"] {
            let answer = world.refused("writer", "registerForSlot", attending(&world, who)).await;
            assert_eq!(answer.refused(), "NOT_A_PARTICIPANT", "{who}");
        }
    }

    async fn r8_only_the_present_get_a_seat(start: Start) {
        let world = start
            .with(|it| {
                campus(it)
                    .users(&["sue", "dan", "ano"])
                    .learners("Physics", &["sue", "dan", "ano"])
                    .status("sue", Suspended)
                    .status("dan", Deactivated)
                    .status("ano", Anonymized)
            })
            .await;
        for who in ["dan", "ano"] {
            let answer = world.refused("writer", "registerForSlot", attending(&world, who)).await;
            assert_eq!(answer.refused(), "NOT_A_PARTICIPANT", "{who}");
            let answer = world.refused("writer", "registerForSlot", training(&world, who)).await;
            assert_eq!(answer.refused(), "INVALID_TRANSITION", "{who}");
        }
        world.done("writer", "registerForSlot", attending(&world, "sue"), SEATS).await;
        world.done("writer", "registerForSlot", training(&world, "sue"), SEATS).await;
        for kind in ["ATTENDEE", "TRAINER"] {
            let gone = seat(&world, "Monday", "del", kind);
            for mutation in ["registerForSlot", "unregisterFromSlot"] {
                for (who, code) in [("owner", "USER_DELETED"), ("writer", "NOT_FOUND")] {
                    let answer = world.refused(who, mutation, gone.clone()).await;
                    assert_eq!((answer.refused(), answer.path().as_str()), (code, "userId"), "{mutation}");
                }
            }
        }
    }

    async fn r8_a_full_slot_is_full(start: Start) {
        let world = start
            .with(|it| campus(it).enrol("Spring", &["lea"]).attend("Monday", &["ann", "bob"]).slot("Hall", "Spring", 24, None))
            .await;
        assert_eq!(world.refused("writer", "registerForSlot", attending(&world, "lea")).await.refused(), "SLOT_FULL");
        world.done("writer", "registerForSlot", training(&world, "lea"), SEATS).await;
        for who in ["ann", "bob", "lea"] {
            world.done("writer", "registerForSlot", seat(&world, "Hall", who, "ATTENDEE"), SEATS).await;
        }
        world.done("bob", "unregisterFromSlot", attending(&world, "bob"), SEATS).await;
        let done = world.done("lea", "registerForSlot", attending(&world, "lea"), SEATS).await;
        assert_eq!(done["slot"]["freeSeats"], 0);
    }

    async fn who_is_registered_already_stays_so(start: Start) {
        let world = start.with(|it| campus(it).attend("Monday", &["ann", "bob"]).train("Monday", &["coach"])).await;
        let before = world.dump().await;
        world.done("writer", "registerForSlot", attending(&world, "ann"), SEATS).await;
        world.done("writer", "registerForSlot", training(&world, "coach"), SEATS).await;
        world.done("writer", "unregisterFromSlot", attending(&world, "coach"), SEATS).await;
        assert_eq!(before, world.dump().await);
    }

    async fn who_attends_and_trains_gives_up_one_of_the_two(start: Start) {
        let world = start.with(|it| campus(it).attend("Monday", &["ann", "bob"]).train("Monday", &["ann"])).await;
        let done = world.done("writer", "unregisterFromSlot", attending(&world, "ann"), SEATS).await;
        assert_eq!(done["slot"]["freeSeats"], 1);
        assert_eq!((attendees(&world, "Monday").await, trainers(&world, "Monday").await), (vec!["bob".to_owned()], vec!["ann".to_owned()]));
        world.done("writer", "unregisterFromSlot", training(&world, "ann"), SEATS).await;
        assert_eq!(trainers(&world, "Monday").await, Vec::<String>::new());
    }

    async fn who_trains_needs_neither_part_nor_seat(start: Start) {
        let world = start.with(|it| campus(it).attend("Monday", &["ann", "bob"])).await;
        for who in ["coach", "lea", "ann"] {
            world.done("writer", "registerForSlot", training(&world, who), SEATS).await;
        }
        assert_eq!(trainers(&world, "Monday").await, ["ann", "coach", "lea"]);
        assert_eq!(attendees(&world, "Monday").await, ["ann", "bob"]);
    }

    async fn the_seats_of_a_slot_that_has_started_stay(start: Start) {
        let world = start.with(|it| campus(it).slot("Now", "Spring", 0, None).attend("Now", &["ann"]).train("Now", &["coach"])).await;
        for (mutation, input) in [
            ("registerForSlot", seat(&world, "Now", "bob", "ATTENDEE")),
            ("registerForSlot", seat(&world, "Now", "bob", "TRAINER")),
            ("unregisterFromSlot", seat(&world, "Now", "ann", "ATTENDEE")),
            ("unregisterFromSlot", seat(&world, "Now", "coach", "TRAINER")),
        ] {
            let answer = world.refused("writer", mutation, input).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "slotId"), "{mutation}");
        }
    }

    async fn people_register_themselves_to_attend_and_nobody_else(start: Start) {
        let world = start.with(|it| campus(it).attend("Monday", &["ann"])).await;
        for (mutation, who, input, code) in [
            ("registerForSlot", "ann", attending(&world, "bob"), "FORBIDDEN"),
            ("unregisterFromSlot", "bob", attending(&world, "ann"), "FORBIDDEN"),
            ("registerForSlot", "ann", training(&world, "ann"), "FORBIDDEN"),
            ("unregisterFromSlot", "ann", training(&world, "ann"), "FORBIDDEN"),
            ("registerForSlot", "coach", attending(&world, "bob"), "FORBIDDEN"),
            ("registerForSlot", "colleague", attending(&world, "bob"), "FORBIDDEN"),
            ("registerForSlot", "coach", attending(&world, "coach"), "NOT_A_PARTICIPANT"),
        ] {
            let answer = world.refused(who, mutation, input).await;
            assert_eq!(answer.refused(), code, "{who} {mutation}");
        }
        world.done("bob", "registerForSlot", attending(&world, "bob"), SEATS).await;
        world.done("ann", "unregisterFromSlot", attending(&world, "ann"), SEATS).await;
        assert_eq!(attendees(&world, "Monday").await, ["bob"]);
    }

    async fn a_slot_of_a_private_group_is_known_to_who_takes_part(start: Start) {
        use entity::kind::AudienceKind::Dynamic;
        let world = start
            .with(|it| {
                campus(it)
                    .session("Night", "Secrets", "Lab", "head", Dynamic)
                    .audience("Night", &["Lab"])
                    .enrol("Night", &["bob"])
                    .slot("Midnight", "Night", 24, None)
            })
            .await;
        let at_midnight = |who: &str| seat(&world, "Midnight", who, "ATTENDEE");
        let answer = world.refused("ann", "registerForSlot", at_midnight("ann")).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "slotId"));
        world.done("bob", "registerForSlot", at_midnight("bob"), SEATS).await;
        let answer = world.refused("bob", "unregisterFromSlot", at_midnight("lea")).await;
        assert_eq!(answer.refused(), "NOT_FOUND", "his part is his own alone");
        world.done("lea", "registerForSlot", at_midnight("lea"), SEATS).await;
    }
}
