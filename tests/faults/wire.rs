//! A wire between programs and PostgreSQL, which is cut exactly where a transaction is committed: before PostgreSQL hears
//! of it, or after it has answered and before the program hears that.
//!
//! What goes over it are messages: one byte that says what it is, four for its length, and the rest. Which transaction it
//! is is told by the names of its statements.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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

/// The wire.
pub struct Wire {
    port: u16,
    order: Arc<Mutex<Option<Order>>>,
    cuts: watch::Receiver<usize>,
}

impl Wire {
    /// A wire to the server that listens on `port`.
    pub async fn to(port: u16) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let order: Arc<Mutex<Option<Order>>> = Arc::default();
        let (cut, cuts) = watch::channel(0);
        let orders = order.clone();
        tokio::spawn(async move {
            while let Ok((program, _)) = listener.accept().await {
                // While the server is away nobody answers the program either.
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                for end in [&program, &server] {
                    end.set_nodelay(true).expect("a socket");
                }
                tokio::spawn(connection(program, server, orders.clone(), cut.clone()));
            }
        });
        Wire { port: own, order, cuts }
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
        *self.order.lock().expect("a lock") = Some(Order { statement, side });
        async move {
            cuts.wait_for(|cuts| *cuts > before).await.expect("a wire");
        }
    }
}

/// One connection, until either end closes it or it is cut.
async fn connection(
    program: TcpStream,
    server: TcpStream,
    order: Arc<Mutex<Option<Order>>>,
    cut: watch::Sender<usize>,
) {
    let (from_program, mut to_program) = program.into_split();
    let (mut from_server, to_server) = server.into_split();
    let (silence, silent) = watch::channel(false);
    let back = tokio::spawn(async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            // The answer to the commit is there, and goes no further.
            if *silent.borrow() || to_program.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    });
    let ended = forward(from_program, to_server, &order, &silence).await;
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
    order: &Mutex<Option<Order>>,
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
            Err(_) => return Ok(Ended::Closed),
        };
        let length = from.read_u32().await?;
        let mut message = vec![0; length as usize - 4];
        from.read_exact(&mut message).await?;
        let mut words = message.split(|byte| *byte == 0);
        let mut word = || words.next().unwrap_or_default();
        let mut due = None;
        match kind {
            b'P' => {
                let (name, text) = (word().to_vec(), String::from_utf8_lossy(word()).into_owned());
                prepared.insert(name, text);
            }
            b'B' => {
                let (_portal, name) = (word(), word());
                ran.extend(prepared.get(name).and_then(|text| named(text)));
            }
            b'Q' => {
                let text = String::from_utf8_lossy(word()).to_lowercase();
                if text.trim_start().starts_with("begin") {
                    ran.clear();
                } else if text.trim_start().starts_with("commit") {
                    let mut order = order.lock().expect("a lock");
                    due = order.take_if(|order| ran.contains(order.statement)).map(|order| order.side);
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
        to.write_all(&[&[kind], length.to_be_bytes().as_slice(), message.as_slice()].concat()).await?;
        if due == Some(Side::After) {
            return Ok(Ended::Cut { kept: (from, to) });
        }
    }
}

/// The name that stands before a statement.
pub fn named(text: &str) -> Option<String> {
    Some(text.strip_prefix("/* ")?.split_once(" */")?.0.to_owned())
}
