//! What every test stands on: a fresh database of each kind, an organisation in it, and the API.

mod databases;
mod dump;
mod world;

pub use dump::{Change, Dump};
pub use world::{Answer, Start, World};

/// Tests that run once on SQLite and once on PostgreSQL, each on a database of its own:
///
/// ```ignore
/// each_database! {
///     async fn r7_the_last_group_takes_the_account(start: Start) {
///         let world = start.with(|it| it.group("Sales", "platform", Public)).await;
///         …
///     }
/// }
/// ```
macro_rules! each_database {
    ($($(#[$meta:meta])* async fn $name:ident($start:ident: Start) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn test($start: $crate::common::Start) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test($crate::common::Start::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                test($crate::common::Start::postgres().await).await;
            }
        }
    )+};
}
pub(crate) use each_database;
