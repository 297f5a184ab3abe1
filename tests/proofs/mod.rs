//! What holds of the whole program rather than of one rule: that nothing that refers to a person is forgotten.

mod coverage;
mod schema;
