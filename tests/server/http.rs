//! GraphQL over HTTP, GraphiQL, and what is answered to requests that are none.

use std::sync::Arc;

use roster::server::{Doors, Start as Page, Tab};
use serde_json::{Value, json};

use super::listening::{Listening, answered, code, listening, owners_token};
use crate::common::{World, each_database};

const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// A server of `world`, and a token of its owner as a header.
async fn served(world: &World) -> (Listening, String) {
    (listening(&world.db, Doors::default()).await, format!("Bearer {}", owners_token(world).await))
}

/// Status, media type and body of the answer to `query`.
async fn asked(
    (server, bearer): &(Listening, String),
    accept: Option<&str>,
    query: &str,
) -> (u16, String, Value) {
    let mut headers = vec![("content-type", "application/json"), ("authorization", bearer.as_str())];
    headers.extend(accept.map(|accept| ("accept", accept)));
    answered(server.post(&headers, json!({ "query": query }).to_string())).await
}

each_database! {
    async fn the_media_type_is_the_one_that_the_client_accepts(start: Start) {
        let world = start.with(|it| it).await;
        let server = served(&world).await;
        let name = json!({ "data": { "platform": { "name": "Platform" } } });
        for (accept, media_type) in [
            (None, JSON),
            (Some("*/*"), JSON),
            (Some("application/graphql-response+json"), GRAPHQL),
            (Some("application/graphql-response+json, application/json;q=0.9"), GRAPHQL),
            (Some("application/json, application/graphql-response+json;q=0"), JSON),
            (Some("application/json"), JSON),
            (Some("application/json, text/plain, */*"), JSON),
            (Some("Application/JSON; charset=utf-8"), JSON),
            (Some("application/*;q=0.5"), JSON),
            (Some("application/graphql-response+json;q=0.5, */*"), GRAPHQL),
        ] {
            let answer = asked(&server, accept, "{ platform { name } }").await;
            assert_eq!(answer, (200, media_type.to_owned(), name.clone()), "{accept:?}");
        }
        let (status, media_type, body) = asked(&server, Some("text/html"), "{ platform { name } }").await;
        assert_eq!((status, media_type.as_str()), (406, JSON));
        assert_eq!(code(&body), "NOT_ACCEPTABLE");
    }

    async fn the_status_says_whether_a_request_was_carried_out(start: Start) {
        let world = start.with(|it| it).await;
        let server = served(&world).await;
        for query in ["{", "{ nope }", "query A { platform { name } } query B { platform { name } }"] {
            let (status, _, body) = asked(&server, Some("application/graphql-response+json"), query).await;
            assert_eq!((status, body.get("data")), (400, None), "{query}");
            assert_eq!(code(&body), "BAD_INPUT");
            let (status, _, body) = asked(&server, None, query).await;
            assert_eq!((status, body.get("data")), (200, None), "{query}");
        }
        // A field that failed leaves the request carried out.
        let anonymous = json!({ "query": "{ viewer { id } }" }).to_string();
        let (status, _, body) = answered(server.0.post(&[("content-type", "application/json")], anonymous)).await;
        assert_eq!((status, &body["data"]), (200, &Value::Null));
        assert_eq!(code(&body), "UNAUTHENTICATED");
    }

    async fn what_is_no_request_is_refused(start: Start) {
        let world = start.with(|it| it).await;
        let (server, _) = served(&world).await;
        let before = world.dump().await;
        let is_json = [("content-type", "application/json")];
        let hello = r#"{ "query": "{ __typename }" }"#;
        for content_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "x"]
        {
            let problem = server.problem(&[("content-type", content_type)], hello).await;
            assert_eq!(problem, (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()), "{content_type}");
        }
        assert_eq!(server.problem(&[], hello).await.0, 415);
        let accepted = [("content-type", "Application/JSON;charset=\"UTF-8\"")];
        assert_eq!(answered(server.post(&accepted, hello)).await.0, 200);
        for body in [format!("[{hello}]"), format!("\n [{hello},{hello}]"), "[]".to_owned()] {
            assert_eq!(server.problem(&is_json, body).await, (400, "BATCH_UNSUPPORTED".to_owned()));
        }
        let deep = format!(r#"{{ "query": "{{a}}", "variables": {{ "a": {}1{} }} }}"#, "[".repeat(200), "]".repeat(200));
        for body in [
            "",
            "{",
            "null",
            "7",
            "{}",
            r#"{ "query": null }"#,
            r#"{ "query": 7 }"#,
            r#"{ "query": "{ a }", "query": "{ b }" }"#,
            r#"{ "query": "{ a }", "variables": [] }"#,
            r#"{ "query": "{ a }", "variables": "{}" }"#,
            r#"{ "query": "{ a }", "operationName": [] }"#,
            deep.as_str(),
        ] {
            assert_eq!(server.problem(&is_json, body.to_owned()).await, (400, "BAD_INPUT".to_owned()), "{body}");
        }
        assert_eq!(server.problem(&is_json, vec![0xFF, 0xFE]).await.0, 400);
        let large = format!(r#"{{ "query": "{{ __typename }}", "variables": {{ "a": "{}" }} }}"#, "a".repeat(4 << 20));
        assert_eq!(server.problem(&is_json, large).await, (413, "PAYLOAD_TOO_LARGE".to_owned()));
        let long = json!({ "query": " ".repeat(65 << 10) }).to_string();
        assert_eq!(server.problem(&is_json, long).await, (413, "PAYLOAD_TOO_LARGE".to_owned()));
        let nested = json!({ "query": format!("{{ a(b: {}1{}) }}", "[".repeat(1_540), "]".repeat(1_540)) });
        assert_eq!(server.problem(&is_json, nested.to_string()).await, (400, "QUERY_TOO_DEEP".to_owned()));
        for authorization in ["Bearer", "Bearer nonsense", "Basic b3duZXI6", "roster_nonsense", ""] {
            let headers = [is_json[0], ("authorization", authorization)];
            assert_eq!(server.problem(&headers, hello).await, (401, "UNAUTHENTICATED".to_owned()), "{authorization}");
        }
        for method in [reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::HEAD] {
            let url = server.at("/graphql?query=%7B__typename%7D");
            let answer = server.client.request(method, url).send().await.unwrap();
            let allowed = &answer.headers()["allow"];
            assert_eq!((answer.status().as_u16(), allowed), (405, &"GET, POST".parse().unwrap()));
        }
        assert!(before.changes_until(&world.dump().await).keys().all(|table| table == "tokens"));
    }

    async fn queries_alone_are_carried_out_over_get(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[entity::kind::Role::Learner])).await;
        let (server, bearer) = served(&world).await;
        let before = world.dump().await;
        let get = |parameters: &[(&str, &str)]| {
            let request = server.client.get(server.at("/graphql")).query(parameters);
            answered(request.header("authorization", &bearer))
        };
        let query = "query Who($by: UserBy!) { user(by: $by) { firstName } } query Other { __typename }";
        let variables = json!({ "by": { "id": world.user("ann") } }).to_string();
        let (status, _, body) =
            get(&[("query", query), ("operationName", "Who"), ("variables", &variables), ("extensions", "")]).await;
        assert_eq!((status, &body["data"]["user"]["firstName"]), (200, &json!("ann")));
        let ann = world.user("ann");
        let delete = format!("mutation {{ deleteUser(input: {{ userId: {ann} }}) {{ outcome }} }}");
        for query in [delete.as_str(), "subscription { removalJobProgress(id: \"a\") { done } }"] {
            let (status, _, body) = get(&[("query", query)]).await;
            assert_eq!((status, code(&body).as_str()), (405, "METHOD_NOT_ALLOWED"), "{query}");
        }
        for parameters in [
            &[("variables", "{}")] as &[_],
            &[("query", "{ __typename }"), ("variables", "[]")],
            &[("query", "{ __typename }"), ("variables", "{")],
            &[("query", "{ __typename }"), ("query", "{ __typename }")],
        ] {
            let (status, _, body) = get(parameters).await;
            assert_eq!((status, code(&body).as_str()), (400, "BAD_INPUT"), "{parameters:?}");
        }
        assert_eq!(before.changes_until(&world.dump().await), Default::default());
    }

    async fn graphiql_is_served_from_the_program_alone(start: Start) {
        let world = start.with(|it| it).await;
        let page = Page {
            headers: "{}".to_owned(),
            tabs: vec![Tab { query: "{ a }".to_owned(), variables: None }],
        };
        let doors = Doors { start: Some(Arc::new(page)), ..Doors::default() };
        let server = listening(&world.db, doors).await;
        let get = |path: &str| server.client.get(server.at(path)).send();
        let index = get("/").await.unwrap();
        assert_eq!(index.headers()["content-encoding"], "gzip");
        assert_eq!(index.headers()["content-type"], "text/html; charset=utf-8");
        let policy = index.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        let script = get("/graphiql/main.js").await.unwrap();
        assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
        let tag = script.headers()["etag"].clone();
        let again = server.client.get(script.url().clone()).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status().as_u16(), 304);
        for nothing in ["/graphiql/nothing.js", "/graphiql/..%2Fpackage.json", "/graphiql/", "/nothing"] {
            assert_eq!(get(nothing).await.unwrap().status().as_u16(), 404, "{nothing}");
        }
        let start: Value = get("/graphiql.json").await.unwrap().json().await.unwrap();
        assert_eq!(start, json!({ "headers": "{}", "tabs": [{ "query": "{ a }" }] }));
        let plain = listening(&world.db, Doors::default()).await;
        let nothing = plain.client.get(plain.at("/graphiql.json")).send().await.unwrap();
        assert_eq!(nothing.status().as_u16(), 404);
    }

    async fn a_server_that_stops_finishes_what_is_in_flight(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[entity::kind::Role::Learner])).await;
        let (server, bearer) = served(&world).await;
        let query = "mutation($input: DeleteUserInput!) { deleteUser(input: $input) { outcome } }";
        let variables = json!({ "input": { "userId": world.user("ann") } });
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        // The client hangs up as soon as it has sent its request, and the server is told to stop.
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = server.post(&headers, body).timeout(std::time::Duration::from_millis(5)).send();
        let _ = request.await;
        server.stop().await;
        // Either it never came, or it was done to its end: the promises are asked of what is left.
        let deleted = world.tables().await.users.iter().any(|user| user.deleted_at.is_some());
        let records = entity_records(&world).await;
        assert_eq!(usize::from(deleted), records);
    }
}

async fn entity_records(world: &World) -> usize {
    world.dump().await.0["records"].len()
}
