//! What happens to jobs when programs are killed, paused and stopped, and connections cut, at any moment: real servers on
//! a real database, and after each fault the invariants of a batch ([`invariants`]).
//!
//! A run has as many faults as `ROSTER_FAULTS` says, 20 if it says nothing; `ROSTER_FAULTS_SEED` draws them.

mod invariants;
mod servers;

use std::time::Duration;

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Learner};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{Kind, Start, World, run};
use crate::server::listening::owners_token;
use invariants::Watch;
use servers::Servers;

/// People of one list.
const LIST: usize = 12;
/// Longer than anything that these tests wait for.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Faults of a run.
fn faults() -> usize {
    std::env::var("ROSTER_FAULTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Numbers that look like chance, and are the same each time.
pub struct Chance(u64);

impl Chance {
    fn new() -> Chance {
        let seed = std::env::var("ROSTER_FAULTS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        Chance(seed)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// What is done to the servers.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// One ends at once, with whatever it is at.
    Kill,
    /// One is killed, and the others believe that its leases have run out.
    KillAndRunOut,
    /// One stands still, the others believe that its leases have run out, and it goes on.
    Pause,
    /// One is asked to stop.
    Terminate,
    /// Every connection of the servers is cut.
    Cut,
}

impl Fault {
    fn draw(chance: &mut Chance, kind: Kind) -> Fault {
        match (chance.below(10), kind) {
            (0..=1, _) => Fault::Kill,
            (2..=4, _) => Fault::KillAndRunOut,
            (5..=6, _) => Fault::Pause,
            (7..=8, Kind::Postgres) => Fault::Cut,
            _ => Fault::Terminate,
        }
    }
}

fn name(number: usize) -> String {
    format!("person {number}")
}

/// So many people, who own and take part, and some who are in no list.
fn organisation(it: Organisation, people: usize) -> Organisation {
    let it = it
        .group("Sales", "platform", Public)
        .group("Secret", "Sales", Private)
        .user("heir")
        .member("heir", "Sales", &[Administrator])
        .course("Basics", "Sales", "heir")
        .path("Onboarding", "Sales", "heir", &["Basics"])
        .session("Live", "Onboarding", "Sales", "heir", entity::kind::AudienceKind::Dynamic)
        .audience("Live", &["Sales"])
        .slot("Room", "Live", 48, None);
    let it = (0..people).fold(it, |it, number| {
        let name = &*name(number);
        let it = it.user(name).learners("Sales", &[name]);
        match number % 4 {
            0 => {
                let course = format!("course of {name}");
                it.course(&course, "Sales", name).course_co_authors(&course, &["heir"])
            }
            1 => it.member(name, "Secret", &[Learner]),
            2 => it.attend("Room", &[name]),
            _ => it.post(name, "Sales", "Hello"),
        }
    });
    (0..10).fold(it, |it, number| {
        let name = format!("bystander {number}");
        it.user(&name).learners("Sales", &[&name])
    })
}

/// Asks for the deletion of a list until somebody answers, always with the same key: the job's id.
async fn accept(world: &World, servers: &mut Servers, token: &str, list: usize) -> Value {
    let people: Vec<String> = (list * LIST..(list + 1) * LIST).map(name).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let input = json!({
        "people": { "ids": world.users(&people) },
        "privateSubgroups": "REMOVE",
        "confirmCount": LIST,
        "wait": 0,
        "idempotencyKey": format!("list number {list}"),
    });
    let query = "mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) { job { id } userErrors { code } } }";
    for _ in 0..400 {
        let answer = servers.ask(token, query, json!({ "input": input })).await;
        let job = answer.map(|answer| answer["data"]["deleteUsers"]["job"]["id"].clone());
        match job {
            Some(job) if job.is_string() => return job,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("nobody accepts list {list}");
}

/// A run on so many servers.
async fn storm(start: Start, kind: Kind, count: usize) {
    let faults = faults();
    let mut chance = Chance::new();
    let lists = faults;
    let world = start.with(|it| organisation(it, lists * LIST)).await;
    let token = owners_token(&world).await;
    let mut watch = Watch::new(&world).await;
    let mut servers = Servers::start(&world.url, kind, count).await;
    let mut accepted = 0;
    for number in 0..faults {
        if watch.open_jobs().await < 2 && accepted < lists {
            accept(&world, &mut servers, &token, accepted).await;
            accepted += 1;
        }
        // Sometimes right after something was committed, sometimes at any moment.
        if chance.below(2) == 0 {
            watch.until_something_happens(Duration::from_secs(2)).await;
        }
        tokio::time::sleep(Duration::from_micros(chance.below(60_000))).await;
        let fault = Fault::draw(&mut chance, kind);
        let which = chance.below(count as u64) as usize;
        match fault {
            Fault::Kill => servers.kill(which).await,
            Fault::KillAndRunOut => {
                servers.kill(which).await;
                watch.run_out().await;
            }
            Fault::Pause => {
                servers.signal(which, "-STOP");
                watch.run_out().await;
                tokio::time::sleep(Duration::from_millis(200)).await;
                watch.check(&format!("while {number} {fault:?}")).await;
                servers.signal(which, "-CONT");
            }
            Fault::Terminate => servers.terminate(which).await,
            Fault::Cut => watch.cut().await,
        }
        watch.check(&format!("after {number} {fault:?} of {which}")).await;
        servers.revive(&world.url).await;
    }
    watch.until_all_ended(PATIENCE).await;
    watch.check("at the end").await;
    watch.everybody_is_deleted(accepted * LIST, accepted).await;
    servers.stop().await;
}

#[test]
fn r29_one_program_on_sqlite() {
    run(Kind::Sqlite, |start| Box::pin(storm(start, Kind::Sqlite, 1)));
}

#[test]
fn r29_one_program_on_postgres() {
    run(Kind::Postgres, |start| Box::pin(storm(start, Kind::Postgres, 1)));
}

#[test]
fn r29_two_programs_on_postgres() {
    run(Kind::Postgres, |start| Box::pin(storm(start, Kind::Postgres, 2)));
}

#[test]
fn r29_three_programs_on_postgres() {
    run(Kind::Postgres, |start| Box::pin(storm(start, Kind::Postgres, 3)));
}
