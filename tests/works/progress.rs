//! R8, R32: progress is recorded by the person and by those who write for the course; it outlives every way in.

use serde_json::{Value, json};

use super::{at, campus};
use crate::common::{World, each_database};

const PROGRESS: &str =
    "progress { percent startedAt updatedAt completedAt user { displayName } course { title } }";

fn progress(world: &World, user: &str, course: &str, percent: i64) -> Value {
    json!({ "userId": world.user(user), "courseId": world.course(course), "percent": percent })
}

each_database! {
    async fn progress_begins_goes_on_and_is_completed_once(start: Start) {
        let world = start.with(campus).await;
        let record = async |percent| {
            let input = progress(&world, "ann", "Mechanics", percent);
            world.done("ann", "recordProgress", input, PROGRESS).await["progress"].clone()
        };
        let begun = record(0).await;
        assert_eq!((&begun["user"]["displayName"], &begun["course"]["title"]), (&json!("ann"), &json!("Mechanics")));
        assert_eq!((&begun["percent"], &begun["completedAt"]), (&json!(0), &Value::Null));
        let half = record(50).await;
        assert_eq!((&half["percent"], &half["startedAt"]), (&json!(50), &begun["startedAt"]));
        assert_ne!(half["updatedAt"], begun["updatedAt"]);
        let done = record(100).await;
        assert_eq!(done["completedAt"], done["updatedAt"]);
        let again = record(100).await;
        assert_eq!((&again["completedAt"], &again["startedAt"]), (&done["completedAt"], &begun["startedAt"]));
        let taken_up = record(10).await;
        assert_eq!((&taken_up["percent"], &taken_up["completedAt"]), (&json!(10), &Value::Null));
        let query = "query($id: ID!) { course(id: $id) { progress { nodes { percent } } } }";
        let read = world.read("owner", query, json!({ "id": world.course("Mechanics") })).await;
        assert_eq!(read["course"]["progress"]["nodes"], json!([{ "percent": 10 }]));
    }

    async fn progress_is_a_percentage(start: Start) {
        let world = start.with(campus).await;
        for percent in [-1, 101, i64::from(i32::MAX)] {
            let answer = world.refused("ann", "recordProgress", progress(&world, "ann", "Mechanics", percent)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "percent"), "{percent}");
        }
        let query = "mutation($input: RecordProgressInput!) { recordProgress(input: $input) { progress { percent } } }";
        for percent in [json!(99_999_999_999_i64), json!(50.5), json!("50"), Value::Null] {
            let mut input = progress(&world, "ann", "Mechanics", 0);
            input["percent"] = percent.clone();
            let answer = world.ask("ann", query, json!({ "input": input })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{percent}");
        }
        assert_eq!(world.tables().await.progress.len(), 0);
    }

    async fn r4_others_record_it_who_write_for_the_course(start: Start) {
        let world = start.with(campus).await;
        for who in ["writer", "colleague", "head", "owner"] {
            let done = world.done(who, "recordProgress", progress(&world, "ann", "Mechanics", 30), PROGRESS).await;
            assert_eq!(done["progress"]["user"]["displayName"], "ann", "{who}");
        }
        for who in ["bob", "coach", "registrar"] {
            let answer = world.refused(who, "recordProgress", progress(&world, "ann", "Mechanics", 40)).await;
            assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["Physics"]), "{who}");
        }
        let answer = world.refused("writer", "recordProgress", progress(&world, "lea", "Lasers", 40)).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "courseId"));
        let answer = world.refused("dean", "recordProgress", progress(&world, "ann", "Mechanics", 40)).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "courseId"));
        for (who, code) in [("writer", "NOT_FOUND"), ("owner", "USER_DELETED")] {
            let answer = world.refused(who, "recordProgress", progress(&world, "del", "Mechanics", 40)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, "userId"));
        }
    }

    async fn a_course_out_of_sight_is_known_to_who_takes_it(start: Start) {
        use entity::kind::AudienceKind::Dynamic;
        let world = start
            .with(|it| {
                campus(it)
                    .enrol_in_course("Lasers", &["ann"])
                    .session("Night", "Secrets", "Lab", "head", Dynamic)
                    .enrol("Night", &["bob"])
                    .users(&["eve", "cas"])
                    .learners("Physics", &["eve", "cas"])
                    .enrol("Night", &["cas"])
                    .exclude("Night", &["cas"])
                    .progress("coach", "Lasers", 20)
            })
            .await;
        for who in ["eve", "cas", "registrar"] {
            let answer = world.refused(who, "recordProgress", progress(&world, who, "Lasers", 40)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "courseId"), "{who}");
        }
        // Enrolled in it, in a session of a path with it, begun before, or a member of its group.
        for who in ["ann", "bob", "coach", "lea"] {
            world.done(who, "recordProgress", progress(&world, who, "Lasers", 40), PROGRESS).await;
        }
    }

    async fn r8_leaving_and_coming_back_resumes_progress(start: Start) {
        let world = start.with(campus).await;
        world.done("lea", "recordProgress", progress(&world, "lea", "Lasers", 70), PROGRESS).await;
        let spring = json!({ "sessionId": world.session("Spring"), "userIds": world.users(&["ann"]) });
        world.done("ann", "recordProgress", progress(&world, "ann", "Optics", 35), PROGRESS).await;
        let before = world.tables().await.progress;
        for mutation in ["excludeFromSession", "includeInSession"] {
            world.done("writer", mutation, spring.clone(), "outcomes { outcome }").await;
        }
        assert_eq!(world.tables().await.progress, before);
        let done = world.done("ann", "recordProgress", progress(&world, "ann", "Optics", 36), PROGRESS).await;
        let started = before.iter().find(|row| row.user_id == world.user_id("ann")).expect("progress").started_at;
        assert_eq!(done["progress"]["startedAt"], at(started));
    }
}
