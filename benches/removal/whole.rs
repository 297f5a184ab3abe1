//! The program itself, in a process of its own, asked over HTTP: the mutation, the job, the records and outcomes, until the
//! job has ended.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use entity::id::UserId;
use roster::db::Database;
use roster::db::sql::sql;
use roster::graphql::id::GlobalId;
use roster::setup;
use serde_json::{Value, json};

use super::memory;

/// The program, serving a database.
pub struct Program {
    process: Child,
    url: String,
    token: String,
    client: reqwest::Client,
}

impl Program {
    /// The program on the database at `url`, once it has answered.
    pub async fn serve(url: &str) -> Program {
        let db = Database::open(url).await.expect("a database");
        let (owner,): (String,) = sql("bench.owner", "select email from users where id = 1")
            .only(&db.read)
            .await
            .expect("an owner");
        let token = setup::token_for(&db, &owner).await.expect("a token").as_str().to_owned();
        db.close().await;
        let mut process = Command::new(env!("CARGO_BIN_EXE_roster"))
            .args(["serve", "--bind", "127.0.0.1:0", "--database-url", url])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let listening = lines.find_map(|line| Some(line.ok()?.strip_prefix("listening on ")?.to_owned()));
        let url = listening.expect("an address");
        let client = reqwest::Client::builder().tls_built_in_root_certs(false).build().expect("a client");
        let program = Program { process, url, token, client };
        program.ask("{ viewer { id } }", Value::Null).await;
        program
    }

    /// The data that it answers with.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let request = self.client.post(format!("{}/graphql", self.url)).bearer_auth(&self.token);
        let answer = request.json(&json!({ "query": query, "variables": variables })).send().await;
        let answer: Value = answer.expect("an answer").json().await.expect("JSON");
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }

    /// Asks for the deletion of `leavers`, and waits so long for it: the job.
    pub async fn delete(&self, leavers: &[UserId], wait: Duration) -> Value {
        let ids: Vec<_> = leavers.iter().map(|user| json!(user.global().as_str())).collect();
        let input = json!({ "input": {
            "people": { "ids": ids },
            "privateSubgroups": "REMOVE",
            "confirmCount": leavers.len(),
            "wait": wait.as_secs(),
        } });
        let query = "mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) {
            job { id status done total countsByOutcome { outcome count } } userErrors { code message } } }";
        let answer = self.ask(query, input).await["deleteUsers"].clone();
        assert_eq!(answer["userErrors"], json!([]), "{answer}");
        answer["job"].clone()
    }

    /// Begins to look anew for the most memory resident.
    pub fn forget_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5");
    }

    /// The most memory that was resident since, in MiB.
    pub fn memory(&self) -> usize {
        memory::peak(self.process.id())
    }

    /// Stops it as an operator does.
    pub fn stop(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(sent.is_ok_and(|sent| sent.success()));
        assert!(self.process.wait().is_ok_and(|ended| ended.success()), "it ends well");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
