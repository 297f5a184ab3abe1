//! A server that listens, and what a client asks it.

use reqwest::{Client, RequestBuilder};
use roster::db::Database;
use roster::server::{self, Doors};
use roster::setup;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::common::World;

/// A server, until it is dropped or stopped.
pub struct Listening {
    pub url: String,
    pub client: Client,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

/// A server of `db` on a free port.
pub async fn listening(db: &Database, doors: Doors) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let stop_asked = async {
        let _ = stopped.await;
    };
    let ended = tokio::spawn(server::serve(listener, db.clone(), doors, stop_asked));
    Listening { url, client: client(), stop, ended }
}

impl Listening {
    /// The address of a path, with its parameters.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A POST to the API.
    pub fn post(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> RequestBuilder {
        let request = self.client.post(self.at("/graphql")).body(body);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// The answer to `query` with `variables`, asked with `token`.
    pub async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        ask(&self.url, token, query, variables).await
    }

    /// The status and the code of the one error in the answer.
    pub async fn problem(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> (u16, String) {
        let (status, _, body) = answered(self.post(headers, body)).await;
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errors"], "{body:#}");
        (status, code(&body))
    }

    /// Tells the server to stop, and waits until it has.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

/// A client that need not read whom the machine trusts, since nothing here speaks TLS.
pub fn client() -> Client {
    Client::builder().tls_built_in_root_certs(false).build().unwrap()
}

/// What the server at `url` answers to `query` with `variables`, asked with `token`.
pub async fn ask(url: &str, token: Option<&str>, query: &str, variables: Value) -> Value {
    let request = client().post(format!("{url}/graphql"));
    let request = token.into_iter().fold(request, RequestBuilder::bearer_auth);
    let request = request.json(&json!({ "query": query, "variables": variables }));
    request.send().await.unwrap().json().await.unwrap()
}

/// A token of the owner of `world`.
pub async fn owners_token(world: &World) -> String {
    setup::token_for(&world.db, "owner@example.org").await.unwrap().as_str().to_owned()
}

/// The code of the first error of an answer; empty where there is none.
pub fn code(answer: &Value) -> String {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

/// Status, media type and body of an answer.
pub async fn answered(request: RequestBuilder) -> (u16, String, Value) {
    let answer = request.send().await.unwrap();
    let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), media_type, answer.json().await.unwrap())
}
