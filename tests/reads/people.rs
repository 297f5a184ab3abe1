//! R26: finding people.

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Coach, Learner};
use entity::kind::{Cause, Status};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

fn school(it: Organisation) -> Organisation {
    it.group("Sales", "platform", Public)
        .group("North", "Sales", Public)
        .group("Secret", "Sales", Private)
        .users(&["Ada Lovelace", "bo", "cy", "Dee 100%", "Ёва", "gone", "erased", "nobody knows"])
        .member("Ada Lovelace", "Sales", &[Learner, Coach])
        .member("bo", "North", &[Learner])
        .member("cy", "Secret", &[Administrator])
        .member("Dee 100%", "platform", &[Learner])
        .member("Ёва", "platform", &[Learner])
        .member("nobody knows", "North", &[Learner])
        .signed_in("Ada Lovelace", 1)
        .signed_in("bo", 24 * 90)
        .external_id("bo", "SIS", "4711")
        .custom_field("cy", "shirt", "XL")
        .job("cy", "Plumber")
        .status("bo", Status::Suspended)
        .status("nobody knows", Status::Anonymized)
        .deleted("gone", Cause::Requested, 3)
        .status("erased", Status::Erased)
}

/// Who is found, by name, in order.
async fn found(world: &World, arguments: &str) -> Vec<String> {
    let query = format!("{{ users({arguments}) {{ totalCount nodes {{ displayName }} }} }}");
    let answer = world.read("owner", &query, json!({})).await;
    let nodes = answer["users"]["nodes"].as_array().expect("nodes");
    assert_eq!(answer["users"]["totalCount"], nodes.len());
    nodes.iter().map(|node| node["displayName"].as_str().expect("a name").to_owned()).collect()
}

each_database! {
    async fn r26_people_are_found_by_every_filter(start: Start) {
        let world = start.with(school).await;
        let group = |name: &str| world.group(name).as_str().expect("an id").to_owned();
        let now = world.made.now;
        let ago = |days: i64| (now - chrono::TimeDelta::days(days)).to_rfc3339();
        let anonymous = "Anonymous 9";
        for (filter, expected) in [
            ("status: [DELETED]".to_owned(), vec!["gone"]),
            ("status: [ERASED]".to_owned(), vec!["Erased"]),
            ("status: [SUSPENDED DELETED]".to_owned(), vec!["bo", "gone"]),
            ("status: []".to_owned(), vec![]),
            (format!("group: {{id: \"{}\"}}", group("North")), vec![anonymous, "bo"]),
            (format!("group: {{id: \"{}\"}}, role: [COACH]", group("Sales")), vec!["Ada Lovelace"]),
            (
                format!("group: {{id: \"{}\", below: true}}", group("Sales")),
                vec!["Ada Lovelace", anonymous, "bo", "cy"],
            ),
            (format!("group: {{id: \"{}\", below: true}}, role: [ADMINISTRATOR]", group("Sales")), vec!["cy"]),
            ("role: [ADMINISTRATOR]".to_owned(), vec!["cy", "owner"]),
            ("role: []".to_owned(), vec![]),
            (format!("lastSignIn: {{from: \"{}\"}}", ago(30)), vec!["Ada Lovelace"]),
            (format!("lastSignIn: {{until: \"{}\"}}", ago(30)), vec!["bo"]),
            ("neverSignedIn: false".to_owned(), vec!["Ada Lovelace", "bo"]),
            ("invitedAndNeverSeen: false".to_owned(), vec!["Ada Lovelace", "bo"]),
            (format!("created: {{from: \"{}\"}}", ago(1)), vec![]),
            (format!("status: [DELETED ERASED], deleted: {{until: \"{}\"}}", ago(2)), vec!["gone"]),
            ("email: \" BO@Example.org \"".to_owned(), vec!["bo"]),
            ("jobTitle: \"Plumber\"".to_owned(), vec!["cy"]),
            ("language: \"xx\"".to_owned(), vec![]),
            ("externalId: {system: \"SIS\", value: \"4711\"}".to_owned(), vec!["bo"]),
            ("externalId: {system: \"SIS\", value: \"47\"}".to_owned(), vec![]),
            ("customField: {name: \"shirt\", value: \"XL\"}".to_owned(), vec!["cy"]),
            ("text: \"lovel\"".to_owned(), vec!["Ada Lovelace"]),
            ("text: \"ЁВ\"".to_owned(), vec!["Ёва"]),
            ("text: \"0%\"".to_owned(), vec!["Dee 100%"]),
            ("text: \"%\"".to_owned(), vec!["Dee 100%"]),
            ("text: \"_\"".to_owned(), vec![]),
            ("text: \"' or 1=1 --\"".to_owned(), vec![]),
        ] {
            assert_eq!(found(&world, &format!("filter: {{{filter}}}")).await, expected, "{filter}");
        }
        let inactive = format!("filter: {{inactiveSince: \"{}\"}}", ago(30));
        assert!(!found(&world, &inactive).await.contains(&"Ada Lovelace".to_owned()));
        assert!(found(&world, &inactive).await.contains(&"bo".to_owned()));
        let all = found(&world, "first: 100").await;
        assert!(all.contains(&anonymous.to_owned()) && !all.contains(&"gone".to_owned()));
    }

    async fn r26_what_cannot_be_a_filter_is_refused(start: Start) {
        let world = start.with(school).await;
        let long = "x".repeat(201);
        for filter in [
            "email: \"ada\"".to_owned(),
            "text: \"a\\u0000b\"".to_owned(),
            format!("text: \"{long}\""),
            format!("phone: \"{long}\""),
            "group: {id: \"nonsense\"}".to_owned(),
            "created: {from: \"+200000-01-01T00:00:00Z\"}".to_owned(),
            "created: {from: \"yesterday\"}".to_owned(),
            "unknown: 1".to_owned(),
        ] {
            let answer =
                world.ask("owner", &format!("{{ users(filter: {{{filter}}}) {{ nodes {{ id }} }} }}"), json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{filter}: {answer}");
        }
    }

    async fn r16_an_email_means_who_reserves_it_else_who_was_deleted_last(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["first", "second", "living"])
                    .member("living", "platform", &[Learner])
                    .email("first", "one@example.org")
                    .email("second", "one@example.org")
                    .deleted("first", Cause::Requested, 9)
                    .deleted("second", Cause::Requested, 3)
            })
            .await;
        let query = "query($by: UserBy!) { user(by: $by) { id status } }";
        let by = |by: Value| world.read("owner", query, json!({ "by": by }));
        assert_eq!(by(json!({ "email": "ONE@example.org" })).await["user"]["id"], world.user("second"));
        assert_eq!(by(json!({ "email": "two@example.org" })).await["user"], Value::Null);
        assert_eq!(by(json!({ "id": world.user("living") })).await["user"]["status"], "ACTIVE");
        assert_eq!(by(json!({ "username": "nobody" })).await["user"], Value::Null);
        assert_eq!(by(json!({ "externalId": { "system": "SIS", "value": "x" } })).await["user"], Value::Null);
        for wrong in [json!({}), json!({ "email": "a@b.org", "username": "x" }), json!({ "email": "ada" })] {
            let answer = world.ask("owner", query, json!({ "by": wrong })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{wrong}");
        }
    }

    async fn r22_seats_and_people_by_state_are_told(start: Start) {
        let world = start.with(|it| school(it).seats(10)).await;
        let answer = world
            .read("owner", "{ platform { name seats { used limit free } usersByStatus { status count } } }", json!({}))
            .await;
        assert_eq!(answer["platform"]["seats"], json!({ "used": 6, "limit": 10, "free": 4 }));
        let counts: Vec<(&str, i64)> = answer["platform"]["usersByStatus"]
            .as_array()
            .expect("counts")
            .iter()
            .map(|count| (count["status"].as_str().expect("a state"), count["count"].as_i64().expect("a count")))
            .collect();
        assert_eq!(
            counts,
            [("ACTIVE", 5), ("SUSPENDED", 1), ("DEACTIVATED", 0), ("ANONYMIZED", 1), ("DELETED", 1), ("ERASED", 1)]
        );
    }

    async fn r1_the_tree_is_told_from_every_side(start: Start) {
        let world = start.with(|it| school(it).group_external_id("North", "SIS", "n")).await;
        let query = "{ group(by: {externalId: {system: \"SIS\", value: \"n\"}}) { name privacy depth
            path { name } ancestors { name } parent { name } counts { members subgroups groupsBelow courses }
            members { nodes { user { displayName } roles } } } groupTree { name depth memberCount } }";
        let answer = world.read("owner", query, json!({})).await;
        let group = &answer["group"];
        assert_eq!(group["path"], json!([{ "name": "Platform" }, { "name": "Sales" }, { "name": "North" }]));
        assert_eq!(group["ancestors"], json!([{ "name": "Sales" }, { "name": "Platform" }]));
        assert_eq!(group["counts"], json!({ "members": 2, "subgroups": 0, "groupsBelow": 0, "courses": 0 }));
        assert_eq!(group["depth"], 2);
        let tree: Vec<(&str, i64)> = answer["groupTree"]
            .as_array()
            .expect("the tree")
            .iter()
            .map(|group| (group["name"].as_str().expect("a name"), group["depth"].as_i64().expect("a depth")))
            .collect();
        assert_eq!(tree, [("Platform", 0), ("Sales", 1), ("North", 2), ("Secret", 2)]);
    }
}
