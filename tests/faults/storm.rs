//! A storm: faults of every kind, one after the other, while lists that overlap are carried out for two people, and some
//! jobs are cancelled.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use roster::graphql::id::GlobalId;
use serde_json::json;

use super::cluster::{Cluster, Mode};
use super::invariants::Watch;
use super::servers::Servers;
use super::steps::{STEPS, Step};
use super::wire::{Side, Wire};
use super::{Chance, LIST, List, PATIENCE, organisation, tokens};
use crate::common::{Kind, Start, World, assert_promises, run};

/// Statements of the transactions at whose commit the connection is cut.
const COMMITS: [&str; 4] = ["removal.add_job", "jobs.claim", "jobs.try_chunk", "removal.write_outcomes"];

/// What is done to the servers, or to the database between them.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// One ends at once, with whatever it is at.
    Kill,
    /// One is killed, and the others believe that its leases have run out.
    KillAndRunOut,
    /// One is killed at this step, and its leases run out.
    KillAt(Step),
    /// One stands still, the others believe that its leases have run out, and it goes on.
    Pause,
    /// One is asked to stop.
    Terminate,
    /// Every connection of the servers is cut.
    Cut,
    /// A connection is cut at the commit of a transaction in which this statement has run.
    CutAtCommit(&'static str, Side),
    /// Every connection of the servers that is open goes silent for good.
    Silence,
    /// PostgreSQL is stopped and started again.
    Restart(Mode),
}

impl Fault {
    /// Every fault that there is on this database.
    fn every(kind: Kind) -> Vec<Fault> {
        let mut every = vec![Fault::Kill, Fault::KillAndRunOut, Fault::Pause, Fault::Terminate];
        every.extend(STEPS.map(Fault::KillAt));
        if kind == Kind::Postgres {
            every.extend([Fault::Cut, Fault::Silence]);
            every.extend(COMMITS.map(|statement| Fault::CutAtCommit(statement, Side::Before)));
            every.extend(COMMITS.map(|statement| Fault::CutAtCommit(statement, Side::After)));
            every.extend([Fault::Restart(Mode::Fast), Fault::Restart(Mode::Immediate)]);
        }
        every
    }

    /// The faults of a run: each once, in an order drawn by chance, then whichever, as many as `ROSTER_FAULTS` says.
    fn drawn(kind: Kind, chance: &mut Chance) -> Vec<Fault> {
        let every = Fault::every(kind);
        let asked = std::env::var("ROSTER_FAULTS").ok().and_then(|text| text.parse().ok());
        let count = asked.unwrap_or(every.len());
        let mut left = every.clone();
        (0..count)
            .map(|_| match left.len() {
                0 => every[chance.below(every.len())],
                some => left.swap_remove(chance.below(some)),
            })
            .collect()
    }

    /// What it is counted as.
    fn name(self) -> String {
        match self {
            Fault::KillAt((step, _)) => format!("killed {step}"),
            Fault::CutAtCommit(statement, side) => format!("cut at the commit of {statement}, {side:?}"),
            other => format!("{other:?}"),
        }
    }
}

/// Where the storm is.
struct Storm<'a> {
    world: &'a World,
    tokens: [String; 2],
    watch: Watch,
    servers: Servers,
    /// What a connection to PostgreSQL goes over, and the server.
    postgres: Option<(&'a Cluster, &'a Wire)>,
    count: usize,
    accepted: usize,
    /// As many were asked for: one of them may have been accepted by somebody who did not live to say so.
    asked: usize,
    lists: usize,
}

/// A run on so many servers, which are at `url`.
async fn storm(start: Start, url: &str, postgres: Option<(&Cluster, &Wire)>, count: usize) {
    let began = Instant::now();
    let kind = if postgres.is_some() { Kind::Postgres } else { Kind::Sqlite };
    let mut chance = Chance::new();
    let faults = Fault::drawn(kind, &mut chance);
    // A fault that waits for a step takes a list of its own, and now and then another one.
    let lists = faults.len() * 2 + 10;
    let world = start.with(|it| organisation(it, (lists + 1) * LIST / 2)).await;
    let tokens = tokens(&world).await;
    let watch = Watch::new(&world.url).await;
    let servers = Servers::start(url, kind, count).await;
    let mut storm =
        Storm { world: &world, tokens, watch, servers, postgres, count, accepted: 0, asked: 0, lists };
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    for (number, fault) in faults.iter().enumerate() {
        while storm.watch.open_jobs().await < 2 && storm.accepted < lists {
            storm.accept(None).await;
        }
        if chance.below(8) == 0 {
            storm.cancel(&mut chance).await;
        }
        // Sometimes right after something was committed, sometimes at any moment.
        if chance.below(2) == 0 {
            storm.watch.until_something_happens(Duration::from_secs(2)).await;
        }
        tokio::time::sleep(Duration::from_micros(chance.below(60_000) as u64)).await;
        let which = chance.below(count);
        storm.strike(*fault, number, which).await;
        *done.entry(fault.name()).or_default() += 1;
        storm.watch.check(&format!("after {number} {fault:?} of {which}")).await;
        storm.servers.revive().await;
    }
    if storm.accepted < storm.asked {
        storm.accept(None).await;
    }
    storm.watch.until_all_ended(PATIENCE).await;
    storm.watch.check("at the end").await;
    let (deleted, cancelled) = storm.watch.everybody_is_deleted(storm.accepted).await;
    let every = Fault::every(kind);
    if faults.len() >= every.len() {
        let reached: Vec<String> = every.iter().map(|fault| fault.name()).collect();
        assert!(reached.iter().all(|fault| done.contains_key(fault)), "{done:?}");
    }
    println!(
        "{kind:?}, {count} at once: {} faults in {} s, all of it looked at {} times; {} jobs, {cancelled} cancelled, \
         {deleted} people deleted\n{done:#?}",
        faults.len(),
        began.elapsed().as_secs(),
        storm.watch.checks,
        storm.accepted
    );
    storm.servers.stop().await;
}

impl Storm<'_> {
    /// The next list is accepted, by `which` where one is named. Whether somebody answered.
    async fn accept(&mut self, which: Option<usize>) -> bool {
        let list = List::overlapping(self.accepted);
        self.asked = self.accepted + 1;
        let job = list.ask(self.world, &mut self.servers, &self.tokens, which).await;
        self.accepted += usize::from(job.is_some());
        job.is_some()
    }

    /// Somebody asks for an open job to be stopped; who may not be heard.
    async fn cancel(&mut self, chance: &mut Chance) {
        let open = self.watch.open().await;
        if open.is_empty() {
            return;
        }
        let job = &open[chance.below(open.len())];
        let query =
            "mutation($input: CancelRemovalJobInput!) { cancelRemovalJob(input: $input) { job { status } } }";
        let input = json!({ "input": { "jobId": job.id.global().as_str() } });
        self.servers.ask(&self.tokens[0], query, input).await;
    }

    async fn strike(&mut self, fault: Fault, number: usize, which: usize) {
        match fault {
            Fault::Kill => self.servers.kill(which).await,
            Fault::KillAndRunOut => {
                self.servers.kill(which).await;
                self.watch.run_out().await;
            }
            Fault::KillAt(step) => self.kill_at(step, which).await,
            Fault::Pause => {
                self.servers.signal(which, "-STOP");
                self.watch.run_out().await;
                tokio::time::sleep(Duration::from_millis(200)).await;
                self.watch.check(&format!("while {number} {fault:?}")).await;
                self.servers.signal(which, "-CONT");
            }
            Fault::Terminate => self.servers.terminate(which).await,
            Fault::Cut => self.watch.cut().await,
            Fault::Silence => self.postgres.expect("a wire").1.forget_what_is_open(),
            Fault::CutAtCommit(statement, side) => self.cut_at_commit(statement, side).await,
            Fault::Restart(mode) => self.postgres.expect("a cluster").0.restart(mode).await,
        }
    }

    /// One is put in the place of another and gets work until it ends of its own accord.
    async fn kill_at(&mut self, step: Step, which: usize) {
        for other in (0..self.count).filter(|other| *other != which) {
            self.servers.terminate(other).await;
        }
        self.servers.end_at(which, step).await;
        self.watch.run_out().await;
        let reached = async {
            while !self.servers.has_ended(which) {
                if self.watch.open_jobs().await < 2 && self.accepted < self.lists {
                    self.accept(Some(which)).await;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("the step is reached");
        self.watch.run_out().await;
    }

    /// Work goes on until the connection is cut where it is to be.
    async fn cut_at_commit(&mut self, statement: &'static str, side: Side) {
        let (_, wire) = self.postgres.expect("a wire");
        let mut cut = std::pin::pin!(wire.cut(statement, side));
        let patience = tokio::time::sleep(PATIENCE);
        let mut patience = std::pin::pin!(patience);
        loop {
            tokio::select! {
                () = &mut cut => return,
                () = &mut patience => panic!("{statement} is committed"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
            let asks = statement == COMMITS[0] || self.watch.open_jobs().await < 2;
            if asks && self.accepted < self.lists {
                self.accept(None).await;
            }
        }
    }
}

/// A storm on a PostgreSQL of its own, which is restarted too.
fn on_postgres(count: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let cluster = Cluster::start().await;
        let url = cluster.create("storm").await;
        let wire = Wire::to(cluster.port()).await;
        let start = Start::at(&url).await;
        storm(start, &wire.url("storm"), Some((&cluster, &wire)), count).await;
        // What was opened before has lost its connections.
        let db = roster::db::Database::open(&url).await.expect("the database");
        assert_promises(&db).await;
        db.close().await;
    });
}

#[test]
fn r29_one_program_on_sqlite() {
    run(Kind::Sqlite, |start| {
        Box::pin(async {
            let url = start.url.clone();
            storm(start, &url, None, 1).await;
        })
    });
}

#[test]
fn r29_one_program_on_postgres() {
    on_postgres(1);
}

#[test]
fn r29_two_programs_on_postgres() {
    on_postgres(2);
}

#[test]
fn r29_three_programs_on_postgres() {
    on_postgres(3);
}
