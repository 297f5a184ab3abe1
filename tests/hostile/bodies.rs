//! Bodies that are too large, of another kind, or no request.

use serde_json::{Value, json};

use super::attacked;
use crate::common::each_database;
use crate::server::listening::client;

const JSON: (&str, &str) = ("content-type", "application/json");
const HELLO: &str = r#"{ "query": "{ __typename }" }"#;
/// How much the program may grow by a body that it refuses, in MiB.
const GROWTH: usize = 16;

fn too_large() -> (u16, String) {
    (413, "PAYLOAD_TOO_LARGE".to_owned())
}

each_database! {
    async fn requests_in_a_list(start: Start) {
        let attacked = attacked(start).await;
        for count in [0, 1, 2, 2_000] {
            let answer = attacked.send(&[JSON], format!("[{}]", vec![HELLO; count].join(","))).await;
            assert_eq!(answer, (400, "BATCH_UNSUPPORTED".to_owned()), "{count}");
        }
        attacked.unharmed().await;
    }

    async fn bodies_too_large(start: Start) {
        let attacked = attacked(start).await;
        let query = json!({ "query": format!("{{ __typename }} #{}", "a".repeat(65 << 10)) });
        assert_eq!(attacked.post(&query).await, too_large());
        let before = attacked.memory();
        let large = json!({ "query": "{ __typename }", "variables": { "a": "a".repeat(5 << 20) } });
        assert_eq!(attacked.post(&large).await, too_large());
        // A body of 200 MB, one that never says how long it is and never ends, and one that would not end unpacked.
        for (framing, block) in [
            ("content-length: 200000000\r\n", "a".repeat(1 << 20)),
            ("transfer-encoding: chunked\r\n", format!("100000\r\n{}\r\n", "a".repeat(1 << 20))),
        ] {
            let bytes = format!("{}{}", attacked.head(framing), block.repeat(190));
            let answer = attacked.raw(bytes.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("PAYLOAD_TOO_LARGE"), "{framing}: {answer}");
        }
        let bomb = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
        assert_eq!(attacked.send(&[JSON, ("content-encoding", "gzip")], bomb.to_vec()).await, too_large());
        assert!(attacked.memory() < before + GROWTH, "from {before} to {} MiB", attacked.memory());
        attacked.unharmed().await;
    }

    async fn bodies_of_another_kind(start: Start) {
        let attacked = attacked(start).await;
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=a",
            "application/json; charset=utf-16",
            "",
        ] {
            let answer = attacked.send(&[("content-type", kind)], HELLO).await;
            assert_eq!(answer, (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()), "{kind}");
        }
        assert_eq!(attacked.send(&[], HELLO).await, (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
        attacked.unharmed().await;
    }

    async fn methods_that_are_none_of_ours(start: Start) {
        let attacked = attacked(start).await;
        let ann = attacked.world.user("ann");
        let mutation = format!("mutation {{ deleteUser(input: {{ userId: {ann} }}) {{ outcome }} }}");
        let client = client();
        for (method, query, status) in [
            ("GET", "{ viewer { id } }", 200),
            ("GET", mutation.as_str(), 405),
            ("GET", "subscription { removalJobProgress(id: \"a\") { done } }", 405),
            ("PUT", "{ viewer { id } }", 405),
            ("DELETE", "{ viewer { id } }", 405),
            ("PATCH", "{ viewer { id } }", 405),
            ("HEAD", mutation.as_str(), 405),
        ] {
            let request = client.request(method.parse().unwrap(), format!("{}/graphql", attacked.url));
            let request = request.query(&[("query", query)]).bearer_auth(&attacked.token);
            assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{method} {query}");
        }
        attacked.unharmed().await;
    }

    async fn json_that_is_no_request(start: Start) {
        let attacked = attacked(start).await;
        let deep = format!(r#"{{ "query": "{{a}}", "variables": {{ "a": {}1{} }} }}"#, "[".repeat(200), "]".repeat(200));
        let deeper = format!(r#"{{ "query": "{{a}}", "variables": {{ "a": {} }} }}"#, "[".repeat(1_000_000));
        for body in [
            "",
            "{",
            "7",
            "{}",
            r#"{ "query": null }"#,
            r#"{ "query": "{ __typename }", "query": "{ __typename }" }"#,
            r#"{ "query": "{ __typename }", "variables": {}, "variables": {} }"#,
            deep.as_str(),
            deeper.as_str(),
        ] {
            let answer = attacked.send(&[JSON], body.to_owned()).await;
            assert_eq!(answer, (400, "BAD_INPUT".to_owned()), "{body:.60}");
        }
        attacked.unharmed().await;
    }

    async fn variables_that_fit_nothing(start: Start) {
        let attacked = attacked(start).await;
        let query = "query($filter: UserFilter, $order: UserOrder) {
            users(filter: $filter, orderBy: $order) { totalCount } }";
        for variables in [
            json!({ "filter": { "status": ["NO_SUCH_STATUS"] } }),
            json!({ "filter": { "unknown": 1 } }),
            json!({ "filter": { "__proto__": { "text": "a" } } }),
            json!({ "filter": { "constructor": { "prototype": {} } } }),
            json!({ "filter": [] }),
            json!({ "order": { "field": "NAME; drop table users" } }),
        ] {
            let answer = attacked.post(&json!({ "query": query, "variables": variables })).await;
            assert_eq!(answer.1, "BAD_INPUT", "{variables}");
        }
        let ann: Value = attacked.world.user("ann");
        let query = "mutation($input: DeleteUserInput!) { deleteUser(input: $input) { outcome } }";
        for input in [
            json!({ "userId": ann, "__proto__": { "admin": true } }),
            json!({ "userId": ann, "privateSubgroups": "MAYBE" }),
            json!({ "userId": ann, "extra": null }),
            json!({ "userId": { "id": ann } }),
            json!({}),
            Value::Null,
        ] {
            let answer = attacked.post(&json!({ "query": query, "variables": { "input": input } })).await;
            assert_eq!(answer.1, "BAD_INPUT", "{input}");
        }
        attacked.unharmed().await;
    }
}
