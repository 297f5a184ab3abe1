//! Removing people, rule by rule, through the API.

pub mod asking;
mod chance;
mod control;
mod deletion;
mod idempotency;
mod jobs;
mod lists;
mod looking;
mod many;
mod pairs;
mod plan;
mod prepared;
mod reach;
mod reality;
mod record;
mod rights;
mod safety;
mod sessions;
mod succession;
