//! The database: how it is opened, read, written and locked.

mod alone;
mod connect;
mod connection;
pub mod locks;
mod pool;
mod read;
mod reads;
pub mod shape;
pub mod sql;
mod transaction;
mod write;

pub use alone::Alone;
pub use connect::{Database, OpenError, READ_LIMIT};
pub use migration::m0016_keys::Collision;
pub use pool::Limits;
pub use read::{Snapshot, snapshot};
pub use reads::Reads;
pub use transaction::Transaction;
pub use write::{Key, Tx, write};
