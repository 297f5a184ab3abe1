//! What happens to jobs when programs are killed, paused and stopped, connections cut and PostgreSQL restarted, at any
//! moment and at each step: real servers on a real database, and after each fault the invariants of a batch
//! ([`invariants`]).
//!
//! | file         | what is shown                                                                                |
//! |--------------|----------------------------------------------------------------------------------------------|
//! | `storm`      | faults of every kind, while lists overlap and jobs are cancelled                             |
//! | `steps`      | the steps at which a program is killed, and that each is where its name says                 |
//! | `takeover`   | how soon another program has the job of one that was killed, or stopped                      |
//! | `poison`     | who ends the program each time is given up, and nobody else                                  |
//! | `cluster`    | a PostgreSQL that can be restarted                                                           |
//! | `silent`     | a PostgreSQL that goes silent without closing anything                                       |
//! | `wire`       | a connection that is cut exactly at a commit, or goes silent                                 |
//!
//! A storm has as many faults as `ROSTER_FAULTS` says, and else each kind once; `ROSTER_FAULTS_SEED` draws them. With
//! `--nocapture` it says what was done.

mod cluster;
mod invariants;
mod poison;
mod servers;
mod silent;
mod steps;
mod storm;
mod takeover;
mod wire;

use std::time::Duration;

use entity::id::JobId;
use entity::kind::AudienceKind::Dynamic;
use entity::kind::JobStatus;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Learner};
use roster::organisation::Organisation;
use roster::setup;
use serde_json::{Value, json};

use crate::common::{Kind, Start, World, run};
use crate::removal::asking::number;
use invariants::Watch;
use servers::Servers;

/// People of one list.
const LIST: usize = 12;
/// People of one chunk.
const CHUNK: usize = 3;
/// Longer than anything that these tests wait for.
const PATIENCE: Duration = Duration::from_secs(240);
/// Who asks for lists, in turns.
const ACTORS: [&str; 2] = ["owner", "second"];

/// Numbers that look like chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn new() -> Chance {
        let seed = std::env::var("ROSTER_FAULTS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        Chance(seed)
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize % most
    }
}

fn name(number: usize) -> String {
    format!("person {number}")
}

/// So many people, who own and take part, and some who are in no list.
fn organisation(it: Organisation, people: usize) -> Organisation {
    let it = it
        .user("second")
        .member("second", "platform", &[Administrator])
        .group("Sales", "platform", Public)
        .group("Secret", "Sales", Private)
        .user("heir")
        .member("heir", "Sales", &[Administrator])
        .course("Basics", "Sales", "heir")
        .path("Onboarding", "Sales", "heir", &["Basics"])
        .session("Live", "Onboarding", "Sales", "heir", Dynamic)
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

/// A token of each of [`ACTORS`].
async fn tokens(world: &World) -> [String; 2] {
    // However many go, nobody asks for their number.
    world.sql("update platform set safety_share = 100").await;
    let token = async |name: &str| {
        let token = setup::token_for(&world.db, &format!("{name}@example.org")).await;
        token.expect("a token").as_str().to_owned()
    };
    [token(ACTORS[0]).await, token(ACTORS[1]).await]
}

/// A list of people to be deleted, and whose it is.
struct List {
    number: usize,
    people: Vec<String>,
}

impl List {
    /// One of several lists in which nobody stands twice.
    fn apart(number: usize) -> List {
        List::beginning(number, number * LIST)
    }

    /// One of several lists: its first half is the second half of the one before, which somebody else has asked for.
    fn overlapping(number: usize) -> List {
        List::beginning(number, number * LIST / 2)
    }

    fn beginning(number: usize, first: usize) -> List {
        List { number, people: (first..first + LIST).map(name).collect() }
    }

    fn input(&self, world: &World) -> Value {
        let people: Vec<&str> = self.people.iter().map(String::as_str).collect();
        json!({ "input": {
            "people": { "ids": world.users(&people) },
            "privateSubgroups": "REMOVE",
            "wait": 0,
            "idempotencyKey": format!("list number {}", self.number),
        } })
    }

    /// Asks for the deletion until somebody answers, always with the same key: the job. Only `which` is asked where one is
    /// named; none where that one has ended before anybody heard its answer.
    async fn ask(
        &self,
        world: &World,
        servers: &mut Servers,
        tokens: &[String; 2],
        which: Option<usize>,
    ) -> Option<JobId> {
        let query = "mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) { job { id } userErrors { code } } }";
        let token = &tokens[self.number % 2];
        for _ in 0..400 {
            let input = self.input(world);
            let answer = match which {
                Some(which) => servers.ask_one(which, token, query, input).await,
                None => servers.ask(token, query, input).await,
            };
            let job = answer.map(|answer| answer["data"]["deleteUsers"]["job"]["id"].clone());
            match job {
                Some(job) if job.is_string() => return Some(JobId(number(&job))),
                _ if which.is_some_and(|which| servers.has_ended(which)) => return None,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("nobody accepts list {}", self.number);
    }
}

/// A program is killed at each step in turn, and what it leaves behind is what the step's name says.
async fn each_step_is_where_it_says(start: Start, kind: Kind) {
    let world = start.with(|it| organisation(it, steps::STEPS.len() * LIST)).await;
    let tokens = tokens(&world).await;
    let mut watch = Watch::new(&world.url).await;
    let mut servers = Servers::start(&world.url, kind, 1).await;
    for (at, step) in steps::STEPS.into_iter().enumerate() {
        servers.end_at(0, step).await;
        let list = List::apart(at);
        let told = list.ask(&world, &mut servers, &tokens, Some(0)).await;
        tokio::time::timeout(PATIENCE, async {
            while !servers.has_ended(0) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("it ends");
        watch.check(step.0).await;
        if step.0 == "while a list is accepted" {
            assert_eq!((told, watch.jobs().await), (None, 0), "nothing is accepted");
            servers.revive().await;
            list.ask(&world, &mut servers, &tokens, None).await;
        } else {
            let job = watch.newest().await;
            let (row, events) = watch.job(job).await;
            let done = watch.outcomes(job).await.iter().flatten().count();
            let claimed =
                if step.0 == "while a job is claimed" { JobStatus::Queued } else { JobStatus::Running };
            let expected = match step.0 {
                "after the commit" => CHUNK,
                "before the last commit" => LIST - CHUNK,
                _ => 0,
            };
            assert_eq!((row.status, done), (claimed, expected), "{}", step.0);
            let told = 1 + usize::from(claimed == JobStatus::Running) + expected / CHUNK;
            assert_eq!(events.len(), told, "{}", step.0);
            let counted = watch.attempts(job).await;
            let before = ["while a job is claimed", "after the claim", "while the attempt is counted"];
            let now =
                if before.contains(&step.0) { None } else { Some(i64::from(step.0 != "after the commit")) };
            assert_eq!(counted, now, "{}", step.0);
            servers.revive().await;
            watch.run_out().await;
        }
        watch.until_all_ended(PATIENCE).await;
    }
    watch.check("at the end").await;
    let (deleted, cancelled) = watch.everybody_is_deleted(steps::STEPS.len()).await;
    assert_eq!((deleted, cancelled), (steps::STEPS.len() * LIST, 0));
    servers.stop().await;
}

#[test]
fn r29_each_step_is_where_it_says_on_sqlite() {
    steps::serve_if_asked();
    run(Kind::Sqlite, |start| Box::pin(each_step_is_where_it_says(start, Kind::Sqlite)));
}

#[test]
fn r29_each_step_is_where_it_says_on_postgres() {
    run(Kind::Postgres, |start| Box::pin(each_step_is_where_it_says(start, Kind::Postgres)));
}
