//! Servers that are killed and started again.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::Kind;
use crate::server::program::{Running, started};

/// Servers of one database.
pub struct Servers {
    running: Vec<Option<Running>>,
    client: reqwest::Client,
    next: usize,
}

fn serve(url: &str) -> Running {
    let arguments = ["serve", "--bind", "127.0.0.1:0", "--chunk", "3", "--database-url", url];
    started(&PathBuf::from("."), &arguments)
}

impl Servers {
    pub async fn start(url: &str, kind: Kind, count: usize) -> Servers {
        assert!(count == 1 || kind == Kind::Postgres, "a file is served by one program");
        let running = (0..count).map(|_| Some(serve(url))).collect();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
        Servers { running, client, next: 0 }
    }

    /// The answer of one of them; none where it has none.
    pub async fn ask(&mut self, token: &str, query: &str, variables: Value) -> Option<Value> {
        self.next += 1;
        let at = self.next % self.running.len();
        let url = self.running[at].as_ref()?.printed("listening on")?.to_owned();
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

    /// Ends one as an operator does; it has to end well.
    pub async fn terminate(&mut self, which: usize) {
        if let Some(running) = self.running[which].take() {
            let ended = tokio::task::spawn_blocking(|| running.stop());
            tokio::time::timeout(super::PATIENCE, ended).await.expect("it stops").expect("it ends well");
        }
    }

    /// Starts those that are gone.
    pub async fn revive(&mut self, url: &str) {
        for running in &mut self.running {
            if running.is_none() {
                *running = Some(serve(url));
            }
        }
    }

    pub async fn stop(mut self) {
        for which in 0..self.running.len() {
            self.terminate(which).await;
        }
    }
}
