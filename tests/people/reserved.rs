//! R16, R24, R34: who has an email, a username or an external id while it is reserved, and who afterwards.

use entity::kind::Cause;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Learner, UserAdministrator};
use entity::kind::Status::{self, Anonymized, Deactivated, Suspended};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

/// Everybody has an email, a username and an external id made of their name, and is in the state that they are named for.
fn school(it: Organisation) -> Organisation {
    let it = it
        .group("School", "platform", Public)
        .group("Office", "platform", Private)
        .users(&["head", "registrar", "clerk"])
        .member("head", "School", &[Administrator])
        .member("registrar", "School", &[UserAdministrator])
        .member("clerk", "Office", &[UserAdministrator]);
    let people = [
        ("active", None),
        ("suspended", Some(Suspended)),
        ("deactivated", Some(Deactivated)),
        ("anonymized", Some(Anonymized)),
        ("deleted", Some(Status::Deleted)),
    ];
    people.into_iter().fold(it, |it, (name, status)| {
        let it = it.user(name).username(name, &format!("u.{name}")).external_id(name, "hr", name);
        let it = it.member(name, "Office", &[Learner]);
        match status {
            None => it,
            Some(Status::Deleted) => it.deleted(name, Cause::Requested, 3),
            Some(status) => it.status(name, status),
        }
    })
}

/// A new person who shares this with somebody, by the field that says it.
fn sharing(name: &str) -> [(&'static str, Value); 3] {
    [
        ("email", json!({ "email": format!("{}@EXAMPLE.org", name.to_uppercase()) })),
        ("username", json!({ "email": "new@example.org", "username": format!("U.{}", name.to_uppercase()) })),
        (
            "externalIds",
            json!({ "email": "new@example.org", "externalIds": [{ "system": "hr", "value": name }] }),
        ),
    ]
}

fn taken(field: &str) -> &'static str {
    match field {
        "email" => "EMAIL_TAKEN",
        "username" => "USERNAME_TAKEN",
        _ => "EXTERNAL_ID_TAKEN",
    }
}

fn anyway(mut person: Value) -> Value {
    person["createAnyway"] = json!(true);
    person
}

async fn meant(world: &World, by: &str) -> Value {
    world.read("owner", &format!("{{ user(by: {{ {by} }}) {{ id }} }}"), json!({})).await["user"]["id"]
        .clone()
}

each_database! {
    async fn r24_what_an_account_reserves_is_taken(start: Start) {
        let world = start.with(school).await;
        for name in ["active", "suspended"] {
            for (field, person) in sharing(name) {
                for person in [person.clone(), anyway(person)] {
                    let answer = world.refused("owner", "createUser", person).await;
                    assert_eq!((answer.refused(), answer.path().as_str()), (taken(field), field), "{name}");
                }
            }
        }
    }

    async fn r24_a_deactivated_person_can_be_reactivated_instead(start: Start) {
        let world = start.with(school).await;
        for (field, person) in sharing("deactivated") {
            let answer = world.refused("owner", "createUser", person.clone()).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("REACTIVATE_AVAILABLE", field));
            assert_eq!(answer.0["userErrors"][0]["nodes"][0]["id"], world.user("deactivated"));
            // It is theirs all the same.
            let answer = world.refused("owner", "createUser", anyway(person)).await;
            assert_eq!((answer.refused(), answer.path().as_str()), (taken(field), field));
        }
    }

    async fn r24_who_may_not_reactivate_is_not_told_whom(start: Start) {
        let world = start.with(school).await;
        let at = |place: &str, mut person: Value| {
            person["memberships"] = json!([{ "groupId": world.group(place), "role": "LEARNER" }]);
            person
        };
        for (field, person) in sharing("deactivated") {
            let answer = world.refused("head", "createUser", at("School", person.clone())).await;
            assert_eq!(answer.refused(), taken(field));
            assert_eq!(answer.0["userErrors"][0]["nodes"], json!([]));
            // Who has the right in every group of theirs may.
            let answer = world.refused("clerk", "createUser", at("Office", person)).await;
            assert_eq!(answer.refused(), "REACTIVATE_AVAILABLE");
        }
    }

    async fn r24_a_deleted_person_can_be_reinstated_instead_whatever_is_shared(start: Start) {
        let world = start.with(school).await;
        for (field, person) in sharing("deleted") {
            let answer = world.refused("owner", "createUser", person.clone()).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("REINSTATE_AVAILABLE", field));
            assert_eq!(answer.0["userErrors"][0]["nodes"][0]["id"], world.user("deleted"));
            let people = json!({ "people": [{ "email": "first@example.org" }, person] });
            let answer = world.refused("owner", "createUsers", people).await;
            assert_eq!((answer.refused(), answer.path()), ("REINSTATE_AVAILABLE", format!("people.1.{field}")));
        }
    }

    async fn r24_what_a_deleted_person_had_is_free_anyway(start: Start) {
        let world = start.with(school).await;
        let person = json!({
            "email": "deleted@example.org", "username": "u.deleted", "createAnyway": true,
            "externalIds": [{ "system": "hr", "value": "deleted" }],
        });
        let made = world.done("owner", "createUser", person, "user { id }").await["user"]["id"].clone();
        assert_ne!(made, world.user("deleted"));
        // The deleted person keeps theirs, for reinstating.
        let ids = world.tables().await.external_ids;
        let held: Vec<bool> = ids.iter().filter(|id| id.value == "deleted").map(|id| id.reserved).collect();
        assert_eq!(held, [false, true]);
        for by in [
            "email: \"deleted@example.org\"",
            "username: \"U.DELETED\"",
            "externalId: { system: \"hr\", value: \"deleted\" }",
        ] {
            assert_eq!(meant(&world, by).await, made, "the account that reserves it: {by}");
        }
        let list = json!({ "people": { "externalIds": [{ "system": "hr", "value": "deleted" }] } });
        let fields = "job { items { nodes { user { id } outcome } } }";
        let job = world.done("owner", "deleteUsers", list, fields).await;
        assert_eq!(job["job"]["items"]["nodes"], json!([{ "user": { "id": made }, "outcome": "DELETED" }]));
        for by in ["username: \"u.deleted\"", "externalId: { system: \"hr\", value: \"deleted\" }"] {
            assert_eq!(meant(&world, by).await, made, "the one deleted last: {by}");
        }
    }

    async fn r24_who_may_not_reinstate_makes_a_new_account(start: Start) {
        let world = start.with(school).await;
        let school = json!([{ "groupId": world.group("School"), "role": "LEARNER" }]);
        let person = json!({
            "username": "u.deleted", "externalIds": [{ "system": "hr", "value": "deleted" }], "memberships": school,
        });
        world.done("head", "createUser", person, "user { id }").await;
    }

    async fn r24_what_an_anonymized_person_had_is_free(start: Start) {
        let world = start.with(school).await;
        for (_, person) in sharing("anonymized").into_iter().take(2) {
            world.done("owner", "createUser", person, "user { id }").await;
        }
    }

    async fn r24_a_deletion_frees_what_was_reserved(start: Start) {
        let world = start.with(school).await;
        let ids = json!([{ "system": "hr", "value": "active" }]);
        let change = json!({ "userId": world.user("head"), "username": "u.active", "externalIds": ids });
        assert_eq!(world.refused("owner", "updateUser", change.clone()).await.refused(), "USERNAME_TAKEN");
        let of_ids = json!({ "userId": world.user("head"), "externalIds": ids });
        assert_eq!(world.refused("owner", "updateUser", of_ids).await.refused(), "EXTERNAL_ID_TAKEN");
        let deletion = json!({ "userId": world.user("active"), "privateSubgroups": "REMOVE" });
        world.done("owner", "deleteUser", deletion, "outcome").await;
        world.done("owner", "updateUser", change, "user { id }").await;
        assert_eq!(meant(&world, "externalId: { system: \"hr\", value: \"active\" }").await, world.user("head"));
    }

    async fn r34_an_external_id_is_one_groups(start: Start) {
        let world = start.with(|it| school(it).group_external_id("School", "hr", "active")).await;
        let ids = json!([{ "system": "hr", "value": "active" }]);
        let group = json!({ "parentId": world.group("School"), "name": "New", "privacy": "PUBLIC", "externalIds": ids });
        assert_eq!(world.refused("owner", "createGroup", group).await.refused(), "EXTERNAL_ID_TAKEN");
    }
}
