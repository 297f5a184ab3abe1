//! Somebody who receives what is sent to a webhook, and makes sure by their own computation that it is from us.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::stream;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::until;

/// What came.
#[derive(Clone, Debug)]
pub struct Heard {
    pub headers: HeaderMap,
    pub body: String,
}

/// How it is answered.
#[derive(Default)]
struct Manner {
    /// First with these, in order.
    first: VecDeque<u16>,
    /// Then with this; 200 if nothing is said.
    then: Option<u16>,
    /// Is busy first: answers with this status, and asks to be left alone until then.
    busy: Option<(u16, String)>,
    /// What has this text in it is never taken.
    never: Option<String>,
    /// Whether an answer has no end.
    endless: bool,
    heard: Vec<Heard>,
}

/// A receiver that listens.
#[derive(Clone)]
pub struct Receiver {
    pub port: u16,
    manner: Arc<Mutex<Manner>>,
}

impl Receiver {
    pub async fn new() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let manner: Arc<Mutex<Manner>> = Arc::default();
        let kept = manner.clone();
        let hear = move |headers: HeaderMap, body: String| async move { answered(&kept, headers, body) };
        let elsewhere = post(|| async { StatusCode::OK });
        let router = Router::new().route("/hook", post(hear)).route("/elsewhere", elsewhere);
        tokio::spawn(async move { axum_serve(listener, router).await });
        Receiver { port, manner }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Answers so first, and then with 200.
    pub fn answers_first(&self, statuses: impl IntoIterator<Item = u16>) {
        self.manner.lock().expect("a lock").first = statuses.into_iter().collect();
    }

    /// Answers the next one with this status and header `Retry-After`.
    pub fn is_busy(&self, status: u16, retry_after: &str) {
        self.manner.lock().expect("a lock").busy = Some((status, retry_after.to_owned()));
    }

    /// Answers so from now on.
    pub fn answers(&self, status: u16) {
        self.manner.lock().expect("a lock").then = Some(status);
    }

    /// Never takes what has this in it.
    pub fn never_takes(&self, text: &str) {
        self.manner.lock().expect("a lock").never = Some(text.to_owned());
    }

    /// Answers without an end.
    pub fn has_no_end(&self) {
        self.manner.lock().expect("a lock").endless = true;
    }

    /// All that came so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.manner.lock().expect("a lock").heard.clone()
    }

    /// What came, once it is so much.
    pub async fn hears(&self, count: usize) -> Vec<Heard> {
        until(|| async { Some(self.heard()).filter(|heard| heard.len() >= count) }).await
    }

    /// The types of what came, in order of their names.
    pub fn types(&self) -> Vec<String> {
        let mut types: Vec<String> = self
            .heard()
            .iter()
            .map(|heard| heard.json()["type"].as_str().expect("a type").to_owned())
            .collect();
        types.sort();
        types
    }

    /// How many different events came.
    pub fn different(&self) -> usize {
        self.heard().iter().map(|heard| heard.header("webhook-id")).collect::<BTreeSet<_>>().len()
    }
}

fn answered(manner: &Mutex<Manner>, headers: HeaderMap, body: String) -> Response {
    let mut manner = manner.lock().expect("a lock");
    let refused = manner.never.as_ref().is_some_and(|never| body.contains(never));
    manner.heard.push(Heard { headers, body });
    if manner.endless {
        let parts = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 1_024]));
        return Body::from_stream(parts).into_response();
    }
    if let Some((status, retry_after)) = manner.busy.take() {
        let status = StatusCode::from_u16(status).expect("a status");
        return (status, [("retry-after", retry_after)]).into_response();
    }
    let status = if refused { 500 } else { manner.first.pop_front().or(manner.then).unwrap_or(200) };
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("location", "/elsewhere")], "thank you").into_response()
}

async fn axum_serve(listener: TcpListener, router: Router) {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::server::conn::auto::Builder;
    use hyper_util::service::TowerToHyperService;
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = Builder::new(TokioExecutor::new());
            let served = connection.serve_connection(TokioIo::new(stream), service).await;
            drop(served);
        });
    }
}

impl Heard {
    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().expect("a text").to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The secrets among these by which it is signed.
    pub fn signed_by<'a>(&self, secrets: &[&'a str]) -> Vec<&'a str> {
        let content =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let signature = self.header("webhook-signature");
        let is_by = |secret: &&&str| {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
            let expected = format!("v1,{}", STANDARD.encode(hmac(&key, content.as_bytes())));
            signature.split(' ').any(|one| one == expected)
        };
        secrets.iter().filter(is_by).copied().collect()
    }
}

/// HMAC-SHA256, as RFC 2104 says it.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner);
    outer.finalize().to_vec()
}
