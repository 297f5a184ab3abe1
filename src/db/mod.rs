//! The database: how it is opened, read, written and locked.

mod alone;
mod connect;
pub mod locks;
mod read;
pub mod shape;
pub mod sql;
mod write;

pub use alone::Alone;
pub use connect::{Database, OpenError, READ_LIMIT};
pub use migration::m0016_keys::Collision;
pub use read::{Snapshot, snapshot};
pub use write::{Key, Tx, write};
