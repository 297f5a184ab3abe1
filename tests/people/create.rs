//! R22, R24, R34: who may be created, by whom, and what is in the way.

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, UserAdministrator};
use entity::kind::{Cause, Status};
use roster::organisation::Organisation;
use serde_json::json;

use crate::common::each_database;

fn school(it: Organisation) -> Organisation {
    it.group("School", "platform", Public)
        .group("Lab", "School", Private)
        .group("Team", "Lab", Public)
        .users(&["head", "registrar", "team registrar", "writer"])
        .member("head", "School", &[Administrator])
        .member("registrar", "School", &[UserAdministrator])
        .member("team registrar", "Team", &[UserAdministrator])
        .member("writer", "School", &[Author])
}

each_database! {
    async fn r34_a_person_has_an_entry_and_a_membership(start: Start) {
        let world = start.with(school).await;
        let input = json!({
            "firstName": "  Ada ", "lastName": "Lovelace", "username": "Ada.L", "email": " Ada@Example.org",
            "phone": "+44 1", "jobTitle": "Countess", "language": "en-GB", "photoUrl": "https://example.org/a.png",
            "customFields": [{ "name": "House", "value": "Blue" }],
            "externalIds": [{ "system": "SIS", "value": "A-17" }],
        });
        world.done("owner", "createUser", input, "user { id }").await;
        let tables = world.tables().await;
        let ada = tables.users.last().expect("Ada");
        assert_eq!(
            (ada.first_name.as_deref(), ada.email.as_deref(), ada.email_key.as_deref(), ada.username_key.as_deref()),
            (Some("Ada"), Some("Ada@Example.org"), Some("ada@example.org"), Some("ada.l"))
        );
        assert_eq!((ada.name_key.as_str(), ada.status), ("ada lovelace", Status::Active));
        for text in ["ada lovelace", "ada@example.org", "ada.l", "a-17", "countess"] {
            assert!(ada.search_key.contains(text), "{text}");
        }
        assert_eq!(world.members("platform").await.iter().filter(|row| *row == "Ada LEARNER").count(), 1);
        let mine = |row: &&entity::membership::Model| row.user_id == ada.id;
        assert_eq!(tables.memberships.iter().filter(mine).count(), 1, "learner of the platform group, no more");
    }

    async fn r3_somebody_created_as_a_learner_rises(start: Start) {
        let world = start.with(school).await;
        let team = json!({
            "email": "ada@example.org", "firstName": "Ada",
            "memberships": [{ "groupId": world.group("Team"), "role": "LEARNER" }],
        });
        world.done("owner", "createUser", team, "user { id }").await;
        for (group, is_learner) in [("Team", true), ("Lab", true), ("School", false), ("platform", false)] {
            let learns = world.members(group).await.contains(&"Ada LEARNER".to_owned());
            assert_eq!(learns, is_learner, "{group}");
        }
    }

    async fn r34_whoever_may_grant_the_memberships_may_create(start: Start) {
        let world = start.with(school).await;
        let person = |email: &str, memberships: &[(&str, &str)]| {
            let given: Vec<_> = memberships
                .iter()
                .map(|(group, role)| json!({ "groupId": world.group(group), "role": role }))
                .collect();
            json!({ "email": email, "memberships": given })
        };
        for (who, given, missing) in [
            ("writer", &[("School", "LEARNER")][..], "School"),
            ("registrar", &[("School", "COACH")], "School"),
            ("registrar", &[("School", "LEARNER"), ("Lab", "LEARNER")], ""),
            ("head", &[], "Platform"),
            // A learner of the team rises into the private lab, where this caller has no right.
            ("team registrar", &[("Team", "LEARNER")], ""),
        ] {
            let answer = world.refused(who, "createUser", person("new@example.org", given)).await;
            let code = answer.refused();
            if missing.is_empty() {
                assert!(code == "FORBIDDEN" || code == "NOT_FOUND", "{who}: {code}");
                assert!(answer.about().is_empty(), "a private group is not named");
            } else {
                assert_eq!((code, answer.about()), ("FORBIDDEN", vec![missing]), "{who}");
            }
        }
        for (who, email, given) in [
            ("registrar", "one@example.org", &[("School", "LEARNER")][..]),
            ("head", "two@example.org", &[("Team", "LEARNER"), ("School", "AUTHOR")]),
        ] {
            world.done(who, "createUser", person(email, given), "user { id }").await;
        }
    }

    async fn r24_an_email_is_one_accounts_while_it_is_reserved(start: Start) {
        let world = start
            .with(|it| {
                school(it)
                    .user("ann")
                    .users(&["sue", "dan", "ano", "del"])
                    .learners("School", &["sue", "dan", "ano"])
                    .learners("School", &["ann"])
                    .status("sue", Status::Suspended)
                    .status("dan", Status::Deactivated)
                    .status("ano", Status::Anonymized)
                    .deleted("del", Cause::Requested, 3)
            })
            .await;
        for name in ["ann", "sue", "dan"] {
            let typed = format!("  {}@EXAMPLE.org", name.to_uppercase());
            let answer = world.refused("owner", "createUser", json!({ "email": typed })).await;
            // Of somebody deactivated, whoever may reactivate them is told that they can.
            let code = if name == "dan" { "REACTIVATE_AVAILABLE" } else { "EMAIL_TAKEN" };
            assert_eq!((answer.refused(), answer.path().as_str()), (code, "email"), "{name}");
        }
        world.done("owner", "createUser", json!({ "email": "ano@example.org" }), "user { id }").await;
    }

    async fn r24_a_deleted_person_can_be_brought_back_instead(start: Start) {
        let world = start
            .with(|it| school(it).user("del").deleted("del", Cause::Requested, 3))
            .await;
        let input = json!({ "email": "del@example.org" });
        let answer = world.refused("owner", "createUser", input).await;
        assert_eq!(answer.refused(), "REINSTATE_AVAILABLE");
        assert_eq!(answer.0["userErrors"][0]["nodes"][0]["id"], world.user("del"));
        // Who may not bring them back is not told, and gets a new account.
        let school = json!([{ "groupId": world.group("School"), "role": "LEARNER" }]);
        let by_the_head = json!({ "email": "del@example.org", "memberships": school });
        world.done("head", "createUser", by_the_head, "user { id }").await;
    }

    async fn r24_create_anyway_makes_a_new_account(start: Start) {
        let world = start
            .with(|it| school(it).user("del").deleted("del", Cause::Requested, 3))
            .await;
        let input = json!({ "email": "del@example.org", "createAnyway": true });
        let made = world.done("owner", "createUser", input, "user { id }").await;
        assert_ne!(made["user"]["id"], world.user("del"));
    }

    async fn r34_usernames_and_external_ids_are_unique(start: Start) {
        let world = start
            .with(|it| school(it).user("ann").username_alone("ann").learners("School", &["ann"])
                .external_id("ann", "SIS", "17"))
            .await;
        let answer = world.refused("owner", "createUser", json!({ "username": "ＡＮＮ" })).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("USERNAME_TAKEN", "username"));
        let sis = |value: &str| json!({ "username": "new", "externalIds": [{ "system": "SIS", "value": value }] });
        let answer = world.refused("owner", "createUser", sis("17")).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("EXTERNAL_ID_TAKEN", "externalIds"));
        world.done("owner", "createUser", sis("18"), "user { id }").await;
    }

    async fn r22_nobody_is_created_beyond_the_last_seat(start: Start) {
        // The owner and four others; one seat is left, and somebody deactivated takes none.
        let world = start
            .with(|it| {
                school(it).seats(6).user("dan").learners("School", &["dan"]).status("dan", Status::Deactivated)
            })
            .await;
        let two = json!({ "people": [{ "email": "one@example.org" }, { "email": "two@example.org" }] });
        let answer = world.refused("owner", "createUsers", two).await;
        assert_eq!(answer.refused(), "NO_SEAT_AVAILABLE");
        let message = answer.0["userErrors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("5 of 6"), "{message}");
        world.done("owner", "createUser", json!({ "email": "one@example.org" }), "user { id }").await;
        let answer = world.refused("owner", "createUser", json!({ "email": "two@example.org" })).await;
        assert_eq!(answer.refused(), "NO_SEAT_AVAILABLE");
    }

    async fn bad_input_names_the_field(start: Start) {
        let world = start.with(school).await;
        for (person, path) in [
            (json!({}), "email"),
            (json!({ "firstName": "Ada" }), "email"),
            (json!({ "email": "ada" }), "email"),
            (json!({ "email": "Ada <ada@example.org>" }), "email"),
            (json!({ "email": "ａｄａ@example.org" }), "email"),
            (json!({ "email": format!("{}@example.org", "a".repeat(250)) }), "email"),
            (json!({ "username": "ada lovelace" }), "username"),
            (json!({ "username": "ada", "firstName": "A\u{0}" }), "firstName"),
            (json!({ "username": "ada", "lastName": "x".repeat(1_000_000) }), "lastName"),
            (json!({ "username": "ada", "jobTitle": format!("a{}", "\u{301}".repeat(100)) }), "jobTitle"),
            (json!({ "username": "ada", "photoUrl": "javascript:alert(1)" }), "photoUrl"),
            (json!({ "username": "ada", "externalIds": [{ "system": " ", "value": "1" }] }), "externalIds.0.system"),
            (
                json!({ "username": "ada", "customFields": [
                    { "name": "House", "value": "Red" }, { "name": "House", "value": "Blue" }] }),
                "customFields.1.name",
            ),
            (json!({ "username": "ada", "memberships": [{ "groupId": "?", "role": "COACH" }] }), "memberships.0.groupId"),
        ] {
            let answer = world.refused("owner", "createUser", person.clone()).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", path), "{person}");
        }
        let unknown = json!({ "username": "ada", "memberships": [{ "groupId": world.user("head"), "role": "COACH" }] });
        let answer = world.refused("owner", "createUser", unknown).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "memberships.0.groupId"));
    }

    async fn a_list_is_created_whole_or_not_at_all(start: Start) {
        let world = start.with(school).await;
        let school = json!([{ "groupId": world.group("School"), "role": "LEARNER" }]);
        let person = |n: usize| json!({ "email": format!("p{n}@example.org"), "memberships": school });
        let mut people: Vec<_> = (0..500).map(person).collect();
        people[321] = json!({ "email": "HEAD@example.org" });
        let answer = world.refused("owner", "createUsers", json!({ "people": people })).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("EMAIL_TAKEN", "people.321.email"));
        people[321] = json!({ "email": "P320@example.org" });
        let answer = world.refused("owner", "createUsers", json!({ "people": people })).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("EMAIL_TAKEN", "people.321.email"));

        people[321] = person(321);
        let few = json!({ "people": people[..5] });
        let (_, statements) = world.statements(world.mutate("owner", "createUsers", few, "users { id }")).await;
        let many = json!({ "people": people[5..] });
        let (made, more) = world.statements(world.mutate("owner", "createUsers", many, "users { id }")).await;
        assert_eq!(statements.len(), more.len(), "as many statements for 495 people as for 5");
        let ids: Vec<String> = made.done()["users"].as_array().expect("users").iter().map(|u| u["id"].to_string()).collect();
        assert_eq!(ids.len(), 495);
        let tables = world.tables().await;
        let last = tables.users.last().expect("the last");
        assert_eq!(last.email_key.as_deref(), Some("p499@example.org"), "in the order of the list");
        for (people, code) in
            [(vec![], "BAD_INPUT"), ((0..1_001).map(|n| json!({ "username": format!("u{n}") })).collect(), "BATCH_TOO_LARGE")]
        {
            assert_eq!(world.refused("owner", "createUsers", json!({ "people": people })).await.refused(), code);
        }
    }

    async fn the_same_key_creates_once(start: Start) {
        let world = start.with(school).await;
        let input = json!({ "email": "ada@example.org", "idempotencyKey": "first-of-september" });
        let made = world.done("owner", "createUser", input.clone(), "user { id }").await;
        let before = world.dump().await;
        assert_eq!(world.done("owner", "createUser", input, "user { id }").await, made);
        assert_eq!(before, world.dump().await);
        let other = json!({ "email": "eve@example.org", "idempotencyKey": "first-of-september" });
        assert_eq!(world.refused("owner", "createUser", other).await.refused(), "IDEMPOTENCY_MISMATCH");
    }
}
