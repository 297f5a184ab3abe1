//! What bad clients send, to the program itself in a process of its own: everything is answered with its code, the
//! program lives, stays small, and its database is as it was.

mod bodies;
mod hang_ups;
mod panics;
mod queries;
mod sign_ins;
mod slow;
mod sockets;
mod values;

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Dump, Start, World, memory};
use crate::server::listening::{answered, ask, client, code, owners_token};
use crate::server::program::{Running, started};
use entity::kind::Role;

/// The most memory that the program may come to, in MiB.
const MEMORY: usize = 128;

/// The program, serving a small organisation.
pub struct Attacked {
    pub world: World,
    pub url: String,
    /// The owner's.
    pub token: String,
    program: Running,
    before: Dump,
}

/// The program on the database of `start`, with somebody called "ann" in it.
pub async fn attacked(start: Start) -> Attacked {
    attacked_with(start, &[]).await
}

/// As [`attacked`], started with these options besides.
pub async fn attacked_with(start: Start, options: &[&str]) -> Attacked {
    let world = start.with(|it| it.user("ann").member("ann", "platform", &[Role::Learner])).await;
    let token = owners_token(&world).await;
    let before = world.dump().await;
    let arguments = [&["serve", "--bind", "127.0.0.1:0", "--database-url", &world.url], options].concat();
    let program = started(Path::new("."), &arguments);
    let url = program.printed("listening on").expect("an address").to_owned();
    Attacked { world, url, token, program, before }
}

impl Attacked {
    /// Status and code of the answer to a body.
    pub async fn send(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> (u16, String) {
        let request = client().post(format!("{}/graphql", self.url)).bearer_auth(&self.token);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (status, _, body) = answered(request.body(body)).await;
        (status, code(&body))
    }

    /// Status and code of the answer to a request that is JSON.
    pub async fn post(&self, request: &Value) -> (u16, String) {
        self.send(&[("content-type", "application/json")], request.to_string()).await
    }

    /// The code of the answer to a query without variables.
    pub async fn code_of(&self, query: &str) -> String {
        self.post(&json!({ "query": query })).await.1
    }

    /// The answer to the owner's query.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        ask(&self.url, Some(&self.token), query, variables).await
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.strip_prefix("http://").unwrap()).await.unwrap()
    }

    /// What is answered to these bytes until the program closes the connection, which may be before it has read all.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let (mut reading, mut writing) = self.connect().await.into_split();
        let bytes = bytes.to_vec();
        let sent = tokio::spawn(async move {
            let _ = writing.write_all(&bytes).await;
            writing
        });
        let mut heard = Vec::new();
        let _ = reading.read_to_end(&mut heard).await;
        sent.abort();
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// The head of a POST with these headers besides, on a connection that is closed after it.
    pub fn head(&self, headers: &str) -> String {
        format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\n{headers}\r\n",
            self.token
        )
    }

    /// The most memory that was resident so far, in MiB.
    pub fn memory(&self) -> usize {
        memory::peak(self.program.id())
    }

    /// Fails unless the program lives, is small, and left its database as it was; then stops it.
    pub async fn unharmed(self) {
        let alive = self.ask("{ viewer { email } }", Value::Null).await;
        assert_eq!(alive, json!({ "data": { "viewer": { "email": "owner@example.org" } } }));
        assert!(self.memory() < MEMORY, "{} MiB", self.memory());
        assert_eq!(self.before.changes_until(&self.world.dump().await), Default::default());
        self.stop();
    }

    /// Stops the program as an operator does; it has to end well.
    pub fn stop(self) {
        self.program.stop();
    }
}
