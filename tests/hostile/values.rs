//! Values that are forged, of something else, or too much.

use serde_json::{Value, json};

use super::{Attacked, attacked};
use crate::common::each_database;
use crate::server::listening::code;

/// The code with which `createUser` refuses a person.
async fn creating(attacked: &Attacked, person: &Value) -> String {
    let query = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { code } } }";
    let answer = attacked.ask(query, json!({ "input": person })).await;
    let refused = &answer["data"]["createUser"]["userErrors"][0]["code"];
    refused.as_str().map_or_else(|| code(&answer), str::to_owned)
}

each_database! {
    async fn cursors_that_were_not_given_out(start: Start) {
        let attacked = attacked(start).await;
        let query = "{ users(first: 1) { pageInfo { endCursor } } }";
        let answer = attacked.ask(query, Value::Null).await;
        let cursor = answer["data"]["users"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        let query = "query($after: String) { users(after: $after) { nodes { id } } }";
        for after in [
            "",
            "nonsense",
            &cursor[..cursor.len() / 2],
            &format!("{cursor}A"),
            "' or 1=1; drop table users; --",
            &"a".repeat(10_000),
            "\u{0}",
        ] {
            let answer = attacked.ask(query, json!({ "after": after })).await;
            assert_eq!(code(&answer), "INVALID_CURSOR", "{after:.40}");
        }
        let elsewhere = "query($after: String) { groups(after: $after) { nodes { id } } }";
        assert_eq!(code(&attacked.ask(elsewhere, json!({ "after": cursor })).await), "INVALID_CURSOR");
        attacked.unharmed().await;
    }

    async fn ids_of_something_else(start: Start) {
        let attacked = attacked(start).await;
        let delete = "mutation($input: DeleteUserInput!) { deleteUser(input: $input) { outcome userErrors { code } } }";
        for (id, expected) in [
            (attacked.world.group("platform"), "NOT_FOUND"),
            (json!("VXNlcjo5OTk5OTk"), "NOT_FOUND"),
            (json!("0b2f7c1e-2f5c-4a55-8f3a-0f4f3f8b7b10"), "BAD_INPUT"),
            (json!("x".repeat(10_000)), "BAD_INPUT"),
            (json!("1; drop table users"), "BAD_INPUT"),
            (json!("VXNlcjoxIG9yIDE9MQ"), "BAD_INPUT"),
            (json!(-1), "BAD_INPUT"),
            (json!(1), "BAD_INPUT"),
        ] {
            let answer = attacked.ask(delete, json!({ "input": { "userId": id } })).await;
            assert_eq!(answer["data"]["deleteUser"]["userErrors"][0]["code"], expected, "{id:.40} {answer}");
            let node = attacked.ask("query($id: ID!) { user(by: { id: $id }) { id } }", json!({ "id": id })).await;
            assert_eq!(node["data"]["user"], Value::Null, "{node}");
        }
        attacked.unharmed().await;
    }

    async fn characters_that_are_no_part_of_a_name(start: Start) {
        let attacked = attacked(start).await;
        for name in ["a\u{0}b", "a\u{7}b", "a\r\nb: c", "\u{1B}[31m", "a\u{7F}"] {
            let person = json!({ "username": "eve", "firstName": name });
            assert_eq!(creating(&attacked, &person).await, "BAD_INPUT", "{name:?}");
        }
        // A lone surrogate is no character at all, and so the body is no request.
        let body = r#"{ "query": "{ __typename }", "variables": { "a": "\ud800" } }"#;
        let answer = attacked.send(&[("content-type", "application/json")], body).await;
        assert_eq!(answer, (400, "BAD_INPUT".to_owned()));
        attacked.unharmed().await;
    }

    async fn names_too_long(start: Start) {
        let attacked = attacked(start).await;
        for name in ["x".repeat(1_000_000), format!("a{}", "\u{301}".repeat(10_000)), "\u{1F9D1}".repeat(300)] {
            let person = json!({ "username": "eve", "lastName": name });
            assert_eq!(creating(&attacked, &person).await, "BAD_INPUT", "{name:.20}");
        }
        attacked.unharmed().await;
    }

    async fn emails_that_are_none(start: Start) {
        let attacked = attacked(start).await;
        let long = format!("{}@example.org", "a".repeat(245));
        for email in [
            "eve",
            "eve@",
            "@example.org",
            "eve@home@example.org",
            long.as_str(),
            "\"eve adams\"@example.org",
            "Eve <eve@example.org>",
            "eve@example.org\r\nBcc: all@example.org",
            "ｅｖｅ@example.org",
            "eve@-example.org",
            "eve@example..org",
        ] {
            assert_eq!(creating(&attacked, &json!({ "email": email })).await, "BAD_INPUT", "{email:?}");
        }
        // Another spelling of somebody's address is theirs.
        for email in ["ann@example.org", "ANN@EXAMPLE.ORG", " ann@example.org "] {
            assert_eq!(creating(&attacked, &json!({ "email": email })).await, "EMAIL_TAKEN", "{email:?}");
        }
        attacked.unharmed().await;
    }

    async fn filters_that_are_patterns(start: Start) {
        let attacked = attacked(start).await;
        let found = async |text: &str| {
            let query = "query($text: String) { users(filter: { text: $text }) { totalCount } }";
            let answer = attacked.ask(query, json!({ "text": text })).await;
            answer["data"]["users"]["totalCount"].as_i64().ok_or_else(|| code(&answer))
        };
        assert_eq!(found("ann").await, Ok(1));
        for literal in ["%", "_nn", "a%n", "(a+)+$", "'; drop table users; --", "a' or 'a' = 'a", "\\", "[a-z]"] {
            assert_eq!(found(literal).await, Ok(0), "{literal}");
        }
        assert_eq!(found(&"a".repeat(10_000)).await, Err("BAD_INPUT".to_owned()));
        let many: Vec<Value> = (0..10_000).map(|_| attacked.world.group("platform")).collect();
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        assert_eq!(code(&attacked.ask(query, json!({ "ids": many })).await), "BAD_INPUT");
        // The same ten thousand times is the same.
        let query = "query($status: [UserStatus!]) { users(filter: { status: $status }) { totalCount } }";
        let answer = attacked.ask(query, json!({ "status": vec!["ACTIVE"; 10_000] })).await;
        assert_eq!(answer, json!({ "data": { "users": { "totalCount": 2 } } }));
        attacked.unharmed().await;
    }
}
