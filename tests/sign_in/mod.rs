//! Signing in, passwords, tokens: over HTTP, as clients do it.

mod attempts;
mod cookies;
mod emails;
pub mod front;
mod passwords;
mod provider;
mod secrets;
mod sign_up;
mod signing_in;
mod sockets;
mod tokens;
