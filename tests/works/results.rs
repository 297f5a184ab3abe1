//! What people reach: results in activities, and certificates of courses.

use serde_json::{Value, json};

use super::{campus, names};
use crate::common::{World, each_database};

const RESULT: &str = "result { id score recordedAt user { displayName } activity { title } }";
const CERTIFICATE: &str = "certificate { id issuedAt user { displayName } course { title } }";

fn result(world: &World, user: &str, activity: &str, score: i64) -> Value {
    json!({ "userId": world.user(user), "activityId": world.activity(activity), "score": score })
}

fn certificate(world: &World, user: &str, course: &str) -> Value {
    json!({ "userId": world.user(user), "courseId": world.course(course) })
}

each_database! {
    async fn every_result_is_kept(start: Start) {
        let world = start.with(campus).await;
        for score in [0, 40, 100] {
            let done = world.done("ann", "recordResult", result(&world, "ann", "Quiz", score), RESULT).await;
            let told = [&done["result"]["user"]["displayName"], &done["result"]["activity"]["title"]];
            assert_eq!((told, &done["result"]["score"]), ([&json!("ann"), &json!("Quiz")], &json!(score)));
        }
        let query = "query($id: ID!) { activity(id: $id) { results { nodes { score } } } }";
        let read = world.read("owner", query, json!({ "id": world.activity("Quiz") })).await;
        assert_eq!(read["activity"]["results"]["nodes"].as_array().map(Vec::len), Some(3));
    }

    async fn a_score_is_between_0_and_100(start: Start) {
        let world = start.with(campus).await;
        for score in [-1, 101] {
            let answer = world.refused("ann", "recordResult", result(&world, "ann", "Quiz", score)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "score"), "{score}");
        }
    }

    async fn r4_others_record_results_who_write_for_the_course(start: Start) {
        let world = start.with(|it| campus(it).enrol_in_course("Lasers", &["bob"])).await;
        for (who, user, activity) in
            [("writer", "ann", "Quiz"), ("colleague", "ann", "Quiz"), ("head", "lea", "Test"), ("bob", "bob", "Test")]
        {
            world.done(who, "recordResult", result(&world, user, activity, 50), RESULT).await;
        }
        for (who, user, activity, code, path) in [
            ("bob", "ann", "Quiz", "FORBIDDEN", ""),
            ("coach", "ann", "Quiz", "FORBIDDEN", ""),
            ("lea", "ann", "Test", "NOT_FOUND", "userId"),
            ("bob", "lea", "Test", "NOT_FOUND", "activityId"),
            ("ann", "ann", "Test", "NOT_FOUND", "activityId"),
            ("writer", "lea", "Test", "NOT_FOUND", "activityId"),
            ("writer", "del", "Quiz", "NOT_FOUND", "userId"),
            ("owner", "del", "Quiz", "USER_DELETED", "userId"),
        ] {
            let answer = world.refused(who, "recordResult", result(&world, user, activity, 50)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{who} {user} {activity}");
        }
    }

    async fn a_certificate_is_issued_once(start: Start) {
        let world = start.with(campus).await;
        let first = world.done("writer", "issueCertificate", certificate(&world, "lea", "Mechanics"), CERTIFICATE).await;
        assert_eq!(first["certificate"]["user"]["displayName"], "lea");
        assert_eq!(first["certificate"]["course"]["title"], "Mechanics");
        let before = world.dump().await;
        let again = world.done("head", "issueCertificate", certificate(&world, "lea", "Mechanics"), CERTIFICATE).await;
        assert_eq!((&again, world.dump().await), (&first, before));
        world.done("colleague", "issueCertificate", certificate(&world, "ann", "Mechanics"), CERTIFICATE).await;
        let query = "query($id: ID!) { course(id: $id) { certificates { nodes { user { displayName } } } } }";
        let read = world.read("owner", query, json!({ "id": world.course("Mechanics") })).await;
        assert_eq!(names(&read["course"]["certificates"]), ["ann", "lea"]);
    }

    async fn r4_those_who_write_for_the_course_certify(start: Start) {
        let world = start.with(campus).await;
        for (who, user, course, code, path) in [
            ("ann", "ann", "Mechanics", "FORBIDDEN", ""),
            ("coach", "ann", "Mechanics", "FORBIDDEN", ""),
            ("lea", "lea", "Lasers", "FORBIDDEN", ""),
            ("ann", "ann", "Lasers", "NOT_FOUND", "courseId"),
            ("writer", "del", "Mechanics", "NOT_FOUND", "userId"),
            ("owner", "del", "Mechanics", "USER_DELETED", "userId"),
        ] {
            let answer = world.refused(who, "issueCertificate", certificate(&world, user, course)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{who} {user} {course}");
        }
    }
}
