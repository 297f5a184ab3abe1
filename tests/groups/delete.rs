//! R33: what a group must have lost before it can go.

use entity::kind::AudienceKind;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::Administrator;
use roster::organisation::Organisation;
use serde_json::json;

use super::branches;
use crate::common::each_database;

/// "Old" owns works and has nobody; "Guild" is in the audience of a session that runs, "Alumni" of one that ended.
fn works(it: Organisation) -> Organisation {
    branches(it)
        .group("Old", "South", Private)
        .group("Guild", "South", Private)
        .group("Alumni", "South", Private)
        .group("Empty", "South", Private)
        .group_external_id("Empty", "SIS", "E")
        .course("Maths", "Old", "south head")
        .path("Numbers", "Old", "south head", &["Maths"])
        .session("Spring", "Numbers", "Old", "south head", AudienceKind::Dynamic)
        .audience("Spring", &["Guild", "South"])
        .session("Past", "Numbers", "Old", "south head", AudienceKind::Dynamic)
        .audience("Past", &["Alumni"])
        .ended("Past")
        .post("writer", "Old", "Hello")
}

each_database! {
    async fn r33_an_empty_group_goes_with_its_external_ids(start: Start) {
        let world = start.with(works).await;
        let empty = json!({ "groupId": world.group("Empty") });
        let done = world.done("south head", "deleteGroup", empty.clone(), "deletedGroupId").await;
        assert_eq!(done["deletedGroupId"], world.group("Empty"));
        assert_eq!(world.tables().await.group_external_ids.len(), 0);
        assert_eq!(world.refused("south head", "deleteGroup", empty).await.refused(), "NOT_FOUND");
    }

    async fn r33_a_group_that_is_not_empty_says_what_it_has(start: Start) {
        let world = start.with(works).await;
        for (group, said) in [
            ("Lab", "2 members, 1 subgroup."),
            ("Old", "1 course, 1 path, 2 sessions, 1 post."),
            ("Guild", "1 audience of a session that has not ended."),
        ] {
            let answer = world.refused("owner", "deleteGroup", json!({ "groupId": world.group(group) })).await;
            let message = answer.0["userErrors"][0]["message"].as_str().expect("a message").to_owned();
            assert_eq!((answer.refused(), message.ends_with(said)), ("GROUP_NOT_EMPTY", true), "{message}");
        }
    }

    async fn r33_works_go_where_they_are_sent(start: Start) {
        let world = start.with(works).await;
        let sent = |to: &str| json!({ "groupId": world.group("Old"), "contentTo": world.group(to) });
        for (who, to, code) in [
            ("owner", "Old", "BAD_INPUT"),
            ("south head", "North", "FORBIDDEN"),
            ("south head", "Lab", "NOT_FOUND"),
            ("writer", "South", "NOT_FOUND"),
        ] {
            assert_eq!(world.refused(who, "deleteGroup", sent(to)).await.refused(), code, "{who} {to}");
        }
        world.done("south head", "deleteGroup", sent("Choir"), "deletedGroupId").await;
        let (tables, choir) = (world.tables().await, world.group_id("Choir"));
        assert!(tables.courses.iter().all(|row| row.group_id == choir));
        assert!(tables.paths.iter().all(|row| row.group_id == choir));
        assert!(tables.sessions.iter().all(|row| row.group_id == choir));
        assert!(tables.posts.iter().all(|row| row.group_id == choir));
    }

    async fn r33_people_and_audiences_are_not_sent_along(start: Start) {
        let world = start.with(|it| works(it).group("Staffed", "South", Public).user("head")
            .member("head", "Staffed", &[Administrator])).await;
        for group in ["Staffed", "Guild"] {
            let input = json!({ "groupId": world.group(group), "contentTo": world.group("South") });
            assert_eq!(world.refused("owner", "deleteGroup", input).await.refused(), "GROUP_NOT_EMPTY", "{group}");
        }
    }

    async fn r33_the_audience_of_an_ended_session_keeps_no_group(start: Start) {
        let world = start.with(works).await;
        let alumni = json!({ "groupId": world.group("Alumni") });
        world.done("south head", "deleteGroup", alumni, "deletedGroupId").await;
        let tables = world.tables().await;
        let past = tables.sessions.iter().find(|row| row.id == world.session_id("Past")).expect("the session");
        assert!(past.captured_at.is_some(), "captured before");
        assert!(tables.session_groups.iter().all(|row| row.session_id != past.id));
    }

    async fn r33_only_administrators_delete(start: Start) {
        let world = start.with(works).await;
        let choir = json!({ "groupId": world.group("Choir") });
        for who in ["ann", "writer", "clerk", "north head"] {
            assert_eq!(world.refused(who, "deleteGroup", choir.clone()).await.refused(), "FORBIDDEN", "{who}");
        }
        let lab = json!({ "groupId": world.group("Lab") });
        assert_eq!(world.refused("writer", "deleteGroup", lab).await.refused(), "NOT_FOUND");
    }
}
