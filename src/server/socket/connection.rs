//! One socket, from its first message to its last.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use super::PROTOCOL;
use super::message::{Close, Incoming, Outgoing};
use super::places::Place;
use crate::graphql::context::Visit;
use crate::server::answer::Problem;
use crate::server::request::{self, Asked, Shown};
use crate::server::{Asker, Server};

/// How long a client may take to initialise the connection.
const INIT_WAIT: Duration = Duration::from_secs(5);
/// How often a token is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long a client may be silent, although it is asked every so often whether it is still there.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a client may take to take a message, as long as its token is good.
const SEND_WAIT: Duration = Duration::from_secs(20);
/// How long a client may take to take a close and to answer it. With the time until a token is looked at again it is
/// less than the five seconds that a socket may outlive its token.
const FAREWELL: Duration = Duration::from_secs(1);
/// Operations that may be under way on one socket.
const OPERATIONS: usize = 100;
/// Messages that wait for a slow client, before operations wait with them.
const WAITING: usize = 16;

/// A socket and what is under way on it.
pub struct Connection {
    server: Server,
    visit: Visit,
    /// What the upgrade showed, until `connection_init` shows something else.
    shown: Shown,
    /// Who asks, once that is known.
    asker: Option<Asker>,
    /// The operations under way, by the ids that the client gave them. To forget one is to stop it.
    operations: HashMap<String, Operation>,
    /// How many operations there have been.
    begun: u64,
    events: mpsc::Sender<Event>,
    /// The place among the sockets from the same address, as long as nobody known has opened it.
    place: Option<Place>,
}

/// An operation under way.
struct Operation {
    /// Which one it is: an id may be used again as soon as it is free.
    number: u64,
    /// Dropped to stop it.
    _going_on: watch::Sender<()>,
}

/// What an operation has come to.
struct Event {
    number: u64,
    id: String,
    /// None at its end.
    what: Option<Outgoing>,
}

/// What to do with a message: go on, with or without an answer, or close.
type Step = ControlFlow<Close, Option<Outgoing>>;

impl Connection {
    /// Speaks with the client of a socket that was opened by somebody who showed `shown`, until either of them
    /// closes.
    pub async fn run(server: Server, visit: Visit, shown: Shown, place: Place, socket: WebSocket) {
        let (events, happened) = mpsc::channel(WAITING);
        let (operations, place) = (HashMap::new(), Some(place));
        let mut connection =
            Connection { server, visit, shown, asker: None, operations, begun: 0, events, place };
        let speaks = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
        let (mut sink, mut stream) = socket.split();
        let close = if speaks {
            connection.converse(&mut sink, &mut stream, happened).await
        } else {
            Some(Close::Protocol)
        };
        // Whoever is gone need not be told. Either side answers the other's close before the connection ends.
        let farewell = async {
            let said = match close {
                Some(close) => sink.send(close.into()).await,
                None => sink.close().await,
            };
            while said.is_ok() && stream.next().await.is_some_and(|heard| heard.is_ok()) {}
        };
        let _ = timeout(FAREWELL, farewell).await;
    }

    /// Why the server closes; none where the client has gone.
    async fn converse(
        &mut self,
        sink: &mut SplitSink<WebSocket, Message>,
        stream: &mut SplitStream<WebSocket>,
        mut happened: mpsc::Receiver<Event>,
    ) -> Option<Close> {
        let mut stopping = self.server.stopping.clone();
        let (opened, mut heard) = (Instant::now(), Instant::now());
        let mut tick = interval(LOOK_AGAIN);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        loop {
            let step = tokio::select! {
                () = stopped(&mut stopping) => ControlFlow::Break(Close::GoingAway),
                () = tokio::time::sleep_until(opened + INIT_WAIT), if self.asker.is_none() => {
                    ControlFlow::Break(Close::InitTimeout)
                }
                message = stream.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.told(&text).await,
                        Some(Ok(Message::Binary(_))) => ControlFlow::Break(Close::BadMessage),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => ControlFlow::Continue(None),
                        Some(Ok(Message::Close(_))) | None => return None,
                        Some(Err(error)) => ControlFlow::Break(closes(&error)?),
                    }
                }
                Some(event) = happened.recv() => ControlFlow::Continue(self.heard_of(event)),
                _ = tick.tick() => {
                    if heard.elapsed() > SILENCE {
                        return None;
                    }
                    if self.still_allowed().await {
                        ControlFlow::Continue(Some(Outgoing::AreYouThere))
                    } else {
                        ControlFlow::Break(Close::Forbidden)
                    }
                }
            };
            let message = match step {
                ControlFlow::Break(close) => return Some(close),
                ControlFlow::Continue(Some(message)) => message.frame(),
                ControlFlow::Continue(None) => continue,
            };
            match self.sent(sink, message, &mut tick).await {
                ControlFlow::Break(close) => return close,
                ControlFlow::Continue(()) => {}
            }
        }
    }

    /// Sends a message. Meanwhile the token is looked at as ever: who takes nothing outlives it no longer for that.
    /// Breaks off with why the server closes; with none where the client has gone, or takes nothing.
    async fn sent(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        message: Message,
        tick: &mut Interval,
    ) -> ControlFlow<Option<Close>> {
        let mut sending = pin!(timeout(SEND_WAIT, sink.send(message)));
        loop {
            tokio::select! {
                sent = &mut sending => {
                    return match sent {
                        Ok(Ok(())) => ControlFlow::Continue(()),
                        Ok(Err(_)) | Err(_) => ControlFlow::Break(None),
                    };
                }
                _ = tick.tick() => {
                    if !self.still_allowed().await {
                        return ControlFlow::Break(Some(Close::Forbidden));
                    }
                }
            }
        }
    }

    /// What the client is told of an event: nothing more of an operation that it has completed.
    fn heard_of(&mut self, Event { number, id, what }: Event) -> Option<Outgoing> {
        self.operations.get(&id).filter(|operation| operation.number == number)?;
        if matches!(what, None | Some(Outgoing::Error { .. })) {
            self.operations.remove(&id);
        }
        what.or(Some(Outgoing::Complete { id }))
    }

    async fn told(&mut self, text: &str) -> Step {
        let Ok(message) = serde_json::from_str::<Incoming>(text) else {
            return ControlFlow::Break(Close::BadMessage);
        };
        match message {
            Incoming::ConnectionInit { payload } => {
                if self.asker.is_some() {
                    return ControlFlow::Break(Close::TooManyInits);
                }
                let named = payload.as_ref().and_then(|payload| {
                    let mut entries = payload.iter();
                    entries.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
                });
                if let Some((_, value)) = named {
                    let Some(token) = value.as_str().and_then(request::bearer_of) else {
                        return ControlFlow::Break(Close::Forbidden);
                    };
                    self.shown = Shown::Bearer(token.to_owned());
                }
                match self.server.asker(&self.server.database, self.shown.clone(), self.visit.clone()).await {
                    Ok(mut asker) => {
                        // It lasts longer than what is known now.
                        asker.known.iter_mut().for_each(|known| known.sees_everything = false);
                        self.place = match asker.known {
                            Some(_) => None,
                            None => match self.server.places.strangers.take(self.visit.address) {
                                Some(place) => Some(place),
                                None => return ControlFlow::Break(Close::TooMany),
                            },
                        };
                        self.asker = Some(asker);
                        ControlFlow::Continue(Some(Outgoing::ConnectionAck))
                    }
                    // A database that does not answer says nothing of the token.
                    Err(problem) if problem.code() != "UNAUTHENTICATED" => {
                        ControlFlow::Break(Close::Unavailable)
                    }
                    Err(_) => ControlFlow::Break(Close::Forbidden),
                }
            }
            Incoming::Ping { payload } => ControlFlow::Continue(Some(Outgoing::Pong { payload })),
            Incoming::Pong { .. } => ControlFlow::Continue(None),
            Incoming::Subscribe { id, payload } => self.subscribe(id, payload).await,
            Incoming::Complete { id } => {
                self.operations.remove(&id);
                ControlFlow::Continue(None)
            }
        }
    }

    /// Begins an operation, if the token is still good: nothing is begun by one that was revoked.
    async fn subscribe(&mut self, id: String, asked: Asked) -> Step {
        let Some(asker) = self.asker.clone() else { return ControlFlow::Break(Close::Unauthorized) };
        if self.operations.contains_key(&id) {
            return ControlFlow::Break(Close::SubscriberExists);
        }
        if self.operations.len() >= OPERATIONS {
            let problem = Problem::too_many_operations();
            return ControlFlow::Continue(Some(Outgoing::of(id, Err(problem))));
        }
        if !self.still_allowed().await {
            return ControlFlow::Break(Close::Forbidden);
        }
        let (going_on, mut stopped) = watch::channel(());
        self.begun += 1;
        let number = self.begun;
        self.operations.insert(id.clone(), Operation { number, _going_on: going_on });
        let (server, events) = (self.server.clone(), self.events.clone());
        tokio::spawn(async move {
            let event = |what| Event { number, id: id.clone(), what };
            let mut answers = match server.stream(asker, asked).await {
                Ok(answers) => answers,
                Err(problem) => {
                    let _ = events.send(event(Some(Outgoing::of(id.clone(), Err(problem))))).await;
                    return;
                }
            };
            loop {
                let answer = tokio::select! {
                    // The sender is dropped with the operation.
                    _ = stopped.changed() => return,
                    answer = answers.next() => answer,
                };
                let Some(answer) = answer else { break };
                if events.send(event(Some(Outgoing::of(id.clone(), Ok(answer))))).await.is_err() {
                    return;
                }
            }
            let _ = events.send(event(None)).await;
        });
        ControlFlow::Continue(None)
    }

    /// Whether what was shown is still good for the same caller.
    async fn still_allowed(&self) -> bool {
        let Some(Asker { known: Some(known), .. }) = &self.asker else { return true };
        match self.server.asker(&self.server.database, self.shown.clone(), self.visit.clone()).await {
            Ok(asker) => {
                let shown = asker.known.as_ref();
                shown.is_some_and(|shown| (&shown.caller, &shown.pass) == (&known.caller, &known.pass))
            }
            // A database that does not answer takes nobody's rights.
            Err(problem) => problem.code() != "UNAUTHENTICATED",
        }
    }
}

/// Ends when the server is asked to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Without anybody left who could ask, it has stopped.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The code to close with when a message cannot be read; none where there is nobody left to tell.
fn closes(error: &axum::Error) -> Option<Close> {
    // The socket's own error is no part of axum's interface.
    let why = error.to_string();
    if why.contains("too long") {
        Some(Close::TooBig)
    } else if why.contains("UTF-8") {
        Some(Close::BadMessage)
    } else {
        None
    }
}
