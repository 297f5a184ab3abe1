//! GraphQL over HTTP, GraphiQL, and what is answered to requests that are none.

use roster::server::{self, Start as Page, Tab};
use roster::setup;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::common::{World, each_database};

const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// The server of a world, listening.
struct Listening {
    url: String,
    client: reqwest::Client,
    token: String,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn listening(world: &World, page: Option<Page>) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let stop_asked = async {
        let _ = stopped.await;
    };
    let ended = tokio::spawn(server::serve(listener, world.db.clone(), page, stop_asked));
    let token = setup::token_for(&world.db, "owner@example.org").await.unwrap();
    Listening { url, client: reqwest::Client::new(), token: token.as_str().to_owned(), stop, ended }
}

impl Listening {
    fn post(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{}/graphql", self.url)).body(body);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// Status, media type and body of the answer to `query`, asked as the owner.
    async fn ask(&self, accept: Option<&str>, query: &str) -> (u16, String, Value) {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("content-type", "application/json"), ("authorization", bearer.as_str())];
        headers.extend(accept.map(|accept| ("accept", accept)));
        answered(self.post(&headers, json!({ "query": query }).to_string())).await
    }

    /// The status and the code of the one error in the answer.
    async fn problem(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> (u16, String) {
        let (status, _, body) = answered(self.post(headers, body)).await;
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errors"], "{body:#}");
        (status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, String, Value) {
    let answer = request.send().await.unwrap();
    let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), media_type, answer.json().await.unwrap())
}

each_database! {
    async fn the_media_type_is_the_one_that_the_client_accepts(start: Start) {
        let world = start.with(|it| it).await;
        let server = listening(&world, None).await;
        let name = json!({ "data": { "platform": { "name": "Platform" } } });
        for (accept, media_type) in [
            (None, GRAPHQL),
            (Some("*/*"), GRAPHQL),
            (Some("application/graphql-response+json"), GRAPHQL),
            (Some("application/graphql-response+json, application/json;q=0.9"), GRAPHQL),
            (Some("application/json, application/graphql-response+json;q=0"), JSON),
            (Some("application/json"), JSON),
            (Some("application/json, text/plain, */*"), JSON),
            (Some("Application/JSON; charset=utf-8"), JSON),
            (Some("application/*;q=0.5"), GRAPHQL),
        ] {
            let answer = server.ask(accept, "{ platform { name } }").await;
            assert_eq!(answer, (200, media_type.to_owned(), name.clone()), "{accept:?}");
        }
        let (status, media_type, body) = server.ask(Some("text/html"), "{ platform { name } }").await;
        assert_eq!((status, media_type.as_str()), (406, JSON));
        assert_eq!(body["errors"][0]["extensions"]["code"], "NOT_ACCEPTABLE");
    }

    async fn the_status_says_whether_a_request_was_carried_out(start: Start) {
        let world = start.with(|it| it).await;
        let server = listening(&world, None).await;
        for query in ["{", "{ nope }", "query A { platform { name } } query B { platform { name } }"] {
            let (status, _, body) = server.ask(None, query).await;
            assert_eq!((status, body.get("data")), (400, None), "{query}");
            assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_INPUT");
            let (status, _, body) = server.ask(Some("application/json"), query).await;
            assert_eq!((status, body.get("data")), (200, None), "{query}");
        }
        // A field that failed leaves the request carried out.
        let anonymous = json!({ "query": "{ viewer { id } }" }).to_string();
        let (status, _, body) = answered(server.post(&[("content-type", "application/json")], anonymous)).await;
        assert_eq!((status, &body["data"]), (200, &Value::Null));
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn what_is_no_request_is_refused(start: Start) {
        let world = start.with(|it| it).await;
        let server = listening(&world, None).await;
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
        for method in [reqwest::Method::GET, reqwest::Method::PUT, reqwest::Method::DELETE] {
            let url = format!("{}/graphql?query=%7B__typename%7D", server.url);
            let answer = server.client.request(method, url).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
        }
        assert!(before.changes_until(&world.dump().await).keys().all(|table| table == "tokens"));
    }

    async fn graphiql_is_served_from_the_program_alone(start: Start) {
        let world = start.with(|it| it).await;
        let page = Page {
            headers: "{}".to_owned(),
            tabs: vec![Tab { query: "{ a }".to_owned(), variables: None }],
        };
        let server = listening(&world, Some(page)).await;
        let get = |path: &str| server.client.get(format!("{}{path}", server.url)).send();
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
        let plain = listening(&world, None).await;
        let nothing = plain.client.get(format!("{}/graphiql.json", plain.url)).send().await.unwrap();
        assert_eq!(nothing.status().as_u16(), 404);
    }

    async fn a_server_that_stops_finishes_what_is_in_flight(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[entity::kind::Role::Learner])).await;
        let server = listening(&world, None).await;
        let query = "mutation($input: DeleteUserInput!) { deleteUser(input: $input) { outcome } }";
        let variables = json!({ "input": { "userId": world.user("ann") } });
        let bearer = format!("Bearer {}", server.token);
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        // The client hangs up as soon as it has sent its request, and the server is told to stop.
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = server.post(&headers, body).timeout(std::time::Duration::from_millis(5)).send();
        let _ = request.await;
        server.stop.send(()).unwrap();
        server.ended.await.unwrap().unwrap();
        // Either it never came, or it was done to its end: the promises are asked of what is left.
        let deleted = world.tables().await.users.iter().any(|user| user.deleted_at.is_some());
        let records = entity_records(&world).await;
        assert_eq!(usize::from(deleted), records);
    }
}

async fn entity_records(world: &World) -> usize {
    world.dump().await.0["records"].len()
}
