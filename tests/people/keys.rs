//! R16, R24, R26: what is the same whatever the case, for accounts and for searches.

use entity::kind::Privacy::Public;
use entity::kind::{AudienceKind, Cause};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

/// What a list of this kind finds by a text for somebody.
async fn found(world: &World, who: &str, list: &str, name: &str, text: &str) -> Vec<String> {
    let query =
        format!("query($text: String!) {{ {list}(filter: {{ text: $text }}) {{ nodes {{ {name} }} }} }}");
    let answer = world.read(who, &query, json!({ "text": text })).await;
    let nodes = answer[list]["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node[name].as_str().expect("a name").to_owned()).collect()
}

fn library(it: Organisation) -> Organisation {
    it.group("Große Übersicht", "platform", Public)
        .users(&["Jørgen Groß", "Éva Łukasz", "Νίκος"])
        .learners("Große Übersicht", &["Jørgen Groß", "Éva Łukasz", "Νίκος"])
        .course("Café", "Große Übersicht", "Νίκος")
        .path("Straße", "Große Übersicht", "Νίκος", &["Café"])
        .session("ΟΔΟΣ", "Straße", "Große Übersicht", "Νίκος", AudienceKind::Dynamic)
}

each_database! {
    async fn r24_an_email_is_the_same_whatever_its_case(start: Start) {
        let world = start.with(|it| it).await;
        world.done("owner", "createUser", json!({ "email": "νίκος@example.org" }), "user { id }").await;
        for same in ["ΝΊΚΟΣ@example.org", "νίκοσ@EXAMPLE.org"] {
            let answer = world.refused("owner", "createUser", json!({ "email": same })).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("EMAIL_TAKEN", "email"), "{same}");
        }
        world.done("owner", "createUser", json!({ "email": "groß@bücher.example" }), "user { id }").await;
        let answer = world.refused("owner", "createUser", json!({ "email": "GROSS@BÜCHER.example" })).await;
        assert_eq!(answer.refused(), "EMAIL_TAKEN");
        // An accent makes another address.
        world.done("owner", "createUser", json!({ "email": "νικος@example.org" }), "user { id }").await;
    }

    async fn r24_a_username_is_the_same_whatever_its_case(start: Start) {
        let world = start.with(|it| it).await;
        world.done("owner", "createUser", json!({ "username": "Strauß.Ἀχιλλεύς" }), "user { id }").await;
        let answer = world.refused("owner", "createUser", json!({ "username": "STRAUSS.ἈΧΙΛΛΕΎΣ" })).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("USERNAME_TAKEN", "username"));
        world.done("owner", "createUser", json!({ "username": "strauss.αχιλλευς" }), "user { id }").await;
    }

    async fn r24_somebody_is_looked_up_whatever_the_case(start: Start) {
        let world = start.with(library).await;
        let made = json!({ "email": "νίκος.groß@example.org", "username": "Groß", "firstName": "Ann" });
        world.done("owner", "createUser", made, "user { id }").await;
        for by in [r#"email: "ΝΊΚΟΣ.GROSS@example.org""#, r#"username: "GROSS""#] {
            let query = format!("{{ user(by: {{ {by} }}) {{ firstName }} users(filter: {{ {by} }}) {{ totalCount }} }}");
            let answer = world.read("owner", &query, json!({})).await;
            assert_eq!(answer, json!({ "user": { "firstName": "Ann" }, "users": { "totalCount": 1 } }), "{by}");
        }
    }

    async fn r16_a_list_in_capitals_means_the_same_people(start: Start) {
        let world = start.with(library).await;
        let made = json!({ "email": "νίκος.άλφα@example.org", "firstName": "Alpha" });
        let made = world.done("owner", "createUser", made, "user { id }").await;
        let job = world
            .done(
                "owner",
                "deleteUsers",
                json!({ "people": { "emails": [
                    "ΝΊΚΟΣ.ΆΛΦΑ@EXAMPLE.ORG, νίκος.άλφα@example.org; Straße@example.org\nSTRASSE@example.org",
                ] } }),
                "job { total duplicates items { nodes { user { id } outcome } } }",
            )
            .await;
        let expected = json!({ "total": 2, "duplicates": 2, "items": { "nodes": [
            { "user": { "id": made["user"]["id"] }, "outcome": "DELETED" },
            { "user": null, "outcome": "NOT_FOUND" },
        ] } });
        assert_eq!(job["job"], expected);
    }

    async fn r26_searches_ignore_case_and_accents(start: Start) {
        let world = start.with(library).await;
        let everybody = [
            ("GROSS", "Jørgen Groß"),
            ("jorgen", "Jørgen Groß"),
            ("groß", "Jørgen Groß"),
            ("eva lukasz", "Éva Łukasz"),
            ("ÉVA", "Éva Łukasz"),
            ("νικος", "Νίκος"),
            ("ΝΊΚΟΣ", "Νίκος"),
        ];
        for (text, name) in everybody {
            assert_eq!(found(&world, "owner", "users", "displayName", text).await, [name], "{text}");
        }
        for (list, name, text, expected) in [
            ("groups", "name", "GROSSE UBERSICHT", "Große Übersicht"),
            ("groups", "name", "große ü", "Große Übersicht"),
            ("courses", "title", "cafe", "Café"),
            ("paths", "title", "STRASSE", "Straße"),
            ("sessions", "title", "οδος", "ΟΔΟΣ"),
        ] {
            assert_eq!(found(&world, "owner", list, name, text).await, [expected], "{text}");
        }
        // What is renamed is found by its new name.
        let input = json!({ "groupId": world.group("Große Übersicht"), "name": "Éléments" });
        world.done("owner", "updateGroup", input, "group { id }").await;
        assert_eq!(found(&world, "owner", "groups", "name", "elements").await, ["Éléments"]);
        assert_eq!(found(&world, "owner", "groups", "name", "GROSSE").await, Vec::<String>::new());
        let input = json!({ "userId": world.user("Νίκος"), "firstName": "Þóra", "lastName": "Đặng" });
        world.done("owner", "updateUser", input, "user { id }").await;
        assert_eq!(found(&world, "owner", "users", "displayName", "ÞORA DANG").await, ["Þóra Đặng"]);
    }

    async fn r26_whoever_sees_the_name_alone_searches_the_name_alone(start: Start) {
        let world = start
            .with(|it| library(it).user("peer").learners("Große Übersicht", &["peer"]).username_alone("Éva Łukasz"))
            .await;
        assert_eq!(found(&world, "peer", "users", "displayName", "jorgen gross").await, ["Jørgen Groß"]);
        assert_eq!(found(&world, "peer", "users", "displayName", "example.org").await, ["peer"], "their own address");
        // A username stands for a missing name in no search of somebody who may not see it.
        let nameless = json!({ "userId": world.user("Éva Łukasz"), "firstName": Value::Null, "lastName": Value::Null });
        world.done("owner", "updateUser", nameless, "user { id }").await;
        assert_eq!(found(&world, "peer", "users", "displayName", "lukasz").await, Vec::<String>::new());
        assert_eq!(found(&world, "owner", "users", "username", "lukasz").await, ["éva.łukasz"]);
    }

    async fn r16_an_email_in_capitals_means_the_account_deleted_last(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["older", "last"])
                    .email("older", "νίκος@example.org")
                    .email("last", "ΝΊΚΟΣ@example.org")
                    .deleted("older", Cause::Requested, 9)
                    .deleted("last", Cause::Requested, 2)
            })
            .await;
        let query = "{ user(by: { email: \"Νίκοσ@example.org\" }) { id } }";
        assert_eq!(world.read("owner", query, json!({})).await["user"]["id"], world.user("last"));
    }
}
