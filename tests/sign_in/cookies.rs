//! Signing in by a cookie, as pages in a browser do.

use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

use super::front::{bearer, code, front, password};
use crate::common::each_database;
use crate::server::socket::{Socket, said};

/// What the server wants a browser to keep.
fn set(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(SET_COOKIE)?.to_str().unwrap().to_owned())
}

/// The header by which a browser sends what it was given.
fn cookie(set: &str) -> (String, String) {
    ("cookie".to_owned(), set.split(';').next().unwrap().to_owned())
}

fn entry(transport: &str) -> Value {
    json!({ "login": "ann@example.org", "password": password("ann"), "transport": transport })
}

each_database! {
    async fn a_browser_is_signed_in_by_a_cookie_that_no_script_reads(start: Start) {
        let front = front(start).await;
        let (answer, headers) = front.mutate(&[], "signIn", entry("COOKIE"), "token signIn { id }").await;
        assert_eq!((&answer["token"], answer["signIn"]["id"].is_string()), (&Value::Null, true), "{answer:#}");
        let given = set(&headers).expect("a cookie");
        assert!(given.starts_with("roster=roster_signin_"), "{given}");
        assert!(given.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{given}");
        assert_eq!(front.viewer(&[cookie(&given)]).await, "ann");
        // What is asked by a cookie is nobody else's, not even in a cache.
        let (_, headers) = front.ask(&[cookie(&given)], "{ viewer { id } }", Value::Null).await;
        assert!(headers["vary"].to_str().unwrap().contains("cookie"), "{headers:?}");
        let (answer, headers) =
            front.ask(&[cookie(&given)], "mutation { signOut { signedOut } }", Value::Null).await;
        assert_eq!(answer["data"]["signOut"]["signedOut"], true);
        assert_eq!(set(&headers).as_deref(), Some("roster=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
        assert_eq!(front.viewer(&[cookie(&given)]).await, "UNAUTHENTICATED");
        // A browser sends it all the same, and signs in again.
        let (_, headers) = front.mutate(&[cookie(&given)], "signIn", entry("COOKIE"), "").await;
        assert_eq!(front.viewer(&[cookie(&set(&headers).expect("a cookie"))]).await, "ann");
        let (_, headers) = front.mutate(&[], "signIn", entry("BEARER"), "").await;
        assert_eq!(set(&headers), None);
    }

    async fn a_page_of_another_site_can_not_use_the_cookie(start: Start) {
        let front = front(start).await;
        let (_, headers) = front.mutate(&[], "signIn", entry("COOKIE"), "").await;
        let cookie = cookie(&set(&headers).expect("a cookie"));
        let foreign = ("origin".to_owned(), "https://evil.example.org".to_owned());
        let own = ("origin".to_owned(), front.server.url.clone());
        let before = front.world.dump().await;
        for query in ["{ viewer { id } }", "mutation { signOut { signedOut } }"] {
            let body = json!({ "query": query }).to_string();
            let headers = [("content-type", "application/json"), ("cookie", &cookie.1), ("origin", &foreign.1)];
            let problem = front.server.problem(&headers, body).await;
            assert_eq!(problem, (403, "FOREIGN_ORIGIN".to_owned()), "{query}");
        }
        // Nor is one set for it.
        let (answer, headers) = front.mutate(&[foreign], "signIn", entry("COOKIE"), "").await;
        assert_eq!(answer["userErrors"], json!([{ "code": "BAD_INPUT", "path": ["transport"] }]));
        assert_eq!(set(&headers), None);
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        assert_eq!(front.viewer(&[cookie.clone(), own]).await, "ann");
        let upgrade = [
            ("cookie", cookie.1.as_str()),
            ("origin", "https://evil.example.org"),
            ("sec-websocket-protocol", "graphql-transport-ws"),
        ];
        assert_eq!(Socket::open(&front.server, &upgrade).await.err(), Some(403));
    }

    async fn a_socket_takes_the_cookie_and_sets_none(start: Start) {
        let front = front(start).await;
        let (_, headers) = front.mutate(&[], "signIn", entry("COOKIE"), "").await;
        let cookie = cookie(&set(&headers).expect("a cookie"));
        let upgrade = [
            ("cookie", cookie.1.as_str()),
            ("origin", front.server.url.as_str()),
            ("sec-websocket-protocol", "graphql-transport-ws"),
        ];
        let mut socket = Socket::open(&front.server, &upgrade).await.unwrap();
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await, said(json!({ "type": "connection_ack" })));
        socket.subscribe("1", "{ viewer { firstName } }").await;
        let data = json!({ "data": { "viewer": { "firstName": "ann" } } });
        assert_eq!(socket.hear().await, said(json!({ "id": "1", "type": "next", "payload": data })));
        assert_eq!(socket.hear().await, said(json!({ "id": "1", "type": "complete" })));
        let sign_in = format!(
            "mutation {{ signIn(input: {{ login: \"ann@example.org\", password: \"{}\", transport: COOKIE }}) {{ userErrors {{ code path }} }} }}",
            password("ann")
        );
        socket.subscribe("2", &sign_in).await;
        let refused = json!({ "data": { "signIn": { "userErrors": [{ "code": "BAD_INPUT", "path": ["transport"] }] } } });
        assert_eq!(socket.hear().await, said(json!({ "id": "2", "type": "next", "payload": refused })));
    }

    async fn a_token_is_no_cookie_and_no_part_of_an_address(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let input = json!({ "name": "Sync", "scopes": ["USERS_READ"] });
        let token = front.done(&[bearer(&ann)], "createToken", input, "secret").await;
        let token = token["secret"].as_str().unwrap();
        assert_eq!(front.viewer_of(token).await, "ann");
        assert_eq!(front.viewer(&[cookie(&format!("roster={token}"))]).await, "UNAUTHENTICATED");
        for parameter in ["token", "access_token", "authorization", "bearer"] {
            let query = [("query", "{ viewer { id } }"), (parameter, token)];
            let request = front.server.client.get(front.server.at("/graphql")).query(&query);
            let (_, _, answer) = crate::server::listening::answered(request).await;
            assert_eq!(code(&answer), "UNAUTHENTICATED", "{parameter}");
        }
    }
}
