//! Transactions: the one way to write ([`write`]), which answers a repeated request, tries again and commits with what is
//! told of it; and the way to read one state of the database with several statements ([`snapshot`]).

mod read;
mod write;

pub use read::{Snapshot, snapshot};
pub use write::{Key, Tx, write};
