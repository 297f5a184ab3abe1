//! What holds of the whole program rather than of one rule: nothing that refers to a person is forgotten, nothing takes
//! more statements because it concerns more people, and no statement reads a whole large table.

mod coverage;
mod explain;
mod schema;
mod statements;
mod together;
