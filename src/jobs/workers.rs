//! Those who work on jobs, inside each instance of the program.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::store::{self, Taken};
use super::{Kinds, Lease, Step, Turn, tidy, worker};
use crate::background::Background;
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::transaction::{Tx, write};

/// Jobs that one instance works on at once: a short one does not wait for a long one.
const AT_ONCE: usize = 4;
/// How long to wait where the database does not answer.
const BREATH: Duration = Duration::from_secs(1);

/// How often workers look, and how long they are trusted without a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How often open jobs are looked for that the bell did not tell of.
    pub look: Duration,
    /// How long a lease holds.
    pub lease: Duration,
    /// How often it is kept.
    pub keep: Duration,
    /// How often what is kept for a while only is looked through.
    pub tidy: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            look: Duration::from_secs(1),
            lease: Duration::from_secs(15),
            keep: Duration::from_secs(5),
            tidy: Duration::from_secs(60),
        }
    }
}

/// Starts the workers of this instance. They end when the chunks in flight have ended and every lease is given up.
pub fn start_workers(db: &Database, kinds: Kinds, pace: Pace) -> Background {
    Background::start(|stopped| look(db.clone(), kinds, pace, stopped))
}

/// Works on every job that waits, until none does: for whoever is alone with the database.
///
/// # Errors
/// When the database cannot be read or written, or a job cannot be worked on.
pub async fn work_off(db: &Database, kinds: Kinds) -> Result<(), Failure> {
    let (_stopping, stopped) = watch::channel(false);
    let name = name();
    while let Some(taken) = claim(db, kinds, &name, Pace::default()).await? {
        carry_out(db, kinds, taken, Pace::default(), &stopped).await?;
    }
    Ok(())
}

/// Looks for jobs until it is asked to stop, then waits for those it works on.
async fn look(db: Database, kinds: Kinds, pace: Pace, mut stopped: watch::Receiver<bool>) {
    let (name, places) = (name(), Arc::new(Semaphore::new(AT_ONCE)));
    let mut working = JoinSet::new();
    let looks_between = (pace.tidy.as_secs_f64() / pace.look.as_secs_f64()).ceil() as u64;
    let mut looks = 0;
    while !*stopped.borrow() {
        // Nobody closes the semaphore.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match next(&db, kinds, &name, pace).await {
            Ok(Some(taken)) => {
                let (db, stopped) = (db.clone(), stopped.clone());
                working.spawn(async move {
                    if let Err(error) = carry_out(&db, kinds, taken, pace, &stopped).await {
                        // Its lease runs out, and somebody tries again.
                        tracing::error!(job = taken.lease.job.0, %error, "a job could not be worked on");
                    }
                    drop(place);
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "jobs could not be looked for"),
        }
        drop(place);
        while working.try_join_next().is_some() {}
        if looks >= looks_between {
            looks = 0;
            if let Err(error) = write(&db, worker(), None, (), |tx, ()| Box::pin(tidy(tx, kinds))).await {
                tracing::warn!(%error, "what is kept for a while was not looked through");
            }
        }
        tokio::select! {
            () = db.bell.rung() => {}
            () = sleep(pace.look) => looks += 1,
            _ = stopped.changed() => {}
        }
    }
    while working.join_next().await.is_some() {}
}

/// The next job that waits, taken. Looking where none does costs one statement.
async fn next(db: &Database, kinds: Kinds, name: &str, pace: Pace) -> Result<Option<Taken>, Failure> {
    let Some(since) = store::waits(&db.read, kinds.listed()).await? else { return Ok(None) };
    if since <= db.clock.now(&db.read).await? { claim(db, kinds, name, pace).await } else { Ok(None) }
}

async fn claim(db: &Database, kinds: Kinds, name: &str, pace: Pace) -> Result<Option<Taken>, Failure> {
    let asked = (name, pace.lease);
    let taken =
        write(db, worker(), None, asked, |tx, (name, lease)| Box::pin(take(tx, kinds, name, *lease))).await?;
    if let Some(Taken { lease, .. }) = taken {
        tracing::info!(job = lease.job.0, epoch = lease.epoch, "working on a job");
        db.bell.tell(lease.job);
    }
    Ok(taken)
}

async fn take(tx: &Tx, kinds: Kinds, name: &str, lease: Duration) -> Result<Option<Taken>, Failure> {
    let taken = store::claim(&tx.conn, kinds.listed(), name, tx.now, tx.now + lasting(lease)).await?;
    if let Some(taken) = taken {
        store::tell(&tx.conn, taken.lease.job, tx.now).await?;
    }
    Ok(taken)
}

/// Works on a job until it has ended, somebody else has it, or the program stops.
async fn carry_out(
    db: &Database,
    kinds: Kinds,
    taken: Taken,
    pace: Pace,
    stopped: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    let lease = taken.lease;
    let worker = kinds.worker(taken.kind).ok_or(Error::Broken("a job of a known kind is taken"))?;
    let (over, done) = watch::channel(());
    let keeping = tokio::spawn(keep(db.clone(), lease, pace, done));
    let ended = steps(db, worker.turn(lease, lasting(pace.lease)), lease, stopped).await;
    drop(over);
    // What keeps the lease is never dropped in the middle of a transaction.
    let _ = keeping.await;
    match ended {
        Err(Failure::Broken(Error::Superseded)) => {
            tracing::info!(job = lease.job.0, epoch = lease.epoch, "somebody else works on the job");
            Ok(())
        }
        ended => ended,
    }
}

async fn steps(
    db: &Database,
    mut turn: Box<dyn Turn>,
    lease: Lease,
    stopped: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    while !*stopped.borrow() {
        match turn.step(db).await {
            Ok(Step::More) => db.bell.tell(lease.job),
            Ok(Step::Ended) => {
                db.bell.tell(lease.job);
                return Ok(());
            }
            Err(Failure::Broken(error)) if error.is_outage() => {
                tracing::warn!(job = lease.job.0, %error, "the database does not answer; a job waits for it");
                sleep(BREATH).await;
            }
            Err(failure) => return Err(failure),
        }
    }
    write(db, worker(), None, lease, |tx, lease| Box::pin(give_up(tx, *lease))).await
}

async fn give_up(tx: &Tx, lease: Lease) -> Result<(), Failure> {
    Ok(store::give_up(&tx.conn, lease).await?)
}

/// Gives signs of life until `done` is told.
async fn keep(db: Database, lease: Lease, pace: Pace, mut done: watch::Receiver<()>) {
    loop {
        tokio::select! {
            () = sleep(pace.keep) => {}
            _ = done.changed() => return,
        }
        let until = (lease, lasting(pace.lease).num_milliseconds());
        let kept = write(&db, worker(), None, until, |tx, (lease, lasting)| {
            let until = tx.now + TimeDelta::milliseconds(*lasting);
            Box::pin(async move { Ok(store::keep(&tx.conn, *lease, until).await?) })
        });
        match kept.await {
            Ok(()) => {}
            // The next chunk will find out.
            Err(Failure::Broken(Error::Superseded)) => return,
            Err(error) => tracing::warn!(job = lease.job.0, %error, "a lease was not kept"),
        }
    }
}

fn lasting(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

/// What this instance is called among others: random, so that nothing can be told from it.
fn name() -> String {
    let mut random = [0_u8; 9];
    // Without randomness the name is of no use, and leases hold by their epoch all the same.
    let _ = getrandom::fill(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}
