//! The messages of graphql-transport-ws.

use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::server::answer::{Problem, Written};
use crate::server::request::Asked;

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Incoming {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Pong {
        #[serde(default, rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Subscribe {
        id: String,
        payload: Asked,
    },
    Complete {
        id: String,
    },
}

/// What the server sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outgoing {
    /// Asks the client for a sign of life, beneath the protocol.
    #[serde(skip_serializing)]
    AreYouThere,
    ConnectionAck,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    /// The payload is written by then.
    #[serde(skip_serializing)]
    Next {
        id: String,
        payload: String,
    },
    Error {
        id: String,
        payload: Value,
    },
    Complete {
        id: String,
    },
}

/// Why a socket is closed by the server: the codes of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The server stops.
    GoingAway,
    /// The database does not answer: to be tried again later.
    Unavailable,
    /// There are enough sockets of nobody known from this address.
    TooMany,
    /// A message is larger than is read.
    TooBig,
    /// A message that the protocol does not know.
    BadMessage,
    /// Something is asked for before the connection was initialised.
    Unauthorized,
    /// The token is not valid, or no longer is.
    Forbidden,
    /// The client speaks another protocol.
    Protocol,
    /// The connection was not initialised in time.
    InitTimeout,
    /// Two operations at once have the same id.
    SubscriberExists,
    /// The connection was initialised twice.
    TooManyInits,
}

impl Close {
    fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Close::GoingAway => (1001, "Going away"),
            Close::Unavailable => (1013, "Try again later"),
            Close::TooMany => (1013, "Too many sockets from this address without a token"),
            Close::TooBig => (1009, "Message too big"),
            Close::BadMessage => (4400, "Invalid message"),
            Close::Unauthorized => (4401, "Unauthorized"),
            Close::Forbidden => (4403, "Forbidden"),
            Close::Protocol => (4406, "Subprotocol not acceptable"),
            Close::InitTimeout => (4408, "Connection initialisation timeout"),
            Close::SubscriberExists => (4409, "Subscriber already exists"),
            Close::TooManyInits => (4429, "Too many initialisation requests"),
        };
        CloseFrame { code, reason: reason.into() }
    }
}

impl From<Close> for Message {
    fn from(close: Close) -> Message {
        Message::Close(Some(close.frame()))
    }
}

impl Outgoing {
    /// What an operation comes to: an event, or why it was not begun.
    pub fn of(id: String, result: Result<Written, Problem>) -> Outgoing {
        match result.map(Written::into_text) {
            Ok(Ok(payload)) => Outgoing::Next { id, payload },
            Ok(Err(errors)) => Outgoing::Error { id, payload: errors },
            Err(problem) => Outgoing::Error { id, payload: json!([problem.error()]) },
        }
    }

    /// The message as a frame.
    pub fn frame(&self) -> Message {
        let text = match self {
            Outgoing::AreYouThere => return Message::Ping(Vec::new().into()),
            Outgoing::Next { id, payload } => {
                format!(r#"{{"type":"next","id":{},"payload":{payload}}}"#, json!(id))
            }
            // Everything else has text for keys, so it can be written.
            other => serde_json::to_string(other).unwrap_or_default(),
        };
        Message::Text(text.into())
    }
}
