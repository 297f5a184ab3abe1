//! Fresh databases. A template is migrated once a run; every test gets a copy of it.
//!
//! PostgreSQL is the server at `TEST_DATABASE_URL`, or one of the run's own: Debian's, without durability, in a
//! temporary folder, on a free port, as the user `postgres` when we are root. It ends with the run, however the run
//! ends: a shell waits for the end of a pipe that only the run holds open.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use roster::db::Database;
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database of a server.
    Postgres,
}

/// A migrated database that nobody else uses.
pub enum Fresh {
    /// The file `test.db` in this folder.
    Sqlite(TempDir),
    /// The database of this name.
    Postgres(String),
}

impl Fresh {
    /// A copy of the template.
    pub async fn new(kind: Kind) -> Fresh {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                std::fs::write(folder.path().join("test.db"), migrated_file().await).expect("a copy");
                Fresh::Sqlite(folder)
            }
            Kind::Postgres => {
                static COUNT: AtomicU32 = AtomicU32::new(0);
                let server = server().await;
                let name = format!("{}_{}", server.template, COUNT.fetch_add(1, Ordering::Relaxed));
                server.run(&format!("create database {name} template {}", server.template)).await;
                Fresh::Postgres(name)
            }
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        match self {
            Fresh::Sqlite(folder) => format!("sqlite:{}", folder.path().join("test.db").display()),
            Fresh::Postgres(name) => SERVER.get().expect("a server").url(name),
        }
    }

    /// Drops it.
    pub async fn forget(self) {
        match self {
            Fresh::Sqlite(folder) => folder.close().expect("the folder goes"),
            Fresh::Postgres(name) => {
                server().await.run(&format!("drop database {name} with (force)")).await;
            }
        }
    }
}

/// A SQLite file that was migrated and closed. Kept as bytes, since nothing would remove a file of the whole run.
async fn migrated_file() -> &'static [u8] {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = async || {
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("template.db");
        let db = Database::open_file(&file).await.expect("a database");
        db.migrate().await.expect("migrations");
        db.close().await;
        std::fs::read(&file).expect("the template")
    };
    FILE.get_or_init(make).await
}

static SERVER: OnceCell<Server> = OnceCell::const_new();

async fn server() -> &'static Server {
    SERVER.get_or_init(Server::start).await
}

struct Server {
    /// The address up to the name of a database, and what comes after it.
    base: (String, String),
    template: String,
    /// Kept so that the server's pipe stays open.
    _process: Option<Child>,
}

impl Server {
    async fn start() -> Server {
        let (base, process) = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => (base_of(&url), None),
            Err(_) => {
                let (base, process) = own_server();
                (base, Some(process))
            }
        };
        let template = format!("roster_test_{}", std::process::id());
        let server = Server { base, template, _process: process };
        server.run(&format!("create database {}", server.template)).await;
        let db = Database::open(&server.url(&server.template)).await.expect("the template");
        db.migrate().await.expect("migrations");
        db.close().await;
        server
    }

    fn url(&self, name: &str) -> String {
        let (before, after) = &self.base;
        format!("{before}/{name}{after}")
    }

    /// Runs a statement in the database that is always there, waiting for a server that is still starting.
    async fn run(&self, statement: &str) {
        let mut last = None;
        for _ in 0..200 {
            match sea_orm::Database::connect(self.url("postgres")).await {
                Ok(db) => {
                    db.execute_unprepared(statement).await.expect(statement);
                    return db.close().await.expect("closed");
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no PostgreSQL answers: {last:?}");
    }
}

/// The address of a database without its name: what comes before it, and the parameters.
fn base_of(url: &str) -> (String, String) {
    let (address, parameters) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let (before, _) = address.rsplit_once('/').expect("TEST_DATABASE_URL is postgres://…/name");
    (before.to_owned(), parameters.to_owned())
}

fn own_server() -> ((String, String), Child) {
    let folder = TempDir::new().expect("a temporary folder").keep();
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let programs = programs();
    let become_postgres = become_postgres().join(" ");
    give_to_postgres(&folder);
    let script = format!(
        "cd /; export LC_ALL=C.UTF-8; {become_postgres} {bin}/initdb -D {data}/data -U roster -A trust -E UTF8 --no-sync \
         >{data}/log 2>&1 || {{ cat {data}/log >&2; exit 1; }}
         {become_postgres} {bin}/postgres -D {data}/data -p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off \
         -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=256MB \
         -c log_min_messages=fatal >>{data}/log 2>&1 &
         cat >/dev/null; kill -INT $!; wait; rm -rf {data}",
        bin = programs.display(),
        data = folder.display(),
    );
    let process = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell to start PostgreSQL with");
    ((format!("postgres://roster@127.0.0.1:{port}"), String::new()), process)
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// What a program of PostgreSQL is started by: it refuses to run as root.
pub fn become_postgres() -> &'static [&'static str] {
    if is_root() { &["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] } else { &[] }
}

/// Lets PostgreSQL write in `folder`.
pub fn give_to_postgres(folder: &Path) {
    if is_root() {
        let owned = Command::new("chown").args(["postgres:postgres"]).arg(folder).status();
        assert!(owned.is_ok_and(|status| status.success()), "the folder belongs to postgres");
    }
}

/// Where PostgreSQL's programs are: Debian keeps them out of the way, one folder a version; the newest is taken.
pub fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| {
            let bin = version.path().join("bin");
            let number = version.file_name().to_str()?.parse().ok()?;
            bin.join("initdb").exists().then_some((number, bin))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin).expect("PostgreSQL's programs are installed")
}
