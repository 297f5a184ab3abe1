//! Traces of requests, as a collector receives them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use entity::kind::Role;
use serde_json::json;
use tokio::net::TcpListener;

use super::listening::owners_token;
use super::program::started_with;
use crate::common::each_database;

type Received = Arc<Mutex<Vec<u8>>>;

async fn receive(State(received): State<Received>, body: Bytes) {
    received.lock().unwrap().extend_from_slice(&body);
}

/// Whether these bytes are somewhere in what was received.
fn holds(received: &[u8], bytes: &[u8]) -> bool {
    received.windows(bytes.len()).any(|window| window == bytes)
}

each_database! {
    async fn a_request_is_told_to_the_collector_and_nobody_is(start: Start) {
        let world = start.with(|it| it.user("wilhelmina").member("wilhelmina", "platform", &[Role::Learner])).await;
        let token = owners_token(&world).await;
        let received = Received::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let collector = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(receive)).with_state(received.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let arguments = ["serve", "--bind", "127.0.0.1:0", "--database-url", &world.url];
        let program = started_with(Path::new("."), &arguments, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)]);
        let url = program.printed("listening on").unwrap();
        let query = "query FindWilma($by: UserBy!) { user(by: $by) { firstName email } nothing }";
        let body = json!({ "query": query, "variables": { "by": { "email": "wilhelmina@example.org" } } });
        let trace: Vec<u8> = (1..=16).collect();
        let trace_id: String = trace.iter().map(|byte| format!("{byte:02x}")).collect();
        let asked = crate::server::listening::client().post(format!("{url}/graphql")).bearer_auth(&token).json(&body);
        asked.header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01")).send().await.unwrap();
        // What was not sent yet is sent at the end.
        tokio::task::spawn_blocking(move || program.stop()).await.unwrap();
        let received = received.lock().unwrap().clone();
        for told in [b"FindWilma".as_slice(), b"graphql.operation.type", b"BAD_INPUT", b"roster", &trace] {
            assert!(holds(&received, told), "{}", String::from_utf8_lossy(&received));
        }
        for secret in ["wilhelmina", token.as_str(), "example.org"] {
            assert!(!holds(&received, secret.as_bytes()), "{secret}");
        }
    }
}
