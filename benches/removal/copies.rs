//! One organisation of a size, and equal copies of it.

use std::path::PathBuf;
use std::process::Command;

use chrono::{DateTime, Utc};
use entity::id::UserId;
use roster::access::Caller;
use roster::db::Database;
use roster::db::sql::sql;
use roster::demo::{self, Sample};
use roster::sessions;
use roster::transaction::write;
use sea_orm::ConnectionTrait;

use super::databases::{Fresh, Kind};

/// An organisation that is copied and never changed.
pub struct Original {
    fresh: Fresh,
    /// Who is to be deleted.
    pub leavers: Vec<UserId>,
    /// The time around which the organisation lies.
    pub now: DateTime<Utc>,
}

/// Loads the sample organisation of `people` into the empty database at `url`.
pub async fn load(url: &str, people: usize) {
    let db = Database::open(url).await.expect("a database");
    let now = db.clock.now(&db.read).await.expect("the time");
    demo::load(&db, &Sample { people, seed: 7, now }).await.expect("an organisation");
    // Both sides then find nothing that waits to be captured.
    let operator = Caller::System { on_behalf_of: None };
    write(&db, operator, None, (), |tx, ()| {
        Box::pin(async move {
            sessions::capture_ended(&tx.conn, tx.now).await?;
            Ok(())
        })
    })
    .await
    .expect("captured");
    db.close().await;
}

/// A copy that something is done to.
pub struct Copy {
    url: String,
    original: String,
}

impl Original {
    /// The sample organisation of `people`, and `count` of them to leave, spread over all.
    pub async fn of(kind: Kind, people: usize, count: usize) -> Original {
        let fresh = Fresh::new(kind).await;
        // In a process of its own, whose memory is none of what is measured.
        let loading = Command::new(std::env::current_exe().expect("this program"))
            .args(["--load", &fresh.url(), "--people", &people.to_string()])
            .status();
        assert!(loading.expect("it runs").success());
        let db = Database::open(&fresh.url()).await.expect("a database");
        let now = db.clock.now(&db.read).await.expect("the time");
        // The first hundred have names of their own and stay; the others are all alike.
        let living: Vec<(UserId,)> =
            sql("bench.living", "select id from users where id > 100 and status = 'ACTIVE' order by id")
                .all(&db.read)
                .await
                .expect("people");
        let step = living.len() / count;
        let leavers = living.into_iter().step_by(step).take(count).map(|(user,)| user).collect();
        db.close().await;
        Original { fresh, leavers, now }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.fresh.url()
    }

    /// An equal copy, as if just opened.
    pub async fn copy(&self) -> Copy {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let original = self.fresh.url();
        let url = match file_of(&original) {
            Some(file) => {
                let copy = file.with_extension(format!("copy{number}"));
                std::fs::copy(&file, &copy).expect("a copy");
                format!("sqlite:{}", copy.display())
            }
            None => {
                let name = format!("bench_{}_{number}", std::process::id());
                let (_, template) = original.rsplit_once('/').expect("an address");
                maintain(&original, &format!("create database {name} template {template}")).await;
                sibling(&original, &name)
            }
        };
        Copy { url, original }
    }

    pub async fn forget(self) {
        self.fresh.forget().await;
    }
}

impl Copy {
    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn open(&self) -> Database {
        let db = Database::open(&self.url).await.expect("a copy");
        // Both sides begin with the connections that they will use.
        db.clock.now(&db.read).await.expect("the time");
        db
    }

    pub async fn forget(self, db: Database) {
        db.close().await;
        match file_of(&self.url) {
            Some(file) => std::fs::remove_file(file).expect("a copy"),
            None => {
                let (_, name) = self.url.rsplit_once('/').expect("an address");
                maintain(&self.original, &format!("drop database {name} with (force)")).await;
            }
        }
    }
}

fn file_of(url: &str) -> Option<PathBuf> {
    url.strip_prefix("sqlite:").map(PathBuf::from)
}

fn sibling(url: &str, name: &str) -> String {
    let (before, _) = url.rsplit_once('/').expect("an address");
    format!("{before}/{name}")
}

async fn maintain(url: &str, statement: &str) {
    let db = sea_orm::Database::connect(sibling(url, "postgres")).await.expect("the server");
    db.execute_unprepared(statement).await.expect(statement);
    db.close().await.expect("closed");
}
