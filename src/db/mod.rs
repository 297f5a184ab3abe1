//! The database: how it is opened, how statements are put to it, what time it is, and what is locked.

mod alone;
pub mod clock;
mod connect;
mod connection;
pub mod locks;
mod pool;
mod reads;
pub mod shape;
pub mod sql;
mod transaction;

pub use alone::Alone;
pub use connect::{Database, OpenError, READ_LIMIT};
pub use migration::m0016_keys::Collision;
pub use pool::Limits;
pub use reads::Reads;
pub use transaction::Transaction;
