//! R13: activities are not handed over; anyone who may see one can copy it and owns the copy.

use serde_json::{Value, json};

use super::{bad_titles, campus, with};
use crate::common::{World, each_database};

const ACTIVITY: &str = "activity { id title course { title } owner { displayName } copiedFrom { title } }";

fn quiz(world: &World, change: Value) -> Value {
    with(&json!({ "activityId": world.activity("Quiz") }), change)
}

fn told(activity: &Value) -> [&str; 3] {
    [&activity["title"], &activity["course"]["title"], &activity["owner"]["displayName"]]
        .map(|text| text.as_str().expect("a text"))
}

each_database! {
    async fn an_activity_is_made_by_who_may_change_the_course(start: Start) {
        let world = start.with(|it| campus(it).course_co_authors("Mechanics", &["colleague"])).await;
        let input = json!({ "courseId": world.course("Mechanics"), "title": " Exam " });
        for who in ["writer", "colleague", "head"] {
            let made = world.done(who, "createActivity", input.clone(), ACTIVITY).await;
            assert_eq!(told(&made["activity"]), ["Exam", "Mechanics", who]);
            assert_eq!(made["activity"]["copiedFrom"], Value::Null);
        }
        let query = "query($id: ID!) { course(id: $id) { activities { nodes { title } } } }";
        let read = world.read("owner", query, json!({ "id": world.course("Mechanics") })).await;
        assert_eq!(read["course"]["activities"]["nodes"].as_array().map(Vec::len), Some(4));
    }

    async fn r13_whoever_sees_an_activity_copies_it_and_owns_the_copy(start: Start) {
        let world = start.with(campus).await;
        for who in ["ann", "head", "coach"] {
            let copied = world.done(who, "copyActivity", quiz(&world, json!({})), ACTIVITY).await;
            assert_eq!(told(&copied["activity"]), ["Quiz", "Mechanics", who]);
            assert_eq!(copied["activity"]["copiedFrom"]["title"], "Quiz");
        }
        let named = quiz(&world, json!({ "title": "My quiz", "courseId": world.course("Mechanics") }));
        let copied = world.done("ann", "copyActivity", named, ACTIVITY).await;
        assert_eq!(told(&copied["activity"]), ["My quiz", "Mechanics", "ann"]);
        // The original is as it was.
        let query = format!("query($id: ID!) {{ {} }}", ACTIVITY.replacen("activity", "activity(id: $id)", 1));
        let read = world.read("owner", &query, json!({ "id": world.activity("Quiz") })).await;
        assert_eq!(told(&read["activity"]), ["Quiz", "Mechanics", "writer"]);
    }

    async fn r13_what_a_deleted_person_left_can_be_copied(start: Start) {
        let world = start.with(campus).await;
        world.done("owner", "deleteUser", json!({ "userId": world.user("writer") }), "outcome").await;
        let copied = world.done("ann", "copyActivity", quiz(&world, json!({})), ACTIVITY).await;
        assert_eq!(told(&copied["activity"]), ["Quiz", "Mechanics", "ann"]);
    }

    async fn r13_into_another_course_copies_who_may_change_that_one(start: Start) {
        let world = start.with(campus).await;
        let into = |course: &str| quiz(&world, json!({ "courseId": world.course(course) }));
        for (who, course, code, path) in [
            ("ann", "Optics", "FORBIDDEN", ""),
            ("writer", "Optics", "FORBIDDEN", ""),
            ("writer", "Lasers", "NOT_FOUND", "courseId"),
            ("lea", "Lasers", "NOT_FOUND", "activityId"),
        ] {
            let answer = world.refused(who, "copyActivity", into(course)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{who} {course}");
        }
        let copied = world.done("head", "copyActivity", into("Lasers"), ACTIVITY).await;
        assert_eq!(told(&copied["activity"]), ["Quiz", "Lasers", "head"]);
    }

    async fn r13_an_activity_that_one_does_not_see_is_not_there(start: Start) {
        let world = start.with(campus).await;
        let test = json!({ "activityId": world.activity("Test") });
        for who in ["ann", "writer", "dean"] {
            for (mutation, input) in [("copyActivity", test.clone()), ("updateActivity", with(&test, json!({ "title": "X" })))] {
                let answer = world.refused(who, mutation, input).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "activityId"), "{who} {mutation}");
            }
        }
        let copied = world.done("lea", "copyActivity", test, ACTIVITY).await;
        assert_eq!(told(&copied["activity"]), ["Test", "Lasers", "lea"]);
    }

    async fn one_s_own_activity_in_a_course_out_of_sight_is_copied_only_elsewhere(start: Start) {
        let world = start.with(|it| campus(it).activity("Loan", "Lasers", "writer")).await;
        let loan = json!({ "activityId": world.activity("Loan") });
        assert_eq!(world.refused("writer", "copyActivity", loan.clone()).await.refused(), "FORBIDDEN");
        let home = with(&loan, json!({ "courseId": world.course("Mechanics") }));
        let copied = world.done("writer", "copyActivity", home, ACTIVITY).await;
        assert_eq!(told(&copied["activity"]), ["Loan", "Mechanics", "writer"]);
    }

    async fn an_activity_is_renamed_by_its_owner_and_by_who_may_change_the_course(start: Start) {
        let world = start.with(|it| campus(it).activity("Pupil's", "Mechanics", "ann")).await;
        let named = |title: &str| json!({ "activityId": world.activity("Pupil's"), "title": title });
        for who in ["bob", "colleague", "coach"] {
            let answer = world.refused(who, "updateActivity", named("Mine")).await;
            assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["Physics"]), "{who}");
        }
        assert_eq!(world.refused("dean", "updateActivity", named("Mine")).await.refused(), "NOT_FOUND");
        for who in ["ann", "writer", "head"] {
            let title = format!("{who}'s word");
            let renamed = world.done(who, "updateActivity", named(&title), ACTIVITY).await;
            assert_eq!(told(&renamed["activity"]), [title.as_str(), "Mechanics", "ann"]);
        }
        let before = world.dump().await;
        world.done("ann", "updateActivity", json!({ "activityId": world.activity("Pupil's") }), ACTIVITY).await;
        assert_eq!(before, world.dump().await, "what is left out stays");
    }

    async fn a_bad_title_is_refused(start: Start) {
        let world = start.with(campus).await;
        let make = json!({ "courseId": world.course("Mechanics") });
        for title in bad_titles() {
            for (mutation, input) in
                [("createActivity", &make), ("copyActivity", &quiz(&world, json!({}))), ("updateActivity", &quiz(&world, json!({})))]
            {
                let answer = world.refused("writer", mutation, with(input, json!({ "title": title }))).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "title"), "{mutation}");
            }
        }
        let answer = world.refused("writer", "updateActivity", quiz(&world, json!({ "title": null }))).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "title"));
    }
}
