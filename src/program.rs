//! The program: reads its command line, does one thing, and says in one line why it could not.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use crate::config::{COLLISIONS, Command, Config, Demo, Door, Owner, PasswordLink, Place, Serve, demo_file};
use crate::db::{Alone, Database, READ_LIMIT};
use crate::demo::{self, Sample};
use crate::error::Failure;
use crate::server::{Documents, Doors, Introspection, Origins, Proxies, Start};
use crate::setup::{self, FirstDay};
use crate::sign_in::cookie::Cookie;
use crate::sign_in::{self, Desk, passwords};
use crate::telemetry::Telemetry;
use crate::terminal::{Stopped, failed, why};
use crate::token::Token;
use crate::webhooks::Reach;
use crate::workers::KINDS;
use crate::{graphql, jobs, memory, server, terminal};
use chrono::TimeDelta;
use clap::Parser;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Does what the command line says, to the end.
#[tokio::main]
pub async fn run() -> ExitCode {
    memory::take_small_pages();
    let config = Config::parse();
    let telemetry = Telemetry::start();
    let done = match config.command {
        Command::Serve(options) => serve(options).await,
        Command::Demo(options) => demo(options).await,
        Command::Migrate(place) => migrate(&place).await,
        Command::Schema => {
            say(graphql::sdl().trim_end());
            Ok(())
        }
        Command::Delete(options) => terminal::delete(&options).await,
        Command::Token(options) => token(&options.place, &options.email, options.json).await,
        Command::PasswordLink(options) => password_link(&options).await,
        Command::Owner(Owner::Set { place, email }) => set_owner(&place, &email).await,
    };
    telemetry.stop();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "roster: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Serve) -> Result<(), Stopped> {
    // The address first: where it is taken nothing is made.
    let listener = listen(options.door.bind).await?;
    let alone = Alone::with(&options.place.database_url).map_err(why)?;
    let database = setup::open(&options.place, options.door.read_limit()).await?;
    let first_day = FirstDay {
        name: options.name,
        owner_email: options.owner_email,
        time_zone: options.time_zone.name().to_owned(),
    };
    if let Some(password) = &options.owner_password {
        sign_in::rules::password("ownerPassword", password).map_err(why)?;
    }
    let owner = first_day.owner_email.clone();
    if alone.is_some() {
        jobs::take_over(&database).await.map_err(failed)?;
    }
    jobs::expire_outdated(&database, KINDS).await.map_err(failed)?;
    if let Some(token) = setup::first_start(&database, first_day).await.map_err(failed)? {
        say_token(&token, options.door.json);
        match &options.owner_password {
            Some(password) => setup::give_password(&database, &owner, password).await.map_err(failed)?,
            None => {
                let secret = setup::password_link(&database, &owner).await.map_err(failed)?;
                let page = own_page(&listener)?;
                let desk = options.door.sign_in.desk(&page);
                say_link(&passwords::address_of(&desk, &secret), options.door.json);
            }
        }
    }
    answer(listener, database, None, &options.door).await
}

async fn demo(options: Demo) -> Result<(), Stopped> {
    let listener = if options.no_serve { None } else { Some(listen(options.door.bind).await?) };
    let named = options.database_url;
    let url = named.clone().unwrap_or_else(|| format!("sqlite:{}", demo_file().display()));
    let _alone = Alone::with(&url).map_err(why)?;
    if named.is_none() {
        remove_demo_file()?;
    }
    let place = Place { database_url: url, collisions: COLLISIONS.into() };
    let database = setup::open(&place, options.door.read_limit()).await?;
    let now = database.clock.now(&database.read).await.map_err(why)?;
    let sample = Sample { people: options.people as usize, seed: options.seed, now };
    let Some(token) = demo::load(&database, &sample).await.map_err(failed)? else {
        return Err("the database is not empty; the demo wants one of its own".to_owned());
    };
    say_token(&token, options.door.json);
    if let Some(listener) = &listener {
        let page = own_page(listener)?;
        for (what, email) in demo::GUESTS {
            let token = setup::token_for(&database, email).await.map_err(failed)?;
            let url = format!("{page}/#token={}", token.as_str());
            if options.door.json {
                say(&json!({ "as": what, "email": email, "url": url }).to_string());
            } else {
                say(&format!("as {what} ({email}) {url}"));
            }
        }
    }
    match listener {
        Some(listener) => answer(listener, database, Some(demo::start(&token)), &options.door).await,
        None => {
            database.close().await;
            Ok(())
        }
    }
}

async fn migrate(place: &Place) -> Result<(), Stopped> {
    setup::open(place, READ_LIMIT).await?.close().await;
    Ok(())
}

async fn token(place: &Place, email: &str, json: bool) -> Result<(), Stopped> {
    let database = setup::open(place, READ_LIMIT).await?;
    let token = setup::token_for(&database, email).await.map_err(|why| about(email, why))?;
    say_token(&token, json);
    database.close().await;
    Ok(())
}

async fn password_link(options: &PasswordLink) -> Result<(), Stopped> {
    let database = setup::open(&options.place, READ_LIMIT).await?;
    let secret = setup::password_link(&database, &options.email).await;
    let secret = secret.map_err(|why| about(&options.email, why))?;
    let desk = Desk { page: options.public_url.clone(), ..Desk::default() };
    say_link(&passwords::address_of(&desk, &secret), options.json);
    database.close().await;
    Ok(())
}

async fn set_owner(place: &Place, email: &str) -> Result<(), Stopped> {
    let database = setup::open(place, READ_LIMIT).await?;
    setup::hand_over(&database, email).await.map_err(|why| about(email, why))?;
    say(&format!("owner {email}"));
    database.close().await;
    Ok(())
}

/// The address of a server that listens here.
fn own_page(listener: &TcpListener) -> Result<String, Stopped> {
    Ok(format!("http://{}", listener.local_addr().map_err(why)?))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Stopped> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Serves until somebody says stop.
async fn answer(
    listener: TcpListener,
    database: Database,
    start: Option<Start>,
    door: &Door,
) -> Result<(), Stopped> {
    let documents = door.trusted_documents.as_deref().map(Documents::read).transpose().map_err(why)?;
    let address = listener.local_addr().map_err(why)?;
    let url = own_page(&listener)?;
    let proxies = Proxies::new(door.sign_in.trusted_proxies.iter().copied());
    let doors = Doors {
        origins: Origins::new(door.origins.iter().cloned()),
        documents: documents.map(Arc::new),
        points: door.rate_limit,
        chunk: usize::try_from(door.chunk).ok(),
        introspection: if door.no_introspection { Introspection::Off } else { Introspection::Allowed },
        start: start.map(Arc::new),
        // Whoever stands in front of a server that nobody else reaches speaks TLS.
        cookie: if address.ip().is_loopback() && !proxies.are_there() {
            Cookie::Plain
        } else {
            Cookie::Secure
        },
        proxies,
        desk: Arc::new(door.sign_in.desk(&url)),
        provider: door.sign_in.provider()?.map(Arc::new),
        reach: Arc::new(Reach::with(door.webhook_allow.iter().copied())),
        kept: Some(TimeDelta::days(door.keep_events.into())),
    };
    let stop = asked_to_stop()?;
    if door.json {
        say(&json!({ "listening": url }).to_string());
    } else {
        say(&format!("listening on {url}"));
    }
    server::serve(listener, database.clone(), doors, stop).await;
    database.close().await;
    Ok(())
}

/// Ends at the first SIGINT or SIGTERM; a second one stops the program where it stands.
fn asked_to_stop() -> Result<impl Future<Output = ()> + Send + 'static, Stopped> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(why)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(why)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: finishing what is in flight");
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(1);
        });
    })
}

/// The demo's own file is made anew.
fn remove_demo_file() -> Result<(), Stopped> {
    let file = demo_file();
    for suffix in ["", "-wal", "-shm"] {
        let mut path = file.clone().into_os_string();
        path.push(suffix);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("cannot replace {}: {error}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn say_token(token: &Token, json: bool) {
    if json {
        say(&json!({ "token": token.as_str() }).to_string());
    } else {
        say(&format!("token {}", token.as_str()));
    }
}

fn say_link(link: &str, json: bool) {
    if json {
        say(&json!({ "passwordLink": link }).to_string());
    } else {
        say(&format!("password-link {link}"));
    }
}

/// Prints a line for whoever started the program, who may have stopped reading.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn about(email: &str, failure: Failure) -> Stopped {
    format!("{email}: {}", failed(failure))
}
