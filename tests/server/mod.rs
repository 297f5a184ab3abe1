//! The program from outside: its command line, HTTP, the first start, the sample organisation.

mod demo;
mod doors;
mod first_start;
mod http;
mod introspection;
mod large;
pub mod listening;
pub mod outcomes;
mod over_tls;
pub mod program;
mod readme;
pub mod socket;
#[cfg(feature = "otel")]
mod traces;
mod upgrade;
