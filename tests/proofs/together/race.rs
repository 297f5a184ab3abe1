//! Two writes at once, over and over: side by side, a little apart, and lined up behind a lock that a third holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use entity::id::UserId;
use entity::kind::{Cause, Posts, PrivateSubgroups, Role};
use roster::access::Caller;
use roster::error::Failure;
use roster::organisation::{Organisation, promises};
use roster::removal::request::{Named, Options, People, Request, Scope};
use roster::removal::single::{self, Single};
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::task::JoinHandle;

use crate::common::{Start, World};

/// How often two writes meet; each time over other people.
pub const ROUNDS: usize = 40;

/// The locks behind which the two are lined up, each in either order: people, the tree and succession (by the keys of
/// `db/locks.rs`), sessions.
const HELD: [&str; 4] = [
    "select id from users order by id for no key update",
    "select pg_advisory_xact_lock(x'00726f7374657201'::bigint)",
    "select pg_advisory_xact_lock(x'00726f7374657202'::bigint)",
    "select id from sessions order by id for no key update",
];

/// How a write ended: the code of its refusal, or `DONE`.
pub type Ended = &'static str;

/// An organisation in which writes race.
#[derive(Clone)]
pub struct Race {
    pub world: Arc<World>,
}

/// A write that is ready to run.
pub struct Write {
    pub work: futures::future::BoxFuture<'static, Result<(), Failure>>,
}

/// Makes a write of a door and its input, for a caller.
macro_rules! door {
    ($race:expr, $caller:expr, $door:path, $input:expr) => {{
        let (db, caller, input) = ($race.world.db.clone(), $race.caller($caller), $input);
        $crate::proofs::together::race::Write {
            work: Box::pin(async move {
                let work = roster::transaction::write(&db, caller, None, input, |tx, input| {
                    Box::pin($door(tx, input))
                });
                work.await.map(|_| ())
            }),
        }
    }};
}
pub(super) use door;

impl Race {
    /// An organisation with a part for each round; `part` writes the part of that number.
    pub async fn new(start: Start, part: impl Fn(Organisation, usize) -> Organisation) -> Race {
        let world = start.with(|it| (0..ROUNDS).fold(it, part)).await;
        // So many rounds delete more people than may go without being counted (R29).
        world.sql("update platform set safety_share = 100").await;
        Race { world: Arc::new(world) }
    }

    pub fn caller(&self, name: &str) -> Caller {
        Caller::User(self.world.user_id(name))
    }

    /// Deleting somebody from the platform.
    pub fn delete(&self, caller: &str, user: &str) -> Write {
        self.remove(caller, user, Scope::Platform, true)
    }

    /// Taking somebody out of a group.
    pub fn leave(&self, user: &str, group: &str, confirmed: bool) -> Write {
        self.remove("owner", user, Scope::Group(self.world.group_id(group)), confirmed)
    }

    /// Taking a role from somebody.
    pub fn revoke(&self, user: &str, group: &str, role: Role) -> Write {
        self.remove("owner", user, Scope::Role(self.world.group_id(group), role), false)
    }

    fn remove(&self, caller: &str, user: &str, scope: Scope, confirm_account_deletion: bool) -> Write {
        let removal = Single {
            user: Named::Id(self.world.user_id(user)),
            request: request(scope, confirm_account_deletion),
            plan_digest: None,
            confirm_count: None,
        };
        door!(self, caller, single::remove, removal)
    }

    /// Lets two writes of each round meet, and asks the promises after each. Each round ends as one of `endings`, and
    /// all of these come up. The two begin at most `transactions` together: where that is one each, nothing was tried
    /// again, so that there was no deadlock and no drift.
    pub async fn run(
        &self,
        endings: &[(Ended, Ended)],
        transactions: usize,
        writes: impl AsyncFn(&Race, usize) -> (Write, Write),
    ) {
        let mut seen = BTreeSet::new();
        for round in 0..ROUNDS {
            let writes = writes(self, round).await;
            let (ended, statements) = self.world.statements(self.meet(round, writes)).await;
            assert!(endings.contains(&ended), "round {round} ends as {ended:?}");
            // Each transaction asks for the time once.
            let begun = statements.iter().filter(|text| text.starts_with("/* clock.now */")).count();
            assert!(begun <= transactions, "round {round} begins {begun} transactions");
            seen.insert(ended);
            self.assert_promises(round).await;
        }
        assert_eq!(seen, endings.iter().copied().collect(), "every ending comes up");
    }

    async fn meet(&self, round: usize, (one, other): (Write, Write)) -> (Ended, Ended) {
        match HELD.get(round / 2) {
            Some(held) => {
                let turned = round % 2 == 1;
                let (first, second) = if turned { (other, one) } else { (one, other) };
                let (first, second) = self.lined_up(held, first, second).await;
                if turned { (second, first) } else { (first, second) }
            }
            None => {
                // From one long before the other to the other way round.
                let apart = round as i64 * 3 % 17 - 8;
                let later = |turns: i64| Duration::from_micros(turns.max(0) as u64 * 700);
                let (one, other) = (spawn(one, later(apart)), spawn(other, later(-apart)));
                (ended(one).await, ended(other).await)
            }
        }
    }

    /// Both wait for `held`, the first before the second.
    async fn lined_up(&self, held: &str, first: Write, second: Write) -> (Ended, Ended) {
        let holder = self.world.db.read.begin().await.expect("a transaction");
        holder.execute_unprepared(held).await.expect(held);
        let first = spawn(first, Duration::ZERO);
        self.until_waiting(1, &first).await;
        let second = spawn(second, Duration::ZERO);
        self.until_waiting(2, &second).await;
        holder.rollback().await.expect("released");
        (ended(first).await, ended(second).await)
    }

    /// Until so many wait for a lock, or this one waits for none.
    async fn until_waiting(&self, count: i64, task: &JoinHandle<Result<(), Failure>>) {
        let text = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        for _ in 0..200 {
            let (waiting,): (i64,) = roster::db::sql::sql("proofs.waiting", text)
                .only(&self.world.db.read)
                .await
                .expect("a count");
            if waiting >= count || task.is_finished() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn assert_promises(&self, round: usize) {
        let db = &self.world.db;
        let now = db.clock.now(&db.read).await.expect("the time");
        assert_eq!(promises::broken(&self.world.tables().await, now), Vec::<String>::new(), "round {round}");
    }
}

/// A removal with private subgroups removed.
pub fn request(scope: Scope, confirm_account_deletion: bool) -> Request {
    let private_subgroups = Some(PrivateSubgroups::Remove);
    let options = Options { private_subgroups, confirm_account_deletion, posts: Posts::Keep };
    Request { scope, options, cause: Cause::Requested }
}

/// Several people by id.
pub fn named(users: impl IntoIterator<Item = UserId>) -> People {
    People::Named(users.into_iter().map(|user| Named::Id(user).into()).collect())
}

fn spawn(write: Write, after: Duration) -> JoinHandle<Result<(), Failure>> {
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        write.work.await
    })
}

async fn ended(task: JoinHandle<Result<(), Failure>>) -> Ended {
    match task.await.expect("a write ends") {
        Ok(()) => "DONE",
        Err(Failure::Refused(refusal)) => refusal.code(),
        Err(Failure::Broken(error)) => panic!("a write broke: {error}"),
    }
}
