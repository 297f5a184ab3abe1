//! GraphQL over a socket: graphql-transport-ws, its close codes, and who may stay.

use std::time::Duration;

use entity::kind::Role;
use futures::{SinkExt, StreamExt};
use roster::db::sql::sql;
use roster::server::{Doors, Origins};
use roster::setup;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::listening::{Listening, code, listening, owners_token};
use crate::common::{World, each_database};

/// Longer than anything that these tests wait for.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

/// What is heard next: a message, or the code with which the server closes.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Said(Value),
    Closed(u16),
}

impl Socket {
    pub async fn open(server: &Listening, headers: &[(&str, &str)]) -> Result<Socket, u16> {
        let url = server.at("/graphql/ws").replace("http:", "ws:");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name = name.parse::<reqwest::header::HeaderName>().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A socket that speaks the protocol.
    async fn speaking(server: &Listening) -> Socket {
        Socket::open(server, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// A socket of whoever has `token`.
    pub async fn of(server: &Listening, token: &str) -> Socket {
        let mut socket = Socket::speaking(server).await;
        socket.say(json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } })).await;
        assert_eq!(socket.hear().await, said(json!({ "type": "connection_ack" })));
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    async fn send(&mut self, message: Message) {
        // A server that has closed is heard of below.
        let _ = self.0.send(message).await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    pub async fn hear(&mut self) -> Heard {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something is heard") {
                Some(Ok(Message::Text(text))) => return Heard::Said(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

pub fn said(message: Value) -> Heard {
    Heard::Said(message)
}

/// A server of `world`, and a token of its owner.
async fn served(world: &World) -> (Listening, String) {
    (listening(&world.db, Doors::default()).await, owners_token(world).await)
}

each_database! {
    async fn queries_and_mutations_run_as_over_http(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[Role::Learner])).await;
        let (server, token) = served(&world).await;
        let mut socket = Socket::of(&server, &token).await;
        socket.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
        assert_eq!(socket.hear().await, said(json!({ "type": "pong", "payload": { "a": 1 } })));
        socket.subscribe("1", "{ platform { name } }").await;
        let data = json!({ "data": { "platform": { "name": "Platform" } } });
        assert_eq!(socket.hear().await, said(json!({ "id": "1", "type": "next", "payload": data })));
        assert_eq!(socket.hear().await, said(json!({ "id": "1", "type": "complete" })));
        let ann = world.user("ann");
        let delete = format!("mutation {{ deleteUser(input: {{ userId: {ann} }}) {{ removal {{ outcome }} }} }}");
        socket.subscribe("1", &delete).await;
        let data = json!({ "data": { "deleteUser": { "removal": { "outcome": "DELETED" } } } });
        assert_eq!(socket.hear().await, said(json!({ "id": "1", "type": "next", "payload": data })));
        assert_eq!(socket.hear().await, said(json!({ "id": "1", "type": "complete" })));
        // What cannot be begun is an error, and the end of that operation alone.
        for (query, expected) in [
            ("{ nope }".to_owned(), "BAD_INPUT"),
            ("{".to_owned(), "BAD_INPUT"),
            (format!("{{ a(b: {}1{}) }}", "[".repeat(1_540), "]".repeat(1_540)), "QUERY_TOO_DEEP"),
        ] {
            socket.subscribe("2", &query).await;
            let Heard::Said(error) = socket.hear().await else { panic!("{query}") };
            assert_eq!((&error["id"], &error["type"]), (&json!("2"), &json!("error")), "{query} {error}");
            assert_eq!(code(&json!({ "errors": error["payload"] })), expected, "{query}");
        }
        socket.subscribe("3", "subscription { removalJobProgress(id: \"nonsense\") { done } }").await;
        let Heard::Said(next) = socket.hear().await else { panic!("closed") };
        assert_eq!(code(&next["payload"]), "BAD_INPUT", "{next}");
        assert_eq!(socket.hear().await, said(json!({ "id": "3", "type": "complete" })));
    }

    async fn a_job_is_followed_to_its_end(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[Role::Learner])).await;
        let (server, token) = served(&world).await;
        let delete = "mutation($id: ID!) { deleteUsers(input: { people: { ids: [$id] } }) { job { id } } }";
        let answer = server.ask(Some(&token), delete, json!({ "id": world.user("ann") })).await;
        let job = answer["data"]["deleteUsers"]["job"]["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let mut socket = Socket::of(&server, &token).await;
        socket.subscribe("a", &format!("subscription {{ removalJobProgress(id: \"{job}\") {{ status done total }} }}")).await;
        let id = job.to_owned();
        let job = json!({ "status": "SUCCEEDED", "done": 1, "total": 1 });
        let data = json!({ "data": { "removalJobProgress": job } });
        assert_eq!(socket.hear().await, said(json!({ "id": "a", "type": "next", "payload": data })));
        assert_eq!(socket.hear().await, said(json!({ "id": "a", "type": "complete" })));
        // Whoever was cut off goes on where they stopped.
        for (after, events) in [
            (0, vec![(1, "QUEUED", 0), (2, "RUNNING", 0), (3, "SUCCEEDED", 1)]),
            (2, vec![(3, "SUCCEEDED", 1)]),
            (3, vec![]),
        ] {
            let query = format!("subscription {{ removalJobProgress(id: \"{id}\", after: {after}) {{ number status done }} }}");
            socket.subscribe("b", &query).await;
            for (number, status, done) in events {
                let event = json!({ "removalJobProgress": { "number": number, "status": status, "done": done } });
                let next = json!({ "id": "b", "type": "next", "payload": { "data": event } });
                assert_eq!(socket.hear().await, said(next));
            }
            assert_eq!(socket.hear().await, said(json!({ "id": "b", "type": "complete" })));
        }
    }

    async fn jobs_that_come_further_are_told(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[Role::Learner])).await;
        let (server, token) = served(&world).await;
        let mut socket = Socket::of(&server, &token).await;
        socket.subscribe("a", "subscription { removalJobsChanged { id status } }").await;
        // It begins at some time: jobs are asked for until one is told of.
        let asking = async {
            let delete = "mutation($id: ID!) { deleteUsers(input: { people: { ids: [$id] } }) { job { id } } }";
            let mut ids = Vec::new();
            loop {
                let answer = server.ask(Some(&token), delete, json!({ "id": world.user("ann") })).await;
                ids.push(answer["data"]["deleteUsers"]["job"]["id"].clone());
                if let Ok(Heard::Said(next)) = timeout(Duration::from_millis(500), socket.hear()).await {
                    let job = next["payload"]["data"]["removalJobsChanged"].clone();
                    assert!(ids.contains(&job["id"]), "{next}");
                    return;
                }
            }
        };
        timeout(PATIENCE, asking).await.expect("a job is told of");
    }

    async fn a_client_that_breaks_the_protocol_is_told_how(start: Start) {
        let world = start.with(|it| it).await;
        let (server, token) = served(&world).await;
        let init = || json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
        let query = || json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } });
        for (messages, closed) in [
            (vec![Message::text("{")], 4400),
            (vec![Message::text(r#"{ "type": "nonsense" }"#)], 4400),
            (vec![Message::binary(b"{}".to_vec())], 4400),
            (vec![Message::text(query().to_string())], 4401),
            (vec![Message::text(init().to_string()), Message::text(init().to_string())], 4429),
            (vec![Message::text(r#"{ "type": "connection_init", "payload": { "authorization": "Bearer no" } }"#)], 4403),
            (vec![Message::text(r#"{ "type": "connection_init", "payload": { "authorization": 7 } }"#)], 4403),
            (vec![Message::text(" ".repeat(1 << 20))], 1009),
        ] {
            let mut socket = Socket::speaking(&server).await;
            for message in messages.clone() {
                socket.send(message).await;
            }
            let mut heard = socket.hear().await;
            if heard == said(json!({ "type": "connection_ack" })) {
                heard = socket.hear().await;
            }
            assert_eq!(heard, Heard::Closed(closed), "{:.60?}", messages);
        }
        let mut silent = Socket::speaking(&server).await;
        assert_eq!(silent.hear().await, Heard::Closed(4408));
        let mut foreign = Socket::open(&server, &[]).await.unwrap();
        assert_eq!(foreign.hear().await, Heard::Closed(4406));
    }

    async fn an_id_is_one_operation_and_a_socket_has_a_hundred(start: Start) {
        let world = start.with(|it| it).await;
        let (server, token) = served(&world).await;
        // A job that waits for ever, so that whoever follows it does too.
        let job: (i64,) = sql(
            "tests.job",
            "insert into jobs (kind, status, actor_id, cause, options, total, duplicates, epoch, created_at)
             values ('REMOVAL', 'AWAITING_CONFIRMATION', {owner}, 'REQUESTED', '{}', 0, 0, 0, {now}) returning id",
        )
        .bind("owner", world.user_id("owner"))
        .bind("now", world.db.clock.now(&world.db.read).await.unwrap())
        .only(&world.db.read)
        .await
        .unwrap();
        let id = roster::graphql::id::GlobalId::global(entity::id::JobId(job.0));
        let follow = format!("subscription {{ removalJobProgress(id: \"{}\") {{ done }} }}", id.0);
        let mut socket = Socket::of(&server, &token).await;
        for number in 0..100 {
            socket.subscribe(&number.to_string(), &follow).await;
            let Heard::Said(next) = socket.hear().await else { panic!("closed") };
            assert_eq!(next["type"], "next", "{next}");
        }
        socket.subscribe("100", &follow).await;
        let Heard::Said(error) = socket.hear().await else { panic!("closed") };
        assert_eq!(code(&json!({ "errors": error["payload"] })), "LIMIT");
        // One that is completed makes room.
        socket.say(json!({ "id": "7", "type": "complete" })).await;
        socket.subscribe("7", &follow).await;
        let Heard::Said(next) = socket.hear().await else { panic!("closed") };
        assert_eq!((&next["id"], &next["type"]), (&json!("7"), &json!("next")));
        socket.subscribe("8", &follow).await;
        assert_eq!(socket.hear().await, Heard::Closed(4409));
    }

    async fn an_id_that_is_used_again_hears_of_the_new_operation_alone(start: Start) {
        let world = start.with(|it| it).await;
        let (server, token) = served(&world).await;
        let mut socket = Socket::of(&server, &token).await;
        for round in 0..200 {
            // The answer of the first may already be under way when it is completed.
            socket.subscribe("a", "{ first: __typename }").await;
            socket.say(json!({ "id": "a", "type": "complete" })).await;
            socket.subscribe("a", "{ second: __typename }").await;
            let mut heard: Vec<String> = Vec::new();
            while heard.iter().all(|heard| heard != "second") {
                let Heard::Said(message) = socket.hear().await else { panic!("closed") };
                let data = message["payload"]["data"].as_object().and_then(|data| data.keys().next());
                heard.push(data.map_or_else(|| message["type"].as_str().unwrap().to_owned(), Clone::clone));
            }
            // What the first said before it was completed is its own.
            heard.pop();
            assert!(["first", "complete"].map(str::to_owned).starts_with(&heard), "round {round}: {heard:?}");
            assert_eq!(socket.hear().await, said(json!({ "id": "a", "type": "complete" })));
        }
    }

    async fn who_may_no_longer_sign_in_loses_the_socket(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[Role::Learner])).await;
        let token = setup::token_for(&world.db, "ann@example.org").await.unwrap();
        let server = listening(&world.db, Doors::default()).await;
        let mut socket = Socket::of(&server, token.as_str()).await;
        let before = std::time::Instant::now();
        sql("tests.revoke", "delete from tokens where user_id = {user}")
            .bind("user", world.user_id("ann"))
            .execute(&world.db.read)
            .await
            .unwrap();
        assert_eq!(socket.hear().await, Heard::Closed(4403));
        assert!(before.elapsed() < Duration::from_secs(5));
    }

    async fn nothing_is_begun_by_a_token_that_was_revoked(start: Start) {
        let world = start.with(|it| it.user("ann").member("ann", "platform", &[Role::Learner])).await;
        let (server, token) = served(&world).await;
        let mut socket = Socket::of(&server, &token).await;
        socket.subscribe("1", "{ __typename }").await;
        assert!(matches!(socket.hear().await, Heard::Said(_)));
        assert!(matches!(socket.hear().await, Heard::Said(_)));
        world.sql("delete from tokens").await;
        let before = world.dump().await;
        let create = "mutation { createUser(input: { username: \"late\" }) { user { id } } }";
        socket.subscribe("2", create).await;
        assert_eq!(socket.hear().await, Heard::Closed(4403));
        assert!(before.changes_until(&world.dump().await).is_empty());
        server.stop().await;
    }

    async fn a_socket_whose_client_takes_nothing_outlives_its_token_no_longer(start: Start) {
        let world = start.with(|it| it).await;
        let (server, token) = served(&world).await;
        let mut socket = Socket::of(&server, &token).await;
        // More than the buffers between here and there hold, and nothing of it is read.
        let everything = include_str!("introspection/graphql-js.graphql");
        for number in 0..60 {
            socket.subscribe(&number.to_string(), everything).await;
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        world.sql("delete from tokens").await;
        let before = std::time::Instant::now();
        let ended = async {
            // Whoever says something to who is gone finds out.
            while socket.0.send(Message::text(r#"{ "type": "ping" }"#)).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("it ends");
        assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    }

    async fn of_nobody_known_there_are_few_sockets_from_one_address(start: Start) {
        let world = start.with(|it| it).await;
        let (server, token) = served(&world).await;
        let stranger = async || {
            let mut socket = Socket::speaking(&server).await;
            socket.say(json!({ "type": "connection_init" })).await;
            (socket.hear().await, socket)
        };
        let mut strangers = Vec::new();
        for _ in 0..20 {
            let (heard, socket) = stranger().await;
            assert_eq!(heard, said(json!({ "type": "connection_ack" })));
            strangers.push(socket);
        }
        assert_eq!(stranger().await.0, Heard::Closed(1013));
        let _known = Socket::of(&server, &token).await;
        // One that goes makes room.
        drop(strangers.pop());
        let comes_in = async {
            while stranger().await.0 != said(json!({ "type": "connection_ack" })) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, comes_in).await.expect("there is room");
        server.stop().await;
    }

    async fn pages_of_other_sites_open_no_socket(start: Start) {
        let world = start.with(|it| it).await;
        let origins = Origins::new(["https://app.example.org".parse().unwrap()]);
        let server = listening(&world.db, Doors { origins, ..Doors::default() }).await;
        let own = server.url.clone();
        for (origin, opens) in [
            ("https://evil.example.org", false),
            ("null", false),
            ("https://app.example.org.evil.org", false),
            ("https://app.example.org", true),
            (own.as_str(), true),
        ] {
            let headers = [("origin", origin), ("sec-websocket-protocol", "graphql-transport-ws")];
            let opened = Socket::open(&server, &headers).await;
            assert_eq!(opened.err(), (!opens).then_some(403), "{origin}");
        }
    }

    async fn a_server_that_stops_closes_its_sockets(start: Start) {
        let world = start.with(|it| it).await;
        let (server, token) = served(&world).await;
        let mut socket = Socket::of(&server, &token).await;
        let stopping = tokio::spawn(server.stop());
        assert_eq!(socket.hear().await, Heard::Closed(1001));
        timeout(PATIENCE, stopping).await.expect("it stops").unwrap();
    }
}
