//! Servers that are killed and started again.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::CHUNK;
use super::steps::{self, Step};
use crate::common::Kind;
use crate::server::program::{Running, started};

/// Servers of one database.
pub struct Servers {
    url: String,
    running: Vec<Option<Running>>,
    client: reqwest::Client,
    next: usize,
}

/// The program, serving the database at `url`.
pub fn serve(url: &str) -> Running {
    let chunk = CHUNK.to_string();
    let arguments = ["serve", "--bind", "127.0.0.1:0", "--chunk", &chunk, "--database-url", url];
    started(&PathBuf::from("."), &arguments)
}

impl Servers {
    pub async fn start(url: &str, kind: Kind, count: usize) -> Servers {
        assert!(count == 1 || kind == Kind::Postgres, "a file is served by one program");
        let running = (0..count).map(|_| Some(serve(url))).collect();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .tls_built_in_root_certs(false)
            .build()
            .expect("a client");
        Servers { url: url.to_owned(), running, client, next: 0 }
    }

    /// The answer of the next of them; none where it has none.
    pub async fn ask(&mut self, token: &str, query: &str, variables: Value) -> Option<Value> {
        self.next += 1;
        self.ask_one(self.next % self.running.len(), token, query, variables).await
    }

    /// The answer of one of them; none where it has none.
    pub async fn ask_one(&self, which: usize, token: &str, query: &str, variables: Value) -> Option<Value> {
        let url = self.running[which].as_ref()?.printed("listening on")?.to_owned();
        let request = self.client.post(format!("{url}/graphql")).bearer_auth(token);
        let request = request.json(&json!({ "query": query, "variables": variables }));
        request.send().await.ok()?.json().await.ok()
    }

    /// Sends a signal to one.
    pub fn signal(&self, which: usize, signal: &str) {
        if let Some(running) = &self.running[which] {
            let sent = Command::new("kill").args([signal, &running.id().to_string()]).status();
            assert!(sent.expect("kill").success(), "{signal}");
        }
    }

    /// Ends one at once.
    pub async fn kill(&mut self, which: usize) {
        self.running[which] = None;
    }

    /// Ends one at once, and puts in its place one that ends at `step`.
    pub async fn end_at(&mut self, which: usize, step: Step) {
        self.kill(which).await;
        self.running[which] = Some(steps::ending(&self.url, step, None));
    }

    /// Whether one has ended of its own accord.
    pub fn has_ended(&mut self, which: usize) -> bool {
        self.running[which].as_mut().is_none_or(Running::has_ended)
    }

    /// Ends one as an operator does; it has to end well.
    pub async fn terminate(&mut self, which: usize) {
        if let Some(running) = self.running[which].take() {
            let ended = tokio::task::spawn_blocking(|| running.stop());
            tokio::time::timeout(super::PATIENCE, ended).await.expect("it stops").expect("it ends well");
        }
    }

    /// Starts those that are gone.
    pub async fn revive(&mut self) {
        for running in &mut self.running {
            if running.as_mut().is_none_or(Running::has_ended) {
                *running = Some(serve(&self.url));
            }
        }
    }

    pub async fn stop(mut self) {
        for which in 0..self.running.len() {
            self.terminate(which).await;
        }
    }
}
