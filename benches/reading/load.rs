//! Asking a server as often as it answers, over connections that stay open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a server did under load.
#[derive(Default)]
pub struct Load {
    took: Vec<Duration>,
    asked_for: Duration,
}

impl Load {
    pub fn add(&mut self, other: Load) {
        self.took.extend(other.took);
        self.asked_for += other.asked_for;
    }

    /// Requests answered in a second.
    pub fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.asked_for.as_secs_f64()
    }

    /// How long so many of a hundred requests took at most.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took[(took.len() - 1) * percent / 100]
    }
}

/// A POST with a JSON body.
pub fn post(path: &str, token: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A GET.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// The body of the answer to one request.
pub async fn ask(server: SocketAddr, request: &[u8]) -> Vec<u8> {
    Caller::new(server).await.ask(request).await.to_vec()
}

/// `callers` that ask the same for as long as `time`, each as soon as it has its answer.
pub async fn run(server: SocketAddr, request: &[u8], callers: usize, time: Duration) -> Load {
    let (mut running, began) = (Vec::new(), Instant::now());
    for _ in 0..callers {
        let request = request.to_vec();
        running.push(tokio::spawn(async move {
            let (mut caller, mut took) = (Caller::new(server).await, Vec::new());
            while began.elapsed() < time {
                let asked = Instant::now();
                caller.ask(&request).await;
                took.push(asked.elapsed());
            }
            took
        }));
    }
    let mut load = Load::default();
    for caller in running {
        load.took.extend(caller.await.expect("a caller comes to its end"));
    }
    load.asked_for = began.elapsed();
    load
}

struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    async fn new(server: SocketAddr) -> Caller {
        let stream = TcpStream::connect(server).await.expect("the server listens");
        stream.set_nodelay(true).expect("an option of the socket");
        Caller { stream, buffer: Vec::new() }
    }

    /// Asks, and reads the answer to its end: its head says how long its body is.
    async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("the server reads");
        self.buffer.clear();
        let (mut head, mut length) = (0, usize::MAX);
        while length == usize::MAX || self.buffer.len() < head + length {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
            assert_ne!(read, 0, "the server hangs up");
            if let (usize::MAX, Some(end)) = (length, end_of_head(&self.buffer)) {
                head = end;
                length = length_of_body(&self.buffer[..end]);
            }
        }
        &self.buffer[head..]
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn length_of_body(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("a head").to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    length.parse().expect("a number")
}
