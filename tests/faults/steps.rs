//! The steps of a job, and a program that is killed at one of them.
//!
//! The program itself knows nothing of this. This test's own program is started once more and serves as `roster serve`
//! does, with somebody who looks at each statement that it has run ([`Database::observed`]): where the one due has run, it
//! kills itself, as `kill -9` does.

use std::process::{Command, Stdio};
use std::sync::Mutex;

use entity::id::UserId;
use roster::db::{Alone, Database};
use roster::jobs;
use roster::server::{self, Doors};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::wire::named;
use crate::server::program::{Running, started_by};

/// A step: what it is called, and the statements after the last of which it is reached, in their order.
pub type Step = (&'static str, &'static [&'static str]);

/// Each step of accepting a list and carrying it out, between two of which something is kept or told.
pub const STEPS: [Step; 11] = [
    ("while a list is accepted", &["removal.add_job", "removal.add_items"]),
    ("while a job is claimed", &["jobs.claim"]),
    ("after the claim", &["jobs.claim", "jobs.standing"]),
    ("while the attempt is counted", &["jobs.try_chunk"]),
    ("after the attempt is counted", &["jobs.try_chunk", "removal.waiting"]),
    ("before the plan", &["removal.waiting", "removal.concerns_succession"]),
    ("after the effects", &["removal.waiting", "removal.records"]),
    ("before the event", &["removal.write_outcomes", "jobs.keep"]),
    ("before the commit", &["removal.write_outcomes", "jobs.tell"]),
    ("after the commit", &["removal.write_outcomes", "jobs.tell", "jobs.standing"]),
    ("before the last commit", &["removal.finish", "jobs.tell"]),
];

/// Names the database that the program serves.
const SERVE: &str = "ROSTER_FAULTS_SERVE";
/// The statements after which it ends, with spaces between them.
const END: &str = "ROSTER_FAULTS_END";
/// The number of somebody without whom it does not end.
const WITH: &str = "ROSTER_FAULTS_WITH";
/// The test that is this program, where [`SERVE`] is there.
const TEST: &str = "faults::r29_each_step_is_where_it_says_on_sqlite";

/// A program that serves the database at `url` until `step` is reached, with `user` among those concerned where
/// somebody is named.
pub fn ending(url: &str, (_, statements): Step, user: Option<UserId>) -> Running {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", TEST, "--nocapture", "--test-threads", "2"])
        .env(SERVE, url)
        .env(END, statements.join(" "))
        .stdin(Stdio::null());
    if let Some(user) = user {
        command.env(WITH, user.0.to_string());
    }
    started_by(command)
}

/// Serves, where this is the program that was started for it; it does not come back then.
pub fn serve_if_asked() {
    let Ok(url) = std::env::var(SERVE) else { return };
    let end = End {
        statements: std::env::var(END).expect(END).split(' ').map(str::to_owned).collect(),
        with: std::env::var(WITH).ok(),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(serve(&url, end));
    std::process::exit(0);
}

async fn serve(url: &str, end: End) {
    let alone = Alone::with(url).expect("nobody else serves it");
    let database = Database::open(url).await.expect("a database");
    if alone.is_some() {
        jobs::take_over(&database).await.expect("leases");
    }
    let (end, reached) = (std::sync::Arc::new(end), std::sync::Arc::new(Mutex::new(0)));
    let database = database.observed(move |statement, _| {
        let mut reached = reached.lock().expect("a lock");
        *reached += usize::from(end.is_next(*reached, statement));
        if *reached == end.statements.len() {
            let own = std::process::id().to_string();
            let _ = Command::new("kill").args(["-KILL", &own]).status();
            // Nothing more is done here until it has come.
            std::thread::park();
        }
    });
    let mut terminate = signal(SignalKind::terminate()).expect("a signal");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("\nlistening on http://{}", listener.local_addr().expect("an address"));
    let doors = Doors { chunk: Some(super::CHUNK), ..Doors::default() };
    server::serve(listener, database.clone(), doors, async move {
        terminate.recv().await;
    })
    .await;
    database.close().await;
}

struct End {
    statements: Vec<String>,
    with: Option<String>,
}

impl End {
    /// Whether this statement is the one that comes after so many.
    fn is_next(&self, reached: usize, statement: &sea_orm::Statement) -> bool {
        let due = &self.statements[reached];
        let concerned = self.with.as_ref().is_none_or(|user| {
            let values = format!("{:?}", statement.values);
            values.split(|letter: char| !letter.is_ascii_digit()).any(|number| number == user)
        });
        concerned && named(&statement.sql).as_ref() == Some(due)
    }
}
