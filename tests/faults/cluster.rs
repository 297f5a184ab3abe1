//! A PostgreSQL of a test's own, which it may restart: other tests have a server of theirs.
//!
//! It keeps what it has acknowledged when it is killed, as one in production does. That wants PostgreSQL's programs also
//! where `TEST_DATABASE_URL` names a server for the other tests.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use crate::common::databases::{become_postgres, give_to_postgres, programs};

/// How a server is stopped before it is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// As an operator does: connections are closed, what is open is rolled back.
    Fast,
    /// As if the machine lost its power: it comes back from its log.
    Immediate,
}

/// The server. It ends with the test, however that ends: a shell waits for the end of a pipe that only the test holds
/// open.
pub struct Cluster {
    folder: TempDir,
    port: u16,
    shell: Child,
}

impl Cluster {
    pub async fn start() -> Cluster {
        let folder = TempDir::new().expect("a temporary folder");
        give_to_postgres(folder.path());
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let script = format!(
            "trap '' INT; cd /; export LC_ALL=C.UTF-8
             {run}/initdb -D {data}/data -U roster -A trust -E UTF8 --no-sync >{data}/log 2>&1 &&
             {run}/pg_ctl -D {data}/data -l {data}/server -w -t 120 start -o '-p {port} -k {data} \
             -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200 -c log_min_messages=fatal' >>{data}/log 2>&1 ||
             cat {data}/log {data}/server >&2
             cat >/dev/null; {run}/pg_ctl -D {data}/data -m immediate stop >/dev/null 2>&1; rm -rf {data}",
            run = [&[""], become_postgres(), &[&programs().display().to_string()]].concat().join(" "),
            data = folder.path().display(),
        );
        let shell = Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().expect("a shell");
        let cluster = Cluster { folder, port, shell };
        cluster.until_it_answers().await;
        cluster
    }

    async fn until_it_answers(&self) {
        let mut last = None;
        for _ in 0..600 {
            match sea_orm::Database::connect(self.url("postgres")).await {
                Ok(db) => return db.close().await.expect("closed"),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the cluster does not answer: {last:?}");
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://roster@127.0.0.1:{}/{name}", self.port)
    }

    /// The address of a new database.
    pub async fn create(&self, name: &str) -> String {
        let db = sea_orm::Database::connect(self.url("postgres")).await.expect("the cluster");
        db.execute_unprepared(&format!("create database {name}")).await.expect("a database");
        db.close().await.expect("closed");
        self.url(name)
    }

    /// Stops the server and starts it again with everything that it had.
    pub async fn restart(&self, mode: Mode) {
        let programs = programs();
        let pg_ctl = programs.join("pg_ctl");
        let mut words: Vec<&str> = become_postgres().to_vec();
        words.push(pg_ctl.to_str().expect("a path in words"));
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .args(["-m", if mode == Mode::Fast { "fast" } else { "immediate" }, "-w", "-t", "120", "-D"])
            .arg(self.folder.path().join("data"))
            .arg("-l")
            .arg(self.folder.path().join("server"))
            .arg("restart")
            .current_dir("/")
            .stdout(Stdio::null());
        let ran = tokio::task::spawn_blocking(move || command.status()).await.expect("it ends");
        assert!(ran.expect("pg_ctl").success(), "{mode:?}: PostgreSQL starts again");
        self.until_it_answers().await;
    }
}

impl Drop for Cluster {
    /// The folder is removed by the shell, which may write in it until it ends.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
