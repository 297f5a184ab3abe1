//! What is ours to break: a panic is answered like anything else that breaks, and the next request is fine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use roster::server::Doors;
use serde_json::{Value, json};

use crate::common::each_database;
use crate::server::listening::{code, listening, owners_token};

each_database! {
    async fn a_panic_is_answered_and_nothing_is_done(start: Start) {
        let world = start.with(|it| it.user("ann").learners("platform", &["ann"])).await;
        let token = owners_token(&world).await;
        let before = world.dump().await;
        let armed = Arc::new(AtomicBool::new(false));
        let strikes = armed.clone();
        let db = world.db.clone().observed(move |statement, _| {
            let named = ["/* users.by_id */", "/* removal.delete_accounts */", "/* access.standing */"];
            let struck = named.iter().any(|name| statement.sql.starts_with(name));
            assert!(!(struck && strikes.load(Ordering::Relaxed)), "a secret of {token}", token = "ours");
        });
        let server = listening(&db, Doors::default()).await;
        let ann = world.user("ann");
        let read = format!("{{ user(by: {{ id: {ann} }}) {{ firstName }} }}");
        let delete = format!("mutation {{ deleteUser(input: {{ userId: {ann} }}) {{ outcome }} }}");
        for query in [&read, &delete, &read] {
            armed.store(true, Ordering::Relaxed);
            let answer = server.ask(Some(&token), query, Value::Null).await;
            assert_eq!(code(&answer), "INTERNAL", "{answer}");
            assert!(answer["errors"][0]["extensions"]["requestId"].is_string(), "{answer}");
            assert!(!answer.to_string().contains("secret"), "{answer}");
            armed.store(false, Ordering::Relaxed);
            let answer = server.ask(Some(&token), &read, Value::Null).await;
            assert_eq!(answer, json!({ "data": { "user": { "firstName": "ann" } } }));
            assert_eq!(before.changes_until(&world.dump().await), Default::default());
        }
        let answer = server.ask(Some(&token), &delete, Value::Null).await;
        assert_eq!(answer["data"]["deleteUser"]["outcome"], "DELETED", "{answer}");
    }
}
