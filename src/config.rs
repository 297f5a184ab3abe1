//! What the program is told on its command line.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::db::READ_LIMIT;
use crate::events::KEPT;
use crate::mail::Mailer;
use crate::network::Network;
use crate::removal::batch::CHUNK;
use crate::server::Provider;
use crate::sign_in::limits::{Allowed, Attempts};
use crate::sign_in::{Desk, Lifetimes};

/// The file of accounts that would become one, in the working directory.
pub const COLLISIONS: &str = "roster-collisions.csv";

/// The people side of a learning platform, over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "roster", version, about, disable_help_subcommand = true)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the platform. The first start makes it, and prints its owner's token and a link to choose their password by.
    Serve(Serve),
    /// Serve a sample organisation with every case of the rules in it, in a fresh database.
    Demo(Demo),
    /// Bring the database to the newest step, creating it where it is not there.
    Migrate(Place),
    /// Print the schema of the API.
    Schema,
    /// Print a new bearer token of somebody.
    Token(Token),
    /// Print a link by which somebody chooses a password, once, within a week.
    PasswordLink(PasswordLink),
    /// Delete the people of a list: shows what that does, asks, and tells what became of each.
    Delete(Delete),
    /// Change who owns the platform.
    #[command(subcommand)]
    Owner(Owner),
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// The database: sqlite:FILE or postgres://USER@HOST/NAME.
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        default_value = "sqlite:roster.db"
    )]
    pub database_url: String,
    /// Where to write, as CSV, the ids of accounts that this version would take for one: there the database is left as it
    /// is.
    #[arg(long, value_name = "FILE", default_value = COLLISIONS)]
    pub collisions: PathBuf,
}

/// How to answer.
#[derive(Clone, Debug, Args)]
pub struct Door {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Print what a script needs as JSON, one object a line.
    #[arg(long)]
    pub json: bool,
    /// A site whose pages may use the server, as a browser names it (https://app.example.org); may be repeated.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub origins: Vec<HeaderValue>,
    /// Carry out no operations but those in this file: a JSON object from SHA-256 to document.
    #[arg(long, value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,
    /// The points that each caller may spend in a minute; a field is one point, times the items around it. Reading the
    /// whole schema takes some 25,000.
    #[arg(long, value_name = "POINTS")]
    pub rate_limit: Option<NonZeroU32>,
    /// How long the database may take for a read before it is given up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = READ_LIMIT.as_secs(), value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub read_limit: u64,
    /// The most people that one transaction removes.
    #[arg(long, value_name = "PEOPLE", default_value_t = CHUNK as u64, value_parser = clap::value_parser!(u64).range(1..=CHUNK as u64))]
    pub chunk: u64,
    /// Do not tell the schema over the API.
    #[arg(long)]
    pub no_introspection: bool,
    /// Networks that webhooks may reach besides the public one, and without TLS: addresses or networks (10.0.0.0/8),
    /// separated by commas.
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',')]
    pub webhook_allow: Vec<Network>,
    /// How many days it is kept what happened, to be read and sent.
    #[arg(long, value_name = "DAYS", default_value_t = KEPT.num_days() as u16, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub keep_events: u16,
    /// How people sign in.
    #[command(flatten)]
    pub sign_in: SignIn,
}

/// How people sign in.
#[derive(Clone, Debug, Args)]
pub struct SignIn {
    /// Proxies that are believed when they say in X-Forwarded-For where a request comes from: addresses or networks
    /// (10.0.0.0/8), separated by commas.
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
    /// The folder into which letters to people are put, one file each, for a mail server to take; without one there are
    /// no letters, and a changed email counts at once.
    #[arg(long, value_name = "FOLDER")]
    pub mail_dir: Option<PathBuf>,
    /// The page that links in letters lead to, if not this server's own.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The provider where the organisation's people sign in besides, by OpenID Connect: its issuer, an address that
    /// starts with https://.
    #[arg(long, value_name = "URL", requires = "oidc_audience")]
    pub oidc_issuer: Option<String>,
    /// Whom the provider's tokens must be made for, to be good here.
    #[arg(long, value_name = "AUDIENCE", requires = "oidc_issuer")]
    pub oidc_audience: Option<String>,
    /// How many days a sign-in lasts, however much it is used.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub sign_in_days: u16,
    /// How many days a sign-in lasts that is not used.
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub idle_days: u16,
    /// How often one network may try to sign in, in a minute.
    #[arg(long, value_name = "ATTEMPTS", default_value_t = Allowed::default().by_address)]
    pub attempts_by_address: NonZeroU32,
    /// How many wrong passwords are taken for one account from one network, or from a device that signed in before, in a
    /// minute; in an hour ten times as many, and from all networks together a hundred times as many.
    #[arg(long, value_name = "ATTEMPTS", default_value_t = Allowed::default().by_account)]
    pub attempts_by_account: NonZeroU32,
}

impl SignIn {
    /// Where the organisation's people sign in besides.
    ///
    /// # Errors
    /// When it is no provider that can be asked.
    pub fn provider(&self) -> Result<Option<Provider>, String> {
        let named = self.oidc_issuer.as_deref().zip(self.oidc_audience.as_deref());
        named.map(|(issuer, audience)| Provider::new(issuer, audience)).transpose()
    }

    /// What signing in is done with, by a server whose own page is `page`.
    pub fn desk(&self, page: &str) -> Desk {
        let allowed = Allowed { by_address: self.attempts_by_address, by_account: self.attempts_by_account };
        let lifetimes = Lifetimes {
            absolute: TimeDelta::days(self.sign_in_days.into()),
            idle: TimeDelta::days(self.idle_days.into()),
        };
        Desk {
            attempts: Attempts::new(allowed),
            lifetimes,
            mailer: self.mail_dir.clone().map(Mailer::folder).unwrap_or_default(),
            page: self.public_url.clone().unwrap_or_else(|| format!("{page}/")),
        }
    }
}

impl Door {
    /// How long the database may take for a read.
    pub fn read_limit(&self) -> Duration {
        Duration::from_secs(self.read_limit)
    }
}

/// `roster serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Which database.
    #[command(flatten)]
    pub place: Place,
    /// How to answer.
    #[command(flatten)]
    pub door: Door,
    /// At the first start: what the platform is called.
    #[arg(long, value_name = "NAME", default_value = "Roster")]
    pub name: String,
    /// At the first start: the email of the platform's owner.
    #[arg(long, value_name = "EMAIL", default_value = "owner@example.org")]
    pub owner_email: String,
    /// At the first start: the owner's password. Without one, a link to choose it by is printed.
    #[arg(long, env = "ROSTER_OWNER_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub owner_password: Option<String>,
    /// At the first start: the platform's time zone, by its IANA name.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: chrono_tz::Tz,
}

/// `roster demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The database, which must be empty; else a file of the demo's own, made anew each time.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub door: Door,
    /// How many people there are.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub people: u32,
    /// What the people and their works are drawn from: the same number, the same organisation.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Load the database and stop.
    #[arg(long)]
    pub no_serve: bool,
}

/// `roster token`.
#[derive(Debug, Args)]
pub struct Token {
    /// Which database.
    #[command(flatten)]
    pub place: Place,
    /// The email of the person.
    #[arg(long = "as", value_name = "EMAIL")]
    pub email: String,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `roster password-link`.
#[derive(Debug, Args)]
pub struct PasswordLink {
    /// Which database.
    #[command(flatten)]
    pub place: Place,
    /// The email of the person.
    #[arg(long = "as", value_name = "EMAIL")]
    pub email: String,
    /// The page that the link leads to.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/")]
    pub public_url: String,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `roster delete`.
#[derive(Debug, Args)]
pub struct Delete {
    /// The file with the emails, one a line, or one line of them separated by commas or semicolons; - for the standard
    /// input. UTF-8, or UTF-16 with a byte order mark. Of a table, name the column.
    #[arg(long, value_name = "FILE")]
    pub emails: PathBuf,
    /// The column with the emails, where the file is a table (CSV): its name in the first line, or its number from 1. By
    /// number, a first line without an @ in that column is taken for the names of the columns.
    #[arg(long, value_name = "NAME|NUMBER")]
    pub column: Option<String>,
    /// Where to write the plan before anybody is asked, a table in CSV: each person, what would become of them, and how
    /// much would go, stay and move.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// What happens to private groups; refused without where it matters.
    #[arg(long, value_name = "ANSWER")]
    pub private_subgroups: Option<Private>,
    /// The server to ask, as http://HOST:PORT or https://HOST, with the token in ROSTER_TOKEN; without one the database is opened here.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Which database, without a server.
    #[command(flatten)]
    pub place: Place,
    /// Without a server: the email of whoever deletes them; the platform owner if left out.
    #[arg(long = "as", value_name = "EMAIL")]
    pub caller: Option<String>,
    /// The number that confirms the plan, instead of being asked for it.
    #[arg(long, value_name = "N")]
    pub confirm_count: Option<i64>,
    /// Where to write the outcomes, a table in CSV; else they are printed.
    #[arg(long, value_name = "FILE")]
    pub outcomes: Option<PathBuf>,
}

/// What happens to private groups (R6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Private {
    /// They are kept.
    Keep,
    /// They are removed too.
    Remove,
}

/// `roster owner`.
#[derive(Debug, Subcommand)]
pub enum Owner {
    /// Hand the platform to somebody who is active. The former owner stays platform administrator.
    Set {
        /// Which database.
        #[command(flatten)]
        place: Place,
        /// The email of the new owner.
        email: String,
    },
}

/// The file of the demo, in the working directory.
pub fn demo_file() -> PathBuf {
    PathBuf::from("roster-demo.db")
}
