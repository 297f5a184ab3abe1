//! A database that goes silent: nothing comes back, and every connection stays open. Requests are answered all the same,
//! and once the database is there again they are carried out, without anything lost or done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Variables};
use futures::future::join_all;
use roster::access::Caller;
use roster::db::sql::sql;
use roster::db::{Database, Limits};
use roster::error::Failure;
use roster::graphql::RequestContext;
use roster::graphql::api::Api;
use roster::server::Doors;
use roster::transaction::write;
use serde_json::{Value, json};

use super::invariants::Watch;
use super::wire::{Hush, Wire};
use super::{CHUNK, LIST, List, organisation, tokens};
use crate::common::{Kind, Start, World, run};
use crate::server::listening::{Listening, code, listening};

/// What is promised of a request while the database is silent.
const ANSWERED: Duration = Duration::from_secs(10);
/// What is promised once it is back.
const SERVED: Duration = Duration::from_secs(30);
/// Connections that read, and that write.
const CONNECTIONS: usize = 8;

/// The program's own limits, shorter.
fn short() -> Limits {
    Limits { silence: Duration::from_secs(1), connect: Duration::from_secs(2), ..Limits::default() }
}

/// A server whose database is behind a wire.
struct Behind {
    world: World,
    wire: Wire,
    db: Database,
    server: Listening,
    token: String,
}

impl Behind {
    async fn new(start: Start, limits: Limits) -> Behind {
        let world = start.with(|it| organisation(it, LIST)).await;
        let [token, _] = tokens(&world).await;
        let (wire, url) = Wire::in_front_of(&world.url).await;
        let db = Database::open_within(&url, limits).await.expect("a database");
        let server = listening(&db, Doors { chunk: Some(CHUNK), ..Doors::default() }).await;
        let behind = Behind { world, wire, db, server, token };
        assert_eq!(code(&behind.read().await), "");
        behind
    }

    async fn read(&self) -> Value {
        self.answered("{ users(first: 10) { nodes { id displayName } } }", Value::Null).await
    }

    async fn delete(&self, name: &str) -> Value {
        let query =
            "mutation($input: DeleteUserInput!) { deleteUser(input: $input) { userErrors { code } } }";
        let input = json!({
            "userId": self.world.user(name), "privateSubgroups": "REMOVE", "idempotencyKey": format!("without {name}"),
        });
        self.answered(query, json!({ "input": input })).await
    }

    /// The answer to a request, which comes as soon as is promised and is one of the two that there are.
    async fn answered(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let bearer = format!("Bearer {}", self.token);
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let asked = Instant::now();
        let answer = self.server.post(&headers, body).send().await.expect("an answer");
        let took = asked.elapsed();
        let (status, says) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let answer: Value = answer.json().await.expect("JSON");
        let unavailable = code(&answer) == "UNAVAILABLE";
        assert!(answer["errors"].is_null() || unavailable, "{answer:#}");
        assert_eq!(answer["errors"][0]["extensions"]["retryAfter"].is_u64(), unavailable, "{answer:#}");
        assert_eq!(says, unavailable, "{answer:#}");
        // Where nothing was begun the status says so too.
        assert!(status == 200 || (unavailable && status == 503), "{status} {answer:#}");
        assert!(took < ANSWERED, "{took:?} {answer:#}");
        answer
    }

    /// The database is back: what `ask` answers, as soon as it is no refusal of the database's.
    async fn back<F: Future<Output = Value>>(&self, ask: impl Fn() -> F) -> Value {
        self.wire.pass_on();
        let back = Instant::now();
        loop {
            let answer = ask().await;
            assert!(back.elapsed() < SERVED, "{answer:#}");
            if answer["errors"].is_null() {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn records(&self) -> i64 {
        let (count,): (i64,) = sql("tests.records", "select count(*) from records")
            .only(&self.world.db.read)
            .await
            .expect("a count");
        count
    }

    /// Everything has ended.
    async fn end(self) {
        self.server.stop().await;
        self.db.close().await;
    }
}

async fn reads_and_writes(start: Start, limits: Limits) {
    let behind = Behind::new(start, limits).await;
    behind.wire.go_silent();
    // More than there are connections, so that some wait for others.
    let (reads, write) = tokio::join!(join_all((0..20).map(|_| behind.read())), behind.delete("person 0"));
    for answer in reads.iter().chain([&write]) {
        assert_eq!(code(answer), "UNAVAILABLE", "{answer:#}");
    }
    assert_eq!(code(&behind.read().await), "UNAVAILABLE", "and whoever comes later");
    behind.back(|| behind.read()).await;
    let done = behind.back(|| behind.delete("person 0")).await;
    assert_eq!((&done["data"]["deleteUser"]["userErrors"], behind.records().await), (&json!([]), 1));
    behind.end().await;
}

async fn in_the_middle_of_a_write(start: Start) {
    let behind = Behind::new(start, short()).await;
    for (done, hush) in [(0, Hush::At("removal.records")), (2, Hush::AfterCommit("removal.records"))] {
        let name = format!("person {done}");
        let silent = behind.wire.go_silent_at(hush);
        let (answer, ()) = tokio::join!(behind.delete(&name), silent);
        assert_eq!(code(&answer), "UNAVAILABLE", "{answer:#}");
        let is_committed = hush != Hush::At("removal.records");
        // Nothing of it, or all of it.
        assert_eq!(behind.records().await, i64::from(done > 0) + i64::from(is_committed), "{hush:?}");
        let again = behind.back(|| behind.delete(&name)).await;
        assert_eq!(again["data"]["deleteUser"]["userErrors"], json!([]), "{again:#}");
    }
    assert_eq!(behind.records().await, 2, "one each");
    behind.end().await;
}

async fn in_the_middle_of_a_job(start: Start) {
    let behind = Behind::new(start, short()).await;
    let mut watch = Watch::new(&behind.world.url).await;
    let silent = behind.wire.go_silent_at(Hush::At("removal.write_outcomes"));
    let query = "mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) { userErrors { code } } }";
    let accepted = behind.answered(query, List::apart(0).input(&behind.world)).await;
    assert_eq!(accepted["data"]["deleteUsers"]["userErrors"], json!([]), "{accepted:#}");
    silent.await;
    watch.check("while the database is silent").await;
    assert_eq!(code(&behind.read().await), "UNAVAILABLE");
    behind.back(|| behind.read()).await;
    watch.until_all_ended(SERVED).await;
    watch.check("at the end").await;
    assert_eq!(watch.everybody_is_deleted(1).await, (LIST, 0));
    behind.end().await;
}

/// One statement that reads.
async fn time(db: &Database) -> Result<(), Failure> {
    db.clock.now(&db.read).await?;
    Ok(())
}

/// A transaction that lasts long enough for others to begin meanwhile.
async fn a_write(db: &Database) -> Result<(), Failure> {
    write(db, Caller::System { on_behalf_of: None }, None, (), |tx, ()| {
        Box::pin(async {
            sql("tests.pause", "select pg_sleep(0.2)").execute(&tx.conn).await?;
            Ok(())
        })
    })
    .await
}

fn is_outage(ended: &Result<(), Failure>) -> bool {
    matches!(ended, Err(Failure::Broken(error)) if error.is_outage())
}

async fn places_are_left(start: Start) {
    let (wire, url) = Wire::in_front_of(&start.url).await;
    let db = Database::open_within(&url, short()).await.expect("a database");
    for round in 0..2 {
        // As many as there can be.
        let held = join_all((0..CONNECTIONS).map(|_| db.hold())).await;
        let held: Vec<Database> = held.into_iter().map(|held| held.expect("a connection")).collect();
        for written in join_all((0..CONNECTIONS).map(|_| a_write(&db))).await {
            written.expect("written");
        }
        wire.forget_what_is_open();
        let (reads, writes) =
            tokio::join!(join_all(held.iter().map(time)), join_all((0..CONNECTIONS).map(|_| a_write(&db))));
        assert!(reads.iter().chain(&writes).all(is_outage), "{round}: {reads:?} {writes:?}");
        drop(held);
        let began = Instant::now();
        let (reads, writes) = tokio::join!(
            join_all((0..CONNECTIONS).map(|_| async { time(&db.hold().await?).await })),
            join_all((0..CONNECTIONS).map(|_| a_write(&db)))
        );
        assert!(reads.iter().chain(&writes).all(Result::is_ok), "{round}: {reads:?} {writes:?}");
        assert!(began.elapsed() < ANSWERED, "{:?}", began.elapsed());
    }
    db.close().await;
}

async fn nothing_is_sent_besides(start: Start) {
    let world = start.with(|it| organisation(it, 1)).await;
    let (wire, url) = Wire::in_front_of(&world.url).await;
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = ran.clone();
    let db = Database::open(&url).await.expect("a database").observed(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let api = Api::new();
    let point_read = async || {
        let context =
            RequestContext::new(db.clone(), Some(Caller::User(world.user_id("owner"))), "test".to_owned());
        let query = "query($id: ID!) { user(by: { id: $id }) { id displayName } }";
        let variables = Variables::from_json(json!({ "id": world.user("person 0") }));
        let request = Request::new(query).variables(variables);
        let answer = api.execute(request, Some(OperationType::Query), context).await;
        assert_eq!(answer.errors, Vec::new());
    };
    // The first time they are prepared.
    point_read().await;
    a_write(&db).await.expect("written");
    let (asked, before) = (wire.asked(), ran.load(Ordering::SeqCst));
    for _ in 0..10 {
        point_read().await;
    }
    let statements = ran.load(Ordering::SeqCst) - before;
    assert_eq!(wire.asked() - asked, statements, "one for each statement");
    assert!(statements <= 20, "{statements}");
    let asked = wire.asked();
    a_write(&db).await.expect("written");
    assert_eq!(wire.asked() - asked, 4, "its beginning, the time, what it does and its end");
    db.close().await;
}

#[test]
fn requests_are_answered_while_the_database_is_silent_and_served_when_it_is_back() {
    run(Kind::Postgres, |start| Box::pin(reads_and_writes(start, short())));
}

#[test]
fn the_limits_of_the_program_keep_what_is_promised_of_a_silent_database() {
    run(Kind::Postgres, |start| Box::pin(reads_and_writes(start, Limits::default())));
}

#[test]
fn a_write_that_the_database_was_silent_in_is_done_once() {
    run(Kind::Postgres, |start| Box::pin(in_the_middle_of_a_write(start)));
}

#[test]
fn a_job_that_the_database_was_silent_in_comes_to_its_end() {
    run(Kind::Postgres, |start| Box::pin(in_the_middle_of_a_job(start)));
}

#[test]
fn connections_that_went_silent_leave_their_places_to_others() {
    run(Kind::Postgres, |start| Box::pin(places_are_left(start)));
}

#[test]
fn a_connection_comes_back_without_a_word() {
    run(Kind::Postgres, |start| Box::pin(nothing_is_sent_besides(start)));
}
