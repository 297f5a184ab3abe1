//! Reading over HTTP: Roster, and a plain axum handler with queries written by hand, each a process of its own on the
//! same data, in turns, in one run. Prints requests a second, their ratio, latencies and memory; then how often Roster answers
//! others than the owner, who see a part of it, in turns as well, and what that takes of the database.
//!
//! ```sh
//! cargo bench --bench reading                                # both databases
//! cargo bench --bench reading -- --rounds 9 --people 100000  # more of it
//! cargo bench --bench reading -- --only sqlite               # one database
//! ```

#[path = "../common/arguments.rs"]
mod arguments;
mod callers;
#[path = "../../tests/common/databases.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod databases;
mod load;
#[path = "../../tests/common/memory.rs"]
mod memory;
mod plain;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use arguments::Arguments;
use callers::Caller;
use databases::{Fresh, Kind};
use load::Load;
use roster::db::Database;
use roster::demo::{self, Sample};
use roster::graphql::id::GlobalId;
use roster::server::{self, Doors};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tikv_jemallocator::Jemalloc;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Callers that ask at the same time.
const CALLERS: usize = 32;
/// How long each server is asked in a round.
const ROUND: Duration = Duration::from_secs(4);
/// What is asked: fifty people, and each one's groups and sessions.
const PEOPLE: &str = "{ users(first: 50) { nodes { id displayName
    memberships(first: 100) { nodes { role group { id name } } }
    participations(first: 100) { nodes { how session { id title startsAt path { title } } } } } } }";
/// What is asked: one person.
const PERSON: &str =
    "query Person($id: ID!) { user(by: { id: $id }) { id displayName status email createdAt } }";

fn main() {
    let arguments = Arguments::read();
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        if let Some(which) = arguments.value("--serve") {
            return serve(which, arguments.value("--database").expect("an address")).await;
        }
        for (kind, name) in [(Kind::Postgres, "postgres"), (Kind::Sqlite, "sqlite")] {
            if arguments.value("--only").is_none_or(|only| only == name) {
                compare(kind, arguments.number("--people", 20_000), arguments.number("--rounds", 5)).await;
            }
        }
    });
}

/// One of the two servers, until it is killed.
async fn serve(which: &str, url: &str) {
    roster::memory::take_small_pages();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr().expect("an address")).expect("somebody reads");
    match which {
        "ours" => {
            let database = Database::open(url).await.expect("a database");
            server::serve(listener, database, Doors::default(), std::future::pending()).await;
        }
        _ => plain::serve(listener, url).await,
    }
}

/// A server under way.
struct Serving {
    process: Child,
    address: SocketAddr,
}

impl Serving {
    fn start(which: &str, url: &str) -> Serving {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--serve", which, "--database", url])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("an address");
        Serving { process, address: line.trim().parse().expect("an address") }
    }

    /// The most memory that was resident, in MiB.
    fn memory(&self) -> usize {
        memory::peak(self.process.id())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn compare(kind: Kind, people: usize, rounds: usize) {
    let fresh = Fresh::new(kind).await;
    let db = Database::open(&fresh.url()).await.expect("a database");
    let now = db.clock.now(&db.read).await.expect("the time");
    let token =
        demo::load(&db, &Sample { people, seed: 7, now }).await.expect("an organisation").expect("its owner");
    let callers = callers::callers(&db, people, token.clone()).await;
    if kind == Kind::Postgres {
        db.read.execute_unprepared("vacuum analyze").await.expect("rows are counted");
    }
    db.close().await;
    let (ours, theirs) = (Serving::start("ours", &fresh.url()), Serving::start("plain", &fresh.url()));
    let id = entity::id::UserId(people as i64 / 2).global();
    for (what, ask_ours, ask_theirs) in [
        (
            "50 people with groups and sessions",
            load::post("/graphql", token.as_str(), &json!({ "query": PEOPLE })),
            load::get("/people", token.as_str()),
        ),
        (
            "one person by id",
            load::post("/graphql", token.as_str(), &json!({ "query": PERSON, "variables": { "id": id } })),
            load::get(&format!("/people/{}", id.0), token.as_str()),
        ),
    ] {
        let bytes = assert_equal(
            &load::ask(ours.address, &ask_ours).await,
            &load::ask(theirs.address, &ask_theirs).await,
        );
        let (mut we, mut they) = (Load::default(), Load::default());
        // The first of each warms up and is not counted.
        for round in 0..=rounds {
            for (serving, request, sum) in [(&ours, &ask_ours, &mut we), (&theirs, &ask_theirs, &mut they)] {
                let load = load::run(serving.address, request, CALLERS, ROUND).await;
                if round > 0 {
                    sum.add(load);
                }
            }
        }
        println!(
            "{kind:?}, {what} ({bytes} bytes): ours {:.0} a second, by hand {:.0}, ratio {:.2}; ours at {CALLERS} callers: \
             median {:.1} ms, 99th percentile {:.1} ms ({:.2} of the median)",
            we.per_second(),
            they.per_second(),
            we.per_second() / they.per_second(),
            we.percentile(50).as_secs_f64() * 1e3,
            we.percentile(99).as_secs_f64() * 1e3,
            we.percentile(99).as_secs_f64() / we.percentile(50).as_secs_f64(),
        );
    }
    for (what, query) in [("50 people with groups and sessions", PEOPLE), ("one person by id", PERSON)] {
        let mut variables = Vec::new();
        for caller in &callers {
            variables.push(json!({ "id": last_of_page(ours.address, caller).await }));
        }
        let mut loads: Vec<Load> = callers.iter().map(|_| Load::default()).collect();
        for round in 0..=rounds {
            for ((caller, variables), sum) in callers.iter().zip(&variables).zip(&mut loads) {
                let body = json!({ "query": query, "variables": variables });
                let request = load::post("/graphql", caller.token.as_str(), &body);
                let load = load::run(ours.address, &request, CALLERS, ROUND).await;
                if round > 0 {
                    sum.add(load);
                }
            }
        }
        for ((caller, variables), load) in callers.iter().zip(variables).zip(&loads) {
            let taken = callers::taken(&fresh.url(), caller.user, query, variables).await;
            println!(
                "{kind:?}, {what}, asked by {}: {:.0} a second, {:.2} of the owner's; {taken}",
                caller.name,
                load.per_second(),
                load.per_second() / loads[0].per_second(),
            );
        }
    }
    println!("{kind:?}: ours with at most {} MiB resident, by hand {} MiB", ours.memory(), theirs.memory());
    drop((ours, theirs));
    fresh.forget().await;
}

/// The last of the first fifty people whom somebody sees.
async fn last_of_page(server: SocketAddr, caller: &Caller) -> Value {
    let request = load::post("/graphql", caller.token.as_str(), &json!({ "query": PEOPLE }));
    let answer: Value = serde_json::from_slice(&load::ask(server, &request).await).expect("json");
    let people = answer["data"]["users"]["nodes"].as_array().expect("people");
    people.last().expect("somebody")["id"].clone()
}

/// Both answer with the same; how many bytes ours has.
fn assert_equal(ours: &[u8], theirs: &[u8]) -> usize {
    // Two ways to write UTC.
    let ours_as_theirs = String::from_utf8_lossy(ours).replace("+00:00\"", "Z\"");
    let read = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("json");
    assert_eq!(read(ours_as_theirs.as_bytes()), read(theirs));
    ours.len()
}
