//! Sockets of other sites, and sockets that ask for too much.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{connect_async, connect_async_with_config};

use super::attacked;
use crate::common::each_database;

each_database! {
    async fn pages_of_other_sites(start: Start) {
        let attacked = attacked(start).await;
        let headers = [("content-type", "application/json"), ("origin", "https://evil.example.org"), ("cookie", "a=b")];
        let answer = attacked.send(&headers, r#"{ "query": "{ viewer { id } }" }"#).await;
        assert_eq!(answer, (403, "FOREIGN_ORIGIN".to_owned()));
        let mut request = format!("{}/graphql/ws", attacked.url).replace("http:", "ws:").into_client_request().unwrap();
        request.headers_mut().insert("origin", "https://evil.example.org".parse().unwrap());
        let Err(Error::Http(refused)) = connect_async(request).await else { panic!("it opens") };
        assert_eq!(refused.status().as_u16(), 403);
        attacked.unharmed().await;
    }

    async fn ten_thousand_subscriptions_on_one_socket(start: Start) {
        let attacked = attacked(start).await;
        let mut request = format!("{}/graphql/ws", attacked.url).replace("http:", "ws:").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (socket, _) = connect_async_with_config(request, None, true).await.unwrap();
        let (mut sink, mut stream) = socket.split();
        let authorization = format!("Bearer {}", attacked.token);
        let init = json!({ "type": "connection_init", "payload": { "authorization": authorization } });
        sink.send(Message::text(init.to_string())).await.unwrap();
        // A job nobody has: the subscription is begun, and ends; whichever way each ends, it is answered.
        let asked = tokio::spawn(async move {
            for id in 0..10_000 {
                let query = "subscription { removalJobProgress(id: \"UmVtb3ZhbEpvYjo5OTk\") { done } }";
                let message = json!({ "id": id.to_string(), "type": "subscribe", "payload": { "query": query } });
                sink.send(Message::text(message.to_string())).await.unwrap();
            }
            sink
        });
        let (mut refused, mut ended) = (0, 0);
        while refused + ended < 10_000 {
            let Message::Text(text) = stream.next().await.unwrap().unwrap() else { continue };
            let heard: Value = serde_json::from_str(&text).unwrap();
            match heard["type"].as_str().unwrap() {
                "error" => {
                    assert_eq!(heard["payload"][0]["extensions"]["code"], "LIMIT", "{heard}");
                    refused += 1;
                }
                "complete" => ended += 1,
                _ => {}
            }
        }
        assert!(ended >= 100, "{ended}");
        drop((stream, asked.await.unwrap()));
        attacked.unharmed().await;
    }
}
