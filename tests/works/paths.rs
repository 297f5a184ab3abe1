//! R11: paths are courses in an order, made and changed like courses.

use serde_json::{Value, json};

use super::{bad_titles, campus, ranked, with};
use crate::common::{World, each_database};

const PATH: &str = "path { id title group { name } mainAuthor { displayName }
    coAuthors { rank user { displayName } } courses { nodes { title } } }";

/// The titles of a path's courses, in their order.
fn courses(path: &Value) -> Vec<&str> {
    let nodes = path["courses"]["nodes"].as_array().expect("courses");
    nodes.iter().map(|node| node["title"].as_str().expect("a title")).collect()
}

fn listed(world: &World, courses: &[&str]) -> Value {
    courses.iter().map(|course| world.course(course)).collect()
}

each_database! {
    async fn r11_a_path_is_courses_in_an_order(start: Start) {
        let world = start.with(campus).await;
        let input = json!({ "title": "All", "groupId": world.group("Physics"), "coAuthorIds": world.users(&["ann"]),
            "courseIds": listed(&world, &["Optics", "Mechanics", "Optics"]) });
        let made = world.done("writer", "createPath", input, PATH).await;
        let path = &made["path"];
        assert_eq!(courses(path), ["Optics", "Mechanics"], "in order, each once");
        assert_eq!(path["mainAuthor"]["displayName"], "writer");
        assert_eq!(ranked(&path["coAuthors"]), ["1 ann"]);
        let query = format!("query($id: ID!) {{ {} }}", PATH.replacen("path", "path(id: $id)", 1));
        assert_eq!(&world.read("owner", &query, json!({ "id": path["id"] })).await["path"], path);
    }

    async fn r11_a_list_of_courses_replaces_the_former_one(start: Start) {
        let world = start.with(campus).await;
        let basics = json!({ "pathId": world.path("Basics") });
        let turned = with(&basics, json!({ "courseIds": listed(&world, &["Optics", "Mechanics"]) }));
        let changed = world.done("writer", "updatePath", turned, PATH).await;
        assert_eq!(courses(&changed["path"]), ["Optics", "Mechanics"]);
        let renamed = world.done("writer", "updatePath", with(&basics, json!({ "title": "All" })), PATH).await;
        assert_eq!((&renamed["path"]["title"], courses(&renamed["path"]).len()), (&json!("All"), 2));
        let cleared = world.done("writer", "updatePath", with(&basics, json!({ "courseIds": null })), PATH).await;
        assert_eq!(courses(&cleared["path"]), Vec::<&str>::new());
    }

    async fn r11_absent_keeps_and_null_clears(start: Start) {
        let world = start.with(|it| campus(it).path_co_authors("Basics", &["ann", "bob"])).await;
        let basics = json!({ "pathId": world.path("Basics") });
        let before = world.dump().await;
        world.done("writer", "updatePath", basics.clone(), PATH).await;
        assert_eq!(before, world.dump().await);
        for field in ["title", "groupId", "mainAuthorId"] {
            let answer = world.refused("writer", "updatePath", with(&basics, json!({ field: null }))).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", field));
        }
        let cleared = world.done("writer", "updatePath", with(&basics, json!({ "coAuthorIds": null })), PATH).await;
        assert_eq!((&cleared["path"]["coAuthors"], courses(&cleared["path"]).len()), (&json!([]), 2));
    }

    async fn r11_a_co_author_who_takes_over_is_no_longer_listed(start: Start) {
        let world = start.with(|it| campus(it).path_co_authors("Basics", &["ann", "colleague", "bob"])).await;
        let input = json!({ "pathId": world.path("Basics"), "mainAuthorId": world.user("ann") });
        let changed = world.done("writer", "updatePath", input, PATH).await;
        assert_eq!(changed["path"]["mainAuthor"]["displayName"], "ann");
        assert_eq!(ranked(&changed["path"]["coAuthors"]), ["2 colleague", "3 bob"]);
    }

    async fn a_path_is_made_only_of_courses_that_one_sees(start: Start) {
        let world = start.with(campus).await;
        let seen_and_not = listed(&world, &["Mechanics", "Lasers"]);
        let make = json!({ "title": "All", "groupId": world.group("Physics"), "courseIds": seen_and_not });
        let change = json!({ "pathId": world.path("Basics"), "courseIds": seen_and_not });
        for (mutation, input) in [("createPath", make.clone()), ("updatePath", change)] {
            let answer = world.refused("writer", mutation, input).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "courseIds.1"), "{mutation}");
        }
        let made = world.done("head", "createPath", make.clone(), PATH).await;
        assert_eq!(courses(&made["path"]), ["Mechanics", "Lasers"]);
        let crowd = with(&make, json!({ "courseIds": vec![world.course("Mechanics"); 1_001] }));
        let answer = world.refused("writer", "createPath", crowd).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "courseIds"));
    }

    async fn r11_nobody_stands_beside_themselves_and_no_place_is_for_the_deleted(start: Start) {
        let world = start.with(campus).await;
        let (make, change) = (
            json!({ "title": "All", "groupId": world.group("Physics") }),
            json!({ "pathId": world.path("Basics") }),
        );
        for (people, code, path) in [
            (json!({ "coAuthorIds": world.users(&["writer"]) }), "BAD_INPUT", "coAuthorIds.0"),
            (json!({ "coAuthorIds": world.users(&["ann", "del"]) }), "USER_DELETED", "coAuthorIds.1"),
            (json!({ "mainAuthorId": world.user("del"), "coAuthorIds": world.users(&["writer"]) }), "USER_DELETED", "mainAuthorId"),
        ] {
            for (mutation, input) in [("createPath", &make), ("updatePath", &change)] {
                let who = if code == "USER_DELETED" { "owner" } else { "writer" };
                let answer = world.refused(who, mutation, with(input, people.clone())).await;
                assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{mutation} {people}");
            }
        }
    }

    async fn r4_who_makes_and_moves_a_path(start: Start) {
        let world = start.with(campus).await;
        let make = |group: &str| json!({ "title": "All", "groupId": world.group(group) });
        for (who, group, code) in [
            ("dean", "Physics", "FORBIDDEN"),
            ("coach", "Physics", "FORBIDDEN"),
            ("registrar", "Physics", "FORBIDDEN"),
            ("writer", "Lab", "NOT_FOUND"),
            ("lea", "Lab", "FORBIDDEN"),
        ] {
            assert_eq!(world.refused(who, "createPath", make(group)).await.refused(), code, "{who} {group}");
        }
        let for_ann = with(&make("Physics"), json!({ "mainAuthorId": world.user("ann") }));
        assert_eq!(world.refused("writer", "createPath", for_ann.clone()).await.refused(), "FORBIDDEN");
        world.done("head", "createPath", for_ann, PATH).await;
        let to_arts = json!({ "pathId": world.path("Basics"), "groupId": world.group("Arts") });
        for (who, code) in [("writer", "FORBIDDEN"), ("head", "FORBIDDEN"), ("dean", "NOT_FOUND")] {
            assert_eq!(world.refused(who, "updatePath", to_arts.clone()).await.refused(), code, "{who}");
        }
        let moved = world.done("deputy", "updatePath", to_arts, PATH).await;
        assert_eq!(moved["path"]["group"]["name"], "Arts");
    }

    async fn a_bad_title_is_refused(start: Start) {
        let world = start.with(campus).await;
        for title in bad_titles() {
            let made = json!({ "title": title, "groupId": world.group("Physics") });
            let changed = json!({ "title": title, "pathId": world.path("Basics") });
            for (mutation, input) in [("createPath", made), ("updatePath", changed)] {
                let answer = world.refused("writer", mutation, input).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "title"), "{mutation}");
            }
        }
    }
}
