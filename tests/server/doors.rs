//! Who may come in, and for what: other sites, trusted documents, budgets; and what is told of it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use entity::kind::{Privacy, Role};
use roster::db::Database;
use roster::db::sql::sql;
use roster::server::{Documents, Doors, Introspection, Origins};
use roster::setup;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::listening::{answered, code, listening, owners_token};
use crate::common::each_database;

const JSON: (&str, &str) = ("content-type", "application/json");

each_database! {
    async fn pages_of_other_sites_come_in_where_they_were_named(start: Start) {
        let world = start.with(|it| it).await;
        let origins = Origins::new(["https://app.example.org".parse().unwrap()]);
        let server = listening(&world.db, Doors { origins, ..Doors::default() }).await;
        let hello = r#"{ "query": "{ __typename }" }"#;
        for (origin, named) in [("https://app.example.org", true), ("https://evil.example.org", false), ("null", false)] {
            let asked = server.post(&[JSON, ("origin", origin)], hello).send().await.unwrap();
            let allowed = asked.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap());
            assert_eq!(allowed, named.then_some(origin));
            let first = server.client.request(reqwest::Method::OPTIONS, server.at("/graphql"));
            let first = first.header("origin", origin).header("access-control-request-method", "POST");
            let first = first.header("access-control-request-headers", "authorization,content-type").send().await.unwrap();
            assert_eq!(first.headers().contains_key("access-control-allow-origin"), named, "{origin}");
            // What a cookie could ride on is refused whatever the browser makes of the answer.
            let riding = server.post(&[JSON, ("origin", origin), ("cookie", "a=b")], hello);
            let (status, _, body) = answered(riding).await;
            let expected = if named { (200, "") } else { (403, "FOREIGN_ORIGIN") };
            assert_eq!((status, code(&body).as_str()), expected, "{origin}");
        }
    }

    async fn trusted_documents_are_all_that_is_carried_out(start: Start) {
        let world = start.with(|it| it).await;
        let token = owners_token(&world).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("documents.json");
        let text = "query Zone { platform { timeZone } }";
        let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(&file, json!({ &hash: text }).to_string()).unwrap();
        let documents = Some(Arc::new(Documents::read(&file).unwrap()));
        let server = listening(&world.db, Doors { documents, ..Doors::default() }).await;
        let bearer = format!("Bearer {token}");
        let ask = async |body: Value| {
            answered(server.post(&[JSON, ("authorization", &bearer)], body.to_string())).await
        };
        for body in [
            json!({ "query": text }),
            json!({ "documentId": hash }),
            json!({ "documentId": format!("sha256:{}", hash.to_uppercase()) }),
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } }),
        ] {
            let (status, _, answer) = ask(body.clone()).await;
            assert_eq!((status, answer), (200, json!({ "data": { "platform": { "timeZone": "UTC" } } })), "{body}");
        }
        for body in [
            json!({ "query": "{ platform { timeZone } }" }),
            json!({ "query": "{ __schema { queryType { name } } }" }),
            json!({ "documentId": "nonsense", "query": text }),
        ] {
            let (status, _, answer) = ask(body.clone()).await;
            assert_eq!((status, code(&answer).as_str()), (400, "UNTRUSTED_DOCUMENT"), "{body}");
        }
        std::fs::write(&file, json!({ &hash: "{ __typename }" }).to_string()).unwrap();
        let mismatch = Documents::read(&file).unwrap_err().to_string();
        assert_eq!(mismatch, format!("the trusted document {hash} has another SHA-256"));
        std::fs::write(&file, "[]").unwrap();
        Documents::read(&file).unwrap_err();
    }

    async fn a_budget_is_each_callers_own_and_comes_back(start: Start) {
        let world = start.with(|it| it.user("ann").learners("platform", &["ann"])).await;
        let before = world.dump().await;
        let token = owners_token(&world).await;
        let doors = Doors { points: NonZeroU32::new(600), ..Doors::default() };
        let server = listening(&world.db, doors).await;
        let query = "{ users(first: 100) { nodes { id displayName } } }";
        let answer = server.ask(Some(&token), query, Value::Null).await;
        let cost = &answer["extensions"]["cost"];
        let requested = cost["requested"].as_u64().unwrap();
        assert!((200..=600).contains(&requested), "{cost}: a hundred people with two fields each");
        assert_eq!((&cost["perMinute"], cost["left"].as_u64()), (&json!(600), Some(600 - requested)));
        let mut refused = None;
        for _ in 0..3 {
            let bearer = format!("Bearer {token}");
            let asked = server.post(&[JSON, ("authorization", &bearer)], json!({ "query": query }).to_string());
            let answer = asked.send().await.unwrap();
            if answer.status().as_u16() == 429 {
                let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                refused = Some((wait, answer.json::<Value>().await.unwrap()));
            }
        }
        let (wait, answer) = refused.expect("the third is one too many");
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "RATE_LIMITED", "retryAfter": wait }));
        assert_eq!(answer.get("data"), None);
        let other = setup::token_for(&world.db, "ann@example.org").await.unwrap();
        let answer = server.ask(Some(other.as_str()), "{ viewer { id } }", Value::Null).await;
        assert_eq!(answer["data"]["viewer"]["id"], world.user("ann"));
        assert!(before.changes_until(&world.dump().await).keys().all(|table| table == "tokens"));
    }

    async fn the_schema_is_told_unless_it_is_turned_off(start: Start) {
        let world = start.with(|it| it).await;
        let query = "{ __schema { queryType { name } } }";
        let server = listening(&world.db, Doors::default()).await;
        let answer = server.ask(None, query, Value::Null).await;
        assert_eq!(answer, json!({ "data": { "__schema": { "queryType": { "name": "Query" } } } }));
        let doors = Doors { introspection: Introspection::Off, ..Doors::default() };
        let server = listening(&world.db, doors).await;
        let answer = server.ask(None, query, Value::Null).await;
        assert_eq!(answer["data"]["__schema"], Value::Null, "{answer}");
    }

    async fn a_read_that_takes_too_long_is_given_up(start: Start) {
        let world = start.with(|it| it.group("Art", "platform", Privacy::Public).course("Drawing", "Art", "owner")).await;
        let token = owners_token(&world).await;
        // From now on nobody comes to an end of the courses.
        world
            .sql(
                "alter table courses rename to all_courses;
                 create view courses as select c.* from all_courses c
                 where (with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n) > 0",
            )
            .await;
        let bounded = Database::open_bounded(&world.url, Duration::from_secs(1)).await.unwrap();
        let server = listening(&bounded, Doors::default()).await;
        for query in ["{ courses { nodes { title } } }", "{ courses { totalCount } }", "query($id: ID!) { node(id: $id) { id } }"] {
            let answer = server.ask(Some(&token), query, json!({ "id": world.course("Drawing") })).await;
            assert_eq!(code(&answer), "TIMED_OUT", "{answer}");
            assert!(!answer.to_string().contains("all_courses"), "{answer}");
            // Whoever asks for something else has the same connections.
            for _ in 0..20 {
                let answer = server.ask(Some(&token), "{ platform { name } }", Value::Null).await;
                assert_eq!(answer, json!({ "data": { "platform": { "name": "Platform" } } }));
            }
        }
        bounded.close().await;
        // A connection that has read the tables before would take the view for one of them.
        let db = sea_orm::Database::connect(&world.url).await.unwrap();
        db.execute_unprepared("drop view courses; alter table all_courses rename to courses").await.unwrap();
        db.close().await.unwrap();
    }

    async fn health_says_what_is_missing(start: Start) {
        let world = start.with(|it| it).await;
        let server = listening(&world.db, Doors::default()).await;
        let get = async |path| {
            let answer = server.client.get(server.at(path)).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(get("/livez").await, (200, "ok\n".to_owned()));
        let ready = r#"{"database":true,"migrated":true,"draining":false}"#;
        assert_eq!(get("/readyz").await, (200, ready.to_owned()));
        let newest = "delete from seaql_migrations where version = (select max(version) from seaql_migrations)";
        sql("tests.undo", newest).execute(&world.db.read).await.unwrap();
        let behind = r#"{"database":true,"migrated":false,"draining":false}"#;
        assert_eq!(get("/readyz").await, (503, behind.to_owned()));
        assert_eq!(get("/livez").await.0, 200);
    }

    async fn figures_name_operations_and_codes_and_nobody(start: Start) {
        let world = start.with(|it| it.user("wilhelmina").member("wilhelmina", "platform", &[Role::Learner])).await;
        let token = owners_token(&world).await;
        let server = listening(&world.db, Doors::default()).await;
        let query = "query FindWilma($by: UserBy!) { user(by: $by) { firstName email } }";
        let variables = json!({ "by": { "email": "wilhelmina@example.org" } });
        let answer = server.ask(Some(&token), query, variables).await;
        assert_eq!(answer["data"]["user"]["firstName"], "wilhelmina");
        server.ask(Some("roster_nonsense"), query, Value::Null).await;
        server.ask(Some(&token), "query Wrong { nope }", Value::Null).await;
        let figures = server.client.get(server.at("/metrics")).send().await.unwrap().text().await.unwrap();
        assert!(figures.contains(r#"roster_requests_total{operation="FindWilma",kind="query",code="OK"}"#), "{figures}");
        assert!(figures.contains(r#"code="BAD_INPUT""#), "{figures}");
        assert!(figures.contains("roster_request_seconds_bucket"), "{figures}");
        for secret in ["wilhelmina", token.as_str(), "roster_nonsense"] {
            assert!(!figures.contains(secret), "{figures}");
        }
    }

    async fn what_is_no_graphql_is_not_shown_again(start: Start) {
        let world = start.with(|it| it).await;
        let server = listening(&world.db, Doors::default()).await;
        let answer = server.ask(None, "{ user(by: { email: \"ann@example.org\" ) }", Value::Null).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("This is no GraphQL: expected "), "{message}");
        assert!(!answer.to_string().contains("ann"), "{answer}");
        assert!(answer["errors"][0]["locations"][0]["line"].is_u64());
    }
}
