//! The messages of graphql-transport-ws.

use async_graphql::Response;
use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::server::answer::Problem;
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
    ConnectionAck,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    Next {
        id: String,
        payload: Box<Response>,
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
    pub fn of(id: String, result: Result<Response, Problem>) -> Outgoing {
        match result {
            Ok(response) if !crate::server::answer::is_carried_out(&response) => {
                Outgoing::Error { id, payload: json!(response.errors) }
            }
            Ok(response) => Outgoing::Next { id, payload: Box::new(response) },
            Err(problem) => Outgoing::Error { id, payload: json!([problem.error()]) },
        }
    }

    /// The message as a frame.
    pub fn frame(&self) -> Message {
        // Everything here has text for keys, so it can be written.
        Message::Text(serde_json::to_string(self).unwrap_or_default().into())
    }
}
