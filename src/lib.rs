//! Roster: the people side of a learning platform, and what happens to all of it when somebody leaves.
//!
//! Start reading at [`removal`]: facts are read, a pure function decides, a plan says what goes, what stays and
//! what moves, and the same plan is shown or carried out. `README.md` has the map.

pub mod access;
pub mod accounts;
pub mod activities;
pub mod background;
pub mod bell;
pub mod certificates;
pub mod change;
pub mod config;
pub mod courses;
pub mod db;
pub mod demo;
pub mod enrolments;
pub mod error;
pub mod events;
pub mod graphql;
pub mod groups;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod memberships;
pub mod memory;
pub mod network;
pub mod organisation;
pub mod ownership;
pub mod paths;
pub mod people;
pub mod platform;
pub mod program;
pub mod progress;
pub mod queries;
pub mod removal;
pub mod results;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod slots;
pub mod table;
pub mod telemetry;
pub mod terminal;
pub mod token;
pub mod tokens;
pub mod transaction;
pub mod tree;
pub mod webhooks;
pub mod workers;
pub mod works;
