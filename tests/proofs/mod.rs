//! What holds of the whole program rather than of one rule: nothing that refers to a person is forgotten, and nothing
//! takes more statements because it concerns more people.

mod coverage;
mod schema;
mod statements;
mod together;
