//! R10: courses are made and changed by who may write for their owner group.

use entity::kind::Privacy::Public;
use serde_json::{Value, json};

use super::{bad_titles, campus, ranked, with};
use crate::common::{World, each_database};

const COURSE: &str = "course { id title group { name } mainAuthor { displayName }
    coAuthors { rank user { displayName } } paths { nodes { title } } }";

/// The course of this id, as anybody reads it.
async fn read(world: &World, id: &Value) -> Value {
    let query = format!("query($id: ID!) {{ {} }}", COURSE.replacen("course", "course(id: $id)", 1));
    world.read("owner", &query, json!({ "id": id })).await
}

each_database! {
    async fn r4_an_author_makes_a_course_and_owns_it(start: Start) {
        let world = start.with(campus).await;
        let input = json!({ "title": " Heat ", "groupId": world.group("Physics"),
            "coAuthorIds": world.users(&["colleague", "ann", "colleague"]) });
        let made = world.done("writer", "createCourse", input, COURSE).await;
        let course = &made["course"];
        assert_eq!((&course["title"], &course["group"]["name"]), (&json!("Heat"), &json!("Physics")));
        assert_eq!(course["mainAuthor"]["displayName"], "writer");
        assert_eq!(ranked(&course["coAuthors"]), ["1 colleague", "2 ann"], "in order, each once");
        assert_eq!(&read(&world, &course["id"]).await["course"], course);
    }

    async fn r4_an_administrator_makes_a_course_for_somebody_else(start: Start) {
        let world = start.with(campus).await;
        let input = json!({ "title": "Heat", "groupId": world.group("Lab"), "mainAuthorId": world.user("bob") });
        for who in ["head", "deputy", "owner"] {
            let made = world.done(who, "createCourse", input.clone(), COURSE).await;
            assert_eq!(made["course"]["mainAuthor"]["displayName"], "bob", "{who}");
        }
    }

    async fn r4_an_author_makes_only_courses_that_are_their_own(start: Start) {
        let world = start.with(campus).await;
        let bobs = json!({ "title": "Heat", "groupId": world.group("Physics"), "mainAuthorId": world.user("bob") });
        let answer = world.refused("writer", "createCourse", bobs.clone()).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["Physics"]));
        let beside = with(&bobs, json!({ "coAuthorIds": world.users(&["writer"]) }));
        let made = world.done("writer", "createCourse", beside, COURSE).await;
        assert_eq!(ranked(&made["course"]["coAuthors"]), ["1 writer"]);
    }

    async fn r4_whoever_writes_not_for_the_group_makes_no_course(start: Start) {
        let world = start.with(campus).await;
        let course = |group: &str| json!({ "title": "Heat", "groupId": world.group(group) });
        for who in ["dean", "registrar", "coach", "ann"] {
            let answer = world.refused(who, "createCourse", course("Physics")).await;
            assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["Physics"]), "{who}");
        }
        let answer = world.refused("writer", "createCourse", course("Science")).await;
        assert_eq!(answer.refused(), "FORBIDDEN", "an author is one of that very group");
        for who in ["dean", "writer", "ann"] {
            let answer = world.refused(who, "createCourse", course("Lab")).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "groupId"), "{who}");
        }
        assert_eq!(world.refused("lea", "createCourse", course("Lab")).await.refused(), "FORBIDDEN");
    }

    async fn a_bad_title_is_refused(start: Start) {
        let world = start.with(campus).await;
        for title in bad_titles() {
            let made = json!({ "title": title, "groupId": world.group("Physics") });
            let changed = json!({ "title": title, "courseId": world.course("Mechanics") });
            for (mutation, input) in [("createCourse", made), ("updateCourse", changed)] {
                let answer = world.refused("writer", mutation, input).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "title"), "{mutation}");
            }
        }
        let long = json!({ "title": "é".repeat(200), "groupId": world.group("Physics") });
        world.done("writer", "createCourse", long, COURSE).await;
    }

    async fn r10_nobody_stands_beside_themselves_and_no_place_is_for_the_deleted(start: Start) {
        let world = start.with(campus).await;
        let (make, change) = (
            json!({ "title": "Heat", "groupId": world.group("Physics") }),
            json!({ "courseId": world.course("Mechanics") }),
        );
        for (people, code, path) in [
            (json!({ "coAuthorIds": world.users(&["ann", "writer"]) }), "BAD_INPUT", "coAuthorIds.1"),
            (json!({ "coAuthorIds": world.users(&["ann", "del"]) }), "USER_DELETED", "coAuthorIds.1"),
            (json!({ "mainAuthorId": world.user("del") }), "USER_DELETED", "mainAuthorId"),
            (json!({ "mainAuthorId": world.user("ann"), "coAuthorIds": world.users(&["ann"]) }), "BAD_INPUT", "coAuthorIds.0"),
            (json!({ "coAuthorIds": vec![world.user("ann"); 101] }), "BAD_INPUT", "coAuthorIds"),
        ] {
            for (mutation, input) in [("createCourse", &make), ("updateCourse", &change)] {
                let who = match code {
                    "USER_DELETED" => "owner",
                    _ if people.get("mainAuthorId").is_some() => "head",
                    _ => "writer",
                };
                let answer = world.refused(who, mutation, with(input, people.clone())).await;
                assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{mutation} {people}");
            }
        }
    }

    async fn a_course_is_renamed_and_nothing_else(start: Start) {
        let world = start.with(|it| campus(it).course_co_authors("Mechanics", &["colleague"])).await;
        let before = read(&world, &world.course("Mechanics")).await;
        let input = json!({ "courseId": world.course("Mechanics"), "title": "Élan" });
        let changed = world.done("colleague", "updateCourse", input, COURSE).await;
        assert_eq!(changed["course"], with(&before["course"], json!({ "title": "Élan" })));
        let found = world.read("owner", "{ courses(filter: { text: \"éLAN\" }) { nodes { title } } }", json!({})).await;
        assert_eq!(found["courses"]["nodes"], json!([{ "title": "Élan" }]));
    }

    async fn absent_keeps_and_null_clears(start: Start) {
        let world = start.with(|it| campus(it).course_co_authors("Mechanics", &["ann", "bob"])).await;
        let course = json!({ "courseId": world.course("Mechanics") });
        let before = world.dump().await;
        let kept = world.done("writer", "updateCourse", course.clone(), COURSE).await;
        assert_eq!(ranked(&kept["course"]["coAuthors"]), ["1 ann", "2 bob"]);
        assert_eq!(before, world.dump().await);
        for field in ["title", "groupId", "mainAuthorId"] {
            let answer = world.refused("writer", "updateCourse", with(&course, json!({ field: null }))).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", field));
        }
        let cleared = with(&course, json!({ "coAuthorIds": null }));
        let cleared = world.done("writer", "updateCourse", cleared, COURSE).await;
        assert_eq!(cleared["course"]["coAuthors"], json!([]));
        assert_eq!(cleared["course"]["title"], "Mechanics");
    }

    async fn r10_a_list_of_co_authors_replaces_the_former_one(start: Start) {
        let world = start.with(|it| campus(it).course_co_authors("Mechanics", &["ann", "bob"])).await;
        let listed = json!({ "courseId": world.course("Mechanics"), "coAuthorIds": world.users(&["bob", "lea", "ann"]) });
        let changed = world.done("writer", "updateCourse", listed, COURSE).await;
        assert_eq!(ranked(&changed["course"]["coAuthors"]), ["1 bob", "2 lea", "3 ann"]);
    }

    async fn r10_a_co_author_who_takes_over_is_no_longer_listed(start: Start) {
        let world = start.with(|it| campus(it).course_co_authors("Mechanics", &["ann", "colleague", "bob"])).await;
        let course = json!({ "courseId": world.course("Mechanics"), "mainAuthorId": world.user("colleague") });
        let changed = world.done("writer", "updateCourse", course.clone(), COURSE).await;
        assert_eq!(changed["course"]["mainAuthor"]["displayName"], "colleague");
        assert_eq!(ranked(&changed["course"]["coAuthors"]), ["1 ann", "3 bob"], "the others keep their places");
        // The former main author has nothing to say here any more, until listed again.
        let back = with(&course, json!({ "coAuthorIds": world.users(&["writer", "ann"]) }));
        assert_eq!(world.refused("writer", "updateCourse", back.clone()).await.refused(), "FORBIDDEN");
        let changed = world.done("colleague", "updateCourse", back, COURSE).await;
        assert_eq!(ranked(&changed["course"]["coAuthors"]), ["1 writer", "2 ann"]);
    }

    async fn r17_a_co_author_taken_out_renumbers_nobody(start: Start) {
        let world = start.with(|it| campus(it).course_co_authors("Mechanics", &["ann", "bob", "lea"])).await;
        let without = json!({ "courseId": world.course("Mechanics"), "coAuthorIds": world.users(&["ann", "lea"]) });
        let changed = world.done("writer", "updateCourse", without, COURSE).await;
        assert_eq!(ranked(&changed["course"]["coAuthors"]), ["1 ann", "3 lea"]);
    }

    async fn r4_another_owner_group_takes_a_right_there_too(start: Start) {
        let world = start.with(campus).await;
        let to = |group: &str| json!({ "courseId": world.course("Mechanics"), "groupId": world.group(group) });
        for (who, group, code, about) in [
            ("writer", "Arts", "FORBIDDEN", vec!["Arts"]),
            ("head", "Arts", "FORBIDDEN", vec!["Arts"]),
            ("dean", "Arts", "NOT_FOUND", vec![]),
            ("writer", "Lab", "NOT_FOUND", vec![]),
        ] {
            let answer = world.refused(who, "updateCourse", to(group)).await;
            assert_eq!((answer.refused(), answer.about()), (code, about), "{who} to {group}");
        }
        let moved = world.done("head", "updateCourse", to("Lab"), COURSE).await;
        assert_eq!(moved["course"]["group"]["name"], "Lab");
        assert_eq!(moved["course"]["mainAuthor"]["displayName"], "writer");
        // It is the writer's still, who does not write for the lab; others do not know of it any more.
        let rename = json!({ "courseId": world.course("Mechanics"), "title": "Heat" });
        for (who, code) in [("writer", "FORBIDDEN"), ("colleague", "NOT_FOUND"), ("lea", "FORBIDDEN")] {
            assert_eq!(world.refused(who, "updateCourse", rename.clone()).await.refused(), code, "{who}");
        }
    }

    async fn r33_the_owner_group_of_a_course_goes_only_after_it(start: Start) {
        let world = start.with(|it| campus(it).group("Annex", "Science", Public)).await;
        let annex = json!({ "groupId": world.group("Annex") });
        let course = with(&annex, json!({ "title": "Heat", "mainAuthorId": world.user("ann") }));
        let made = world.done("head", "createCourse", course, COURSE).await;
        assert_eq!(world.refused("head", "deleteGroup", annex.clone()).await.refused(), "GROUP_NOT_EMPTY");
        let sent = with(&annex, json!({ "contentTo": world.group("Physics") }));
        world.done("head", "deleteGroup", sent, "deletedGroupId").await;
        assert_eq!(read(&world, &made["course"]["id"]).await["course"]["group"]["name"], "Physics");
    }
}
