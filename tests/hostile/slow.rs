//! Clients that take their time, or speak something else.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use super::attacked;
use crate::common::each_database;

each_database! {
    async fn a_byte_a_second(start: Start) {
        let attacked = attacked(start).await;
        // One dawdles in the head, one in the body, one takes the connection and says nothing.
        let head = attacked.head("content-length: 1000\r\n");
        let mut dawdling = Vec::new();
        for begin in ["POST /graphql HTTP/1.1\r\nhost: loc", head.as_str(), ""] {
            let mut connection = attacked.connect().await;
            connection.write_all(begin.as_bytes()).await.unwrap();
            dawdling.push(tokio::spawn(async move {
                let (mut reading, mut writing) = connection.into_split();
                let bytes = tokio::spawn(async move {
                    while writing.write_all(b"a").await.is_ok() {
                        sleep(Duration::from_secs(1)).await;
                    }
                });
                // Until the server answers or hangs up.
                let mut heard = [0; 1_000];
                let length = reading.read(&mut heard).await.unwrap_or(0);
                bytes.abort();
                String::from_utf8_lossy(&heard[..length]).into_owned()
            }));
        }
        let mut heard = Vec::new();
        for each in dawdling {
            heard.push(tokio::time::timeout(Duration::from_secs(60), each).await.expect("it is closed").unwrap());
        }
        assert!(heard[1].starts_with("HTTP/1.1 408 ") && heard[1].contains("REQUEST_TIMEOUT"), "{heard:?}");
        attacked.unharmed().await;
    }

    async fn thousands_that_are_idle(start: Start) {
        let attacked = attacked(start).await;
        let connecting = stream::iter(0..9_000).map(|_| attacked.connect()).buffer_unordered(100);
        let idle: Vec<_> = connecting.collect().await;
        // There is still room for somebody who asks.
        let answer = attacked.ask("{ viewer { email } }", serde_json::Value::Null).await;
        assert_eq!(answer["data"]["viewer"]["email"], "owner@example.org");
        drop(idle);
        attacked.unharmed().await;
    }

    async fn another_protocol(start: Start) {
        let attacked = attacked(start).await;
        // HTTP/2 with a stream that is opened and reset again and again, and what is nothing at all.
        let mut http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec();
        for stream in (1_u32..20_000).step_by(2) {
            http2.extend([0, 0, 1, 1, 5]);
            http2.extend(stream.to_be_bytes());
            http2.push(0x82);
            http2.extend([0, 0, 4, 3, 0]);
            http2.extend(stream.to_be_bytes());
            http2.extend([0, 0, 0, 8]);
        }
        let noise: Vec<u8> = (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for bytes in [http2, noise, b"GET / HTTP/9.9\r\n\r\n".to_vec(), vec![0; 100_000]] {
            let answer = attacked.raw(&bytes).await;
            assert!(!answer.starts_with("HTTP/1.1 2"), "{answer:.60}");
        }
        let endless = format!("GET / HTTP/1.1\r\nhost: a\r\n{}", "x: y\r\n".repeat(100_000));
        assert!(!attacked.raw(endless.as_bytes()).await.starts_with("HTTP/1.1 2"));
        attacked.unharmed().await;
    }
}
