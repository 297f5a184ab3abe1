//! A socket closes soon after whoever opened it may no longer be there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::front::{Front, bearer, front};
use crate::common::each_database;
use crate::server::socket::{Heard, Socket};

/// How long a socket may outlive the right to it.
const SOON: Duration = Duration::from_secs(5);

async fn closes(mut socket: Socket, what: &str) {
    let before = Instant::now();
    assert_eq!(socket.hear().await, Heard::Closed(4403), "{what}");
    assert!(before.elapsed() < SOON, "{what}: {:?}", before.elapsed());
}

async fn open(front: &Front, name: &str) -> (String, Socket) {
    let token = front.sign_in(name).await;
    let socket = Socket::of(&front.server, &token).await;
    (token, socket)
}

each_database! {
    async fn sockets_close_when_a_sign_in_ends(start: Start) {
        let front = front(start).await;
        let owner = [bearer(&front.sign_in("owner").await)];
        let (ann, socket) = open(&front, "ann").await;
        front.ask(&[bearer(&ann)], "mutation { signOut { signedOut } }", Value::Null).await;
        closes(socket, "signed out").await;
        let (_, socket) = open(&front, "ann").await;
        let input = json!({ "userId": front.world.user("ann"), "password": "a new password" });
        front.done(&owner, "setPassword", input, "user { id }").await;
        closes(socket, "another password").await;
        let (_, socket) = open(&front, "bob").await;
        front.becomes("bob", "SUSPENDED").await;
        closes(socket, "suspended").await;
        let (_, socket) = open(&front, "lea").await;
        front.done(&owner, "deleteUser", json!({ "userId": front.world.user("lea"), "privateSubgroups": "REMOVE" }), "outcome").await;
        closes(socket, "deleted").await;
    }
}
