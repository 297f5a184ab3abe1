//! Removing people, rule by rule, through the API.

mod asking;
mod chance;
mod deletion;
mod idempotency;
mod jobs;
mod looking;
mod many;
mod plan;
mod reach;
mod reality;
mod record;
mod rights;
mod sessions;
mod succession;
