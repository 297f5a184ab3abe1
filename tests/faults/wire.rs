//! A wire between programs and PostgreSQL. It is cut exactly where a transaction is committed: before PostgreSQL hears
//! of it, or after it has answered and before the program hears that. Or it goes silent: nothing more is passed on in
//! either direction, not even that somebody has closed a connection, and every socket stays open.
//!
//! What goes over it are messages: one byte that says what it is, four for its length, and the rest. Which transaction it
//! is is told by the names of its statements.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// On which side of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Nothing of it was heard: the transaction is rolled back.
    Before,
    /// It is committed, and nobody is told.
    After,
}

/// Where the wire is to be cut next.
#[derive(Clone, Copy, Debug)]
struct Order {
    /// The name of a statement of the transaction.
    statement: &'static str,
    side: Side,
}

/// Where the wire is to go silent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hush {
    /// When a statement of this name is run, which the server does not hear.
    At(&'static str),
    /// When a transaction is committed in which a statement of this name has run: the server hears of it.
    AfterCommit(&'static str),
}

/// What a wire is told, and what it has seen.
#[derive(Default)]
struct Shared {
    order: Mutex<Option<Order>>,
    hush: Mutex<Option<Hush>>,
    /// What was opened before the last silence began or ended stays silent.
    silences: AtomicUsize,
    is_silent: AtomicBool,
    /// How often something was sent to the server that wants an answer.
    asked: AtomicUsize,
}

impl Shared {
    fn go_silent(&self) {
        self.is_silent.store(true, Ordering::SeqCst);
        self.silences.fetch_add(1, Ordering::SeqCst);
    }

    /// Never ends on a connection, opened after so many silences, on which nothing is passed on.
    async fn pass(&self, opened: usize) {
        if self.is_silent.load(Ordering::SeqCst) || self.silences.load(Ordering::SeqCst) > opened {
            std::future::pending::<()>().await;
        }
    }
}

/// The wire.
pub struct Wire {
    port: u16,
    shared: Arc<Shared>,
    cuts: watch::Receiver<usize>,
}

impl Wire {
    /// A wire to the server that listens on `port`.
    pub async fn to(port: u16) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let shared: Arc<Shared> = Arc::default();
        let (cut, cuts) = watch::channel(0);
        let accepting = shared.clone();
        tokio::spawn(async move {
            while let Ok((program, _)) = listener.accept().await {
                let opened = accepting.silences.load(Ordering::SeqCst);
                if accepting.is_silent.load(Ordering::SeqCst) {
                    let accepting = accepting.clone();
                    tokio::spawn(async move {
                        accepting.pass(opened).await;
                        drop(program);
                    });
                    continue;
                }
                // While the server is away nobody answers the program either.
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                for end in [&program, &server] {
                    end.set_nodelay(true).expect("a socket");
                }
                tokio::spawn(connection(program, server, opened, accepting.clone(), cut.clone()));
            }
        });
        Wire { port: own, shared, cuts }
    }

    /// A wire to the server of the database at `url`, and the address of that database behind it.
    pub async fn in_front_of(url: &str) -> (Wire, String) {
        let mut behind = Url::parse(url).expect("an address");
        let wire = Wire::to(behind.port().unwrap_or(5432)).await;
        behind.set_host(Some("127.0.0.1")).expect("a host");
        behind.set_port(Some(wire.port)).expect("a port");
        behind.set_query(Some("sslmode=disable"));
        (wire, behind.to_string())
    }

    /// From now on nothing is passed on, on what is open and what will be.
    pub fn go_silent(&self) {
        self.shared.go_silent();
    }

    /// What is opened from now on is passed on again; what was opened before stays as silent as it is.
    pub fn pass_on(&self) {
        self.shared.silences.fetch_add(1, Ordering::SeqCst);
        self.shared.is_silent.store(false, Ordering::SeqCst);
    }

    /// What is open now goes silent for good; what is opened from now on is passed on.
    pub fn forget_what_is_open(&self) {
        self.shared.silences.fetch_add(1, Ordering::SeqCst);
    }

    /// Goes silent at `hush`. What is returned ends when that was done.
    pub fn go_silent_at(&self, hush: Hush) -> impl Future<Output = ()> + use<> {
        let shared = self.shared.clone();
        let before = shared.silences.load(Ordering::SeqCst);
        *shared.hush.lock().expect("a lock") = Some(hush);
        async move {
            while shared.silences.load(Ordering::SeqCst) == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// How often something was sent to the server that wants an answer.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// The address of a database behind it. The wire reads along, so that nothing is encrypted.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://roster@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// Cuts the connection of the next transaction in which a statement of this name has run, at its commit. What is
    /// returned ends when that was done.
    pub fn cut(&self, statement: &'static str, side: Side) -> impl Future<Output = ()> + use<> {
        let mut cuts = self.cuts.clone();
        let before = *cuts.borrow_and_update();
        *self.shared.order.lock().expect("a lock") = Some(Order { statement, side });
        async move {
            cuts.wait_for(|cuts| *cuts > before).await.expect("a wire");
        }
    }
}

/// One connection, until either end closes it or it is cut.
async fn connection(
    program: TcpStream,
    server: TcpStream,
    opened: usize,
    shared: Arc<Shared>,
    cut: watch::Sender<usize>,
) {
    let (from_program, mut to_program) = program.into_split();
    let (mut from_server, to_server) = server.into_split();
    let (silence, silent) = watch::channel(false);
    let passing = shared.clone();
    let back = tokio::spawn(async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            passing.pass(opened).await;
            // The answer to the commit is there, and goes no further.
            if *silent.borrow() || to_program.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
        passing.pass(opened).await;
    });
    let ended = forward(from_program, to_server, opened, &shared, &silence).await;
    if let Ok(Ended::Cut { kept: _kept }) = ended {
        if *silence.borrow() {
            let _ = back.await;
        } else {
            back.abort();
        }
        cut.send_modify(|cuts| *cuts += 1);
    } else {
        // The other direction ends by itself once the server has seen that nobody is there.
        let _ = back.await;
    }
}

/// Why nothing more comes from the program.
enum Ended {
    /// It has closed the connection.
    Closed,
    /// We cut it; the halves are kept until the answer is there.
    Cut { kept: (OwnedReadHalf, OwnedWriteHalf) },
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    opened: usize,
    shared: &Shared,
    silence: &watch::Sender<bool>,
) -> std::io::Result<Ended> {
    // The first message has no byte before it that says what it is.
    let length = from.read_u32().await?;
    let mut greeting = vec![0; length as usize - 4];
    from.read_exact(&mut greeting).await?;
    to.write_all(&[&length.to_be_bytes(), greeting.as_slice()].concat()).await?;
    let mut prepared: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    let mut ran: BTreeSet<String> = BTreeSet::new();
    loop {
        let kind = match from.read_u8().await {
            Ok(kind) => kind,
            Err(_) => {
                shared.pass(opened).await;
                return Ok(Ended::Closed);
            }
        };
        let length = from.read_u32().await?;
        let mut message = vec![0; length as usize - 4];
        from.read_exact(&mut message).await?;
        let mut words = message.split(|byte| *byte == 0);
        let mut word = || words.next().unwrap_or_default();
        let (mut due, mut hushed) = (None, false);
        match kind {
            b'P' => {
                let (name, text) = (word().to_vec(), String::from_utf8_lossy(word()).into_owned());
                prepared.insert(name, text);
            }
            b'B' => {
                let (_portal, name) = (word(), word());
                let name = prepared.get(name).and_then(|text| named(text));
                let mut hush = shared.hush.lock().expect("a lock");
                if hush
                    .take_if(|hush| matches!(hush, Hush::At(due) if name.as_deref() == Some(due)))
                    .is_some()
                {
                    shared.go_silent();
                }
                ran.extend(name);
            }
            b'S' => {
                shared.asked.fetch_add(1, Ordering::SeqCst);
            }
            b'Q' => {
                shared.asked.fetch_add(1, Ordering::SeqCst);
                let text = String::from_utf8_lossy(word()).to_lowercase();
                if text.trim_start().starts_with("begin") {
                    ran.clear();
                } else if text.trim_start().starts_with("commit") {
                    let mut order = shared.order.lock().expect("a lock");
                    due = order.take_if(|order| ran.contains(order.statement)).map(|order| order.side);
                    let mut hush = shared.hush.lock().expect("a lock");
                    let is_due =
                        |hush: &mut Hush| matches!(hush, Hush::AfterCommit(due) if ran.contains(*due));
                    hushed = hush.take_if(is_due).is_some();
                }
            }
            _ => {}
        }
        if due == Some(Side::Before) {
            return Ok(Ended::Cut { kept: (from, to) });
        }
        if due == Some(Side::After) {
            silence.send_replace(true);
        }
        shared.pass(opened).await;
        to.write_all(&[&[kind], length.to_be_bytes().as_slice(), message.as_slice()].concat()).await?;
        if hushed {
            shared.go_silent();
        }
        if due == Some(Side::After) {
            return Ok(Ended::Cut { kept: (from, to) });
        }
    }
}

/// The name that stands before a statement.
pub fn named(text: &str) -> Option<String> {
    Some(text.strip_prefix("/* ")?.split_once(" */")?.0.to_owned())
}
