//! R8: sessions are made and changed by who may write for their owner group.

use serde_json::{Value, json};

use super::{bad_titles, campus, in_hours, names, participants, participants_of, ranked, with};
use crate::common::{World, each_database};

const SESSION: &str =
    "session { id title path { title } group { name } mainInstructor { displayName } startsAt endsAt
    ended capturedAt audienceKind audienceGroups { name } coInstructors { rank user { displayName } }
    captures { nodes { carriedBy user { displayName } } } }";

/// A session of Basics in Physics, from yesterday until tomorrow.
fn session(world: &World) -> Value {
    json!({ "pathId": world.path("Basics"), "groupId": world.group("Physics"), "title": "Summer",
        "startsAt": in_hours(world, -24), "endsAt": in_hours(world, 24), "audienceKind": "DYNAMIC" })
}

each_database! {
    async fn r8_a_session_is_made_with_its_audience(start: Start) {
        let world = start.with(campus).await;
        let physics = world.group("Physics");
        let input = with(&session(&world), json!({ "title": " Summer ", "audienceGroupIds": [physics, physics],
            "coInstructorIds": world.users(&["coach", "ann", "coach"]) }));
        let made = world.done("writer", "createSession", input, SESSION).await;
        let made = &made["session"];
        assert_eq!((&made["title"], &made["path"]["title"]), (&json!("Summer"), &json!("Basics")));
        assert_eq!((&made["group"]["name"], &made["audienceKind"]), (&json!("Physics"), &json!("DYNAMIC")));
        assert_eq!(made["mainInstructor"]["displayName"], "writer");
        assert_eq!(ranked(&made["coInstructors"]), ["1 coach", "2 ann"], "in order, each once");
        assert_eq!(made["audienceGroups"], json!([{ "name": "Physics" }]));
        assert_eq!((&made["ended"], &made["capturedAt"]), (&json!(false), &Value::Null));
        assert_eq!(participants_of(&world, &made["id"]).await, ["ann GROUP", "bob GROUP"]);
        let query = format!("query($id: ID!) {{ {} }}", SESSION.replacen("session", "session(id: $id)", 1));
        assert_eq!(&world.read("owner", &query, json!({ "id": made["id"] })).await["session"], made);
    }

    async fn what_is_finer_than_a_microsecond_is_left_out_on_both_databases(start: Start) {
        let world = start.with(campus).await;
        let input = with(&session(&world), json!({ "startsAt": "2026-01-31T08:00:00.123456789Z", "endsAt": "2100-01-31T08:00:00.999999999Z" }));
        let made = world.done("writer", "createSession", input, SESSION).await;
        let times = [&made["session"]["startsAt"], &made["session"]["endsAt"]].map(|time| time.as_str().expect("a time").to_owned());
        assert_eq!(times, ["2026-01-31T08:00:00.123456+00:00", "2100-01-31T08:00:00.999999+00:00"]);
    }

    async fn r8_a_session_without_groups_has_nobody_yet(start: Start) {
        let world = start.with(campus).await;
        let made = world.done("writer", "createSession", session(&world), SESSION).await;
        assert_eq!(made["session"]["audienceGroups"], json!([]));
        assert_eq!(participants_of(&world, &made["session"]["id"]).await, Vec::<String>::new());
    }

    async fn r8_a_static_session_captures_its_people_when_it_is_made(start: Start) {
        let world = start.with(campus).await;
        let input = with(&session(&world), json!({ "audienceKind": "STATIC", "audienceGroupIds": [world.group("Physics")] }));
        let made = world.done("writer", "createSession", input, SESSION).await;
        assert_eq!(participants_of(&world, &made["session"]["id"]).await, ["ann CAPTURED", "bob CAPTURED"]);
        assert_eq!(made["session"]["capturedAt"], Value::Null, "captured by its audience, not by its end");
    }

    async fn r8_a_session_made_after_its_end_is_captured_at_once(start: Start) {
        let world = start.with(campus).await;
        for kind in ["DYNAMIC", "STATIC"] {
            let over = json!({ "endsAt": in_hours(&world, -1), "audienceKind": kind,
                "audienceGroupIds": [world.group("Physics")] });
            let made = world.done("writer", "createSession", with(&session(&world), over), SESSION).await;
            let made = &made["session"];
            assert_eq!((&made["ended"], made["capturedAt"].is_string()), (&json!(true), true), "{kind}");
            assert_eq!(names(&made["captures"]), ["ann", "bob"], "{kind}");
        }
    }

    async fn r8_a_session_has_a_start_and_then_an_end(start: Start) {
        let world = start.with(campus).await;
        let spring = json!({ "sessionId": world.session("Spring") });
        for (dates, path) in [
            (json!({ "startsAt": in_hours(&world, 24), "endsAt": in_hours(&world, 24) }), "endsAt"),
            (json!({ "startsAt": in_hours(&world, 48), "endsAt": in_hours(&world, 24) }), "endsAt"),
            (json!({ "startsAt": "1969-12-31T23:59:59Z" }), "startsAt"),
        ] {
            for (mutation, input) in [("createSession", session(&world)), ("updateSession", spring.clone())] {
                let answer = world.refused("writer", mutation, with(&input, dates.clone())).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", path), "{mutation} {dates}");
            }
        }
        for no_time in ["2027-02-29T00:00:00Z", "tomorrow", "2027-01-01"] {
            let query = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
            let input = with(&session(&world), json!({ "endsAt": no_time }));
            let answer = world.ask("writer", query, json!({ "input": input })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{no_time}");
        }
        assert_eq!(world.tables().await.sessions.len(), 1);
    }

    async fn r4_an_author_makes_only_sessions_that_they_instruct(start: Start) {
        let world = start.with(campus).await;
        let anns = with(&session(&world), json!({ "mainInstructorId": world.user("ann") }));
        let answer = world.refused("writer", "createSession", anns.clone()).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["Physics"]));
        let beside = with(&anns, json!({ "coInstructorIds": world.users(&["writer"]) }));
        let made = world.done("writer", "createSession", beside, SESSION).await;
        assert_eq!(made["session"]["mainInstructor"]["displayName"], "ann");
        world.done("head", "createSession", anns, SESSION).await;
    }

    async fn what_a_session_is_made_of_has_to_be_seen(start: Start) {
        let world = start.with(campus).await;
        for (who, change, code, path) in [
            ("writer", json!({ "pathId": world.path("Secrets") }), "NOT_FOUND", "pathId"),
            ("writer", json!({ "groupId": world.group("Lab") }), "NOT_FOUND", "groupId"),
            ("writer", json!({ "audienceGroupIds": [world.group("Arts"), world.group("Lab")] }), "NOT_FOUND", "audienceGroupIds.1"),
            ("writer", json!({ "groupId": world.group("Arts") }), "FORBIDDEN", ""),
            ("coach", json!({}), "FORBIDDEN", ""),
            ("dean", json!({}), "NOT_FOUND", "pathId"),
            ("ann", json!({}), "FORBIDDEN", ""),
            ("writer", json!({ "audienceGroupIds": vec![world.group("Physics"); 1_001] }), "BAD_INPUT", "audienceGroupIds"),
        ] {
            let answer = world.refused(who, "createSession", with(&session(&world), change.clone())).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{who} {change}");
        }
        let own = json!({ "pathId": world.path("Secrets"), "groupId": world.group("Lab"),
            "audienceGroupIds": [world.group("Lab")] });
        let made = world.done("head", "createSession", with(&session(&world), own), SESSION).await;
        assert_eq!(participants_of(&world, &made["session"]["id"]).await, ["lea GROUP"]);
    }

    async fn r12_nobody_stands_beside_themselves_and_no_place_is_for_the_deleted(start: Start) {
        let world = start.with(campus).await;
        for (people, code, path) in [
            (json!({ "coInstructorIds": world.users(&["coach", "writer"]) }), "BAD_INPUT", "coInstructorIds.1"),
            (json!({ "coInstructorIds": world.users(&["del"]) }), "USER_DELETED", "coInstructorIds.0"),
            (json!({ "mainInstructorId": world.user("del") }), "USER_DELETED", "mainInstructorId"),
            (json!({ "coInstructorIds": vec![world.user("coach"); 101] }), "BAD_INPUT", "coInstructorIds"),
        ] {
            let who = if code == "USER_DELETED" { "owner" } else { "writer" };
            let answer = world.refused(who, "createSession", with(&session(&world), people.clone())).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{people}");
        }
    }

    async fn a_bad_title_is_refused(start: Start) {
        let world = start.with(campus).await;
        let spring = json!({ "sessionId": world.session("Spring") });
        for title in bad_titles() {
            for (mutation, input) in [("createSession", session(&world)), ("updateSession", spring.clone())] {
                let answer = world.refused("writer", mutation, with(&input, json!({ "title": title }))).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "title"), "{mutation}");
            }
        }
    }

    async fn a_session_is_changed_field_by_field(start: Start) {
        let world = start.with(campus).await;
        let spring = json!({ "sessionId": world.session("Spring") });
        let before = world.dump().await;
        let as_it_was = world.done("writer", "updateSession", spring.clone(), SESSION).await;
        assert_eq!(before, world.dump().await);
        let renamed = world.done("writer", "updateSession", with(&spring, json!({ "title": "Thaw" })), SESSION).await;
        assert_eq!(renamed["session"], with(&as_it_was["session"], json!({ "title": "Thaw" })));
        let (start, end) = (in_hours(&world, 1), in_hours(&world, 2));
        let moved = with(&spring, json!({ "startsAt": start, "endsAt": end }));
        let moved = world.done("writer", "updateSession", moved, SESSION).await;
        assert_eq!(moved["session"], with(&renamed["session"], json!({ "startsAt": start, "endsAt": end })));
        for field in ["title", "startsAt", "endsAt", "groupId"] {
            let answer = world.refused("writer", "updateSession", with(&spring, json!({ field: null }))).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", field));
        }
    }

    async fn r4_another_owner_group_takes_a_right_there_too(start: Start) {
        let world = start.with(campus).await;
        let to = |group: &str| json!({ "sessionId": world.session("Spring"), "groupId": world.group(group) });
        for (who, group, code, about) in [
            ("writer", "Arts", "FORBIDDEN", vec!["Arts"]),
            ("dean", "Arts", "NOT_FOUND", vec![]),
            ("writer", "Lab", "NOT_FOUND", vec![]),
        ] {
            let answer = world.refused(who, "updateSession", to(group)).await;
            assert_eq!((answer.refused(), answer.about()), (code, about), "{who} to {group}");
        }
        let moved = world.done("deputy", "updateSession", to("Arts"), SESSION).await;
        assert_eq!(moved["session"]["group"]["name"], "Arts");
        assert_eq!(participants(&world, "Spring").await, ["ann GROUP", "bob GROUP"], "the audience stays");
    }
}
