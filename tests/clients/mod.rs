//! Real clients against a listening server: what they are built with, what they send, what they make of the answers.
//!
//! The clients and what they are asked lie beside this file; their versions are those of `package-lock.json` and
//! `requirements.txt`. Node 20 or newer, Python 3 and Chromium must be there: `tests/run` installs what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use roster::demo::{Sample, load, start as page};
use roster::server::Doors;

use crate::common::{Start, each_database};
use crate::server::listening::listening;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Runs a program to its end, and shows what it said when it fails.
fn run(command: &mut Command) {
    let ran = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let said = [ran.stdout, ran.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(ran.status.success(), "{command:?}\n{}", said.join("\n"));
}

/// The packages of the clients, as they are locked.
fn installed() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let lock = folder().join("package-lock.json");
        let done = folder().join("node_modules/.package-lock.json");
        let changed = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
        if changed(&done).is_none() || changed(&done) < changed(&lock) {
            run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder()));
        }
    });
}

/// Asks what `file` asks, of a server of the sample organisation.
async fn ask(start: &Start, program: &'static str, arguments: &'static [&'static str]) {
    let now = start.db.clock.now(&start.db.read).await.unwrap();
    let token = load(&start.db, &Sample { people: 300, seed: 1, now }).await.unwrap().expect("a token");
    let doors = Doors { start: Some(page(&token).into()), ..Doors::default() };
    let server = listening(&start.db, doors).await;
    let (url, token) = (server.url.clone(), token.as_str().to_owned());
    let asked = move || {
        installed();
        let mut client = Command::new(program);
        client.args(arguments).current_dir(folder()).env("ROSTER_URL", url).env("ROSTER_TOKEN", token);
        run(&mut client);
    };
    tokio::task::spawn_blocking(asked).await.unwrap();
    server.stop().await;
}

each_database! {
    async fn the_audits_of_graphql_over_http_pass(start: Start) {
        ask(&start, "node", &["--test", "audits.test.mjs"]).await;
    }

    async fn apollo_client_is_at_home(start: Start) {
        ask(&start, "node", &["--test", "apollo.test.mjs"]).await;
    }

    async fn urql_is_at_home(start: Start) {
        ask(&start, "node", &["--test", "urql.test.mjs"]).await;
    }

    async fn graphql_ws_is_at_home(start: Start) {
        ask(&start, "node", &["--test", "graphql-ws.test.mjs"]).await;
    }

    async fn gql_for_python_is_at_home(start: Start) {
        ask(&start, "./python", &["gql_client.py"]).await;
    }

    async fn graphiql_works_in_a_browser_without_a_network(start: Start) {
        ask(&start, "node", &["--test", "graphiql.test.mjs"]).await;
    }
}

#[test]
fn tools_build_clients_of_the_schema() {
    installed();
    run(Command::new("node").args(["--test", "tools.test.mjs"]).current_dir(folder()));
}
